/** The pages of the second factor on the account page, without a server: what each decision answers, and what is on the page. */
import { describe, expect, it } from 'vitest';
import { totpSection } from '../../src/logins/totp.ts';
import type { SectionAnswer, SectionCall } from '../../src/model/login.ts';
import { paramsOf } from '../../src/model/params.ts';
import { ENGLISH } from '../../src/words/words.ts';

const SECTION = { kind: 'done', to: 'section' };
const SECRET = Uint8Array.from({ length: 20 }, (_, at) => at * 7);
interface World {
  readonly isOn?: boolean;
  readonly claims?: object;
  readonly codes?: readonly string[] | null;
  readonly wait?: number | null;
  readonly offer?: unknown;
  readonly isSignedIn?: boolean;
}

/** The section's answer, and what it asked of the services. */
async function answer(
  form: Record<string, string> | null,
  {
    isOn = false,
    claims = {},
    codes = ['one', 'two'],
    wait = null,
    offer = { secret: SECRET, sealed: 'sealed' },
    isSignedIn = true,
  }: World = {},
) {
  const asked: unknown[] = [];
  const note =
    <T>(name: string, result: T) =>
    async (...all: unknown[]): Promise<T> => (asked.push([name, ...all]), result);
  const totps = {
    statusOf: async () => (isOn ? { createdAt: 0, recoveryLeft: 3 } : null),
    offer: note('offer', { secret: SECRET, sealed: 'sealed' }),
    openOffer: note('openOffer', offer),
    confirm: note('confirm', codes),
    renewRecovery: note('renew', codes),
    remove: note('remove', undefined),
  };
  const call = {
    user: { userId: 'u1', claims },
    services: { issuer: 'https://as.example:8443/path', totps, attempt: note('attempt', wait) },
    words: ENGLISH,
    path: '/account/totp',
    query: new URLSearchParams(),
    form: form && paramsOf(new Map(Object.entries(form).map(([name, value]) => [name, [value]]))),
    isRecent: (seconds: number) => seconds === 600,
    isSignedIn: async () => isSignedIn,
  } as unknown as SectionCall;
  const result = await totpSection.answer(call);
  return { result, asked, text: textOf(result) };
}
const textOf = (result: SectionAnswer): string => (result.kind === 'page' ? String(result.body) : '');

describe('logins/totp, section: decisions', () => {
  it('goes back to the section for a decision it does not know, and where there is nothing left to do', async () => {
    for (const [form, world] of [
      [{ decision: 'other' }, { isOn: true }],
      [{ decision: 'renew' }, { codes: null }],
      [{ decision: 'confirm', offer: 'gone' }, { offer: null }],
      [{ decision: 'confirm', offer: 'sealed' }, { isOn: true }],
    ] as const) {
      const { result, asked } = await answer(form, world);
      expect([form, result]).toEqual([form, SECTION]);
      expect(asked.some((one) => (one as string[])[0] === 'confirm' || (one as string[])[0] === 'remove')).toBe(false);
    }
  });

  it('counts tries of one user by a name of their own, and passes the code without blanks', async () => {
    const { asked } = await answer({ decision: 'confirm', offer: 'sealed', code: ' 12 34\t56 ' });
    expect(asked).toEqual([
      ['openOffer', 'u1', 'sealed'],
      ['attempt', 'totp-setup', 'u1', { most: 20, per: 900 }],
      ['confirm', 'u1', 'sealed', '123456'],
    ]);
  });

  it('turns nothing on for a session that ended meanwhile (F-31)', async () => {
    const { result, asked } = await answer({ decision: 'confirm', offer: 'sealed', code: '1' }, { isSignedIn: false });
    expect([result, asked.at(-1)]).toEqual([{ kind: 'sign-in-again' }, ['remove', 'u1']]);
  });

  it('takes a form without a code for a wrong code, and tries nothing while the user has to wait', async () => {
    const wrong = await answer({ decision: 'confirm', offer: 'sealed' }, { codes: null });
    expect([wrong.result, wrong.asked.at(-1)]).toEqual([expect.objectContaining({ status: 400 }), ['confirm', 'u1', 'sealed', '']]);
    const late = await answer({ decision: 'confirm', offer: 'sealed', code: '1' }, { wait: 90 });
    expect(late.result).toMatchObject({ status: 429, retryAfter: 90 });
    expect(late.asked).toHaveLength(2);
  });

  it('leads back to the account page where it removes the factor', async () => {
    expect((await answer({ decision: 'remove' }, { isOn: true })).result).toEqual({ kind: 'done', to: 'account' });
  });
});

describe('logins/totp, section: pages', () => {
  it('offers a field for a number that the browser does not suggest, and describes a problem only where there is one', async () => {
    const { text } = await answer(null);
    const input = /<input[^>]*name="code"[^>]*>/.exec(text)?.[0] ?? '';
    for (const part of ['autocomplete="one-time-code"', 'id="totp-code"', 'inputmode="numeric"']) expect(input).toContain(part);
    expect([text.includes('aria-describedby'), text.includes('id="problem"')]).toEqual([false, false]);
    const wrong = (await answer({ decision: 'confirm', offer: 'sealed', code: '1' }, { codes: null })).text;
    expect(wrong).toMatch(/<form[^>]* aria-describedby="problem">/);
    expect(wrong).toContain('id="problem"');
  });

  it('writes the secret in groups of four, and draws it with a quiet zone of four', async () => {
    const { text } = await answer(null);
    expect(/<code>([^<]*)<\/code>/.exec(text)?.[1]).toMatch(/^([A-Z2-7]{4} ){7}[A-Z2-7]{4}$/);
    const path = /<path d="([^"]*)"/.exec(text)?.[1] ?? '';
    expect(path.startsWith('M4 4h1v1h-1zM5 4h1v1h-1z')).toBe(true); // the finder pattern in the corner
    expect(path).toMatch(/^(M\d+ \d+h1v1h-1z)+$/);
    expect(/viewBox="0 0 (\d+) \1"/.exec(text)?.[1]).toBe('57');
  });

  it('names the account in the app by its address, user name or name, else by its id', async () => {
    for (const [claims, name] of [
      [{ email: 'a@x.example', preferred_username: 'ada', name: 'Ada' }, 'a%40x.example'],
      [{ preferred_username: 'ada', name: 'Ada' }, 'ada'],
      [{ name: 'Ada' }, 'Ada'],
      [{}, 'u1'],
      [{ email: 7 }, 'u1'],
    ] as const)
      expect((await answer(null, { claims })).text).toMatch(new RegExp(`otpauth://totp/as\\.example(:|%3A)8443(:|%3A)${name}\\?`));
  });

  it('shows since when, how many codes are left, and a button for each decision', async () => {
    const { text } = await answer(null, { isOn: true });
    expect(text).toMatch(/Enabled on [^<]*19(69|70)/);
    expect(text).toContain('3 recovery codes left');
    for (const value of ['renew', 'remove']) expect(text).toMatch(new RegExp(`<button[^>]*name="decision" value="${value}"`));
  });
});

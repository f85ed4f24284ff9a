/** Sign-in by a code as a value: what each step answers, counts and creates, and what stands in its fields. */
import { describe, expect, it } from 'vitest';
import { emailCode } from '../../src/logins/email-code.ts';
import type { Email } from '../../src/model/email.ts';
import type { FormLogin, LoginServices, Step } from '../../src/model/login.ts';
import { ENGLISH } from '../../src/words/words.ts';
import { makeLoginPages } from '../support/login-pages.ts';

const ADA = 'ada@mail.example';

/** The login, its services with some replaced, and the messages that it sent. */
function makeWorld(signUp: 'open' | 'closed' = 'open', replaced: (services: LoginServices) => Partial<LoginServices> = () => ({})) {
  const sent: Email[] = [];
  const pages = makeLoginPages();
  const { services: all } = pages.page(null);
  const services = { ...all, ...replaced(all) };
  const login = emailCode({ sendEmail: async (message) => void sent.push(message), signUp });
  const read =
    (fields: Record<string, string>) =>
    (field: string): string =>
      fields[field] ?? '';
  const prove = (fields: Record<string, string>) => login.prove(read(fields), services);
  const step = (kept: unknown, fields: Record<string, string>) => (login.steps as NonNullable<FormLogin['steps']>).prove(read(fields), kept as never, services); // prettier-ignore
  return { ...pages, services, login, sent, prove, step };
}

describe('logins/email-code: steps', () => {
  it('begins with an address, keeps it folded with eight digits, and sends them afterwards', async () => {
    const { prove, sent, settled } = makeWorld();
    const step = (await prove({ email: ' Ada@Mail.Example ' })) as Step;
    expect(step).toEqual({ kind: 'step', keep: { address: ADA, code: expect.stringMatching(/^\d{8}$/) }, tries: 5, ttl: 600 });
    expect(sent).toEqual([]);
    await settled();
    const { code } = step.keep as { code: string };
    expect(sent).toMatchObject([{ to: ADA, code, kind: 'sign-in-code', lang: 'en' }]);
    expect(sent[0]?.text.split('\n\n')).toHaveLength(4);
    expect(sent[0]?.text).toContain(`${code.slice(0, 4)} ${code.slice(4)}`);
    const other = (await prove({ email: ADA })) as Step;
    expect((other.keep as { code: string }).code).not.toBe(code);
  });

  it('has eight digits however small its random number is', async () => {
    for (const [secret, code] of [['AAAA', '00000000'], ['AAAH', '00000007']] as const) {
      const { prove } = makeWorld('open', () => ({ secret: () => secret }));
      expect(await prove({ email: ADA })).toMatchObject({ keep: { code } });
    }
  }); // prettier-ignore

  it('refuses what is no address, typed in its own field or in the shared one', async () => {
    const { prove, login, services } = makeWorld();
    const wrong = { kind: 'refused', reason: 'email_malformed', field: 'email' };
    expect([await prove({ email: 'ada' }), await login.identifier?.begin('ada', services)]).toEqual([wrong, wrong]);
    expect([login.identifier?.accepts('ada'), login.identifier?.accepts(ADA)]).toEqual([false, true]);
    expect(await login.identifier?.begin('ADA@mail.example', services)).toMatchObject({ kind: 'step', keep: { address: ADA } });
    const said = [login.identifier?.instead, login.next].map((text) => (text as (words: typeof ENGLISH) => unknown)(ENGLISH));
    expect(said).toEqual([ENGLISH.emailCode.instead, ENGLISH.emailCode.send]);
  });

  it('counts codes by address and network under its own name, and forgets the count after a success', async () => {
    const asked: unknown[] = [];
    const { prove, step } = makeWorld('open', () => ({
      attempt: async (...all) => (asked.push(all), null),
      succeeded: async (...all) => void asked.push(['succeeded', ...all]),
    }));
    const { keep } = (await prove({ email: ADA })) as Step;
    await step(keep, { code: (keep as { code: string }).code });
    expect(asked).toEqual([['email', ADA, { most: 5, perNetwork: 50, per: 900 }], ['succeeded', 'email', ADA]]); // prettier-ignore
    const limited = makeWorld('open', () => ({ attempt: async () => 77 }));
    expect(await limited.prove({ email: ADA })).toEqual({ kind: 'limited', retryAfter: 77 });
  });

  it('makes no account where sign-up is closed, even of a right code, and says it like a wrong one', async () => {
    const { step, services } = makeWorld('closed');
    const kept = { address: ADA, code: '12345678' };
    const result = await step(kept, { code: '1234-56 78' });
    expect(result).toMatchObject({ kind: 'refused', reason: 'email_unknown' });
    const { text } = result as unknown as { text: (words: typeof ENGLISH) => string };
    expect(text(ENGLISH)).toBe(ENGLISH.refused.email_code_wrong);
    expect(await services.accounts.findByUsername(ADA)).toBeNull();
    expect(await step(kept, { code: '12345679' })).toEqual({ kind: 'refused', reason: 'email_code_wrong' });
    const known = await services.accounts.create({ username: 'ada', email: ADA, emailVerified: true });
    expect(await step(kept, { code: '12345679' })).toEqual({ kind: 'refused', reason: 'email_code_wrong', userId: known.id });
  });

  it('works with a mailer that has no word for messages that were not sent', async () => {
    const { prove, settled, sent } = makeWorld('closed');
    await prove({ email: ADA });
    await settled();
    expect(sent).toEqual([]);
  });
});

describe('logins/email-code: a new account', () => {
  const kept = { address: ADA, code: '12345678' };

  it('has the address as its name, or a random one where another account has that name', async () => {
    const first = makeWorld();
    expect(await first.step(kept, { code: '12345678' })).toMatchObject({ kind: 'proven', stamp: expect.any(String), identity: { claims: { preferred_username: ADA, email: ADA, email_verified: true } } }); // prettier-ignore
    const second = makeWorld();
    await second.services.accounts.create({ username: ADA });
    const proven = (await second.step(kept, { code: '12345678' })) as unknown as { identity: { claims: Record<string, unknown> } };
    expect(proven.identity.claims['preferred_username']).not.toBe(ADA);
    expect(proven.identity.claims['email']).toBe(ADA);
  });

  it.each([1, 2])('is the one that another browser made at the same moment, at try %i', async (when) => {
    const { step, services } = makeWorld('open', ({ accounts }) => {
      let tries = 0;
      const create: typeof accounts.create = async (account) => {
        if (++tries === when) await accounts.create(account);
        throw new TypeError('This e-mail address belongs to another account.');
      };
      return { accounts: { ...accounts, create } };
    });
    const proven = (await step(kept, { code: '12345678' })) as unknown as { identity: { subject: string } };
    expect(proven.identity.subject).toBe((await services.accounts.findByEmail(ADA))?.id);
  });

  it('fails with the error of the store, and where the address is taken and no account has it', async () => {
    const down = makeWorld('open', ({ accounts }) => ({
      accounts: { ...accounts, create: async () => Promise.reject(new Error('down')) },
    }));
    await expect(down.step(kept, { code: '12345678' })).rejects.toThrow('down');
    const taken = makeWorld('open', ({ accounts }) => ({ accounts: { ...accounts, create: async () => Promise.reject(new TypeError('taken')) } })); // prettier-ignore
    await expect(taken.step(kept, { code: '12345678' })).rejects.toThrow('A proven address is taken');
  });
});

describe('logins/email-code: fields', () => {
  it('are an address, and a number that the browser takes out of the message', () => {
    const { login } = makeWorld();
    const address = String(login.fields({ email: 'a<b@x.example' }, ENGLISH));
    for (const part of ['name="email"', 'type="email"', 'autocomplete="email"', 'id="email-address"', 'value="a&#60;b@x.example"'])
      expect(address).toContain(part);
    const shown = login.steps?.view({ address: ADA, code: '1' }, ENGLISH);
    const code = String(shown?.fields);
    for (const part of ['name="code"', 'autocomplete="one-time-code"', 'id="email-code"', 'autofocus', 'inputmode="numeric"'])
      expect(code).toContain(part);
    expect(String(shown?.text)).toContain(`<strong><bdi>${ADA}</bdi></strong>`);
    expect(String(shown?.more)).toMatch(/<button[^>]*name="again" value="1" formnovalidate>/);
  });

  it('belong to options that are refused by name', () => {
    expect(() => emailCode({ sendEmail: async () => undefined, odd: 1 } as never)).toThrow(/^emailCode: `odd`/);
  });
});

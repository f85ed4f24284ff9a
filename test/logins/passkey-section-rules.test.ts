/** The section of passkeys without a server: what each form answers, what it asks of the services, and what is on its pages. */
import { describe, expect, it } from 'vitest';
import { passkeySection } from '../../src/logins/passkey-section.ts';
import { ANSWER } from '../../src/logins/passkey-options.ts';
import type { SectionCall } from '../../src/model/login.ts';
import { paramsOf } from '../../src/model/params.ts';
import type { Passkey } from '../../src/model/passkey.ts';
import { ENGLISH } from '../../src/words/words.ts';

const passkey = (id: string, more: Partial<Passkey> = {}): Passkey => ({ id, userId: 'u1', name: `Key <${id}>`, publicKey: 'A', counter: 0, transports: [], backupEligible: false, backedUp: false, createdAt: 0, ...more }); // prettier-ignore
interface World {
  readonly account?: object | null;
  readonly has?: readonly Passkey[];
  readonly results?: { readonly [verb: string]: unknown };
  readonly isSignedIn?: boolean;
}

async function answer(form: Record<string, string> | null, { account = {}, has = [], results = {}, isSignedIn = true }: World = {}) {
  const asked: unknown[] = [];
  const verb = (name: string, result: unknown) => async (...all: unknown[]): Promise<unknown> => (asked.push([name, ...all]), name in results ? results[name] : result); // prettier-ignore
  const passkeys = {
    of: async () => has,
    rename: verb('rename', true),
    remove: verb('remove', 'removed'),
    openChallenge: verb('openChallenge', 'challenge'),
    takeChallenge: verb('takeChallenge', true),
    add: verb('add', true),
  };
  const call = {
    user: { userId: 'u1', claims: {} },
    services: { issuer: 'https://as.example', accounts: { find: async () => account && { id: 'u1', username: 'ada', ...account } }, passkeys, now: () => 7 },
    words: ENGLISH,
    path: '/account/passkeys',
    query: new URLSearchParams(),
    form: form && paramsOf(new Map(Object.entries(form).map(([name, value]) => [name, [value]]))),
    isRecent: () => true,
    isSignedIn: async () => isSignedIn,
  } as unknown as SectionCall; // prettier-ignore
  const section = passkeySection({});
  const result = await section.answer(call);
  const text = result.kind === 'page' ? String(result.body).replaceAll(/\s+/g, ' ') : '';
  return {
    result,
    asked,
    text,
    status: result.kind === 'page' ? result.status : undefined,
    line: await section.line(call.user, call.services, ENGLISH),
  };
}
const say = ENGLISH.passkey;

describe('logins/passkey-section: forms', () => {
  it('are for accounts of this server: a user of another site has no line, and a page that says so', async () => {
    const { result, line, text } = await answer(null, { account: null });
    expect([line, result]).toEqual([null, expect.objectContaining({ kind: 'page', title: say.title, status: 404 })]);
    expect(text).toContain(String(say.notOwn));
    expect((await answer(null, { has: [passkey('a')] })).line).toEqual({ title: say.title, detail: say.count(1) });
  });

  it('go back to the section, or say that the passkey is not there', async () => {
    expect((await answer({ do: 'rename', passkey: 'a', name: ' Phone ' })).result).toEqual({ kind: 'done', to: 'section' });
    expect((await answer({ do: 'rename', passkey: 'a', name: ' Phone ' })).asked).toEqual([['rename', 'u1', 'a', 'Phone']]);
    for (const verb of ['rename', 'remove']) expect((await answer({ do: verb, name: 'x' })).asked[0]).toContain('');
    expect((await answer({ do: 'rename', name: 'x' }, { results: { rename: false } })).status).toBe(404);
    expect((await answer({ do: 'remove', passkey: 'a' }, { results: { remove: 'gone' } })).status).toBe(404);
    const unknown = await answer({ do: 'other' });
    expect([unknown.status, unknown.text.includes('role="alert"'), unknown.asked]).toEqual([400, true, []]);
  });

  it('take a name of 1 to 64 characters without control signs, wherever one is given', async () => {
    const long = 'n'.repeat(64);
    for (const [name, isGood] of [
      [long, true],
      [`${long}n`, false],
      ['a\u0007', false],
    ] as const) {
      const first = /aria-invalid="true"[^>]*id="passkey-name"/.test((await answer({ do: 'begin', name })).text);
      expect([name, first]).toEqual([name, !isGood]);
      for (const verb of ['rename', 'begin']) expect([name, (await answer({ do: verb, name })).status === 400]).toEqual([name, !isGood]);
    }
    for (const name of ['', `${long}n`]) {
      const { status, asked, text } = await answer({ do: 'add', challenge: 'c', [ANSWER]: '{}', name });
      expect([status, asked.some((one) => (one as string[])[0] === 'add'), text.includes(String(say.nameBad))]).toEqual([400, false, true]);
    }
  });

  it('use up the challenge of a new passkey before anything else is looked at', async () => {
    expect((await answer({ do: 'add', name: 'x' })).asked).toEqual([['takeChallenge', 'u1', '']]);
    const over = await answer({ do: 'add', challenge: 'c' }, { results: { takeChallenge: false } });
    expect([over.status, over.text.includes(String(say.challengeOver))]).toEqual([400, true]);
    const none = await answer({ do: 'add', challenge: 'c', name: 'x' });
    expect([none.status, none.text.includes(String(say.none))]).toEqual([400, true]);
  });

  it('name the user to the authenticator by the name of the account, else by the user name', async () => {
    for (const [account, name] of [
      [{ name: 'Ada Lovelace' }, 'Ada Lovelace'],
      [{}, 'ada'],
    ] as const)
      // prettier-ignore
      expect((await answer({ do: 'begin' }, { account })).text).toMatch(new RegExp(`displayName(&#34;|&quot;|"):(&#34;|&quot;|")${name}`));
  });
});

describe('logins/passkey-section: the list', () => {
  it('says that it is empty, and only then', async () => {
    expect([(await answer(null)).text.includes(String(say.empty)), (await answer(null, { has: [passkey('a')] })).text.includes(String(say.empty))]).toEqual([true, false]); // prettier-ignore
    expect((await answer(null)).result).not.toHaveProperty('status');
    expect((await answer(null)).text).not.toContain('role="alert"');
  });

  it('has a field for the name of a new passkey and of each other, as long as a name may be', async () => {
    const { text } = await answer(null, { has: [passkey('a'), passkey('b')] });
    const fields = [...text.matchAll(/<input[^>]*name="name"[^>]*>/g)].map(([tag]) => tag);
    expect(fields.map((tag) => /id="([^"]*)"/.exec(tag)?.[1])).toEqual(['passkey-name-0', 'passkey-name-1', 'passkey-name']);
    for (const tag of fields)
      for (const part of ['autocomplete="off"', 'autocapitalize="sentences"', 'maxlength="64"']) expect(tag).toContain(part);
    expect([fields[0]?.includes('value="Key &#60;a&#62;"'), fields[2]?.includes(`placeholder="${say.defaultName}"`)]).toEqual([true, true]);
    expect([fields[0]?.includes('required'), fields[2]?.includes('required')]).toEqual([true, false]);
  });

  it('warns of the last passkey of an account without a password, opens it after a refusal, and asks first for every other', async () => {
    const last = { account: { withoutPassword: true }, has: [passkey('a')] };
    const quiet = await answer(null, last);
    expect([quiet.text.includes('name="sure"'), quiet.text.includes('<details open>')]).toEqual([true, false]);
    const refused = await answer({ do: 'remove', passkey: 'a' }, { ...last, results: { remove: 'last' } });
    expect([refused.status, refused.asked, refused.text.includes('<details open>')]).toEqual([
      409,
      [['remove', 'u1', 'a', { keepLast: true }]],
      true,
    ]);
    expect((await answer({ do: 'remove', passkey: 'a', sure: 'yes' }, last)).asked).toEqual([['remove', 'u1', 'a', { keepLast: false }]]);
    for (const other of [{ has: [passkey('a')] }, { account: { withoutPassword: true }, has: [passkey('a'), passkey('b')] }]) {
      const { text } = await answer({ do: 'rename', name: '' }, other);
      expect([text.includes('name="sure"'), text.includes('<details open>')]).toEqual([false, false]);
      expect(text).toContain(String(say.sureRemove));
    }
    for (const one of [quiet.text, (await answer(null, { has: [passkey('a')] })).text])
      expect(one).toMatch(/<button>[^<]*<bdi>Key &#60;a&#62;<\/bdi>/);
  });
});

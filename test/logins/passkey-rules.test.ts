/** What the answer of a device leads to, reason by reason, over services that the test gives. */
import { describe, expect, it } from 'vitest';
import { passkeys } from '../../src/logins/passkey.ts';
import type { LoginServices } from '../../src/model/login.ts';
import type { Words } from '../../src/words/words.ts';
import { ENGLISH } from '../../src/words/words.ts';
import { userHandle } from '../../src/model/passkey.ts';
import { ISSUER } from '../support/app.ts';
import { makeAuthenticator } from '../support/authenticator.ts';

const CHALLENGE = 'c'.repeat(43);
const USER = 'u'.repeat(43);
const ACCOUNT = { id: USER, username: 'ada', permissions: [], stamp: 'stamp', createdAt: 0 };
const login = passkeys({ signUp: 'open' });
const say = ENGLISH.passkey;

/** A device with a passkey, the services around it, and what they were asked. */
async function makeWorld(more: { readonly accounts?: object; readonly passkeys?: object } = {}) {
  const device = makeAuthenticator(ISSUER);
  const calls: unknown[] = [];
  const state: { kept: Record<string, unknown> | null } = { kept: null };
  const services = {
    issuer: ISSUER,
    words: ENGLISH,
    now: () => 7,
    network: '192.0.2.0',
    secret: () => CHALLENGE,
    limit: async (...all: unknown[]) => (calls.push(['limit', ...all]), null),
    passkeys: {
      find: async () => state.kept,
      add: async (passkey: Record<string, unknown>) => ((state.kept = passkey), true),
      use: async (...all: unknown[]) => (calls.push(['use', ...all]), 'used'),
      remove: async (...all: unknown[]) => void calls.push(['remove', ...all]),
      ...more.passkeys,
    },
    accounts: { find: async () => ACCOUNT, findByUsername: async () => null, create: async (...all: unknown[]) => (calls.push(['create', ...all]), ACCOUNT), ...more.accounts },
  } as unknown as LoginServices; // prettier-ignore
  const prove = async (answer: string, kept: object = {}): Promise<unknown> => {
    const result = await login.steps!.prove((field) => (field === 'passkey' ? answer : ''), { ceremony: {}, challenge: CHALLENGE, ...kept } as never, services); // prettier-ignore
    return result.kind === 'refused' ? [result.reason, (result.text as (words: Words) => unknown)(ENGLISH)] : result;
  };
  const signUp = async (): Promise<unknown> =>
    prove(await device.create(CHALLENGE, userHandle(USER)), { account: { id: USER, username: 'ada' } });
  const signIn = async (): Promise<unknown> => prove(await device.get(CHALLENGE));
  return { device, calls, state, services, prove, signUp, signIn };
}
const PROVEN = { kind: 'proven', identity: { issuer: ISSUER, subject: USER, claims: { sub: USER, preferred_username: 'ada' } }, stamp: 'stamp', passkey: expect.any(String), multiFactor: true }; // prettier-ignore

describe('logins/passkey: signing in', () => {
  it('proves the account of a passkey, as two factors in one', async () => {
    const { signUp, signIn, calls, state } = await makeWorld();
    expect(await signUp()).toEqual(PROVEN);
    expect(await signIn()).toEqual({ ...PROVEN, passkey: state.kept?.['id'] });
    expect(calls).toEqual([['create', { username: 'ada' }, USER], ['use', state.kept?.['id'], expect.objectContaining({ counter: 0 })]]);
  }); // prettier-ignore

  it('tells the operator why not, and the user what to do', async () => {
    const { signUp, signIn, prove, device } = await makeWorld();
    expect(await prove('')).toEqual(['passkey_none', say.none]);
    for (const answer of ['x', '{}', '[]', 'null']) expect(await prove(answer)).toEqual([expect.stringMatching(/^passkey_/), say.wrong]);
    expect(await signIn().catch(() => 'no key')).toBe('no key');
    await signUp();
    expect(await prove(await device.get('d'.repeat(43)))).toEqual([expect.stringMatching(/^passkey_/), say.wrong]); // another challenge
    const unknown = ['passkey_unknown', say.unknown];
    for (const [more, refused] of [
      [{ passkeys: { find: async () => null } }, unknown],
      [{ accounts: { find: async () => null } }, unknown],
      [{ passkeys: { use: async () => 'gone' } }, unknown],
      [{ passkeys: { use: async () => 'counter' } }, ['passkey_counter', say.counter]],
    ] as const) {
      const world = await makeWorld(more);
      await world.signUp();
      expect(await world.signIn()).toEqual(refused);
    }
  });

  it('begins with a challenge of its own, and shows a button without fields', async () => {
    const { services } = await makeWorld();
    expect(await login.prove(() => '', services)).toEqual({
      kind: 'step', tries: 1, ttl: 300, keep: { challenge: CHALLENGE, ceremony: expect.objectContaining({ how: 'get' }) },
    });
    expect([String(login.fields({}, ENGLISH)), (login.button as (words: Words) => string)(ENGLISH)]).toEqual(['', say.signIn]);
    const [signIn, signUp] = [undefined, { id: USER, username: '<ada>' }].map((account) => login.steps!.view({ ceremony: {}, challenge: CHALLENGE, account } as never, ENGLISH));
    expect([signIn?.title, signIn?.text, signIn?.button]).toEqual([say.useTitle, say.useText, say.useButton]);
    expect([signUp?.title, String(signUp?.text).includes('<bdi>&#60;ada&#62;</bdi>'), signUp?.button]).toEqual([say.makeTitle, true, say.makeButton]);
    expect([passkeys().pages, login.pages?.map(({ id }) => id)]).toEqual([[], ['passkey']]);
  }); // prettier-ignore
});

describe('logins/passkey, sign-up: making an account', () => {
  it('keeps the passkey first, with its owner and time', async () => {
    const { signUp, state } = await makeWorld();
    await signUp();
    expect(state.kept).toMatchObject({ userId: USER, name: say.defaultName, createdAt: 7, usedAt: 7, counter: 0 });
  });

  it('makes none where the device lies, or the passkey is another account’s', async () => {
    const { prove, device, calls } = await makeWorld();
    const account = { id: USER, username: 'ada' };
    expect(await prove(await device.create('d'.repeat(43), userHandle(USER)), { account })).toEqual([
      expect.stringMatching(/^passkey_/),
      say.wrong,
    ]);
    const taken = await makeWorld({ passkeys: { add: async () => false } });
    expect(await taken.signUp()).toEqual(['passkey_taken', say.taken]);
    expect([calls, taken.calls]).toEqual([[], []]);
  });

  it('takes the passkey back where another account has the name, and keeps it where the account may be made later', async () => {
    const down = new Error('down');
    for (const [owner, told] of [[null, down], [ACCOUNT, PROVEN], [{ id: 'other' }, ['username_taken', say.usernameTaken]]] as const) {
      const world = await makeWorld({ accounts: { create: () => Promise.reject(down), findByUsername: async () => owner } });
      expect(await world.signUp().catch((error: unknown) => error)).toEqual(told);
      expect(world.calls).toEqual(owner?.id === 'other' ? [['remove', USER, world.state.kept?.['id']]] : []);
    }
  }); // prettier-ignore
});

describe('logins/passkey, sign-up: the page for a user name', () => {
  const page = login.pages![0]!;
  const answer = async (username: string | null | undefined, more: Parameters<typeof makeWorld>[0] & { readonly wait?: number } = {}) => {
    const { services, calls } = await makeWorld(more);
    const limit = async (...all: unknown[]): Promise<number | null> => (calls.push(['limit', ...all]), more.wait ?? null);
    const form = username === null ? null : { optional: (name: string) => (name === 'username' ? username : undefined) };
    const result = (await page.answer({ form, words: ENGLISH, action: '/login/passkey', services: { ...services, limit } } as never)) as unknown as Record<string, unknown>; // prettier-ignore
    return { ...result, body: String(result['body']), calls } as Record<string, unknown> & { body: string; calls: unknown[] };
  };

  it('asks for one, and says what is wrong with it', async () => {
    expect((page.link as (words: Words) => string)(ENGLISH)).toBe(say.signUp);
    const first = await answer(null);
    expect([first['kind'], first['title'], first['status'], first.calls]).toEqual(['page', say.signUp, undefined, []]);
    expect(first.body).toContain(say.signUpHow);
    expect(first.body).toMatch(/action="\/login\/passkey"/);
    expect(first.body).not.toMatch(/role="alert"|Stryker/);
    expect(first.body).toMatch(/<input(?=[^>]* name="username")(?=[^>]* autocomplete="username")/);
    for (const odd of ['', ' ', undefined, 'a@b', '\0']) {
      const again = await answer(odd);
      expect([odd, again['status'], again.body.includes('role="alert"'), again.body.includes('Stryker')]).toEqual([odd, 400, true, false]);
    }
    const taken = await answer(' ada ', { accounts: { findByUsername: async () => ACCOUNT } });
    expect([taken['status'], taken.body.includes(String(say.usernameTaken)), taken.body.includes('value="ada"')]).toEqual([
      409,
      true,
      true,
    ]);
    const long = await answer('a'.repeat(400));
    expect(/value="(a*)"/.exec(long.body)?.[1]).toHaveLength(300);
  });

  it('counts 20 an hour for a network, before anything is looked up, and says when to try again', async () => {
    const limited = await answer('a'.repeat(400), { wait: 60, accounts: { findByUsername: () => Promise.reject(new Error('asked')) } });
    expect(limited.calls).toEqual([['limit', 'passkey-sign-up:192.0.2.0', 20, 3600]]);
    expect([limited['status'], limited['retryAfter'], /value="(a*)"/.exec(limited.body)?.[1]?.length]).toEqual([429, 60, 300]);
    expect(limited.body).toContain('role="alert"');
  });

  it('leads to the device, with an id and a challenge that the account is bound to', async () => {
    const made = await answer(' ada ');
    expect(made).toMatchObject({ kind: 'step', tries: 1, ttl: 300, keep: { challenge: CHALLENGE, account: { id: CHALLENGE, username: 'ada' }, ceremony: { how: 'create' } } }); // prettier-ignore
    expect(JSON.stringify(made['keep'])).toContain('"name":"ada"');
  });
});

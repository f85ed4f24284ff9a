/** Accounts of the configuration: made before anyone else, and following their secret; on every store of both runtimes. */
import { makeRuntime } from '#under-test';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { adminApi } from '../../src/admin/index.ts';
import { emailCode } from '../../src/logins/email-code.ts';
import { passkeys } from '../../src/logins/passkey.ts';
import { password, type PasswordOptions } from '../../src/logins/password.ts';
import type { Login } from '../../src/model/login.ts';
import { OAuthProvider } from '../../src/provider/oauth-provider.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import type { Browser } from '../../src/testing/browser.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { codeOf, tokensOf } from '../../src/testing/oauth-client.ts';
import { type App, appOn, ISSUER, makeApp, optionsFor, storeNames } from '../support/app.ts';
import { makeMailbox } from '../support/mailbox.ts';
import { toNewPasskey } from '../support/passkey-person.ts';

type Env = { readonly ADMIN_PASSWORD?: string };
const [FIRST, SECOND, OWN] = ['the first secret', 'the second secret', 'chosen by the person'];

const seeded = (more: PasswordOptions<Env> = {}): Login =>
  password<Env>({
    accounts: (env) => [{ username: 'admin', password: env.ADMIN_PASSWORD as string, permissions: ['admin'] }],
    ...more,
  });

/** A process that starts with this secret, on the store of another. */
const startedWith = (app: App, secret: string): Promise<App> =>
  appOn(app.inner, app.clock, { logins: [seeded()], permissions: () => [] }, {}, { ADMIN_PASSWORD: secret });

async function signIn(app: App, secret: string, browser: Browser = app.browser()): Promise<number> {
  const page = await browser.get(`${ISSUER}/login`);
  return (await browser.submit({ ...page, text: '<form action="/login">' }, { username: 'admin', password: secret })).status;
}

afterEach(() => void vi.restoreAllMocks());

describe.each(storeNames)('seeded accounts on %s', (store) => {
  const make = async (): Promise<App> => startedWith(await makeApp(store), FIRST);

  it('are entered with the new password alone when the secret was rotated, and what the old one opened ends (F-34)', async () => {
    const app = await make();
    const browser = app.browser();
    expect(await signIn(app, FIRST, browser)).toBe(303);
    const client = await app.client();
    const tokens = tokensOf(
      await client.redeem(codeOf(await browser.submit(await browser.get(await client.authorizeUrl()), { decision: 'approve' }))),
    );
    const next = await startedWith(app, SECOND);
    const other = next.browser();
    for (const [name, value] of browser.cookies) other.cookies.set(name, value);
    expect((await other.get(`${ISSUER}/account`)).status).toBe(303);
    expect([await signIn(next, FIRST), await signIn(next, SECOND), (await next.call(tokens.access)).status]).toEqual([403, 303, 401]);
    const { accounts } = next.provider.helpers(next.env);
    expect(await accounts.findByUsername('admin')).toMatchObject({ permissions: ['admin'] });
    expect(JSON.stringify(await accounts.findByUsername('admin'))).not.toContain('scrypt');
  });

  it('keep a password that the person chose until the secret changes (F-34)', async () => {
    const app = await make();
    expect(await signIn(app, FIRST)).toBe(303);
    const { accounts } = app.provider.helpers(app.env);
    await accounts.setPassword((await accounts.findByUsername('admin'))?.id ?? '', OWN);
    const same = await startedWith(app, FIRST);
    expect([await signIn(same, FIRST), await signIn(same, OWN)]).toEqual([403, 303]);
    const next = await startedWith(app, SECOND);
    expect([await signIn(next, OWN), await signIn(next, SECOND)]).toEqual([403, 303]);
  });

  it('do not get an old password back from a process that still has the old secret (F-34)', async () => {
    const warned = vi.spyOn(console, 'warn').mockReturnValue();
    const app = await make();
    expect(await signIn(app, FIRST)).toBe(303);
    expect(await signIn(await startedWith(app, SECOND), SECOND)).toBe(303);
    const old = await startedWith(app, FIRST);
    expect([await signIn(old, FIRST), await signIn(old, SECOND)]).toEqual([403, 303]);
    expect(warned.mock.calls.flat().join('')).toMatch(/"admin" has a newer password than the configured one/);
  });

  it('cannot be taken by any sign-up, whichever request comes first (F-34)', async () => {
    const mail = makeMailbox();
    const email = 'admin@mail.example';
    const accounts = () => [{ username: 'admin', password: FIRST, email, emailVerified: true, permissions: ['admin'] }];
    const ways: { [way: string]: (app: App) => Promise<number> } = {
      password: async (app) => {
        const form = await app.browser().get(`${ISSUER}/login/sign-up`);
        return (await app.browser().submit(form, { username: '\u0430dmin', 'new-password': OWN })).status;
      },
      passkey: async (app) => (await toNewPasskey(await app.client(), app.browser(), 'Admin')).status,
      code: async (app) => {
        const browser = app.browser();
        const page = await browser.submit(await browser.get(`${ISSUER}/login`), { with: 'email', email });
        await app.settled();
        await browser.submit(page, { code: await mail.codeFor(email) });
        return (await app.provider.helpers(app.env).accounts.findByEmail(email))?.permissions[0] === 'admin' ? 409 : 303;
      },
    };
    for (const way of Object.values(ways)) {
      const logins = [
        password({ accounts, signUp: 'open' }),
        passkeys({ signUp: 'open' }),
        emailCode({ sendEmail: mail.send, signUp: 'open' }),
      ];
      const app = await makeApp(store === 'memory' ? 'memory' : store, { logins });
      await app.provider.helpers(app.env).accounts.findByUsername('admin');
      expect(await way(app)).toBe(409);
      expect(await signIn(app, FIRST)).toBe(303);
    }
  });

  it('are made once by processes that start at once, and leave an account alone that was not seeded', async () => {
    const warned = vi.spyOn(console, 'warn').mockReturnValue();
    const app = await makeApp(store);
    const crowd = await Promise.all(Array.from({ length: 5 }, () => startedWith(app, FIRST)));
    expect(await Promise.all(crowd.map((one) => signIn(one, FIRST)))).toEqual([303, 303, 303, 303, 303]);
    expect(warned).not.toHaveBeenCalled();
    const { accounts } = app.provider.helpers(app.env);
    await accounts.remove((await accounts.findByUsername('admin'))?.id ?? '');
    await accounts.create({ username: 'admin', password: OWN });
    const late = await startedWith(app, SECOND);
    expect([await signIn(late, SECOND), await signIn(late, OWN)]).toEqual([403, 303]);
    expect(warned.mock.calls.flat().join('')).toMatch(/not made from `accounts`/);
  });
});

describe('a seeded account whose secret is not set', () => {
  it('fails the start on Node; on Workers pages are 503, other endpoints work, and the log names the variable (F-34)', async () => {
    const logged = vi.spyOn(console, 'error').mockReturnValue();
    const clock = makeClock();
    const runtime = makeRuntime();
    const events: Parameters<typeof optionsFor>[0] = [];
    const platform = { runtime: { ...runtime, now: clock.now }, address: () => '192.0.2.1' };
    const provider = new OAuthProvider<object>(optionsFor(events, { logins: [seeded()] }) as never, platform);
    const env = { PORTCULLIS: memoryStore(clock), ADMIN_PASSWORD: undefined as string | undefined };
    expect(() => provider.helpers(env)).toThrow(/password: `accounts` gives "admin" no password.*ADMIN_PASSWORD/);
    const page = await provider.fetch(new Request(`${ISSUER}/login`), env);
    expect([page.status, (await page.text()).includes('ADMIN')]).toEqual([503, false]);
    expect(events.at(-1)).toMatchObject({ kind: 'request.failed', endpoint: 'login', error: expect.any(TypeError) });
    expect(logged.mock.calls.flat().join(' ')).toContain('ADMIN_PASSWORD');
    expect((await provider.fetch(new Request(`${ISSUER}/token`, { method: 'POST' }), env)).status).toBe(400);
    env.ADMIN_PASSWORD = FIRST;
    expect((await provider.fetch(new Request(`${ISSUER}/login`), env)).status).toBe(200);
    expect(await provider.helpers(env).accounts.checkPassword('admin', FIRST)).toMatchObject({ permissions: ['admin'] });
  });

  it('is refused by `accounts.create`, and a password that is too short is by the start', async () => {
    const app = await makeApp('memory');
    const { accounts } = app.provider.helpers(app.env);
    await expect(accounts.create({ username: 'eve', password: undefined } as never)).rejects.toThrow(/password of "eve" is undefined/);
    expect(await accounts.findByUsername('eve')).toBeNull();
    await expect(startedWith(app, 'short')).rejects.toThrow(/has not 8 to 1,024 characters/);
    const twice = password({
      accounts: () => [
        { username: 'a', password: FIRST },
        { username: '\u0430', password: FIRST },
      ],
    });
    await expect(makeApp('memory', { logins: [twice] })).rejects.toThrow(/names "a" twice/);
  });
});

describe('permissions of seeded accounts', () => {
  it.each<[string, object, number]>([
    ['no `permissions` and no `admin`', {}, 1],
    ['an `admin` with another permission', { admin: adminApi({ permission: 'operator' }) }, 1],
    ['an `admin` with that permission', { admin: adminApi({ permission: 'admin' }) }, 0],
    ['`permissions`', { permissions: () => [] }, 0],
  ])('warn at the start, once, where nothing reads them: %s', async (_name, options, times) => {
    const warned = vi.spyOn(console, 'warn').mockReturnValue();
    const logins = [password({ accounts: () => [{ username: 'admin', password: FIRST, permissions: ['admin'] }] })];
    const app = await makeApp('memory', { ...options, logins });
    await makeApp('memory', { ...options, logins }); // another environment
    expect(app.provider.helpers(app.env)).toBeDefined();
    const told = warned.mock.calls.flat().filter((line) => /"admin" has `permissions`.*without the option `permissions`/.test(`${line}`));
    expect(told).toHaveLength(times);
  });

  it('do not warn of accounts without any', async () => {
    const warned = vi.spyOn(console, 'warn').mockReturnValue();
    await makeApp('memory', { logins: [password({ accounts: () => [{ username: 'ada', permissions: [] }, { username: 'bob' }] })] });
    expect(warned).not.toHaveBeenCalled();
  });
});

/** With browsers: `journeys/existing-session.test.ts`. */
import { describe, expect, it } from 'vitest';
import { existingSession, type ExistingSession } from '../../src/logins/own-login.ts';
import type { RedirectLogin } from '../../src/model/login.ts';

const IDENTITY = { issuer: 'app', subject: 's1', claims: { name: 'Ada' } };
const AT = { env: { NAME: 'env' }, issuer: 'https://as.example' };
const REQUEST = new Request('https://as.example/authorize');

const make = (options: Partial<ExistingSession> = {}) => existingSession({ find: async () => IDENTITY, ...options });
const redirecting = (options: Partial<ExistingSession> = {}) => make({ signInUrl: '/sign-in?a=1', label: 'Acme', ...options }) as RedirectLogin; // prettier-ignore
const begin = async (made: RedirectLogin, fresh = false) =>
  new URL(((await made.begin({ redirectUri: 'https://as.example/cb?x=1', state: 'st', fresh } as never, AT as never)) as { location: string }).location, 'https://own.example'); // prettier-ignore

describe('logins/own-login: the session of the application', () => {
  it('asks the application for the signed-in user, with request and environment', async () => {
    const asked: unknown[] = [];
    const { present } = make({ find: (...all) => (asked.push(all), { ...IDENTITY, permissions: ['a'], organizations: [{ id: 'o', name: 'O' }], authenticatedAt: 7, other: 1 }) }); // prettier-ignore
    expect(await present?.({ request: REQUEST, ...AT })).toEqual({ kind: 'proven', identity: IDENTITY, permissions: ['a'], organizations: [{ id: 'o', name: 'O' }], authenticatedAt: 7 }); // prettier-ignore
    expect(asked).toEqual([[REQUEST, AT.env]]);
    const plain = await make().present?.({ request: REQUEST, ...AT });
    expect([plain, Object.keys(plain ?? {})]).toEqual([{ kind: 'proven', identity: IDENTITY }, ['kind', 'identity']]);
    expect(await make({ find: () => null }).present?.({ request: REQUEST, ...AT })).toBeNull();
  });

  it('refuses an identity under this server’s own issuer', async () => {
    const { present } = make({ find: () => ({ ...IDENTITY, issuer: AT.issuer }) });
    await expect(present?.({ request: REQUEST, ...AT })).rejects.toThrow(
      'existingSession: `issuer` of what `find` gave is this server itself',
    );
  });

  it('has no redirect without a sign-in page, and is called `session` unless it is named', () => {
    expect(make()).toEqual({ kind: 'session', id: 'session', present: expect.any(Function) });
    expect(make({ id: 'own' }).id).toBe('own');
    expect(redirecting({ id: 'own' })).toMatchObject({ kind: 'redirect', id: 'own', label: 'Acme', site: '' });
    expect(redirecting({ signInUrl: 'https://app.example/sign-in' })).toMatchObject({ id: 'session', site: 'https://app.example/sign-in' });
  });

  it('leads to the page with the way back: a path from a path, else a URL, and asks for a new sign-in where that is needed', async () => {
    const own = await begin(redirecting());
    expect(own.origin).toBe('https://own.example'); // the location was a path
    expect([own.pathname, [...own.searchParams]]).toEqual(['/sign-in', [['a', '1'], ['return_to', '/cb?x=1&state=st']]]); // prettier-ignore
    const other = await begin(redirecting({ signInUrl: 'https://app.example/in' }), true);
    expect([other.origin + other.pathname, [...other.searchParams]]).toEqual(['https://app.example/in', [['return_to', 'https://as.example/cb?x=1&state=st'], ['prompt', 'login']]]); // prettier-ignore
    expect((await redirecting().begin({ redirectUri: 'https://as.example/cb', state: 's', fresh: false } as never, AT as never)) as object).toMatchObject({ keep: null }); // prettier-ignore
  });

  it('signs in the user of the session at the return, and refuses without one', async () => {
    const finish = (made: RedirectLogin) => made.finish({ request: REQUEST } as never, AT as never);
    expect(await finish(redirecting())).toEqual({ kind: 'proven', identity: IDENTITY });
    const asked: unknown[] = [];
    await finish(redirecting({ find: (...all) => (asked.push(all), null) }));
    expect(asked).toEqual([[REQUEST, AT.env]]);
    await expect(finish(redirecting({ find: () => ({ ...IDENTITY, issuer: AT.issuer }) }))).rejects.toThrow('is this server itself');
    expect(await finish(redirecting({ find: () => null }))).toEqual({ kind: 'refused', reason: 'session_missing' });
  });

  it('says at start-up which option is wrong', () => {
    expect(() => make({ find: null as never })).toThrow('existingSession: `find` must be a function');
    expect(() => make({ finds: 1 } as never)).toThrow(/existingSession.*finds/);
    for (const label of [undefined, '', 7]) expect(() => redirecting({ label } as never)).toThrow('existingSession: `label` is missing');
    for (const signInUrl of ['http://app.example/in', 'javascript:alert(1)', '//evil.example', 'sign-in', '', 'ftp://localhost/x', new URL('https://app.example') as never])
      expect(() => redirecting({ signInUrl })).toThrow('existingSession: `signInUrl` must be a path');
    for (const signInUrl of ['https://app.example', 'http://localhost:3000/in', 'http://127.0.0.1/in', '/in']) expect(() => redirecting({ signInUrl })).not.toThrow();
  }); // prettier-ignore
});

import { describe, expect, it } from 'vitest';
import { login, type OwnLogin } from '../../src/logins/own-login.ts';

const IDENTITY = { issuer: 'https://sso.example', subject: 's1', claims: { name: 'Ada' } };
const CALLBACK = { redirectUri: 'https://as.example/cb', state: 's', parameters: new URLSearchParams('ticket=t'), kept: { k: 1 } };
const REDIRECT = { redirectUri: 'https://as.example/cb', state: 's', fresh: true };
const AT = { env: { NAME: 'env' }, issuer: 'https://as.example' };

function make(found: unknown, begun: object = { location: 'https://sso.example/start' }) {
  const asked: unknown[] = [];
  const made = login({
    id: 'sso',
    label: 'Acme SSO',
    site: 'https://sso.example',
    begin: (redirect) => (asked.push(redirect), begun as { location: string }),
    finish: async (callback) => (asked.push(callback), found as never),
  });
  return { made, asked, finish: () => made.finish(CALLBACK as never, AT as never) };
}

describe('logins/own-login', () => {
  it('is a redirect login with what it was given', () => {
    expect(make(null).made).toMatchObject({ kind: 'redirect', id: 'sso', label: 'Acme SSO', site: 'https://sso.example' });
  });

  it('asks the application where to go, with the environment, and keeps what it says', async () => {
    const { made, asked } = make(null, { location: 'https://sso.example/start', keep: { n: 1 }, other: 1 });
    expect(await made.begin(REDIRECT as never, AT as never)).toEqual({ location: 'https://sso.example/start', keep: { n: 1 } });
    expect(asked).toEqual([{ ...REDIRECT, env: { NAME: 'env' } }]);
    expect(await make(null).made.begin(REDIRECT as never, AT as never)).toEqual({ location: 'https://sso.example/start', keep: null });
  });

  it('asks it for the returning user, and passes on the claims', async () => {
    const { finish, asked } = make({ ...IDENTITY, permissions: ['admin'], authenticatedAt: 7 });
    expect(await finish()).toEqual({ kind: 'proven', identity: IDENTITY, permissions: ['admin'], authenticatedAt: 7 });
    expect(asked).toEqual([{ ...CALLBACK, env: { NAME: 'env' } }]);
    const plain = await make(IDENTITY).finish();
    expect([plain, Object.keys(plain)]).toEqual([{ kind: 'proven', identity: IDENTITY }, ['kind', 'identity']]);
  });

  it('refuses a denied user, and an identity under this server’s own issuer', async () => {
    expect(await make({ deny: 'Not you.' }).finish()).toEqual({ kind: 'refused', reason: 'denied_by_login', text: 'Not you.' });
    await expect(make({ ...IDENTITY, issuer: AT.issuer }).finish()).rejects.toThrow(
      'login "sso": the identity\'s `issuer` is this server itself',
    );
  });

  it('says at start-up which option is wrong', () => {
    const good: OwnLogin = { id: 'sso', label: 'SSO', site: 'https://sso.example', begin: () => ({ location: '' }), finish: () => IDENTITY };
    for (const bad of [{ begin: 1 }, { finish: undefined }]) expect(() => login({ ...good, ...bad } as never)).toThrow('login: `begin` and `finish` must be functions.');
    for (const site of ['sso.example', 7, undefined, new URL('https://sso.example')]) expect(() => login({ ...good, site } as never)).toThrow('login: `site` must be a URL');
    expect(() => login({ ...good, icon: 'logo.svg' })).toThrow('login: `icon` must be SVG path data');
    expect(() => login({ ...good, sites: 'x' } as never)).toThrow(/login.*sites/);
    for (const known of ['id', 'label', 'site', 'begin', 'finish']) expect(good).toHaveProperty(known);
    expect(() => login(good)).not.toThrow();
  }); // prettier-ignore
});

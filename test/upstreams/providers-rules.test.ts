/** Whom each site lets in and lets stay, and what it is asked; the network is a function that signs what it is told. */
import { describe, expect, it } from 'vitest';
import type { Identity } from '../../src/model/identity.ts';
import { auth0, type Auth0Options, cloudflareAccess, gitlab, keycloak, okta } from '../../src/upstreams/oidc.ts';
import type { Fetch, ProviderOptions, Upstream, UpstreamError } from '../../src/upstreams/contract.ts';
import { ENGLISH } from '../../src/words/words.ts';
import { entra, type EntraOptions, google, type GoogleOptions } from '../../src/upstreams/work-accounts.ts';
import { workos } from '../../src/upstreams/user-management.ts';
import { makeIssuer } from '../support/issuer.ts';
import { APP, failureIn, locationOf, REDIRECT, trip } from '../support/provider-trip.ts';

const TID = '11111111-2222-3333-4444-555555555555';
const OTHER = '99999999-2222-3333-4444-555555555555';
const MICROSOFT = 'https://login.microsoftonline.com';

/** A sign-in of a user with these claims. */
async function arrive(issuer: string, claims: object, make: (options: ProviderOptions) => Upstream): Promise<Identity> {
  const as = await makeIssuer(issuer, { alg: 'RS256' });
  const now = Math.floor(Date.now() / 1000);
  let nonce: string | null = null;
  const fetcher: Fetch = async (url) => {
    if (/keys|jwks/.test(url)) return as.fetch(`${issuer.replace(/\/$/, '')}/keys`);
    if (/well-known/.test(url)) return Response.json({ issuer, authorization_endpoint: `${issuer}/a`, token_endpoint: `${issuer}/t`, jwks_uri: `${issuer}/keys` });
    const id_token = await as.sign({ aud: APP.clientId, iat: now, exp: now + 60, sub: 's', name: 'n', email: 'e@x.example', nonce, client_id: undefined, ...claims }, { typ: 'JWT' });
    return Response.json({ access_token: 'a', token_type: 'bearer', id_token });
  };
  const provider = make({ ...APP, fetch: fetcher });
  const visit = async (location: string): Promise<string> => {
    const { searchParams } = new URL(location);
    nonce = searchParams.get('nonce');
    return `${REDIRECT}?code=c&state=${searchParams.get('state')}`;
  };
  return trip(provider, visit);
} // prettier-ignore

/** The identity, or how it failed. */
async function come(...all: Parameters<typeof arrive>): Promise<unknown> {
  const going = arrive(...all);
  return going.catch(() => failureIn(going));
}
const faultOf = async (...all: Parameters<typeof arrive>): Promise<UpstreamError> =>
  arrive(...all).then(
    () => expect.unreachable(),
    (error: unknown) => error as UpstreamError,
  );
const queryOf = async (provider: Upstream): Promise<Record<string, string>> =>
  Object.fromEntries((await locationOf(provider)).searchParams);
const person = (claims: object, organization?: string): Identity =>
  ({ issuer: 'i', subject: 's', claims, ...(organization === undefined ? {} : { organization }) }) as Identity;

/** A site whose network only publishes its metadata. */
const published =
  (issuer: string): Fetch =>
  async () =>
    Response.json({
      issuer,
      authorization_endpoint: `${issuer}/a`,
      token_endpoint: `${issuer}/t`,
      jwks_uri: `${issuer}/keys`,
      scopes_supported: ['openid', 'offline_access'],
    });

describe('upstreams/oidc: auth0', () => {
  const ISSUER = 'https://acme.eu.auth0.com/';
  const make =
    (more: Partial<Auth0Options> = {}) =>
    (options: ProviderOptions): Upstream =>
      auth0({ domain: 'acme.eu.auth0.com', ...options, ...more });

  it('admits members of the organization, by id or by name in any case, and no one else if one is named', async () => {
    for (const claims of [{ org_id: 'org_1' }, { org_name: 'acme' }]) {
      const organization = 'org_id' in claims ? 'org_1' : 'ACME';
      expect(await come(ISSUER, claims, make({ organization }))).toMatchObject({ subject: 's' });
      expect(make({ organization })(APP).admits?.(person(claims))).toBe(true);
    }
    for (const claims of [{}, { org_id: 'org_2' }, { org_name: 'ACME' }]) {
      expect(await come(ISSUER, claims, make({ organization: 'ACME' }))).toBe('refused organization_not_allowed');
      expect(make({ organization: 'ACME' })(APP).admits?.(person(claims))).toBe(false);
    }
    expect(await come(ISSUER, {}, make())).toMatchObject({ subject: 's' });
    expect(await come(ISSUER, { org_id: 'org_1', org_name: 'acme' }, make())).toMatchObject({ subject: 's' });
    expect([make()(APP).admits?.(person({})), make()(APP).admits?.(person({ org_id: 'org_1' }))]).toEqual([true, true]);
  });

  it('is asked for a refresh token by a scope, whatever its metadata lists', async () => {
    const metadata = { issuer: ISSUER, authorization_endpoint: `${ISSUER}a`, token_endpoint: `${ISSUER}t`, jwks_uri: `${ISSUER}k` };
    const provider = make({ fetch: async () => Response.json(metadata) })(APP);
    const scopeOf = async (more: object): Promise<string | null> => {
      const { location } = await provider.startSignIn({ redirectUri: REDIRECT, state: 's', env: {}, ...more });
      return new URL(location).searchParams.get('scope');
    };
    expect([await scopeOf({}), await scopeOf({ offline: true })]).toEqual(['openid email profile', 'openid email profile offline_access']);
  });

  it('is asked for what the options say', async () => {
    const fetcher = published(ISSUER);
    const more = { audience: 'api', organization: 'org_1', connection: 'con', prompt: 'login' };
    expect(await queryOf(make({ ...more, fetch: fetcher })(APP))).toMatchObject({ ...more, client_id: APP.clientId, scope: 'openid email profile' });
    for (const name of Object.keys(more)) expect(await queryOf(make({ fetch: fetcher })(APP))).not.toHaveProperty(name);
    expect(make()(APP)).toMatchObject({ id: 'auth0', label: 'Auth0', issuer: ISSUER });
    expect(() => auth0({ ...APP, domain: 'x', organisation: 'y' } as never)).toThrow(/^auth0: `organisation`.*did you mean `organization`/);
  }); // prettier-ignore
});

describe('upstreams/oidc, providers that need no more than their URL', () => {
  it.each([
    ['okta', 'Okta', okta({ ...APP, domain: 'acme.okta.com' }), 'https://acme.okta.com'],
    ['okta', 'Okta', okta({ ...APP, domain: 'acme.okta.com', authorizationServer: 'default' }), 'https://acme.okta.com/oauth2/default'],
    ['keycloak', 'Keycloak', keycloak({ ...APP, url: 'https://id.example/auth/', realm: 'a b' }), 'https://id.example/auth/realms/a%20b'],
    ['gitlab', 'GitLab', gitlab(APP), 'https://gitlab.com'],
    ['gitlab', 'GitLab', gitlab({ ...APP, issuer: 'https://git.example' }), 'https://git.example'],
    ['cloudflare-access', 'Cloudflare Access', cloudflareAccess({ ...APP, issuer: 'https://acme.example/x' }), 'https://acme.example/x'],
  ])('%s is called %s, has a mark and its issuer', (id, label, provider, issuer) => {
    expect(provider).toMatchObject({ id, label, issuer, icon: expect.stringMatching(/^M[\d ]/) });
  }); // prettier-ignore

  it.each([
    ['okta', (fetch: Fetch) => okta({ ...APP, domain: 'id.example', fetch }), 'https://id.example'],
    ['keycloak', (fetch: Fetch) => keycloak({ ...APP, url: 'https://id.example', realm: 'r', fetch }), 'https://id.example/realms/r'],
  ])('%s is asked for a refresh token by a scope, whatever its metadata lists', async (_, make, issuer) => {
    const metadata = { issuer, authorization_endpoint: `${issuer}/a`, token_endpoint: `${issuer}/t`, jwks_uri: `${issuer}/k` };
    const provider = make(async () => Response.json(metadata));
    const { location } = await provider.startSignIn({ redirectUri: REDIRECT, state: 's', env: {}, offline: true });
    expect(new URL(location).searchParams.get('scope')).toBe('openid email profile offline_access');
  });
});

describe('upstreams/work-accounts, google', () => {
  const ISSUER = 'https://accounts.google.com';
  const make =
    (more: Partial<GoogleOptions> = {}) =>
    (options: ProviderOptions): Upstream =>
      google({ ...options, ...more });

  it('accepts only accounts of a configured domain, and returns the organization', async () => {
    expect(await come(ISSUER, { hd: 'corp.example', email_verified: true }, make({ hd: 'corp.example' }))).toMatchObject({ organization: 'corp.example', claims: { email_verified: true } });
    for (const hd of [undefined, 'evil.example', '']) {
      expect(await come(ISSUER, { hd }, make({ hd: 'corp.example' }))).toBe('refused domain_not_allowed');
      expect(make({ hd: 'corp.example' })(APP).admits?.(person({ hd }))).toBe(false);
    }
    expect([make({ hd: 'a' })(APP).admits?.(person({ hd: 'a' })), make()(APP).admits?.(person({})), make()(APP).admits?.(person({ hd: 'a' }))]).toEqual([true, true, true]);
    for (const hd of [undefined, '', 7]) expect(await come(ISSUER, { hd, email_verified: true }, make())).not.toHaveProperty('organization');
  }); // prettier-ignore

  it('accepts every account of Google Workspace for the domain `*`, and no other account', async () => {
    const any = make({ hd: '*' });
    expect(await come(ISSUER, { hd: 'corp.example', email_verified: true }, any)).toMatchObject({ organization: 'corp.example' });
    for (const hd of [undefined, '', 7]) {
      expect(await come(ISSUER, { hd }, any)).toBe('refused domain_not_allowed');
      expect(any(APP).admits?.(person({ hd }))).toBe(false);
    }
    expect(any(APP).admits?.(person({ hd: 'corp.example' }))).toBe(true);
    const fault = await faultOf(ISSUER, {}, any);
    expect(typeof fault.text === 'function' && String(fault.text(ENGLISH))).toContain('Google Workspace');
  });

  it('names the domain to the user of another one', async () => {
    const fault = await faultOf(ISSUER, { hd: 'evil.example' }, make({ hd: 'corp.example' }));
    expect(typeof fault.text === 'function' && String(fault.text(ENGLISH))).toContain('corp.example');
  });

  it.each([
    ['e@gmail.com', true], ['E@GMAIL.com', true], ['e@googlemail.com', true], ['e@gmail.com.evil.example', false], ['e@xgmail.com', false], ['e@corp.example', false], [7, false], [['e@gmail.com'], false],
  ])('counts the address %j of a consumer as verified: %j (F-41)', async (email, counts) => {
    expect(await come(ISSUER, { email, email_verified: true }, make())).toMatchObject({ claims: { email_verified: counts } });
    expect(await come(ISSUER, { email }, make())).toMatchObject({ claims: { email_verified: false } });
  }); // prettier-ignore

  it('is asked for offline access, consent and a fresh proof in its own words', async () => {
    const fetcher = published(ISSUER);
    const ask = async (more: Partial<GoogleOptions>, trip: object = {}): Promise<readonly (string | undefined)[]> => {
      const { location } = await make({ fetch: fetcher, ...more })(APP).startSignIn({ redirectUri: REDIRECT, state: 's', env: {}, ...trip });
      const query = Object.fromEntries(new URL(location).searchParams);
      return ['access_type', 'prompt', 'hd', 'claims', 'max_age'].map((name) => query[name]);
    };
    const CLAIMS = '{"id_token":{"auth_time":{"essential":true}}}';
    expect(await ask({})).toEqual([undefined, undefined, undefined, undefined, undefined]);
    expect(await ask({ access: 'offline', hd: 'x' })).toEqual(['offline', 'consent', 'x', undefined, undefined]);
    expect(await ask({ access: 'offline', prompt: 'none' })).toEqual(['offline', 'none', undefined, undefined, undefined]);
    expect(await ask({}, { offline: true })).toEqual(['offline', 'consent', undefined, undefined, undefined]);
    expect(await ask({ prompt: 'select_account' }, { offline: true })).toEqual(['offline', 'select_account', undefined, undefined, undefined]);
    expect(await ask({}, { fresh: true })).toEqual([undefined, 'select_account', undefined, CLAIMS, undefined]);
    expect(make()(APP)).toMatchObject({ id: 'google', label: 'Google' });
    expect(() => google({ ...APP, domain: 'x' } as never)).toThrow(/^google: `domain` is not an option/);
  }); // prettier-ignore
});

describe('upstreams/work-accounts, entra', () => {
  const make =
    (more: Partial<EntraOptions> = {}) =>
    (options: ProviderOptions): Upstream =>
      entra({ tenant: 'common', ...options, ...more });
  const ISSUER = `${MICROSOFT}/${TID}/v2.0`;
  const claims = { tid: TID, oid: 'o' };

  it('identifies a user by tenant and object id, and accepts those of the configured tenants', async () => {
    expect(await come(ISSUER, claims, make())).toMatchObject({ issuer: ISSUER, subject: `${TID}:o`, organization: TID });
    for (const more of [{ tenant: TID.toUpperCase() }, { tenants: [OTHER, TID.toUpperCase()] }]) expect(await come(ISSUER, claims, make(more))).toMatchObject({ organization: TID });
    for (const more of [{ tenant: OTHER }, { tenants: [OTHER] }, { tenants: [] }]) expect(await come(ISSUER, claims, make(more))).toBe('refused tenant_not_allowed');
    const letters = 'abcdef00-2222-3333-4444-abcdefabcdef';
    for (const more of [{ tenant: letters.toUpperCase() }, { tenants: [letters.toUpperCase()] }]) expect(await come(`${MICROSOFT}/${letters}/v2.0`, { tid: letters, oid: 'o' }, make(more))).toMatchObject({ organization: letters });
    expect(await come(ISSUER, { tid: TID }, make())).toBe('broken oid_missing');
    for (const tid of [undefined, 7, [TID], 'common', `${TID}/x`, `x${TID}`]) expect(await come(ISSUER, { ...claims, tid }, make())).toBe('broken tenant_malformed');
    const admits = (more: Partial<EntraOptions>, organization?: string): boolean | undefined => make(more)(APP).admits?.(person({}, organization));
    expect([admits({}), admits({ tenants: [TID] }, TID), admits({ tenants: [TID] }, OTHER), admits({ tenants: [TID] }), admits({ tenant: TID }, TID)]).toEqual([true, true, false, false, true]);
  }); // prettier-ignore

  it.each([[true, true], [1, true], ['1', true], ['true', false], [false, false], [undefined, false]])('treats an address as verified if Entra has verified the domain: %j', async (edov, counts) => {
    expect(await come(ISSUER, { ...claims, email_verified: true, xms_edov: edov }, make())).toMatchObject({ claims: { email_verified: counts } });
  }); // prettier-ignore

  it('is asked at the endpoints of the tenant and the cloud', async () => {
    const location = await locationOf(make({ tenant: 'Organizations', cloud: 'government', prompt: 'login' })(APP));
    expect(location.origin + location.pathname).toBe('https://login.microsoftonline.us/organizations/oauth2/v2.0/authorize');
    expect([location.searchParams.get('prompt'), location.searchParams.get('scope')]).toEqual(['login', 'openid profile email']);
    const offline = await make()(APP).startSignIn({ redirectUri: REDIRECT, state: 's', env: {}, offline: true });
    expect(new URL(offline.location).searchParams.get('scope')).toBe('openid profile email offline_access');
    expect(make()(APP)).toMatchObject({ id: 'entra', label: 'Microsoft', issuer: `${MICROSOFT}/common/v2.0` });
    for (const tenant of ['corp.example', '', `${TID}0`]) expect(() => entra({ ...APP, tenant })).toThrow(/: `tenant` (?:must be|is missing)/);
    for (const tenant of ['organizations', 'common', 'consumers', TID]) expect(() => entra({ ...APP, tenant })).not.toThrow();
    expect(() => make({ cloud: 'moon' as never })(APP)).toThrow(/^Microsoft: `cloud` must be public, government, china/);
    expect(() => make({ cloud: 'toString' as never })(APP)).toThrow(/^Microsoft: `cloud`/);
    expect(() => entra({ ...APP, tenant: 'common', domain: 'x' } as never)).toThrow(/^entra: `domain` is not an option/);
  }); // prettier-ignore
});

describe('upstreams/user-management, workos', () => {
  const token = (claims: object): string => `e30.${btoa(JSON.stringify(claims)).replace(/=+$/, '')}.sig`;
  const come = async (answer: object, organizationId?: string): Promise<unknown> => {
    const provider = workos({
      ...APP,
      fetch: async () => Response.json(answer),
      ...(organizationId === undefined ? {} : { organizationId }),
    });
    const going = trip(provider, async (location) => `${REDIRECT}?code=c&state=${new URL(location).searchParams.get('state')}`);
    return going.catch(() => failureIn(going));
  };

  it('reads names, address and organization as they are', async () => {
    const user = { id: 'u', first_name: 'A', last_name: '', email: 'e', email_verified: 'true', profile_picture_url: 'p' };
    expect(await come({ user, access_token: token({}) })).toEqual({
      issuer: 'https://api.workos.com/user_management/portcullis',
      subject: 'u',
      claims: { name: 'A', email: 'e', email_verified: false, picture: 'p' },
    });
    expect(await come({ user: { id: 'u', first_name: null, last_name: 7 }, access_token: token({ org_id: 'o' }) })).toMatchObject({ organization: 'o' });
    expect(await come({ user: { id: 'u' }, access_token: token({}) })).not.toHaveProperty('claims.name');
    for (const org_id of [undefined, 7]) expect(await come({ user: { id: 'u' }, access_token: token({ org_id }) })).not.toHaveProperty('organization');
  }); // prettier-ignore

  it('accepts only members of a configured organization, also when it checks again', async () => {
    const answer = (org_id?: string): object => ({ user: { id: 'u' }, access_token: token({ org_id }) });
    expect([await come(answer('o'), 'o'), await come(answer(), 'o'), await come(answer('x'), 'o')]).toEqual([expect.objectContaining({ organization: 'o' }), 'refused organization_not_allowed', 'refused organization_not_allowed']);
    const provider = workos({ ...APP, organizationId: 'o' });
    expect([provider.admits?.(person({}, 'o')), provider.admits?.(person({})), workos(APP).admits?.(person({})), workos(APP).admits?.(person({}, 'x'))]).toEqual([true, false, true, true]);
    expect([await provider.recheck?.(token({ org_id: 'o' }), person({})), await provider.recheck?.(token({ org_id: 'x' }), person({})), await workos(APP).recheck?.('opaque', person({}))]).toEqual(['yes', 'no', 'yes']);
  }); // prettier-ignore

  it('is asked for a user of the organization', async () => {
    expect(await queryOf(workos({ ...APP, organizationId: 'o' }))).toMatchObject({ provider: 'authkit', organization_id: 'o' });
    expect(await queryOf(workos(APP))).not.toHaveProperty('scope');
    const hinted = await workos(APP).startSignIn({ redirectUri: REDIRECT, state: 's', env: {}, hint: 'e@x.example' });
    expect(new URL(hinted.location).searchParams.get('login_hint')).toBe('e@x.example');
    expect(workos(APP)).toMatchObject({ id: 'workos', label: 'WorkOS', issuer: 'https://api.workos.com' });
    expect(() => workos({ ...APP, organization: 'x' } as never)).toThrow(/^workos: `organization` is not an option; did you mean `organizationId`/);
  }); // prettier-ignore
});

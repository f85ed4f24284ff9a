/** Each vendor's preset against tokens of that vendor's shape. The vendors' own servers were not reached: shapes are from their documentation. */
import { describe, expect, it } from 'vitest';
import {
  auth0Tokens,
  descopeTokens,
  keycloakTokens,
  logtoTokens,
  oktaTokens,
  scalekitTokens,
} from '../../src/verifiers/vendors-by-resource.ts';
import { clerkTokens, cognitoTokens, supabaseTokens } from '../../src/verifiers/vendors-by-client.ts';
import { cloudflareAccessTokens, entraTokens } from '../../src/verifiers/vendors-by-application.ts';
import type { SourceOptions, TokenSource } from '../../src/verifiers/contract.ts';
import { googleTokens } from '../../src/verifiers/google.ts';
import { verifyIntrospection } from '../../src/verifiers/introspection.ts';
import { verifyJwt } from '../../src/verifiers/jwt.ts';
import { stytchConsent, stytchTokens } from '../../src/verifiers/stytch.ts';
import { workosConnect, workosTokens } from '../../src/verifiers/workos.ts';
import { makeIssuer, makeKey, NOW, type Issuer, type Key } from '../support/issuer.ts';
import { altered } from '../support/altered.ts';

const RESOURCE = 'https://mcp.example/mcp';
const TENANT = '11111111-2222-3333-4444-555555555555';
const APP = '66666666-7777-8888-9999-aaaaaaaaaaaa';
const POOL = 'eu-central-1_AbCdEf123';
const TAG = 'a'.repeat(64);

interface Vendor {
  readonly name: string;
  readonly issuer: string;
  readonly jwks?: string;
  readonly make: (options: SourceOptions) => TokenSource;
  readonly alg?: string;
  readonly typ?: string | undefined;
  readonly claims: { readonly [claim: string]: unknown };
  readonly expected: object;
  /** Tokens of the same issuer and key that must not pass: what, and the claims that make it so. */
  readonly refused: { readonly [what: string]: { readonly [claim: string]: unknown } };
}

const VENDORS: readonly Vendor[] = [
  {
    name: 'auth0', issuer: 'https://acme.eu.auth0.com/', make: (o) => auth0Tokens({ domain: 'acme.eu.auth0.com', ...o }), alg: 'RS256', typ: 'JWT',
    jwks: 'https://acme.eu.auth0.com/.well-known/jwks.json',
    claims: { aud: [RESOURCE, 'https://acme.eu.auth0.com/userinfo'], azp: 'spa', client_id: undefined, scope: 'openid read', permissions: ['read:notes'], org_id: 'org_1' },
    expected: { clientId: 'spa', scope: ['openid', 'read'], props: { permissions: ['read:notes'], organization: 'org_1' } },
    refused: { 'its ID token': { aud: 'spa', nonce: 'n' }, 'a token for userinfo alone': { aud: 'https://acme.eu.auth0.com/userinfo' } },
  },
  {
    name: 'workos', issuer: 'https://acme.authkit.app', jwks: 'https://acme.authkit.app/oauth2/jwks', make: (o) => workosTokens({ domain: 'acme.authkit.app', ...o }), alg: 'RS256', typ: 'JWT',
    claims: { aud: RESOURCE, sid: 'session_1', org_id: 'org_1', role: 'admin', permissions: ['notes:write'] },
    expected: { grantId: 'https://acme.authkit.app#session_1', props: { permissions: ['notes:write'], organization: 'org_1', role: 'admin' } },
    refused: { 'a token for the application': { aud: 'client_01' } },
  },
  {
    name: 'stytch', issuer: 'https://acme.customers.stytch.com', make: (o) => stytchTokens({ domain: 'acme.customers.stytch.com', projectId: 'project-live-1', roles: { editor: ['write'] }, ...o }), alg: 'RS256', typ: 'JWT',
    claims: { aud: ['project-live-1'], scope: 'openid', 'https://stytch.com/organization': { organization_id: 'organization-1' }, 'https://stytch.com/session': { roles: ['editor', 'constructor'] } },
    expected: { scope: ['openid'], props: { permissions: ['write'], organization: 'organization-1' } },
    refused: { "another project's": { aud: ['project-live-2'] }, 'a session, which has no client': { client_id: undefined } },
  },
  {
    name: 'entra', issuer: `https://login.microsoftonline.com/${TENANT}/v2.0`, jwks: `https://login.microsoftonline.com/${TENANT}/discovery/v2.0/keys`, make: (o) => entraTokens({ tenant: TENANT, clientId: APP, ...o }), alg: 'RS256', typ: 'JWT',
    claims: { aud: APP, azp: 'vscode', client_id: undefined, scp: 'read write', oid: 'person', tid: TENANT, roles: ['Admin'], preferred_username: 'a@b' },
    expected: { userId: `${TENANT}.person`, clientId: 'vscode', scope: ['read', 'write'], props: { permissions: ['Admin'], tenant: TENANT } },
    refused: { "another tenant's": { tid: APP }, 'one without oid': { oid: undefined }, 'one for Graph': { aud: '00000003-0000-0000-c000-000000000000' } },
  },
  {
    name: 'descope', issuer: 'https://api.descope.com/v1/apps/agentic/P2abc/MS1', jwks: 'https://api.descope.com/P2abc/.well-known/jwks.json', make: (o) => descopeTokens({ projectId: 'P2abc', mcpServerId: 'MS1', ...o }), alg: 'RS256', typ: 'JWT',
    claims: { aud: ['client-1', RESOURCE], permissions: ['x'] }, expected: { props: { permissions: ['x'] } }, refused: { 'one for another server': { aud: ['client-1'] } },
  },
  {
    name: 'scalekit', issuer: 'https://acme.scalekit.com', jwks: 'https://acme.scalekit.com/keys', make: (o) => scalekitTokens({ domain: 'acme.scalekit.com', resourceId: 'res_1', ...o }), alg: 'RS256', typ: 'JWT',
    claims: { aud: ['res_1'], scopes: ['read'] }, expected: { scope: ['read'] }, refused: { "another resource's": { aud: ['res_2'] } },
  },
  {
    name: 'logto', issuer: 'https://acme.logto.app/oidc', jwks: 'https://acme.logto.app/oidc/jwks', make: (o) => logtoTokens({ domain: 'acme.logto.app', ...o }), alg: 'ES384',
    claims: { aud: RESOURCE, scope: 'read' }, expected: { scope: ['read'] }, refused: { "another resource's": { aud: 'https://api.example' } },
  },
  {
    name: 'keycloak', issuer: 'https://id.example/realms/acme', jwks: 'https://id.example/realms/acme/protocol/openid-connect/certs', make: (o) => keycloakTokens({ realm: 'https://id.example/realms/acme', rolesOf: 'notes', ...o }), alg: 'RS256', typ: 'JWT',
    claims: { typ: 'Bearer', aud: [RESOURCE, 'account'], azp: 'mcp', client_id: undefined, scope: 'read', realm_access: { roles: ['user'] }, resource_access: { notes: { roles: ['editor'] }, account: { roles: ['view'] } } },
    expected: { clientId: 'mcp', props: { permissions: ['user', 'editor'] } },
    refused: { 'its ID token': { typ: 'ID' }, 'its refresh token': { typ: 'Refresh' }, 'one for another client': { aud: 'account' } },
  },
  {
    name: 'okta', issuer: 'https://acme.okta.com/oauth2/default', jwks: 'https://acme.okta.com/oauth2/default/v1/keys', make: (o) => oktaTokens({ domain: 'acme.okta.com', audience: 'api://default', ...o }), alg: 'RS256', typ: 'application/okta-internal-at+jwt',
    claims: { aud: 'api://default', cid: '0oa1', client_id: undefined, uid: '00u1', sub: 'a@b.example', scp: ['read'], groups: ['Everyone'] },
    expected: { userId: '00u1', clientId: '0oa1', scope: ['read'], props: { permissions: ['Everyone'] } },
    refused: { 'its ID token': { cid: undefined, aud: '0oa1' } },
  },
  {
    name: 'cognito', issuer: `https://cognito-idp.eu-central-1.amazonaws.com/${POOL}`, jwks: `https://cognito-idp.eu-central-1.amazonaws.com/${POOL}/.well-known/jwks.json`, make: (o) => cognitoTokens({ userPoolId: POOL, clientIds: ['app1'], ...o }), alg: 'RS256', typ: undefined,
    claims: { client_id: 'app1', token_use: 'access', scope: 'read', 'cognito:groups': ['admins'] },
    expected: { clientId: 'app1', props: { permissions: ['admins'] } },
    refused: { 'its ID token': { token_use: 'id', aud: 'app1' }, "another app's": { client_id: 'app2' }, 'one bound to another resource': { aud: 'https://other.example' } },
  },
  {
    name: 'clerk', issuer: 'https://clerk.acme.example', jwks: 'https://clerk.acme.example/.well-known/jwks.json', make: (o) => clerkTokens({ domain: 'clerk.acme.example', clientIds: ['oauth1'], ...o }), alg: 'RS256',
    claims: { client_id: 'oauth1', scope: 'profile' }, expected: { clientId: 'oauth1', scope: ['profile'] },
    refused: { "another application's": { client_id: 'oauth2' }, 'a session, which has no client': { client_id: undefined } },
  },
  {
    name: 'supabase', issuer: 'https://abc.supabase.co/auth/v1', jwks: 'https://abc.supabase.co/auth/v1/.well-known/jwks.json', make: (o) => supabaseTokens({ domain: 'abc.supabase.co', clientIds: ['c1'], ...o }), typ: 'JWT',
    claims: { aud: 'authenticated', client_id: 'c1', role: 'authenticated' }, expected: { clientId: 'c1', props: { role: 'authenticated' } },
    refused: { "the app's own session": { client_id: undefined }, "another client's": { client_id: 'c2' } },
  },
  {
    name: 'cloudflareAccess', issuer: 'https://acme.cloudflareaccess.com', jwks: 'https://acme.cloudflareaccess.com/cdn-cgi/access/certs', make: (o) => cloudflareAccessTokens({ domain: 'acme.cloudflareaccess.com', audience: TAG, ...o }), alg: 'RS256', typ: undefined,
    claims: { aud: [TAG], type: 'app', client_id: undefined, email: 'a@b.example' }, expected: { clientId: 'cloudflare-access', userId: 'user-1' },
    refused: { "the organization's token": { type: 'org' }, "another application's": { aud: ['b'.repeat(64)] } },
  },
]; // prettier-ignore

describe.each(VENDORS)('verifiers/$name', (vendor) => {
  const { issuer, jwks, make, alg = 'ES256', claims, expected, refused } = vendor;
  const header = 'typ' in vendor ? { typ: vendor.typ } : {};
  const setUp = async (): Promise<Issuer & Pick<TokenSource, 'verify'>> => {
    const as = await makeIssuer(issuer, { alg, ...(jwks === undefined ? {} : { jwks }) });
    return Object.assign(as, { verify: make({ fetch: as.fetch, now: as.now }).verify });
  };

  it('reads user, client, scopes and permissions where the vendor puts them', async () => {
    const as = await setUp();
    expect(await as.verify(await as.sign(claims, header), RESOURCE)).toMatchObject({ issuer, resource: RESOURCE, ...expected });
  });

  it.each(Object.entries(refused))('SEC-116 refuses %s', async (_, changed) => {
    const as = await setUp();
    expect(await as.verify(await as.sign({ ...claims, ...changed }, header), RESOURCE)).toBeNull();
  });
});

/** Tokens that a program got for itself (client credentials), as each vendor makes them. */
const PROGRAMS: { readonly [vendor: string]: { readonly [claim: string]: unknown } } = {
  auth0: { sub: 'm2m@clients', azp: 'm2m', gty: 'client-credentials' },
  workos: { sub: 'client_01', client_id: undefined, sid: undefined },
  stytch: { sub: 'm2m-client-live-1' },
  entra: { scp: undefined, roles: undefined, sub: 'person', idtyp: 'app' },
  descope: { sub: 'K2abcdefghijklmnopqrstuvwxyz' },
  scalekit: { sub: 'skc_1', client_id: 'skc_1' },
  logto: { sub: 'm2m', client_id: 'm2m' },
  keycloak: { sub: 'f0e1', preferred_username: 'service-account-mcp', clientHost: '192.0.2.1' },
  okta: { sub: '0oa1', uid: undefined },
  cognito: { sub: 'app1' },
  clerk: { sub: 'mch_1' },
  supabase: { sub: 'c1', role: 'service_role' },
  cloudflareAccess: { sub: '', common_name: 'ci.access' },
};

describe.each(VENDORS)('verifiers/$name, programs', ({ name, issuer, jwks, make, alg = 'ES256', claims, ...vendor }) => {
  it('refuses the token of a program, and tells it from people where the operator takes it (F-54)', async () => {
    const as = await makeIssuer(issuer, { alg, ...(jwks === undefined ? {} : { jwks }) });
    const token = await as.sign({ ...claims, ...PROGRAMS[name] }, 'typ' in vendor ? { typ: vendor.typ } : {});
    const options = { fetch: as.fetch, now: as.now };
    expect(await make(options).verify(token, RESOURCE)).toBeNull();
    expect(await make({ ...options, programs: true }).verify(token, RESOURCE)).toMatchObject({ program: true });
    const person = await as.sign(claims, 'typ' in vendor ? { typ: vendor.typ } : {});
    expect((await make({ ...options, programs: true }).verify(person, RESOURCE))?.program).toBeUndefined();
  });
});

describe('verifiers, programs', () => {
  it('refuses a token whose subject is its client, signed or opaque, and an Entra token without scopes (F-54)', async () => {
    const as = await makeIssuer('https://as.example');
    const claims = { sub: 'robot', client_id: 'robot', aud: RESOURCE, exp: NOW + 60 };
    const options = { issuer: as.issuer, now: as.now };
    const signed = { ...options, fetch: as.fetch };
    expect(await verifyJwt(signed).verify(await as.sign(claims), RESOURCE)).toBeNull();
    expect(await verifyJwt({ ...signed, programs: true }).verify(await as.sign(claims), RESOURCE)).toMatchObject({ program: true, userId: 'robot' });
    const asked = { ...options, endpoint: 'https://as.example/i', clientId: 'rs', clientSecret: 's', fetch: async () => Response.json({ active: true, ...claims }) };
    expect(await verifyIntrospection(asked).verify('opaque', RESOURCE)).toBeNull();
    expect(await verifyIntrospection({ ...asked, programs: true }).verify('opaque', RESOURCE)).toMatchObject({ program: true });
    const entraIssuer = await makeIssuer(`https://login.microsoftonline.com/${TENANT}/v2.0`, { alg: 'RS256', jwks: `https://login.microsoftonline.com/${TENANT}/discovery/v2.0/keys` });
    const token = await entraIssuer.sign({ aud: APP, azp: 'daemon', client_id: undefined, oid: 'o', tid: TENANT }, { typ: 'JWT' });
    expect(await entraTokens({ tenant: TENANT, clientId: APP, fetch: entraIssuer.fetch, now: entraIssuer.now }).verify(token, RESOURCE)).toBeNull();
  }); // prettier-ignore
});

/** A page of the operator's, in a browser with a cookie that it was given before. */
const pageAt = (path: string, cookie?: string): Request =>
  new Request(`https://mcp.example/${path}`, cookie === undefined ? {} : { headers: { cookie: cookie.split(';', 1)[0] ?? '' } });

describe('verifiers, the vendors that are odd', () => {
  it('takes tokens of several Entra tenants, each by its own name', async () => {
    const as = await makeIssuer(`https://login.microsoftonline.com/${APP}/v2.0`, { alg: 'RS256', jwks: 'https://login.microsoftonline.com/common/discovery/v2.0/keys' });
    const source = entraTokens({ tenant: [TENANT, APP], clientId: APP, fetch: as.fetch, now: as.now });
    expect(source.authorizationServers.length).toBe(2);
    const claims = { aud: APP, azp: 'x', client_id: undefined, oid: 'p', tid: APP, scp: 'read' };
    expect(await source.verify(await as.sign(claims, { typ: 'JWT' }), RESOURCE)).not.toBeNull();
    expect(await source.verify(await as.sign({ ...claims, tid: TENANT }, { typ: 'JWT' }), RESOURCE)).toBeNull(); // one tenant as another
    expect(() => entraTokens({ tenant: 'common', clientId: APP })).toThrow(/entraTokens: `tenant`/);
  }); // prettier-ignore

  it('takes an Entra tenant and application in capitals, and no key that names another issuer (F-59)', async () => {
    const name = (tenant: string): string => `https://login.microsoftonline.com/${tenant}/v2.0`;
    const jwks = 'https://login.microsoftonline.com/common/discovery/v2.0/keys';
    const as = await makeIssuer(name(APP), { alg: 'RS256', jwks });
    const source = entraTokens({ tenant: [TENANT.toUpperCase(), APP.toUpperCase()], clientId: APP.toUpperCase(), fetch: as.fetch, now: as.now });
    const sign = (tid: string, key: Key, jti: string): Promise<string> => as.sign({ aud: APP, azp: 'x', client_id: undefined, oid: 'p', tid, iss: name(tid), scp: 'read', jti }, { typ: 'JWT' }, key);
    const [shared, theirs] = [await makeKey('RS256', 'shared'), await makeKey('RS256', 'theirs')];
    as.publish([{ ...shared.jwk, issuer: name('{tenantid}') } as Key['jwk'], { ...theirs.jwk, issuer: name(TENANT) } as Key['jwk']]);
    expect(await source.verify(await sign(APP, shared, '1'), RESOURCE)).toMatchObject({ userId: `${APP}.p` });
    expect(await source.verify(await sign(TENANT, theirs, '2'), RESOURCE)).not.toBeNull();
    expect(await source.verify(await sign(APP, theirs, '3'), RESOURCE)).toBeNull();
  }); // prettier-ignore

  it('finds what Cloudflare Access vouches for in its own header', () => {
    const { tokenOf } = cloudflareAccessTokens({ domain: 'acme.cloudflareaccess.com', audience: TAG });
    expect(tokenOf(new Request(RESOURCE, { headers: { 'cf-access-jwt-assertion': 'a.b.c' } }))).toBe('a.b.c');
    expect(tokenOf(new Request(RESOURCE, { headers: { authorization: 'Bearer a.b.c' } }))).toBeNull();
  });

  it('SEC-116 asks Google what a token is, in a body, and takes those of our own clients alone', async () => {
    const sent: Request[] = [];
    let info: Record<string, unknown> = { aud: 'ours', azp: 'ours', sub: '1', exp: String(NOW + 60), scope: 'openid email' };
    const fetcher: typeof fetch = async (input, init) => {
      sent.push(new Request(input, init));
      return 'error' in info ? Response.json(info, { status: 400 }) : Response.json(info);
    };
    const options = { clientIds: ['ours'], fetch: fetcher, now: () => NOW };
    const token = 'ya29.a0AfH6SMBxxxxxxxxxxxxxxxx';
    expect(await googleTokens(options).verify(token, RESOURCE)).toMatchObject({
      userId: '1',
      clientId: 'ours',
      scope: ['openid', 'email'],
    });
    expect(sent[0]?.url).not.toContain(token);
    for (const change of [
      { aud: 'theirs' },
      { exp: String(NOW) },
      { error: 'invalid_token' },
      { email: 'robot@p.iam.gserviceaccount.com' },
    ]) {
      const before = info;
      info = { ...info, ...change };
      expect(await googleTokens(options).verify(token, RESOURCE)).toBeNull();
      info = before;
    }
    expect(() => googleTokens({ clientIds: [] })).toThrow(/googleTokens: `clientIds`/);
  });

  it("takes the Workspace domain from userinfo, for tokeninfo of an access token does not tell it, and it must be the same person's (F-57)", async () => {
    const token = 'ya29.a0AfH6SMBxxxxxxxxxxxxxxxx';
    const asked: string[] = [];
    const verifyWith = (userinfo: () => Response) => {
      const fetcher: typeof fetch = async (input, init) => {
        const request = new Request(input, init);
        asked.push(`${request.url} ${request.headers.get('authorization')}`);
        const info = { aud: 'ours', sub: '1', exp: String(NOW + 60), scope: 'openid', hd: 'acme.example' };
        return request.url.endsWith('/tokeninfo') ? Response.json(info) : userinfo();
      };
      return googleTokens({ clientIds: ['ours'], hostedDomain: 'acme.example', fetch: fetcher, now: () => NOW }).verify(token, RESOURCE);
    };
    expect(await verifyWith(() => Response.json({ sub: '1', hd: 'acme.example' }))).toMatchObject({ userId: '1' });
    expect(asked.at(-1)).toBe(`https://openidconnect.googleapis.com/v1/userinfo Bearer ${token}`);
    expect(await verifyWith(() => Response.json({ sub: '1' }))).toBeNull();
    expect(await verifyWith(() => Response.json({ sub: '2', hd: 'acme.example' }))).toBeNull();
    expect(await verifyWith(() => Response.json({ error: 'invalid_request' }, { status: 401 }))).toBeNull(); // a token without the scope
    await expect(verifyWith(() => new Response('', { status: 503 }))).rejects.toMatchObject({ name: 'SourceUnavailable' });
  });

  it('hosts the consent of Stytch: tells what is asked, and takes the answer to it', async () => {
    const sent: { url: string; body: unknown; authorization: string | null }[] = [];
    const fetcher: typeof fetch = async (input, init) => {
      const request = new Request(input, init);
      sent.push({ url: request.url, body: await request.json(), authorization: request.headers.get('authorization') });
      return Response.json(request.url.endsWith('/start') ? { client: { client_name: 'C' } } : { redirect_uri: 'https://c.example/cb?code=1' });
    };
    const consent = stytchConsent({ projectId: 'project-test-1', secret: 's', fetch: fetcher, now: () => NOW });
    const query = new URLSearchParams({ client_id: 'c', redirect_uri: 'https://c.example/cb', response_type: 'code', scope: 'a b', state: 'x', evil: '1' });
    const { asked, ticket, cookie } = await consent.start(pageAt(`consent?${query}`), { user_id: 'u' });
    expect(asked).toEqual({ client: { client_name: 'C' } });
    expect(cookie).toMatch(/^__Host-portcullis_page=[\w-]{22}; Path=\/; Max-Age=900; HttpOnly; SameSite=Lax; Secure$/);
    expect(await consent.authorize(pageAt('consent', cookie), ticket, { user_id: 'u' }, { granted: false })).toBe('https://c.example/cb?code=1');
    expect(sent[1]).toEqual({
      url: 'https://test.stytch.com/v1/idp/oauth/authorize',
      body: { client_id: 'c', redirect_uri: 'https://c.example/cb', response_type: 'code', state: 'x', scopes: ['a', 'b'], user_id: 'u', consent_granted: false },
      authorization: `Basic ${btoa('project-test-1:s')}`,
    });
  }); // prettier-ignore

  it('takes the answer to Stytch from the same browser and person, about what was shown, and for fifteen minutes (F-57)', async () => {
    let [asked, now] = [0, NOW];
    const fetcher: typeof fetch = async () => (asked++, Response.json({ redirect_uri: 'https://c.example/cb?code=1' }));
    const options = { projectId: 'project-test-1', secret: 's', fetch: fetcher, now: () => now };
    const consent = stytchConsent(options);
    const shown = await consent.start(pageAt('consent?client_id=honest'), { user_id: 'u' });
    const other = await consent.start(pageAt('consent?client_id=evil'), { user_id: 'u' });
    const theirs = await stytchConsent({ ...options, secret: 'other' }).start(pageAt('consent?client_id=evil', shown.cookie), { user_id: 'u' });
    asked = 0;
    const answer = (ticket: string, cookie?: string, user = 'u') => consent.authorize(pageAt('consent?client_id=evil', cookie), ticket, { user_id: user }, { granted: true });
    for (const [ticket, cookie, user] of [
      [shown.ticket, undefined],
      [shown.ticket, other.cookie],
      [shown.ticket, shown.cookie, 'v'],
      [other.ticket, shown.cookie],
      [theirs.ticket, shown.cookie],
      [altered(shown.ticket), shown.cookie],
      ['', shown.cookie],
    ] as const) expect(await answer(ticket, cookie, user)).toBeNull();
    expect(asked).toBe(0);
    expect(await answer(shown.ticket, shown.cookie)).not.toBeNull();
    const session = (iat: number): string => `e30.${btoa(JSON.stringify({ sub: 'user-1', iat })).replace(/=+$/, '')}.AAAA`;
    const made = await consent.start(pageAt('consent', shown.cookie), { session_jwt: session(1) });
    expect(await consent.authorize(pageAt('consent', shown.cookie), made.ticket, { session_jwt: session(2) }, { granted: true })).not.toBeNull();
    now += 900;
    expect(await answer(shown.ticket, shown.cookie)).toBeNull();
  }); // prettier-ignore

  it('completes the Standalone Connect of WorkOS in the browser that began it (F-57)', async () => {
    const bodies: unknown[] = [];
    const fetcher: typeof fetch = async (input, init) => {
      bodies.push(await new Request(input, init).json());
      return Response.json({ redirect_uri: 'https://acme.authkit.app/next' });
    };
    const user = { id: 'u1', email: 'a@b.example' };
    const connect = workosConnect({ apiKey: 'sk', fetch: fetcher, now: () => NOW });
    const [mine, evil] = [await connect.start(pageAt('login?external_auth_id=ext_1')), await connect.start(pageAt('login?external_auth_id=evil'))];
    expect(await connect.complete(pageAt('login', mine?.cookie), evil?.ticket ?? '', user)).toBeNull();
    expect(await connect.complete(pageAt('login'), mine?.ticket ?? '', user)).toBeNull();
    expect(bodies).toEqual([]);
    expect(await connect.complete(pageAt('login', mine?.cookie), mine?.ticket ?? '', user)).toBe('https://acme.authkit.app/next');
    expect(bodies).toEqual([{ external_auth_id: 'ext_1', user }]);
    expect(await connect.start(pageAt('login'))).toBeNull();
  }); // prettier-ignore

  it.each([
    () => auth0Tokens({ domain: 'https://acme.eu.auth0.com' }),
    () => workosTokens({ domain: '' }),
    () => stytchTokens({ domain: 'a.example', projectId: 'x' }),
    () => oktaTokens({ domain: 'acme.okta.com/oauth2' }),
    () => keycloakTokens({ realm: 'https://id.example/realms/acme/' }),
    () => cognitoTokens({ userPoolId: 'pool' }),
    () => clerkTokens({ domain: 'c.example', clientIds: [] }),
    () => supabaseTokens({ domain: 'c.example', clientIds: [] }),
    () => scalekitTokens({ domain: 'c.example', resourceId: 'x' }),
    () => descopeTokens({ projectId: 'a/b', mcpServerId: 'c' }),
    () => cloudflareAccessTokens({ domain: 'c.example', audience: 'short' }),
  ])('refuses what cannot be meant, at start-up: %s', (make) => {
    expect(make).toThrow(/^\w+: `\w+` /);
  });
});

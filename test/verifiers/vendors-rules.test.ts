/** What each vendor's preset makes of claims, to the last member; which algorithms, types and options it takes. */
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
import { verifyIntrospection } from '../../src/verifiers/introspection.ts';
import { googleTokens } from '../../src/verifiers/google.ts';
import { verifyJwt } from '../../src/verifiers/jwt.ts';
import { stytchTokens } from '../../src/verifiers/stytch.ts';
import { workosTokens } from '../../src/verifiers/workos.ts';
import { type Issuer, makeIssuer } from '../support/issuer.ts';

const RESOURCE = 'https://mcp.example/mcp';
const GUID = '11111111-2222-3333-4444-555555555555';
const APP = '66666666-7777-8888-9999-aaaaaaaaaaaa';
const POOL = 'eu-central-1_AbCdEf123';
const TAG = 'a'.repeat(64);
type Made = (options: SourceOptions) => TokenSource;
type Setting = readonly [issuer: string, jwks: string, make: Made];

interface World {
  readonly as: Issuer;
  /** What is known of the caller: who, through what, what for, and the props beside the claims; or the reason why nothing is. */
  read(claims: object, header?: object): Promise<unknown>;
}

async function setUp(issuer: string, jwks: string, make: Made, { alg = 'RS256', programs = false } = {}): Promise<World> {
  const as = await makeIssuer(issuer, { alg, jwks });
  const { verify } = make({ fetch: as.fetch, now: as.now, programs });
  return {
    as,
    async read(claims, header = { typ: 'JWT' }) {
      let why = '';
      const access = await verify(await as.sign({ sub: 'u', client_id: undefined, ...claims }, { ...header }), RESOURCE, (reason) => void (why = reason));
      if (!access) return why;
      const { claims: _, ...props } = access.props as { claims: unknown };
      return { userId: access.userId, clientId: access.clientId, scope: access.scope, ...(access.program && { program: true }), props };
    },
  };
} // prettier-ignore

const AUTH0 = 'https://acme.eu.auth0.com/';
const KEYCLOAK = 'https://id.example/realms/acme';
const ENTRA = `https://login.microsoftonline.com/${GUID}/v2.0`;
const COGNITO = `https://cognito-idp.eu-central-1.amazonaws.com/${POOL}`;
const WORLDS = {
  auth0: [AUTH0, `${AUTH0}.well-known/jwks.json`, (o) => auth0Tokens({ domain: 'acme.eu.auth0.com', ...o })],
  clerk: ['https://clerk.acme.example', 'https://clerk.acme.example/.well-known/jwks.json', (o) => clerkTokens({ domain: 'clerk.acme.example', clientIds: ['c'], ...o })],
  cloudflareAccess: ['https://acme.cloudflareaccess.com', 'https://acme.cloudflareaccess.com/cdn-cgi/access/certs', (o) => cloudflareAccessTokens({ domain: 'acme.cloudflareaccess.com', audience: TAG, ...o })],
  cognito: [COGNITO, `${COGNITO}/.well-known/jwks.json`, (o) => cognitoTokens({ userPoolId: POOL, clientIds: ['c'], ...o })],
  descope: ['https://api.descope.com/v1/apps/agentic/P2/MS', 'https://api.descope.com/P2/.well-known/jwks.json', (o) => descopeTokens({ projectId: 'P2', mcpServerId: 'MS', ...o })],
  entra: [ENTRA, `https://login.microsoftonline.com/${GUID}/discovery/v2.0/keys`, (o) => entraTokens({ tenant: GUID, clientId: APP, ...o })],
  keycloak: [KEYCLOAK, `${KEYCLOAK}/protocol/openid-connect/certs`, (o) => keycloakTokens({ realm: KEYCLOAK, rolesOf: 'notes', ...o })],
  logto: ['https://acme.logto.app/oidc', 'https://acme.logto.app/oidc/jwks', (o) => logtoTokens({ domain: 'acme.logto.app', ...o })],
  okta: ['https://acme.okta.com/oauth2/default', 'https://acme.okta.com/oauth2/default/v1/keys', (o) => oktaTokens({ domain: 'acme.okta.com', ...o })],
  scalekit: ['https://acme.scalekit.com', 'https://acme.scalekit.com/keys', (o) => scalekitTokens({ domain: 'acme.scalekit.com', resourceId: 'res_1', ...o })],
  stytch: ['https://acme.customers.stytch.com', 'https://acme.customers.stytch.com/keys', (o) => stytchTokens({ domain: 'acme.customers.stytch.com', projectId: 'project-live-1', roles: { editor: ['write', 'read'], viewer: ['read'] }, ...o })],
  supabase: ['https://abc.supabase.co/auth/v1', 'https://abc.supabase.co/auth/v1/.well-known/jwks.json', (o) => supabaseTokens({ domain: 'abc.supabase.co', clientIds: ['c'], ...o })],
  workos: ['https://acme.authkit.app', 'https://acme.authkit.app/oauth2/jwks', (o) => workosTokens({ domain: 'acme.authkit.app', ...o })],
} satisfies { readonly [vendor: string]: Setting }; // prettier-ignore
type Name = keyof typeof WORLDS;
function worldOf(name: Name, more: { alg?: string; programs?: boolean } = {}): Promise<World> {
  const [issuer, jwks, make]: Setting = WORLDS[name];
  return setUp(issuer, jwks, make, more);
}

/** Claims of a person, and what is known by them. */
const PEOPLE: readonly (readonly [Name, object, object])[] = [
  ['auth0', { aud: RESOURCE, azp: 'c', scope: 'r', permissions: ['p'], org_id: 'o' }, { scope: ['r'], props: { permissions: ['p'], organization: 'o' } }],
  ['clerk', { client_id: 'c', scope: 'r' }, { scope: ['r'], props: {} }],
  ['cloudflareAccess', { aud: [TAG], type: 'app' }, { clientId: 'cloudflare-access', scope: [], props: {} }],
  ['cloudflareAccess', { aud: [TAG], type: 'app', azp: 'c' }, { scope: [], props: {} }],
  ['cognito', { client_id: 'c', token_use: 'access', scope: 'r', 'cognito:groups': ['p'] }, { scope: ['r'], props: { permissions: ['p'] } }],
  ['cognito', { client_id: 'other', aud: RESOURCE, token_use: 'access' }, { clientId: 'other', scope: [], props: { permissions: [] } }],
  ['descope', { aud: RESOURCE, client_id: 'c', permissions: ['p'], dct: 'o' }, { scope: [], props: { permissions: ['p'], organization: 'o' } }],
  ['entra', { aud: APP, azp: 'c', scp: 'r', oid: 'o', tid: GUID, roles: ['p'] }, { userId: `${GUID}.o`, scope: ['r'], props: { permissions: ['p'], tenant: GUID } }],
  ['entra', { aud: `api://${APP}`, appid: 'c', scp: 'r', oid: 'o', tid: GUID }, { userId: `${GUID}.o`, scope: ['r'], props: { permissions: [], tenant: GUID } }],
  ['entra', { aud: APP, azp: 'c', appid: 'x', client_id: 'y', scp: 'r', oid: 'o', tid: GUID }, { userId: `${GUID}.o`, scope: ['r'], props: { permissions: [], tenant: GUID } }],
  ['keycloak', { aud: RESOURCE, azp: 'c', typ: 'Bearer', realm_access: { roles: ['p', 'q'] }, resource_access: { notes: { roles: ['q', 's'] }, other: { roles: ['x'] } } }, { scope: [], props: { permissions: ['p', 'q', 's'] } }],
  ['keycloak', { aud: RESOURCE, azp: 'c', typ: 'Bearer', preferred_username: 'ada' }, { scope: [], props: { permissions: [] } }],
  ['descope', { aud: RESOURCE, client_id: 'c', sub: 'UK2' }, { userId: 'UK2', scope: [], props: { permissions: [], organization: undefined } }],
  ['keycloak', { aud: RESOURCE, azp: 'c', typ: 'Bearer', realm_access: null, resource_access: { notes: 'x' } }, { scope: [], props: { permissions: [] } }],
  ['logto', { aud: RESOURCE, client_id: 'c', organization_id: 'o' }, { scope: [], props: { organization: 'o' } }],
  ['okta', { aud: RESOURCE, cid: 'c', uid: 'id', sub: 'name', scp: ['r'], groups: ['p'] }, { userId: 'id', scope: ['r'], props: { permissions: ['p'] } }],
  ['scalekit', { aud: 'res_1', client_id: 'c', scope: 'r', scopes: ['s'], permissions: ['p'], oid: 'o' }, { scope: ['r', 's'], props: { permissions: ['p'], organization: 'o' } }],
  ['stytch', { aud: 'project-live-1', client_id: 'c', roles: ['editor', 'viewer', 'constructor'] }, { scope: [], props: { permissions: ['write', 'read'], organization: undefined } }],
  ['stytch', { aud: 'project-live-1', client_id: 'c', 'https://stytch.com/session': { roles: ['viewer'] }, roles: ['editor'], 'https://stytch.com/organization': { organization_id: 'o' } }, { scope: [], props: { permissions: ['read'], organization: 'o' } }],
  ['stytch', { aud: 'project-live-1', client_id: 'c', 'https://stytch.com/session': null, 'https://stytch.com/organization': null }, { scope: [], props: { permissions: [], organization: undefined } }],
  ['supabase', { aud: 'authenticated', client_id: 'c', role: 'authenticated' }, { scope: [], props: { role: 'authenticated' } }],
  ['workos', { aud: RESOURCE, client_id: 'c', permissions: ['p'], org_id: 'o', role: 'r' }, { scope: [], props: { permissions: ['p'], organization: 'o', role: 'r' } }],
]; // prettier-ignore

/** Claims of a program, and who it is. */
const PROGRAMS: readonly (readonly [Name, object, object])[] = [
  ['auth0', { aud: RESOURCE, azp: 'c', gty: 'client-credentials' }, {}],
  ['auth0', { aud: RESOURCE, azp: 'c', sub: 'c@clients' }, { userId: 'c@clients' }],
  ['clerk', { client_id: 'c', sub: 'mch_1' }, { userId: 'mch_1' }],
  ['cloudflareAccess', { aud: [TAG], type: 'app', sub: '', common_name: 'ci' }, { userId: 'ci', clientId: 'ci' }],
  ['cloudflareAccess', { aud: [TAG], type: 'app', common_name: 'ci' }, { clientId: 'ci' }],
  ['descope', { aud: RESOURCE, client_id: 'c', sub: 'K2' }, { userId: 'K2' }],
  ['entra', { aud: APP, azp: 'c', oid: 'o', tid: GUID }, { userId: `${GUID}.o` }],
  ['entra', { aud: APP, azp: 'c', oid: 'o', tid: GUID, scp: 'r', idtyp: 'app' }, { userId: `${GUID}.o` }],
  ['keycloak', { aud: RESOURCE, azp: 'c', typ: 'Bearer', preferred_username: 'service-account-c' }, {}],
  ['keycloak', { aud: RESOURCE, azp: 'c', typ: 'Bearer', clientHost: 'h' }, {}],
  ['keycloak', { aud: RESOURCE, azp: 'c', typ: 'Bearer', clientAddress: 'h' }, {}],
  ['keycloak', { aud: RESOURCE, azp: 'c', typ: 'Bearer', sub: 'c' }, { userId: 'c' }],
  ['okta', { aud: RESOURCE, cid: 'c', sub: 'c' }, { userId: 'c' }],
  ['okta', { aud: RESOURCE, cid: 'c', sub: 'x' }, { userId: 'x' }],
  ['okta', { aud: RESOURCE, cid: 'c', sub: 'c', uid: 'x' }, { userId: 'x' }],
  ['stytch', { aud: 'project-live-1', client_id: 'c', sub: 'm2m-client-live-1' }, { userId: 'm2m-client-live-1' }],
  ['supabase', { aud: 'authenticated', client_id: 'c', role: 'service_role' }, {}],
  ['workos', { aud: RESOURCE, sub: 'client_1' }, { userId: 'client_1', clientId: 'client_1' }],
]; // prettier-ignore

describe('verifiers of vendors, claims', () => {
  it.each(PEOPLE)('%s reads %j', async (name, claims, known) => {
    const header = name === 'logto' ? { typ: 'at+jwt' } : { typ: 'JWT' };
    expect(await (await worldOf(name)).read(claims, header)).toEqual({ userId: 'u', clientId: 'c', ...known });
  });

  it.each(PROGRAMS)('%s knows the program of %j, and takes it only where programs are taken (F-54)', async (name, claims, known) => {
    expect(await (await worldOf(name)).read(claims)).toBe('program_not_taken');
    expect(await (await worldOf(name, { programs: true })).read(claims)).toMatchObject({ userId: 'u', clientId: 'c', program: true, ...known });
  }); // prettier-ignore

  it.each<[Name, string, object]>([
    ['clerk', 'audience_wrong', { client_id: 'x' }],
    ['clerk', 'audience_wrong', {}],
    ['clerk', 'audience_wrong', { client_id: ['c'] }],
    ['cloudflareAccess', 'claims_refused', { aud: [TAG], type: 'org' }],
    ['cognito', 'claims_refused', { client_id: 'c', token_use: 'id' }],
    ['cognito', 'audience_wrong', { client_id: 'x', token_use: 'access' }],
    ['entra', 'claims_refused', { aud: APP, azp: 'c', scp: 'r', tid: GUID }],
    ['entra', 'issuer_wrong', { aud: APP, azp: 'c', scp: 'r', oid: 'o' }],
    ['keycloak', 'claims_refused', { aud: RESOURCE, azp: 'c', typ: 'ID' }],
    ['okta', 'claims_refused', { aud: RESOURCE, uid: 'u' }],
    ['stytch', 'client_missing', { aud: 'project-live-1' }],
    ['supabase', 'claims_refused', { aud: 'authenticated', client_id: 'x' }],
    ['supabase', 'claims_refused', { aud: 'authenticated' }],
    ['workos', 'client_missing', { aud: RESOURCE, sub: 'xclient_1' }],
    ['workos', 'user_missing', { aud: RESOURCE, client_id: 'c', sub: undefined }],
    ['auth0', 'user_missing', { aud: RESOURCE, azp: 'c', sub: undefined }],
    ['clerk', 'user_missing', { client_id: 'c', sub: undefined }],
    ['stytch', 'user_missing', { aud: 'project-live-1', client_id: 'c', sub: undefined }],
  ])('%s says %s of %j (SEC-116)', async (name, reason, claims) => {
    expect(await (await worldOf(name)).read(claims)).toBe(reason);
  });
});

describe('verifiers of vendors, headers', () => {
  const claimsOf = (name: Name): object => PEOPLE.find(([one]) => one === name)?.[1] ?? {};

  it.each<[Name, readonly (string | undefined)[]]>([
    ['auth0', ['JWT', 'at+jwt']], ['clerk', ['JWT', 'at+jwt']], ['cloudflareAccess', ['JWT', undefined]], ['cognito', ['JWT', 'at+jwt', undefined]], ['descope', ['JWT', 'at+jwt']],
    ['entra', ['JWT', 'at+jwt']], ['keycloak', ['JWT', 'at+jwt']], ['okta', ['JWT', 'at+jwt', 'okta-internal-at+jwt']], ['scalekit', ['JWT', 'at+jwt']],
    ['stytch', ['JWT', 'at+jwt']], ['supabase', ['JWT', 'at+jwt']], ['workos', ['JWT', 'at+jwt']],
  ])('%s takes the types %j and no other (SEC-204)', async (name, types) => {
    const world = await worldOf(name);
    for (const typ of ['JWT', 'at+jwt', 'okta-internal-at+jwt', 'logout+jwt', undefined])
      expect([typ, typeof (await world.read(claimsOf(name), { typ }))]).toEqual([typ, types.includes(typ) ? 'object' : 'string']);
  }); // prettier-ignore

  it('logto takes at+jwt alone, as the default is', async () => {
    const world = await setUp(...WORLDS.logto);
    expect([await world.read(claimsOf('logto'), { typ: 'x+jwt' }), typeof (await world.read(claimsOf('logto'), { typ: 'at+jwt' }))]).toEqual(['type_wrong', 'object']);
  }); // prettier-ignore

  it.each<[Name, readonly string[]]>([
    ['auth0', ['RS256', 'PS256']], ['cloudflareAccess', ['RS256']], ['cognito', ['RS256']], ['entra', ['RS256']], ['okta', ['RS256']], ['stytch', ['RS256']],
    ['clerk', ['RS256', 'ES256']], ['workos', ['RS256', 'ES256']],
  ])('%s takes signatures by %j (SEC-201)', async (name, algorithms) => {
    for (const alg of ['RS256', 'PS256', 'ES256'] as const) {
      const said = await (await worldOf(name, { alg })).read(claimsOf(name));
      if (algorithms.includes(alg)) expect(said).toBeTypeOf('object');
      else if (name !== 'clerk' && name !== 'workos') expect(said).toBe('algorithm_not_allowed');
    }
  }); // prettier-ignore
});

describe('verifiers of vendors, options', () => {
  it.each<[string, () => unknown]>([
    ['auth0Tokens: `domain`', () => auth0Tokens({ domain: 'https://acme.eu.auth0.com' })],
    ['clerkTokens: `clientIds`', () => clerkTokens({ domain: 'c.example', clientIds: [] })],
    ['clerkTokens: `clientIds`', () => clerkTokens({ domain: 'c.example', clientIds: 'c' as never })],
    ['clerkTokens: `clientIds`', () => clerkTokens({ domain: 'c.example', clientIds: undefined as never })],
    ['clerkTokens: `domain`', () => clerkTokens({ domain: 'c.example/x', clientIds: ['c'] })],
    ['cloudflareAccessTokens: `audience`', () => cloudflareAccessTokens({ domain: 'a.example', audience: `${TAG}a` })],
    ['cloudflareAccessTokens: `audience`', () => cloudflareAccessTokens({ domain: 'a.example', audience: `x${TAG}` })],
    ['cloudflareAccessTokens: `audience`', () => cloudflareAccessTokens({ domain: 'a.example', audience: undefined as never })],
    ['cloudflareAccessTokens: `domain`', () => cloudflareAccessTokens({ domain: '', audience: TAG })],
    ['cognitoTokens: `userPoolId`', () => cognitoTokens({ userPoolId: undefined as never })],
    ['cognitoTokens: `userPoolId`', () => cognitoTokens({ userPoolId: `x.${POOL}` })],
    ['cognitoTokens: `userPoolId`', () => cognitoTokens({ userPoolId: `${POOL}/x` })],
    ['cognitoTokens: `userPoolId`', () => cognitoTokens({ userPoolId: 'eu-central-_Ab' })],
    ['cognitoTokens: `clientIds`', () => cognitoTokens({ userPoolId: POOL, clientIds: 'app1' as never })],
    ['descopeTokens: `projectId`', () => descopeTokens({ projectId: 'a/b', mcpServerId: 'c' })],
    ['descopeTokens: `mcpServerId`', () => descopeTokens({ projectId: 'a', mcpServerId: 'c/' })],
    ['descopeTokens: `mcpServerId`', () => descopeTokens({ projectId: 'a', mcpServerId: undefined as never })],
    ['entraTokens: `cloud`', () => entraTokens({ tenant: GUID, clientId: APP, cloud: 'toString' as never })],
    ['entraTokens: `tenant`', () => entraTokens({ tenant: [], clientId: APP })],
    ['entraTokens: `tenant`', () => entraTokens({ tenant: [GUID, 'common'], clientId: APP })],
    ['entraTokens: `tenant`', () => entraTokens({ tenant: `${GUID}0`, clientId: APP })],
    ['entraTokens: `tenant`', () => entraTokens({ tenant: `0${GUID}`, clientId: APP })],
    ['entraTokens: `clientId`', () => entraTokens({ tenant: GUID, clientId: undefined as never })],
    ['keycloakTokens: `realm`', () => keycloakTokens({ realm: 'http://id.example/realms/acme' })],
    ['keycloakTokens: `realm`', () => keycloakTokens({ realm: 'https://id.example/acme' })],
    ['keycloakTokens: `realm`', () => keycloakTokens({ realm: `${KEYCLOAK}/x` })],
    ['logtoTokens: `domain`', () => logtoTokens({ domain: 'https://acme.logto.app' })],
    ['oktaTokens: `domain`', () => oktaTokens({ domain: 'acme.okta.com/oauth2' })],
    ['oktaTokens: `authorizationServer`', () => oktaTokens({ domain: 'acme.okta.com', authorizationServer: 'a/b' })],
    ['oktaTokens: `authorizationServer`', () => oktaTokens({ domain: 'acme.okta.com', authorizationServer: '/b' })],
    ['scalekitTokens: `domain`', () => scalekitTokens({ domain: '', resourceId: 'res_1' })],
    ['scalekitTokens: `resourceId`', () => scalekitTokens({ domain: 'a.example', resourceId: 'xres_1' })],
    ['scalekitTokens: `resourceId`', () => scalekitTokens({ domain: 'a.example', resourceId: 'res_1/' })],
    ['scalekitTokens: `resourceId`', () => scalekitTokens({ domain: 'a.example', resourceId: undefined as never })],
    ['stytchTokens: `projectId`', () => stytchTokens({ domain: 'a.example', projectId: 'xproject-1' })],
    ['stytchTokens: `projectId`', () => stytchTokens({ domain: 'a.example', projectId: undefined as never })],
    ['stytchTokens: `domain`', () => stytchTokens({ domain: 'a.example:1', projectId: 'project-1' })],
    ['supabaseTokens: `clientIds`', () => supabaseTokens({ domain: 'a.example', clientIds: [] })],
    ['supabaseTokens: `clientIds`', () => supabaseTokens({ domain: 'a.example', clientIds: 'c' as never })],
    ['supabaseTokens: `clientIds`', () => supabaseTokens({ domain: 'a.example', clientIds: undefined as never })],
    ['supabaseTokens: `domain`', () => supabaseTokens({ domain: '/', clientIds: ['c'] })],
    ['workosTokens: `domain`', () => workosTokens({ domain: '' })],
  ])('refuses at start-up, naming %s', (name, make) => {
    expect(make).toThrow(new RegExp(`^${name} `));
  });

  const withOwn = (usual: object, own: object | null | undefined): never => (own && { ...usual, ...own }) as never;
  /** A source of each vendor; `own` adds or replaces options. */
  const MAKERS: { readonly [name: string]: (own?: object | null) => TokenSource } = {
    auth0Tokens: (own) => auth0Tokens(withOwn({ domain: 'acme.eu.auth0.com' }, own)),
    clerkTokens: (own) => clerkTokens(withOwn({ domain: 'c.example', clientIds: ['c'] }, own)),
    cloudflareAccessTokens: (own) => cloudflareAccessTokens(withOwn({ domain: 'a.example', audience: TAG }, own)),
    cognitoTokens: (own) => cognitoTokens(withOwn({ userPoolId: POOL }, own)),
    descopeTokens: (own) => descopeTokens(withOwn({ projectId: 'P', mcpServerId: 'M' }, own)),
    entraTokens: (own) => entraTokens(withOwn({ tenant: GUID, clientId: APP }, own)),
    googleTokens: (own) => googleTokens(withOwn({ clientIds: ['c'] }, own)),
    keycloakTokens: (own) => keycloakTokens(withOwn({ realm: KEYCLOAK }, own)),
    logtoTokens: (own) => logtoTokens(withOwn({ domain: 'acme.logto.app' }, own)),
    oktaTokens: (own) => oktaTokens(withOwn({ domain: 'acme.okta.com' }, own)),
    scalekitTokens: (own) => scalekitTokens(withOwn({ domain: 'acme.scalekit.com', resourceId: 'res_1' }, own)),
    stytchTokens: (own) => stytchTokens(withOwn({ domain: 'a.example', projectId: 'project-1' }, own)),
    supabaseTokens: (own) => supabaseTokens(withOwn({ domain: 'a.example', clientIds: ['c'] }, own)),
    workosTokens: (own) => workosTokens(withOwn({ domain: 'acme.authkit.app' }, own)),
    verifyJwt: (own) => verifyJwt(withOwn({ issuer: 'https://id.example' }, own)),
    verifyIntrospection: (own) => verifyIntrospection(withOwn({ issuer: 'https://id.example', clientId: 'c', clientSecret: 's' }, own)),
  }; // prettier-ignore

  it.each(Object.entries(MAKERS))('%s names itself for an option that is unknown, of a wrong type, or of verifyJwt alone', (name, make) => {
    expect(() => make({})).not.toThrow();
    expect(() => make({ programms: true })).toThrow(`${name}: \`programms\` is not an option; did you mean \`programs\`.`);
    for (const programs of ['false', 0, null, {}]) expect(() => make({ programs })).toThrow(`${name}: \`programs\` must be of type boolean.`);
    for (const none of [null, undefined]) expect(() => make(none)).toThrow(new RegExp(`^${name}: the options must be an object, such as \\{ `));
    expect(() => make({ now: 5 })).toThrow(`${name}: \`now\` must be of type function.`);
    if (name === 'googleTokens') return;
    expect(() => make({ clockSkew: 61 })).toThrow(`${name}: \`clockSkew\` must be 0 to 60 seconds.`);
    expect(() => make({ clockSkew: '30' })).toThrow(`${name}: \`clockSkew\` must be of type number.`);
    if (name !== 'verifyJwt') expect(() => make({ withoutAudience: () => true })).toThrow(`${name}: \`withoutAudience\` is not an option`);
  }); // prettier-ignore

  it('asks a function about clients that are named in text, and about no other', async () => {
    const own = await setUp(WORLDS.clerk[0], WORLDS.clerk[1], (o) => clerkTokens({ domain: 'clerk.acme.example', clientIds: (id) => id.startsWith('c'), ...o }));
    const base = await setUp(WORLDS.supabase[0], WORLDS.supabase[1], (o) => supabaseTokens({ domain: 'abc.supabase.co', clientIds: (id) => id.startsWith('c'), ...o }));
    for (const client_id of [undefined, 7, null, ['c']])
      expect([await own.read({ client_id }), await base.read({ aud: 'authenticated', client_id })]).toEqual(['audience_wrong', 'claims_refused']);
    expect([await own.read({ client_id: 'c' }), await base.read({ aud: 'authenticated', client_id: 'c' })]).toEqual([expect.any(Object), expect.any(Object)]);
  }); // prettier-ignore

  it('takes no promise of an asynchronous function for a yes', async () => {
    const own = await setUp(WORLDS.clerk[0], WORLDS.clerk[1], (o) => clerkTokens({ domain: 'clerk.acme.example', clientIds: (async () => false) as never, ...o }));
    expect(await own.read({ client_id: 'c' })).toBe('audience_wrong');
    const base = await setUp(WORLDS.supabase[0], WORLDS.supabase[1], (o) => supabaseTokens({ domain: 'abc.supabase.co', clientIds: (async () => false) as never, ...o }));
    expect(await base.read({ aud: 'authenticated', client_id: 'c' })).toBe('claims_refused');
  }); // prettier-ignore

  it('takes clients by a function, an authorization server of another name, a region, a custom audience', async () => {
    const own = await setUp(WORLDS.clerk[0], WORLDS.clerk[1], (o) => clerkTokens({ domain: 'clerk.acme.example', clientIds: (id) => id === 'f', ...o }));
    expect([await own.read({ client_id: 'c' }), await own.read({ client_id: 'f' })]).toEqual(['audience_wrong', expect.objectContaining({ clientId: 'f' })]);
    const base = await setUp(WORLDS.supabase[0], WORLDS.supabase[1], (o) => supabaseTokens({ domain: 'abc.supabase.co', clientIds: (id) => id === 'f', ...o }));
    expect([await base.read({ aud: 'authenticated', client_id: 'c' }), await base.read({ aud: 'authenticated', client_id: 'f' })]).toEqual(['claims_refused', expect.objectContaining({ clientId: 'f' })]);
    expect(oktaTokens({ domain: 'acme.okta.com', authorizationServer: 'aus1' }).authorizationServers).toEqual(['https://acme.okta.com/oauth2/aus1']);
    expect(descopeTokens({ projectId: 'P', mcpServerId: 'M', baseUrl: 'https://api.euc1.descope.com' }).authorizationServers).toEqual(['https://api.euc1.descope.com/v1/apps/agentic/P/M']);
    expect(cognitoTokens({ userPoolId: 'us-gov-west-1_x' }).authorizationServers).toEqual(['https://cognito-idp.us-gov-west-1.amazonaws.com/us-gov-west-1_x']);
    expect(cognitoTokens({ userPoolId: POOL }).fixedAudience).toEqual([]);
    expect(cognitoTokens({ userPoolId: POOL, clientIds: ['c'] }).fixedAudience).toEqual([`${COGNITO} none`]);
    expect(scalekitTokens({ domain: 'acme.scalekit.com', resourceId: 'res_1' }).authorizationServers).toEqual(['https://acme.scalekit.com/resources/res_1']);
    const many = entraTokens({ tenant: [GUID, APP], clientId: APP.toUpperCase(), cloud: 'government' });
    expect(many.authorizationServers).toHaveLength(2);
    expect(many.fixedAudience).toHaveLength(4);
    const plain = await setUp(WORLDS.stytch[0], WORLDS.stytch[1], (o) => stytchTokens({ domain: 'acme.customers.stytch.com', projectId: 'project-live-1', audience: 'custom', ...o }));
    expect(await plain.read({ aud: 'custom', client_id: 'c', roles: ['editor'] })).toMatchObject({ props: { organization: undefined } });
    expect(await plain.read({ aud: 'project-live-1', client_id: 'c' })).toBe('audience_wrong');
    const roles = await setUp(WORLDS.keycloak[0], WORLDS.keycloak[1], (o) => keycloakTokens({ realm: KEYCLOAK, ...o }));
    expect(await roles.read({ aud: RESOURCE, azp: 'c', typ: 'Bearer', resource_access: { undefined: { roles: ['x'] } } })).toMatchObject({ props: { permissions: [] } });
  }); // prettier-ignore

  it('takes ids of any length', () => {
    expect(scalekitTokens({ domain: 'a.example', resourceId: 'res_123' }).authorizationServers).toEqual([
      'https://a.example/resources/res_123',
    ]);
  });

  it('finds what Cloudflare Access vouches for in its own header', () => {
    const { tokenOf } = cloudflareAccessTokens({ domain: 'acme.cloudflareaccess.com', audience: TAG });
    expect(tokenOf(new Request(RESOURCE, { headers: { 'cf-access-jwt-assertion': 'a.b.c' } }))).toBe('a.b.c');
    expect(tokenOf(new Request(RESOURCE, { headers: { authorization: 'Bearer a.b.c' } }))).toBeNull();
  });
});

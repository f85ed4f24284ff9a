/** `enterpriseManagedAuthorization`: tokens for assertions of an enterprise's identity provider (ID-JAG). */
import { type AnyClaims, makeSigner, type Signer } from '../../support/signer.ts';
import type { Case } from './case.ts';
import { type Answer, basic, CALLBACK, type Client, refusal, type Server } from './server.ts';
import { ISSUER, RESOURCE, type World } from './world.ts';

type Options = Record<string, unknown>;
type Input = {
  readonly claims: Options;
  readonly clientInfo: Options;
  readonly resource: string;
  readonly requestedScope: string[];
  readonly request: Request;
  readonly env: Options;
};

const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const IDP = 'https://idp.example';
const KEYS = `${IDP}/keys`;
const TRUSTED = { issuer: IDP, jwksUri: KEYS, algorithms: ['RS256', 'ES256'] };
const OTHER = 'https://files.example/mcp';

/** Keys are made once: an RSA pair takes long. */
const signers = new Map<string, Signer>();
async function signer(alg: string, kid: string): Promise<Signer> {
  const found = signers.get(kid) ?? (await makeSigner(alg, kid));
  signers.set(kid, found);
  return found;
}
const idp = (): Promise<Signer> => signer('RS256', 'idp');
const second = (): Promise<Signer> => signer('ES256', 'second');
const stranger = (): Promise<Signer> => signer('RS256', 'stranger');

const usual = ({ claims, requestedScope }: Input): unknown => ({
  userId: 'user-1',
  scope: requestedScope,
  props: { from: claims['iss'] },
  metadata: { label: 'Acme' },
});

/** What a client presents. */
interface Presented {
  readonly claims?: AnyClaims;
  readonly header?: Options;
  readonly fields?: Record<string, string | readonly string[] | undefined>;
  readonly by?: () => Promise<Signer>;
}

/** A server that trusts one identity provider, and one of its clients. */
interface Company {
  readonly server: Server;
  readonly client: Client;
  present(presented?: Presented): Promise<Answer>;
}

/** @param option members of the option, instead of the usual. */
async function company(world: World, option: Options = {}, { info = {}, ...changes }: Options = {}): Promise<Company> {
  const keys = [(await idp()).publicKey, (await second()).publicKey];
  world.publish({ [KEYS]: { body: { keys } } });
  const trustedIssuers = async ({ iss }: { iss: string }): Promise<unknown> => (iss === IDP ? TRUSTED : null);
  const enterpriseManagedAuthorization = { trustedIssuers, mapClaims: async (input: Input) => usual(input), ...option };
  const server = world.serve({ enterpriseManagedAuthorization, ...changes });
  const client = await server.made(info as object);
  return { server, client, present: (presented) => present(server, client, presented) };
}

async function assertionOf({ id }: Client, { claims = {}, header = {}, by = idp }: Presented = {}): Promise<string> {
  const now = Math.floor(Date.now() / 1000);
  const all = { iss: IDP, sub: 'u-1', aud: ISSUER, client_id: id, resource: RESOURCE, scope: 'read write', iat: now, exp: now + 300, jti: crypto.randomUUID(), ...claims };
  const given = Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
  return (await by()).sign(given, { typ: 'oauth-id-jag+jwt', ...header });
} // prettier-ignore

async function present(server: Server, client: Client, presented: Presented = {}): Promise<Answer> {
  const { fields = {} } = presented;
  const assertion = await assertionOf(client, presented);
  return server.token(
    { grant_type: JWT_BEARER, assertion, ...(client.secret === undefined ? { client_id: client.id } : {}), ...fields },
    basic(client),
  );
}

/** The tokens without the token, or the refusal. */
function shown(answer: Answer): unknown {
  if (answer.status !== 200) return refusal(answer);
  const { access_token: token, token_type: type, ...rest } = answer.body;
  return { ...rest, type: String(type).toLowerCase(), access_token: typeof token };
}

const presents = (what: string, presented: Presented, option: Options = {}, changes: Options = {}): Case => ({
  what: `an assertion ${what}`,
  run: async (world) => shown(await (await company(world, option, changes)).present(presented)),
});
/** Seconds from now on. */
const at = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;
/** Claims that are made when the case runs. */
const timed = (what: string, claims: () => AnyClaims, option: Options = {}): Case => ({
  what: `an assertion ${what}`,
  run: async (world) => shown(await (await company(world, option)).present({ claims: claims() })),
});
/** An answer of the function that finds issuers; a fault of it uses nothing up. */
const finds = (what: string, find: (world: World) => unknown, presented: Presented = {}): Case => ({
  what: `a function for issuers that ${what}`,
  run: async (world) => shown(await (await company(world, { trustedIssuers: async () => find(world) })).present(presented)),
});
/** An answer of the function that maps claims; then the same assertion once more, with the usual answer. */
const maps = (what: string, map: (input: Input, world: World) => unknown, presented: Presented = {}): Case => ({
  what: `a function for claims that ${what}, and the same assertion again`,
  run: async (world) => {
    let isOnce = true;
    const mapClaims = async (input: Input): Promise<unknown> => {
      const result = isOnce ? map(input, world) : usual(input);
      isOnce = false;
      return result;
    };
    const { present: show } = await company(world, { mapClaims });
    const again = { ...presented, claims: { jti: 'once', ...presented.claims } };
    return [shown(await show(again)), shown(await show(again))];
  },
});
const starts = (what: string, option: unknown): Case => ({
  what: `starts with ${what}`,
  run: (world) => world.construct({ enterpriseManagedAuthorization: option }),
});
const both = { trustedIssuers: async () => null, mapClaims: async () => null };

/** A text as one part of an assertion. */
const part = (value: unknown): string => btoa(JSON.stringify(value)).replaceAll('=', '').replaceAll('+', '-').replaceAll('/', '_');
const sends = (what: string, fields: (good: string) => Record<string, string | readonly string[] | undefined>): Case => ({
  what: `a request ${what}`,
  run: async (world) => {
    const { server, client } = await company(world);
    return shown(await server.token({ grant_type: JWT_BEARER, ...fields(await assertionOf(client)) }, basic(client)));
  },
});

export const enterprise: readonly Case[] = [
  starts('both functions', both),
  starts('an empty object', {}),
  starts('no function for issuers', { mapClaims: both.mapClaims }),
  starts('no function for claims', { trustedIssuers: both.trustedIssuers }),
  starts('a list of issuers', { ...both, trustedIssuers: [TRUSTED] }),
  starts('a name of a function for claims', { ...both, mapClaims: 'mapClaims' }),
  ...['jwksCacheTtlSeconds', 'clockSkewSeconds', 'maxAssertionLifetimeSeconds'].flatMap((name) =>
    [60, 0, -1, 0.5, undefined].map((value) => starts(`\`${name}\` ${value}`, { ...both, [name]: value })),
  ),
  starts('public clients allowed', { ...both, allowPublicClients: true }),
  starts('public clients not allowed', { ...both, allowPublicClients: false }),
  starts('a member that does not exist', { ...both, clockSkew: 60 }),
  {
    what: 'metadata with and without the option',
    run: async (world) => {
      const { body: on } = await (await company(world)).server.ask('/.well-known/oauth-authorization-server');
      const { body: off } = await world.serve().ask('/.well-known/oauth-authorization-server');
      return [on, off].map(({ grant_types_supported: types, authorization_grant_profiles_supported: profiles }) => [(types as string[]).includes(JWT_BEARER), profiles]);
    },
  },
  {
    what: 'a request where the option is off',
    run: async (world) => {
      const server = world.serve();
      return shown(await present(server, await server.made()));
    },
  },
  presents('that is right', {}),
  {
    what: 'what the functions get',
    run: async (world) => {
      const look = ({ request, env, clientInfo, ...rest }: Options): unknown => {
        const { clientId, clientName, redirectUris, tokenEndpointAuthMethod } = clientInfo as Options;
        return { ...rest, clientInfo: { hasId: typeof clientId, clientName, redirectUris, tokenEndpointAuthMethod }, method: (request as Request).method, path: new URL((request as Request).url).pathname, kv: (env as Options)['OAUTH_KV'] !== undefined };
      };
      const found: unknown[] = [];
      const trustedIssuers = async (input: Options): Promise<unknown> => (found.push(look(input)), TRUSTED);
      const mapClaims = async (input: Input): Promise<unknown> => {
        const { iat, exp, jti, client_id: client, ...claims } = input.claims;
        found.push({ ...(look(input) as Options), claims, times: Number(exp) - Number(iat), jti: typeof jti, same: client === input.clientInfo['clientId'] });
        return usual(input);
      };
      const { present: show } = await company(world, { trustedIssuers, mapClaims });
      await show({ fields: { scope: 'read' }, claims: { email: 'una@acme.example', groups: ['staff'] } });
      return found;
    },
  },
  {
    what: 'a token of an assertion: the API, unwrapToken, the grants of the user, and its end',
    run: async (world) => {
      const { server, present: show } = await company(world);
      const { body } = await show({ fields: { scope: 'read' } });
      const called = await server.call(body);
      const token = await server.helpers.unwrapToken(String(body['access_token']));
      const grants = (await server.helpers.listUserGrants('user-1')).items.map(({ scope, metadata, resource, expiresAt, createdAt }) => ({ scope, metadata, resource, life: Number(expiresAt) - createdAt }));
      world.later(3601);
      return { called: called.body, token: token && { userId: token.userId, audience: token.audience, scope: token.scope, grant: { ...token.grant, clientId: typeof token.grant.clientId } }, grants, later: (await server.call(body)).status };
    },
  },
  {
    what: 'a token of an assertion is revoked, by the client and with its grant',
    run: async (world) => {
      const { server, client, present: show } = await company(world);
      const found: unknown[] = [];
      const first = (await show()).body;
      found.push((await server.token({ token: String(first['access_token']) }, basic(client))).status, (await server.call(first)).status);
      const next = (await show()).body;
      for (const { id } of (await server.helpers.listUserGrants('user-1')).items) await server.helpers.revokeGrant(id, 'user-1');
      return [...found, (await server.call(next)).status];
    },
  },
  {
    what: 'tokenExchangeCallback is not asked',
    run: async (world) => {
      const { present: show } = await company(world, {}, { tokenExchangeCallback: () => void world.seen.push('asked') });
      const { status } = await show();
      return [status, world.seen.filter((one) => one === 'asked')];
    },
  },
  {
    what: 'an assertion that is presented twice',
    run: async (world) => {
      const { present: show } = await company(world);
      return [shown(await show({ claims: { jti: 'once' } })), shown(await show({ claims: { jti: 'once' } }))];
    },
  },
  {
    what: 'an assertion of the same id from another issuer',
    run: async (world) => {
      const trustedIssuers = async ({ iss }: { iss: string }): Promise<unknown> => ({ ...TRUSTED, issuer: iss });
      const { present: show } = await company(world, { trustedIssuers });
      return [(await show({ claims: { jti: 'once' } })).status, (await show({ claims: { jti: 'once', iss: 'https://idp2.example' } })).status];
    },
  },
  sends('without an assertion', () => ({})),
  sends('with an empty assertion', () => ({ assertion: '' })),
  sends('with two assertions', (good) => ({ assertion: [good, good] })),
  sends('with a text as assertion', () => ({ assertion: 'nonsense' })),
  sends('with an assertion of two parts', (good) => ({ assertion: good.slice(0, good.lastIndexOf('.')) })),
  sends('with an assertion of four parts', (good) => ({ assertion: `${good}.x` })),
  sends('with an assertion without a signature', (good) => ({ assertion: good.replace(/[^.]*$/, '') })),
  sends('with an assertion whose claims are a list', (good) => ({ assertion: good.replace(/\..*\./, `.${part([])}.`) })),
  sends('with an assertion whose claims were changed', (good) => ({ assertion: good.replace(/\..*\./, `.${part({ iss: IDP, sub: 'admin' })}.`) })),
  sends('with an assertion of more than 16 kB', (good) => ({ assertion: good.replace(/\..*\./, `.${part({ iss: IDP, x: 'x'.repeat(17_000) })}.`) })),
  sends('with an assertion whose algorithm is none', (good) => ({ assertion: good.replace(/^[^.]*/, part({ alg: 'none', typ: 'oauth-id-jag+jwt' })) })),
  sends('with an assertion whose algorithm is HS256', (good) => ({ assertion: good.replace(/^[^.]*/, part({ alg: 'HS256', typ: 'oauth-id-jag+jwt' })) })),
  sends('for another resource', (assertion) => ({ assertion, resource: OTHER })),
  sends('for the resource', (assertion) => ({ assertion, resource: RESOURCE })),
  sends('for a resource that is no URL', (assertion) => ({ assertion, resource: 'mcp' })),
  sends('for fewer scopes', (assertion) => ({ assertion, scope: 'read' })),
  sends('for more scopes', (assertion) => ({ assertion, scope: 'read write admin' })),
  sends('for other scopes alone', (assertion) => ({ assertion, scope: 'admin' })),
  sends('for scopes with forbidden characters', (assertion) => ({ assertion, scope: 're"ad' })),
  sends('for empty scopes', (assertion) => ({ assertion, scope: '' })),
  presents('of type JWT', { header: { typ: 'JWT' } }),
  presents('without a type', { header: { typ: undefined } }),
  presents('whose type is written otherwise', { header: { typ: 'application/oauth-id-jag+jwt' } }),
  presents('without a key id', { header: { kid: undefined } }),
  presents('with an unknown key id', { header: { kid: 'unknown' } }),
  presents('with the key id of another key', { header: { kid: 'second' } }),
  presents('with a list as key id', { header: { kid: ['idp'] } }),
  presents('by another key under a known id', { by: stranger, header: { kid: 'idp' } }),
  presents('by another key, which its header names', { by: stranger, header: { kid: undefined, jku: 'https://evil.example/keys' } }),
  sends('with an assertion that has a critical extension', (good) => ({ assertion: good.replace(/^[^.]*/, part({ alg: 'RS256', kid: 'idp', typ: 'oauth-id-jag+jwt', crit: ['own'], own: true })) })),
  presents('signed with ES256', { by: second }),
  presents('for another audience', { claims: { aud: 'https://other.example' } }),
  presents('for the token endpoint', { claims: { aud: `${ISSUER}/token` } }),
  presents('for the issuer with a slash', { claims: { aud: `${ISSUER}/` } }),
  presents('for a list of one audience', { claims: { aud: [ISSUER] } }),
  presents('for two audiences', { claims: { aud: [ISSUER, 'https://other.example'] } }),
  presents('of an unknown issuer', { claims: { iss: 'https://other.example' } }),
  presents('of this server as issuer', { claims: { iss: ISSUER } }),
  presents('for another client', { claims: { client_id: 'other' } }),
  presents('for another resource', { claims: { resource: OTHER } }),
  presents('for the resource with a slash', { claims: { resource: `${RESOURCE}/` } }),
  presents('for the resource with its host in capitals', { claims: { resource: 'https://MCP.example/mcp' } }),
  presents('for a list of resources', { claims: { resource: [RESOURCE] } }),
  presents('for a resource that is no URL', { claims: { resource: 'mcp' } }),
  ...['iss', 'sub', 'aud', 'client_id', 'jti', 'exp', 'iat', 'resource', 'scope'].map((claim) => presents(`without \`${claim}\``, { claims: { [claim]: undefined } })),
  ...['iss', 'sub', 'aud', 'client_id', 'jti', 'exp', 'iat', 'resource', 'scope', 'nbf'].map((claim) => presents(`whose \`${claim}\` is ${claim === 'sub' ? 'a number' : 'true'}`, { claims: { [claim]: claim === 'sub' ? 7 : true } })),
  ...['iss', 'sub', 'client_id', 'jti', 'resource', 'scope'].map((claim) => presents(`whose \`${claim}\` is empty`, { claims: { [claim]: '' } })),
  presents('that is bound to a key', { claims: { cnf: { jkt: 'x' } } }),
  presents('with authorization details', { claims: { authorization_details: [] } }),
  presents('with a scope that has a forbidden character', { claims: { scope: 're"ad' } }),
  presents('with a list as scope', { claims: { scope: ['read'] } }),
  timed('that has expired', () => ({ iat: at(-600), exp: at(-300) })),
  timed('that expired 20 seconds ago', () => ({ iat: at(-100), exp: at(-20) })),
  timed('that expired 45 seconds ago', () => ({ iat: at(-100), exp: at(-45) })),
  timed('that expired 61 seconds ago', () => ({ iat: at(-100), exp: at(-61) })),
  timed('that expired 20 seconds ago, without skew', () => ({ iat: at(-100), exp: at(-20) }), { clockSkewSeconds: 0 }),
  timed('that expired 100 seconds ago, with a skew of 120', () => ({ iat: at(-200), exp: at(-100) }), { clockSkewSeconds: 120 }),
  timed('that begins in 45 seconds', () => ({ iat: at(45), exp: at(100) })),
  timed('that begins in 65 seconds', () => ({ iat: at(65), exp: at(100) })),
  timed('that begins in 100 seconds, with a skew of 120', () => ({ iat: at(100), exp: at(200) }), { clockSkewSeconds: 120 }),
  timed('that is good in 45 seconds', () => ({ nbf: at(45) })),
  timed('that is good in 65 seconds', () => ({ nbf: at(65) })),
  timed('that lives for 350 seconds', () => ({ exp: at(350) })),
  timed('that lives for 365 seconds', () => ({ exp: at(365) })),
  timed('that lives for an hour, where that is allowed', () => ({ exp: at(3600) }), { maxAssertionLifetimeSeconds: 3600 }),
  timed('that lives for a minute more than is allowed, without skew', () => ({ exp: at(120) }), { maxAssertionLifetimeSeconds: 60, clockSkewSeconds: 0 }),
  timed('that ends with a part of a second', () => ({ exp: at(100) + 0.5 })),
  timed('whose end is a text', () => ({ exp: String(at(100)) })),
  timed('whose end is in milliseconds', () => ({ exp: at(100) * 1000 })),
  finds('finds no issuer', () => null),
  finds('returns nothing', () => undefined),
  finds('finds another issuer', () => ({ ...TRUSTED, issuer: 'https://other.example' })),
  finds('names no algorithms, for RS256', () => ({ issuer: IDP, jwksUri: KEYS })),
  finds('names no algorithms, for ES256', () => ({ issuer: IDP, jwksUri: KEYS }), { by: second }),
  finds('names other algorithms', () => ({ ...TRUSTED, algorithms: ['ES256'] })),
  finds('names an empty list of algorithms', () => ({ ...TRUSTED, algorithms: [] })),
  finds('names an algorithm with a shared secret', () => ({ ...TRUSTED, algorithms: ['RS256', 'HS256'] })),
  finds('names keys on http', () => ({ ...TRUSTED, jwksUri: 'http://idp.example/keys' })),
  finds('names keys that are no URL', () => ({ ...TRUSTED, jwksUri: 'keys' })),
  finds('names no keys', () => ({ issuer: IDP })),
  finds('names keys that are not there', () => ({ ...TRUSTED, jwksUri: `${IDP}/none` })),
  finds('names an audience, which the assertion has not', () => ({ ...TRUSTED, audience: 'https://as.example' })),
  finds('names an audience, which the assertion has', () => ({ ...TRUSTED, audience: 'https://as.example' }), { claims: { aud: 'https://as.example' } }),
  finds('names an audience that is no URL', () => ({ ...TRUSTED, audience: 'as' }), { claims: { aud: 'as' } }),
  finds('throws', () => Promise.reject(new RangeError('own'))),
  finds('throws an OAuthError that denies', (world) => Promise.reject(new world.lib.OAuthError('access_denied', { description: 'Own.' }))),
  {
    what: 'keys of an identity provider: from where, and when they are asked for again',
    run: async (world) => {
      const { present: show } = await company(world);
      const found: unknown[] = [];
      for (const seconds of [0, 60, 200, 100]) {
        world.later(seconds);
        found.push((await show()).status, world.seen.length);
      }
      return [found, [...new Set(world.seen)]];
    },
  },
  {
    what: 'keys of an identity provider with `jwksCacheTtlSeconds`',
    run: async (world) => {
      const { present: show } = await company(world, { jwksCacheTtlSeconds: 30 });
      const found: unknown[] = [];
      for (const seconds of [0, 20, 20]) {
        world.later(seconds);
        found.push((await show()).status, world.seen.length);
      }
      return found;
    },
  },
  {
    what: 'a key that is new at the identity provider',
    run: async (world) => {
      const { present: show } = await company(world);
      await show();
      const keys = [(await idp()).publicKey, (await stranger()).publicKey];
      world.publish({ [KEYS]: { body: { keys } } });
      const soon = (await show({ by: stranger })).status;
      world.later(31);
      return [soon, (await show({ by: stranger })).status];
    },
  },
  ...([
    ['are not JSON', { body: '{' }],
    ['are no key set', { body: {} }],
    ['are answered with 500', { body: {}, status: 500 }],
    ['are answered with 404', { body: {}, status: 404 }],
    ['are larger than 64 kB', { body: { keys: [], x: 'x'.repeat(70_000) } }],
  ] as const).map(([what, page]) => ({
    what: `keys of an identity provider that ${what}`,
    run: async (world: World) => {
      const { present: show } = await company(world);
      world.publish({ [KEYS]: page });
      return shown(await show());
    },
  })),
  maps('returns null', () => null),
  maps('returns nothing', () => undefined),
  maps('returns a text', () => 'user-1'),
  maps('throws', () => Promise.reject(new RangeError('own'))),
  maps('throws an OAuthError that denies', (_input, world) => Promise.reject(new world.lib.OAuthError('invalid_grant', { description: 'Own.' }))),
  maps('throws an OAuthError that does not', (_input, world) => Promise.reject(new world.lib.OAuthError('temporarily_unavailable', { description: 'Own.' }))),
  ...([
    ['no user', { userId: undefined }],
    ['an empty user', { userId: '' }],
    ['a number as user', { userId: 7 }],
    ['a user with a colon', { userId: 'acme:1' }],
    ['no scopes', { scope: undefined }],
    ['an empty list of scopes', { scope: [] }],
    ['a text as scopes', { scope: 'read' }],
    ['scopes that are no texts', { scope: [1] }],
    ['a scope with a space', { scope: ['read write'] }],
    ['fewer scopes', { scope: ['read'] }],
    ['more scopes', { scope: ['read', 'admin'] }],
    ['no props', { props: undefined }],
    ['props that are null', { props: null }],
    ['props that are a text', { props: 'una' }],
    ['no metadata', { metadata: undefined }],
    ['a lifetime', { accessTokenTTL: 120 }],
    ['a lifetime that is too short', { accessTokenTTL: 5 }],
    ['a lifetime of 0', { accessTokenTTL: 0 }],
    ['a negative lifetime', { accessTokenTTL: -60 }],
    ['a text as lifetime', { accessTokenTTL: '120' }],
    ['an endless lifetime', { accessTokenTTL: Number.POSITIVE_INFINITY }],
    ['a lifetime of a day', { accessTokenTTL: 86_400 }],
  ] as const).map(([what, changes]) => maps(`gives ${what}`, (input) => ({ ...(usual(input) as object), ...changes }))),
  maps('gives scopes beyond those of the request', (input) => ({ ...(usual(input) as object), scope: ['read', 'write'] }), { fields: { scope: 'read' } }),
  maps('gives scopes where nothing names any', (input) => ({ ...(usual(input) as object), scope: ['read', 'admin'] }), { claims: { scope: undefined } }),
  {
    what: 'metadata that is left out, in the list of grants',
    run: async (world) => {
      const { server, present: show } = await company(world, { mapClaims: async (input: Input) => ({ ...(usual(input) as object), metadata: undefined }) });
      await show();
      return (await server.helpers.listUserGrants('user-1')).items.map(({ metadata }) => metadata ?? null);
    },
  },
  ...(['client_secret_basic', 'client_secret_post', 'none'] as const).flatMap((method) => [
    {
      what: `an assertion of a client that registered itself, with ${method}`,
      run: async (world: World) => {
        const { server } = await company(world);
        const client = await server.client({ token_endpoint_auth_method: method });
        const secret = client.secret === undefined ? {} : { client_id: client.id, client_secret: client.secret };
        if (method !== 'client_secret_post') return shown(await present(server, client));
        return shown(await server.token({ grant_type: JWT_BEARER, assertion: await assertionOf(client), ...secret }));
      },
    },
    presents(`of a client that was made with ${method}`, method === 'client_secret_post' ? {} : {}, {}, { info: { tokenEndpointAuthMethod: method } }),
  ]).filter(({ what }) => !what.endsWith('made with client_secret_post')),
  presents('of a client that was made for the grant type', {}, {}, { info: { grantTypes: ['authorization_code', JWT_BEARER] } }),
  {
    what: 'an assertion with a wrong secret',
    run: async (world) => {
      const { server, client } = await company(world);
      return shown(await present(server, { ...client, secret: 'guessed' }));
    },
  },
  {
    what: 'an assertion without a client',
    run: async (world) => {
      const { server, client } = await company(world);
      return shown(await server.token({ grant_type: JWT_BEARER, assertion: await assertionOf(client) }));
    },
  },
  {
    what: 'an assertion of a client that was deleted',
    run: async (world) => {
      const { server, client, present: show } = await company(world);
      await server.helpers.deleteClient(client.id);
      return shown(await show());
    },
  },
  {
    what: 'onError is told of an assertion for another audience',
    run: async (world) => {
      const onError = ({ code, status }: Options): void => void world.seen.push({ code, status });
      const { present: show } = await company(world, {}, { onError });
      await show({ claims: { aud: 'https://other.example' } });
      return world.seen.filter((one) => typeof one === 'object');
    },
  },
  ...([
    ['none named', { resource: undefined }, {}],
    ['one named by the assertion', { resource: OTHER }, {}],
    ['one named by both', { resource: OTHER }, { resource: OTHER }],
    ['one named by the request', { resource: undefined }, { resource: OTHER }],
    ['another one named by each', { resource: RESOURCE }, { resource: OTHER }],
  ] as const).flatMap(([what, claims, fields]) =>
    [undefined, RESOURCE].map((defaultResource) => ({
      what: `an authorization server of two resources ${defaultResource === undefined ? 'without' : 'with'} a default, and an assertion with ${what}`,
      run: async (world: World) => {
        world.publish({ [KEYS]: { body: { keys: [(await idp()).publicKey] } } });
        const option = { trustedIssuers: async () => TRUSTED, mapClaims: async (input: Input) => usual(input) };
        const as = new world.lib.OAuthAuthorizationServer({ issuer: ISSUER, tokenEndpoint: '/token', authorizeEndpoint: '/authorize', resources: [RESOURCE, OTHER], defaultResource, onError: () => undefined, enterpriseManagedAuthorization: option } as never);
        const { clientId, clientSecret = '' } = await as.getOAuthApi(world.env as never).createClient({ redirectUris: [CALLBACK], tokenEndpointAuthMethod: 'client_secret_basic' });
        const client = { id: clientId, secret: clientSecret };
        const form = { grant_type: JWT_BEARER, assertion: await assertionOf(client, { claims }), ...fields };
        const headers = { 'content-type': 'application/x-www-form-urlencoded', ...basic(client) };
        const answer = await as.fetch(new Request(`${ISSUER}/token`, { method: 'POST', headers, body: new URLSearchParams(form).toString() }), world.env as never, world.context());
        const { error = null, resource = null } = (await answer.json()) as Options;
        return [answer.status, error, resource];
      },
    })),
  ),
]; // prettier-ignore

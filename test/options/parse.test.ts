/** Misuse at construction: every wrong option gives one line that names it and the fix. */
import { describe, expect, it } from 'vitest';
import { connection } from '../../src/logins/upstream.ts';
import { password } from '../../src/logins/password.ts';
import { nodeRuntime } from '../../src/node/runtime.ts';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import { OAuthProvider } from '../../src/provider/oauth-provider.ts';
import { github } from '../../src/upstreams/github.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import type { Store } from '../../src/model/store.ts';

const handler = (): Response => new Response('ok');
const good: OAuthProviderOptions = { issuer: 'https://mcp.example', apiRoute: '/mcp', apiHandler: handler, logins: [password()] };
const platform = { runtime: nodeRuntime(), address: () => undefined };

/** The one line that a provider with these options fails with, at construction or when its environment is first looked at; null if it starts. */
function lineOf(options: OAuthProviderOptions, env: unknown = { PORTCULLIS: memoryStore() }, machine = platform): string | null {
  try {
    new OAuthProvider(options, machine).helpers(env as Record<string, unknown>);
    return null;
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return (error as Error).message;
  }
}

const { apiRoute: _route, apiHandler: _handler, ...withoutApi } = good;
const { logins: _logins, ...withoutLogins } = good;
const { issuer: _issuer, ...withoutIssuer } = good;

describe('options', () => {
  it('starts with few of them, in every form the documentation shows', () => {
    expect(lineOf(good)).toBeNull();
    expect(lineOf({ ...good, apiRoute: ['/mcp', '/api'] })).toBeNull();
    expect(lineOf({ ...good, apiRoute: '/mcp/' })).toBeNull();
    for (const apiRoute of ['/account', '/login', '/device', '/jwks', '/authorize/approve'])
      expect([
        apiRoute,
        lineOf({
          ...withoutLogins,
          apiRoute,
          authorizeEndpoint: apiRoute.startsWith('/authorize') ? '/auth' : '/authorize',
          defaultHandler: handler,
        }),
      ]).toEqual([apiRoute, null]); // W-09
    expect(lineOf({ ...good, logins: [connection(github({ clientId: 'a', clientSecret: 'b' }))], defaultHandler: handler })).toBeNull();
    expect(lineOf({ ...withoutApi, apiHandlers: { '/mcp': { fetch: handler }, '/': handler } })).toBeNull();
    expect(lineOf({ ...withoutLogins, defaultHandler: { fetch: handler } })).toBeNull();
    expect(lineOf({ ...good, issuer: 'http://localhost:8787' })).toBeNull();
    expect(lineOf({ ...good, issuer: 'http://127.0.0.1:8787' })).toBeNull();
    expect(lineOf({ ...good, issuer: 'http://[::1]:8787' })).toBeNull();
    expect(lineOf({ ...good, store: memoryStore() }, {})).toBeNull();
    expect(lineOf({ ...good, store: () => memoryStore() }, undefined)).toBeNull();
  });

  it.each([
    ['an unknown option', { ...good, tokenEndpiont: '/token' }, '`tokenEndpiont` is not an option of OAuthProvider; did you mean `tokenEndpoint`'],
    ['no routes', withoutApi, '`apiRoute` and `apiHandler` are needed'],
    ['a route without a handler', { ...withoutApi, apiRoute: '/mcp' }, '`apiRoute` and `apiHandler` are needed'],
    ['both forms', { ...good, apiHandlers: { '/api': handler } }, '`apiHandlers` cannot go with `apiRoute` and `apiHandler`; keep one of the two forms'],
    ['no path at all', { ...good, apiRoute: [] }, '`apiRoute` is empty; name at least one path to protect'],
    ['no handler at all', { ...withoutApi, apiHandlers: {} }, '`apiHandlers` is empty; name at least one path to protect'],
    ['a path without a slash', { ...good, apiRoute: 'mcp' }, '`apiRoute` must be a path such as "/mcp"'],
    ['an endpoint with a slash at its end', { ...good, tokenEndpoint: '/token/' }, '`tokenEndpoint` must be a path such as "/mcp"'],
    ['two routes that differ by a slash', { ...good, apiRoute: ['/mcp', '/mcp/'] }, '`apiRoute` names /mcp twice'],
    ['a route over a page of ours', { ...good, apiRoute: '/account' }, '`apiRoute` /account clashes with the endpoint /account'],
    ['a route over our keys', { ...good, apiRoute: '/jwks', accessTokenSigning: 'ES256' }, '`apiRoute` /jwks clashes with the endpoint /jwks'],
    ['connections alone, and no page to sign in at', { ...good, logins: [connection(github({ clientId: 'a', clientSecret: 'b' }))] }, '`logins` holds connections only'],
    ['a path with a query', { ...good, apiRoute: '/mcp?x=1' }, '`apiRoute` must be a path such as "/mcp"'],
    ['a path with dots', { ...good, apiRoute: '/x/../mcp' }, '`apiRoute` must be a path such as "/mcp"'],
    ['a path with a pattern', { ...good, apiRoute: '/mcp/*' }, '`apiRoute` must be a path such as "/mcp"'],
    ['a whole URL for a path', { ...good, authorizeEndpoint: 'https://mcp.example/authorize' }, '`authorizeEndpoint` must be a path such as "/mcp"'],
    ['a path that is no text', { ...good, tokenEndpoint: 7 }, '`tokenEndpoint` must be a path such as "/mcp"'],
    ['a bad registration path', { ...good, clientRegistrationEndpoint: '/reg ister' }, '`clientRegistrationEndpoint` must be a path such as "/mcp"'],
    ['a route over an endpoint', { ...good, apiRoute: '/token' }, '`apiRoute` /token clashes with the endpoint /token, which must answer without a token; move one of them'],
    ['an endpoint below a route', { ...good, tokenEndpoint: '/mcp/token' }, '`apiRoute` /mcp clashes with the endpoint /mcp/token'],
    ['two endpoints at one path', { ...good, clientRegistrationEndpoint: '/token' }, '/token is used twice; give each endpoint a path of its own'],
    ['two routes at one path', { ...good, apiRoute: ['/mcp', '/mcp'] }, '`apiRoute` names /mcp twice'],
    ['a resource that is no URL', { ...good, resource: '/mcp' }, '`resource` must be a URL such as "https://mcp.example"'],
    ['a resource with a query', { ...good, resource: 'https://mcp.example/mcp?x=1' }, '`resource` must be a URL'],
    ['a resource over plain http', { ...good, resource: 'http://mcp.example' }, '`resource` must be a URL'],
    ['a resource with a slash after a bare origin', { ...good, resource: 'https://mcp.example/' }, '`resource` must be a URL'],
    ['a resource beside a route', { ...good, apiRoute: ['/mcp', '/api'], resource: 'https://mcp.example/mcp' }, '`resource` must be at or above every route, and "https://mcp.example/mcp" is not above /api'],
    ['settings of a route beside a resource', { ...good, resource: 'https://mcp.example', resources: { '/mcp': {} } }, '`resources` cannot name the route /mcp beside `resource`'],
    ['an API that is neither here nor elsewhere', { ...withoutApi, resources: {} }, '`apiRoute` and `apiHandler` are needed'],
    ['a route over the metadata', { ...good, apiRoute: '/.well-known' }, '`apiRoute` /.well-known lies under /.well-known, where metadata stands; move it'],
    ['a handler of a wrong shape', { ...good, apiHandler: { fetsh: handler } }, '`apiHandler` must be an object with a `fetch` method, a fetch function, or a class with one'],
    ['a handler that is nothing', { ...withoutApi, apiHandlers: { '/mcp': null } }, '`apiHandlers["/mcp"]` must be an object with a `fetch` method'],
    ['a default handler of a wrong shape', { ...good, defaultHandler: 'x' }, '`defaultHandler` must be an object with a `fetch` method'],
    ['neither logins nor a default handler', withoutLogins, '`logins` is missing: give `logins: [password()]`, or a `defaultHandler`'],
    ['two logins of one id', { ...good, logins: [password(), password()] }, '`logins` holds two with the id "password"'],
    ['a login whose id is no path', { ...good, logins: [{ ...password(), id: 'a/b' }] }, '`logins` holds the id "a/b"'],
    ['an empty list of logins', { ...good, logins: [] }, '`logins` is missing'],
    ['a scope with a space', { ...good, scopesSupported: ['read write'] }, '`scopesSupported` holds "read write", which is not a scope'],
    ['a required scope with quotes', { ...good, requiredScopes: ['a"b'] }, '`scopesSupported` holds "a\\"b", which is not a scope'],
    ['an access token for too short', { ...good, accessTokenTTL: 59 }, '`accessTokenTTL` must be a whole number of seconds from 60 to 2592000; it is 59'],
    ['an access token for too long', { ...good, accessTokenTTL: 2_592_001 }, '`accessTokenTTL` must be a whole number of seconds'],
    ['milliseconds', { ...good, accessTokenTTL: 3_600_000 }, '`accessTokenTTL` must be a whole number of seconds'],
    ['half a second', { ...good, refreshTokenGrace: 0.5 }, '`refreshTokenGrace` must be a whole number of seconds from 0 to 3600; it is 0.5'],
    ['a time that is text', { ...good, refreshTokenTTL: '3600' }, '`refreshTokenTTL` must be a whole number of seconds'],
    ['a time below zero', { ...good, refreshTokenTTL: -1 }, '`refreshTokenTTL` must be a whole number of seconds'],
    ['no time', { ...good, refreshTokenIdleTTL: Number.NaN }, '`refreshTokenIdleTTL` must be a whole number of seconds'],
    ['a code for an hour', { ...good, authorizationCodeTTL: 3600 }, '`authorizationCodeTTL` must be a whole number of seconds from 10 to 600; it is 3600'],
    ['a policy for documents with a URL in it', { ...good, clientIdMetadataPolicy: ['https://claude.ai'] }, '`clientIdMetadataPolicy` must be a function, or a list of host names such as "claude.ai", subdomains included; it holds "https://claude.ai"'],
    ['a policy for documents with a star', { ...good, clientIdMetadataPolicy: ['*.claude.ai'] }, 'it holds "*.claude.ai"'],
    ['a policy for documents with a hole', { ...good, clientIdMetadataPolicy: [undefined as never] }, '`clientIdMetadataPolicy` must be a function'],
    ['hosts to deny with a star', { ...good, clientPolicy: { denyHosts: ['*.evil.example'] } }, '`clientPolicy.denyHosts` must be a list of host names such as "claude.ai", subdomains included; it holds "*.evil.example"'],
    ['hosts to deny with a dot before them', { ...good, clientPolicy: { denyHosts: ['.evil.example'] } }, 'it holds ".evil.example"'],
    ['hosts to deny with a hole', { ...good, clientPolicy: { denyHosts: ['evil.example', undefined as never] } }, '`clientPolicy.denyHosts` must be a list'],
    ['a set in place of an object', { ...good, clientPolicy: new Set(['x']) as never }, '`clientPolicy` must be an object'],
    ['resources in a map', { ...good, resources: new Map([['/mcp', { requiredScopes: ['a'] }]]) as never }, '`resources` must be an object of settings'],
    ['scopes in a set', { ...good, scopesSupported: new Set(['a']) as never }, '`scopesSupported` must be a list of scopes'],
    ['a policy of registrations that is null', { ...good, clientRegistration: { policy: null as never } }, '`policy` must be of type function'],
    ['an empty list of secrets', { ...good, secret: [] }, '`secret` must be a string, or a list of strings'],
    ['null for a secret', { ...good, secret: null as never }, '`secret` must be a string, or a list of strings'],
    ['a policy for documents with a dot at its end', { ...good, clientIdMetadataPolicy: ['claude.ai.'] }, 'it holds "claude.ai."'],
    ['a policy for documents that is a name', { ...good, clientIdMetadataPolicy: 'claude.ai' as never }, 'it holds "claude.ai"'],
    ['documents that are wanted in words', { ...good, clientIdMetadataDocumentEnabled: 'yes' as never }, '`clientIdMetadataDocumentEnabled` must be true or false'],
    ['a registration for a minute', { ...good, clientRegistrationTTL: 60 }, '`clientRegistrationTTL` must be a whole number of seconds from 3600'],
    ['http beyond this computer', { ...good, issuer: 'http://mcp.example' }, '`issuer` must be https (plain http is for localhost only); it is "http://mcp.example"'],
    ['an issuer with an encoded path', { ...good, issuer: 'https://mcp.example/a%20b' }, '`issuer` must be an origin such as "https://mcp.example"'],
    ['an issuer with a slash', { ...good, issuer: 'https://mcp.example/' }, '`issuer` must be an origin'],
    ['an issuer in upper case', { ...good, issuer: 'https://MCP.example' }, '`issuer` must be an origin'],
    ['an issuer with its default port', { ...good, issuer: 'https://mcp.example:443' }, '`issuer` must be an origin'],
    ['an issuer that is no URL', { ...good, issuer: 'mcp.example' }, '`issuer` must be an origin'],
    ['an agent class for its handler', { ...good, apiHandler: class Agent {} }, '`apiHandler` must be an object with a `fetch` method'],
    ['permissions that are no function', { ...good, permissions: ['admin'] }, '`permissions` must be a function'],
    ['a listener that is no function', { ...good, on: 5 }, '`on` must be a function'],
    ['one login outside of a list', { ...good, logins: password() }, '`logins` '],
    ['an origin with a slash', { ...good, allowedOrigins: ['https://app.example/'] }, '`allowedOrigins` must be a list of origins'],
    ['origins that are no list', { ...good, allowedOrigins: 'https://app.example' }, '`allowedOrigins` must be a list of origins'],
    ['the root as an endpoint', { ...good, authorizeEndpoint: '/' }, '`authorizeEndpoint` cannot be "/"'],
    ['an endpoint where metadata stands', { ...good, tokenEndpoint: '/.well-known/oauth-authorization-server' }, '`tokenEndpoint` cannot lie under /.well-known'],
    ['no issuer', withoutIssuer, '`issuer` is missing. Give the option, or set PORTCULLIS_ISSUER to the public origin, such as https://mcp.example'],
  ])('name %s and its fix', (_what, options, line) => {
    const said = lineOf(options as OAuthProviderOptions);
    expect(said).toContain(line);
    expect(said).toMatch(/^OAuthProvider: [^\n]+\.$/);
  }); // prettier-ignore

  it('name a store that is missing, is something else, or cannot keep its promises', () => {
    const loose: Store = { ...asObject(memoryStore()), atomic: false };
    expect(lineOf(good, {})).toMatch(/^OAuthProvider: no `store`\. On Workers bind .+ as PORTCULLIS; on Node give serve\(\)/);
    expect(lineOf({ ...good, store: { get() {} } as unknown as Store })).toMatch(/^OAuthProvider: no `store`/);
    expect(lineOf({ ...good, store: loose })).toMatch(
      /^OAuthProvider: this `store` has no conditional writes, so codes could be spent twice/,
    );
  });

  it('name a login that this machine cannot run', () => {
    const { scrypt: _scrypt, ...runtime } = nodeRuntime();
    expect(lineOf(good, undefined, { ...platform, runtime })).toMatch(/^logins: password\(\) needs scrypt/);
  });

  it('take the issuer from the environment, and on loopback from the request', async () => {
    expect(lineOf(withoutIssuer, { PORTCULLIS: memoryStore(), PORTCULLIS_ISSUER: 'https://mcp.example' })).toBeNull();
    expect(lineOf(withoutIssuer, { PORTCULLIS: memoryStore(), PORTCULLIS_ISSUER: 'https://mcp.example/x' })).toBeNull();
    expect(lineOf(withoutIssuer, { PORTCULLIS: memoryStore(), PORTCULLIS_ISSUER: 'https://mcp.example/x/' })).toContain(
      '`issuer` must be an origin',
    );
    const provider = new OAuthProvider(withoutIssuer, platform);
    const env = { PORTCULLIS: memoryStore() };
    const document = await (await provider.fetch(new Request('http://localhost:8787/.well-known/oauth-authorization-server'), env)).json();
    expect(document).toMatchObject({ issuer: 'http://localhost:8787' });
    await expect(provider.fetch(new Request('https://evil.example/.well-known/oauth-authorization-server'), env)).rejects.toThrow(
      '`issuer` is missing',
    );
  });

  it('turn limits off for load tests, and only on loopback', async () => {
    const tries = async (issuer: string, limits: string): Promise<number> => {
      const provider = new OAuthProvider({ ...good, issuer, clientRegistrationEndpoint: '/register' }, platform);
      const env = { PORTCULLIS: memoryStore(), PORTCULLIS_LIMITS: limits };
      const body = JSON.stringify({ redirect_uris: ['https://app.example/cb'] });
      let status = 0;
      for (let at = 0; at < 61; at++)
        ({ status } = await provider.fetch(
          new Request(`${issuer}/register`, { method: 'POST', body, headers: { 'content-type': 'application/json' } }),
          env,
        ));
      return status;
    };
    expect([await tries('http://localhost:8787', 'off'), await tries('http://localhost:8787', 'on')]).toEqual([201, 429]);
    for (const [issuer, limits] of [
      ['https://mcp.example', 'off'],
      ['http://localhost:8787', 'of'],
    ] as const)
      await expect(tries(issuer, limits)).rejects.toThrow('PORTCULLIS_LIMITS may be "on", or "off" for load tests');
  });
});

function asObject(store: Store): Store {
  return {
    atomic: true,
    read: (key) => store.read(key),
    write: (...all) => store.write(...all),
    remove: (...all) => store.remove(...all),
    list: (...all) => store.list(...all),
  };
}

/** Which options a provider starts with. */
import type { Case } from './case.ts';
import { ABSENT, ISSUER, RESOURCE } from './world.ts';

type Changes = Record<string, unknown>;
const handler = { fetch: (): Response => new Response('x') };
const resource = (url: string, more: Changes = {}): Changes => ({ resourceMetadata: { resource: url, ...more } });

/** Options, and whether a provider starts with them. */
const starts: readonly (readonly [string, Changes])[] = [
  ['the options of every case', {}],
  ['no `defaultHandler`', { defaultHandler: ABSENT }],
  ['a `defaultHandler` that is no handler', { defaultHandler: { get: 1 } }],
  ['an `apiRoute` without `apiHandler`', { apiHandler: ABSENT }],
  ['an `apiHandler` without `apiRoute`', { apiRoute: ABSENT }],
  ['an `apiHandler` that is no handler', { apiHandler: 'x' }],
  ['`apiHandlers` beside `apiRoute`', { apiHandlers: { '/mcp': handler } }],
  ['neither `apiRoute` nor `apiHandlers`', { apiRoute: ABSENT, apiHandler: ABSENT }],
  ['`apiHandlers`', { apiRoute: ABSENT, apiHandler: ABSENT, apiHandlers: { '/mcp': handler, '/mcp/a': handler } }],
  ['`apiHandlers` with a value that is no handler', { apiRoute: ABSENT, apiHandler: ABSENT, apiHandlers: { '/mcp': {} } }],
  ['a list as `apiRoute`', { apiRoute: ['/mcp', '/mcp/sse'] }],
  ['a URL as `apiRoute`', { apiRoute: RESOURCE }],
  ['an `apiRoute` with a slash at its end', { ...resource(`${ISSUER}/`), apiRoute: '/api/' }],
  ['an `apiRoute` that is neither path nor URL', { apiRoute: 'mcp' }],
  ['an `apiRoute` outside of the resource', { apiRoute: '/other' }],
  ['an `apiRoute` on another host than the resource', { apiRoute: 'https://other.example/mcp' }],
  ['one of two routes outside of the resource', { apiRoute: ['/mcp', '/sse'] }],
  ['an `authorizeEndpoint` that is neither path nor URL', { authorizeEndpoint: 'authorize' }],
  ['a `tokenEndpoint` that is neither path nor URL', { tokenEndpoint: 'token' }],
  ['a `clientRegistrationEndpoint` that is neither path nor URL', { clientRegistrationEndpoint: 'register' }],
  ['URLs as endpoints', { authorizeEndpoint: `${ISSUER}/authorize`, tokenEndpoint: `${ISSUER}/token`, clientRegistrationEndpoint: `${ISSUER}/register` }],
  ['a `clientRegistrationEndpoint` on another host', { clientRegistrationEndpoint: 'https://other.example/register' }],
  ['no `authorizeEndpoint`', { authorizeEndpoint: ABSENT }],
  ['no `tokenEndpoint`', { tokenEndpoint: ABSENT }],
  ['no `clientRegistrationEndpoint`', { clientRegistrationEndpoint: ABSENT }],
  ['no `resourceMetadata`', { resourceMetadata: ABSENT }],
  ['`resourceMetadata` without `resource`', { resourceMetadata: {} }],
  ['a resource that is an origin', resource(ISSUER)],
  ['a resource on http', resource('http://mcp.example/mcp')],
  ['a resource on http of this computer', { ...resource('http://localhost:8787/mcp') }],
  ['a resource with a host in capitals', resource('https://MCP.example/mcp')],
  ['a resource with a fragment', resource(`${RESOURCE}#x`)],
  ['a resource with a user', resource('https://me@mcp.example/mcp')],
  ['a resource with the default port', resource('https://mcp.example:443/mcp')],
  ['a resource with dot segments', resource(`${ISSUER}/a/../mcp`)],
  ['a resource under the well-known path', { ...resource(`${ISSUER}/.well-known/oauth-protected-resource`), apiRoute: '/.well-known/oauth-protected-resource' }],
  ['a resource with a query', resource(`${RESOURCE}?tenant=1`)],
  ['`authorization_servers`', resource(RESOURCE, { authorization_servers: [ISSUER] })],
  ['an empty list of `authorization_servers`', resource(RESOURCE, { authorization_servers: [] })],
  ['an authorization server that is no URL', resource(RESOURCE, { authorization_servers: ['auth'] })],
  ['an authorization server on http', resource(RESOURCE, { authorization_servers: ['http://auth.example'] })],
  ['`bearer_methods_supported` with the header', resource(RESOURCE, { bearer_methods_supported: ['header'] })],
  ['`bearer_methods_supported` with the body', resource(RESOURCE, { bearer_methods_supported: ['header', 'body'] })],
  ['`resource_name`', resource(RESOURCE, { resource_name: 'Notes' })],
  ['`scopes_supported` of the resource', resource(RESOURCE, { scopes_supported: ['read'] })],
  ['`scopes_supported` of the resource with a space', resource(RESOURCE, { scopes_supported: ['read write'] })],
  ['`scopes_supported` beside `requiredScopes`', { ...resource(RESOURCE, { scopes_supported: ['read'] }), requiredScopes: ['read'] }],
  ['`requiredScopes`', { requiredScopes: ['read'], scopesSupported: ['read'] }],
  ['`requiredScopes` that are not in `scopesSupported`', { requiredScopes: ['admin'], scopesSupported: ['read'] }],
  ['`requiredScopes` without `scopesSupported`', { requiredScopes: ['read'] }],
  ['a required scope with a space', { requiredScopes: ['read write'] }],
  ['`scopesSupported`', { scopesSupported: ['read', 'write'] }],
  ['a supported scope with a space', { scopesSupported: ['read write'] }],
  ['a supported scope with a quote', { scopesSupported: ['re"ad'] }],
  ['a supported scope twice', { scopesSupported: ['read', 'read'] }],
  ...['accessTokenTTL', 'refreshTokenTTL', 'refreshTokenIdleTTL', 'clientRegistrationTTL'].flatMap((name) =>
    [0, 59, 60, 3600.5, -3600, '3600', undefined].map((value) => [`\`${name}\` ${JSON.stringify(value) ?? 'undefined'}`, { [name]: value }] as const),
  ),
  ['`cookiePrefix`', { cookiePrefix: '__Host-my-' }],
  ['a `cookiePrefix` without `__Host-`', { cookiePrefix: 'my-' }],
  ...['allowImplicitFlow', 'allowPlainPKCE', 'resourceMatchOriginOnly'].flatMap((name) =>
    [true, false].map((value) => [`\`${name}\` ${value}, which was removed`, { [name]: value }] as const),
  ),
  ...['allowTokenExchangeGrant', 'disallowPublicClientRegistration', 'allowPrivateUseRedirectUris', 'clientIdMetadataDocumentEnabled'].flatMap((name) =>
    [true, false].map((value) => [`\`${name}\` ${value}`, { [name]: value }] as const),
  ),
  ['every callback', { clientRegistrationCallback: () => undefined, tokenExchangeCallback: () => undefined, resolveExternalToken: async () => null, onError: () => undefined }],
  ['an option that does not exist', { acessTokenTTL: 600 }],
]; // prettier-ignore

export const options: readonly Case[] = starts.map(([what, changes]) => ({
  what: `starts with ${what}`,
  run: (world) => world.construct(changes),
}));

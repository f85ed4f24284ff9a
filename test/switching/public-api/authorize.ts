/** Authorization requests: `parseAuthRequest` and `completeAuthorization`. */
import type { AuthRequest } from '../../../src/workers-oauth-provider/index.ts';
import type { Case } from './case.ts';
import { CALLBACK, CHALLENGE, type Client, refusal, type Server, VERIFIER } from './server.ts';
import { ISSUER, parts, RESOURCE, tried, type World } from './world.ts';

type Fields = Parameters<Server['authorize']>[1];

/** Where an authorization request leads: its redirect, or the error. */
async function led(server: Server, client: Client, changes: Fields = {}, path?: string): Promise<unknown> {
  const answer = await server.authorize(client, changes, path);
  const location = answer.headers.get('location');
  return location === null ? refusal(answer) : parts(location);
}

/** An authorization request of a public client. */
const asks = (what: string, changes: Fields, metadata: object = {}, options: object = {}): Case =>
  ({
    what: `asked with ${what}`,
    run: async (world: World) => {
      const server = world.serve({ ...options });
      return led(server, await server.client(metadata), changes);
    },
  }) as Case;

async function parsed(world: World, changes: Fields = {}, options: object = {}): Promise<AuthRequest> {
  const server = world.serve({ ...options });
  const { id } = await server.client();
  const usual = {
    response_type: 'code',
    client_id: id,
    redirect_uri: CALLBACK,
    scope: 'read write',
    state: 's',
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
    ...changes,
  };
  return server.helpers.parseAuthRequest(new Request(`${ISSUER}/authorize?${new URLSearchParams(usual as Record<string, string>)}`));
}

/** `completeAuthorization` with a request that was changed after it was parsed. */
const completes = (what: string, change: object, request: Partial<AuthRequest> = {}): Case =>
  ({
    what: `completed with ${what}`,
    run: (world: World) =>
      tried(async () => {
        const asked = { ...(await parsed(world)), ...request };
        const granted = { request: asked, userId: 'user-1', metadata: {}, scope: ['read'], props: {}, ...change };
        const { redirectTo } = await world.serve().helpers.completeAuthorization(granted);
        return parts(redirectTo);
      }),
  }) as Case;

export const authorize: readonly Case[] = [
  asks('everything right', {}),
  asks('no client', { client_id: undefined }),
  asks('a client that does not exist', { client_id: 'nobody' }),
  asks('an empty client', { client_id: '' }),
  asks('no redirect URI', { redirect_uri: undefined }),
  asks('a redirect URI that is not registered', { redirect_uri: 'https://evil.example/callback' }),
  asks('a redirect URI with another path', { redirect_uri: `${CALLBACK}/deeper` }),
  asks('a redirect URI with another query', { redirect_uri: `${CALLBACK}?a=1` }),
  asks('a redirect URI with a fragment', { redirect_uri: `${CALLBACK}#x` }),
  asks('a redirect URI with a host in capitals', { redirect_uri: 'https://CLIENT.example/callback' }),
  asks('another port of this computer', { redirect_uri: 'http://127.0.0.1:5555/cb' }, { redirect_uris: ['http://127.0.0.1:1/cb'] }),
  asks('another port of localhost', { redirect_uri: 'http://localhost:5555/cb' }, { redirect_uris: ['http://localhost/cb'] }),
  asks('another path of this computer', { redirect_uri: 'http://127.0.0.1:5555/other' }, { redirect_uris: ['http://127.0.0.1:1/cb'] }),
  asks('localhost for 127.0.0.1', { redirect_uri: 'http://localhost:1/cb' }, { redirect_uris: ['http://127.0.0.1:1/cb'] }),
  asks('another port of a host', { redirect_uri: 'https://client.example:444/callback' }),
  asks('a private-use scheme', { redirect_uri: 'com.example.app:/cb' }, { redirect_uris: ['com.example.app:/cb', CALLBACK] }),
  asks('a private-use scheme that is allowed', { redirect_uri: 'com.example.app:/cb' }, { redirect_uris: ['com.example.app:/cb', CALLBACK] }, { allowPrivateUseRedirectUris: true }),
  asks('the scheme of an editor', { redirect_uri: 'cursor://anysphere.cursor-mcp/oauth/callback' }, { redirect_uris: ['cursor://anysphere.cursor-mcp/oauth/callback', CALLBACK] }),
  asks('no response type', { response_type: undefined }),
  asks('the response type token', { response_type: 'token' }),
  asks('the response types code and token', { response_type: 'code token' }),
  asks('no challenge', { code_challenge: undefined, code_challenge_method: undefined }),
  asks('the challenge method plain', { code_challenge: VERIFIER, code_challenge_method: 'plain' }),
  asks('no challenge method', { code_challenge_method: undefined }),
  asks('an unknown challenge method', { code_challenge_method: 'S512' }),
  asks('a challenge that no SHA-256 has', { code_challenge: 'x' }),
  asks('no state', { state: undefined }),
  asks('an empty state', { state: '' }),
  asks('a state with signs', { state: 'a b&c=d%+é' }),
  asks('no scope', { scope: undefined }),
  asks('a scope with a quote', { scope: 're"ad' }),
  asks('a scope outside of `scopesSupported`', { scope: 'read admin' }, {}, { scopesSupported: ['read'] }),
  asks('the resource', { resource: RESOURCE }),
  asks('another resource', { resource: 'https://other.example/mcp' }),
  asks('the origin of the resource', { resource: ISSUER }),
  asks('a path below the resource', { resource: `${RESOURCE}/deeper` }),
  asks('the resource with a slash at its end', { resource: `${RESOURCE}/` }),
  asks('the resource with a host in capitals', { resource: 'https://MCP.example/mcp' }),
  asks('the resource with its port', { resource: 'https://mcp.example:443/mcp' }),
  asks('the resource with a query', { resource: `${RESOURCE}?a=1` }),
  asks('the resource with a hash', { resource: `${RESOURCE}#x` }),
  asks('a resource that is no URL', { resource: 'mcp' }),
  asks('an empty resource', { resource: '' }),
  asks('the resource twice', { resource: [RESOURCE, RESOURCE] }),
  asks('two resources', { resource: [RESOURCE, 'https://other.example/mcp'] }),
  asks('the origin with a slash, which is the resource', { resource: `${ISSUER}/` }, {}, { resourceMetadata: { resource: ISSUER } }),
  asks('the origin, which is the resource', { resource: ISSUER }, {}, { resourceMetadata: { resource: ISSUER } }),
  asks('a client that registered for other grants', {}, { grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] }),
  asks('`response_mode` query', { response_mode: 'query' }),
  asks('`response_mode` fragment', { response_mode: 'fragment' }),
  asks('`prompt` none', { prompt: 'none' }),
  asks('a `request` object', { request: 'eyJhbGciOiJub25lIn0..' }),
  asks('two states', { state: ['a', 'b'] }),
  asks('two redirect URIs', { redirect_uri: [CALLBACK, 'https://evil.example/'] }),
  {
    what: 'a confidential client without a challenge',
    run: async (world) => {
      const server = world.serve();
      return led(server, await server.client({ token_endpoint_auth_method: 'client_secret_basic' }), { code_challenge: undefined, code_challenge_method: undefined });
    },
  },
  {
    what: 'parameters in a body are not read',
    run: async (world) => {
      const server = world.serve();
      const { id } = await server.client();
      const fields = { response_type: 'code', client_id: id, redirect_uri: CALLBACK, code_challenge: CHALLENGE, code_challenge_method: 'S256' };
      return refusal(await server.form('/authorize', fields));
    },
  },
  { what: 'what `parseAuthRequest` returns', run: async (world) => ({ ...(await parsed(world)), clientId: 'c' }) },
  { what: 'what it returns without scope, state and resource', run: async (world) => ({ ...(await parsed(world, { scope: '', state: '' })), clientId: 'c' }) },
  { what: 'what it returns for a resource with a host in capitals', run: async (world) => (await parsed(world, { resource: 'https://MCP.example/mcp' })).resource },
  {
    what: 'an error says where to send the browser',
    run: (world) => tried(() => parsed(world, { response_type: 'token' })),
  },
  {
    what: 'an error has the members of its class',
    run: async (world) => {
      const error = await parsed(world, { response_type: 'token' }).then(() => null, (one: unknown) => one);
      const { redirectUri, state, issuer, description } = error as Record<string, unknown>;
      return { isClass: error instanceof world.lib.AuthorizationError, redirectUri, state, issuer, described: typeof description };
    },
  },
  completes('everything right', {}),
  completes('an empty user id', { userId: '' }),
  completes('a user id with a colon', { userId: 'auth0:1' }),
  completes('a user id that is no text', { userId: 7 }),
  completes('a user id with a bar', { userId: 'auth0|1' }),
  completes('another redirect URI', {}, { redirectUri: 'https://evil.example/' }),
  completes('another client', {}, { clientId: 'nobody' }),
  completes('another resource', {}, { resource: 'https://other.example/mcp' }),
  completes('no resource', {}, { resource: undefined } as never),
  completes('another response type', {}, { responseType: 'token' }),
  completes('no challenge', {}, { codeChallenge: undefined, codeChallengeMethod: undefined } as never),
  completes('the method plain', {}, { codeChallengeMethod: 'plain' }),
  completes('no issuer', {}, { issuer: undefined } as never),
  completes('another state', {}, { state: 'other' }),
  completes('more scopes than asked', { scope: ['read', 'admin'] }),
  completes('no scopes', { scope: [] }),
  completes('props that are a text', { props: 'text' }),
  completes('props that are no JSON', { props: { a: 1n } }),
  ...[null, 'text', 7, ['a'], {}].map((props) => ({
    what: `the API gets the props ${JSON.stringify(props)}`,
    run: (world: World) =>
      tried(async () => {
        const server = world.serve({ defaultHandler: world.site({ props }) });
        return (await server.call(await server.signIn(await server.client()))).body['props'];
      }),
  })),
  {
    what: 'granted scopes are those of the application',
    run: async (world) => {
      const server = world.serve({ defaultHandler: world.site({ scope: ['other'] }) });
      const { scope } = await server.signIn(await server.client());
      return scope;
    },
  },
  ...[undefined, true, false].map((revokeExistingGrants) => ({
    what: `a second sign-in, with \`revokeExistingGrants\` ${revokeExistingGrants}`,
    run: async (world: World) => {
      const server = world.serve({ defaultHandler: world.site({ revokeExistingGrants }) });
      const client = await server.client();
      const first = await server.signIn(client);
      const second = await server.signIn(client);
      return { first: (await server.call(first)).status, refresh: (await server.refresh(client, first)).status, second: (await server.call(second)).status, grants: (await server.helpers.listUserGrants('user-1')).items.length };
    },
  })),
  {
    what: 'a sign-in at another client keeps the first',
    run: async (world: World) => {
      const server = world.serve();
      const first = await server.signIn(await server.client());
      await server.signIn(await server.client());
      return (await server.call(first)).status;
    },
  },
  {
    what: 'a second user keeps the first',
    run: async (world: World) => {
      const server = world.serve();
      const client = await server.client();
      const first = await server.signIn(client);
      await world.serve({ defaultHandler: world.site({ userId: 'user-2' }) }).signIn(client);
      return (await server.call(first)).status;
    },
  },
] as Case[]; // prettier-ignore

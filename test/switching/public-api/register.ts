/** Client registration (RFC 7591) and the callback that decides about it. */
import type { Case } from './case.ts';
import { CALLBACK, refusal, type Server } from './server.ts';
import { ABSENT, type World } from './world.ts';

const METADATA = { client_name: 'Notes', redirect_uris: [CALLBACK], token_endpoint_auth_method: 'none' };

/** What a registration answers: members without secrets and dates, or the refusal. */
async function registered(server: Server, metadata: object | string, headers: Record<string, string> = {}): Promise<unknown> {
  const answer = await server.register(metadata, headers);
  if (answer.status !== 201) return refusal(answer);
  const { client_id, grant_types: grants, client_secret, client_secret_expires_at: end, client_id_issued_at, ...rest } = answer.body;
  for (const own of ['client_secret_issued_at', 'registration_client_uri', 'registration_access_token', 'scope', 'application_type'])
    delete rest[own];
  return {
    ...rest,
    grants: (grants as string[]).filter((one) => one !== 'refresh_token'),
    id: typeof client_id,
    ...(client_secret === undefined ? {} : { secret: typeof client_secret, ends: Number(end) === 0 ? 'never' : 'some time' }),
    issued: Math.abs(Number(client_id_issued_at) - Date.now() / 1000) < 5,
  };
}

/** A public client that registers. @param metadata what is added to the usual, or the whole body as a text. */
const registers = (what: string, metadata: object | string, options: object = {}, headers: Record<string, string> = {}): Case => ({
  what: `registered with ${what}`,
  run: (world) => registered(world.serve({ ...options }), typeof metadata === 'string' ? metadata : { ...METADATA, ...metadata }, headers),
});
const redirects = (uri: string, ...others: string[]): Case =>
  registers(`the redirect URI ${[uri, ...others].join(' and ')}`, { redirect_uris: [uri, ...others] });

/** What the callback is given, and what its result does. */
const decides = (
  what: string,
  clientRegistrationCallback: (given: { clientMetadata: Record<string, unknown>; request: Request }) => unknown,
): Case => ({
  what: `a callback that ${what}`,
  run: (world) => registered(world.serve({ clientRegistrationCallback }), METADATA),
});

export const register: readonly Case[] = [
  registers('the usual', {}),
  registers('Basic', { token_endpoint_auth_method: 'client_secret_basic' }),
  registers('the secret in the body', { token_endpoint_auth_method: 'client_secret_post' }),
  registers('no method', { token_endpoint_auth_method: undefined }),
  registers('an unknown method', { token_endpoint_auth_method: 'tls_client_auth' }),
  registers('a method that is no text', { token_endpoint_auth_method: 7 }),
  registers('a public client where they are not allowed', {}, { disallowPublicClientRegistration: true }),
  registers('Basic where public clients are not allowed', { token_endpoint_auth_method: 'client_secret_basic' }, { disallowPublicClientRegistration: true }),
  registers('no redirect URIs', { redirect_uris: undefined }),
  registers('an empty list of redirect URIs', { redirect_uris: [] }),
  registers('redirect URIs that are no list', { redirect_uris: CALLBACK }),
  registers('a redirect URI that is no text', { redirect_uris: [7] }),
  registers('no name', { client_name: undefined }),
  registers('a name that is no text', { client_name: { en: 'x' } }),
  registers('all pages of a client', { client_uri: 'https://client.example', logo_uri: 'https://client.example/logo.png', policy_uri: 'https://client.example/policy', tos_uri: 'https://client.example/tos', contacts: ['me@client.example'] }),
  registers('a logo at javascript', { logo_uri: 'javascript:alert(1)' }),
  registers('a page on http', { client_uri: 'http://client.example' }),
  registers('terms at data', { tos_uri: 'data:text/html,x' }),
  registers('keys at a URL', { jwks_uri: 'https://client.example/jwks.json' }),
  registers('contacts that are no list', { contacts: 'me@client.example' }),
  registers('names in languages', { 'client_name#ja': 'ノート', 'tos_uri#fr': 'https://client.example/fr' }),
  registers('codes alone', { grant_types: ['authorization_code'] }),
  registers('codes and refresh', { grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'] }),
  registers('an unknown grant', { grant_types: ['authorization_code', 'urn:example:own'] }),
  registers('the password grant', { grant_types: ['password'] }),
  registers('the implicit grant', { grant_types: ['implicit'], response_types: ['token'] }),
  registers('refresh without codes', { grant_types: ['refresh_token'] }),
  registers('grants that are no list', { grant_types: 'authorization_code' }),
  registers('an unknown response type', { response_types: ['id_token'] }),
  registers('an unknown member', { whatever: 1 }),
  registers('a software statement', { software_statement: 'eyJhbGciOiJub25lIn0..' }),
  registers('a body that is no JSON', '{'),
  registers('a body that is a list', '[]'),
  registers('a body that is null', 'null'),
  registers('an empty body', ''),
  registers('a form', 'client_name=x', {}, { 'content-type': 'application/x-www-form-urlencoded' }),
  registers('more than a megabyte', { client_name: 'x'.repeat(1_100_000) }),
  redirects('http://localhost/cb'),
  redirects('http://127.0.0.1:1234/cb'),
  redirects('http://[::1]/cb'),
  redirects('http://client.example/cb'),
  redirects('cursor://anysphere.cursor-mcp/oauth/callback'),
  redirects('cursor://anysphere.cursor-mcp/oauth/callback', CALLBACK),
  redirects('com.example.app:/cb'),
  redirects('com.example.app:/cb', CALLBACK),
  redirects('unknown://cb', CALLBACK),
  redirects('javascript:alert(1)'),
  redirects('javascript:alert(1)', CALLBACK),
  redirects('data:text/html,x', CALLBACK),
  redirects('vbscript:x', CALLBACK),
  redirects('file:///etc/passwd', CALLBACK),
  redirects('blob:https://client.example/x', CALLBACK),
  redirects('mailto:me@client.example', CALLBACK),
  redirects(`${CALLBACK}#x`),
  redirects('https://me:secret@client.example/cb'),
  redirects('not a url'),
  redirects(`${CALLBACK}?a=1`),
  redirects('https://client.example/a/../cb'),
  {
    what: 'refresh tokens come with codes (W-05)',
    run: async (world) => (await world.serve().register(METADATA)).body['grant_types'],
  },
  {
    what: 'GET is not a registration',
    run: async (world) => refusal(await world.serve().ask('/register')),
  },
  {
    what: 'without `clientRegistrationEndpoint` the path is the application\'s',
    run: async (world) => (await world.serve({ clientRegistrationEndpoint: ABSENT }).register(METADATA)).body,
  },
  {
    what: 'no answer is cached',
    run: async (world) => {
      const server = world.serve();
      return (await Promise.all([server.register(METADATA), server.register('{')])).map(({ headers }) => headers.get('cache-control'));
    },
  },
  ...[86_400, undefined].map((clientRegistrationTTL) => ({
    what: `\`clientRegistrationTTL\` ${clientRegistrationTTL}: the end of a secret, and of a client`,
    run: async (world: World) => {
      const server = world.serve({ clientRegistrationTTL });
      const { body } = await server.register({ ...METADATA, token_endpoint_auth_method: 'client_secret_basic' });
      const ends = Number(body['client_secret_expires_at']);
      world.later(2 * 86_400);
      const client = await server.helpers.lookupClient(String(body['client_id']));
      return { ends: ends === 0 ? 'never' : Math.round(ends - (Date.now() / 1000 - 2 * 86_400)), after: client !== null };
    },
  })),
  {
    what: 'a client in use stays registered',
    run: async (world) => {
      const server = world.serve({ clientRegistrationTTL: 10 * 86_400 });
      const client = await server.client();
      let tokens = await server.signIn(client);
      const found: unknown[] = [];
      for (let round = 0; round < 3; round++) {
        world.later(6 * 86_400);
        const { status, body } = await server.refresh(client, tokens);
        [tokens] = [body];
        found.push(status);
      }
      return found;
    },
  },
  decides('returns nothing', () => undefined),
  decides('rejects without details', () => ({})),
  decides('rejects with a code, a text and a status', () => ({ code: 'access_denied', description: 'No.', status: 403 })),
  decides('rejects with a status alone', () => ({ status: 401 })),
  decides('rejects with a code of its own', () => ({ code: 'own_code' })),
  decides('throws', () => {
    throw new RangeError('own');
  }),
  decides('rejects later', async () => ({ code: 'invalid_redirect_uri' })),
  {
    what: 'the text of a rejection is sent',
    run: async (world) => {
      const server = world.serve({ clientRegistrationCallback: () => ({ description: 'Ask us first.' }) });
      return (await server.register(METADATA)).body['error_description'];
    },
  },
  {
    what: 'a callback gets the metadata as they were sent, and the request with its body',
    run: async (world) => {
      let seen: unknown;
      const server = world.serve({
        async clientRegistrationCallback({ clientMetadata, request }: { clientMetadata: unknown; request: Request }) {
          seen = { clientMetadata, body: await request.json(), method: request.method, path: new URL(request.url).pathname, own: request.headers.get('x-own'), address: request.headers.get('cf-connecting-ip') };
        },
      });
      await server.register({ ...METADATA, whatever: 1, software_statement: 'x' }, { 'x-own': 'yes', 'cf-connecting-ip': '192.0.2.7' });
      return seen;
    },
  },
  {
    what: 'a callback decides about a changed registration, too',
    run: async (world) => {
      const clientRegistrationCallback = ({ clientMetadata }: { clientMetadata: Record<string, unknown> }): object | undefined =>
        clientMetadata['client_name'] === 'Notes' ? undefined : { code: 'access_denied', status: 403 };
      const server = world.serve({ clientRegistrationCallback });
      const { body } = await server.register(METADATA);
      const uri = body['registration_client_uri'];
      if (typeof uri !== 'string') return 'no registration can be changed';
      const change = (name: string): Promise<unknown> =>
        server.ask(uri, { method: 'PUT', headers: { 'content-type': 'application/json', authorization: `Bearer ${String(body['registration_access_token'])}` }, body: JSON.stringify({ ...METADATA, client_id: body['client_id'], client_name: name }) }).then(refusal);
      return [await change('Bank'), await change('Notes')];
    },
  },
  {
    what: 'a client that a callback rejected does not exist',
    run: async (world) => {
      const server = world.serve({ clientRegistrationCallback: () => ({}) });
      await server.register(METADATA);
      return (await server.helpers.listClients()).items.length;
    },
  },
]; // prettier-ignore

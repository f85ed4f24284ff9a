/** `tokenExchangeCallback` and `onError`. */
import type { Case } from './case.ts';
import { CALLBACK, refusal, type Server } from './server.ts';
import { ABSENT, parts, tried, type World } from './world.ts';

type Given = Record<string, unknown> & { readonly grantType: string; readonly props: Record<string, unknown> };
type Callback = (given: Given) => unknown;
const CODE = 'authorization_code';
const REFRESH = 'refresh_token';

/** A sign-in and two refreshes with this callback: what the API gets each time. */
const exchanges = (what: string, callback: (world: World) => Callback, options: object = {}): Case => ({
  what: `a callback that ${what}`,
  run: (world) => {
    const server = world.serve({ tokenExchangeCallback: callback(world), ...options });
    return tried(() => threeRounds(server));
  },
});

async function threeRounds(server: Server): Promise<unknown> {
  const client = await server.client();
  let answer = await server.redeem(client, await server.code(client));
  const found: unknown[] = [];
  for (const round of [0, 1, 2]) {
    if (answer.status !== 200) return [...found, { ...(refusal(answer) as object), retry: answer.headers.get('retry-after') }];
    const called = await server.call(answer.body);
    const { props, scope } = called.body;
    found.push({
      props,
      scope,
      said: answer.body['scope'],
      seconds: answer.body['expires_in'],
      refresh: typeof answer.body['refresh_token'],
    });
    if (round < 2) answer = await server.refresh(client, answer.body);
  }
  return found;
}

/** What a callback throws at a refresh; then the grant again. */
const throws = (what: string, error: (world: World) => unknown): Case => ({
  what: `a refresh whose callback throws ${what}`,
  run: async (world) => {
    let isThrown = false;
    const server = world.serve({
      tokenExchangeCallback({ grantType }: Given) {
        if (grantType !== REFRESH || isThrown) return;
        isThrown = true;
        throw error(world);
      },
    });
    const client = await server.client();
    const tokens = await server.signIn(client);
    const answer = await server.refresh(client, tokens).catch((one: Error) => one.name);
    const first =
      typeof answer === 'string'
        ? answer
        : {
            ...(refusal(answer) as object),
            retry: answer.headers.get('retry-after'),
            words: answer.body['error_description'] === 'Own words.',
          };
    return [first, (await server.call(tokens)).status, (await server.refresh(client, tokens)).status];
  },
});
const own =
  (code: string, more: object = {}) =>
  (world: World) =>
    new world.lib.OAuthError(code, { description: 'Own words.', ...more });

/** What `onError` is told by a request. */
const reports = (what: string, ask: (server: Server) => Promise<unknown>): Case => ({
  what: `onError is told of ${what}`,
  run: async (world) => {
    const onError = ({ code, status, description, headers, internal }: Record<string, unknown>): void => {
      const told = {
        described: typeof description,
        headers: typeof headers,
        category: typeof (internal as Record<string, unknown> | undefined)?.['category'],
      };
      world.seen.push({ code, status, ...told });
    };
    await ask(world.serve({ onError }));
    return world.seen;
  },
});

/** A redirect with its words, however they are encoded. */
function said(location: string): unknown {
  return { ...parts(location), words: new URL(location).searchParams.get('error_description') };
}

export const callbacks: readonly Case[] = [
  exchanges('returns nothing', () => () => undefined),
  exchanges('returns an empty object', () => () => ({})),
  exchanges('is asynchronous', () => async ({ props }) => ({ newProps: { ...props, later: true } })),
  exchanges('returns new props', () => ({ props, grantType }) => ({ newProps: { ...props, [grantType]: true } })),
  exchanges('returns props of the access token', () => ({ props }) => ({ accessTokenProps: { ...props, only: 'token' } })),
  exchanges('returns both', () => ({ props }) => ({ newProps: { ...props, round: Number(props['round'] ?? 0) + 1 }, accessTokenProps: { ...props, only: 'token' } })),
  exchanges('returns props that are null', () => () => ({ newProps: null })),
  exchanges('returns a lifetime', () => () => ({ accessTokenTTL: 120 })),
  exchanges('returns a lifetime that is longer than the usual', () => () => ({ accessTokenTTL: 7200 })),
  exchanges('returns a lifetime that is too short', () => () => ({ accessTokenTTL: 5 })),
  exchanges('returns a lifetime that is no number', () => () => ({ accessTokenTTL: 'long' })),
  exchanges('returns fewer scopes', () => () => ({ accessTokenScope: ['read'] })),
  exchanges('returns other scopes', () => () => ({ accessTokenScope: ['read', 'admin'] })),
  exchanges('returns no scopes', () => () => ({ accessTokenScope: [] })),
  exchanges('returns a `refreshTokenTTL` of 0', () => () => ({ refreshTokenTTL: 0 })),
  exchanges('returns a `refreshTokenTTL` that is too short', () => () => ({ refreshTokenTTL: 5 })),
  exchanges('returns a `refreshTokenIdleTTL` that is too short', () => () => ({ refreshTokenIdleTTL: 5 })),
  ...([
    ['`refreshTokenTTL`', { refreshTokenTTL: 86_400 }, {}],
    ['`refreshTokenIdleTTL`', { refreshTokenIdleTTL: 86_400 }, {}],
    ['both', { refreshTokenTTL: 40 * 86_400, refreshTokenIdleTTL: 2 * 86_400 }, {}],
    ['`refreshTokenIdleTTL`, beside the option', { refreshTokenIdleTTL: 86_400 }, { refreshTokenIdleTTL: 5 * 86_400 }],
  ] as const).map(([what, result, options]) => ({
    what: `a callback that returns ${what}: after how many days a refresh fails, without one before and after one`,
    run: async (world: World) => {
      const found: number[] = [];
      for (const isRefreshed of [false, true]) {
        let [low, high] = [0, 100];
        while (low + 1 < high) {
          const days = Math.floor((low + high) / 2);
          const server = world.serve({ tokenExchangeCallback: () => result, clientRegistrationTTL: undefined, ...options });
          const client = await server.made({ tokenEndpointAuthMethod: 'none' });
          let tokens = await server.signIn(client);
          if (isRefreshed) tokens = (await server.refresh(client, tokens)).body;
          world.later(days * 86_400 - 3600);
          if ((await server.refresh(client, tokens)).status === 200) low = days;
          else high = days;
        }
        found.push(high);
      }
      return found;
    },
  })),
  {
    what: 'a callback gets all of a grant',
    run: async (world) => {
      const server = world.serve({
        tokenExchangeCallback({ env, grantId, clientId, subjectClientId, ...given }: Given) {
          const kv = (env as Record<string, unknown> | undefined)?.['OAUTH_KV'] !== undefined;
          world.seen.push({ ...given, grantId: typeof grantId, same: clientId === subjectClientId, kv });
        },
      });
      const client = await server.client();
      await server.refresh(client, await server.signIn(client, {}, { scope: 'read' }), { scope: 'read' });
      return world.seen;
    },
  },
  {
    what: 'a callback gets the same grant each time, which `listUserGrants` has',
    run: async (world) => {
      const server = world.serve({ tokenExchangeCallback: ({ grantId }: Given) => void world.seen.push(grantId) });
      const client = await server.client();
      await server.refresh(client, await server.signIn(client));
      const [grant] = (await server.helpers.listUserGrants('user-1')).items;
      return world.seen.map((id) => id === grant?.id);
    },
  },
  {
    what: 'a callback is not asked for a request that is refused',
    run: async (world) => {
      const server = world.serve({ tokenExchangeCallback: ({ grantType }: Given) => void world.seen.push(grantType) });
      const client = await server.client();
      await server.redeem(client, await server.code(client), { code_verifier: 'x'.repeat(43) });
      await server.refresh(client, { refresh_token: 'u:g:s' });
      return world.seen;
    },
  },
  throws('`invalid_grant`, which ends the grant', own('invalid_grant')),
  throws('`temporarily_unavailable`, with status and headers', own('temporarily_unavailable', { statusCode: 429, headers: { 'Retry-After': '7' } })),
  throws('`server_error`', own('server_error', { statusCode: 500 })),
  throws('a code of its own', own('own_code', { statusCode: 418 })),
  throws('another error', () => new RangeError('own')),
  {
    what: 'a redemption whose callback throws `invalid_grant`',
    run: async (world) => {
      const server = world.serve({
        tokenExchangeCallback() {
          throw own('invalid_grant')(world);
        },
      });
      const client = await server.client();
      const code = await server.code(client);
      return [refusal(await server.redeem(client, code)), refusal(await server.redeem(client, code)), (await server.helpers.listUserGrants('user-1')).items.length];
    },
  },
  {
    what: 'an `OAuthError` of the application has its members',
    run: async (world) => {
      const error = new world.lib.OAuthError('invalid_grant', { description: 'Own words.', headers: { a: 'b' }, requiredScopes: ['read'], internal: { category: 'own', reason: 'own' } });
      const { name, message, code, description, statusCode, headers, requiredScopes, options } = error;
      return { isError: error instanceof Error, name, message, code, description, statusCode, headers, requiredScopes, options };
    },
  },
  {
    what: 'an `ExternalTokenError` has its members',
    run: async (world) => {
      const error = new world.lib.ExternalTokenError('invalid_token', { description: 'Own words.', statusCode: 401, headers: { a: 'b' }, requiredScopes: ['read'] });
      const { name, message, code, description, statusCode, headers, requiredScopes } = error;
      return { isError: error instanceof Error, name, message, code, description, statusCode, headers, requiredScopes };
    },
  },
  {
    what: 'an `AuthorizationError` of the application has its members and a redirect',
    run: async (world) => {
      const error = new world.lib.AuthorizationError('access_denied', { description: 'Own words.', redirectUri: CALLBACK, state: 'a b', issuer: 'https://mcp.example' });
      const { name, message, code, description, redirectUri, state, issuer, redirectTo } = error;
      return { isError: error instanceof Error, name, message, code, description, redirectUri, state, issuer, to: said(redirectTo ?? '') };
    },
  },
  {
    what: 'a `CimdFetchError` has its members',
    run: async (world) => {
      const { name, reason, metadataUrl, detail } = new world.lib.CimdFetchError('https://client.example/c.json', new Error('HTTP 403'));
      return { name, reason, metadataUrl, detail };
    },
  },
  { what: '`GrantType` has its members', run: async (world) => ({ ...world.lib.GrantType }) },
  ...([
    ['state, issuer and text', { redirectUri: `${CALLBACK}?a=1`, state: 's', issuer: 'https://mcp.example' }, 'access_denied', 'Own words.'],
    ['nothing more', { redirectUri: CALLBACK }, 'server_error'],
    ['a text with forbidden characters', { redirectUri: CALLBACK }, 'server_error', 'a"b\\c\nd'],
    ['a redirect URI at javascript', { redirectUri: 'javascript:alert(1)' }, 'server_error'],
    ['a redirect URI that is no URL', { redirectUri: 'nonsense' }, 'server_error'],
  ] as const).map(([what, request, code, text]) => ({
    what: `\`authorizationErrorRedirect\` with ${what}`,
    run: (world: World) => tried(() => said(world.lib.authorizationErrorRedirect(request, code, text))),
  })),
  reports('an unknown grant type', async (server) => server.token({ grant_type: 'own', client_id: (await server.client()).id })),
  reports('an unknown client', (server) => server.token({ grant_type: CODE, client_id: 'nobody', code: 'x' })),
  reports('a wrong code', async (server) => server.redeem(await server.client(), 'u:g:s')),
  reports('a wrong registration', (server) => server.register({ redirect_uris: [] })),
  reports('a wrong token', (server) => server.call({ access_token: 'nonsense' })),
  reports('a call without a token', (server) => server.call(null)),
  reports('GET at the token endpoint', (server) => server.ask('/token')),
  reports('a registration that is changed with a wrong token', async (server) => {
    const { id } = await server.client();
    const headers = { authorization: `Bearer ${'x'.repeat(43)}`, 'content-type': 'application/json' };
    return server.ask(`/register/client?client_id=${id}`, { method: 'PUT', headers, body: '{}' });
  }),
  {
    what: 'onError is not told of what the API refuses itself',
    run: async (world) => {
      const api = { fetch: (_request: Request, _env: unknown, ctx: { auth: never }) => world.lib.insufficientScope(ctx.auth, ['admin']) };
      const server = world.serve({ apiHandler: api, onError: ({ code }: { code: string }) => void world.seen.push(code) });
      const { status } = await server.call(await server.signIn(await server.client()));
      return [status, world.seen];
    },
  },
  reports('nothing, when all is well', async (server) => server.signIn(await server.client())),
  {
    what: 'onError replaces an answer',
    run: async (world) => {
      const server = world.serve({ onError: ({ code }: { code: string }) => Response.json({ own: code }, { status: 418 }) });
      const { status, body } = await server.redeem(await server.client(), 'u:g:s');
      return { status, body };
    },
  },
  {
    what: 'without onError an error is written to the console',
    run: async (world) => {
      const { warn } = console;
      console.warn = (text: unknown) => void world.seen.push(typeof text);
      await world.serve({ onError: ABSENT }).token({ grant_type: 'own' }).finally(() => (console.warn = warn));
      return world.seen;
    },
  },
] as Case[]; // prettier-ignore

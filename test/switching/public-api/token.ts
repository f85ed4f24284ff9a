/** The token endpoint: client authentication, codes, refresh. */
import type { Case } from './case.ts';
import { type Answer, basic, CALLBACK, type Client, refusal, type Server, VERIFIER } from './server.ts';
import { ISSUER, RESOURCE, type World } from './world.ts';

type Fields = Parameters<Server['token']>[0];

/** A fresh code, and what became of it. */
const redeems = (what: string, changes: Fields, metadata: object = {}, headers?: (client: Client) => Record<string, string>): Case =>
  ({
    what: `a code, with ${what}`,
    run: async (world: World) => {
      const server = world.serve();
      const client = await server.client(metadata);
      return shown(await server.redeem(client, await server.code(client), changes, headers?.(client)));
    },
  }) as Case;

/** The members of a token response, with secrets by their presence and the type in one case (RFC 6749 §5.1); or the refusal. */
function shown(answer: Answer): unknown {
  if (answer.status !== 200) return refusal(answer);
  const { access_token: access, refresh_token: refresh, ...rest } = answer.body;
  return { ...rest, token_type: String(rest['token_type']).toLowerCase(), access: typeof access, refresh: typeof refresh };
}

const refreshes = (what: string, changes: Fields, options: object = {}, seconds = 0): Case =>
  ({
    what: `a refresh, with ${what}`,
    run: async (world: World) => {
      const server = world.serve({ ...options });
      const client = await server.client();
      const tokens = await server.signIn(client);
      world.later(seconds);
      return shown(await server.refresh(client, tokens, changes));
    },
  }) as Case;

const raw = (what: string, init: (id: string) => RequestInit): Case =>
  ({
    what,
    run: async (world: World) => {
      const server = world.serve();
      const { id } = await server.client();
      const answer = await server.ask('/token', init(id));
      return { ...(refusal(answer) as object), allow: answer.headers.get('allow') };
    },
  }) as Case;
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };

export const token: readonly Case[] = [
  raw('GET', () => ({ method: 'GET' })),
  raw('PUT', () => ({ method: 'PUT', body: 'x' })),
  raw('JSON', (id) => ({ method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ grant_type: 'authorization_code', client_id: id }) })),
  raw('no content type', (id) => ({ method: 'POST', body: new TextEncoder().encode(`grant_type=authorization_code&client_id=${id}`) })),
  raw('a content type with a charset', (id) => ({ method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded; charset=UTF-8' }, body: `grant_type=nonsense&client_id=${id}` })),
  raw('an empty body', () => ({ method: 'POST', headers: FORM, body: '' })),
  raw('no grant type', (id) => ({ method: 'POST', headers: FORM, body: `client_id=${id}` })),
  raw('an unknown grant type', (id) => ({ method: 'POST', headers: FORM, body: `client_id=${id}&grant_type=password` })),
  raw('client credentials', (id) => ({ method: 'POST', headers: FORM, body: `client_id=${id}&grant_type=client_credentials` })),
  raw('a device code', (id) => ({ method: 'POST', headers: FORM, body: `client_id=${id}&grant_type=urn:ietf:params:oauth:grant-type:device_code&device_code=x` })),
  raw('an assertion', (id) => ({ method: 'POST', headers: FORM, body: `client_id=${id}&grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&assertion=x` })),
  raw('token exchange that is off', (id) => ({ method: 'POST', headers: FORM, body: `client_id=${id}&grant_type=urn:ietf:params:oauth:grant-type:token-exchange&subject_token=x&subject_token_type=urn:ietf:params:oauth:token-type:access_token` })),
  raw('no client', () => ({ method: 'POST', headers: FORM, body: 'grant_type=authorization_code&code=x' })),
  raw('an unknown client', () => ({ method: 'POST', headers: FORM, body: 'grant_type=authorization_code&code=x&client_id=nobody' })),
  raw('an unknown client with Basic', () => ({ method: 'POST', headers: { ...FORM, authorization: `Basic ${btoa('nobody:secret')}` }, body: 'grant_type=authorization_code&code=x' })),
  raw('Basic that is no base64', () => ({ method: 'POST', headers: { ...FORM, authorization: 'Basic %%%' }, body: 'grant_type=authorization_code&code=x' })),
  raw('a repeated parameter', (id) => ({ method: 'POST', headers: FORM, body: `grant_type=authorization_code&code=x&code=x&client_id=${id}` })),
  raw('no code', (id) => ({ method: 'POST', headers: FORM, body: `grant_type=authorization_code&client_id=${id}` })),
  raw('a code without a form', (id) => ({ method: 'POST', headers: FORM, body: `grant_type=authorization_code&code=x&client_id=${id}&code_verifier=${VERIFIER}` })),
  raw('a code that does not exist', (id) => ({ method: 'POST', headers: FORM, body: `grant_type=authorization_code&code=u:g:s&client_id=${id}&code_verifier=${VERIFIER}` })),
  raw('no refresh token', (id) => ({ method: 'POST', headers: FORM, body: `grant_type=refresh_token&client_id=${id}` })),
  raw('a refresh token that does not exist', (id) => ({ method: 'POST', headers: FORM, body: `grant_type=refresh_token&refresh_token=u:g:s&client_id=${id}` })),
  raw('OPTIONS', () => ({ method: 'OPTIONS', headers: { origin: 'https://page.example', 'access-control-request-method': 'POST' } })),
  redeems('everything right', {}),
  redeems('another verifier', { code_verifier: `${VERIFIER}x` }),
  redeems('no verifier', { code_verifier: undefined }),
  redeems('an empty verifier', { code_verifier: '' }),
  redeems('another redirect URI', { redirect_uri: 'https://client.example/other' }),
  redeems('no redirect URI', { redirect_uri: undefined }),
  redeems('the resource', { resource: RESOURCE }),
  redeems('the resource twice', { resource: [RESOURCE, RESOURCE] }),
  redeems('two resources', { resource: [RESOURCE, 'https://other.example'] }),
  redeems('another resource', { resource: 'https://other.example' }),
  redeems('fewer scopes', { scope: 'read' }),
  redeems('unknown scopes', { scope: 'admin' }),
  redeems('some unknown scopes', { scope: 'read admin' }),
  redeems('an unused parameter', { whatever: 'x' }),
  redeems('a secret of a public client', { client_secret: 'x' }),
  redeems('an empty secret of a public client', { client_secret: '' }),
  redeems('Basic', {}, { token_endpoint_auth_method: 'client_secret_basic' }),
  redeems('a wrong secret in Basic', {}, { token_endpoint_auth_method: 'client_secret_basic' }, ({ id }) => basic({ id, secret: 'wrong' })),
  redeems('no secret', {}, { token_endpoint_auth_method: 'client_secret_basic' }, () => ({})),
  {
    what: 'a secret in the body',
    run: async (world: World) => {
      const server = world.serve();
      const client = await server.client({ token_endpoint_auth_method: 'client_secret_post' });
      const code = await server.code(client);
      const wrong = await server.redeem(client, code, { client_id: client.id, client_secret: 'wrong' }, {});
      const byBasic = await server.redeem(client, code);
      const both = await server.redeem(client, code, { client_id: client.id, client_secret: client.secret });
      return [wrong, byBasic, both, await server.redeem(client, code, { client_id: client.id, client_secret: client.secret }, {})].map(shown);
    },
  },
  {
    what: 'a client that registered for Basic with its secret in the body',
    run: async (world: World) => {
      const server = world.serve();
      const client = await server.client({ token_endpoint_auth_method: 'client_secret_basic' });
      return shown(await server.redeem(client, await server.code(client), { client_id: client.id, client_secret: client.secret }, {}));
    },
  },
  {
    what: 'a client that never said a method: Basic or body',
    run: async (world: World) => {
      const server = world.serve();
      const client = await server.client({ token_endpoint_auth_method: undefined });
      const byBody = await server.redeem(client, await server.code(client), { client_id: client.id, client_secret: client.secret }, {});
      return [byBody, await server.redeem(client, await server.code(client))].map(shown);
    },
  },
  {
    what: 'a code of another client',
    run: async (world: World) => {
      const server = world.serve();
      const [owner, other] = [await server.client(), await server.client()];
      const code = await server.code(owner);
      const stolen = await server.redeem(other, code);
      return [refusal(stolen), (await server.redeem(owner, code)).status];
    },
  },
  {
    what: 'a wrong verifier does not use up the code',
    run: async (world: World) => {
      const server = world.serve();
      const client = await server.client();
      const code = await server.code(client);
      return [(await server.redeem(client, code, { code_verifier: `${VERIFIER}x` })).status, (await server.redeem(client, code)).status];
    },
  },
  {
    what: 'a code used twice ends the grant',
    run: async (world: World) => {
      const server = world.serve();
      const client = await server.client();
      const code = await server.code(client);
      const { body } = await server.redeem(client, code);
      const again = await server.redeem(client, code);
      return [refusal(again), (await server.call(body)).status, (await server.refresh(client, body)).status];
    },
  },
  {
    what: 'a code after eleven minutes',
    run: async (world: World) => {
      const server = world.serve();
      const client = await server.client();
      const code = await server.code(client);
      world.later(660);
      return refusal(await server.redeem(client, code));
    },
  },
  {
    what: 'no answer is cached',
    run: async (world: World) => {
      const server = world.serve();
      const client = await server.client();
      const answers = [await server.redeem(client, await server.code(client)), await server.redeem(client, 'u:g:s')];
      return answers.map(({ headers }) => [headers.get('cache-control'), headers.get('pragma')]);
    },
  },
  refreshes('nothing else', {}),
  refreshes('fewer scopes', { scope: 'read' }),
  refreshes('unknown scopes', { scope: 'admin' }),
  refreshes('some unknown scopes', { scope: 'read admin' }),
  refreshes('the resource', { resource: RESOURCE }),
  refreshes('another resource', { resource: 'https://other.example' }),
  refreshes('an access token instead', { refresh_token: 'access' }),
  refreshes('another client', { client_id: 'nobody' }),
  refreshes('a grant of 29 days', {}, {}, 29 * 86_400),
  refreshes('a grant of 31 days', {}, {}, 31 * 86_400),
  refreshes('a grant of two days and a `refreshTokenTTL` of one', {}, { refreshTokenTTL: 86_400 }, 2 * 86_400),
  refreshes('a grant of a year and no `refreshTokenTTL`', {}, { refreshTokenTTL: undefined, clientRegistrationTTL: undefined }, 365 * 86_400),
  refreshes('`accessTokenTTL`', {}, { accessTokenTTL: 600 }),
  refreshes('a grant that ends in ten minutes', {}, {}, 30 * 86_400 - 600),
  refreshes('a grant that ends in 30 seconds', {}, {}, 30 * 86_400 - 30),
  {
    what: 'a refresh narrows one access token, not the grant',
    run: async (world: World) => {
      const server = world.serve();
      const client = await server.client();
      const narrow = (await server.refresh(client, await server.signIn(client), { scope: 'read' })).body;
      return [narrow['scope'], (await server.call(narrow)).body['scope'], (await server.refresh(client, narrow)).body['scope']];
    },
  },
  {
    what: 'rotation: a new refresh token, and the earlier access token stays good',
    run: async (world: World) => {
      const server = world.serve();
      const client = await server.client();
      const first = await server.signIn(client);
      const second = (await server.refresh(client, first)).body;
      return [second['refresh_token'] !== first['refresh_token'], (await server.call(first)).status, (await server.call(second)).status];
    },
  },
  {
    what: 'rotation: the refresh token before is good, at once and after an hour',
    run: async (world: World) => {
      const server = world.serve();
      const client = await server.client();
      const first = await server.signIn(client);
      await server.refresh(client, first);
      const again = await server.refresh(client, first);
      world.later(3600);
      return [shown(again), refusal(await server.refresh(client, first))];
    },
  },
  {
    what: 'rotation: an answer that was lost does not sign out the process that has it',
    run: async (world: World) => {
      const server = world.serve();
      const client = await server.client();
      const first = await server.signIn(client);
      const [one, two] = [(await server.refresh(client, first)).body, (await server.refresh(client, first)).body];
      return [(await server.refresh(client, one)).status, (await server.refresh(client, two)).status];
    },
  },
  {
    what: 'rotation: an older refresh token ends the grant',
    run: async (world: World) => {
      const server = world.serve();
      const client = await server.client();
      const first = await server.signIn(client);
      const second = (await server.refresh(client, first)).body;
      const third = (await server.refresh(client, second)).body;
      world.later(300);
      return [refusal(await server.refresh(client, first)), (await server.refresh(client, third)).status];
    },
  },
  {
    what: 'a refresh token of another client',
    run: async (world: World) => {
      const server = world.serve();
      const [owner, other] = [await server.client(), await server.client()];
      const tokens = await server.signIn(owner);
      return [refusal(await server.refresh(other, tokens)), (await server.refresh(owner, tokens)).status];
    },
  },
  {
    what: 'a `refreshTokenTTL` of 0',
    run: async (world: World) => {
      const server = world.serve({ refreshTokenTTL: 0 });
      return shown(await redeemed(server, await server.client()));
    },
  },
  {
    what: '`refreshTokenIdleTTL` moves the end with each refresh',
    run: async (world: World) => {
      const server = world.serve({ refreshTokenIdleTTL: 86_400 });
      const client = await server.client();
      let tokens = await server.signIn(client);
      const found: unknown[] = [];
      for (const hours of [20, 20, 20, 30]) {
        world.later(hours * 3600);
        const { status, body } = await server.refresh(client, tokens);
        found.push(status);
        tokens = body;
      }
      return found;
    },
  },
  {
    what: '`refreshTokenTTL` beside `refreshTokenIdleTTL` is for a grant without a refresh',
    run: async (world: World) => {
      const server = world.serve({ refreshTokenTTL: 7 * 86_400, refreshTokenIdleTTL: 86_400 });
      const client = await server.client();
      const tokens = await server.signIn(client);
      world.later(2 * 86_400);
      return (await server.refresh(client, tokens)).status;
    },
  },
  {
    what: 'a client that registered for codes alone gets and uses refresh tokens (W-05)',
    run: async (world: World) => {
      const server = world.serve();
      const client = await server.client({ grant_types: ['authorization_code'] });
      const tokens = await server.signIn(client);
      return [typeof tokens['refresh_token'], (await server.refresh(client, tokens)).status];
    },
  },
  {
    what: 'a token endpoint elsewhere',
    run: async (world: World) => {
      const server = world.serve({ tokenEndpoint: `${ISSUER}/oauth/token` });
      const client = await server.client();
      const fields = { grant_type: 'authorization_code', client_id: client.id, code: await server.code(client), redirect_uri: CALLBACK, code_verifier: VERIFIER };
      return [(await server.form('/token', fields)).body['site'], (await server.form('/oauth/token', fields)).status];
    },
  },
] as Case[]; // prettier-ignore

async function redeemed(server: Server, client: Client): Promise<Answer> {
  return server.redeem(client, await server.code(client));
}

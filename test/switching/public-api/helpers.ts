/** Helpers about clients, grants and tokens. */
import type { OAuthHelpers } from '../../../src/workers-oauth-provider/index.ts';
import type { Case } from './case.ts';
import { basic, CALLBACK, refusal, type Server } from './server.ts';
import { RESOURCE, tried, type World } from './world.ts';

type Info = Record<string, unknown>;
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ACCESS = 'urn:ietf:params:oauth:token-type:access_token';

/** A client without its secret; id and date by presence. */
function shownClient(client: object | null): Info | null {
  if (client === null) return null;
  const { clientId, clientSecret: _secret, registrationDate, grantTypes, ...rest } = client as Info;
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  return {
    ...given,
    grantTypes: (grantTypes as string[] | undefined)?.filter((one) => one !== 'refresh_token'),
    id: typeof clientId,
    date: typeof registrationDate,
  };
}

/** An error of an argument by its presence: of which class it is, is not documented. */
async function attempted(run: () => Promise<unknown>): Promise<unknown> {
  try {
    return await run();
  } catch (error) {
    return error instanceof Error ? 'an error' : error;
  }
}

const creates = (what: string, info: Info): Case => ({
  what: `createClient with ${what}`,
  run: (world) =>
    attempted(async () => {
      const client = await world.serve().helpers.createClient({ redirectUris: [CALLBACK], ...info });
      return { ...shownClient(client), secret: typeof client.clientSecret };
    }),
});
const updates = (what: string, changes: Info, created: Info = {}): Case => ({
  what: `updateClient with ${what}`,
  run: (world) =>
    attempted(async () => {
      const { helpers } = world.serve();
      const { clientId } = await helpers.createClient({ redirectUris: [CALLBACK], clientName: 'Before', ...created });
      await helpers.updateClient(clientId, changes);
      return shownClient(await helpers.lookupClient(clientId));
    }),
});

/** Exchanges a token, over HTTP, by a client that the operator created. */
const exchanges = (what: string, fields: Info, options: object = {}, seconds = 0): Case => ({
  what: `token exchange with ${what}`,
  run: async (world) => {
    const server = world.serve({ allowTokenExchangeGrant: true, ...options });
    const client = await server.made({ grantTypes: ['authorization_code', 'refresh_token', EXCHANGE] });
    const tokens = await server.signIn(client);
    world.later(seconds);
    const usual = { grant_type: EXCHANGE, subject_token: String(tokens['access_token']), subject_token_type: ACCESS };
    const answer = await server.token({ ...usual, ...(fields as Record<string, string>) }, basic(client));
    if (answer.status !== 200) return refusal(answer);
    const { access_token: access, token_type: type, ...rest } = answer.body;
    const called = await server.call({ access_token: access });
    return { ...rest, type: String(type).toLowerCase(), called: called.status, props: called.body['props'], scope: called.body['scope'] };
  },
});

/** A token that is exchanged in process. */
const exchangesInside = (what: string, asked: (token: string) => Parameters<OAuthHelpers['exchangeToken']>[0], seconds = 0): Case => ({
  what: `exchangeToken with ${what}`,
  run: (world) =>
    tried(async () => {
      const server = world.serve({ allowTokenExchangeGrant: true });
      const tokens = await server.signIn(await server.client());
      world.later(seconds);
      const {
        access_token: access,
        token_type: type,
        expires_in: lasts,
        scope,
        resource,
      } = await server.helpers.exchangeToken(asked(String(tokens['access_token'])));
      return { type, lasts, scope, resource, called: (await server.call({ access_token: access })).body['props'] };
    }),
});

/** Two clients; one exchanges the token of the other. */
const crosses = (what: string, callback: ((given: Info) => unknown) | undefined): Case => ({
  what: `a token of another client, ${what}`,
  run: async (world) => {
    const server = world.serve({ allowTokenExchangeGrant: true, ...(callback ? { tokenExchangeCallback: callback } : {}) });
    const [owner, other] = [await server.client(), await server.made({ grantTypes: ['authorization_code', EXCHANGE] })];
    const tokens = await server.signIn(owner);
    const answer = await server.token(
      { grant_type: EXCHANGE, subject_token: String(tokens['access_token']), subject_token_type: ACCESS },
      basic(other),
    );
    if (answer.status !== 200) return refusal(answer);
    const unwrapped = await server.helpers.unwrapToken(String(answer.body['access_token']));
    return { scope: answer.body['scope'], client: unwrapped?.grant.clientId === other.id ? 'other' : 'owner', user: unwrapped?.userId };
  },
});

async function signedIn(
  world: World,
): Promise<{ server: Server; helpers: OAuthHelpers; client: Awaited<ReturnType<Server['client']>>; tokens: Info }> {
  const server = world.serve();
  const client = await server.client();
  return { server, helpers: server.helpers, client, tokens: await server.signIn(client) };
}

export const helpers: readonly Case[] = [
  {
    what: 'lookupClient of a client that registered itself',
    run: async (world) => {
      const server = world.serve();
      const { id } = await server.client({ client_uri: 'https://client.example', logo_uri: 'https://client.example/logo.png', policy_uri: 'https://client.example/policy', tos_uri: 'https://client.example/tos', contacts: ['me@client.example'] });
      return shownClient(await server.helpers.lookupClient(id));
    },
  },
  {
    what: 'lookupClient has no secret',
    run: async (world) => {
      const server = world.serve();
      return Object.hasOwn((await server.helpers.lookupClient((await server.made()).id)) ?? {}, 'clientSecret');
    },
  },
  { what: 'lookupClient of an unknown client', run: (world) => world.serve().helpers.lookupClient('unknown') },
  { what: 'lookupClient of an empty id', run: (world) => tried(() => world.serve().helpers.lookupClient('')) },
  { what: 'lookupClient of a URL, where documents are off', run: (world) => tried(() => world.serve().helpers.lookupClient('https://client.example/c.json')) },
  creates('redirect URIs alone', {}),
  creates('names, links and contacts in languages', { clientName: 'Made', contacts: ['me@client.example'], i18n: { 'client_name#ja': 'ノート', 'tos_uri#fr': 'https://client.example/fr' } }),
  creates('a name and pages', { clientName: 'Made', clientUri: 'https://client.example', logoUri: 'https://client.example/l.png', policyUri: 'https://client.example/p', tosUri: 'https://client.example/t', contacts: ['me@client.example'] }),
  creates('no secret', { tokenEndpointAuthMethod: 'none' }),
  creates('the secret in the body', { tokenEndpointAuthMethod: 'client_secret_post' }),
  creates('an unknown method', { tokenEndpointAuthMethod: 'tls_client_auth' }),
  creates('a redirect URI at javascript', { redirectUris: ['javascript:alert(1)'] }),
  creates('a redirect URI on http', { redirectUris: ['http://client.example/cb'] }),
  creates('no redirect URIs', { redirectUris: [] }),
  creates('an unknown grant', { grantTypes: ['password'] }),
  creates('an id and a secret of its own', { clientId: 'own', clientSecret: 'x'.repeat(40) }),
  {
    what: 'createClient gives another id and secret each time, and both sign in',
    run: async (world) => {
      const server = world.serve();
      const [one, two] = [await server.made(), await server.made()];
      return { differ: one.id !== two.id && one.secret !== two.secret, scope: (await server.signIn(one))['scope'] };
    },
  },
  {
    what: 'a client that was created never ends',
    run: async (world) => {
      const server = world.serve({ clientRegistrationTTL: 86_400 });
      const { id } = await server.made();
      world.later(365 * 86_400);
      return (await server.helpers.lookupClient(id)) !== null;
    },
  },
  updates('a name', { clientName: 'After' }),
  updates('redirect URIs', { redirectUris: ['https://client.example/other'] }),
  updates('a redirect URI at javascript', { redirectUris: ['javascript:alert(1)'] }),
  updates('pages', { clientUri: 'https://client.example', logoUri: 'https://client.example/l.png' }),
  updates('a method', { tokenEndpointAuthMethod: 'client_secret_post' }),
  updates('a method without a secret', { tokenEndpointAuthMethod: 'none' }),
  updates('grants', { grantTypes: ['authorization_code'] }),
  updates('an unknown grant', { grantTypes: ['password'] }),
  updates('a secret', { clientSecret: 'x'.repeat(40) }),
  updates('another id', { clientId: 'other' }),
  updates('nothing', {}),
  {
    what: 'updateClient returns the client',
    run: async (world) => {
      const { helpers: own } = world.serve();
      const { clientId } = await own.createClient({ redirectUris: [CALLBACK] });
      return shownClient(await own.updateClient(clientId, { clientName: 'After' }));
    },
  },
  { what: 'updateClient of an unknown client', run: (world) => tried(() => world.serve().helpers.updateClient('unknown', { clientName: 'x' })) },
  {
    what: 'listClients',
    run: async (world) => {
      const server = world.serve();
      await server.client({ client_name: 'One' });
      await server.made({ clientName: 'Two' });
      const { items, cursor } = await server.helpers.listClients();
      return { names: items.map(({ clientName }) => String(clientName)).sort((one, other) => one.localeCompare(other)), secrets: items.filter((one) => 'clientSecret' in one && one.clientSecret !== undefined).length, cursor: cursor === undefined };
    },
  },
  {
    what: 'listClients in pages has each client once',
    run: async (world) => {
      const server = world.serve();
      for (const clientName of ['a', 'b', 'c', 'd', 'e']) await server.made({ clientName });
      const names: string[] = [];
      let cursor: string | undefined;
      for (let page = 0; page < 10; page++) {
        const list = await server.helpers.listClients({ limit: 2, ...(cursor === undefined ? {} : { cursor }) });
        names.push(...list.items.map(({ clientName }) => String(clientName)));
        cursor = list.cursor;
        if (cursor === undefined) break;
      }
      return names.sort((one, other) => one.localeCompare(other));
    },
  },
  {
    what: 'listClients keeps to a limit',
    run: async (world) => {
      const server = world.serve();
      for (const clientName of ['a', 'b', 'c']) await server.made({ clientName });
      const { items, cursor } = await server.helpers.listClients({ limit: 2 });
      return { items: items.length, more: cursor !== undefined };
    },
  },
  {
    what: 'listClients in pages of two has each client once, while those of each page are deleted',
    run: async (world) => {
      const server = world.serve();
      for (const clientName of ['a', 'b', 'c', 'd', 'e']) await server.made({ clientName });
      const [names, sizes]: [(string | undefined)[], number[]] = [[], []];
      let cursor: string | undefined;
      do {
        const page = await server.helpers.listClients({ limit: 2, ...(cursor === undefined ? {} : { cursor }) });
        for (const { clientId } of page.items) await server.helpers.deleteClient(clientId);
        names.push(...page.items.map(({ clientName }) => clientName));
        sizes.push(page.items.length);
        cursor = page.cursor;
      } while (cursor !== undefined);
      return [names.toSorted((a = "", b = "") => a.localeCompare(b)), Math.max(...sizes)];
    },
  },
  {
    what: 'deleteClient ends its grants and tokens',
    run: async (world) => {
      const { server, helpers: own, client, tokens } = await signedIn(world);
      await own.deleteClient(client.id);
      return { client: await own.lookupClient(client.id), call: (await server.call(tokens)).status, refresh: refusal(await server.refresh(client, tokens)), grants: (await own.listUserGrants('user-1')).items.length };
    },
  },
  { what: 'deleteClient of an unknown client', run: (world) => tried(async () => (await world.serve().helpers.deleteClient('unknown')) ?? 'nothing') },
  {
    what: 'listUserGrants',
    run: async (world) => {
      const { helpers: own, client } = await signedIn(world);
      const { items, cursor } = await own.listUserGrants('user-1');
      const shown = items.map(({ id, clientId, createdAt, expiresAt, ...rest }) => ({ ...rest, id: typeof id, client: clientId === client.id, days: Math.round((Number(expiresAt) - createdAt) / 86_400) }));
      return { shown, cursor: cursor === undefined, others: (await own.listUserGrants('user-2')).items };
    },
  },
  {
    what: 'listUserGrants in pages has each grant once',
    run: async (world) => {
      const server = world.serve();
      for (let round = 0; round < 3; round++) await server.signIn(await server.client());
      const ids: string[] = [];
      let cursor: string | undefined;
      for (let page = 0; page < 10; page++) {
        const list = await server.helpers.listUserGrants('user-1', { limit: 2, ...(cursor === undefined ? {} : { cursor }) });
        ids.push(...list.items.map(({ id }) => id));
        cursor = list.cursor;
        if (cursor === undefined) break;
      }
      return [ids.length, new Set(ids).size];
    },
  },
  {
    what: 'revokeGrant ends its tokens at once',
    run: async (world) => {
      const { server, helpers: own, client, tokens } = await signedIn(world);
      const [grant] = (await own.listUserGrants('user-1')).items;
      await own.revokeGrant(grant?.id ?? '', 'user-1');
      return { call: refusal(await server.call(tokens)), refresh: refusal(await server.refresh(client, tokens)), grants: (await own.listUserGrants('user-1')).items.length };
    },
  },
  {
    what: 'revokeGrant of another user does nothing',
    run: async (world) => {
      const { server, helpers: own, tokens } = await signedIn(world);
      const [grant] = (await own.listUserGrants('user-1')).items;
      const result = await tried(async () => (await own.revokeGrant(grant?.id ?? '', 'user-2')) ?? 'nothing');
      return [result, (await server.call(tokens)).status];
    },
  },
  { what: 'revokeGrant of a grant that does not exist', run: (world) => tried(async () => (await world.serve().helpers.revokeGrant('none', 'user-1')) ?? 'nothing') },
  {
    what: 'unwrapToken',
    run: async (world) => {
      const { helpers: own, client, tokens } = await signedIn(world);
      const found = await own.unwrapToken(String(tokens['access_token']));
      const [grant] = (await own.listUserGrants('user-1')).items;
      const { id, grantId, createdAt, expiresAt, grant: inside, ...rest } = found as never as Record<string, never>;
      const { clientId, ...others } = inside as unknown as Info;
      return { ...(rest as Info), grant: others, id: typeof id, isGrant: grantId === grant?.id, client: clientId === client.id, seconds: Number(expiresAt) - Number(createdAt) };
    },
  },
  {
    what: 'unwrapToken of what is no access token',
    run: async (world) => {
      const { helpers: own, tokens } = await signedIn(world);
      return [await own.unwrapToken('nonsense'), await own.unwrapToken('u:g:s'), await own.unwrapToken(''), await own.unwrapToken(String(tokens['refresh_token']))];
    },
  },
  {
    what: 'unwrapToken after the end of the token',
    run: async (world) => {
      const { helpers: own, tokens } = await signedIn(world);
      world.later(3601);
      return own.unwrapToken(String(tokens['access_token']));
    },
  },
  exchanges('nothing more', {}),
  exchanges('fewer scopes', { scope: 'read' }),
  exchanges('more scopes', { scope: 'read admin' }),
  exchanges('unknown scopes', { scope: 'admin' }),
  exchanges('the resource', { resource: RESOURCE }),
  exchanges('another resource', { resource: 'https://other.example' }),
  exchanges('another audience', { audience: 'https://other.example' }),
  exchanges('a shorter lifetime', { expires_in: '120' }),
  exchanges('a longer lifetime', { expires_in: '7200' }),
  exchanges('a lifetime that is no number', { expires_in: 'long' }),
  exchanges('no subject token', { subject_token: undefined }),
  exchanges('no type of the subject token', { subject_token_type: undefined }),
  exchanges('another type of the subject token', { subject_token_type: 'urn:ietf:params:oauth:token-type:jwt' }),
  exchanges('another requested type', { requested_token_type: 'urn:ietf:params:oauth:token-type:refresh_token' }),
  exchanges('a subject token that does not exist', { subject_token: 'u:g:s' }),
  exchanges('a token in its last half hour', {}, {}, 1800),
  exchanges('a token that is over', {}, {}, 3601),
  exchanges('a callback that changes the props', {}, { tokenExchangeCallback: ({ grantType }: Info) => (grantType === EXCHANGE ? { accessTokenProps: { only: 'exchanged' }, accessTokenTTL: 300, accessTokenScope: ['read'] } : undefined) }),
  {
    what: 'token exchange by a client that registered itself',
    run: async (world) => {
      const server = world.serve({ allowTokenExchangeGrant: true });
      const client = await server.client({ grant_types: ['authorization_code', EXCHANGE] });
      const tokens = await server.signIn(client);
      return refusal(await server.token({ grant_type: EXCHANGE, client_id: client.id, subject_token: String(tokens['access_token']), subject_token_type: ACCESS }));
    },
  },
  crosses('without a callback', undefined),
  crosses('with a callback that says nothing', () => undefined),
  crosses('with a callback that asks the environment', ({ env }) => ({ allowCrossClientExchange: (env as Info | undefined)?.['OAUTH_KV'] !== undefined })),
  crosses('with a callback that allows it', () => ({ allowCrossClientExchange: true })),
  exchangesInside('nothing more', (subjectToken) => ({ subjectToken })),
  exchangesInside('fewer scopes', (subjectToken) => ({ subjectToken, scope: ['read'] })),
  exchangesInside('unknown scopes', (subjectToken) => ({ subjectToken, scope: ['admin'] })),
  exchangesInside('the resource', (subjectToken) => ({ subjectToken, aud: RESOURCE })),
  exchangesInside('another resource', (subjectToken) => ({ subjectToken, aud: 'https://other.example' })),
  exchangesInside('a shorter lifetime', (subjectToken) => ({ subjectToken, expiresIn: 120 })),
  exchangesInside('a longer lifetime', (subjectToken) => ({ subjectToken, expiresIn: 7200 })),
  exchangesInside('a token that does not exist', () => ({ subjectToken: 'u:g:s' })),
  exchangesInside('a token that is over', (subjectToken) => ({ subjectToken }), 3601),
  {
    what: 'exchangeToken where exchange is not allowed to clients',
    run: (world) =>
      tried(async () => {
        const { helpers: own, tokens } = await signedIn(world);
        return typeof (await own.exchangeToken({ subjectToken: String(tokens['access_token']) })).access_token;
      }),
  },
  { what: 'purgeExpiredData of nothing', run: async (world) => world.serve().helpers.purgeExpiredData() },
  {
    what: 'purgeExpiredData keeps what is good',
    run: async (world) => {
      const { server, helpers: own, client, tokens } = await signedIn(world);
      const { done, cursor } = await own.purgeExpiredData({ batchSize: 10 });
      return { done, cursor: cursor === undefined, call: (await server.call(tokens)).status, refresh: (await server.refresh(client, tokens)).status };
    },
  },
  {
    what: 'purgeExpiredData of the provider',
    run: async (world) => {
      const provider = new world.lib.OAuthProvider(world.options() as never);
      const { done } = await provider.purgeExpiredData(world.env as never, { batchSize: 10 });
      return done;
    },
  },
  { what: 'purgeExpiredData with a cursor that is wrong', run: (world) => tried(async () => (await world.serve().helpers.purgeExpiredData({ cursor: 'x' })).done) },
]; // prettier-ignore

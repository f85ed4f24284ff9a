/** Applications list the grants of a user and end each of them: also those whose client has not come since the switch. */
import { makeRuntime } from '#under-test';
import { describe, expect, it } from 'vitest';
import { workersOAuthKv } from '../../src/former/workers-oauth-kv.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { type App, appOn, makeApp, RESOURCE, storeNames } from '../support/app.ts';
import { AdaptedProvider } from '../../src/workers-oauth-provider/provider.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { formerClient, formerGrant, type FormerRecords, hexHash, makeFormerKv } from '../support/former-kv.ts';

const refresh = async (app: App, refresh_token: string, client_id: string): Promise<number> => {
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  const fields = new URLSearchParams({ grant_type: 'refresh_token', refresh_token, client_id });
  return (await app.ask('POST', '/token', fields, type)).status;
};
const appOver = (store: Parameters<typeof makeApp>[0], kv: FormerRecords): Promise<App> =>
  makeApp(store, { logins: [], defaultHandler: () => new Response('own'), formerStore: workersOAuthKv(() => kv) });

it('a grant of the former server that has moved is refreshed on a store with several places, too', async () => {
  const [kv, clock] = [makeFormerKv(), makeClock()];
  const options = { logins: [], defaultHandler: () => new Response('own'), formerStore: workersOAuthKv(() => kv) };
  const app = await appOn(Object.assign(memoryStore(clock), { placed: true }), clock, options);
  const clientId = await formerClient(kv);
  const fields = new URLSearchParams({ grant_type: 'refresh_token', client_id: clientId });
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  let { current } = await formerGrant(kv, clientId, { resource: RESOURCE });
  for (const turn of ['the move', 'a refresh after it']) {
    fields.set('refresh_token', current);
    const answer = await app.ask('POST', '/token', fields, type);
    expect([turn, answer.status]).toEqual([turn, 200]);
    current = ((await answer.json()) as { refresh_token: string }).refresh_token;
  }
});

describe.each(storeNames)('grants of the former server on %s', (store) => {
  it('W-03 lists grants that have not moved, each once, and no longer when they have moved, ended or expired', async () => {
    const kv = makeFormerKv();
    const app = await appOver(store, kv);
    const clientId = await formerClient(kv);
    const made = await Promise.all(['one', 'two', 'three'].map((id) => formerGrant(kv, clientId, { id, resource: RESOURCE })));
    await formerGrant(kv, clientId, { id: 'other', userId: 'unamuno' });
    await formerGrant(kv, clientId, { id: 'over', expiresAt: 1_789_900_001 });
    await formerGrant(kv, clientId, { id: 'unredeemed', refreshTokenId: undefined });
    kv.records.set('grant:una:broken', '{');
    const oauth = app.provider.helpers(app.env);
    const ids = async (): Promise<string[]> => (await oauth.listUserGrants('una')).grants.map(({ id }) => id).toSorted();
    expect(await ids()).toEqual(['una:one', 'una:three', 'una:two']);
    expect((await oauth.listUserGrants('una')).grants.find(({ id }) => id === 'una:one')).toEqual({
      id: 'una:one',
      clientId,
      scope: ['read', 'write'],
      resource: RESOURCE,
      redirectUri: 'http://localhost:3334/callback',
      metadata: { label: 'Work laptop' },
      createdAt: 1_789_900_000,
      usedAt: 1_789_900_000,
      expiresAt: 1_792_500_000,
    });
    expect(await refresh(app, made[0]?.current ?? '', clientId)).toBe(200);
    expect(await oauth.revokeGrant('una:two', 'una')).toBe(true);
    const left = await ids();
    expect(left).toHaveLength(2);
    expect(left).toContain('una:three');
    await oauth.revokeGrants({ userId: 'una' });
    expect(await ids()).toEqual([]);
  });

  it('W-03 ends a grant by the id that it has there, before it moves and after, and no grant of another user', async () => {
    const kv = makeFormerKv();
    const app = await appOver(store, kv);
    const clientId = await formerClient(kv);
    const [before, after] = [await formerGrant(kv, clientId, { id: 'one' }), await formerGrant(kv, clientId, { id: 'two' })];
    const oauth = app.provider.helpers(app.env);
    expect(await oauth.revokeGrant('una:one', 'eve')).toBe(false);
    expect(await oauth.revokeGrant('una:none', 'una')).toBe(false);
    expect(await oauth.revokeGrant('una:one', 'una')).toBe(true);
    expect(await refresh(app, before.current, clientId)).toBe(400);
    expect(await refresh(app, after.current, clientId)).toBe(200);
    expect(await oauth.revokeGrant('una:two', 'eve')).toBe(false);
    expect(await oauth.revokeGrant('una:two', 'una')).toBe(true);
    expect((await oauth.listUserGrants('una')).grants).toEqual([]);
    expect(await refresh(app, after.current, clientId)).toBe(400);
    expect(await oauth.revokeGrant('una:two', 'una')).toBe(false); // it has ended
  });

  it.each([
    ['of the origin', 'https://mcp.example', 200],
    ['of the origin, with a slash', 'https://mcp.example/', 200],
    ['of several, one of them the origin', ['https://other.example', 'https://mcp.example'], 200],
    ['of a path beside ours', 'https://mcp.example/m', 400],
    ['of a path below ours, which would be good for more', 'https://mcp.example/mcp/deep', 400],
    ['of another origin whose name begins with ours', 'https://mcp.exampl', 400],
    ['with a query', 'https://mcp.example?a=b', 400],
  ])('W-04 moves a grant %s, for which versions before 1.0 gave tokens, to the resource below it', async (_what, resource, status) => {
    const kv = makeFormerKv();
    const app = await appOver(store, kv);
    const clientId = await formerClient(kv);
    const { current } = await formerGrant(kv, clientId, { id: 'one', resource });
    expect(await refresh(app, current, clientId)).toBe(status);
    const moved = (await app.provider.helpers(app.env).listUserGrants('una')).grants.filter(({ id }) => id !== 'una:one');
    expect(moved.map((grant) => grant.resource)).toEqual(status === 200 ? [RESOURCE] : []);
  });

  it('W-03 lists a grant that has no end there, however old it is', async () => {
    const kv = makeFormerKv();
    const app = await appOver(store, kv);
    await formerGrant(kv, await formerClient(kv), { createdAt: 1_600_000_000, expiresAt: undefined });
    const { grants } = await app.provider.helpers(app.env).listUserGrants('una');
    expect(grants.map(({ expiresAt }) => expiresAt > app.clock.now())).toEqual([true]);
  });

  it('W-03 says that the namespace is down, instead of a list that leaves grants out', async () => {
    const kv = makeFormerKv();
    const app = await appOver(store, kv);
    kv.isDown = true;
    const oauth = app.provider.helpers(app.env);
    await expect(oauth.listUserGrants('una')).rejects.toMatchObject({ reason: 'former_store_failed' });
    await expect(oauth.revokeGrant('una:one', 'una')).rejects.toMatchObject({ reason: 'former_store_failed' });
  });
});

describe('workers-oauth-provider: a page that disconnects every app of a user', () => {
  it('W-03 ends grants that have not moved, and one that moved since the page was shown', async () => {
    const [kv, clock] = [makeFormerKv(), makeClock()];
    const handler = { fetch: () => new Response() };
    const provider = new AdaptedProvider<object>(
      {
        apiRoute: '/mcp',
        apiHandler: handler,
        defaultHandler: handler,
        authorizeEndpoint: '/authorize',
        tokenEndpoint: '/token',
        resourceMetadata: { resource: 'https://mcp.example/mcp' },
        onError: () => undefined,
      },
      { runtime: { ...makeRuntime(), now: clock.now }, address: () => '192.0.2.1' },
    );
    const env = { PORTCULLIS: memoryStore(clock), OAUTH_KV: kv };
    const client_id = await formerClient(kv);
    const grants = await Promise.all(['one', 'two', 'three', 'four'].map((id) => formerGrant(kv, client_id, { id })));
    const refreshed = async (refresh_token = ''): Promise<number> => {
      const body = new URLSearchParams({ grant_type: 'refresh_token', client_id, refresh_token }).toString();
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      return (await provider.fetch(new Request('https://mcp.example/token', { method: 'POST', headers, body }), env, { waitUntil() {} }))
        .status;
    };
    const oauth = provider.getOAuthApi(env);
    const shown: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await oauth.listUserGrants('una', { limit: 3, ...(cursor === undefined ? {} : { cursor }) });
      shown.push(...page.items.map(({ id }) => id));
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(shown.toSorted()).toEqual(['four', 'one', 'three', 'two']); // the ids that the application knows
    expect(await refreshed(grants[2]?.current)).toBe(200);
    for (const id of shown) await oauth.revokeGrant(id, 'una');
    expect(await Promise.all(grants.map(({ current }) => refreshed(current)))).toEqual([400, 400, 400, 400]);
    expect(await oauth.listUserGrants('una')).toEqual({ items: [] });
  });
});

describe('clients of the former server', () => {
  it('W-03 are changed, and get another secret, before they come for the first time', async () => {
    const kv = makeFormerKv();
    const app = await appOver('memory', kv);
    const { clients } = app.provider.helpers(app.env);
    const [first, second] = ['a secret that leaked, of 43 characters or so', 'another'];
    const id = await formerClient(kv, { tokenEndpointAuthMethod: 'client_secret_post', clientSecret: await hexHash(first) });
    const renewed = await clients.rotateSecret(id, 0);
    expect(renewed).toBeTruthy();
    const { current } = await formerGrant(kv, id);
    const type = { 'content-type': 'application/x-www-form-urlencoded' };
    const ask = async (client_secret: string): Promise<number> => {
      const fields = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: current, client_id: id, client_secret });
      return (await app.ask('POST', '/token', fields, type)).status;
    };
    expect([await ask(first), await ask(second), await ask(renewed ?? '')]).toEqual([401, 401, 200]);
    const other = await formerClient(kv);
    expect(await clients.update(other, { name: 'New name' })).toMatchObject({ id: other, name: 'New name' });
    expect((await app.provider.helpers(app.env).lookupClient(other))?.name).toBe('New name');
    expect(await clients.update('unknown', { name: 'x' })).toBeNull();
  });
});

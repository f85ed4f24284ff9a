import { describe, expect, it } from 'vitest';
import { workersOAuthKv } from '../../src/former/workers-oauth-kv.ts';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import type { Store } from '../../src/model/store.ts';
import { faultyStore } from '../../src/testing/faulty-store.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { ALICE, type App, appOn, ISSUER, makeApp, RESOURCE, storeNames } from '../support/app.ts';
import { formerClient, formerGrant, type FormerRecords, hexHash, makeFormerKv } from '../support/former-kv.ts';

interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

const own = (kv: FormerRecords): Partial<OAuthProviderOptions> => ({
  logins: [],
  defaultHandler: () => new Response('own'),
  formerStore: workersOAuthKv(() => kv),
});
const refresh = async (app: App, fields: Record<string, string>): Promise<Answer> => {
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await app.ask('POST', '/token', new URLSearchParams({ grant_type: 'refresh_token', ...fields }), type);
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
};
const revoke = async (app: App, token: string, clientId: string): Promise<number> => {
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  return (await app.ask('POST', '/revoke', new URLSearchParams({ token, client_id: clientId }), type)).status;
};
const reasons = (app: App): unknown[] => app.events.flatMap((event) => (event.kind === 'request.refused' ? [event.reason] : []));

describe.each(storeNames)('former/workers-oauth-kv on %s', (store) => {
  it('W-01 trades a refresh token of the former server for tokens here, with its user, props, scopes, resource and notes', async () => {
    const kv = makeFormerKv();
    const app = await makeApp(store, own(kv));
    const clientId = await formerClient(kv);
    const { current } = await formerGrant(kv, clientId, { resource: RESOURCE });
    const before = JSON.stringify([...kv.records]);
    const { status, body } = await refresh(app, { refresh_token: current, client_id: clientId });
    expect([status, body['scope']]).toEqual([200, 'read write']);
    expect((await app.call(String(body['access_token']))).access).toMatchObject({
      userId: 'una',
      clientId,
      scope: ['read', 'write'],
      props: { team: 'blue' },
    });
    expect((await refresh(app, { refresh_token: String(body['refresh_token']), client_id: clientId })).status).toBe(200);
    const oauth = app.provider.helpers(app.env);
    expect((await oauth.listUserGrants('una')).grants).toMatchObject([
      { clientId, metadata: { label: 'Work laptop' }, redirectUri: 'http://localhost:3334/callback' },
    ]);
    expect((await oauth.lookupClient(clientId))?.name).toBe('Former client');
    expect(app.events.filter(({ kind }) => kind === 'grant.moved')).toMatchObject([{ clientId, userId: 'una' }]);
    expect(JSON.stringify([...kv.records])).toBe(before);
  });

  it('W-03 keeps contacts, links and names in other languages of a client, and nothing that would mislead on a page', async () => {
    const kv = makeFormerKv();
    const app = await makeApp(store, own(kv));
    const i18n = { 'client_name#JA': 'ノート', 'client_name#ar': '\u202eoops', 'tos_uri#fr': 'https://client.example/fr', 'logo_uri#fr': 'javascript:alert(1)', other: 'x' };
    const links = { logoUri: 'https://client.example/l.png', policyUri: 'javascript:alert(1)', tosUri: 'https://', clientUri: 'data:text/html,x' };
    const id = await formerClient(kv, { clientName: 'Bank\u202e', contacts: ['me@client.example'], i18n, ...links });
    const { name, names, links: localized, contacts, uri, logoUri, policyUri, tosUri } = (await app.provider.helpers(app.env).lookupClient(id)) ?? {};
    expect({ names, localized, contacts, logoUri }).toEqual({ names: { ja: 'ノート' }, localized: { 'tos_uri#fr': 'https://client.example/fr' }, contacts: ['me@client.example'], logoUri: links.logoUri });
    expect([name, uri, policyUri, tosUri]).toEqual([undefined, undefined, undefined, undefined]);
    for (const odd of [{ i18n: null }, { i18n: 'x' }, { i18n: [], contacts: [7] }, { contacts: ['a\nb'] }])
      expect(await app.provider.helpers(app.env).lookupClient(await formerClient(kv, odd))).not.toHaveProperty('contacts');
  }); // prettier-ignore

  it('W-01 gives one chain of tokens to five refreshes at once, to both tokens of the grant, and to a retry', async () => {
    const kv = makeFormerKv();
    const app = await makeApp(store, own(kv));
    const clientId = await formerClient(kv);
    const { current, previous } = await formerGrant(kv, clientId);
    const sent = [current, current, previous, current, previous].map((token) =>
      refresh(app, { refresh_token: token, client_id: clientId }),
    );
    const answers = await Promise.all(sent);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    app.clock.pass(100);
    const again = await refresh(app, { refresh_token: current, client_id: clientId });
    expect(new Set([...answers, again].map(({ body }) => body['refresh_token'])).size).toBe(1);
    expect(app.events.filter(({ kind }) => kind === 'grant.moved')).toHaveLength(1);
  });

  it('takes a token that was traded in for reuse after the grace period, and ends the grant', async () => {
    const kv = makeFormerKv();
    const app = await makeApp(store, own(kv));
    const clientId = await formerClient(kv);
    const { current } = await formerGrant(kv, clientId);
    const { body } = await refresh(app, { refresh_token: current, client_id: clientId });
    app.clock.pass(121);
    expect((await refresh(app, { refresh_token: current, client_id: clientId })).body['error']).toBe('invalid_grant');
    expect((await app.call(String(body['access_token']))).status).toBe(401);
    expect(app.events.filter(({ kind }) => kind === 'grant.ended')).toMatchObject([{ reason: 'refresh_reused' }]);
    app.clock.pass(2 * 86_400); // the ended grant is gone from the store
    expect((await refresh(app, { refresh_token: current, client_id: clientId })).body['error']).toBe('invalid_grant');
    expect(app.events.filter(({ kind }) => kind === 'grant.moved')).toHaveLength(1);
  });

  it('keeps revoked what was revoked before it moved: by its client, its user, the operator', async () => {
    const revocations: ((app: App, clientId: string, token: string) => Promise<unknown>)[] = [
      (app, clientId, token) => revoke(app, token, clientId),
      (app) => app.provider.helpers(app.env).signOut('una'),
      (app) => app.provider.helpers(app.env).revokeGrants({ userId: 'una' }),
      (app, clientId) => app.provider.helpers(app.env).revokeGrants({ clientId }),
      (app, clientId) => app.provider.helpers(app.env).clients.delete(clientId),
    ];
    for (const revokeIt of revocations) {
      const kv = makeFormerKv();
      const app = await makeApp(store, own(kv));
      const clientId = await formerClient(kv);
      const { current, previous } = await formerGrant(kv, clientId);
      const other = await formerGrant(kv, await formerClient(kv), { userId: 'ben' });
      await revokeIt(app, clientId, current);
      for (const token of [current, previous]) {
        const { status, body } = await refresh(app, { refresh_token: token, client_id: clientId });
        expect([status === 400 || status === 401, ['invalid_grant', 'invalid_client'].includes(String(body['error']))]).toEqual([
          true,
          true,
        ]);
      }
      expect(app.events.filter(({ kind }) => kind === 'grant.moved')).toEqual([]); // nothing was opened, only to be ended
      const [, otherClient] = [...kv.records.keys()].filter((key) => key.startsWith('client:')).map((key) => key.slice('client:'.length));
      expect((await refresh(app, { refresh_token: other.current, client_id: otherClient ?? '' })).status).toBe(200);
    }
  });

  it.each<readonly [string, (app: App) => Promise<unknown>]>([
    ['a new password', async (app) => app.provider.helpers(app.env).accounts.setPassword(app.aliceId, 'another horse')],
    ['the button of the account page', async (app) => {
      const browser = app.browser();
      await browser.submit(await browser.get(`${ISSUER}/login`), ALICE);
      const { text } = await browser.get(`${ISSUER}/account`);
      const account = /name="account" value="([^"]+)"/.exec(text)?.[1] ?? '';
      const form = { ...(await browser.get(`${ISSUER}/account`)), text: '<form action="/account">' };
      expect((await browser.submit(form, { account, decision: 'sign-out-everywhere', apps: '1' })).status).toBe(303);
    }],
    ['a user who is disabled, and enabled again', async (app) => {
      const { disableUser, enableUser } = app.provider.helpers(app.env);
      await disableUser(app.aliceId);
      await enableUser(app.aliceId);
    }],
  ])('moves no grant of the former server that ended with %s (SEC-037)', async (_what, end) => {
    const kv = makeFormerKv();
    const app = await makeApp(store, { formerStore: workersOAuthKv(() => kv) });
    const clientId = await formerClient(kv);
    const { current } = await formerGrant(kv, clientId, { userId: app.aliceId });
    await end(app);
    const { status, body } = await refresh(app, { refresh_token: current, client_id: clientId });
    expect([status, body['error'], reasons(app).at(-1)]).toEqual([400, 'invalid_grant', 'grant_revoked']);
    const since = await formerGrant(kv, clientId, { userId: app.aliceId, createdAt: app.clock.now() + 1 });
    expect((await refresh(app, { refresh_token: since.current, client_id: clientId })).status).toBe(200);
  }); // prettier-ignore

  it('moves nothing that the former server grants a user who is disabled here, or a client that is blocked here (SEC-037)', async () => {
    const kv = makeFormerKv();
    const app = await makeApp(store, { ...own(kv), clientPolicy: {} });
    const oauth = app.provider.helpers(app.env);
    const secret = 'a-secret-of-enough-characters';
    const clientId = await formerClient(kv, { tokenEndpointAuthMethod: 'client_secret_post', clientSecret: await hexHash(secret) });
    await oauth.disableUser('una');
    app.clock.pass(60); // and the former server still runs beside this one
    const since = { createdAt: app.clock.now() };
    const asked = async (userId: string): Promise<unknown> => {
      const { current } = await formerGrant(kv, clientId, { userId, ...since });
      return (await refresh(app, { refresh_token: current, client_id: clientId, client_secret: secret })).body['error'];
    };
    expect([await asked('una'), await asked('ben')]).toEqual(['invalid_grant', undefined]);
    await oauth.clients.block(clientId);
    app.clock.pass(60);
    since.createdAt = app.clock.now();
    expect([await asked('ben'), reasons(app)]).toEqual(['unauthorized_client', ['user_disabled', 'client_blocked']]);
  });

  it('asks a former client for its secret, by either method where it never named one (W-05)', async () => {
    const kv = makeFormerKv();
    const app = await makeApp(store, own(kv));
    const secret = 'a former secret of thirty-two signs';
    const clientId = await formerClient(kv, { tokenEndpointAuthMethod: 'client_secret_basic', clientSecret: await hexHash(secret) });
    const { current } = await formerGrant(kv, clientId);
    expect((await refresh(app, { refresh_token: current, client_id: clientId })).body['error']).toBe('invalid_client');
    expect((await refresh(app, { refresh_token: current, client_id: clientId, client_secret: `${secret}x` })).body['error']).toBe(
      'invalid_client',
    );
    const { status, body } = await refresh(app, { refresh_token: current, client_id: clientId, client_secret: secret });
    expect([status, typeof body['refresh_token']]).toEqual([200, 'string']);
  });
});

describe('former/workers-oauth-kv', () => {
  it.each([
    ['of another client', {}, 'refresh_of_another_client'],
    ['of a resource that is not served', { resource: 'https://elsewhere.example/mcp' }, 'former_resource_unknown'],
    ['of a grant that is over', { expiresAt: 1_789_999_999 }, 'refresh_expired'],
    ['of a record with another user', { userId_: 1 }, 'former_record_broken'],
    ['of a record without scopes', { scope: undefined }, 'former_record_broken'],
    ['of a record whose props do not open', { encryptedProps: 'AAAA' }, 'former_record_broken'],
  ])('refuses a token %s, and moves nothing', async (what, more, reason) => {
    const kv = makeFormerKv();
    const app = await makeApp('memory', own(kv));
    const clientId = await formerClient(kv);
    const owner = what === 'of another client' ? await formerClient(kv) : clientId;
    const { current, key } = await formerGrant(kv, owner, more);
    if ('userId_' in more) kv.records.set(key, kv.records.get(key)?.replace('"userId":"una"', '"userId":"ben"') ?? '');
    const { status, body } = await refresh(app, { refresh_token: current, client_id: clientId });
    expect([status, body['error']]).toEqual([400, 'invalid_grant']);
    expect(reasons(app)).toContain(reason);
    expect(app.events.filter(({ kind }) => kind === 'grant.moved')).toEqual([]);
  });

  it('reads nothing for a text that is no token of it, and nothing for a token of ours', async () => {
    const kv = makeFormerKv();
    const app = await makeApp('memory', own(kv));
    const clientId = await formerClient(kv);
    const { current } = await formerGrant(kv, clientId);
    const ours = String((await refresh(app, { refresh_token: current, client_id: clientId })).body['refresh_token']);
    kv.reads = 0;
    expect((await refresh(app, { refresh_token: ours, client_id: clientId })).status).toBe(200);
    for (const text of ['', 'x', 'a:b', 'a:b:c', `a:b:${'x'.repeat(3000)}`])
      expect((await refresh(app, { refresh_token: text, client_id: clientId })).status).toBe(400);
    expect(kv.reads).toBe(0);
  });

  it('answers 503 while KV is down, and takes the same token afterwards', async () => {
    const kv = makeFormerKv();
    const app = await makeApp('memory', own(kv));
    const clientId = await formerClient(kv);
    const { current } = await formerGrant(kv, clientId);
    kv.isDown = true;
    const away = await refresh(app, { refresh_token: current, client_id: clientId });
    expect([away.status, away.body['error']]).toEqual([503, 'temporarily_unavailable']);
    kv.isDown = false;
    expect((await refresh(app, { refresh_token: current, client_id: clientId })).status).toBe(200);
  });

  it('keeps revoked what is revoked at the very moment of its move', async () => {
    const kv = makeFormerKv();
    const clock = makeClock();
    const inner = memoryStore(clock);
    const during: { verb?: () => Promise<unknown> } = {};
    const store: Store = {
      atomic: true,
      read: (key) => inner.read(key),
      remove: (key, when) => inner.remove(key, when),
      list: (index, after) => inner.list(index, after),
      async write(...all) {
        const { verb } = during;
        if (all[0].startsWith('grant:') && verb) {
          delete during.verb;
          await verb(); // the grant is in no list yet
        }
        return inner.write(...all);
      },
    };
    const app = await appOn(store, clock, own(kv));
    const clientId = await formerClient(kv);
    const { current } = await formerGrant(kv, clientId);
    during.verb = () => app.provider.helpers(app.env).signOut('una');
    expect((await refresh(app, { refresh_token: current, client_id: clientId })).body['error']).toBe('invalid_grant');
    expect((await app.provider.helpers(app.env).listUserGrants('una')).grants).toEqual([]);
  });

  it.each(['refuse', 'lose', 'kill-after'] as const)(
    'goes on with a move whose store operations %s, wherever that happens',
    async (fault) => {
      for (let at = 1; at <= 14; at++) {
        const kv = makeFormerKv();
        const clock = makeClock();
        const faulty = faultyStore(memoryStore(clock));
        const app = await appOn(faulty.store, clock, own(kv), { pause: () => Promise.resolve() });
        const clientId = await formerClient(kv);
        const { current } = await formerGrant(kv, clientId);
        faulty.plan(fault, at);
        const first = await Promise.race([refresh(app, { refresh_token: current, client_id: clientId }), faulty.killed.then(() => null)]);
        faulty.heal();
        const second = await refresh(app, { refresh_token: current, client_id: clientId });
        expect([at, second.status]).toEqual([at, 200]);
        if (first?.status === 200) expect(second.body['refresh_token']).toBe(first.body['refresh_token']);
        expect((await app.provider.helpers(app.env).listUserGrants('una')).grants).toHaveLength(1);
      }
    },
  );

  it('runs onTokens once for five refreshes at once', async () => {
    const kv = makeFormerKv();
    let times = 0;
    const app = await makeApp('memory', { ...own(kv), onTokens: ({ props }) => ({ props: { ...(props as object), times: ++times } }) });
    const clientId = await formerClient(kv);
    const { current } = await formerGrant(kv, clientId);
    const answers = await Promise.all(Array.from({ length: 5 }, () => refresh(app, { refresh_token: current, client_id: clientId })));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect((await app.call(String(answers[0]?.body['access_token']))).access?.props).toEqual({ team: 'blue', times: 1 });
    expect(times).toBe(1);
  });

  it('names the binding that is missing', async () => {
    await expect(
      makeApp('memory', { formerStore: workersOAuthKv((env: { OAUTH_KV?: never }) => env.OAUTH_KV as never) as never }),
    ).rejects.toThrow('workersOAuthKv: the environment has no KV namespace there');
  });
});

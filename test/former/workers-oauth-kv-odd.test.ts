/** Attacks and odd records at the switch from workers-oauth-provider: what a worried user would try. */
import { describe, expect, it } from 'vitest';
import { workersOAuthKv } from '../../src/former/workers-oauth-kv.ts';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { type App, appOn, makeApp } from '../support/app.ts';
import { formerClient, formerGrant, type FormerRecords, hexHash, makeFormerKv } from '../support/former-kv.ts';

type Fields = Record<string, string>;

const own = (kv: FormerRecords, more: Partial<OAuthProviderOptions> = {}): Partial<OAuthProviderOptions> => ({
  logins: [],
  defaultHandler: () => new Response('own'),
  formerStore: workersOAuthKv(() => kv),
  ...more,
});
async function refresh(app: App, client_id: string, refresh_token: string): Promise<{ status: number; body: Fields }> {
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  const form = new URLSearchParams({ grant_type: 'refresh_token', client_id, refresh_token });
  const answer = await app.ask('POST', '/token', form, type);
  return { status: answer.status, body: (await answer.json()) as Fields };
}
const reasons = (app: App): unknown[] => app.events.flatMap((event) => (event.kind === 'request.refused' ? [event.reason] : []));

describe('former/workers-oauth-kv, tried', () => {
  it('W-01 trades a token once in two processes at the same time', async () => {
    for (let round = 0; round < 5; round++) {
      const [kv, clock] = [makeFormerKv(), makeClock()];
      const store = memoryStore(clock);
      const apps = [await appOn(store, clock, own(kv)), await appOn(store, clock, own(kv))];
      const clientId = await formerClient(kv);
      const { current, previous } = await formerGrant(kv, clientId);
      const answers = await Promise.all(
        [current, previous, current, previous].map((token, at) => refresh(apps[at % 2] as App, clientId, token)),
      );
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
      expect(new Set(answers.map(({ body }) => body['refresh_token'])).size).toBe(1);
      expect(apps.flatMap((app) => app.events.filter(({ kind }) => kind === 'grant.moved'))).toHaveLength(1);
      const [app] = apps as [App];
      expect((await app.provider.helpers(app.env).listUserGrants('una')).grants).toHaveLength(1);
    }
  });

  it('leads a token that the old server gave out after the move to the same chain at once, and takes it for reuse later', async () => {
    const kv = makeFormerKv();
    const app = await makeApp('memory', own(kv));
    const clientId = await formerClient(kv);
    const { previous: traded, current: rotated } = await formerGrant(kv, clientId); // as the old server leaves it when it refreshes `traded`
    const first = await refresh(app, clientId, traded);
    app.clock.pass(60);
    expect((await refresh(app, clientId, rotated)).body['refresh_token']).toBe(first.body['refresh_token']);
    app.clock.pass(3600);
    expect((await refresh(app, clientId, rotated)).body['error']).toBe('invalid_grant');
    expect((await refresh(app, clientId, first.body['refresh_token'] ?? '')).body['error']).toBe('invalid_grant');
    expect(app.events.filter(({ kind }) => kind === 'grant.ended')).toMatchObject([{ reason: 'refresh_reused' }]);
  });

  it('refuses a token of a grant whose props the old server has sealed anew since the move, and leaves the moved grant alone', async () => {
    const kv = makeFormerKv();
    const app = await makeApp('memory', own(kv));
    const clientId = await formerClient(kv);
    const { current, key } = await formerGrant(kv, clientId);
    const moved = await refresh(app, clientId, current);
    const { current: later } = await formerGrant(kv, clientId, { id: key.split(':')[2] ?? '', props: { team: 'red' } });
    expect((await refresh(app, clientId, later)).body['error']).toBe('invalid_grant');
    expect(reasons(app)).toContain('former_key_differs');
    expect((await refresh(app, clientId, moved.body['refresh_token'] ?? '')).status).toBe(200);
  });

  it('keeps a user signed in whose grant never ends there, however long ago it began', async () => {
    const kv = makeFormerKv();
    const app = await makeApp('memory', own(kv, { refreshTokenTTL: 30 * 86_400 }));
    const clientId = await formerClient(kv);
    const { current } = await formerGrant(kv, clientId, { createdAt: app.clock.now() - 3 * 365 * 86_400, expiresAt: undefined });
    const { status, body } = await refresh(app, clientId, current);
    expect(status).toBe(200);
    app.clock.pass(20 * 86_400);
    expect((await refresh(app, clientId, body['refresh_token'] ?? '')).status).toBe(200);
  });

  it.each<[string, Record<string, unknown>]>([
    ['with no resource', { resource: undefined }],
    ['whose resource is null', { resource: null }],
    ['with props of two megabytes', { props: { text: 'x'.repeat(2_000_000) } }],
    ['with props that are null', { props: null }],
    ['with metadata that is null', { metadata: null }],
    ['of a user whose id has odd characters', { userId: 'a b/ü%2F"\u{1f600}\n..' }],
    ['of a user whose id is __proto__', { userId: '__proto__' }],
    ['whose code had a challenge of the method plain', { codeChallenge: 'x', codeChallengeMethod: 'plain', authCodeId: 'x' }],
  ])('moves a grant %s', async (_what, more) => {
    const kv = makeFormerKv();
    const app = await makeApp('memory', own(kv));
    const clientId = await formerClient(kv);
    const { current } = await formerGrant(kv, clientId, more);
    const { status, body } = await refresh(app, clientId, current);
    expect([status, reasons(app)]).toEqual([200, []]);
    const { access } = await app.call(body['access_token'] ?? '');
    expect(access).toMatchObject({ userId: more['userId'] ?? 'una', clientId });
    if ('props' in more) expect(access?.props).toEqual(more['props']);
  });

  it.each<[string, Record<string, unknown>]>([
    ['with an id of another grant', { id_: 'other' }],
    ['without the time when it began', { createdAt: undefined }],
    ['whose time is a text', { createdAt: '1789900000' }],
    ['whose code was never redeemed', { refreshTokenId: undefined, previousRefreshTokenId: undefined }],
    ['whose key is no text', { refreshTokenWrappedKey: { newer: true } }],
    ['whose key is of another token', { refreshTokenWrappedKey: 'AAAA' }],
    ['for resources that are no texts', { resource: [7, null] }],
  ])('moves no grant %s, and answers invalid_grant', async (_what, more) => {
    const kv = makeFormerKv();
    const app = await makeApp('memory', own(kv));
    const clientId = await formerClient(kv);
    const { current, key } = await formerGrant(kv, clientId, more);
    if ('id_' in more) kv.records.set(key, kv.records.get(key)?.replace(`"id":"${key.split(':')[2]}"`, '"id":"other"') ?? '');
    expect((await refresh(app, clientId, current)).body['error']).toBe('invalid_grant');
    expect(reasons(app)).toHaveLength(app.events.filter(({ kind }) => kind === 'request.refused').length);
    expect(app.events.filter(({ kind }) => kind === 'grant.moved')).toEqual([]);
  });

  it('asks no secret of a public client that has the hash of one, as there, and gives nothing to a client that was deleted there', async () => {
    const kv = makeFormerKv();
    const app = await makeApp('memory', own(kv));
    const open = await formerClient(kv, { tokenEndpointAuthMethod: 'none', clientSecret: await hexHash('a secret of no use') });
    expect((await refresh(app, open, (await formerGrant(kv, open)).current)).status).toBe(200);
    const gone = await formerClient(kv);
    const { current } = await formerGrant(kv, gone);
    kv.records.delete(`client:${gone}`);
    expect((await refresh(app, gone, current)).body['error']).toBe('invalid_client');
  });

  it('redirects to no address of a former client that could run script or leave the device', async () => {
    const kv = makeFormerKv();
    const app = await makeApp('memory', { formerStore: workersOAuthKv(() => kv) });
    for (const uri of ['javascript:alert(1)', 'data:text/html,x', 'http://evil.example/cb', 'nonsense']) {
      const client_id = await formerClient(kv, { redirectUris: [uri, 'https://client.example/cb'] });
      const asked = { response_type: 'code', client_id, redirect_uri: uri, code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' };
      const answer = await app.ask('GET', `/authorize?${new URLSearchParams(asked)}`);
      expect([answer.status, answer.headers.get('location')]).toEqual([400, null]);
    }
  });

  it('is 503 while KV is down between the client and its grant, and takes the same token afterwards', async () => {
    const kv = makeFormerKv();
    const app = await makeApp('memory', own(kv));
    const clientId = await formerClient(kv);
    const { current } = await formerGrant(kv, clientId);
    const { get } = kv;
    let downAt = 1;
    let reads = 0;
    kv.get = async (key) => {
      if (++reads === downAt) throw new Error('KV GET failed: 500');
      return get(key);
    };
    for (; downAt <= 2; downAt++) {
      reads = 0;
      const { status, body } = await refresh(app, clientId, current);
      expect([status, body['error']]).toEqual([503, 'temporarily_unavailable']);
    }
    reads = 0;
    expect((await refresh(app, clientId, current)).status).toBe(200);
  });
});

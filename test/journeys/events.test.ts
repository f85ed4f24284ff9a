/** Events: what the operator hears of one request, under one id, whatever the listener does. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import type { Refusal } from '../../src/model/settings.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { faultyStore } from '../../src/testing/faulty-store.ts';
import { ALICE, appOn, makeApp, storeNames } from '../support/app.ts';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const STORE = storeNames[0] ?? '';

afterEach(() => void vi.restoreAllMocks());

describe('events', () => {
  it('bear one id for all that one request did, and another for the next', async () => {
    const app = await makeApp(STORE);
    const { client, code } = await app.toCode();
    await client.redeem(code);
    app.clock.pass(11);
    app.events.length = 0;
    expect((await client.redeem(code)).status).toBe(400); // a replay: the grant ends, and the request is refused
    expect((await client.redeem(code)).status).toBe(400);
    const [ended, refused, later] = app.events;
    expect(ended).toMatchObject({ kind: 'grant.ended', reason: 'code_replayed', clientId: client.id, userId: app.aliceId });
    expect(refused).toMatchObject({ kind: 'request.refused', endpoint: 'token', code: 'invalid_grant', reason: 'code_replayed' });
    expect(ended?.requestId).toMatch(/^[\w-]{12}$/);
    expect(refused?.requestId).toBe(ended?.requestId);
    expect(later?.requestId).not.toBe(ended?.requestId);
  });

  it('SEC-177 contain the error under the id that the client gets, and the response nothing of it', async () => {
    const clock = makeClock();
    const faulty = faultyStore(memoryStore({ now: clock.now }));
    const app = await appOn(faulty.store, clock);
    const client = await app.client();
    faulty.plan('refuse', 1, true);
    const answer = await client.refresh(`refresh_${'A'.repeat(22)}.${'A'.repeat(65)}`);
    faulty.heal();
    expect(answer.status).toBe(503);
    expect(JSON.stringify(answer.body)).not.toContain('hunter2');
    const failed = app.events.find(({ kind }) => kind === 'request.failed');
    expect(failed).toMatchObject({ endpoint: 'token', requestId: answer.body['request_id'] });
  });

  it('tell of a token that is refused, not of a call that brings none', async () => {
    const app = await makeApp(STORE);
    app.events.length = 0;
    await app.call(null);
    expect(app.events).toEqual([]);
    await app.call('forged');
    expect(app.events).toEqual([expect.objectContaining({ kind: 'request.refused', endpoint: 'guard', code: 'invalid_token' })]);
    expect(JSON.stringify(app.events)).not.toContain('forged');
  });

  it('hold no secret, and name the tenant where there are several', async () => {
    const app = await makeApp(STORE, { tenants: { acme: { issuer: '/acme' } } });
    const response = await app.send(new Request('https://mcp.example/acme/token', {
      method: 'POST', headers: FORM, body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 's3cret', client_id: 'nobody-s3cret' }),
    })); // prettier-ignore
    expect(response.status).toBeGreaterThanOrEqual(400);
    expect(app.events.at(-1)).toMatchObject({ kind: 'request.refused', tenant: 'acme', endpoint: 'token' });
    expect(JSON.stringify(app.events)).not.toMatch(/s3cret|correct horse/);
  });

  it.each([
    ['throws', () => { throw new Error('listener'); }],
    ['rejects', () => Promise.reject(new Error('listener'))],
    ['hangs', () => new Promise<void>(() => undefined)],
  ] satisfies [string, OAuthProviderOptions['on']][])('change no answer where the listener %s', async (_, on) => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const app = await makeApp(STORE, { on: on as () => void });
    const { client, tokens } = await app.signedIn();
    expect((await client.refresh(tokens.refresh)).status).toBe(200);
    expect((await client.refresh('nonsense')).status).toBe(400);
    expect((await client.revoke(tokens.refresh)).status).toBe(200);
  }); // prettier-ignore
});

describe('onError', () => {
  it('sees code and private reason, and may answer in our place', async () => {
    const seen: Refusal[] = [];
    const onError: OAuthProviderOptions['onError'] = (refusal, response, request) => {
      seen.push(refusal);
      if (new URL(request.url).pathname !== '/authorize') return undefined;
      return new Response(`Ask us and name ${refusal.requestId}`, { status: response.status });
    };
    const app = await makeApp(STORE, { onError });
    const page = await app.browser().get('https://mcp.example/authorize?client_id=nobody');
    expect([page.status, page.text]).toEqual([400, `Ask us and name ${seen[0]?.requestId}`]);
    const client = await app.client();
    expect((await client.refresh('nonsense')).body).toMatchObject({ error: 'invalid_grant' });
    expect(seen.map(({ endpoint, code, status }) => [endpoint, code, status])).toEqual([
      ['authorize', expect.any(String), 400],
      ['token', 'invalid_grant', 400],
    ]);
    expect(app.events.filter(({ kind }) => kind === 'request.refused').at(-1)?.requestId).toBe(seen[1]?.requestId);
  });

  it.each([
    ['throws', () => { throw new Error('oops hunter2'); }],
    ['rejects', () => Promise.reject(new Error('oops hunter2'))],
    ['gives something else', () => 'no response' as never],
  ] satisfies [string, OAuthProviderOptions['onError']][])('leaves our answer where it %s', async (_, onError) => {
    const app = await makeApp(STORE, { onError: onError as unknown as () => undefined });
    const client = await app.client();
    const answer = await client.refresh('nonsense');
    expect([answer.status, answer.body['error']]).toEqual([400, 'invalid_grant']);
    expect(await app.client().then((one) => one.signIn(app.browser(), ALICE))).toMatch(/^code_/); // and nothing else is touched
  }); // prettier-ignore
});

import { describe, expect, it } from 'vitest';
import { tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, type App, appOn, makeApp, storeNames } from '../support/app.ts';
import { expectChallenge, expectJson, expectNothingWritten } from '../support/verdicts.ts';

const POST = { token_endpoint_auth_method: 'client_secret_post' };
const ended = (app: App): unknown[] => app.events.filter((event) => event.kind === 'grant.ended');

describe('grants/refresh-token', () => {
  it('SEC-041 gives a new refresh token and a new access token each time, with the same scope (S-057, S-059)', async () => {
    const app = await makeApp('memory');
    const { client, tokens } = await app.signedIn();
    const seen = new Set([tokens.refresh, tokens.access]);
    let { refresh } = tokens;
    for (let at = 0; at < 20; at++) {
      const answer = await client.refresh(refresh);
      expect(answer.body['scope']).toBe('read write');
      const next = tokensOf(answer);
      for (const token of [next.refresh, next.access]) {
        expect(seen.has(token)).toBe(false);
        seen.add(token);
      }
      expect((await app.call(next.access)).status).toBe(200);
      ({ refresh } = next);
    }
  });

  it('gives the same successor again within the grace, without a write', async () => {
    const app = await makeApp('memory');
    const { client, tokens } = await app.signedIn();
    const first = await client.refresh(tokens.refresh);
    app.clock.pass(119);
    const again = await expectNothingWritten(app, () => client.refresh(tokens.refresh));
    expect(again.body).toEqual({ ...first.body, expires_in: 3481 });
    expect((await app.call(tokensOf(again).access)).status).toBe(200);
    expect((await client.refresh(tokensOf(again).refresh)).status).toBe(200);
  });

  it('SEC-044 treats a retired token after the grace period as theft, and ends the grant once (S-058)', async () => {
    const app = await makeApp('memory');
    const { client, tokens } = await app.signedIn();
    const next = tokensOf(await client.refresh(tokens.refresh));
    app.clock.pass(120);
    expectJson(await client.refresh(tokens.refresh), 'invalid_grant');
    for (const { access, refresh } of [tokens, next]) {
      expectChallenge(await app.call(access), 'invalid_token');
      expectJson(await client.refresh(refresh), 'invalid_grant');
    }
    expectJson(await client.refresh(tokens.refresh), 'invalid_grant');
    expect(ended(app)).toMatchObject([{ reason: 'refresh_reused', clientId: client.id }]);
  });

  it('treats the second use of a refresh token as theft if the grace period is 0', async () => {
    const app = await makeApp('memory', { refreshTokenGrace: 0 });
    const { client, tokens } = await app.signedIn();
    const next = tokensOf(await client.refresh(tokens.refresh));
    expectJson(await client.refresh(tokens.refresh), 'invalid_grant');
    expectChallenge(await app.call(next.access), 'invalid_token');
  });

  it('SEC-046 reveals no successor to another client, nor without the secret, and revokes nothing for them', async () => {
    const app = await makeApp('memory');
    const { client, tokens } = await app.signedIn(POST);
    const next = tokensOf(await client.refresh(tokens.refresh));
    const stranger = await app.client(POST);
    const theft = { client_id: stranger.id, client_secret: stranger.secret ?? '' };
    for (const pass of [0, 121]) {
      app.clock.pass(pass);
      expectJson(await expectNothingWritten(app, () => client.refresh(tokens.refresh, theft)), 'invalid_grant');
      expectJson(await expectNothingWritten(app, () => client.refresh(tokens.refresh, { client_secret: null })), 'invalid_client', 401);
      expectJson(await client.refresh(tokens.refresh, { client_secret: 'wrong' }), 'invalid_client', 401);
    }
    expect((await app.call(next.access)).status).toBe(200);
    expect((await client.refresh(next.refresh)).status).toBe(200);
  });

  it("SEC-047 SEC-048 refuses another client's refresh token, and a confidential client without its secret", async () => {
    const app = await makeApp('memory');
    for (const metadata of [{}, POST]) {
      const { client, tokens } = await app.signedIn(metadata);
      const [open, secret] = [await app.client(), await app.client(POST)];
      expectJson(await expectNothingWritten(app, () => open.refresh(tokens.refresh)), 'invalid_grant');
      expectJson(await expectNothingWritten(app, () => secret.refresh(tokens.refresh)), 'invalid_grant');
      if (client.secret)
        expectJson(await expectNothingWritten(app, () => client.refresh(tokens.refresh, { client_secret: null })), 'invalid_client', 401);
      expect((await client.refresh(tokens.refresh)).status).toBe(200);
    }
  });

  it('SEC-049 widens nothing, narrows an access token, and gives the whole scope again afterwards', async () => {
    const app = await makeApp('memory');
    const { client, tokens } = await app.signedIn();
    for (const scope of ['admin', 'rea', 'READ']) {
      expectJson(await expectNothingWritten(app, () => client.refresh(tokens.refresh, { scope })), 'invalid_scope');
    }
    const narrow = await client.refresh(tokens.refresh, { scope: 'read' });
    expect([narrow.body['scope'], (await app.call(tokensOf(narrow).access)).access?.scope]).toEqual(['read', ['read']]);
    const whole = await client.refresh(tokensOf(narrow).refresh, { scope: 'offline_access' });
    expect(whole.body['scope']).toBe('read write');
  });

  it('SEC-050 does not rotate for a resource outside the grant', async () => {
    const app = await makeApp('memory', { apiRoute: ['/mcp', '/mcp2'] });
    const client = await app.client();
    const { refresh } = tokensOf(await client.redeem(await client.signIn(app.browser(), ALICE, { resource: 'https://mcp.example/mcp' })));
    for (const resource of ['https://mcp.example/mcp2', 'https://evil.example/', 'mcp', ''.padEnd(10, '/')]) {
      expectJson(await expectNothingWritten(app, () => client.refresh(refresh, { resource })), 'invalid_target');
    }
    expect((await client.refresh(refresh, { resource: 'https://mcp.example/mcp' })).status).toBe(200);
  });

  it('SEC-051 ends an idle grant and an old one with invalid_grant, and no access token outlives its grant', async () => {
    const app = await makeApp('memory', { refreshTokenTTL: 7200, refreshTokenIdleTTL: 5000 });
    const idle = await app.signedIn();
    app.clock.pass(5000);
    expectJson(await idle.client.refresh(idle.tokens.refresh), 'invalid_grant');
    const { client, tokens } = await app.signedIn();
    app.clock.pass(4000);
    const second = await client.refresh(tokens.refresh);
    expect(second.body['expires_in']).toBe(3200);
    app.clock.pass(3160);
    const third = await client.refresh(tokensOf(second).refresh);
    expect([third.status, third.body['expires_in']]).toEqual([200, 40]);
    app.clock.pass(40);
    expectChallenge(await app.call(tokensOf(third).access), 'invalid_token');
    expectJson(await client.refresh(tokensOf(third).refresh), 'invalid_grant');
  });

  it('SEC-053 ends all sessions and grants of a user with a new password, or with the account', async () => {
    const app = await makeApp('memory');
    const { accounts } = app.provider.helpers(app.env);
    const [one, two] = [await app.signedIn(), await app.signedIn(POST)];
    await accounts.setPassword(app.aliceId, ALICE.password);
    for (const { client, tokens, browser } of [one, two]) {
      expectChallenge(await app.call(tokens.access), 'invalid_token');
      expectJson(await client.refresh(tokens.refresh), 'invalid_grant');
      expect((await browser.get('https://mcp.example/login')).text).not.toContain('You are signed in');
    }
    const { client, tokens } = await app.signedIn();
    await accounts.remove(app.aliceId);
    expectChallenge(await app.call(tokens.access), 'invalid_token');
    expectJson(await client.refresh(tokens.refresh), 'invalid_grant');
  });

  it.each(storeNames)('SEC-055 knows after a restart what was rotated and what was revoked, on %s', async (store) => {
    const app = await makeApp(store, { refreshTokenGrace: 0 });
    const [rotated, revoked] = [await app.signedIn(), await app.signedIn()];
    await rotated.client.refresh(rotated.tokens.refresh);
    await revoked.client.revoke(revoked.tokens.refresh);
    const restarted = await appOn(app.store, app.clock, { refreshTokenGrace: 0 });
    for (const { client, tokens } of [rotated, revoked]) {
      const body = new URLSearchParams({ grant_type: 'refresh_token', refresh_token: tokens.refresh, client_id: client.id });
      expect((await restarted.ask('POST', '/token', body)).status).toBe(400);
      expect((await restarted.call(tokens.access)).status).toBe(401);
    }
  });

  it.each(['', 'x', 'refresh_', `refresh_${'A'.repeat(22)}.${'A'.repeat(65)}`, 'x'.repeat(60_000), '__proto__', 'refresh_x.é'])('touches nothing for a forged token: %j', async (token) => {
    const app = await makeApp('memory');
    const { client, tokens } = await app.signedIn();
    expect((await expectNothingWritten(app, () => client.refresh(token))).status).toBe(400);
    const forged = tokens.refresh.slice(0, 31) + 'B'.repeat(65);
    expectJson(await expectNothingWritten(app, () => client.refresh(forged)), 'invalid_grant');
    expect((await client.refresh(tokens.refresh)).status).toBe(200);
  }); // prettier-ignore

  it.each(storeNames)('gives the same successor to fifty concurrent refreshes, on %s', async (store) => {
    const app = await makeApp(store);
    const { client, tokens } = await app.signedIn();
    const answers = await Promise.all(Array.from({ length: 50 }, () => client.refresh(tokens.refresh)));
    expect(new Set(answers.map((answer) => answer.status))).toEqual(new Set([200]));
    expect(new Set(answers.map((answer) => tokensOf(answer).refresh)).size).toBe(1);
    const only = tokensOf(answers[0]!);
    expect((await app.call(only.access)).status).toBe(200);
    expect((await client.refresh(only.refresh)).status).toBe(200);
  });

  it('answers a retry whose access token was replaced by newer ones, so that the client refreshes', async () => {
    const app = await makeApp('memory');
    const { client, tokens } = await app.signedIn();
    let next = tokensOf(await client.refresh(tokens.refresh));
    for (let at = 0; at < 15; at++) next = tokensOf(await client.refresh(next.refresh));
    const late = await client.refresh(tokens.refresh);
    expect(late.status).toBe(200);
    expect((await app.call(next.access)).status).toBe(200);
  });

  it('gives a slow process the live tokens, though others have refreshed twice since: an hour later it is still signed in (F-13)', async () => {
    const app = await makeApp('memory');
    const { client, tokens } = await app.signedIn();
    const second = tokensOf(await client.refresh(tokens.refresh));
    app.clock.pass(60);
    const third = tokensOf(await client.refresh(second.refresh));
    app.clock.pass(59);
    const slow = await expectNothingWritten(app, () => client.refresh(tokens.refresh));
    expect(tokensOf(slow)).toEqual(third);
    app.clock.pass(3600);
    expect((await client.refresh(tokensOf(slow).refresh)).status).toBe(200);
    expect(ended(app)).toEqual([]);
  });

  it('treats no honest retry as theft after a hundred rotations within one grace period (F-13)', async () => {
    const app = await makeApp('memory');
    const { client, tokens } = await app.signedIn();
    let live = tokens;
    for (let at = 0; at < 100; at++) live = tokensOf(await client.refresh(live.refresh));
    expect((await app.call(live.access)).status).toBe(200);
    app.clock.pass(119);
    const late = tokensOf(await client.refresh(tokens.refresh));
    expect(late.refresh).toBe(live.refresh);
    app.clock.pass(3600);
    const next = tokensOf(await client.refresh(late.refresh));
    expect(next.refresh).not.toBe(late.refresh);
    expect((await app.call(next.access)).status).toBe(200);
  });
});

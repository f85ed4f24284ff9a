/** Requests whose store fails at any one operation, on every store: what failed has consumed nothing, and a retry gets the tokens. */
import { describe, expect, it, vi } from 'vitest';
import { withStoreRetry } from '../../src/core/store-retry.ts';
import { type FaultyStore, faultyStore, type StoreFault } from '../../src/testing/faulty-store.ts';
import { codeOf, type JsonAnswer, tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, type App, appOn, ISSUER, makeApp, RESOURCE, storeNames, TRAVELLING, IN_PLACE } from '../support/app.ts';
import { makeProver } from '../support/prover.ts';
import { answerOf, expectJson } from '../support/verdicts.ts';

const FAULTS: readonly StoreFault[] = ['refuse', 'lose'];
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
const options = {
  deviceAuthorizationEndpoint: '/device_authorization',
  clients: [{ id: 'tv', authMethod: 'none', grantTypes: [DEVICE, 'refresh_token'] }],
} as const;

async function faultyApp(store: string): Promise<{ app: App; faulty: FaultyStore }> {
  const { inner, clock } = await makeApp(store, options);
  const faulty = faultyStore(inner);
  return { faulty, app: await appOn(faulty.store, clock, options) };
}

const post = async (app: App, path: string, fields: Record<string, string>): Promise<JsonAnswer> =>
  answerOf(await app.ask('POST', path, new URLSearchParams(fields)));
const grantsEnded = (app: App): unknown[] => app.events.filter(({ kind }) => kind === 'grant.ended');

/** Which operation of a redemption writes: the only one where the store issues tokens itself. */
const writeOf = (app: App): number => (app.inner.attempt ? 1 : 2);

/** A device whose person said yes. */
async function answeredDevice(app: App): Promise<(fields?: Record<string, string>) => Promise<JsonAnswer>> {
  const { body } = await post(app, '/device_authorization', { client_id: 'tv' });
  const browser = app.browser();
  const page = await browser.submit(await browser.get(`${ISSUER}/device`), { user_code: String(body['user_code']) });
  await browser.submit(page, { decision: 'approve', ...ALICE });
  const poll = { grant_type: DEVICE, client_id: 'tv', device_code: String(body['device_code']) };
  return (fields = {}) => post(app, '/token', { ...poll, ...fields });
}

/** What a client does that takes a 503 at its word, at most five times. */
async function untilAnswered(send: () => Promise<JsonAnswer>): Promise<JsonAnswer> {
  let answer = await send();
  for (let tries = 0; tries < 5 && answer.status === 503; tries++) answer = await send();
  return answer;
}

describe.each([...storeNames, TRAVELLING, IN_PLACE])('a failing store (%s)', (store) => {
  it.each(FAULTS)('takes no code with it: the retry of a 503 (%s) gets the tokens, once (F-17)', async (fault) => {
    for (const at of [1, 2]) {
      const { app, faulty } = await faultyApp(store);
      if (at > writeOf(app)) continue;
      const { client, code } = await app.toCode();
      faulty.plan(fault, at, at < writeOf(app)); // a read that fails once is made again
      const failed = await client.redeem(code);
      faulty.heal();
      expect([failed.status, failed.headers.get('retry-after')]).toEqual([503, '2']);
      expectJson(await client.redeem(code, { code_verifier: 'w'.repeat(43) }), 'invalid_grant');
      app.clock.pass(30);
      const tokens = tokensOf(await client.redeem(code));
      expect((await app.call(tokens.access)).status).toBe(200);
      expect((await client.refresh(tokens.refresh)).status).toBe(200);
      expect(app.events.filter(({ kind }) => kind === 'grant.redeemed')).toHaveLength(1);
      expectJson(await client.redeem(code), 'invalid_grant'); // sent twice at once: the grant lives
      expect((await app.call(tokens.access)).status).toBe(200);
      app.clock.pass(11);
      expectJson(await client.redeem(code), 'invalid_grant');
      expect(grantsEnded(app)).toMatchObject([{ reason: 'code_replayed' }]);
      expect((await app.call(tokens.access)).status).toBe(401);
    }
  });

  it('gives the same tokens when the answer to the retry is lost as well (F-17)', async () => {
    const { app, faulty } = await faultyApp(store);
    const { client, code } = await app.toCode();
    faulty.plan('lose', writeOf(app));
    expect((await client.redeem(code)).status).toBe(503);
    faulty.plan('lose', writeOf(app));
    expect((await client.redeem(code)).status).toBe(503);
    faulty.heal();
    const tokens = tokensOf(await client.redeem(code));
    expect((await client.refresh(tokens.refresh)).status).toBe(200);
  });

  it('does not lose them to a redemption that arrives after its 503 (F-17)', async () => {
    for (const passed of [0, 30]) {
      const { inner, clock } = await makeApp(store);
      let [arrive, isUnderway, deadline] = [(): void => undefined, false, (): void => undefined];
      const pass = (): Promise<void> => new Promise((resolve) => ([arrive, isUnderway] = [resolve, true]));
      const late = faultyStore(inner, { pass });
      const after = (_ms: number, run: () => void): (() => void) => ((deadline = run), () => undefined);
      const server = await appOn(withStoreRetry(late.store, { after }), clock);
      const { client, code } = await server.toCode();
      late.plan('delay', writeOf(server));
      const redemption = client.redeem(code);
      await vi.waitFor(() => expect(isUnderway).toBe(true), { timeout: 120_000 });
      deadline();
      expect((await redemption).status).toBe(503);
      arrive();
      await new Promise((next) => setTimeout(next, 20)); // refused or not, it has been carried out by then
      clock.pass(passed);
      const tokens = tokensOf(await client.redeem(code));
      expect((await server.call(tokens.access)).status).toBe(200);
    }
  });

  it('does not repeat them with another key, nor after the code has expired (F-17)', async () => {
    const { app, faulty } = await faultyApp(store);
    const prover = await makeProver(app.clock);
    for (const late of [false, true]) {
      const { client, code } = await app.toCode();
      faulty.plan('lose', writeOf(app));
      expect((await client.redeem(code)).status).toBe(503);
      faulty.heal();
      if (late) app.clock.pass(60);
      const form = { grant_type: 'authorization_code', code, client_id: client.id, redirect_uri: client.redirectUri, code_verifier: client.verifier };
      expectJson(late ? await client.redeem(code) : await client.token(form, { dpop: await prover.proof('POST', `${ISSUER}/token`) }), 'invalid_grant');
      expectJson(await client.redeem(code), 'invalid_grant');
    }
  }); // prettier-ignore

  it.each(FAULTS)('takes no answered device request with it: the next poll gets the tokens (%s; F-16)', async (fault) => {
    for (let at = 1; at < 20; at++) {
      const { app, faulty } = await faultyApp(store);
      const poll = await answeredDevice(app);
      faulty.plan(fault, at);
      const first = await poll();
      const operations = faulty.heal();
      expect([200, 503]).toContain(first.status);
      const { access, refresh } = tokensOf(first.status === 200 ? first : await untilAnswered(poll));
      expect((await app.call(access)).status).toBe(200);
      expectJson(await poll(), 'invalid_grant');
      expect((await post(app, '/token', { grant_type: 'refresh_token', client_id: 'tv', refresh_token: refresh })).status).toBe(200);
      if (operations < at) return;
    }
    throw new Error('The poll never passed.');
  });

  it('a poll that is refused takes nothing either: the right one gets the tokens, also minutes after the yes (F-16)', async () => {
    const { app } = await faultyApp(store);
    const poll = await answeredDevice(app);
    expectJson(await poll({ resource: 'https://other.example/mcp' }), 'invalid_target');
    expectJson(await poll({ scope: 'read "' }), 'invalid_scope');
    app.clock.pass(300);
    const { access } = tokensOf(await poll({ resource: RESOURCE }));
    expect((await app.call(access)).status).toBe(200);
  });

  it.each(FAULTS)('takes no pushed request with it: the browser that comes again opens it, once (%s; kind of F-16)', async (fault) => {
    for (let at = 1; at < 20; at++) {
      const { app, faulty } = await faultyApp(store);
      const client = await app.client();
      const form = Object.fromEntries(new URL(await client.authorizeUrl()).searchParams);
      const { body } = await post(app, '/par', form);
      const url = `${ISSUER}/authorize?${new URLSearchParams({ client_id: client.id, request_uri: String(body['request_uri']) })}`;
      const browser = app.browser();
      faulty.plan(fault, at);
      let page = await browser.get(url);
      const operations = faulty.heal();
      expect([200, 503]).toContain(page.status);
      if (page.status === 503) page = await browser.get(url);
      const back = await browser.submit(page, { decision: 'approve', ...ALICE });
      expect((await client.redeem(codeOf(back))).status).toBe(200);
      expect((await browser.get(url)).status).toBe(400);
      if (operations < at) return;
    }
    throw new Error('The request never passed.');
  });
});

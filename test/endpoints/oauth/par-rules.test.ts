/** What a pushed request carries to the authorization, and what a failure gives back (RFC 9126). */
import { calculateJwkThumbprint } from 'jose';
import { describe, expect, it } from 'vitest';
import { codeOf, type JsonAnswer, type TestClient } from '../../../src/testing/oauth-client.ts';
import { memoryStore } from '../../../src/stores/memory.ts';
import { makeClock } from '../../../src/testing/clock.ts';
import { ALICE, type App, appOn, ISSUER, makeApp } from '../../support/app.ts';
import { makeProver } from '../../support/prover.ts';
import { answerOf, expectJson, lastReason } from '../../support/verdicts.ts';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const push = async (app: App, body: URLSearchParams, headers: Record<string, string> = {}): Promise<JsonAnswer> =>
  answerOf(await app.ask('POST', '/par', body, { ...FORM, ...headers }));
const requestOf = async (client: TestClient, changes: Record<string, string | null> = {}): Promise<URLSearchParams> =>
  new URL(await client.authorizeUrl(changes)).searchParams;
const urlFor = (client: TestClient, { body }: JsonAnswer): string =>
  `${ISSUER}/authorize?${new URLSearchParams({ client_id: client.id, request_uri: String(body['request_uri']) })}`;
const redeem = (client: TestClient, code: string, dpop?: string): Promise<JsonAnswer> =>
  client.token(
    { grant_type: 'authorization_code', code, client_id: client.id, redirect_uri: client.redirectUri, code_verifier: client.verifier },
    dpop === undefined ? {} : { dpop },
  );

describe('endpoints/oauth/par: rules', () => {
  it('judges a member of the pushed request that the browser no longer sends', async () => {
    const app = await makeApp('memory');
    const client = await app.client();
    expectJson(await push(app, await requestOf(client, { response_mode: 'fragment' })), 'invalid_request');
    expectJson(await push(app, await requestOf(client, { dpop_jkt: 'short' })), 'invalid_request');
    expect(lastReason(app)).toBe('dpop_jkt_malformed');
    const twice = await requestOf(client, { nonce: 'a' });
    twice.append('nonce', 'b');
    expectJson(await push(app, twice), 'invalid_request');
    const silent = await push(app, await requestOf(client, { prompt: 'none' }));
    await app.browser().get(urlFor(client, silent));
    expect(lastReason(app)).toBe('prompt_none_signed_out');
  });

  it.each([true, false])('binds the code to the key that the client showed or named, proof: %s (RFC 9449 §10.1)', async (isShown) => {
    const app = await makeApp('memory');
    const [client, prover, thief] = [await app.client(), await makeProver(app.clock), await makeProver(app.clock)];
    const jkt = await calculateJwkThumbprint(prover.publicKey);
    const dpop: Record<string, string> = isShown ? { dpop: await prover.proof('POST', `${ISSUER}/par`) } : {};
    const pushed = await push(app, await requestOf(client, isShown ? {} : { dpop_jkt: jkt }), dpop);
    const browser = app.browser();
    const code = codeOf(await browser.submit(await browser.get(urlFor(client, pushed)), { decision: 'approve', ...ALICE }));
    expectJson(await redeem(client, code), 'invalid_grant');
    expectJson(await redeem(client, code, await thief.proof('POST', `${ISSUER}/token`)), 'invalid_grant');
    expect((await redeem(client, code, await prover.proof('POST', `${ISSUER}/token`))).body['token_type']).toBe('DPoP');
  });

  it('refuses a proof of another key than the request names', async () => {
    const app = await makeApp('memory');
    const [client, prover] = [await app.client(), await makeProver(app.clock)];
    const dpop = await prover.proof('POST', `${ISSUER}/par`);
    expectJson(await push(app, await requestOf(client, { dpop_jkt: 'A'.repeat(43) }), { dpop }), 'invalid_dpop_proof');
  });

  it('lets a client repeat the request with the same proof when the store could not keep it', async () => {
    const clock = makeClock();
    const store = memoryStore(clock);
    const app = await appOn(store, clock);
    const [client, prover] = [await app.client(), await makeProver(clock)];
    const dpop = await prover.proof('POST', `${ISSUER}/par`);
    const write = store.write.bind(store);
    let isDown = true;
    store.write = (key, ...all) => (isDown && key.startsWith('pushed:') ? Promise.reject(new Error('down')) : write(key, ...all));
    expect((await push(app, await requestOf(client), { dpop })).status).toBe(503);
    isDown = false;
    expect((await push(app, await requestOf(client), { dpop })).status).toBe(201);
  });

  it('takes the client of a Basic header that the form does not name, and refuses a credential that is repeated beside it', async () => {
    const app = await makeApp('memory');
    const client = await app.client({ token_endpoint_auth_method: 'client_secret_basic' });
    const headers = { authorization: `Basic ${btoa(`${client.id}:${client.secret ?? ''}`)}` };
    const pushed = await push(app, await requestOf(client, { client_id: null }), headers);
    expect((await app.browser().get(urlFor(client, pushed))).status).toBe(200);
    for (const name of ['client_secret', 'client_assertion', 'client_assertion_type']) {
      const form = await requestOf(client);
      for (const value of ['a', 'b']) form.append(name, value);
      expect([name, (await push(app, form, headers)).status, lastReason(app)]).toEqual([name, 400, `repeated_${name}`]);
    }
  });

  it('says temporarily_unavailable to a network that pushes too much', async () => {
    const app = await makeApp('memory');
    const client = await app.client();
    const body = await requestOf(client, { code_challenge: null });
    for (let at = 0; at < 300; at++) await push(app, body);
    expectJson(await push(app, body), 'temporarily_unavailable', 429);
  });
});

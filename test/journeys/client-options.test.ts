/** Clients of the option `clients` that change there: what counts is what stands there now, not what stood there at the consent (F-21). */
import { describe, expect, it } from 'vitest';
import type { ClientSpec } from '../../src/model/client-spec.ts';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import { type JsonAnswer, tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, type App, appOn, ISSUER, makeApp, storeNames } from '../support/app.ts';
import { makeProver } from '../support/prover.ts';
import { answerOf, expectJson, expectNothingWritten } from '../support/verdicts.ts';

const SECRET = 'a-secret-of-enough-characters-to-pass';
const REDIRECT = 'https://app.example/cb';
const VERIFIER = 'v'.repeat(43);
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const SIGN_IN = ['authorization_code', 'refresh_token', DEVICE];
const OPEN = { authMethod: 'none', redirectUris: [REDIRECT], grantTypes: SIGN_IN } as const;
const POST = { ...OPEN, authMethod: 'client_secret_post', secret: SECRET } as const;
const POST_BOUND = { ...POST, dpopBoundAccessTokens: true } as const;
const BASIC = { ...POST, authMethod: 'client_secret_basic' } as const;

type Spec = Omit<ClientSpec, 'id'> & { readonly secret?: string };
const optionsOf = (spec: Spec | null): Partial<OAuthProviderOptions> => ({
  deviceAuthorizationEndpoint: '/device_authorization',
  tokenExchange: () => true,
  clients: spec === null ? [] : [{ id: 'app', ...spec }],
}); // prettier-ignore

const post = async (app: App, path: string, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<JsonAnswer> =>
  answerOf(await app.ask('POST', path, new URLSearchParams(fields), headers));
const SECRET_IN_FORM = { client_secret: SECRET };
const SECRET_IN_HEADER = { authorization: `Basic ${btoa(`app:${SECRET}`)}` };

/** A grant that was opened while the client was like this: tokens, and a code that waits. */
async function opened(store: string, spec: Spec) {
  const app = await makeApp(store, optionsOf(spec));
  const browser = app.browser();
  const own = spec.secret === undefined || spec === BASIC ? {} : SECRET_IN_FORM;
  const code = async (): Promise<string> => {
    const challenge = btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(VERIFIER)))));
    const query = { response_type: 'code', client_id: 'app', redirect_uri: REDIRECT, code_challenge_method: 'S256', code_challenge: challenge.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '') };
    const page = await browser.get(`${ISSUER}/authorize?${new URLSearchParams(query)}`);
    const back = await browser.submit(page, { decision: 'approve', ...(page.text.includes('name="password"') ? ALICE : {}) });
    return new URL(back.location ?? '').searchParams.get('code') ?? '';
  };
  const redeem = async (at: App, text: string, more = {}, headers = {}): Promise<JsonAnswer> =>
    post(at, '/token', { grant_type: 'authorization_code', client_id: 'app', code: text, redirect_uri: REDIRECT, code_verifier: VERIFIER, ...more }, headers);
  const proof = spec.dpopBoundAccessTokens ? { dpop: await (await makeProver(app.clock)).proof('POST', `${ISSUER}/token`) } : {};
  const tokens = tokensOf(await redeem(app, await code(), own, spec === BASIC ? SECRET_IN_HEADER : proof));
  const device = await post(app, '/device_authorization', { client_id: 'app', ...own }, spec === BASIC ? SECRET_IN_HEADER : {});
  return {
    tokens,
    waiting: await code(),
    redeem,
    /** The server as it is after the options have changed. */
    now: (changed: Spec | null) => appOn(app.inner, app.clock, optionsOf(changed)),
    refresh: (at: App, more = {}, headers = {}) => post(at, '/token', { grant_type: 'refresh_token', client_id: 'app', refresh_token: tokens.refresh, ...more }, headers),
    poll: (at: App, more = {}, headers = {}) => post(at, '/token', { grant_type: DEVICE, client_id: 'app', device_code: String(device.body['device_code']), ...more }, headers),
  };
} // prettier-ignore

describe.each(storeNames)('a client of the options on %s', (store) => {
  it('that is taken out gets nothing any more, and loses nothing that it could come back to (F-21)', async () => {
    const { tokens, waiting, redeem, now, refresh, poll } = await opened(store, OPEN);
    const without = await now(null);
    for (const ask of [refresh, poll, (at: App) => redeem(at, waiting)])
      expectJson(await expectNothingWritten(without, () => ask(without)), 'invalid_client', 401);
    expectJson(await post(without, '/introspect', { client_id: 'app', token: tokens.access }), 'invalid_client', 401);
    const back = await now(OPEN);
    expect((await refresh(back)).status).toBe(200);
    expectJson(await poll(back), 'authorization_pending');
    // It may still sign its user out.
    expect((await post(without, '/revoke', { client_id: 'app', token: tokens.refresh })).status).toBe(200);
    expectJson(await refresh(back), 'invalid_grant');
  });

  it('that now has a secret must send it, by the configured method (F-21)', async () => {
    const { tokens, waiting, redeem, now, refresh, poll } = await opened(store, OPEN);
    for (const [spec, form, headers] of [[POST, SECRET_IN_FORM, {}], [BASIC, {}, SECRET_IN_HEADER]] as const) {
      const app = await now(spec);
      for (const ask of [refresh, poll, (at: App) => redeem(at, waiting)])
        expectJson(await expectNothingWritten(app, () => ask(app)), 'invalid_client', 401);
      for (const path of ['/revoke', '/introspect'])
        expectJson(await post(app, path, { client_id: 'app', token: tokens.refresh }), 'invalid_client', 401);
      expect((await refresh(app, form, headers)).status).toBe(200);
      expectJson(await poll(app, form, headers), spec === POST ? 'authorization_pending' : 'slow_down');
    }
    expect((await redeem(await now(POST), waiting, SECRET_IN_FORM)).status).toBe(200);
  }); // prettier-ignore

  it('that has no secret any more needs none (F-21)', async () => {
    const { waiting, redeem, now, refresh, poll } = await opened(store, POST);
    const app = await now(OPEN);
    expect((await refresh(app)).status).toBe(200);
    expect((await redeem(app, waiting)).status).toBe(200);
    expectJson(await poll(app), 'authorization_pending');
  });

  it('that may not refresh any more does not, and one that is held to a key now has to prove one (F-21)', async () => {
    const { now, refresh } = await opened(store, OPEN);
    const without = await now({ ...OPEN, grantTypes: ['authorization_code'] });
    expectJson(await expectNothingWritten(without, () => refresh(without)), 'unauthorized_client');
    const held = await now({ ...OPEN, dpopBoundAccessTokens: true });
    expectJson(await expectNothingWritten(held, () => refresh(held)), 'invalid_dpop_proof');
    const proof = await (await makeProver(held.clock)).proof('POST', `${ISSUER}/token`);
    expect((await refresh(held, {}, { dpop: proof })).body['token_type']).toBe('DPoP');
    const bound = await opened(store, POST_BOUND);
    expect((await bound.refresh(await bound.now(POST), SECRET_IN_FORM)).body['token_type']).toBe('Bearer');
  });

  it('that is taken out, or given another method, exchanges nothing (F-21)', async () => {
    const gate = { authMethod: 'client_secret_post', secret: SECRET, grantTypes: [EXCHANGE] } as const;
    const app = await makeApp(store, optionsOf(gate));
    const { tokens } = await app.signedIn();
    const form = { grant_type: EXCHANGE, client_id: 'app', ...SECRET_IN_FORM, subject_token: tokens.access, subject_token_type: 'urn:ietf:params:oauth:token-type:access_token' };
    expect((await post(app, '/token', form)).status).toBe(200);
    for (const spec of [null, { ...gate, authMethod: 'client_secret_basic' as const }])
      expectJson(await post(await appOn(app.inner, app.clock, optionsOf(spec)), '/token', form), 'invalid_client', 401);
    const other = await appOn(app.inner, app.clock, optionsOf({ ...gate, grantTypes: ['client_credentials'] }));
    expectJson(await post(other, '/token', form), 'unauthorized_client');
  }); // prettier-ignore
});

/** Proofs of keys and assertions: looked at only when the caller is known, and used up only by what succeeds (F-21). */
import { describe, expect, it } from 'vitest';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import { type FaultyStore, faultyStore } from '../../src/testing/faulty-store.ts';
import { codeOf, type JsonAnswer, type TestClient, tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, type App, appOn, ISSUER, makeApp, RESOURCE, storeNames } from '../support/app.ts';
import { makeProver } from '../support/prover.ts';
import { clientClaims, makeSigner, shown } from '../support/signer.ts';
import { answerOf, expectJson, expectNothingWritten } from '../support/verdicts.ts';
import { altered } from '../support/altered.ts';

const TOKEN = `${ISSUER}/token`;
const SECRET = 'a-secret-of-enough-characters-to-pass';
const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const [signer, cloud] = await Promise.all([makeSigner('ES256', 'robot'), makeSigner('ES256', 'cloud')]);
const options: Partial<OAuthProviderOptions> = {
  deviceAuthorizationEndpoint: '/device_authorization',
  clients: [
    { id: 'robot', jwks: { keys: [signer.publicKey as never] }, scope: ['read'] },
    {
      id: 'held',
      secret: SECRET,
      authMethod: 'client_secret_post',
      scope: ['read'],
      dpopBoundAccessTokens: true,
      grantTypes: ['client_credentials'],
    },
    { id: 'tv', authMethod: 'none', grantTypes: [DEVICE] },
  ],
  trustedIssuers: [
    {
      issuer: 'https://cloud.example',
      kind: 'workload',
      jwks: { keys: [cloud.publicKey as never] },
      scope: ['read'],
      claims: { sub: 'job' },
    },
  ],
};

const post = async (app: App, fields: Record<string, string>, dpop?: string, path = '/token'): Promise<JsonAnswer> =>
  answerOf(await app.ask('POST', path, new URLSearchParams(fields), dpop === undefined ? {} : { dpop }));
const codeForm = ({ id, redirectUri, verifier }: TestClient, code: string): Record<string, string> => ({
  grant_type: 'authorization_code', client_id: id, code, redirect_uri: redirectUri, code_verifier: verifier,
}); // prettier-ignore
const refreshForm = (clientId: string, token: string): Record<string, string> => ({
  grant_type: 'refresh_token',
  client_id: clientId,
  refresh_token: token,
});

async function faultyApp(store: string): Promise<{ app: App; faulty: FaultyStore }> {
  const { inner, clock } = await makeApp(store, options);
  const faulty = faultyStore(inner);
  return { faulty, app: await appOn(faulty.store, clock, options) };
}

/** Sends one and the same request with a fault at its first, second … operation of the store, until none is met; it succeeds each time in the end. */
async function sameRequest(store: string, prepare: (app: App) => Promise<() => Promise<JsonAnswer>>): Promise<void> {
  for (const fault of ['refuse', 'lose'] as const)
    for (let at = 1; ; at++) {
      const { app, faulty } = await faultyApp(store);
      const send = await prepare(app);
      faulty.plan(fault, at);
      let answer = await send();
      const operations = faulty.heal();
      for (let tries = 0; answer.status === 503 && tries < 3; tries++) answer = await send();
      expect([fault, at, answer.status, answer.body['error']]).toEqual([fault, at, 200, undefined]);
      const { token_type: type, access_token: access } = answer.body;
      if (type === 'Bearer') expect((await app.call(String(access))).status).toBe(200);
      if (operations < at) break;
    }
}

describe.each(storeNames)('proofs on %s', (store) => {
  it('are neither stored nor verified for a caller with an unknown code, token or secret (F-21)', async () => {
    const app = await makeApp(store, options);
    const { client, tokens } = await app.signedIn();
    const prover = await makeProver(app.clock, 'RS256');
    const forged = `${tokens.refresh.slice(0, 31)}${'A'.repeat(65)}`;
    const strangers: [Record<string, string>, string, number?][] = [
      [refreshForm(client.id, forged), 'invalid_grant'],
      [refreshForm(client.id, 'x'), 'invalid_grant'],
      [refreshForm('another', tokens.refresh), 'invalid_client', 401],
      [codeForm(client, `code_${'A'.repeat(22)}.${'A'.repeat(43)}`), 'invalid_grant'],
      [{ grant_type: DEVICE, client_id: 'tv', device_code: `device_${'A'.repeat(43)}` }, 'invalid_grant'],
      [{ grant_type: 'client_credentials', client_id: 'nobody' }, 'invalid_client', 401],
      [{ grant_type: JWT_BEARER, assertion: 'a.b.c' }, 'invalid_grant'],
    ];
    for (const [form, error, status] of strangers) {
      const proof = await prover.proof('POST', TOKEN);
      // A bad signature goes unnoticed: no one has looked at it.
      for (const dpop of [proof, altered(proof)]) expectJson(await expectNothingWritten(app, () => post(app, form, dpop)), error, status);
    }
    const pushed = { client_id: 'nobody', response_type: 'code', redirect_uri: 'https://app.example/cb' };
    const { counts } = app;
    const [before, proof] = [counts.writes, await prover.proof('POST', `${ISSUER}/par`)];
    expect((await post(app, pushed, proof, '/par')).status).toBe(400);
    expect(counts.writes - before).toBeLessThanOrEqual(1); // the limit of the network
    expect((await client.refresh(tokens.refresh)).status).toBe(200);
  }); // prettier-ignore

  it('are used up by nothing that is refused: the same proof is good for the right request (F-21)', async () => {
    const app = await makeApp(store, options);
    const prover = await makeProver(app.clock);
    const { client, code } = await app.toCode();
    const proof = await prover.proof('POST', TOKEN);
    expectJson(await post(app, { ...codeForm(client, code), resource: 'https://other.example/mcp' }, proof), 'invalid_target');
    expectJson(await expectNothingWritten(app, () => post(app, codeForm(client, code), altered(proof))), 'invalid_dpop_proof');
    const given = await post(app, codeForm(client, code), proof);
    expect(given.body['token_type']).toBe('DPoP');
    expectJson(await post(app, refreshForm(client.id, tokensOf(given).refresh), proof), 'invalid_dpop_proof');
    const next = await post(app, refreshForm(client.id, tokensOf(given).refresh), await prover.proof('POST', TOKEN));
    expect(next.status).toBe(200);
    const held = { grant_type: 'client_credentials', client_id: 'held', client_secret: SECRET };
    expectJson(await post(app, held), 'invalid_dpop_proof');
    expect((await post(app, held, await prover.proof('POST', TOKEN))).body['token_type']).toBe('DPoP');
  });

  it('of a pushed request are checked when it is right in everything else, and bind its code (F-21, RFC 9449 §10.1)', async () => {
    const app = await makeApp(store, options);
    const [client, prover] = [await app.client(), await makeProver(app.clock)];
    const form = Object.fromEntries(new URL(await client.authorizeUrl()).searchParams);
    const proof = await prover.proof('POST', `${ISSUER}/par`);
    expectJson(await post(app, { ...form, redirect_uri: 'https://evil.example/cb' }, proof, '/par'), 'invalid_request');
    expectJson(await post(app, form, altered(proof), '/par'), 'invalid_dpop_proof');
    expectJson(await post(app, form, await prover.proof('POST', TOKEN), '/par'), 'invalid_dpop_proof');
    const pushed = await post(app, form, proof, '/par');
    expect(pushed.status).toBe(201);
    expectJson(await post(app, form, proof, '/par'), 'invalid_dpop_proof');
    const browser = app.browser();
    const query = new URLSearchParams({ client_id: client.id, request_uri: String(pushed.body['request_uri']) });
    const back = await browser.submit(await browser.get(`${ISSUER}/authorize?${query}`), { decision: 'approve', ...ALICE });
    expectJson(await post(app, codeForm(client, codeOf(back))), 'invalid_grant');
    expect((await post(app, codeForm(client, codeOf(back)), await prover.proof('POST', TOKEN))).body['token_type']).toBe('DPoP');
  });

  it('stay valid after a 503, so that the same request can be repeated: a code and a refresh with a proof (F-16, F-21)', async () => {
    await sameRequest(store, async (app) => {
      const { client, code } = await app.toCode();
      const proof = await (await makeProver(app.clock)).proof('POST', TOKEN);
      return () => post(app, codeForm(client, code), proof);
    });
    await sameRequest(store, async (app) => {
      const { client, tokens } = await app.signedIn();
      const proof = await (await makeProver(app.clock)).proof('POST', TOKEN);
      return () => post(app, refreshForm(client.id, tokens.refresh), proof);
    });
  });

  it('are good again after a 503: the assertion of a client, and that of a workload (F-16)', async () => {
    await sameRequest(store, async (app) => {
      const assertion = await signer.sign(clientClaims('robot', app.clock.now()));
      return () => post(app, { grant_type: 'client_credentials', ...shown(assertion) });
    });
    await sameRequest(store, async (app) => {
      const [iat, prover] = [app.clock.now(), await makeProver(app.clock)];
      const claims = { iss: 'https://cloud.example', sub: 'job', aud: ISSUER, iat, exp: iat + 300, jti: crypto.randomUUID() };
      const [assertion, proof] = [await cloud.sign(claims), await prover.proof('POST', TOKEN)];
      return () => post(app, { grant_type: JWT_BEARER, assertion }, proof);
    });
  });

  it('leave an assertion good that comes with a proof which is refused, and count once when both are right (F-16)', async () => {
    const app = await makeApp(store, options);
    const [iat, prover] = [app.clock.now(), await makeProver(app.clock)];
    const claims = { iss: 'https://cloud.example', sub: 'job', aud: ISSUER, iat, exp: iat + 300, jti: crypto.randomUUID() };
    const [assertion, proof] = [await cloud.sign(claims), await prover.proof('POST', TOKEN)];
    const form = { grant_type: JWT_BEARER, assertion, resource: RESOURCE };
    expectJson(await post(app, form, altered(proof)), 'invalid_dpop_proof');
    const answers = await Promise.all([1, 2, 3].map(() => post(app, form)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it('with keys that are expensive to verify are refused before the verification (F-21)', async () => {
    const app = await makeApp(store, options);
    const { client, tokens } = await app.signedIn();
    const prover = await makeProver(app.clock, 'RS256');
    for (const member of ['n', 'e'] as const) {
      const jwk = { ...prover.publicKey, [member]: 'v'.repeat(member === 'n' ? 684 : 7) };
      const proof = await prover.proof('POST', TOKEN, { header: { jwk } });
      expectJson(await expectNothingWritten(app, () => post(app, refreshForm(client.id, tokens.refresh), proof)), 'invalid_dpop_proof');
      expect(app.events.at(-1)).toMatchObject({
        kind: 'request.refused',
        reason: member === 'n' ? 'proof_key_too_large' : 'proof_key_unusable',
      });
    }
  });
});

/** Tokens that are bound to a key (RFC 9449), from the request for a code to the guard and the refresh. */
import { type Context, requestState } from '../../src/model/context.ts';
import { describe, expect, it } from 'vitest';
import { parseAssertion } from '../../src/model/assertion.ts';
import { type JsonAnswer, type TestClient, tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, type App, appOn, ISSUER, makeApp, RESOURCE, storeNames } from '../support/app.ts';
import { makeProver, type Prover } from '../support/prover.ts';
import { answerOf, expectChallenge, expectJson } from '../support/verdicts.ts';

const TOKEN = `${ISSUER}/token`;
const SECRET = 'SvWAhyPGZ2CYDxG8WSbRxr7ebv4W6NCtUISSOgmDpFs=';
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const redeem = async (client: TestClient, code: string, dpop: string | null): Promise<JsonAnswer> =>
  client.token(
    {
      grant_type: 'authorization_code', code, client_id: client.id, redirect_uri: client.redirectUri, code_verifier: client.verifier,
      ...(client.secret === undefined ? {} : { client_secret: client.secret }),
    },
    dpop === null ? {} : { dpop },
  ); // prettier-ignore
const refresh = async (client: TestClient, token: string, dpop: string | null): Promise<JsonAnswer> =>
  client.token(
    {
      grant_type: 'refresh_token', refresh_token: token, client_id: client.id,
      ...(client.secret === undefined ? {} : { client_secret: client.secret }),
    },
    dpop === null ? {} : { dpop },
  ); // prettier-ignore
const call = async (app: App, token: string, dpop: string | null, scheme = 'DPoP'): Promise<Response> =>
  (await app.call(null, '/mcp', { authorization: `${scheme} ${token}`, ...(dpop === null ? {} : { dpop }) })).response;

async function signedIn(app: App, metadata: Record<string, unknown> = {}, alg = 'ES256') {
  const { client, code } = await app.toCode(metadata);
  const prover = await makeProver(app.clock, alg);
  const answer = await redeem(client, code, await prover.proof('POST', TOKEN));
  return { client, prover, answer, tokens: tokensOf(answer), again: (token: string) => prover.proof('POST', RESOURCE, { token }) };
}

describe.each(storeNames)('tokens that are bound to a key on %s', (store) => {
  it.each(['ES256', 'EdDSA', 'RS256'])(
    'S-271 work with a proof for each request, signed with %s, and say whose key they need',
    async (alg) => {
      const app = await makeApp(store);
      const { client, tokens, answer, again, prover } = await signedIn(app, {}, alg);
      expect(answer.body['token_type']).toBe('DPoP');
      const response = await call(app, tokens.access, await again(tokens.access));
      expect(response.status).toBe(200);
      expect(((await response.json()) as { auth: { cnf: { jkt: string } } }).auth.cnf.jkt).toMatch(/^[\w-]{43}$/);
      const next = await refresh(client, tokens.refresh, await prover.proof('POST', TOKEN));
      expect(next.body['token_type']).toBe('DPoP');
      expect((await call(app, tokensOf(next).access, await again(tokensOf(next).access))).status).toBe(200);
      const lower = await call(app, tokensOf(next).access, await again(tokensOf(next).access), 'dpop');
      expect(lower.status).toBe(200);
    },
  );

  it('SEC-216 S-270 are not accepted as bearer tokens, nor bearer tokens as DPoP tokens', async () => {
    const app = await makeApp(store);
    const { tokens, again, prover } = await signedIn(app);
    expectChallenge(await app.call(tokens.access), 'invalid_token');
    expectChallenge(await app.call(tokens.access, '/mcp', { dpop: await again(tokens.access) }), 'invalid_token');
    const plain = (await app.signedIn()).tokens.access;
    const refused = await call(app, plain, await prover.proof('POST', RESOURCE, { token: plain }));
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
      401,
      'DPoP error="invalid_token", resource_metadata="https://mcp.example/.well-known/oauth-protected-resource/mcp", algs="ES256 ES384 EdDSA Ed25519 RS256 PS256"',
    ]);
  });

  it('SEC-216 bind the refresh token of a public client, a retry within the grace too, and a code by dpop_jkt', async () => {
    const app = await makeApp(store);
    const { client, tokens, prover } = await signedIn(app);
    const other = await makeProver(app.clock);
    expectJson(await refresh(client, tokens.refresh, null), 'invalid_grant');
    expectJson(await refresh(client, tokens.refresh, await other.proof('POST', TOKEN)), 'invalid_grant');
    const [one, two] = [
      await refresh(client, tokens.refresh, await prover.proof('POST', TOKEN)),
      await refresh(client, tokens.refresh, await prover.proof('POST', TOKEN)),
    ];
    expect(two.body['access_token']).toBe(one.body['access_token']);

    const jkt = String(((await (await call(app, tokensOf(one).access, await prover.proof('POST', RESOURCE, { token: tokensOf(one).access }))).json()) as { auth: { cnf: { jkt: string } } }).auth.cnf.jkt);
    const bound = await app.client();
    const code = await bound.signIn(app.browser(), ALICE, { dpop_jkt: jkt });
    expectJson(await redeem(bound, code, null), 'invalid_grant');
    expectJson(await redeem(bound, code, await other.proof('POST', TOKEN)), 'invalid_grant');
    expect((await redeem(bound, code, await prover.proof('POST', TOKEN))).status).toBe(200);

    expectJson(await refresh(client, tokens.refresh, null), 'invalid_grant'); // retired: only a thief has it without the key
    expectJson(await refresh(client, tokensOf(one).refresh, await prover.proof('POST', TOKEN)), 'invalid_grant');
  }); // prettier-ignore

  it.each(['without a key', 'with a key'])('end with a thief who bound them to his own key, when the owner comes late %s (F-11)', async (how) => {
    const app = await makeApp(store);
    const { client, tokens } = await app.signedIn();
    const [thief, owner] = [await makeProver(app.clock), await makeProver(app.clock)];
    let stolen = tokensOf(await refresh(client, tokens.refresh, await thief.proof('POST', TOKEN)));
    for (let day = 0; day < 3; day++) {
      app.clock.pass(86_400);
      stolen = tokensOf(await refresh(client, stolen.refresh, await thief.proof('POST', TOKEN)));
    }
    expectJson(await refresh(client, tokens.refresh, how === 'with a key' ? await owner.proof('POST', TOKEN) : null), 'invalid_grant');
    expect(app.events.filter(({ kind }) => kind === 'grant.ended')).toMatchObject([{ reason: 'refresh_reused' }]);
    expectJson(await refresh(client, stolen.refresh, await thief.proof('POST', TOKEN)), 'invalid_grant');
    const access = await call(app, stolen.access, await thief.proof('POST', RESOURCE, { token: stolen.access }));
    expect(access.status).toBe(401);
  }); // prettier-ignore

  it('let a client that proves itself change its key at a refresh (RFC 9449 §5)', async () => {
    const app = await makeApp(store);
    const { client, tokens } = await signedIn(app, { token_endpoint_auth_method: 'client_secret_post' });
    const other = await makeProver(app.clock);
    const next = tokensOf(await refresh(client, tokens.refresh, await other.proof('POST', TOKEN)));
    expect((await call(app, next.access, await other.proof('POST', RESOURCE, { token: next.access }))).status).toBe(200);
  });

  it('SEC-215 accept a proof once, in any number of processes, and only for its own request', async () => {
    const app = await makeApp(store);
    const { client, tokens, prover, again } = await signedIn(app);
    const apps = [app, ...(await Promise.all([1, 2].map(() => appOn(app.inner, app.clock))))];
    const proof = await again(tokens.access);
    const all = await Promise.all(apps.map((one) => call(one, tokens.access, proof)));
    expect(all.filter(({ status }) => status === 200)).toHaveLength(1);
    const { kid: _, ...privateJwk } = prover.privateKey;
    const other = await makeProver(app.clock);
    const wrong: [string, string, Parameters<Prover['proof']>[2]][] = [
      ['GET', RESOURCE, {}],
      ['post', RESOURCE, {}],
      ['POST', `${ISSUER}/mcp2`, {}],
      ['POST', 'http://mcp.example/mcp', {}],
      ['POST', 'not a url', {}],
      ['POST', RESOURCE, { claims: { ath: undefined } }],
      ['POST', RESOURCE, { claims: { ath: 'x' } }],
      ['POST', RESOURCE, { claims: { iat: app.clock.now() - 301 } }],
      ['POST', RESOURCE, { claims: { iat: app.clock.now() + 301 } }],
      ['POST', RESOURCE, { claims: { iat: String(app.clock.now()) } }],
      ['POST', RESOURCE, { claims: { jti: undefined } }],
      ['POST', RESOURCE, { header: { typ: 'jwt' } }],
      ['POST', RESOURCE, { header: { typ: undefined } }],
      ['POST', RESOURCE, { header: { jwk: undefined } }],
      ['POST', RESOURCE, { header: { jwk: privateJwk } }],
      ['POST', RESOURCE, { header: { jwk: other.publicKey } }],
      ['POST', RESOURCE, { header: { jwk: { kty: 'oct', k: 'AAAA' } } }],
    ];
    for (const [method, url, more] of wrong) {
      const refused = await call(app, tokens.access, await prover.proof(method, url, { token: tokens.access, ...more }));
      expect([refused.status, refused.headers.get('www-authenticate')], JSON.stringify([method, url, more])).toEqual([
        401,
        expect.stringMatching(/^DPoP error="invalid_dpop_proof"/),
      ]);
    }
    for (const bad of [null, 'x', 'a.b.c', `${await again(tokens.access)}, ${await again(tokens.access)}`])
      expect((await call(app, tokens.access, bad)).status).toBe(401);
    expect((await call(app, tokens.access, await prover.proof('POST', `${RESOURCE}?x=1#y`, { token: tokens.access }))).status).toBe(200);
    const used = await prover.proof('POST', TOKEN);
    const next = await refresh(client, tokens.refresh, used);
    expectJson(await refresh(client, tokensOf(next).refresh, used), 'invalid_dpop_proof');
    expectJson(await refresh(client, tokensOf(next).refresh, await prover.proof('POST', RESOURCE)), 'invalid_dpop_proof');
  });

  it('SEC-215 ask for a nonce of the server where that is wanted, from any process, until it is old', async () => {
    const app = await makeApp(store, { dpopNonces: true, secret: SECRET });
    const { client, code } = await app.toCode();
    const prover = await makeProver(app.clock);
    const first = await redeem(client, code, await prover.proof('POST', TOKEN));
    expectJson(first, 'use_dpop_nonce');
    const nonce = first.headers.get('dpop-nonce') ?? '';
    const good = await redeem(client, code, await prover.proof('POST', TOKEN, { claims: { nonce } }));
    const { access } = tokensOf(good);
    expect(good.headers.get('dpop-nonce')).toBe(nonce);
    const other = await appOn(app.inner, app.clock, { dpopNonces: true, secret: SECRET });
    const withNonce = async (one: string): Promise<Response> =>
      call(other, access, await prover.proof('POST', RESOURCE, { token: access, claims: { nonce: one } }));
    expect((await withNonce(nonce)).status).toBe(200);
    app.clock.pass(300);
    const late = await withNonce(nonce);
    expect([late.status, late.headers.get('www-authenticate')]).toEqual([401, expect.stringContaining('error="use_dpop_nonce"')]);
    expect((await withNonce(late.headers.get('dpop-nonce') ?? '')).status).toBe(200);
    await expect(makeApp(store, { dpopNonces: true })).rejects.toThrow(/`dpopNonces` needs a key of the server/);
  });

  it('are looked at again while a stream lasts, without another proof', async () => {
    const app = await makeApp(store, {
      apiHandler: async (_request: Request, _env: unknown, ctx: Context) => Response.json(await requestState(ctx).stillGood?.()),
    });
    const { client, tokens, again } = await signedIn(app);
    expect(await (await call(app, tokens.access, await again(tokens.access))).json()).toBe(true);
    const ending = await appOn(app.inner, app.clock, {
      apiHandler: async (_request: Request, _env: unknown, ctx: Context) => {
        await client.revoke(tokens.access);
        return Response.json(await requestState(ctx).stillGood?.());
      },
    });
    expect(await (await call(ending, tokens.access, await again(tokens.access))).json()).toBe(false);
  });

  it('S-271 are the only ones for a client that registered so', async () => {
    const app = await makeApp(store);
    for (const metadata of [{}, { token_endpoint_auth_method: 'client_secret_post' }]) {
      const { client, code } = await app.toCode({ dpop_bound_access_tokens: true, ...metadata });
      expectJson(await redeem(client, code, null), 'invalid_dpop_proof');
      const prover = await makeProver(app.clock);
      expect((await redeem(client, code, await prover.proof('POST', TOKEN))).body['token_type']).toBe('DPoP');
    }
  });

  it('tell their key at introspection, in a signed token, and in a pushed request', async () => {
    const clients = [{ id: 'notes', secret: 'a-secret-of-enough-characters-to-pass', introspects: ['/mcp'] }] as const;
    const app = await makeApp(store, { clients, accessTokenSigning: 'ES256', secret: SECRET });
    const { tokens } = await signedIn(app);
    const basic = { ...FORM, authorization: `Basic ${btoa(`notes:${clients[0].secret}`)}` };
    const { body } = await answerOf(await app.ask('POST', '/introspect', new URLSearchParams({ token: tokens.access }), basic));
    expect(body).toMatchObject({ active: true, token_type: 'DPoP', cnf: { jkt: expect.any(String) as string } });
    expect(parseAssertion(tokens.access)?.claims['cnf']).toEqual(body['cnf']);

    const [client, prover] = [await app.client(), await makeProver(app.clock)];
    const form = new URL(await client.authorizeUrl()).searchParams;
    const push = async (more: Record<string, string>): Promise<JsonAnswer> =>
      answerOf(
        await app.ask('POST', '/par', new URLSearchParams([...form, ...Object.entries(more)]), {
          ...FORM,
          dpop: await prover.proof('POST', `${ISSUER}/par`),
        }),
      );
    expectJson(await push({ dpop_jkt: 'A'.repeat(43) }), 'invalid_dpop_proof');
    const pushed = await push({});
    const browser = app.browser();
    const page = await browser.get(`${ISSUER}/authorize?${new URLSearchParams({ client_id: client.id, request_uri: String(pushed.body['request_uri']) })}`);
    const back = await browser.submit(page, { decision: 'approve', ...ALICE });
    const code = new URL(back.location ?? '').searchParams.get('code') ?? '';
    expectJson(await redeem(client, code, null), 'invalid_grant');
    expect((await redeem(client, code, await prover.proof('POST', TOKEN))).status).toBe(200);
  }); // prettier-ignore
});

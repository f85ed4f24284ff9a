/** Access tokens that are signed (RFC 9068): checked elsewhere by their keys, and here by the grant all the same. */
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { parseAssertion } from '../../src/model/assertion.ts';
import { tokensOf } from '../../src/testing/oauth-client.ts';
import { verifyJwt } from '../../src/verifiers/jwt.ts';
import { type App, appOn, ISSUER, makeApp, RESOURCE, storeNames } from '../support/app.ts';
import { answerOf, expectChallenge, expectJson } from '../support/verdicts.ts';

const [SECRET, OTHER] = ['SvWAhyPGZ2CYDxG8WSbRxr7ebv4W6NCtUISSOgmDpFs=', 'r7ebv4W6NCtUISSOgmDpFsSvWAhyPGZ2CYDxG8WSbRw='];
const clients = [{ id: 'notes', secret: 'a-secret-of-enough-characters-to-pass', introspects: ['/mcp'] }] as const;
const options = { accessTokenSigning: 'ES256', secret: SECRET, clients } as const;
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const keysOf = async (app: App): Promise<Record<string, unknown>[]> =>
  ((await (await app.ask('GET', '/jwks')).json()) as { keys: Record<string, unknown>[] }).keys;
const claimsOf = (token: string) => parseAssertion(token)?.claims ?? {};
/** A resource server elsewhere, which knows nothing but the issuer. */
const elsewhere = (app: App) =>
  verifyJwt({ issuer: ISSUER, now: app.clock.now, fetch: (input, init) => app.send(new Request(input, init)) }).verify;
describe.each(storeNames)('signed access tokens on %s', (store) => {
  it.each(['ES256', 'EdDSA', 'RS256'] as const)(
    'are valid at a guard of another server and at ours, signed with %s (RFC 9068 §2)',
    async (alg) => {
      const app = await makeApp(store, { ...options, accessTokenSigning: alg });
      const { client, tokens } = await app.signedIn();
      const head = parseAssertion(tokens.access);
      expect([head?.alg, head?.typ]).toEqual([alg, 'at+jwt']);
      expect(claimsOf(tokens.access)).toMatchObject({
      iss: ISSUER, sub: app.aliceId, aud: RESOURCE, client_id: client.id, scope: 'read write', exp: app.clock.now() + 3600,
    }); // prettier-ignore
      expect(await elsewhere(app)(tokens.access, RESOURCE)).toMatchObject({ userId: app.aliceId, clientId: client.id });
      expect(await elsewhere(app)(tokens.access, `${ISSUER}/other`)).toBeNull();
      const own = await app.call(tokens.access);
      expect(own.access).toMatchObject({ userId: app.aliceId, props: { claims: { name: 'Alice' } } });
    },
  );

  it('SEC-072 end at introspection and at our guard with the grant, although their signature stays good', async () => {
    const app = await makeApp(store, options);
    const { client, tokens } = await app.signedIn();
    const basic = { ...FORM, authorization: `Basic ${btoa(`notes:${clients[0].secret}`)}` };
    const active = async (): Promise<unknown> =>
      (await answerOf(await app.ask('POST', '/introspect', new URLSearchParams({ token: tokens.access }), basic))).body['active'];
    expect(await active()).toBe(true);
    await client.revoke(tokens.access);
    expect(await active()).toBe(false);
    expectChallenge(await app.call(tokens.access), 'invalid_token');
    expect(await elsewhere(app)(tokens.access, RESOURCE)).not.toBeNull(); // which is why lives are short
    const next = tokensOf(await client.refresh(tokens.refresh));
    expect((await app.call(next.access)).status).toBe(200);
    await client.revoke(next.refresh);
    expectChallenge(await app.call(next.access), 'invalid_token');
  });

  it('are repeated unchanged to a refresh that lost the response', async () => {
    const app = await makeApp(store, options);
    const { client, tokens } = await app.signedIn();
    const all = await Promise.all([1, 2, 3].map(async () => tokensOf(await client.refresh(tokens.refresh))));
    expect(new Set(all.map(({ access }) => access)).size).toBe(1);
    expect((await app.call(all[0]?.access ?? '')).status).toBe(200);
    expectJson(await client.redeem('code_x'), 'invalid_grant');
  });

  it('SEC-201 SEC-202 SEC-203 SEC-204 SEC-205 SEC-206 cost one read at most when forged, and are refused in every form', async () => {
    const app = await makeApp(store, options);
    const { tokens } = await app.signedIn();
    const claims = claimsOf(tokens.access);
    const [head = '', body = '', signature = ''] = tokens.access.split('.');
    const header = (more: object): string => btoa(JSON.stringify({ alg: 'ES256', typ: 'at+jwt', ...more })).replace(/=+$/, '');
    const { privateKey, publicKey } = await generateKeyPair('ES256', { extractable: true });
    const signed = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'x', jwk: await exportJWK(publicKey) })
      .sign(privateKey);
    const forged = [
      ...['none', 'NONE', 'HS256'].map((alg) => `${header({ alg })}.${body}.${signature}`),
      `${header({ alg: 'none' })}.${body}.`,
      ...[{ crit: ['x'] }, { b64: false }, { zip: 'DEF' }, { jku: 'https://evil.example/' }, { kid: "' OR 1=1" }].map(
        (more) => `${header(more)}.${body}.${signature}`,
      ),
      signed,
      `${head}.${body}.${'A'.repeat(86)}`,
      `${head}.${body}.${signature}.x`,
      `${head}.${body}`,
      `${head}.${btoa('{"jti":1}')}.${signature}`,
      `${head}.${body}.${'A'.repeat(20_000)}`,
    ];
    for (const token of forged) {
      const before = app.counts.reads;
      expectChallenge(await app.call(token), 'invalid_token');
      expect(app.counts.reads - before).toBeLessThanOrEqual(1);
    }
    expect((await app.call(tokens.access)).status).toBe(200);
    app.clock.pass(3600);
    expectChallenge(await app.call(tokens.access), 'invalid_token');
  });

  it('SEC-207 SEC-208 change their key in time, with the old one published until its last token is over, and no private part ever', async () => {
    const app = await makeApp(store, { ...options, refreshTokenTTL: 400 * 86_400, refreshTokenIdleTTL: 400 * 86_400 });
    const { client, tokens } = await app.signedIn();
    const [first] = await keysOf(app);
    expect(Object.keys(first ?? {}).toSorted()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y']);
    app.clock.pass(89 * 86_400);
    expect((await keysOf(app)).map(({ kid }) => kid === first?.['kid'])).toEqual([true, false]);
    app.clock.pass(86_400 - 60);
    const old = tokensOf(await client.refresh(tokens.refresh));
    expect(parseAssertion(old.access)?.kid).toBe(first?.['kid']);
    app.clock.pass(400);
    const young = tokensOf(await client.refresh(old.refresh));
    expect(parseAssertion(young.access)?.kid).not.toBe(first?.['kid']);
    for (const token of [old.access, young.access]) expect(await elsewhere(app)(token, RESOURCE)).not.toBeNull();
    app.clock.pass(3600 + 600);
    expect((await keysOf(app)).map(({ kid }) => kid)).toEqual([parseAssertion(young.access)?.kid]);
    expect(await elsewhere(app)(old.access, RESOURCE)).toBeNull();
    expect(app.events.flatMap((event) => (event.kind === 'key.made' ? [event.reason] : []))).toEqual(['first', 'rotation']);
    expect(JSON.stringify(await app.inner.read('signing-keys:ES256'))).not.toContain('"d"');
  });

  it('SEC-210 FLT-14 are signed with one key, also if several processes need the first one at once', async () => {
    const app = await makeApp(store, options);
    const others = await Promise.all([1, 2, 3].map(() => appOn(app.inner, app.clock, options)));
    const keys = await Promise.all([app, ...others].map(keysOf));
    expect(new Set(keys.map((set) => JSON.stringify(set))).size).toBe(1);
  });

  it('are not signed by a process with another secret: 503, nothing is spent, and the keys stay (F-62, SEC-209)', async () => {
    const app = await makeApp(store, options);
    const { client, tokens } = await app.signedIn();
    const before = await keysOf(app);
    const wrong = await appOn(app.inner, app.clock, { ...options, secret: OTHER });
    expect((await wrong.call(tokens.access)).status).toBe(200);
    expect(await keysOf(wrong)).toEqual(before); // the public part needs no secret
    const form = { grant_type: 'refresh_token', refresh_token: tokens.refresh, client_id: client.id };
    const refused = await wrong.ask('POST', '/token', new URLSearchParams(form), FORM);
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '30']);
    app.clock.pass(89.5 * 86_400); // when the next key is due
    expect(await keysOf(wrong)).toEqual(before);
    expect(wrong.events.some(({ kind }) => kind === 'key.made')).toBe(false);
    const { error } = wrong.events.find(({ kind }) => kind === 'request.failed') as unknown as { error: Error };
    expect(error.message).toContain('kind "signing-keys" is sealed under a secret that is not given');
  });

  it('lose nothing to a 503 for a missing secret: the same code and refresh token are good afterwards (F-62)', async () => {
    const app = await makeApp(store, options);
    const { client, tokens } = await app.signedIn();
    const wrong = await appOn(app.inner, app.clock, { ...options, secret: OTHER });
    const { client: second, code } = await app.toCode();
    const form = {
      grant_type: 'authorization_code', code, client_id: second.id, code_verifier: second.verifier, redirect_uri: second.redirectUri,
    }; // prettier-ignore
    for (const body of [{ grant_type: 'refresh_token', refresh_token: tokens.refresh, client_id: client.id }, form])
      expect((await wrong.ask('POST', '/token', new URLSearchParams(body), FORM)).status).toBe(503);
    expect([(await client.refresh(tokens.refresh)).status, (await second.redeem(code)).status]).toEqual([200, 200]);
  });

  it('are signed with a new key after a lost secret was removed, with an event, and the old key stays published until its tokens end (F-62)', async () => {
    const app = await makeApp(store, options);
    const { tokens } = await app.signedIn();
    app.clock.pass(60);
    const after = await appOn(app.inner, app.clock, { ...options, secret: OTHER });
    const helpers = after.provider.helpers({ ...after.env, PORTCULLIS: after.inner });
    const counts = { resealed: 0, left: 0, dropped: 0 };
    for (let page = await helpers.reseal(undefined, { dangerouslyDropUnreadable: true }); ;) {
      counts.dropped += page.dropped ?? 0;
      if (page.next === undefined) break;
      page = await helpers.reseal(page.next, { dangerouslyDropUnreadable: true });
    }
    expect(counts.dropped).toBe(1);
    const { tokens: next } = await after.signedIn();
    for (const token of [tokens.access, next.access]) expect(await elsewhere(after)(token, RESOURCE)).not.toBeNull();
    expect(after.events).toContainEqual(expect.objectContaining({ kind: 'key.made', reason: 'unreadable' }));
    expect((await keysOf(after)).length).toBe(2);
    app.clock.pass(2 * 3600);
    expect((await keysOf(after)).length).toBe(1);
  });

  it('can be for some resources alone', async () => {
    const app = await makeApp(store, { ...options, accessTokenSigning: 'none', resources: { '/mcp': { accessTokenSigning: 'EdDSA' } } });
    expect(parseAssertion((await app.signedIn()).tokens.access)?.alg).toBe('EdDSA');
    expect((await keysOf(app)).map(({ crv }) => crv)).toEqual(['Ed25519']);
    expect((await (await makeApp(store)).ask('GET', '/jwks')).status).toBe(404);
  });
});

describe('signing', () => {
  it('SEC-208 refuses to start without a secret', async () => {
    const { secret: _, ...without } = options;
    await expect(makeApp('memory', without)).rejects.toThrow(/`accessTokenSigning` needs a key of the server. Give the option `secret`/);
    await expect(makeApp('memory', { ...options, accessTokenSigning: 'HS256' as never })).rejects.toThrow(/must be one of ES256/);
  });
});

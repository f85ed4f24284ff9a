/** What the registration endpoints tell the operator of each refusal, and the client of each registration. */
import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../../src/stores/memory.ts';
import { makeClock } from '../../../src/testing/clock.ts';
import { type App, appOn, ISSUER, makeApp } from '../../support/app.ts';
import { answerOf, expectNothingWritten, lastReason } from '../../support/verdicts.ts';

const JSON_TYPE = { 'content-type': 'application/json' };
const GOOD = { redirect_uris: ['https://app.example/cb'], token_endpoint_auth_method: 'none' };
const EC = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' };
const post = async (app: App, body: BodyInit, headers: Record<string, string> = {}): ReturnType<typeof answerOf> =>
  answerOf(await app.ask('POST', '/register', body, { ...JSON_TYPE, ...headers }));

describe('endpoints/oauth/register: reasons', () => {
  it.each<[string, number, BodyInit, Record<string, string>]>([
    ['media_type', 400, JSON.stringify(GOOD), { 'content-type': 'text/plain' }],
    ['body_malformed', 400, Uint8Array.of(0x7b, 0xff, 0x7d), {}],
    ['body_encoded', 415, Uint8Array.of(0x1f, 0x8b, 8), { 'content-encoding': 'gzip' }],
    ['body_too_large', 413, JSON.stringify({ ...GOOD, client_name: 'x'.repeat(70_000) }), {}],
    ['register_policy', 400, JSON.stringify({ ...GOOD, client_name: 'No' }), {}],
  ])('says %s, and writes nothing', async (reason, status, body, headers) => {
    const app = await makeApp('memory', { clientRegistration: { policy: ({ name }) => name !== 'No' } });
    const answer = await expectNothingWritten(app, () => post(app, body, headers));
    expect([answer.status, lastReason(app)]).toEqual([status, reason]);
  });

  it('makes an IPv6 /48 wait after 120 registrations, and says how long', async () => {
    const app = await makeApp('memory');
    const from = (address: string): ReturnType<typeof answerOf> => post(app, JSON.stringify(GOOD), { 'x-test-address': address });
    for (let at = 0; at < 120; at++) expect((await from(`2001:db8:0:${(at % 3) + 1}::1`)).status).toBe(201);
    app.clock.pass(100);
    const answer = await from('2001:db8:0:9::1');
    expect([answer.status, answer.headers.get('retry-after'), lastReason(app)]).toEqual([429, '500', 'register_limited']);
    expect((await from('2001:db8:1:9::1')).status).toBe(201);
    app.clock.pass(500);
    expect((await from('2001:db8:0:9::1')).status).toBe(201);
  });

  it('says what is wrong with an initial access token', async () => {
    const app = await makeApp('memory', { clientRegistration: { initialAccessToken: 'required' } });
    const token = await app.provider.helpers(app.env).clients.createInitialAccessToken();
    const reason = async (headers: Record<string, string>): Promise<unknown> => {
      const answer = await post(app, JSON.stringify(GOOD), headers);
      return answer.status === 401 ? [lastReason(app), answer.headers.get('www-authenticate')] : answer.status;
    };
    const INVALID = 'Bearer error="invalid_token"';
    expect(await reason({})).toEqual(['register_token_missing', INVALID]);
    for (const header of [`Basic ${token}`, `Bearer ${token}x`, `Bearer${token}`, `Bearer ${token} x`, `x Bearer ${token}`])
      expect([header, await reason({ authorization: header })]).toEqual([header, ['register_token_malformed', INVALID]]);
    expect(await reason({ authorization: `Bearer ${'A'.repeat(43)}` })).toEqual(['register_token_unknown', INVALID]);
    expect(await reason({ authorization: `bearer  ${token}` })).toBe(201);
    expect(await reason({ authorization: `Bearer ${token}` })).toEqual(['register_token_unknown', INVALID]);
  });

  it('tells a client all that it registered, and nothing that it did not', async () => {
    const app = await makeApp('memory', { clientRegistration: { redirectSchemes: ['com.example.app'] } });
    const made = async (metadata: Record<string, unknown>): Promise<Record<string, unknown>> => {
      const { status, body } = await app.register(metadata);
      expect(status).toBe(201);
      const { client_id: id, client_id_issued_at: at, registration_access_token: token, registration_client_uri: uri, ...rest } = body;
      expect([at, uri]).toEqual([app.clock.now(), `${ISSUER}/register/client?client_id=${String(id)}`]);
      expect([id, token]).toEqual([expect.stringMatching(/^[\w-]{22}$/), expect.stringMatching(/^[\w-]{43}$/)]);
      return rest;
    };
    expect(await made(GOOD)).toEqual({
      ...GOOD,
      application_type: 'native',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    });
    const full = {
      redirect_uris: ['http://localhost/cb', 'com.example.app:/cb'],
      application_type: 'native',
      client_name: 'App',
      client_uri: 'https://app.example/',
      scope: 'read write',
      jwks: { keys: [EC] },
      token_endpoint_auth_method: 'private_key_jwt',
      dpop_bound_access_tokens: true,
      require_pushed_authorization_requests: true,
      grant_types: ['authorization_code'],
    };
    expect(await made(full)).toEqual({ ...full, response_types: ['code'] });
    const secret = await made({ redirect_uris: ['https://app.example/cb', 'other:/cb'] });
    expect(secret).toEqual({
      redirect_uris: ['https://app.example/cb'],
      application_type: 'native',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_basic',
      client_secret: expect.stringMatching(/^[\w-]{43}$/),
      client_secret_expires_at: 0,
    });
    expect(app.events.at(-1)).toMatchObject({ kind: 'client.registered' });
  });

  it('says when it is full, and when to come again', async () => {
    const app = await makeApp('memory', { clientRegistration: { most: 1 } });
    await app.signedIn();
    const answer = await post(app, JSON.stringify(GOOD));
    expect([answer.status, answer.body['error'], answer.headers.get('retry-after'), lastReason(app)]).toEqual([
      503,
      'temporarily_unavailable',
      '3600',
      'register_full',
    ]);
  });

  it('takes an IPv4 network for itself alone, and says in its answer what a client has to wait for', async () => {
    const app = await makeApp('memory');
    for (let at = 0; at < 60; at++) expect((await post(app, JSON.stringify(GOOD), { 'x-test-address': '198.51.100.1' })).status).toBe(201);
    const answer = await post(app, JSON.stringify(GOOD), { 'x-test-address': '198.51.100.1' });
    expect([answer.status, answer.body['error']]).toEqual([429, 'temporarily_unavailable']);
    for (const network of [2, 3])
      for (let at = 0; at < 60; at++)
        expect((await post(app, JSON.stringify(GOOD), { 'x-test-address': `198.51.100.${network}` })).status).toBe(201);
    expect((await post(app, JSON.stringify(GOOD), { 'x-test-address': '198.51.100.4' })).status).toBe(201);
  });

  it('takes the address of keys where it can fetch them, and tells it again', async () => {
    const metadata = {
      redirect_uris: GOOD.redirect_uris,
      token_endpoint_auth_method: 'private_key_jwt',
      jwks_uri: 'https://app.example/keys',
    };
    const clock = makeClock();
    const app = await appOn(memoryStore(clock), clock, {}, { fetchPublic: async () => Response.json({ keys: [EC] }) });
    const made = await app.register(metadata);
    expect([made.status, made.body['jwks_uri'], 'jwks' in made.body]).toEqual([201, metadata.jwks_uri, false]);
    expect((await (await makeApp('memory')).register(metadata)).status).toBe(400);
  });
});

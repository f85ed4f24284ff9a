/** What the operator is told of a token that is not good, and the caller is not. */
import { describe, expect, it, vi } from 'vitest';
import { guard } from '../../src/guard/guard.ts';
import type { GuardRefusal } from '../../src/guard/refused.ts';
import { base64url, utf8 } from '../../src/lib/bytes.ts';
import { anyOf, apiKeys, verifyIntrospection, verifyJwt } from '../../src/verifiers/index.ts';
import { makeIssuer, makeKey, NOW } from '../support/issuer.ts';

const RESOURCE = 'https://mcp.example/mcp';
const ISSUER = 'https://as.example';

const ask = async (token: string, more: Parameters<typeof guard>[0]): Promise<{ told: GuardRefusal[]; answer: Response }> => {
  const told: GuardRefusal[] = [];
  const answer = await guard({ ...more, anonymous: false, onRefused: (refusal) => void told.push(refusal) })(
    new Request(more.resource, { method: 'POST', headers: { authorization: `Bearer ${token}` } }),
  );
  if (!(answer instanceof Response)) throw new Error('The token was taken.');
  return { told, answer };
};

describe('a signed token that is not good (N-02)', async () => {
  const as = await makeIssuer(ISSUER);
  const stranger = await makeKey('ES256', 'stranger');
  const same = await makeKey('ES256', 'ES256-1');
  const good = { aud: RESOURCE };
  const source = () => ({ resource: RESOURCE, ...verifyJwt({ issuer: ISSUER, fetch: as.fetch, now: as.now }) }); // one for each test
  const cases: readonly (readonly [reason: string, detail: string | undefined, token: string])[] = [
    ['audience_wrong', `expected aud "${RESOURCE} ${RESOURCE}/", token says "https://other.example"`, await as.sign({ aud: 'https://other.example' })],
    ['audience_wrong', `expected aud "${RESOURCE} ${RESOURCE}/", token says nothing`, await as.sign({})],
    ['type_wrong', 'expected typ "at+jwt", token says "JWT"', await as.sign(good, { typ: 'JWT' })],
    ['issuer_wrong', `expected iss "${ISSUER}", token says "https://as.example/"`, await as.sign({ ...good, iss: `${ISSUER}/` })],
    ['token_expired', `expected exp after ${NOW}, token says ${NOW - 31}`, await as.sign({ ...good, exp: NOW - 31 })],
    ['token_not_yet_valid', `expected nbf before ${NOW}, token says ${NOW + 60}`, await as.sign({ ...good, nbf: NOW + 60 })],
    ['token_not_yet_valid', `expected iat before ${NOW}, token says ${NOW + 60}`, await as.sign({ ...good, iat: NOW + 60 })],
    ['token_for_another_use', 'the token has "nonce", which access tokens do not have', await as.sign({ ...good, nonce: 'n' })],
    ['claim_missing', 'the token has no "exp"', await as.sign({ ...good, exp: undefined })],
    ['claim_malformed', 'the token\'s "exp" is "soon"', await as.sign({ ...good, exp: 'soon' })],
    ['token_malformed', undefined, (await as.sign(good)).replace(/^[^.]+/, base64url(utf8('{}')))],
    ['user_missing', 'the token names no user', await as.sign({ ...good, sub: undefined })],
    ['client_missing', 'the token names no client', await as.sign({ ...good, client_id: undefined })],
    ['program_not_taken', 'the token is of a program, and `programs` is not set', await as.sign({ ...good, sub: 'client-1' })],
    ['bound_otherwise', 'the token is bound to something other than a DPoP key', await as.sign({ ...good, cnf: { 'x5t#S256': 'x' } })],
    ['key_unknown', 'the issuer publishes no key "stranger"', await as.sign({ ...good, iat: NOW - 100 }, {}, stranger)],
    ['key_unknown', 'the issuer publishes no key "tttttttt..."', await as.sign({ ...good, iat: NOW - 100 }, { kid: 't'.repeat(43) })],
    ['signature_wrong', `no key of "${ISSUER}" signed the token`, await as.sign(good, {}, same)],
    ['token_not_signed', 'expected a signed JWT', 'opaque'],
  ]; // prettier-ignore

  it.each(cases)('tells %s: %s', async (reason, detail, token) => {
    const { told, answer } = await ask(token, source());
    expect(told).toEqual([{ code: 'invalid_token', reason, detail }]);
    expect(await answer.json()).toEqual({ error: 'invalid_token', error_description: expect.stringMatching(/^The access token is missing, expired, revoked, or not for this resource\.$/) });
  }); // prettier-ignore

  it('tells key_ambiguous if the token names no key and the issuer publishes several', async () => {
    const two = await makeIssuer(ISSUER);
    two.publish(['one', 'two'].map((kid) => ({ ...stranger.jwk, kid })));
    const token = await two.sign(good, { kid: undefined }, stranger);
    const { told } = await ask(token, { resource: RESOURCE, ...verifyJwt({ issuer: ISSUER, fetch: two.fetch, now: two.now }) });
    expect(told).toEqual([
      { code: 'invalid_token', reason: 'key_ambiguous', detail: 'the token names no `kid`, and several keys would do' },
    ]);
  });

  it('quotes what a token says, so that it cannot forge a line of the log, and cuts it', async () => {
    const { told } = await ask(await as.sign({ aud: `x\n\u202Eportcullis: fine ${'y'.repeat(400)}` }), source());
    expect(told[0]?.detail).toMatch(/^[\x20-\x7e]{1,300}$/);
    expect(told[0]?.detail).toContain(String.raw`x\n?portcullis`);
  });

  it('prints a line and tells the caller if the resource is on loopback, and nothing otherwise', async () => {
    const lines = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    for (const resource of ['http://localhost:8787/mcp', 'http://127.0.0.1:1/mcp', 'http://[::1]:1/mcp', RESOURCE]) {
      lines.mockClear();
      const token = await as.sign({ aud: 'https://other.example' });
      const answer = await guard({ ...source(), resource, anonymous: false })(new Request(resource, { method: 'POST', headers: { authorization: `Bearer ${token}` } })); // prettier-ignore
      const { error_description: said } = (await (answer as Response).json()) as { error_description: string };
      const isLocal = resource !== RESOURCE;
      expect([lines.mock.calls.length, said.includes('audience_wrong')]).toEqual([isLocal ? 1 : 0, isLocal]);
      if (isLocal)
        expect(lines.mock.calls[0]?.[0]).toMatch(
          /^portcullis: guard refused a request with invalid_token: audience_wrong \(expected aud .*, token says "https:\/\/other\.example"\)\. /,
        );
    }
    lines.mockRestore();
  });
});

describe('an opaque token that is not good (N-02)', () => {
  it('is told of as introspection has it, also from memory', async () => {
    const as = await makeIssuer(ISSUER);
    const options = { issuer: ISSUER, clientId: 'rs', clientSecret: 's', fetch: as.fetch, now: as.now };
    const source = { resource: RESOURCE, ...verifyIntrospection(options) };
    const answers: readonly (readonly [string, object])[] = [
      ['token_inactive', { active: false }],
      ['issuer_wrong', { active: true, iss: 'https://x.example' }],
      ['key_not_named', { active: true, token_type: 'DPoP' }],
      ['token_not_yet_valid', { active: true, nbf: NOW + 60 }],
      ['audience_wrong', { active: true, aud: 'https://x.example' }],
      ['token_expired', { active: true, aud: RESOURCE, exp: NOW - 60 }],
      ['user_missing', { active: true, aud: RESOURCE, client_id: 'c' }],
    ];
    for (const [at, [reason, body]] of answers.entries()) {
      as.answers.set(`${ISSUER}/introspect`, () => Response.json(body));
      for (const _ of [1, 2]) expect((await ask(`opaque${at}`, source)).told).toMatchObject([{ reason }]);
    }
  });

  it('is told of by keys and by several sources', async () => {
    const keys = apiKeys({
      prefix: 'acme_',
      find: (hash) => (hash === 'x' ? null : { userId: 'u', clientId: 'c', scope: [], expiresAt: 1 }),
    });
    const none = apiKeys({ prefix: 'acme_', find: () => null });
    const long = `acme_${'k'.repeat(30)}`;
    const as = await makeIssuer(ISSUER);
    const both = anyOf(none, verifyJwt({ issuer: ISSUER, fetch: as.fetch, now: as.now }));
    const own = { resource: RESOURCE, authorizationServers: [ISSUER] };
    expect((await ask('acme_short', { ...own, verify: keys.verify })).told).toMatchObject([{ reason: 'api_key_malformed' }]);
    expect((await ask(long, { ...own, verify: keys.verify })).told).toMatchObject([{ reason: 'api_key_expired' }]);
    expect((await ask(long, { ...own, verify: none.verify })).told).toMatchObject([{ reason: 'api_key_unknown' }]);
    expect((await ask('opaque', { ...own, verify: both.verify })).told).toMatchObject([{ reason: 'source_unknown' }]);
    expect((await ask(await as.sign({ aud: 'x' }), { ...own, verify: both.verify })).told).toMatchObject([{ reason: 'audience_wrong' }]);
    expect((await ask('any', { ...own, verify: () => null })).told).toMatchObject([{ reason: 'token_not_good' }]);
  });

  it('is refused all the same where `onRefused` throws', async () => {
    const lines = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const check = guard({ resource: RESOURCE, authorizationServers: [ISSUER], verify: () => null, anonymous: false, onRefused() { throw new Error('no'); } }); // prettier-ignore
    const answer = await check(new Request(RESOURCE, { headers: { authorization: 'Bearer x' } }));
    expect([(answer as Response).status, lines.mock.calls.length]).toEqual([401, 1]);
    lines.mockRestore();
  });
});

import { describe, expect, it } from 'vitest';
import { base64url } from '../../src/lib/bytes.ts';
import {
  claimedProof,
  parseProof,
  type Proof,
  type ProofTarget,
  PROOF_WINDOW,
  readProof,
  requestProblem,
  thumbprintText,
} from '../../src/model/dpop.ts';
import type { Jwk } from '../../src/model/key-set.ts';

const NOW = 1_790_000_000;
const URL_CALLED = 'https://mcp.example/mcp';
const EC: Jwk = { kty: 'EC', crv: 'P-256', x: 'xx', y: 'yy' };
const part = (value: unknown): string => base64url(new TextEncoder().encode(JSON.stringify(value)));
const claims = { jti: 'id', iat: NOW, htm: 'POST', htu: URL_CALLED };
const header = { alg: 'ES256', typ: 'dpop+jwt', jwk: EC };
const proof = (more: object = {}, moreHeader: object = {}): string =>
  `${part({ ...header, ...moreHeader })}.${part({ ...claims, ...more })}.c2ln`;
const parsed = (more: object = {}): Proof => parseProof(proof(more)) as Proof;
const rsa = (n: unknown, e: unknown): object => ({ alg: 'RS256', jwk: { kty: 'RSA', n, e } });

describe('model/dpop', () => {
  it('reads a proof (RFC 9449 §4.2)', () => {
    expect(parseProof(proof())).toMatchObject({ key: EC, id: 'id', issuedAt: NOW, assertion: { claims, alg: 'ES256' } });
    expect(parseProof(proof({}, rsa('n'.repeat(683), 'AQABAA')))).toMatchObject({ id: 'id' });
  });

  it.each<[string, string | null]>([
    ['missing', null],
    ['several', `${proof()},${proof()}`],
    ['malformed', 'x'],
    ['malformed', proof({}, { alg: 'HS256' })],
    ['type', proof({}, { typ: undefined })],
    ['type', proof({}, { typ: 'jwt' })],
    ['key_unusable', proof({}, { jwk: undefined })],
    ['key_unusable', proof({}, { jwk: { ...EC, d: 'secret' } })],
    ['key_unusable', proof({}, { jwk: { ...EC, crv: 'P-384' } })],
    ['key_unusable', proof({}, rsa('n'.repeat(683), 'AQ'))],
    ['key_too_large', proof({}, rsa('n'.repeat(684), 'AQAB'))],
    ['key_too_large', proof({}, rsa('n', 'AQABAAA'))],
    ['key_too_large', proof({}, rsa(1, 'AQAB'))],
    ['without_jti', proof({ jti: '' })],
    ['without_iat', proof({ iat: String(NOW) })],
  ])('says %s of a proof that is not good', (problem, text) => {
    expect(parseProof(text)).toBe(problem);
  });

  it.each<[string, string | null, object]>([
    ['the same request', null, {}],
    ['query and fragment, which do not count', null, { htu: `${URL_CALLED}?a=b#c` }],
    ['a URL in another spelling', null, { htu: 'HTTPS://MCP.example:443/mcp' }],
    ['another method', 'another_method', { htm: 'GET' }],
    ['a method in lower case', 'another_method', { htm: 'post' }],
    ['no URL', 'another_url', { htu: undefined }],
    ['what is no URL', 'another_url', { htu: '/mcp' }],
    ['another host', 'another_url', { htu: 'https://mcp2.example/mcp' }],
    ['another path', 'another_url', { htu: `${URL_CALLED}/` }],
    ['a URL of 2,048 characters', null, { htu: `${URL_CALLED}?${'a'.repeat(2047 - URL_CALLED.length)}` }],
    ['a longer URL', 'another_url', { htu: `${URL_CALLED}?${'a'.repeat(2048 - URL_CALLED.length)}` }],
    ['the oldest time', null, { iat: NOW - PROOF_WINDOW }],
    ['an older time', 'expired', { iat: NOW - PROOF_WINDOW - 1 }],
    ['the latest time', null, { iat: NOW + PROOF_WINDOW }],
    ['a later time', 'not_yet', { iat: NOW + PROOF_WINDOW + 1 }],
  ])('judges a proof of %s (RFC 9449 §4.3)', (_what, problem, more) => {
    expect(requestProblem(parsed(more), 'POST', { url: URL_CALLED }, undefined, NOW)).toBe(problem);
  });

  it('requires the proof of the access token in the request', () => {
    const judge = (more: object, hash: string | undefined): string | null =>
      requestProblem(parsed(more), 'POST', { url: URL_CALLED }, hash, NOW);
    expect([judge({ ath: 'h' }, 'h'), judge({ ath: 'h' }, undefined)]).toEqual([null, null]);
    expect([judge({}, 'h'), judge({ ath: 'other' }, 'h')]).toEqual(['another_token', 'another_token']);
  });

  it('names the key of a proof, and checks its signature last', async () => {
    const hash = async (text: string): Promise<string> => `hash of ${text}`;
    const jkt = `hash of ${JSON.stringify({ crv: 'P-256', kty: 'EC', x: 'xx', y: 'yy' })}`;
    const asked: unknown[] = [];
    const read = async (target: Partial<ProofTarget>, more: object = {}, isSigned = true): Promise<unknown> =>
      readProof(
        new Request(URL_CALLED, { method: 'POST', headers: { dpop: proof(more) } }),
        { url: URL_CALLED, ...target },
        { hash, now: NOW, isSigned: async (assertion, key) => (asked.push([assertion.text, key]), isSigned) },
      );
    expect(await read({})).toMatchObject({ jkt, id: 'id' });
    expect(asked).toEqual([[proof(), EC]]);
    expect(await read({ jkt, token: 't' }, { ath: 'hash of t' })).toMatchObject({ jkt });
    expect(await read({}, {}, false)).toBe('signature');
    expect(asked).toHaveLength(3);
    expect(await read({ jkt: 'hash of another' })).toBe('another_key');
    expect(await read({ token: 't' }, { ath: 'hash of u' })).toBe('another_token');
    expect(await read({}, { htm: 'GET' })).toBe('another_method');
    expect(asked).toHaveLength(3);
    expect(await claimedProof(new Request(URL_CALLED), { url: URL_CALLED }, { hash, now: NOW })).toBe('missing');
  });

  it('makes the text of a thumbprint from the members of each kind of key alone (RFC 7638 §3.2)', () => {
    expect(thumbprintText({ ...EC, kid: 'k', use: 'sig' })).toBe('{"crv":"P-256","kty":"EC","x":"xx","y":"yy"}');
    expect(thumbprintText({ x: 'xx', crv: 'Ed25519', kty: 'OKP', y: 'no' })).toBe('{"crv":"Ed25519","kty":"OKP","x":"xx"}');
    expect(thumbprintText({ n: 'nn', kty: 'RSA', e: 'AQAB', alg: 'RS256' })).toBe('{"e":"AQAB","kty":"RSA","n":"nn"}');
    expect([thumbprintText({ kty: 'oct', k: 'k' }), thumbprintText({ kty: 1 })]).toEqual(['{}', '{}']);
  });
});

import { describe, expect, it } from 'vitest';
import { OAuthError } from '../../src/model/error.ts';
import {
  insufficientScope,
  isVerdict,
  notFound,
  refusedBy,
  schemeOf,
  unauthorized,
  unavailable,
  unproven,
} from '../../src/guard/challenge.ts';

const at = { metadataUrl: 'https://mcp.example/.well-known/oauth-protected-resource/mcp', scope: ['read', 'write'] };
/** A strict reading of one Bearer challenge: scheme, then `name="quoted"` pairs (RFC 9110 §11.6.1). */
const STRICT = /^Bearer [a-z_]+="[\x20\x21\x23-\x5b\x5d-\x7e]*"(, [a-z_]+="[\x20\x21\x23-\x5b\x5d-\x7e]*")*$/;
const header = (response: Response): string => response.headers.get('www-authenticate') ?? '';

describe('guard/challenge', () => {
  it('names no error where no token was sent (S-117, S-118, S-119)', async () => {
    const response = unauthorized(at, false);
    expect([response.status, header(response)]).toEqual([401, `Bearer resource_metadata="${at.metadataUrl}", scope="read write"`]);
    expect(await response.json()).toEqual({ error_description: 'This server needs an access token.' });
  });

  it('asks for a token bound to a key by its own scheme, with the algorithms of proofs (RFC 9449 §7.1)', async () => {
    const DPOP = `resource_metadata="${at.metadataUrl}", scope="read write", algs="ES256 `;
    expect(header(unauthorized(at, false, 'DPoP'))).toContain(`DPoP ${DPOP}`);
    expect(header(insufficientScope(at, 'DPoP'))).toContain(`DPoP error="insufficient_scope", ${DPOP}`);
    const response = unproven(at, { code: 'use_dpop_nonce', headers: { 'dpop-nonce': 'n' } });
    expect([response.status, response.headers.get('dpop-nonce')]).toEqual([401, 'n']);
    expect(header(response)).toContain(`DPoP error="use_dpop_nonce", ${DPOP}`);
    expect(await response.json()).toMatchObject({ error: 'use_dpop_nonce' });
    expect([schemeOf(null), schemeOf({}), schemeOf({ cnf: { jkt: 'k' } })]).toEqual(['Bearer', 'Bearer', 'DPoP']);
  });

  it('names no scope where none is needed', () => {
    expect(header(unauthorized({ ...at, scope: [] }, false))).toBe(`Bearer resource_metadata="${at.metadataUrl}"`);
  });

  it('adds its advice to what it says', async () => {
    const text = async (response: Response): Promise<string> =>
      ((await response.json()) as { error_description: string }).error_description;
    const plain = await text(unauthorized(at, true));
    expect(plain).toMatch(/^[A-Z].*\.$/);
    expect(await text(unauthorized(at, true, 'Bearer', 'Do this.'))).toBe(`${plain} Do this.`);
    const problem = { code: 'invalid_dpop_proof', headers: {} } as const;
    expect(await text(unproven(at, problem, 'Do this.'))).toBe(`${await text(unproven(at, problem))} Do this.`);
  });

  it('says invalid_token where one was', async () => {
    const response = unauthorized(at, true);
    expect(header(response)).toBe(`Bearer error="invalid_token", resource_metadata="${at.metadataUrl}", scope="read write"`);
    expect(await response.json()).toMatchObject({ error: 'invalid_token' });
  });

  it('SEC-123 names every scope that is needed, at once (S-120, S-121)', async () => {
    const response = insufficientScope(at);
    expect([response.status, header(response)]).toEqual([
      403,
      `Bearer error="insufficient_scope", resource_metadata="${at.metadataUrl}", scope="read write"`,
    ]);
    expect(await response.json()).toMatchObject({ error: 'insufficient_scope', scope: 'read write' });
  });

  it.each(['a"b', 'a\r\nSet-Cookie: x=1', 'é✓', 'a\\', '\0', '"', 'a,b="c'])(
    'SEC-122 SEC-166 keeps the header well-formed with %j in it',
    (hostile) => {
      for (const response of [
        unauthorized({ ...at, scope: [hostile] }, true),
        insufficientScope({ metadataUrl: `https://x/${hostile}`, scope: [hostile, 'x'] }),
      ])
        expect([header(response), STRICT.test(header(response))]).toEqual([header(response), true]);
    },
  );

  it('FLT-05 sends a client away for a moment, not to sign in again, where a token cannot be checked', async () => {
    const response = unavailable();
    expect([response.status, response.headers.get('retry-after'), response.headers.get('www-authenticate')]).toEqual([503, '2', null]);
    expect(await response.json()).toMatchObject({ error: 'temporarily_unavailable' });
    expect(unavailable(30).headers.get('retry-after')).toBe('30');
  });

  it('answers as a verifier chose, with a challenge for 401 and 403 alone, and the scopes only where scopes are missing', async () => {
    const answer = (code: OAuthError['code'], more: ConstructorParameters<typeof OAuthError>[2]): Response =>
      refusedBy(at, new OAuthError(code, 'chosen', more), 'Bearer');
    const missing = answer('insufficient_scope', { status: 403 });
    expect(header(missing)).toBe(`Bearer error="insufficient_scope", resource_metadata="${at.metadataUrl}", scope="read write"`);
    expect(await missing.json()).toMatchObject({ error: 'insufficient_scope', scope: 'read write' });
    const denied = answer('access_denied', { status: 403, headers: { 'x-why': 'late' } });
    expect([header(denied).startsWith('Bearer error="access_denied", '), denied.headers.get('x-why')]).toEqual([true, 'late']);
    expect(await denied.json()).not.toHaveProperty('scope');
    expect(header(answer('invalid_token', { status: 401 }))).toContain('error="invalid_token"');
    expect(answer('access_denied', { status: 429 }).headers.has('www-authenticate')).toBe(false);
  });

  it('takes an error for the answer of a verifier if it is an OAuthError below 500, of any copy of the package', () => {
    const foreign = (name: string, more: object): Error => Object.assign(new Error('no'), { name, ...more });
    for (const error of [
      new OAuthError('invalid_token', 'x', { status: 401 }),
      foreign('OAuthError', { status: 403 }),
      foreign('OAuthError', { status: 499 }),
    ])
      expect(isVerdict(error)).toBe(true);
    for (const error of [
      foreign('OAuthError', { status: 500 }),
      foreign('OAuthError', { status: 503 }),
      foreign('OAuthError', {}),
      foreign('FetchError', { status: 401 }),
      { name: 'OAuthError', status: 401 },
    ])
      expect(isVerdict(error)).toBe(false);
  });

  it('says in plain text that nothing is at a path, which no cache keeps', async () => {
    const { status, headers } = notFound();
    expect([status, headers.get('content-type'), headers.get('cache-control')]).toEqual([404, 'text/plain', 'no-store']);
    expect(await notFound().text()).toBe('Not found');
  });

  it('lets no cache keep a refusal', () => {
    for (const response of [unauthorized(at, true), insufficientScope(at), unavailable()])
      expect(response.headers.get('cache-control')).toBe('no-store');
  });
});

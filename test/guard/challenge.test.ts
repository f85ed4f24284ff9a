import { describe, expect, it } from 'vitest';
import { insufficientScope, unauthorized, unavailable } from '../../src/guard/challenge.ts';

const at = { metadataUrl: 'https://mcp.example/.well-known/oauth-protected-resource/mcp', scope: ['read', 'write'] };
/** A strict reading of one Bearer challenge: scheme, then `name="quoted"` pairs (RFC 9110 §11.6.1). */
const STRICT = /^Bearer [a-z_]+="[\x20\x21\x23-\x5b\x5d-\x7e]*"(, [a-z_]+="[\x20\x21\x23-\x5b\x5d-\x7e]*")*$/;
const header = (response: Response): string => response.headers.get('www-authenticate') ?? '';

describe('guard/challenge', () => {
  it('names no error where no token was sent (S-117, S-118, S-119)', async () => {
    const response = unauthorized(at, false);
    expect([response.status, header(response)]).toEqual([401, `Bearer resource_metadata="${at.metadataUrl}", scope="read write"`]);
    expect(await response.json()).not.toHaveProperty('error');
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

  it('FLT-05 sends a client away for a moment, not to sign in again, where a token cannot be checked', () => {
    const response = unavailable();
    expect([response.status, response.headers.get('retry-after'), response.headers.get('www-authenticate')]).toEqual([503, '2', null]);
  });

  it('lets no cache keep a refusal', () => {
    for (const response of [unauthorized(at, true), insufficientScope(at), unavailable()])
      expect(response.headers.get('cache-control')).toBe('no-store');
  });
});

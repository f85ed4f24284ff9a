import { describe, expect, it } from 'vitest';
import { bearerOf, callOf, given } from '../../src/guard/token-source.ts';

describe('guard/token-source', () => {
  it('shows a verifier the environment and the request without its body', async () => {
    const env = { NAME: 'value' };
    const sent = new Request('https://mcp.example/mcp?x=1', { method: 'PUT', headers: { 'x-own': 'a' }, body: 'text' });
    const call = callOf(sent, env);
    expect(call.env).toBe(env);
    const { request } = call;
    expect([request.method, request.url, request.headers.get('x-own')]).toEqual(['PUT', sent.url, 'a']);
    expect(await request.text()).toBe('');
    expect(await sent.text()).toBe('text');
  });
});

const MAX = 8192;
const read = (authorization?: string): unknown =>
  bearerOf(new Request('https://mcp.example/mcp', { headers: authorization === undefined ? {} : { authorization } }));

describe('guard/token-source, bearer', () => {
  it('reads the token and its scheme, in any case and with any spaces (RFC 6750 §2.1, RFC 9449 §7.1)', () => {
    expect(read('Bearer abc')).toEqual({ token: 'abc', sent: true, scheme: 'Bearer' });
    expect(read('bEARER \t a~!b ')).toEqual({ token: 'a~!b', sent: true, scheme: 'Bearer' });
    expect(read('dpop abc')).toEqual({ token: 'abc', sent: true, scheme: 'DPoP' });
  });

  it('distinguishes a request without a token from one with a malformed token (RFC 6750 §3.1)', () => {
    for (const none of [undefined, 'Basic YTpi', 'xbearer a', 'Basic bearer', 'Bearers a', 'Basic dpop'])
      expect(read(none), none).toEqual({ token: undefined, sent: false, scheme: 'Bearer' });
    for (const broken of ['Bearer', 'Bearer a b', 'Bearer "a b"', 'Bearer a\x7f'])
      expect(read(broken), broken).toEqual({ token: undefined, sent: true, scheme: 'Bearer' });
    expect(read('DPoP')).toEqual({ token: undefined, sent: true, scheme: 'DPoP' });
  });

  it('reads a header of up to 8 KiB, and no longer one', () => {
    const fits = 'a'.repeat(MAX - 'Bearer '.length);
    expect(read(`Bearer ${fits}`)).toEqual({ token: fits, sent: true, scheme: 'Bearer' });
    expect(read(`Bearer ${fits}a`)).toEqual({ token: undefined, sent: true, scheme: 'Bearer' });
  });

  it('takes a token from another place, of up to 8 KiB and not an empty one', () => {
    const fits = 'a'.repeat(MAX);
    expect(given(fits)).toEqual({ token: fits, sent: true, scheme: 'Bearer' });
    for (const broken of ['', `${fits}a`]) expect(given(broken)).toEqual({ token: undefined, sent: true, scheme: 'Bearer' });
    expect(given(null)).toEqual({ token: undefined, sent: false, scheme: 'Bearer' });
  });
});

import { describe, expect, it } from 'vitest';
import { isPrefetch } from '../../src/lib/http.ts';

const asked = (headers: Record<string, string>): Request => new Request('https://mcp.example/', { headers });

describe('lib/http: prefetch', () => {
  it.each([
    { 'sec-purpose': 'prefetch' }, { 'sec-purpose': 'prefetch;prerender' }, { 'sec-purpose': 'Prefetch; anonymous-client-ip' },
    { purpose: 'prefetch' }, { 'x-purpose': 'preview' }, { 'x-moz': 'prefetch' },
  ] as Record<string, string>[])('recognizes a prefetch: %j (R-02)', (headers) => {
    expect(isPrefetch(asked(headers))).toBe(true);
  }); // prettier-ignore

  it('takes everything else for a user’s request', () => {
    for (const headers of [{}, { purpose: 'navigate' }, { 'sec-fetch-site': 'none' }] as Record<string, string>[])
      expect(isPrefetch(asked(headers))).toBe(false);
  });
});

import { describe, expect, it } from 'vitest';
import { LazyResponse } from '../../../src/node/http/lazy-response.ts';

describe('node/http/lazy-response', () => {
  it('reads as the standard response of the same arguments', async () => {
    for (const [body, init] of [
      ['ü', {}],
      ['{"a":1}', { status: 201, statusText: 'Made', headers: { 'Content-Type': 'application/json', 'x-a': '1' } }],
      [null, { status: 204 }],
      [new TextEncoder().encode('bytes'), { headers: new Headers({ 'x-a': '1' }) }],
    ] as const) {
      const [plain, real] = [LazyResponse.of(body, init), new Response(body, init)];
      expect(plain).toBeInstanceOf(Response);
      expect([plain.status, plain.statusText, plain.ok, plain.type, plain.redirected]).toEqual([
        real.status,
        real.statusText,
        real.ok,
        real.type,
        real.redirected,
      ]);
      expect([...plain.headers]).toEqual([...real.headers]);
      expect(await plain.clone().text()).toBe(await real.clone().text());
      expect(plain.bodyUsed).toBe(false);
      expect(await new Response(plain.body, plain).text()).toBe(await real.text());
      expect(plain.bodyUsed).toBe(real.bodyUsed);
    }
  });

  it('gives up its body once, and not to the server after that', async () => {
    const plain = LazyResponse.of('once');
    expect(LazyResponse.peek(plain)?.body).toBe('once');
    plain.headers.set('x-a', '1');
    expect([...(LazyResponse.peek(plain)?.fields ?? [])]).toContainEqual(['x-a', '1']);
    expect(await plain.text()).toBe('once');
    expect(LazyResponse.peek(plain)).toBeUndefined();
    await expect(plain.text()).rejects.toThrow(TypeError);
    expect(LazyResponse.peek(new Response('other'))).toBeUndefined();
  });
});

import { describe, expect, it } from 'vitest';
import { base64url, fromBase64url, randomInteger } from '../../src/lib/bytes.ts';

const bytes = (...all: number[]): Uint8Array => Uint8Array.from(all);

describe('lib/bytes', () => {
  it.each([['', ''], ['f', 'Zg'], ['fo', 'Zm8'], ['foo', 'Zm9v'], ['foob', 'Zm9vYg'], ['fooba', 'Zm9vYmE'], ['foobar', 'Zm9vYmFy']])('writes and reads %j as %j (RFC 4648 §10)', (plain, text) => {
    expect(base64url(new TextEncoder().encode(plain))).toBe(text);
    expect(fromBase64url(text)).toEqual(new TextEncoder().encode(plain));
  }); // prettier-ignore

  it('uses - and _ for the last two signs, and comes back from every byte', () => {
    expect(base64url(bytes(251, 255, 190))).toBe('-_--');
    const all = Uint8Array.from({ length: 256 }, (_, at) => at);
    for (let length = 0; length < 256; length += 7) expect(fromBase64url(base64url(all.subarray(0, length)))).toEqual(all.slice(0, length));
  });

  it.each(['A', 'AAAAA', 'AA==', 'AA+A', 'AA/A', 'A A', 'AAé', 'AA\n'])('reads nothing in %j', (text) => {
    expect(fromBase64url(text)).toBeNull();
  });

  it.each(['Zh', 'Zm9', 'Zm9vYh', '_x', 'AB', 'AAB'])('reads nothing in %j, whose last sign has bits beyond the last byte (F-05, RFC 4648 §3.5)', (text) => {
    expect(fromBase64url(text)).toBeNull();
  }); // prettier-ignore

  it('gives every value one spelling (F-05)', () => {
    const signs = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    for (const start of ['', 'A', 'AA', 'AAA', 'Zm9v'])
      for (const sign of signs) {
        const read = fromBase64url(start + sign);
        if (read) expect(base64url(read)).toBe(start + sign);
      }
  });

  it('makes random integers of 53 bits, each another one', () => {
    const made = new Set(Array.from({ length: 5000 }, randomInteger)); // more than the randomness that is asked for at once
    expect(made.size).toBe(5000);
    expect([...made].every((one) => Number.isSafeInteger(one) && one >= 0)).toBe(true);
    expect(Math.max(...made)).toBeGreaterThan(2 ** 45);
  });
});

import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/lib/sha256.ts';

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

describe('lib/sha256', () => {
  it('gives the digests of FIPS 180-4', () => {
    expect(hex(sha256('abc'))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(hex(sha256(''))).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  });

  it("agrees with the machine's own digest at every length around a block, and beyond ASCII", async () => {
    const texts = [...Array.from({ length: 200 }, (_, length) => 'x'.repeat(length)), 'é漢🙂'.repeat(999)];
    for (const text of texts) {
      const own = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
      expect(hex(sha256(text)), `${text.length}`).toBe(hex(own));
    }
  });
});

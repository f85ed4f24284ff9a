/** What every runtime must do, whichever cryptography it stands on. */
import { describe, expect, it } from 'vitest';
import type { Runtime } from '../../src/model/runtime.ts';

/** Bytes of a text in UTF-8. */
export const utf8 = (text: string): Uint8Array<ArrayBuffer> => Uint8Array.from(new TextEncoder().encode(text));

/** Lower-case hexadecimal. */
export const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** A key of 32 bytes, told apart by its first. */
export const keyOf = (first: number): Uint8Array<ArrayBuffer> => new Uint8Array(32).fill(7).fill(first, 0, 1);

/** Runs the shared checks on one runtime. */
export function runtimeSuite(name: string, runtime: Runtime): void {
  describe(name, () => {
    it('tells the present second as a whole number', () => {
      expect(Number.isInteger(runtime.now())).toBe(true);
      expect(Math.abs(runtime.now() - Date.now() / 1000)).toBeLessThan(60);
    });

    it('gives fresh random bytes of any length', () => {
      const seen = new Set<string>();
      for (let round = 0; round < 1000; round += 1) seen.add(hex(runtime.random(16)));
      expect(seen.size).toBe(1000);
      for (const length of [0, 1, 255, 256, 257, 4096, 10_000]) expect(runtime.random(length).length).toBe(length);
      expect(runtime.random(64).some((byte) => byte !== 0)).toBe(true);
    });

    it('digests bytes and strings with SHA-256 (FIPS 180-4)', async () => {
      expect(hex(await runtime.digest('abc'))).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
      expect(hex(await runtime.digest(''))).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
      expect(hex(await runtime.digest('Grüße 👋'))).toBe(hex(await runtime.digest(utf8('Grüße 👋'))));
    });

    it('opens what was sealed, of any length, and only as nonce, ciphertext and tag', async () => {
      for (const plain of ['', 'a', 'x'.repeat(5000), 'Grüße 👋']) {
        const sealed = await runtime.seal(keyOf(1), utf8(plain), 'grant:1');
        expect(sealed.length).toBe(12 + utf8(plain).length + 16);
        expect(hex((await runtime.open(keyOf(1), sealed, 'grant:1')) ?? utf8('closed'))).toBe(hex(utf8(plain)));
      }
    });

    it('opens the known answer of AES-256-GCM (McGrew & Viega, test case 14)', async () => {
      const sealed = new Uint8Array(12 + 16 + 16);
      sealed.set(unhex('cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919'), 12);
      expect(await runtime.open(new Uint8Array(32), sealed, '')).toEqual(new Uint8Array(16));
    });

    it('seals the same text differently each time', async () => {
      const [one, two] = [await runtime.seal(keyOf(1), utf8('a'), ''), await runtime.seal(keyOf(1), utf8('a'), '')];
      expect(hex(one)).not.toBe(hex(two));
    });

    it('answers null for another key, another binding and any flipped or missing byte', async () => {
      const sealed = await runtime.seal(keyOf(1), utf8('secret'), 'grant:1');
      expect(await runtime.open(keyOf(2), sealed, 'grant:1')).toBeNull();
      expect(await runtime.open(keyOf(1), sealed, 'grant:2')).toBeNull();
      expect(await runtime.open(keyOf(1), sealed, '')).toBeNull();
      for (let at = 0; at < sealed.length; at += 1) {
        const broken = sealed.slice();
        broken[at] = (broken[at] ?? 0) ^ 1;
        expect(await runtime.open(keyOf(1), broken, 'grant:1')).toBeNull();
        expect(await runtime.open(keyOf(1), sealed.slice(0, at), 'grant:1')).toBeNull();
      }
    });

    it('refuses a key that is not 256 bits long', async () => {
      const short = new Uint8Array(16);
      await expect((async () => runtime.seal(short, utf8('a'), ''))()).rejects.toThrow();
      await expect((async () => runtime.open(short, new Uint8Array(40), ''))()).rejects.toThrow();
      await expect((async () => runtime.open(short, new Uint8Array(3), ''))()).rejects.toThrow();
    });
  });
}

/** The vectors of RFC 7914 §12; 32 bytes are the head of the 64 printed there. */
export function scryptSuite(name: string, runtime: Runtime): void {
  describe(`${name}, scrypt`, () => {
    it('gives the known answers (RFC 7914 §12)', async () => {
      const { scrypt } = runtime;
      if (scrypt === undefined) throw new Error('no scrypt');
      expect(hex(await scrypt('', utf8(''), { ln: 4, r: 1, p: 1 }))).toBe(
        '77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442',
      );
      expect(hex(await scrypt('password', utf8('NaCl'), { ln: 10, r: 8, p: 16 }))).toBe(
        'fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162',
      );
    });

    it('runs at the costs that passwords are kept with', async () => {
      for (const cost of [
        { ln: 14, r: 8, p: 5 },
        { ln: 15, r: 8, p: 3 },
      ]) {
        expect((await runtime.scrypt?.('pässword', utf8('salt'), cost))?.length).toBe(32);
      }
    });
  });
}

function unhex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

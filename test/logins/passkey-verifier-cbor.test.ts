import { describe, expect, it } from 'vitest';
import { endOfCbor, isPlainCbor } from '../../src/logins/passkey-verifier.ts';
import { cbor, type Cbor, concat, nested } from '../support/authenticator.ts';

describe('logins/passkey-verifier, CBOR', () => {
  it('takes what an attestation is made of', () => {
    const bytes = cbor(new Map<Cbor, Cbor>([['fmt', 'none'], ['attStmt', new Map()], ['authData', new Uint8Array(300)]])); // prettier-ignore
    expect(isPlainCbor(bytes, 0, 1)).toBe(true);
    expect(isPlainCbor(concat(Uint8Array.of(9), bytes, bytes), 1, 2)).toBe(true);
    expect(isPlainCbor(nested(6), 0, 1)).toBe(true);
  });

  it.each([
    ['nothing', new Uint8Array()],
    ['a byte too many', concat(cbor('fmt'), Uint8Array.of(0))],
    ['a byte too few', cbor('fmt').slice(0, -1)],
    ['forty thousand arrays in one another', nested(40_000)],
    ['nine arrays in one another', nested(9)],
    ['a list that says it has 2^32 items', Uint8Array.of(0x9a, 255, 255, 255, 255)],
    ['a map that says it has 2^64 items', Uint8Array.of(0xbb, 255, 255, 255, 255, 255, 255, 255, 255)],
    ['a text that says it has 2^53 bytes', Uint8Array.of(0x7b, 0, 32, 0, 0, 0, 0, 0, 0)],
    ['a thousand items side by side', cbor(Array.from({ length: 1000 }, () => 0))],
    ['indefinite lengths', Uint8Array.of(0x9f, 0, 0xff)],
    ['a reserved head', Uint8Array.of(0x1c)],
    ['a length cut off', Uint8Array.of(0x59, 1)],
    ['tags without end', new Uint8Array(60_000).fill(0xc1)],
  ])('refuses %s (SEC-164)', (_what, bytes) => {
    expect(isPlainCbor(bytes, 0, 1)).toBe(false);
  });
});

describe('logins/passkey-verifier, bounds of CBOR', () => {
  const of = (...bytes: readonly number[]): Uint8Array => Uint8Array.from(bytes);
  /** So many arrays of one item in one another, with a number inside. */
  const arrays = (levels: number): Uint8Array => of(...Array<number>(levels).fill(0x81), 0);

  it('ends where the last item ends, from where it is told to start', () => {
    expect([endOfCbor(of(0, 0, 0), 0, 2), endOfCbor(of(0, 0, 0), 1, 1), endOfCbor(of(), 0, 0), endOfCbor(of(0), 1, 0)]).toEqual([
      2, 2, 0, 1,
    ]);
    expect([endOfCbor(of(0), 0, 2), endOfCbor(of(), 0, 1), endOfCbor(of(0), 1, 1)]).toEqual([-1, -1, -1]);
  });

  it('accepts at most seven levels below the first, and 256 items', () => {
    expect([endOfCbor(arrays(7), 0, 1), endOfCbor(arrays(8), 0, 1)]).toEqual([8, -1]);
    const flat = (items: number): Uint8Array => new Uint8Array(items);
    expect([endOfCbor(flat(256), 0, 256), endOfCbor(flat(257), 0, 257)]).toEqual([256, -1]);
    const list = (items: number): Uint8Array => of(0x99, items >> 8, items & 255, ...flat(items));
    expect([endOfCbor(list(255), 0, 1), endOfCbor(list(256), 0, 1)]).toEqual([258, -1]);
    expect([endOfCbor(of(0x99, 1, 0), 0, 1), endOfCbor(of(0x99, 1, 1), 0, 1)]).toEqual([-1, -1]);
  });

  it('counts what a list, a map and a tag hold, and nothing in numbers and simple values', () => {
    expect([endOfCbor(of(0x82, 0, 0), 0, 1), endOfCbor(of(0x82, 0), 0, 1)]).toEqual([3, -1]);
    expect([endOfCbor(of(0xa1, 0, 0), 0, 1), endOfCbor(of(0xa1, 0), 0, 1)]).toEqual([3, -1]);
    expect([endOfCbor(of(0xc1, 0), 0, 1), endOfCbor(of(0xc1), 0, 1), endOfCbor(of(0xd8, 99, 0), 0, 1)]).toEqual([2, -1, 3]);
    for (const first of [0x00, 0x17, 0x20, 0x37, 0xf4, 0xf6]) expect(endOfCbor(of(first), 0, 1)).toBe(1);
    expect([endOfCbor(of(0x80), 0, 1), endOfCbor(of(0xa0), 0, 1), endOfCbor(of(0x40), 0, 1), endOfCbor(of(0x60), 0, 1)]).toEqual([
      1, 1, 1, 1,
    ]);
    expect([endOfCbor(of(0x81, 0x81, 0, 0), 0, 2), isPlainCbor(of(0x82, 0x80, 0xa0), 0, 1)]).toEqual([4, true]);
  });

  it('reads a length of one, two, four and eight bytes, big end first', () => {
    const text = (head: readonly number[], length: number): Uint8Array => of(...head, ...Array<number>(length).fill(0x61));
    for (const [head, length] of [[[0x57], 23], [[0x58, 24], 24], [[0x59, 1, 2], 258], [[0x7a, 0, 0, 1, 2], 258], [[0x7b, 0, 0, 0, 0, 0, 0, 1, 2], 258]] as const) {
      const bytes = text(head, length);
      expect([endOfCbor(bytes, 0, 1), endOfCbor(bytes.slice(0, -1), 0, 1)]).toEqual([head.length + length, -1]);
    }
    for (const head of [[0x18], [0x19, 0], [0x1a, 0, 0, 0], [0x1b, 0, 0, 0, 0, 0, 0, 0]]) {
      expect(endOfCbor(of(...head), 0, 1)).toBe(-1);
      expect(endOfCbor(of(...head, 0), 0, 1)).toBe(head.length + 1);
    }
    for (const reserved of [0x1c, 0x1d, 0x1e, 0x1f]) expect(endOfCbor(of(reserved, ...new Uint8Array(20)), 0, 1)).toBe(-1);
  }); // prettier-ignore
});

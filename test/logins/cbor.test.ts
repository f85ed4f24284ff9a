import { describe, expect, it } from 'vitest';
import { isPlainCbor } from '../../src/logins/cbor.ts';
import { cbor, type Cbor, concat, nested } from '../support/authenticator.ts';

describe('logins/cbor', () => {
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

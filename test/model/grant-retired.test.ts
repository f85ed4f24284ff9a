/** Retired refresh tokens as a grant stores them. */
import { describe, expect, it } from 'vitest';
import {
  countRetired,
  derivationIn,
  findRetired,
  inGrace,
  isSame,
  packed,
  type Retired,
  retiredOf,
  textOfDerivation,
  withRetired,
} from '../../src/model/grant.ts';

const ID = 'AAAAAAAAAAAAAAAAAAAAAA';
const derived = (n: number, leadsBack = false): Retired => ({
  hash: `${n}${'h'.repeat(42)}`,
  sealedSuccessor: textOfDerivation({ nonce: String(n).padStart(12, 'n'), grantId: `${ID.slice(0, -1)}Q`, leadsBack }),
  until: 1_790_000_000 + n,
});
const sealed = (n: number): Retired => ({
  hash: `${n}${'s'.repeat(42)}`,
  sealedSuccessor: 'sealed'.repeat(30),
  until: 1_790_000_000 + n,
});

describe('model/grant: retired refresh tokens', () => {
  it('packs the tokens whose successor is derived, and gives all back in order', () => {
    const all = [derived(1), derived(2, true), sealed(3), derived(4)];
    const stored = packed(all);
    expect(stored.map((one) => typeof one)).toEqual(['string', 'object', 'string']);
    const back = retiredOf({ retired: stored });
    expect(back.map(({ sealedSuccessor, until }) => [sealedSuccessor, until])).toEqual(
      all.map(({ sealedSuccessor, until }) => [sealedSuccessor, until]),
    );
    for (const [at, one] of all.entries()) expect(back.map((other) => isSame(other, one.hash))).toEqual(all.map((_, n) => n === at));
    expect(countRetired({ retired: stored })).toBe(4);
    expect(packed(back)).toEqual(stored);
    expect(retiredOf({ retired: [] })).toEqual([]);
  });

  it('finds one by its whole hash, packed or not, until its grace is over', () => {
    const all = [derived(1), derived(2, true), sealed(3), derived(4)];
    const stored = packed(all);
    for (const one of all) {
      expect(findRetired(stored, one.hash, one.until - 1)).toMatchObject({ sealedSuccessor: one.sealedSuccessor, until: one.until });
      expect(findRetired(stored, one.hash, one.until)).toBeUndefined();
    }
    for (const hash of ['9'.repeat(43), derived(1).hash.slice(0, 12), `${derived(1).hash}h`, 'n'.repeat(43)])
      expect(findRetired(stored, hash, 0)).toBeUndefined();
  });

  it('takes no other place of a packed text for the beginning of a hash', () => {
    const [entry] = packed([derived(1)]) as [string];
    const inside = entry.slice(5, 17); // across hash and nonce
    expect(findRetired([entry], inside + 'x'.repeat(31), 0)).toBeUndefined();
    expect(findRetired([entry + inside + entry.slice(12)], inside + 'x'.repeat(31), 0)).toMatchObject({ hash: inside });
  });

  it('forgets those before the first one in its grace, and none after it', () => {
    const all = [derived(1), derived(2), sealed(3), derived(4), derived(5)];
    for (const [at, { until }] of all.entries()) {
      expect(retiredOf({ retired: inGrace(packed(all), until - 1) })).toEqual(retiredOf({ retired: packed(all.slice(at)) }));
      expect(inGrace(packed(all), until - 1)).toEqual(packed(all.slice(at)));
    }
    expect(inGrace(packed(all), 1_790_000_005)).toEqual([]);
    const late = [derived(4), derived(2), derived(5)];
    expect(inGrace(packed(late), 1_790_000_003)).toEqual(packed(late)); // a clock that went back: those after a live one lead to it
  });

  it('adds one at the end', () => {
    expect(withRetired(packed([derived(1)]), derived(2))).toEqual(packed([derived(1), derived(2)]));
    expect(withRetired(packed([sealed(1)]), derived(2))).toEqual(packed([sealed(1), derived(2)]));
    expect(withRetired(packed([derived(1)]), sealed(2))).toEqual(packed([derived(1), sealed(2)]));
  });

  it('needs 32 characters for each', () => {
    expect(JSON.stringify(packed(Array.from({ length: 64 }, () => derived(7)))).length).toBe(64 * 32 + 4);
  });

  it('packs nothing that it could not give back', () => {
    const odd = [
      { ...derived(1), until: 1_790_000_000.5 },
      { ...derived(1), until: 1_000_000_000 },
      { ...derived(1), hash: 'short' },
      { ...derived(1), sealedSuccessor: '~tooshort' },
      { ...derived(1), sealedSuccessor: 'x'.repeat(14) },
    ];
    expect(packed(odd)).toEqual(odd);
    expect(retiredOf({ retired: odd })).toEqual(odd);
  });

  it('compares a whole hash with a whole hash', () => {
    expect(isSame({ ...sealed(1), hash: 'refresh-1' }, 'refresh-1')).toBe(true);
    expect(isSame({ ...sealed(1), hash: 'refresh-1' }, 'refresh-12')).toBe(false);
    expect(isSame({ ...sealed(1), hash: 'h'.repeat(12) }, 'h'.repeat(13))).toBe(false);
    expect(isSame({ ...sealed(1), hash: 'h'.repeat(12) }, `${'h'.repeat(11)}x${'h'.repeat(31)}`)).toBe(false);
  });

  it('says how a successor is derived: with which nonce, under which id, and whether it leads back', () => {
    for (const leadsBack of [true, false]) {
      const given = { nonce: 'abcdefghijkl', grantId: `${ID.slice(0, -1)}g`, leadsBack };
      expect(derivationIn(textOfDerivation(given), ID)).toEqual(given);
    }
    expect(derivationIn('sealed'.repeat(30), ID)).toBeNull();
  });
});

/** What is remembered of grants between calls: only while the store says that they are what they were. */
import { describe, expect, it, vi } from 'vitest';
import { makeGrantCache, type CachedToken } from '../../../src/core/records/grant-cache.ts';
import { makeRecords } from '../../../src/core/records/records.ts';
import type { Grant } from '../../../src/model/grant.ts';
import { revoke } from '../../../src/model/grant-transitions.ts';
import { memoryStore } from '../../../src/stores/memory.ts';
import { openGrant, START } from '../../support/grants.ts';

const setUp = async () => {
  const store = memoryStore({ now: () => START });
  const records = makeRecords(store);
  await records.openGrant(openGrant());
  return { store, records, known: makeGrantCache(records) };
};

const shownOf = (grant: Grant, text = '{}'): CachedToken => {
  const access = { hash: 'hash', wrappedKey: 'key', scope: [], expiresAt: START };
  return { grant, access, text, claims: {} as CachedToken['claims'], checkedAt: START };
};

describe('core/records/grant-cache', () => {
  it('returns the same object while a grant is unchanged, and the new grant once it was written', async () => {
    const { records, known } = await setUp();
    const first = await known.find('grant');
    expect(await known.find('grant')).toBe(first);
    await records.changeGrant('grant', (grant) => ({ grant: { ...grant, usedAt: START + 5 }, result: true }));
    expect((await known.find('grant'))?.usedAt).toBe(START + 5);
    await records.changeGrant('grant', revoke('revoked', START));
    expect((await known.find('grant'))?.ended?.reason).toBe('revoked');
  });

  it('caches a read while other grants are written, but not if the grant itself is written meanwhile', async () => {
    const { records, known: first } = await setUp();
    for (const [written, isKept] of [
      ['other', true],
      ['grant', false],
    ] as const) {
      const slow = makeGrantCache({
        async readGrant(...asked) {
          const held = await records.readGrant(...asked);
          slow.invalidate(written);
          return held;
        },
      });
      const found = await slow.find('grant');
      expect(slow.peek('grant')).toBe(isKept ? found : null);
    }
    expect(first.peek('grant')).toBeNull();
  });

  it('does not cache a changed grant that this process writes while it is read again', async () => {
    const { records } = await setUp();
    const write = async (): Promise<unknown> =>
      records.changeGrant('grant', (grant) => ({ grant: { ...grant, usedAt: (grant.usedAt ?? START) + 5 }, result: true }));
    for (const [written, isKept] of [
      ['other', true],
      ['grant', false],
    ] as const) {
      let isSecond = false;
      const slow = makeGrantCache({
        async readGrant(...asked) {
          const held = await records.readGrant(...asked);
          if (isSecond) slow.invalidate(written);
          return held;
        },
      });
      await slow.find('grant');
      isSecond = true;
      await write();
      const found = await slow.find('grant');
      expect(slow.peek('grant')).toBe(isKept ? found : null);
    }
  });

  it('keeps the newest of two reads of a changed grant', async () => {
    const { records } = await setUp();
    const gates: (() => void)[] = [];
    let isHeld = false;
    const slow = makeGrantCache({
      async readGrant(...asked) {
        const held = await records.readGrant(...asked);
        if (isHeld) await new Promise<void>((go) => gates.push(go));
        return held;
      },
    });
    await slow.find('grant');
    isHeld = true;
    const change = async (usedAt: number): Promise<unknown> =>
      records.changeGrant('grant', (grant) => ({ grant: { ...grant, usedAt }, result: true }));
    await change(START + 5);
    const older = slow.find('grant');
    await vi.waitFor(() => expect(gates).toHaveLength(1));
    await change(START + 6);
    const newer = slow.find('grant');
    await vi.waitFor(() => expect(gates).toHaveLength(2));
    gates[1]!();
    expect((await newer)?.usedAt).toBe(START + 6);
    gates[0]!();
    await older;
    expect(slow.peek('grant')?.usedAt).toBe(START + 6);
  });

  it('returns null for a removed grant, and for a record with an older shape', async () => {
    const { store, known } = await setUp();
    await known.find('grant');
    await store.write('grant:grant', { v: 1, id: 'grant' }, 'any');
    expect(await known.find('grant')).toBeNull();
    await store.remove('grant:grant');
    expect(await known.find('grant')).toBeNull();
  });

  it('asks the store each time', async () => {
    const { records } = await setUp();
    let reads = 0;
    const known = makeGrantCache({ readGrant: (...asked) => (reads++, records.readGrant(...asked)) });
    for (let at = 0; at < 5; at++) await known.find('grant');
    expect(reads).toBe(5);
  });

  it('knows whose grant a token names once it was read or written, wherever it moves, for a thousand grants at most', async () => {
    const { records, known } = await setUp();
    const tokenOf = (id: string): string => `access_${id}.${'A'.repeat(43)}`;
    const [home, near, other] = [`${'G'.repeat(21)}A`, `${'G'.repeat(21)}C`, `${'H'.repeat(21)}A`];
    await records.openGrant({ ...openGrant(), id: home, userId: 'alice' });
    expect(known.userOf(tokenOf(home))).toBeUndefined();
    await known.find(home);
    known.invalidate(home);
    known.invalidate(other, { ...openGrant(), userId: 'bob' });
    expect([home, near, other].map((id) => known.userOf(tokenOf(id)))).toEqual(['alice', 'alice', 'bob']);
    expect(known.userOf('no token')).toBeUndefined();
    for (let at = 0; at < 1000; at++) known.invalidate(`${String(at).padStart(21, 'I')}A`, openGrant());
    expect(known.userOf(tokenOf(other))).toBeUndefined();
  });

  it('caches a token while its grant is unchanged, unless its props are long', async () => {
    const { records, known } = await setUp();
    const grant = (await known.find('grant'))!;
    known.keepToken('mine', shownOf(grant, '{"a":1}'));
    known.keepToken('long', shownOf(grant, 'x'.repeat(4097)));
    known.keepToken('of an older state', shownOf(openGrant()));
    expect(['mine', 'long', 'of an older state'].map((token) => known.findToken(token)?.text)).toEqual(['{"a":1}', undefined, undefined]);
    await records.changeGrant('grant', (one) => ({ grant: { ...one, usedAt: START + 5 }, result: true }));
    await known.find('grant');
    expect(known.findToken('mine')).toBeUndefined();
  });

  it('does not cache a grant with many refresh tokens in their grace period', async () => {
    const { records, known } = await setUp();
    const retired = Array.from({ length: 5 }, (_, at) => ({ hash: `h${at}`, sealedSuccessor: 'sealed', until: START + 60 }));
    await records.changeGrant('grant', (grant) => ({ grant: { ...grant, retired }, result: true }));
    const first = (await known.find('grant'))!;
    known.keepToken('mine', shownOf(first));
    expect([(await known.find('grant')) === first, known.findToken('mine')]).toEqual([false, undefined]);
  });

  it('shows a cached grant until this process writes it', async () => {
    const { known } = await setUp();
    const grant = await known.find('grant');
    expect(known.peek('grant')).toBe(grant);
    known.invalidate('another');
    expect(known.peek('grant')).toBe(grant);
    known.invalidate('grant');
    expect(known.peek('grant')).toBeNull();
  });
});

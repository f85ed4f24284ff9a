/** What is remembered of grants between calls: only while the store says that they are what they were. */
import { describe, expect, it } from 'vitest';
import { makeKnownGrants, type Shown } from '../../src/core/known-grants.ts';
import { makeRecords } from '../../src/core/records.ts';
import { revoke } from '../../src/model/transition.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { openGrant, START } from '../support/grants.ts';

const setUp = async () => {
  const store = memoryStore({ now: () => START });
  const records = makeRecords(store);
  await records.openGrant(openGrant());
  return { store, records, known: makeKnownGrants(records) };
};

const shownAs = (text: string): Shown => {
  const access = { hash: 'hash', wrappedKey: 'key', scope: [], expiresAt: START };
  return { grant: openGrant(), access, text, said: {} as Shown['said'] };
};

describe('core/known-grants', () => {
  it('gives the very same grant again while nobody has written it, and the new one as soon as somebody has', async () => {
    const { records, known } = await setUp();
    const first = await known.find('grant');
    expect(await known.find('grant')).toBe(first);
    await records.changeGrant('grant', (grant) => ({ grant: { ...grant, usedAt: START + 5 }, result: true }));
    expect((await known.find('grant'))?.usedAt).toBe(START + 5);
    await records.changeGrant('grant', revoke('revoked', START));
    expect((await known.find('grant'))?.ended?.reason).toBe('revoked');
  });

  it('gives nothing that is gone, nor what came under the same name in an older shape', async () => {
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
    const known = makeKnownGrants({ readGrant: (...asked) => (reads++, records.readGrant(...asked)) });
    for (let at = 0; at < 5; at++) await known.find('grant');
    expect(reads).toBe(5);
  });

  it('keeps no token whose props are long, and none that was told to be good no more', async () => {
    const { known } = await setUp();
    known.keepShown('mine', shownAs('{"a":1}'));
    known.keepShown('long', shownAs('x'.repeat(4097)));
    known.keepShown('over', shownAs('{}'));
    known.forgetShown('over');
    expect(['mine', 'long', 'over'].map((token) => known.shown(token)?.text)).toEqual(['{"a":1}', undefined, undefined]);
  });
});

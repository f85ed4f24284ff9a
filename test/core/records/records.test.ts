import { makeRuntime, makeStores } from '#under-test';
import { describe, expect, it } from 'vitest';
import { makeRecords } from '../../../src/core/records/records.ts';
import type { Client } from '../../../src/model/client.ts';
import type { Json, Store } from '../../../src/model/store.ts';
import { revoke } from '../../../src/model/grant-transitions.ts';
import { memoryStore } from '../../../src/stores/memory.ts';
import { openGrant, START } from '../../support/grants.ts';

const now = (): number => START;
const inMemory = (): Store => memoryStore({ now });
const client: Client = {
  id: 'c',
  redirectUris: ['https://app.example/cb'],
  applicationType: 'native',
  grantTypes: ['authorization_code'],
  authMethod: 'none',
  createdAt: START,
};

describe('core/records/records', () => {
  it('repeats an edit on what another request wrote in between', async () => {
    const store = inMemory();
    const records = makeRecords(store);
    await records.openGrant(openGrant());
    let runs = 0;
    const result = await records.changeGrant('grant', (grant) => {
      if (runs++ === 0) void store.write('grant:grant', { ...grant, usedAt: 1 }, 'any');
      return { grant: { ...grant, usedAt: grant.usedAt + 1 }, result: 'done' };
    });
    expect([result, runs, (await records.findGrant('grant'))?.usedAt]).toEqual(['done', 2, 2]);
  });

  it('answers 503 under endless contention, instead of retrying for ever', async () => {
    const store = inMemory();
    const contended: Store['write'] = async (key, value, when, options) =>
      when === 'absent' && key !== 'limit:x' ? store.write(key, value, when, options) : null;
    const records = makeRecords({ ...wrapped(store), write: contended }, undefined, undefined, { ...makeRuntime(), pause: async () => {} });
    await records.openGrant(openGrant());
    await expect(records.count('x', 60, START)).rejects.toMatchObject({ status: 503, reason: 'limit_contended' }); // F-22: no limit that lets through
    await expect(records.changeGrant('grant', revoke('revoked', START))).rejects.toMatchObject({
      code: 'temporarily_unavailable',
      status: 503,
    });
  });

  it('returns a refusal only after its change is written, and writes nothing for one without a change', async () => {
    let writes = 0;
    const store = inMemory();
    const records = makeRecords({ ...wrapped(store), write: (...all) => (writes++, store.write(...all)) });
    await records.openGrant(openGrant());
    await expect(records.changeGrant('nobody', revoke('revoked', START))).rejects.toMatchObject({
      code: 'invalid_grant',
      reason: 'grant_unknown',
    });
    await records.changeGrant('grant', () => ({ result: 1 }));
    expect(writes).toBe(1);
  });

  it.each([
    'text',
    7,
    null,
    [],
    {},
    { v: 2, id: 'grant' },
    { v: 1 },
    { v: '1', id: 'grant', clientId: 'c', userId: 'u', access: [], retired: [], lifetimes: {} },
  ] as Json[])('FLT-24 treats the malformed record %j as absent, for every kind', async (row) => {
    const store = inMemory();
    const records = makeRecords(store);
    for (const kind of ['grant', 'client', 'pending', 'session', 'account', 'username']) await store.write(`${kind}:x`, row, 'any');
    const all = [
      records.findGrant('x'),
      records.findClient('x'),
      records.findPending('x'),
      records.findSession('x'),
      records.findAccount('x'),
      records.findAccountId('x'),
    ];
    expect(await Promise.all(all)).toEqual([null, null, null, null, null, null]);
  });

  it('keeps each kind of record apart: the same id is another record in another kind (SEC-036)', async () => {
    const store = inMemory();
    const records = makeRecords(store);
    await store.write('client:same', { ...client, id: 'same' }, 'absent');
    await records.openGrant(openGrant({ id: 'same' }));
    expect([await records.findPending('same'), await records.findSession('same'), (await records.findClient('same'))?.id]).toEqual([
      null,
      null,
      'same',
    ]);
  });

  it('counts every concurrent attempt, and starts again after the window', async () => {
    let time = START;
    for (const { name, store } of await makeStores(() => time)) {
      const records = makeRecords(store);
      const counts = await Promise.all(Array.from({ length: 20 }, () => records.count('x', 60, time)));
      expect([name, counts.map(({ count }) => count).toSorted((a, b) => a - b)]).toEqual([
        name,
        Array.from({ length: 20 }, (_, at) => at + 1),
      ]);
      time += 60;
      expect(await records.count('x', 60, time)).toEqual(expect.objectContaining({ count: 1, endsAt: time + 60 }));
    }
  });

  it('gives a pending authorization to exactly one of many who take it (I2)', async () => {
    for (const { store } of await makeStores(now)) {
      const records = makeRecords(store);
      await records.openPending('h', {
        v: 1,
        clientId: 'c',
        redirectUri: 'r',
        scope: [],
        resource: 'r',
        challenge: 'x',
        browserHash: 'b',
        expiresAt: START + 60,
      });
      const taken = await Promise.all(Array.from({ length: 10 }, () => records.takePending('h')));
      expect(taken.filter(Boolean)).toHaveLength(1);
    }
  });

  it('counts every concurrent attempt with few extra writes', async () => {
    const store = wrapped(inMemory());
    let writes = 0;
    const records = makeRecords({ ...store, write: (...all) => (writes++, store.write(...all)) });
    const counts = await Promise.all(Array.from({ length: 200 }, () => records.count('crowd', 600, START)));
    expect(new Set(counts.map(({ count }) => count)).size).toBe(200);
    expect(writes).toBeLessThan(2000); // without a pause it is 64 for each
  });
});

function wrapped(store: Store): Store {
  return {
    atomic: true,
    read: (key) => store.read(key),
    write: (...all) => store.write(...all),
    remove: (...all) => store.remove(...all),
    list: (...all) => store.list(...all),
  };
}

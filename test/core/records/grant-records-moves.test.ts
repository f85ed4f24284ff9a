/** Grants that move to another place, and what saves a read or a write. */
import { describe, expect, it } from 'vitest';
import { makeRecords, type Records } from '../../../src/core/records/records.ts';
import { base64url } from '../../../src/lib/bytes.ts';
import type { NewEvent } from '../../../src/model/event.ts';
import { end } from '../../../src/model/grant.ts';
import type { Json, Store } from '../../../src/model/store.ts';
import { memoryStore } from '../../../src/stores/memory.ts';
import { makeClock } from '../../../src/testing/clock.ts';
import { openGrant, START } from '../../support/grants.ts';

const CLIENT = { id: 'c', redirectUris: [], applicationType: 'web', grantTypes: [], authMethod: 'none', createdAt: 1 } as const;
const ACCOUNT = { v: 1, id: 'a', username: 'ada', stamp: 's', permissions: [], createdAt: 1 } as const;

function makeWorld(change: (store: Store) => Partial<Store> = () => ({})) {
  const store = memoryStore(makeClock(START));
  const plain = { atomic: store.atomic, read: store.read.bind(store), write: store.write.bind(store), remove: store.remove.bind(store), list: store.list.bind(store) } as Store; // prettier-ignore
  const ended: NewEvent[] = [];
  const records = makeRecords({ ...plain, ...change(plain) }, (event) => void ended.push(event));
  const at = async (key: `grant:${string}`): Promise<Json | undefined> => (await store.read(key))?.value;
  return { store, records, ended, at };
}

describe('core/records/grant-records: grants that move', () => {
  const RANDOM = Uint8Array.from({ length: 16 }, (_, at) => at);
  const runtime = { random: () => RANDOM, pause: async () => undefined };
  const move = (records: Records): Promise<string> =>
    records.changeGrant('grant', (grant) => ({ grant: { ...grant, usedAt: 7 }, keptAs: 'moved', result: 'done' }));

  it('are changed at their new place, which the old one names with a random name of the move', async () => {
    for (const given of [runtime, undefined]) {
      const { store, at } = makeWorld();
      const changed: string[] = [];
      const records = makeRecords(store, undefined, (id) => void changed.push(id), given);
      await records.openGrant(openGrant());
      expect(await move(records)).toBe('done');
      const name = given ? base64url(RANDOM) : (expect.stringMatching(/^[\w-]{22}$/) as string);
      expect(await at('grant:grant')).toEqual({ v: 1, movedTo: 'moved', move: name });
      expect((await records.findGrant('grant'))?.usedAt).toBe(7);
      expect(new Set(changed)).toEqual(new Set(['grant']));
      expect(await move(records)).toBe('done'); // it is there already: a plain change
    }
  });

  it('end where they are, for a change that ends them', async () => {
    const { records, at, ended } = makeWorld();
    await records.openGrant(openGrant());
    await records.changeGrant('grant', (grant) => ({ grant: end(grant, 'revoked', START), keptAs: 'moved', result: null }));
    expect([await at('grant:moved'), ended.length, (await records.findGrant('grant'))?.ended]).toEqual([undefined, 1, expect.anything()]);
  });

  it('move although another request began to move them and did not end', async () => {
    const { store, at } = makeWorld();
    const records = makeRecords(store, undefined, undefined, runtime);
    await records.openGrant(openGrant());
    const over = (await store.read('grant:grant'))?.version;
    await store.write('grant:moved', { v: 1, move: 'other', from: 'grant', over, arriving: openGrant() } as unknown as Json, 'any', {});
    expect(await move(records)).toBe('done');
    expect(await at('grant:grant')).toMatchObject({ movedTo: 'moved', move: base64url(RANDOM) });
    expect(await at('grant:moved')).toMatchObject({ usedAt: 7 });
  });

  it('are a 503 that names the kind of record if others always are faster', async () => {
    const { store } = makeWorld();
    const records = makeRecords({ atomic: true, read: store.read.bind(store), remove: store.remove.bind(store), list: store.list.bind(store), write: async () => null }, undefined, undefined, runtime); // prettier-ignore
    await store.write('grant:grant', openGrant() as unknown as Json, 'any', {});
    const change = records.changeGrant('grant', (grant) => ({ grant, result: null }));
    await expect(change).rejects.toMatchObject({ code: 'temporarily_unavailable', reason: 'grant_contended' });
  });
});

describe('core/records/grant-records: what saves a read or a write', () => {
  it('uses what was read ahead once, and reads again after a lost write', async () => {
    const reads: string[] = [];
    const { records, store } = makeWorld((plain) => ({ read: async (key, known) => (reads.push(key), plain.read(key, known)) }));
    await records.openGrant(openGrant());
    const known = await store.read('grant:grant');
    await records.changeGrant('grant', () => ({ result: null }), { known });
    expect(reads).toEqual([]);
    await store.write('grant:grant', { ...openGrant(), usedAt: 7 } as unknown as Json, 'any', {});
    const seen: number[] = [];
    await records.changeGrant('grant', (grant) => (seen.push(grant.usedAt), { grant, result: null }), { known });
    expect([seen.at(-1), reads]).toEqual([7, ['grant:grant']]);
  });

  it('remembers the record of a client that it read, and of no other', async () => {
    const { records, store } = makeWorld();
    await store.write('client:x', CLIENT, 'any', {});
    const found = await records.findClient('x');
    expect(found && records.storedClient(found)).toEqual({ value: found, version: (await store.read('client:x'))?.version });
    expect(records.storedClient({ ...CLIENT })).toBeUndefined();
  });

  it('links no identity twice: it writes nothing for a known one, and follows the first of two', async () => {
    const writes: string[] = [];
    let isLate = false;
    const { records } = makeWorld((plain) => ({
      read: async (key) => (isLate ? ((isLate = false), null) : plain.read(key)),
      write: async (key, ...all) => (writes.push(key), plain.write(key, ...all)),
    }));
    const candidate = (userId: string) => ({ userId, issuer: 'i', account: 'ada', createdAt: 1 });
    expect([await records.userOf('h', candidate('u1')), await records.userOf('h', candidate('u2')), writes]).toEqual(['u1', 'u1', ['identity:h']]);
    isLate = true; // another request links it between the read and the write
    expect([await records.userOf('h', candidate('u3')), writes.length]).toEqual(['u1', 2]);
  }); // prettier-ignore

  it('lists every account', async () => {
    const { records, store } = makeWorld();
    await records.changeAccount('a', () => ACCOUNT);
    expect((await store.list('accounts:all')).keys).toEqual(['account:a']);
  });
});

/** Decisions about clients as records: what is stored and listed of each, for how long, and what is read as none. */
import { describe, expect, it } from 'vitest';
import { approveClient, blockClient, findClientStatus, forgetClientStatus, isNewClients, listClientStatus, newClientsOf, noteWaiting, setNewClients } from '../../../src/core/records/client-status.ts'; // prettier-ignore
import type { Client } from '../../../src/model/client.ts';
import type { ClientPolicy } from '../../../src/model/client-policy.ts';
import type { Key, Store } from '../../../src/model/store.ts';
import { memoryStore } from '../../../src/stores/memory.ts';
import { makeClock } from '../../../src/testing/clock.ts';
import { START } from '../../support/grants.ts';
import { makeServer } from '../../support/server.ts';

const clientOf = (id: string, name?: string): Client => ({ id, redirectUris: [`https://${id}.example/cb`], ...(name === undefined ? {} : { name }) }) as unknown as Client; // prettier-ignore

function makeWorld(change: (store: Store) => Partial<Store> = () => ({})) {
  const clock = makeClock(START);
  const inner = memoryStore(clock);
  const plain = { atomic: inner.atomic, read: inner.read.bind(inner), remove: inner.remove.bind(inner), list: inner.list.bind(inner), write: inner.write.bind(inner) } as Store; // prettier-ignore
  const world = makeServer({ clock, store: { ...plain, ...change(plain) } });
  const keys = async (): Promise<readonly Key[]> => ((await inner.all?.())?.records ?? []).map(({ key }) => key).filter((key) => key.startsWith('client-status:')); // prettier-ignore
  return { ...world, clock, inner, keys };
}

describe('core/records/client-status: clients that wait', () => {
  it('are noted once, with what is known of them, for thirty days', async () => {
    const { as, events, clock } = makeWorld();
    await noteWaiting(as, clientOf('c1', 'Notes'), 'net', 'user');
    await noteWaiting(as, clientOf('c1', 'Other'), 'net', 'another');
    const record = { v: 1, clientId: 'c1', status: 'waiting', at: START, name: 'Notes', hosts: ['c1.example'], userId: 'user' };
    expect(await findClientStatus(as, 'c1')).toEqual(record);
    expect(events).toEqual([{ kind: 'client.waiting', clientId: 'c1', userId: 'user', at: START }]);
    expect(await listClientStatus(as, 'waiting')).toEqual({ clients: [record] });
    clock.pass(30 * 86_400 - 1);
    expect(await findClientStatus(as, 'c1')).toEqual(record);
    clock.pass(1);
    expect(await findClientStatus(as, 'c1')).toBeNull();
  });

  it('are noted without a name and a user where there is none', async () => {
    const { as, events } = makeWorld();
    await noteWaiting(as, clientOf('c1'), 'net', undefined);
    expect(Object.keys((await findClientStatus(as, 'c1')) ?? {}).toSorted()).toEqual(['at', 'clientId', 'hosts', 'status', 'v']);
    expect(Object.keys(events[0] ?? {}).toSorted()).toEqual(['at', 'clientId', 'kind']);
  });

  it('are told once, where two requests find them new at the same moment', async () => {
    let isLate = true;
    const { as, events } = makeWorld((store) => ({
      read: async (key, ...rest) => (key.startsWith('client-status:') && isLate ? ((isLate = false), null) : store.read(key, ...rest)),
    }));
    isLate = false;
    await noteWaiting(as, clientOf('c1', 'Notes'), 'net', 'user');
    isLate = true; // the second request reads what was there before the first one
    await noteWaiting(as, clientOf('c1', 'Notes'), 'net', 'another');
    expect([events.length, (await findClientStatus(as, 'c1'))?.userId]).toEqual([1, 'user']);
  });

  it('are at most twenty of one network in an hour, and cost a known one no place', async () => {
    const { as } = makeWorld();
    for (let at = 0; at < 30; at++) await noteWaiting(as, clientOf('known'), 'net', undefined);
    for (let at = 0; at < 25; at++) await noteWaiting(as, clientOf(`c${at}`), 'net', undefined);
    expect([(await findClientStatus(as, 'c18'))?.status, await findClientStatus(as, 'c19')]).toEqual(['waiting', null]);
    await noteWaiting(as, clientOf('c19'), 'another net', undefined);
    expect((await findClientStatus(as, 'c19'))?.status).toBe('waiting');
  });
});

describe('core/records/client-status: decisions', () => {
  it('keep who was waiting, with the client as it is at the decision', async () => {
    const { as } = makeWorld();
    await noteWaiting(as, clientOf('c1', 'Notes'), 'net', 'user');
    await approveClient(as, 'c1', clientOf('c1', 'Renamed'));
    expect(await findClientStatus(as, 'c1')).toMatchObject({ status: 'approved', userId: 'user', name: 'Renamed' });
  });

  it('keep what is known, are told, and move the client from list to list', async () => {
    const { as, events, clock } = makeWorld();
    await noteWaiting(as, clientOf('c1', 'Notes'), 'net', 'user');
    clock.pass(5);
    await approveClient(as, 'c1', null);
    expect(await findClientStatus(as, 'c1')).toEqual({ v: 1, clientId: 'c1', status: 'approved', at: START + 5, name: 'Notes', hosts: ['c1.example'], userId: 'user' }); // prettier-ignore
    expect((await listClientStatus(as, 'waiting')).clients).toEqual([]);
    expect((await listClientStatus(as, 'approved')).clients).toHaveLength(1);
    expect(await blockClient(as, 'c1', clientOf('c1', 'Renamed'))).toBe(0);
    expect(await findClientStatus(as, 'c1')).toMatchObject({ status: 'blocked', name: 'Renamed' });
    expect(events.map(({ kind }) => kind)).toEqual(['client.waiting', 'client.approved', 'client.blocked']);
    expect(events.at(-1)).toMatchObject({ clientId: 'c1' });
    clock.pass(400 * 86_400);
    expect((await findClientStatus(as, 'c1'))?.status).toBe('blocked'); // a decision has no end
    expect([await forgetClientStatus(as, 'c1'), await forgetClientStatus(as, 'c1'), await findClientStatus(as, 'c1')]).toEqual([true, false, null]); // prettier-ignore
  });

  it('approve a client only with the status that was seen, where one is named', async () => {
    const { as, events } = makeWorld();
    expect(await approveClient(as, 'c1', null, 'waiting')).toBe(false);
    expect([await findClientStatus(as, 'c1'), events]).toEqual([null, []]);
    expect(await approveClient(as, 'c1', null, null)).toBe(true);
    await blockClient(as, 'c1', null);
    expect([await approveClient(as, 'c1', null, 'approved'), (await findClientStatus(as, 'c1'))?.status]).toEqual([false, 'blocked']);
    expect([await approveClient(as, 'c1', null, 'blocked'), await approveClient(as, 'c1', null)]).toEqual([true, true]);
    expect(events.map(({ kind }) => kind)).toEqual(['client.approved', 'client.blocked', 'client.approved', 'client.approved']);
  });

  it('name hosts and a name only where the client is known', async () => {
    const { as } = makeWorld();
    await approveClient(as, 'c1', null);
    await approveClient(as, 'c2', clientOf('c2'));
    expect(Object.keys((await findClientStatus(as, 'c1')) ?? {}).toSorted()).toEqual(['at', 'clientId', 'status', 'v']);
    expect(Object.keys((await findClientStatus(as, 'c2')) ?? {}).toSorted()).toEqual(['at', 'clientId', 'hosts', 'status', 'v']);
  });

  it('are listed page by page, without what another list has and what is gone', async () => {
    const rest: { next?: string; more: readonly Key[] } = { more: [] };
    const { as, keys } = makeWorld((plain) => ({ list: async (index) => ({ keys: [...(await plain.list(index)).keys, ...rest.more], ...(rest.next === undefined ? {} : { next: rest.next as never }) }) })); // prettier-ignore
    await approveClient(as, 'c1', null);
    const [approved] = await keys();
    await blockClient(as, 'c2', null);
    rest.more = [approved as Key, 'client-status:gone'];
    const page = await listClientStatus(as, 'blocked');
    expect([page.clients.map(({ clientId }) => clientId), 'next' in page]).toEqual([['c2'], false]);
    rest.next = 'more';
    expect((await listClientStatus(as, 'blocked')).next).toBe('more');
  });

  it('are none where a record has another form, or is of another client', async () => {
    const { as, keys, inner } = makeWorld();
    await approveClient(as, 'c1', null);
    const [key] = (await keys()) as [Key];
    const good = { v: 1, clientId: 'c1', status: 'approved', at: 1 };
    for (const [value, isFound] of [[good, true], [{ ...good, clientId: 'c2' }, false], [{ ...good, v: 2 }, false], [{ ...good, status: undefined }, false], [{ ...good, at: undefined }, false]] as const) {
      await inner.write(key, value as never, 'any', {});
      expect([value, (await findClientStatus(as, 'c1')) !== null]).toEqual([value, isFound]);
    }
  }); // prettier-ignore
});

describe('core/records/client-status: new clients', () => {
  it('follow the option until an administrator sets something else, and again after that is taken back', async () => {
    const { as, inner } = makeWorld();
    const policy = { newClients: 'refuse' } as ClientPolicy;
    expect(await newClientsOf(as, policy)).toBe('refuse');
    await setNewClients(as, 'approve');
    expect([await newClientsOf(as, policy), (await inner.read('client-mode:new'))?.value]).toEqual(['approve', { v: 1, newClients: 'approve', at: START }]); // prettier-ignore
    await setNewClients(as, null);
    expect([await newClientsOf(as, policy), await inner.read('client-mode:new')]).toEqual(['refuse', null]);
    for (const value of [{ v: 2, newClients: 'allow' }, { v: 1, newClients: 'all' }, { v: 1 }]) {
      await inner.write('client-mode:new', value as never, 'any', {});
      expect(await newClientsOf(as, policy)).toBe('refuse');
    }
    expect(['allow', 'approve', 'refuse', 'all', undefined].map(isNewClients)).toEqual([true, true, true, false, false]);
  });
});

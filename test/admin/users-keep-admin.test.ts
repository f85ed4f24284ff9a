/** An administrator is always left: who is announced as leaving can shut no one out, for as long as an act may take. */
import { describe, expect, it } from 'vitest';
import type { Admin } from '../../src/admin/act.ts';
import { shuttingOut, stays } from '../../src/admin/users.ts';
import { makeServer } from '../support/server.ts';

const KEY = 'admins-leaving:all';
function makeWorld() {
  const { as, clock, store } = makeServer();
  const admin = (userId: string): Admin => ({ as, userId, permission: 'admin' }) as Admin;
  const done: string[] = [];
  const out = (by: string, who: string, work = async (): Promise<unknown> => done.push(`${by} ${who}`)): Promise<unknown> =>
    shuttingOut(admin(by), who, work);
  const leaving = async (): Promise<readonly string[]> =>
    ((await store.read(KEY))?.value as { users: { id: string }[] } | undefined)?.users.map(({ id }) => id) ?? [];
  return { admin, clock, store, done, out, leaving };
}

describe('admin/users, the last administrator', () => {
  it('lets no administrator shut themselves out, and announces nothing then', async () => {
    const { out, done, leaving } = makeWorld();
    await expect(out('alice', 'alice')).rejects.toMatchObject({ code: 'access_denied', reason: 'admin_own_account', status: 409 });
    expect([done, await leaving()]).toEqual([[], []]);
  });

  it('announces who is shut out before the act, once, and gives what the act gives', async () => {
    const { out, leaving } = makeWorld();
    expect(await out('alice', 'bob', async () => [...(await leaving()), 'done'])).toEqual(['bob', 'done']);
    await out('alice', 'bob');
    await out('alice', 'carol');
    expect(await leaving()).toEqual(['bob', 'carol']);
  });

  it('lets who is being shut out shut no one out, for ten minutes', async () => {
    const { out, done, clock, leaving } = makeWorld();
    await out('alice', 'bob');
    clock.pass(599);
    await expect(out('bob', 'alice')).rejects.toMatchObject({ code: 'access_denied', reason: 'admin_last', status: 409 });
    expect([done, await leaving()]).toEqual([['alice bob'], ['bob']]);
    clock.pass(1);
    await out('bob', 'alice');
    expect([done, await leaving()]).toEqual([['alice bob', 'bob alice'], ['alice']]);
    clock.pass(599);
    await out('carol', 'dan'); // which makes no other announcement last longer
    clock.pass(1);
    await out('alice', 'bob');
    expect(await leaving()).toEqual(['dan', 'bob']);
  });

  it('takes the announcement back where the act fails, and where the user is an administrator again', async () => {
    const { admin, out, leaving } = makeWorld();
    const down = new Error('down');
    await out('alice', 'carol');
    await expect(out('alice', 'bob', () => Promise.reject(down))).rejects.toBe(down);
    expect(await leaving()).toEqual(['carol']);
    await stays(admin('alice'), 'carol');
    expect(await leaving()).toEqual([]);
    await out('carol', 'alice');
  });

  it('keeps the record for ten minutes after the last announcement, and overwrites none of another version', async () => {
    const { out, store, clock } = makeWorld();
    await out('alice', 'bob');
    clock.pass(599);
    expect(await store.read(KEY)).not.toBeNull();
    clock.pass(1);
    expect(await store.read(KEY)).toBeNull();
    for (const odd of [{ v: 2, users: [] }, { v: 1 }, { users: [] }]) {
      await store.remove(KEY);
      await store.write(KEY, odd as never, 'absent');
      await expect(out('alice', 'bob')).rejects.toMatchObject({ code: 'temporarily_unavailable', reason: 'admins_leaving_unreadable' });
    }
  });
});

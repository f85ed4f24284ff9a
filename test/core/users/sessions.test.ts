import { describe, expect, it } from 'vitest';
import type { Session } from '../../../src/core/records/records.ts';
import { endSessionOf, everySession, publicSessionId, sessionsOf, useSession } from '../../../src/core/users/sessions.ts';
import { makeServer } from '../../support/server.ts';

async function makeWorld() {
  const world = makeServer({ settings: { sessionIdleTtl: 3600 } });
  const { as, clock } = world;
  const open = (hash: string, more: Partial<Session> = {}): Promise<void> =>
    as.records.openSession(hash, { v: 1, userId: 'u1', claims: {}, createdAt: clock.now(), expiresAt: clock.now() + 86_400, ...more });
  await open('s1', { idleUntil: clock.now() + 3600 });
  return { ...world, open };
}

describe('core/users/sessions', () => {
  it('writes the time of last use every five minutes, and restarts the idle time with it', async () => {
    const { as, clock, store } = await makeWorld();
    const version = (await store.read('session:s1'))?.version;
    clock.pass(299);
    expect((await useSession(as, 's1'))?.seenAt).toBeUndefined();
    expect((await store.read('session:s1'))?.version).toBe(version);
    clock.pass(1);
    expect(await useSession(as, 's1')).toMatchObject({ seenAt: clock.now(), idleUntil: clock.now() + 3600 });
    const seen = (await store.read('session:s1'))?.version;
    clock.pass(299);
    await useSession(as, 's1');
    expect((await store.read('session:s1'))?.version).toBe(seen);
    clock.pass(3300);
    expect((await useSession(as, 's1'))?.seenAt).toBe(clock.now());
    clock.pass(3600);
    expect(await useSession(as, 's1')).toBeNull();
  });

  it('ends at its absolute end, also in use', async () => {
    const { as, clock } = await makeWorld();
    for (let passed = 0; passed < 86_400 - 1800; passed += 1800) {
      expect(await useSession(as, 's1')).not.toBeNull();
      clock.pass(1800);
    }
    clock.pass(1800);
    expect(await useSession(as, 's1')).toBeNull();
  });

  it('stays ended, and stays as another request wrote it, where one was faster', async () => {
    for (const meanwhile of ['ended', 'used'] as const) {
      const { as, clock, store } = await makeWorld();
      clock.pass(300);
      const write: typeof store.write = async (...all) => {
        if (meanwhile === 'ended') await store.remove('session:s1');
        else await store.write('session:s1', { v: 1, userId: 'u1', claims: { by: 'another' }, createdAt: 1, expiresAt: 9e9 }, 'any', {});
        return store.write(...all);
      };
      const racing = { ...as, store: { read: store.read.bind(store), write } as never };
      const found = await useSession(racing, 's1');
      if (meanwhile === 'ended') expect([found, await store.read('session:s1')]).toEqual([null, null]);
      else expect(found?.claims).toEqual({ by: 'another' });
    }
  });

  it('lists every live session of a user over all pages, and no session of another user', async () => {
    const { as, open } = await makeWorld();
    await open('s2');
    await open('s3');
    await open('s4', { userId: 'u2' });
    const pages = [{ keys: ['session:s1', 'session:s4'], next: 'a' }, { keys: [], next: 'b' }, { keys: ['session:gone', 'session:s3'] }];
    const asked: unknown[] = [];
    const sessions = async (_user: string, after?: string) => (asked.push(after), pages[asked.length - 1]);
    const paged = { ...as, records: { ...as.records, sessionsOf: sessions as never } };
    const found: string[] = [];
    for await (const { hash } of everySession(paged, 'u1')) found.push(hash);
    expect([found, asked]).toEqual([
      ['s1', 's3'],
      [undefined, 'a', 'b'],
    ]);
  });

  it('shows the most recently used first, a hundred at most', async () => {
    const { as, clock, open } = await makeWorld();
    await open('s2', { createdAt: clock.now() + 2 });
    await open('s3', { createdAt: clock.now() - 9, seenAt: clock.now() + 3 });
    await open('s4', { createdAt: clock.now() + 9, seenAt: clock.now() + 1 });
    expect((await sessionsOf(as, 'u1')).map(({ hash }) => hash)).toEqual(['s3', 's2', 's4', 's1']);
    for (let at = 0; at < 100; at++) await open(`more-${at}`);
    expect(await sessionsOf(as, 'u1')).toHaveLength(100);
  });

  it('is ended for its user only, by a name that does not reveal its cookie', async () => {
    const { as, open } = await makeWorld();
    await open('s2');
    await open('s3');
    const marks = await Promise.all(['s1', 's2', 's3'].map((hash) => publicSessionId(as, { hash })));
    expect(new Set(marks).size).toBe(3);
    for (const mark of marks) expect(mark).toMatch(/^[\w-]{22}$/);
    const [, mark = ''] = marks;
    expect(mark).not.toBe((await as.secrets.hash('s2')).slice(0, 22));
    expect([await endSessionOf(as, 'u2', mark), await endSessionOf(as, 'u1', 'none')]).toEqual([false, false]);
    expect([await endSessionOf(as, 'u1', mark), await endSessionOf(as, 'u1', mark)]).toEqual([true, false]);
    expect((await sessionsOf(as, 'u1')).map(({ hash }) => hash).toSorted()).toEqual(['s1', 's3']);
  });
});

import { describe, expect, it } from 'vitest';
import { handleIn, MAX_RECORD_BYTES, sessionStoreOf } from '../../../src/mcp/sessions/session-store.ts';
import type { Json } from '../../../src/model/store.ts';
import type { UserStates } from '../../../src/model/user-state.ts';
import { statesWith } from '../states.ts';

const ID = 'A'.repeat(43);

/** States that note what is written, under which handle and for how long. */
function noting(): { readonly states: UserStates; readonly writes: (readonly [string, Json, unknown])[]; readonly removes: unknown[] } {
  const inner = statesWith({ now: () => 77 });
  const [writes, removes]: [(readonly [string, Json, unknown])[], unknown[]] = [[], []];
  const write: UserStates['write'] = (handle, value, since, ttl) => (writes.push([handle, value, ttl]), inner.write(handle, value, since, ttl));
  const remove: UserStates['remove'] = (handle, since) => (removes.push([handle, since]), inner.remove(handle, since));
  return { states: { ...inner, write, remove }, writes, removes };
} // prettier-ignore

describe('mcp/sessions/session-store', () => {
  it('keeps records sealed, under a label that does not tell the id', async () => {
    const { states, writes } = noting();
    const store = await sessionStoreOf(ID, states);
    expect(store.label).toMatch(/^[\w-]{22}$/);
    const version = await store.write('session', { a: 'hello' }, null, 60);
    expect(await store.read('session')).toEqual({ value: { a: 'hello' }, version });
    expect(await store.read('other')).toBeNull();
    expect(writes).toEqual([[`mcp-session ${store.label} session`, expect.stringMatching(/^[\w-]+$/), 60]]);
    expect(handleIn(store.label, 'session')).toBe(`mcp-session ${store.label} session`);
    const text = atob(JSON.stringify(writes[0]?.[1]).slice(1, -1).replaceAll('-', '+').replaceAll('_', '/'));
    expect([text.length, text.includes('hello'), text.includes(ID)]).toEqual([
      12 + JSON.stringify({ a: 'hello' }).length + 16,
      false,
      false,
    ]);
    expect(store.now()).toBe(77);
  });

  it('seals each write with another text, and opens none of another session or name', async () => {
    const { states, writes } = noting();
    const [store, other] = [await sessionStoreOf(ID, states), await sessionStoreOf('B'.repeat(43), states)];
    expect(store.label).not.toBe(other.label);
    const first = await store.write('a', 1, null);
    await store.write('a', 1, first);
    const [one, two] = [writes[0]?.[1] ?? null, writes[1]?.[1] ?? null];
    expect(one).not.toBe(two);
    for (const value of [one, 'AAAA', '=', 7, null, {}] as Json[]) {
      for (const [target, name] of [[other, 'a'], [store, 'b']] as const) {
        await states.write(handleIn(target.label, name), value, (await states.read(handleIn(target.label, name)))?.version ?? null);
        expect(await target.read(name)).toBeNull();
      }
    }
    expect((await (await sessionStoreOf(ID, states)).read('a'))?.value).toBe(1);
  }); // prettier-ignore

  it('writes and removes on condition', async () => {
    const { states, removes } = noting();
    const store = await sessionStoreOf(ID, states);
    const first = await store.write('a', 1, null);
    expect([await store.write('a', 2, null), (await store.read('a'))?.value]).toEqual([null, 1]);
    const second = await store.write('a', 2, first);
    expect([second !== null, (await store.read('a'))?.value]).toEqual([true, 2]);
    expect([await store.remove('a', second ?? 0), await store.remove('a')]).toEqual([true, false]);
    expect(removes).toEqual([[handleIn(store.label, 'a'), second], [handleIn(store.label, 'a'), undefined]]); // prettier-ignore
  });

  it('refuses a value that is too large', async () => {
    const store = await sessionStoreOf(ID, statesWith());
    expect(MAX_RECORD_BYTES).toBe(190_000);
    expect(await store.write('a', 'x'.repeat(MAX_RECORD_BYTES - 2), null)).not.toBeNull();
    await expect(store.write('b', 'x'.repeat(MAX_RECORD_BYTES - 1), null)).rejects.toThrow('What is kept for a session may have 190000 characters');
  }); // prettier-ignore
});

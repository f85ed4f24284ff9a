import { describe, expect, it } from 'vitest';
import { statesOf } from '../../../src/core/records/user-states.ts';
import type { Checked } from '../../../src/model/access.ts';
import { makeServer, NEW_SECRET } from '../../support/server.ts';

const ACCESS = { userId: 'u1', resource: 'https://mcp.example/mcp' } as Checked;
const keysIn = async (store: { all?: (after?: string) => Promise<{ records: readonly { key: string }[] }> }) => (await store.all?.())?.records.map(({ key }) => key) ?? []; // prettier-ignore

describe('core/records/user-states', () => {
  it('keeps a value under handle, user, resource, issuer and kind together (SEC-191)', async () => {
    const { as } = makeServer();
    const states = statesOf(as, ACCESS, 'state');
    expect(await states.write('cart', { a: 1 }, null)).not.toBeNull();
    expect((await states.read('cart'))?.value).toEqual({ a: 1 });
    for (const [access, kind, handle] of [
      [{ ...ACCESS, userId: 'u2' }, 'state', 'cart'],
      [{ ...ACCESS, resource: 'https://other.example/mcp' }, 'state', 'cart'],
      [{ ...ACCESS, issuer: 'https://other.example' }, 'state', 'cart'],
      [ACCESS, 'mcp', 'cart'],
      [ACCESS, 'state', 'carts'],
    ] as const)
      expect(await statesOf(as, access, kind).read(handle)).toBeNull();
    expect((await statesOf(as, { ...ACCESS, issuer: '' } as Checked, 'state').read('cart'))?.value).toEqual({ a: 1 });
  });

  it('keeps for a token that names no user its own exchanges of MCP, and no state (SEC-191)', async () => {
    const { as } = makeServer();
    const of = (grantId: string): Checked => ({ ...ACCESS, userId: '', grantId }) as Checked;
    await statesOf(as, of('g1'), 'mcp').write('a', 1, null);
    expect([(await statesOf(as, of('g1'), 'mcp').read('a'))?.value, await statesOf(as, of('g2'), 'mcp').read('a')]).toEqual([1, null]);
    for (const states of [statesOf(as, of('g1'), 'state'), statesOf(as, of(''), 'mcp')])
      await expect(states.write('a', 1, null)).rejects.toThrow(TypeError);
  });

  it('writes on condition, removes on condition, and knows the time', async () => {
    const { as, clock } = makeServer();
    const states = statesOf(as, ACCESS, 'state');
    const first = await states.write('cart', 1, null);
    expect([await states.write('cart', 2, null), (await states.read('cart'))?.version]).toEqual([null, first]);
    const second = await states.write('cart', 2, first);
    expect([await states.write('cart', 3, first), (await states.read('cart'))?.value]).toEqual([null, 2]);
    expect([await states.remove('cart', first ?? 0), await states.remove('cart', second ?? 0), await states.remove('cart')]).toEqual([false, true, false]); // prettier-ignore
    expect([await states.read('cart'), states.now()]).toEqual([null, clock.now()]);
  });

  it('keeps it for a year, or as long as it is told', async () => {
    const { as, clock } = makeServer();
    const states = statesOf(as, ACCESS, 'state');
    await states.write('long', 1, null);
    await states.write('short', 1, null, 60);
    clock.pass(59);
    expect(await states.read('short')).not.toBeNull();
    clock.pass(1);
    expect(await states.read('short')).toBeNull();
    clock.pass(365 * 86_400 - 61);
    expect(await states.read('long')).not.toBeNull();
    clock.pass(1);
    expect(await states.read('long')).toBeNull();
  });

  it('seals it under a secret of the server, bound to its own key', async () => {
    const { as, store } = makeServer();
    const states = statesOf(as, ACCESS, 'mcp');
    await states.write('a', 'hello', null);
    await states.write('b', 'other', null);
    const [first, second] = (await keysIn(store as never)) as [`mcp:${string}`, `mcp:${string}`];
    expect([first, second]).toEqual([expect.stringMatching(/^mcp:/), expect.stringMatching(/^mcp:/)]);
    const [one, two] = [(await store.read(first))?.value, (await store.read(second))?.value];
    expect(one).toEqual({ v: 1, sealed: expect.stringMatching(/^s1\./) });
    await store.write(first, two as never, 'any', {});
    await store.write(second, one as never, 'any', {});
    for (const handle of ['a', 'b']) await expect(states.read(handle)).rejects.toMatchObject({ status: 503, reason: 'record_unreadable', cause: { message: expect.stringContaining('"user-state"') } });
    const opened = await as.keyring?.open('user-state', (two as { sealed: string }).sealed, second);
    expect([{ value: 'hello' }, { value: 'other' }]).toContainEqual(opened);
  }); // prettier-ignore

  it('is plain without a secret, which later ones still read, and never absent when the secret is missing (SEC-209)', async () => {
    const { as, store, clock } = makeServer({ secrets: [] });
    await statesOf(as, ACCESS, 'state').write('cart', { a: 1 }, null);
    const [key] = (await keysIn(store as never)) as [`state:${string}`];
    expect((await store.read(key))?.value).toEqual({ v: 1, plain: { a: 1 } });
    const later = statesOf(makeServer({ store, clock, secrets: [NEW_SECRET] }).as, ACCESS, 'state');
    expect((await later.read('cart'))?.value).toEqual({ a: 1 });
    await later.write('sealed', 1, null);
    for (const secrets of [[], undefined]) {
      const other = statesOf(makeServer({ store, clock, ...(secrets && { secrets }) }).as, ACCESS, 'state');
      await expect(other.read('sealed')).rejects.toMatchObject({ status: 503, reason: 'secret_missing', cause: { message: expect.stringContaining('"user-state"') } }); // prettier-ignore
    }
  });

  it('takes a record of another format for none', async () => {
    const { as, store } = makeServer();
    const states = statesOf(as, ACCESS, 'state');
    await states.write('cart', 1, null);
    const [key] = (await keysIn(store as never)) as [`state:${string}`];
    for (const bad of [{ v: 2, plain: 1 }, { v: 1 }]) {
      await store.write(key, bad, 'any', {});
      expect(await states.read('cart')).toBeNull();
    }
  });

  it('refuses a value or a handle that is too long', async () => {
    const { as } = makeServer();
    const states = statesOf(as, ACCESS, 'state');
    expect(await states.write('h'.repeat(256), 'x'.repeat(262_142), null)).not.toBeNull();
    await expect(states.write('a', 'x'.repeat(262_143), null)).rejects.toThrow(
      "A user's state can have at most 262144 characters of JSON.",
    );
    for (const act of [states.read('h'.repeat(257)), states.write('h'.repeat(257), 1, null), states.remove('h'.repeat(257))])
      await expect(act).rejects.toThrow('A state handle can have at most 256 characters.');
  });
});

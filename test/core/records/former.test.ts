/** Notes about revocations, for grants and clients that have not moved from a former store yet. */
import { describe, expect, it } from 'vitest';
import { cutFormer, type FormerOwner, isCut } from '../../../src/core/records/former.ts';
import { makeServer } from '../../support/server.ts';

const YEAR = 31_536_000;

/** A server with a former store, and where it keeps its note about an owner: user, client, deleted client. */
function makeWorld(formerStore: object | null = {}) {
  const { as, clock, store } = makeServer({ settings: { formerStore: formerStore as never } });
  const keyOf = async (...owner: readonly (string | null)[]) =>
    `former:${await as.secrets.hash(`former cut\n${JSON.stringify(owner)}`)}` as const;
  return { as, clock, store, keyOf };
}

describe('core/records/former', () => {
  it('ends what was made until the moment of the revocation, and nothing made since (SEC-037)', async () => {
    const { as, clock } = makeWorld();
    const now = clock.now();
    expect(await isCut(as, [{ userId: 'u1' }], now)).toBe(false);
    await cutFormer(as, { userId: 'u1' });
    expect(await Promise.all([0, now - 1, now, now + 1].map((at) => isCut(as, [{ userId: 'u1' }], at)))).toEqual([true, true, true, false]);
    clock.pass(10 * YEAR);
    expect(await isCut(as, [{ userId: 'u1' }], now)).toBe(true); // a grant there may have no end
    await cutFormer(as, { userId: 'u1' });
    expect([await isCut(as, [{ userId: 'u1' }], now + 1), await isCut(as, [{ userId: 'u1' }], clock.now() + 1)]).toEqual([true, false]);
  });

  it('keeps apart a user, a client, both, all, and a deleted client, whatever their ids are (SEC-037)', async () => {
    const owners: readonly FormerOwner[] = [
      {}, { userId: 'x' }, { clientId: 'x' }, { deletedClient: 'x' }, { userId: 'x', clientId: 'x' }, { userId: 'y' },
      { userId: '' }, { userId: 'null' }, { userId: 'x","x' }, { userId: 'x', clientId: 'y' },
    ]; // prettier-ignore
    for (const [at, owner] of owners.entries()) {
      const { as, clock } = makeWorld();
      await cutFormer(as, owner);
      const cut = await Promise.all(owners.map((other) => isCut(as, [other], clock.now())));
      expect(cut).toEqual(owners.map((_, index) => index === at));
    }
  });

  it('ends what any of its owners ended, and nothing without an owner (SEC-037)', async () => {
    const { as, clock } = makeWorld();
    await cutFormer(as, { clientId: 'c1' });
    expect(await isCut(as, [{}, { userId: 'u1' }, { clientId: 'c1' }], clock.now())).toBe(true);
    expect(await isCut(as, [{}, { userId: 'u1' }, { clientId: 'c2' }], clock.now())).toBe(false);
    expect(await isCut(as, [], clock.now())).toBe(false);
  });

  it('finds the notes that earlier versions wrote (SEC-037)', async () => {
    const { as, clock, keyOf, store } = makeWorld();
    await cutFormer(as, { userId: 'u1', clientId: 'c1' });
    expect((await store.read(await keyOf('u1', 'c1', null)))?.value).toEqual({ v: 1, before: clock.now() });
    await store.write(await keyOf(null, null, 'gone'), { v: 1, before: clock.now() }, 'any');
    expect(await isCut(as, [{ deletedClient: 'gone' }], clock.now())).toBe(true);
  });

  it('reads a note of another format as none', async () => {
    const { as, clock, keyOf, store } = makeWorld();
    for (const odd of [{ v: 2, before: clock.now() }, { before: clock.now() }, { v: 1 }, null, 7, 'x']) {
      await store.write(await keyOf('u1', null, null), odd, 'any');
      expect(await isCut(as, [{ userId: 'u1' }], clock.now() - 1)).toBe(false);
    }
  });

  it('writes nothing without a former store', async () => {
    const { as, store, keyOf } = makeWorld(null);
    await cutFormer(as, { userId: 'u1' });
    expect(await store.read(await keyOf('u1', null, null))).toBeNull();
  });
});

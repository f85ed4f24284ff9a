import { describe, expect, it } from 'vitest';
import * as states from '../../../src/core/records/sign-in-flow.ts';
import { makeServer } from '../../support/server.ts';

async function makeWorld() {
  const world = makeServer();
  const { state, hash } = await states.newState(world.as);
  const record = { login: 'site', pendingHash: 'p', browserHash: 'b', expiresAt: world.clock.now() + 600 };
  await states.openUpstreamState(world.as, { state, hash }, record, { nonce: 'n' });
  return { ...world, state, hash, record, key: `upstream-state:${hash}` as const };
}

describe('core/records/sign-in-flow: upstream states', () => {
  it('reads a state parameter only if it occurs once and has our format', () => {
    const state = 'A'.repeat(43);
    const read = (query: string) => states.stateIn(`https://as.example/callback${query}`);
    expect([read(`?state=${state}`), read(`?code=x&state=${state}&iss=y`)]).toEqual([state, state]);
    for (const query of ['', '?state=', `?state=${state}A`, `?state=A${state}`, `?state=${state.slice(1)}`, `?state=${state.slice(1)}.`, `?State=${state}`])
      expect(read(query)).toBeNull();
    expect(() => read(`?state=${state}&state=${state}`)).toThrow();
  }); // prettier-ignore

  it('is kept under a hash, sealed under the parameter, and found by it until it ends', async () => {
    const { as, state, hash, record, key, store, clock } = await makeWorld();
    const found = await states.findUpstreamState(as, state);
    expect(found).toEqual({ hash, kept: { nonce: 'n' }, record: { v: 1, ...record, sealed: expect.any(String) } });
    expect(JSON.stringify((await store.read(key))?.value)).not.toMatch(new RegExp(`nonce|${state}`));
    expect(await states.findUpstreamState(as, 'B'.repeat(43))).toBeNull();
    clock.pass(599);
    expect(await states.findUpstreamState(as, state)).not.toBeNull();
    clock.pass(1);
    expect(await states.findUpstreamState(as, state)).toBeNull();
  });

  it('says so if it cannot be opened, and takes another format for none', async () => {
    const { as, state, key, store } = await makeWorld();
    const record = (await store.read(key))?.value as object;
    await store.write(key, { ...record, sealed: 'x' }, 'any', {});
    await expect(states.findUpstreamState(as, state)).rejects.toThrow('cannot be opened');
    for (const bad of [
      { ...record, v: 2 },
      { v: 1, login: 'site', browserHash: 'b' },
    ]) {
      await store.write(key, bad, 'any', {});
      expect(await states.findUpstreamState(as, state)).toBeNull();
    }
  });

  it('is taken by exactly one caller, whose second request learns when the first has ended in a page', async () => {
    const { as, hash, state } = await makeWorld();
    expect(await states.isUpstreamStateDone(as, hash)).toBe(true); // nothing takes it now
    await states.endUpstreamStateInPage(as, hash);
    expect((await states.findUpstreamState(as, state))?.record.taken).toBeUndefined();
    const taken = await Promise.all([states.takeUpstreamState(as, hash), states.takeUpstreamState(as, hash)]);
    expect(taken.toSorted()).toEqual([false, true]);
    expect([await states.isUpstreamStateDone(as, hash), (await states.findUpstreamState(as, state))?.record.taken]).toEqual([false, 'now']);
    await states.endUpstreamStateInPage(as, hash);
    expect([await states.isUpstreamStateDone(as, hash), await states.takeUpstreamState(as, hash)]).toEqual([true, false]);
    expect((await states.findUpstreamState(as, state))?.record.taken).toBe('done');
    expect([await states.isUpstreamStateDone(as, 'unknown'), await states.takeUpstreamState(as, 'unknown')]).toEqual([true, false]);
  });
});

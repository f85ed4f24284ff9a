import { describe, expect, it } from 'vitest';
import * as states from '../../../src/core/records/sign-in-flow.ts';
import { PENDING_TTL } from '../../../src/model/pending-authorization.ts';
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

describe('core/records/sign-in-flow: steps', () => {
  async function makeStep(tries = 2) {
    const world = makeServer();
    const step = { v: 1, asker: 'login:password', pendingHash: null, browserHash: 'b', tries, sealed: 's', expiresAt: world.clock.now() + 600 } as const; // prettier-ignore
    await states.openStep(world.as, 'h', step);
    return { ...world, step, find: () => states.findStep(world.as, 'h') };
  }

  it('are found until they end, and one name is never given twice', async () => {
    const { as, clock, step, find } = await makeStep();
    await expect(states.openStep(as, 'h', { ...step, sealed: 'other' })).rejects.toThrow('generated twice');
    clock.pass(599);
    expect([await find(), await states.findStep(as, 'other')]).toEqual([step, null]);
    clock.pass(1);
    expect(await find()).toBeNull();
  });

  it('are taken with their last attempt, and end no later for it', async () => {
    const { as, clock, step, find } = await makeStep();
    expect([await states.spendTry(as, 'h'), await find()]).toEqual([1, { ...step, tries: 1 }]);
    expect([await states.spendTry(as, 'h'), await find()]).toEqual([0, { ...step, tries: 0, taken: 'now' }]);
    expect([await states.spendTry(as, 'h'), await states.takeStep(as, 'h'), await states.spendTry(as, 'other')]).toEqual([
      null,
      false,
      null,
    ]);
    clock.pass(600);
    expect(await find()).toBeNull();
  });

  it('are taken by exactly one caller, tell when that one has ended in a page, and are gone where nothing was proven', async () => {
    const { as, step, find } = await makeStep();
    const taken = await Promise.all([states.takeStep(as, 'h'), states.takeStep(as, 'h')]);
    expect([taken.toSorted(), await find()]).toEqual([[false, true], { ...step, taken: 'now' }]);
    await states.endStepInPage(as, 'h');
    expect(await find()).toEqual({ ...step, taken: 'done' });
    await states.dropStep(as, 'h');
    expect(await find()).toBeNull();
  });

  it('are none in another format', async () => {
    const { store, step, find } = await makeStep();
    const { sealed: _, ...short } = step;
    for (const bad of [{ ...step, v: 2 }, short]) {
      await store.write('step:h', bad, 'any', {});
      expect(await find()).toBeNull();
    }
  });
});

describe('core/records/sign-in-flow: answers', () => {
  const key = { hash: 'h', secret: 'A'.repeat(43) };

  it('are kept once for all callers, sealed, until a pending authorization would have ended', async () => {
    const { as, clock, store } = makeServer();
    const first = { answer: { code: 'the first code' }, browserHash: 'b1' };
    expect(await states.keepAnswer(as, key, first)).toEqual(first.answer);
    expect(await states.keepAnswer(as, key, { answer: { code: 'c2' }, browserHash: 'b2' })).toEqual(first.answer);
    expect(JSON.stringify((await store.read('answered:h'))?.value)).not.toContain('the first code');
    expect([await states.findAnswer(as, key), await states.findAnswer(as, { ...key, hash: 'other' })]).toEqual([first, null]);
    expect(await states.findAnswer(as, { ...key, secret: 'B'.repeat(43) })).toBeNull();
    const last = { answer: { code: 'c3' }, browserHash: 'b3' };
    expect([await states.keepAnswer(as, key, last, 'any'), await states.findAnswer(as, key)]).toEqual([{ code: 'c3' }, last]);
    clock.pass(PENDING_TTL - 1);
    expect(await states.findAnswer(as, key)).toEqual(last);
    clock.pass(1);
    expect(await states.findAnswer(as, key)).toBeNull();
  });

  it('are none in another format', async () => {
    const { as, store } = makeServer();
    await states.keepAnswer(as, key, { answer: 'a', browserHash: 'b' });
    const record = (await store.read('answered:h'))?.value as { readonly sealed: string };
    for (const bad of [{ ...record, v: 2 }, { v: 1, sealed: record.sealed }]) {
      await store.write('answered:h', bad, 'any', {});
      expect(await states.findAnswer(as, key)).toBeNull();
    }
  }); // prettier-ignore
});

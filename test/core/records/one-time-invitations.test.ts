import { describe, expect, it } from 'vitest';
import { isInvitation, openInvitation, withInvitation } from '../../../src/core/records/one-time.ts';
import { makeServer } from '../../support/server.ts';

const TTL = 60;

async function makeWorld() {
  const world = makeServer();
  const token = await openInvitation(world.as, TTL);
  const key = `invitation:${await world.as.secrets.hash(token)}` as const;
  return { ...world, token, key };
}

describe('core/records/one-time: initial access tokens', () => {
  it('are valid until their time is over, or they are used (SEC-082)', async () => {
    const { as, token, clock } = await makeWorld();
    expect([await isInvitation(as, token), await isInvitation(as, `${token}x`)]).toEqual([true, false]);
    expect([await withInvitation(as, token, async () => 'done'), await isInvitation(as, token)]).toEqual(['done', false]);
    const late = await openInvitation(as, TTL);
    clock.pass(TTL - 1);
    expect(await isInvitation(as, late)).toBe(true);
    clock.pass(1);
    expect(await isInvitation(as, late)).toBe(false);
  });

  it('are none where the record has another format', async () => {
    const { as, token, store, key } = await makeWorld();
    for (const bad of [{ v: 2, expiresAt: 9e9 }, { v: 1 }, 'x']) {
      await store.write(key, bad as never, 'any', {});
      expect([await isInvitation(as, token), await withInvitation(as, token, async () => 'done')]).toEqual([false, null]);
    }
  });
});

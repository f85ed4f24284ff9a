/** Device authorization requests as they are stored: their codes, their ends, and who may answer. */
import { describe, expect, it } from 'vitest';
import { answerDevice, findDevice, forgetDevice, INTERVAL, openDevice, pollDevice } from '../../../src/core/records/devices.ts';
import { OAuthError } from '../../../src/model/error.ts';
import type { Runtime } from '../../../src/model/runtime.ts';
import type { Store } from '../../../src/model/store.ts';
import { makeServer } from '../../support/server.ts';

const REQUEST = { clientId: 'tv', resource: 'https://mcp.example/mcp', scope: ['read'] };
const TTL = 600;

async function makeWorld(machine: Partial<Runtime> = {}) {
  const world = makeServer({ machine });
  const { deviceCode, userCode } = await openDevice(world.as, REQUEST);
  const hash = await world.as.secrets.hash(deviceCode);
  const key = `device:${hash}` as const;
  const lookupKey = `usercode:${await world.as.secrets.hash(userCode.replace('-', ''))}` as const;
  const poll = (clientId = 'tv') => pollDevice(world.as, deviceCode, clientId);
  const record = async () => (await world.store.read(key))?.value as Record<string, unknown> | undefined;
  const put = async (change: object) => world.store.write(key, { ...(await record()), ...change } as never, 'any', {});
  return { ...world, deviceCode, userCode, hash, key, lookupKey, poll, record, put };
}

describe('core/records/devices, codes', () => {
  it('stores a request under two hashes, the user code as long as it counts and the request as long again', async () => {
    const { as, clock, store, deviceCode, userCode, key, lookupKey, record, hash } = await makeWorld();
    expect([deviceCode, userCode]).toEqual([expect.stringMatching(/^device_[\w-]{43}$/), expect.stringMatching(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/)]); // prettier-ignore
    expect(await record()).toMatchObject({ v: 1, ...REQUEST, interval: INTERVAL, polledAt: 0, answer: null, expiresAt: clock.now() + TTL });
    expect((await store.read(lookupKey))?.value).toEqual({ v: 1, deviceHash: hash });
    expect(JSON.stringify([await record(), await store.read(lookupKey)])).not.toMatch(new RegExp(`${deviceCode.slice(7)}|${userCode}`));
    clock.pass(TTL - 1);
    expect(await findDevice(as, userCode)).not.toBeNull();
    clock.pass(1);
    expect([await store.read(lookupKey), (await store.read(key)) === null]).toEqual([null, false]);
    clock.pass(TTL - 1);
    expect(await store.read(key)).not.toBeNull();
    clock.pass(1);
    expect(await store.read(key)).toBeNull();
  });

  it('gives each request a challenge of its own, and a key that only the device code opens', async () => {
    const { as, record } = await makeWorld();
    const second = await openDevice(as, REQUEST);
    const other = (await as.store.read(`device:${await as.secrets.hash(second.deviceCode)}`))?.value as Record<string, unknown>;
    expect((await record())?.['challenge']).toMatch(/^[\w-]{43}$/);
    expect(other['challenge']).not.toBe((await record())?.['challenge']);
    expect(JSON.stringify(await record())).not.toContain('"d":');
  });

  it('draws each letter of the user code with the same chance: bytes that would favour some are discarded (RFC 8628 §6.1)', async () => {
    const inner = makeServer().as.runtime;
    const drawn = [[240, 0, 255, 19, 20, 239, 241, 1], [2, 3, 4, 5, 6, 7, 8, 9]];
    const random: Runtime['random'] = (size) => (size === 8 ? Uint8Array.from(drawn.shift() ?? Array(8).fill(9)) : inner.random(size));
    const { userCode } = await makeWorld({ random });
    expect(userCode).toBe('BZBZ-CDFG'); // 0, 19, 20 % 20, 239 % 20, 1, 2, 3, 4
  }); // prettier-ignore

  it('draws another user code if one is in use', async () => {
    const inner = makeServer().as.runtime;
    const drawn = [1, 1, 2].map((letter) => new Uint8Array(8).fill(letter));
    const random: Runtime['random'] = (size) => (size === 8 ? (drawn.shift() ?? new Uint8Array(8)) : inner.random(size));
    const { as, userCode, hash } = await makeWorld({ random, pause: async () => undefined });
    const { userCode: second } = await openDevice(as, REQUEST);
    expect([userCode, second]).toEqual(['CCCC-CCCC', 'DDDD-DDDD']);
    expect((await findDevice(as, userCode))?.hash).toBe(hash);
    const stuck = makeServer({ machine: { pause: async () => undefined, random: (size) => new Uint8Array(size).fill(1) } });
    await openDevice(stuck.as, REQUEST);
    await expect(openDevice(stuck.as, REQUEST)).rejects.toMatchObject({ status: 503, reason: 'usercode_contended' });
  });
});

describe('core/records/devices, a typed code', () => {
  it('is found in any case, with any marks between', async () => {
    const { as, userCode, hash, clock } = await makeWorld();
    for (const typed of [userCode, ` ${userCode.toLowerCase().replace('-', ' · ')} `]) {
      const found = await findDevice(as, typed);
      expect([found?.hash, found?.userCode, found?.record.clientId, found?.record.expiresAt]).toEqual([hash, userCode, 'tv', clock.now() + TTL]); // prettier-ignore
    }
    for (const typed of ['', userCode.slice(1), `${userCode}B`, 'BBBB-BBBB']) expect(await findDevice(as, typed)).toBeNull();
  });

  it('reads no record for a code that has another length', async () => {
    const { store } = await makeWorld();
    let reads = 0;
    const counting = { ...store, atomic: store.atomic, read: async (...all: Parameters<Store['read']>) => (reads++, store.read(...all)) } as Store; // prettier-ignore
    await findDevice(makeServer({ store: counting }).as, 'BCDF');
    expect(reads).toBe(0);
  });

  it('is over once it was answered, has expired, or the request is gone', async () => {
    for (const change of [{ answer: 'denied' }, { v: 2 }]) {
      const { as, userCode, put } = await makeWorld();
      await put(change);
      expect(await findDevice(as, userCode)).toBeNull();
    }
    const { as, userCode, put, clock, store, key, lookupKey } = await makeWorld();
    await put({ expiresAt: clock.now() });
    expect(await findDevice(as, userCode)).toBeNull();
    await put({ expiresAt: clock.now() + 1 });
    expect(await findDevice(as, userCode)).not.toBeNull();
    const lookup = (await store.read(lookupKey))?.value as object;
    for (const bad of [{ ...lookup, v: 2 }, { v: 1 }]) {
      await store.write(lookupKey, bad as never, 'any', {});
      expect(await findDevice(as, userCode)).toBeNull();
    }
    await store.write(lookupKey, lookup as never, 'any', {});
    await store.remove(key);
    expect(await findDevice(as, userCode)).toBeNull();
  });
});

describe('core/records/devices, answers', () => {
  it('are written once, by one form, which may say so again', async () => {
    const { as, hash, record, poll } = await makeWorld();
    expect([await answerDevice(as, hash, 'form', 'the-code'), await answerDevice(as, hash, 'other', null)]).toEqual([true, false]);
    expect(await answerDevice(as, hash, 'form', null)).toBe(true);
    expect(JSON.stringify(await record())).not.toContain('the-code');
    const challenge = (await record())?.['challenge'];
    for (let count = 0; count < 2; count++) expect(await poll()).toEqual({ code: 'the-code', challenge, hash });
  });

  it('are not taken for a request that has expired, or is not there, and live as long as the request', async () => {
    const { as, hash, put, clock, poll, key, store } = await makeWorld();
    await put({ expiresAt: clock.now() });
    expect(await answerDevice(as, hash, 'form', null)).toBe(false);
    expect(await answerDevice(as, 'unknown', 'form', null)).toBe(false);
    await put({ expiresAt: clock.now() + 1 });
    expect(await answerDevice(as, hash, 'form', null)).toBe(true);
    clock.pass(TTL);
    expect(await poll()).toBe('denied');
    clock.pass(1);
    expect(await store.read(key)).toBeNull();
  });
});

describe('core/records/devices, polls', () => {
  it('say what is wrong with a code', async () => {
    const { as, poll, deviceCode, put } = await makeWorld();
    for (const bad of ['', 'device_', `x${deviceCode}`, `${deviceCode}x`, deviceCode.slice(0, -1)]) expect(await pollDevice(as, bad, 'tv')).toBe('malformed'); // prettier-ignore
    expect(await pollDevice(as, `device_${'A'.repeat(43)}`, 'tv')).toBe('unknown');
    expect(await poll('other')).toBe('foreign');
    await put({ v: 2 });
    expect(await poll()).toBe('unknown');
    await put({ v: 1, challenge: undefined });
    expect(await poll()).toBe('unknown');
  });

  it('have to wait five seconds longer each time that they come too early, thirty at most (RFC 8628 §3.5)', async () => {
    const { poll, clock, record } = await makeWorld();
    expect([await poll(), await poll()]).toEqual(['pending', 'slow_down']);
    clock.pass(9);
    expect([await poll(), (await record())?.['interval']]).toEqual(['slow_down', 15]);
    clock.pass(15);
    expect(await poll()).toBe('pending');
    for (let count = 0; count < 5; count++) await poll();
    expect((await record())?.['interval']).toBe(30);
  });

  it('are too early if another poll was written meanwhile, and over when the request has expired', async () => {
    const { poll, clock, key, store } = await makeWorld();
    expect((await Promise.all([poll(), poll()])).toSorted()).toEqual(['pending', 'slow_down']);
    clock.pass(TTL - 1);
    expect(await poll()).toBe('pending');
    clock.pass(1);
    expect(await poll()).toBe('expired');
    clock.pass(TTL - 1);
    expect(await store.read(key)).not.toBeNull();
    clock.pass(1);
    expect(await store.read(key)).toBeNull();
  });

  it('find nothing once the request is forgotten, which may fail while the store is down', async () => {
    const { as, hash, poll, store } = await makeWorld();
    const failing = (error: Error) => forgetDevice({ ...as, store: { ...store, remove: () => Promise.reject(error) } as never }, hash);
    await expect(failing(new OAuthError('temporarily_unavailable', 'store_down'))).resolves.toBeUndefined();
    await expect(failing(new TypeError('a fault of ours'))).rejects.toThrow('a fault of ours');
    await forgetDevice(as, hash);
    expect(await poll()).toBe('unknown');
  });
});

import { describe, expect, it } from 'vitest';
import { makeServer } from '../../support/server.ts';

async function makeWorld() {
  const world = makeServer();
  const { links, secrets } = world.as;
  const secret = await links.make('reset', { userId: 'u' }, 60);
  const key = `link:${await secrets.hash(`link reset\n${secret}`)}` as const;
  return { ...world, links, secret, key };
}

describe('core/users/links', () => {
  it('finds the content of a link by its secret and kind until it expires, and stores it encrypted', async () => {
    const { links, secret, key, clock, store } = await makeWorld();
    expect(secret).toMatch(/^[\w-]{43}$/);
    expect([await links.find('reset', secret), await links.find('reset', secret)]).toEqual([{ userId: 'u' }, { userId: 'u' }]);
    expect([await links.find('invitation', secret), await links.find('reset', 'A'.repeat(43))]).toEqual([null, null]);
    expect((await store.read(key))?.value).toEqual({ v: 1, sealed: expect.not.stringContaining('userId'), expiresAt: clock.now() + 60 });
    clock.pass(59);
    expect(await links.find('reset', secret)).not.toBeNull();
    clock.pass(1);
    expect(await links.find('reset', secret)).toBeNull();
  });

  it('is taken by exactly one caller', async () => {
    const { links, secret } = await makeWorld();
    expect(await links.take('invitation', secret)).toBe(false);
    expect((await Promise.all([links.take('reset', secret), links.take('reset', secret)])).toSorted()).toEqual([false, true]);
    expect(await links.find('reset', secret)).toBeNull();
  });

  it('reads nothing for a secret that has another form', async () => {
    const { as, links, secret, store } = await makeWorld();
    const put = async (text: string) => {
      const key = `link:${await as.secrets.hash(`link reset\n${text}`)}` as const;
      await store.write(key, { v: 1, sealed: await as.secrets.sealUnder(text, { carries: 1 }, key), expiresAt: 9e9 }, 'any', {});
    };
    for (const bad of [`${secret}A`, `=${secret}`, `${secret}=`, '']) {
      await put(bad);
      expect(await links.find('reset', bad)).toBeNull();
    }
    await put('B'.repeat(43));
    expect(await links.find('reset', 'B'.repeat(43))).toBe(1);
  });

  it('opens no record of another format, or that was copied from another link', async () => {
    const { links, secret, key, store } = await makeWorld();
    const record = (await store.read(key))?.value as object;
    const other = await links.make('reset', { userId: 'other' }, 60);
    for (const bad of [
      { ...record, v: 2 },
      { v: 1, expiresAt: 1 },
      { ...record, sealed: 'x' },
    ]) {
      await store.write(key, bad as never, 'any', {});
      expect(await links.find('reset', secret)).toBeNull();
    }
    expect(await links.find('reset', other)).toEqual({ userId: 'other' });
  });

  it('makes no link under a secret that is in use', async () => {
    const { as } = makeServer({ machine: { random: (size) => new Uint8Array(size) } });
    const first = await as.links.make('reset', 1, 60);
    await expect(as.links.make('reset', 2, 60)).rejects.toThrow('A random secret was generated twice.');
    expect(await as.links.find('reset', first)).toBe(1);
  });
});

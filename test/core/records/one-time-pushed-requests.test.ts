import { describe, expect, it } from 'vitest';
import { findPushed, isPushedUri, keepPushedRequest } from '../../../src/core/records/one-time.ts';
import { makeServer } from '../../support/server.ts';

const FIELDS = new Map([
  ['scope', ['read']],
  ['resource', ['https://a.example/', 'https://b.example/']],
]);

async function makeWorld() {
  const world = makeServer();
  const uri = await keepPushedRequest(world.as, 'client', FIELDS, 60);
  const key = `pushed:${await world.as.secrets.hash(uri)}` as const;
  return { ...world, uri, key };
}

describe('core/records/one-time: pushed requests', () => {
  it('knows the form of its own URIs (RFC 9126 §2.2)', async () => {
    const { uri } = await makeWorld();
    expect([isPushedUri(uri), uri.startsWith('urn:ietf:params:oauth:request_uri:')]).toEqual([true, true]);
    for (const bad of ['', `x${uri}`, `${uri}x`, uri.slice(0, -1), uri.replace('urn', 'URN'), 'https://client.example/request'])
      expect(isPushedUri(bad)).toBe(false);
  });

  it('gives a request to the client that pushed it, with every value, until it is taken once', async () => {
    const { as, uri, store, key } = await makeWorld();
    expect([await findPushed(as, uri, 'other'), await findPushed(as, `${uri}x`, 'client')]).toEqual(['of_another_client', 'unknown']);
    const [found, again] = [await findPushed(as, uri, 'client'), await findPushed(as, uri, 'client')];
    if (typeof found === 'string' || typeof again === 'string') throw new Error('It was pushed.');
    expect([found.params.optional('scope'), found.params.all('resource')]).toEqual(['read', FIELDS.get('resource')]);
    expect([await found.take(), await again.take(), await found.take()]).toEqual([true, false, false]);
    expect([await findPushed(as, uri, 'client'), (await store.read(key))?.value]).toEqual([
      'unknown',
      expect.objectContaining({ by: expect.any(String) }),
    ]);
  });

  it('forgets it when its time is over', async () => {
    const { as, uri, clock, store, key } = await makeWorld();
    expect((await store.read(key))?.value).toMatchObject({ v: 1, clientId: 'client', until: clock.now() + 60 });
    clock.pass(59);
    expect(await findPushed(as, uri, 'client')).not.toBe('unknown');
    clock.pass(1);
    expect(await findPushed(as, uri, 'client')).toBe('unknown');
  });

  it('takes a record of another format for none', async () => {
    const { as, uri, store, key } = await makeWorld();
    const record = (await store.read(key))?.value as object;
    for (const bad of [{ ...record, v: 2 }, { v: 1, clientId: 'client', until: 9e9 }, 'x']) {
      await store.write(key, bad as never, 'any', {});
      expect(await findPushed(as, uri, 'client')).toBe('unknown');
    }
  });
});

/** Fetched keys of clients and issuers: how long they are used, and where the clock goes back. */
import { describe, expect, it } from 'vitest';
import { findKey } from '../../src/core/key-sources.ts';
import type { SafeAnswer } from '../../src/lib/safe-fetch.ts';
import type { Assertion } from '../../src/model/assertion.ts';
import { makeServer } from '../support/server.ts';

const URI = 'https://client.example/keys';
const DAY = 86_400;
const signedBy = (kid: string) => ({ alg: 'ES256', kid }) as Assertion;
const keySet = (...kids: string[]): string =>
  JSON.stringify({ keys: kids.map((kid) => ({ kty: 'EC', crv: 'P-256', x: 'x', y: 'y', kid })) });

function makeWorld(store?: ReturnType<typeof makeServer>['store'], clock?: ReturnType<typeof makeServer>['clock']) {
  const server = makeServer({ ...(store && { store }), ...(clock && { clock }) });
  const site = { keys: keySet('a'), isDown: false, asked: 0 };
  const fetchKeys: typeof server.as.fetchKeys = async () => {
    site.asked += 1;
    return site.isDown ? { problem: 'unreachable' } : { text: site.keys, headers: new Headers() };
  };
  const find = async (kid: string) => (await findKey({ ...server.as, fetchKeys }, { jwksUri: URI }, signedBy(kid), async () => undefined))?.['kid'] ?? null;
  return { ...server, site, find };
} // prettier-ignore

describe('core/key-sources', () => {
  it('uses fetched keys for ten minutes, and for no longer where the clock goes back: the owner may have revoked one', async () => {
    const { clock, site, find } = makeWorld();
    expect([await find('a'), await find('a'), site.asked]).toEqual(['a', 'a', 1]);
    clock.pass(599);
    expect([await find('a'), site.asked]).toEqual(['a', 1]);
    site.keys = keySet('b');
    clock.pass(-7 * DAY);
    expect([await find('a'), site.asked]).toEqual([null, 2]);
  });

  it('asks for an unknown key once in thirty seconds, and at once where the clock has gone back', async () => {
    const { clock, site, find } = makeWorld();
    expect([await find('b'), await find('b'), site.asked]).toEqual([null, null, 1]);
    site.keys = keySet('a', 'b');
    clock.pass(-1);
    expect([await find('b'), site.asked]).toEqual(['b', 2]);
  });

  it('trusts keys for a day while their host is down, and for five minutes more where the clock went back', async () => {
    const first = makeWorld();
    await first.find('a');
    const inProcess = async (seconds: number): Promise<unknown> => {
      const { clock, site, find } = makeWorld();
      await find('a');
      site.isDown = true;
      clock.pass(seconds);
      return find('a').catch((error: { reason: string }) => error.reason);
    };
    expect([await inProcess(DAY - 1), await inProcess(DAY)]).toEqual(['a', 'keys_unreachable']);
    expect([await inProcess(-300), await inProcess(-301)]).toEqual(['a', 'keys_unreachable']);
    const another = makeWorld(first.store, first.clock); // of another process, whose clock may be behind
    another.site.isDown = true;
    first.clock.pass(-300);
    expect(await another.find('a')).toBe('a');
  });

  it('tells the operator which host does not give its keys, and why', async () => {
    const causeOf = async (answer: SafeAnswer): Promise<unknown> => {
      const { as } = makeServer();
      const fetchKeys: typeof as.fetchKeys = async () => answer;
      return findKey({ ...as, fetchKeys }, { jwksUri: URI }, signedBy('a'), async () => undefined).catch((error: Error) => error.cause);
    };
    const cause = new Error('ENOTFOUND');
    expect(await causeOf({ problem: 'unreachable', cause })).toMatchObject({
      message: 'The public keys at client.example cannot be read: unreachable.',
      cause,
    });
    expect(await causeOf({ problem: 'status', status: 502 })).toMatchObject({
      message: 'The public keys at client.example cannot be read: 502.',
    });
  });

  it('saves fetched keys once in an hour, and again where the clock has gone back', async () => {
    const { clock, store, find, as } = makeWorld();
    const savedAt = async (): Promise<unknown> => {
      const key = `jwks:${await as.secrets.hash(`jwks\n${URI}`)}` as const;
      return ((await store.read(key))?.value as { at: number } | undefined)?.at;
    };
    await find('a');
    const start = clock.now();
    clock.pass(3599);
    await find('a');
    expect(await savedAt()).toBe(start);
    clock.pass(-3600);
    await find('a');
    expect(await savedAt()).toBe(start - 1);
  });
});

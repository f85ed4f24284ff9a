/** Counts and delays of one kind of attempt. What people meet is in `journeys/attempts.test.ts`. */
import { describe, expect, it } from 'vitest';
import { KNOWN_TTL, makeAttempts } from '../../src/core/attempts.ts';
import type { AttemptRules, Attempts } from '../../src/model/login-services.ts';
import { makeServer } from '../support/server.ts';

const RULES: AttemptRules = { most: 2, per: 900 };

/** Attempts of one server, by the network and the cookie of a request. */
function makeWorld(limits = true) {
  const pauses: number[] = [];
  const world = makeServer({ settings: { limits }, machine: { pause: async (milliseconds: number) => void pauses.push(milliseconds) } });
  const remembered: string[] = [];
  const from = (network: string, browser?: string): Attempts =>
    makeAttempts({ as: world.as, network, browser, remember: (secret) => void remembered.push(secret) });
  return { ...world, from, pauses, remembered };
}
/** What attempts come to, one after the other. */
async function results(times: number, attempt: () => Promise<unknown>): Promise<unknown[]> {
  const all: unknown[] = [];
  for (let count = 0; count < times; count++) all.push(await attempt());
  return all;
}

describe('core/attempts', () => {
  it('counts by kind, account and network, in one window', async () => {
    const { from, clock } = makeWorld();
    const attempt = (network = 'a', account = 'alice', kind = 'password') => from(network).attempt(kind, account, RULES);
    expect(await results(2, attempt)).toEqual([null, null]);
    clock.pass(100);
    expect(await attempt()).toBe(800);
    expect([await attempt('b'), await attempt('a', 'bob'), await attempt('a', 'alice', 'code')]).toEqual([null, null, null]);
    clock.pass(800);
    expect(await attempt()).toBeNull();
  });

  it('counts a network on all accounts together, before the account, where that is a rule', async () => {
    const { from } = makeWorld();
    const attempt = (account: string, network = 'a', kind = 'password') => from(network).attempt(kind, account, { ...RULES, perNetwork: 3 }); // prettier-ignore
    expect([await attempt('a'), await attempt('b'), await attempt('c'), await attempt('d')]).toEqual([null, null, null, 900]);
    expect([await attempt('d', 'b'), await attempt('d', 'a', 'code')]).toEqual([null, null]);
    const { from: other } = makeWorld();
    expect(await results(6, () => other('a').attempt('password', crypto.randomUUID(), RULES))).toEqual(Array(6).fill(null));
    expect(await other('a').attempt('password', 'alice', { ...RULES, perNetwork: 1 }), 'those were not counted').toBeNull();
  });

  it('gives all networks of an IPv6 /48 together five times as many as one of them (SEC-154)', async () => {
    const { from, clock, remembered } = makeWorld();
    let at = 0;
    const attempt = (prefix = '2001:db8:7', account = 'alice') => from(`${prefix}:${(at++).toString(16)}::/64`).attempt('password', account, RULES); // prettier-ignore
    expect(await results(11, attempt)).toEqual([...Array<null>(10).fill(null), 900]);
    expect([await attempt('2001:db8:8'), await attempt('2001:db8:7', 'bob')]).toEqual([null, null]);
    clock.pass(900);
    await results(10, attempt);
    await from('2001:db8:7:1::/64').withdraw('password', 'alice', RULES);
    expect(await results(2, attempt)).toEqual([null, 900]);
    await from('2001:db8:7:1::/64').succeeded('password', 'alice');
    expect([await attempt(), remembered.length]).toEqual([null, 1]);
  });

  it('slows down what all networks together try on one account after the hundredth, and refuses none of them', async () => {
    const { from, pauses } = makeWorld();
    let network = 0;
    const attempt = (account = 'alice', kind = 'password') => from(`${network++}`).attempt(kind, account, RULES);
    await results(100, attempt);
    expect(pauses).toEqual([]);
    expect(await results(2, attempt)).toEqual([null, null]);
    expect(pauses).toEqual([50, 100]);
    expect([await attempt('bob'), await attempt('alice', 'code'), pauses.length]).toEqual([null, null, 2]);
    await results(150, attempt);
    expect(pauses.slice(-2)).toEqual([5000, 5000]);
  });

  it('counts no network but its own, and slows nothing down, where that is the rule', async () => {
    const { from, pauses } = makeWorld();
    let network = 0;
    await results(150, () => from(`${network++}`).attempt('password', 'alice', { ...RULES, total: 3, isSlowed: false }));
    expect([pauses, await results(3, () => from('a').attempt('password', 'alice', { ...RULES, isSlowed: false }))]).toEqual([
      [],
      [null, null, 900],
    ]);
  });

  it('sets the cookie of the browser once in a request, whatever it is remembered for', async () => {
    const { from, remembered } = makeWorld();
    const attempts = from('a');
    await Promise.all([attempts.succeeded('password', 'alice'), attempts.succeeded('password-account', 'alice of the account')]);
    expect(remembered).toHaveLength(1);
  });

  it('refuses what all networks together try beyond a total, until the window ends', async () => {
    const { from, clock } = makeWorld();
    let network = 0;
    const attempt = () => from(`${network++}`).attempt('code', 'alice', { ...RULES, total: 3 });
    expect(await results(4, attempt)).toEqual([null, null, null, 900]);
    clock.pass(899);
    expect(await attempt()).toBe(1);
    clock.pass(1);
    expect(await attempt()).toBeNull();
  });

  it('gives a browser that succeeded a count of its own for ninety days, for that account alone', async () => {
    const { from, remembered, clock, store, as } = makeWorld();
    await from('a').succeeded('password', 'alice');
    const [secret = ''] = remembered;
    expect(secret).toMatch(/^[\w-]{43}$/);
    await results(3, () => from('a').attempt('password', 'alice', RULES));
    const known = (account = 'alice', cookie: string | undefined = secret) => from('a', cookie).attempt('password', account, RULES);
    expect(await results(3, known)).toEqual([null, null, 900]);
    expect(await known('alice', 'A'.repeat(43))).toBe(900);
    await results(2, () => from('a').attempt('password', 'bob', RULES));
    expect(await known('bob')).toBe(900); // it is no browser of bob's
    await from('b', secret).succeeded('password', 'alice');
    expect([await known(), remembered]).toEqual([null, [secret]]);
    const key = `known-browser:${await as.secrets.hash(`known browser\n${secret}\nalice`)}` as const;
    expect((await store.read(key))?.value).toEqual({ v: 1 });
    expect(KNOWN_TTL).toBe(90 * 86_400);
    clock.pass(KNOWN_TTL - 1);
    expect(await store.read(key)).not.toBeNull();
    clock.pass(1);
    expect(await store.read(key)).toBeNull();
  });

  it('remembers another account under the secret that the browser has, and gives no secret that is malformed', async () => {
    const { from, remembered, store, as } = makeWorld();
    const secret = 'A'.repeat(43);
    await from('a', secret).succeeded('password', 'alice');
    for (const bad of [`${secret}A`, `=${secret}`, `${secret}=`, 'A'.repeat(42), '', undefined]) await from('a', bad).succeeded('password', 'bob');
    expect(remembered[0]).toBe(secret);
    expect(remembered).toHaveLength(7);
    expect(new Set(remembered).size).toBe(7);
    expect(remembered.every((one) => /^[\w-]{43}$/.test(one))).toBe(true);
    expect(await store.read(`known-browser:${await as.secrets.hash(`known browser\n${secret}\nbob`)}`)).toBeNull();
  }); // prettier-ignore

  it('forgets with a success what was counted for the account, in that network or browser, and in all together', async () => {
    const { from, pauses, remembered } = makeWorld();
    let network = 0;
    await results(101, () => from(`${network++}`).attempt('password', 'alice', RULES));
    await results(3, () => from('a').attempt('password', 'alice', RULES));
    await from('a').succeeded('password', 'alice');
    pauses.length = 0;
    expect(await from('a').attempt('password', 'alice', RULES)).toBeNull();
    expect(pauses).toEqual([]);
    await from('a').attempt('password', 'alice', RULES);
    expect(await from('a').attempt('password', 'alice', RULES)).toBe(900);
    await from('b', remembered[0]).succeeded('password', 'alice');
    expect(await from('a').attempt('password', 'alice', RULES), 'another network').toBe(900);
  });

  it('takes back an attempt from every count that it was in', async () => {
    const { from, pauses, remembered } = makeWorld();
    const rules = { ...RULES, perNetwork: 3, total: 5 };
    const once = async (attempts: Attempts, account = 'alice') => [await attempts.attempt('code', account, rules), await attempts.withdraw('code', account, rules)][0]; // prettier-ignore
    expect(await results(10, () => once(from('a')))).toEqual(Array(10).fill(null));
    let network = 0;
    expect(await results(10, () => once(from(`${network++}`)))).toEqual(Array(10).fill(null));
    expect(await results(10, () => once(from('a'), crypto.randomUUID()))).toEqual(Array(10).fill(null));
    await from('a').succeeded('code', 'alice');
    expect(await results(10, () => once(from('b', remembered[0])))).toEqual(Array(10).fill(null));
    expect(pauses).toEqual([]);
    const other = makeWorld().from('a');
    await other.withdraw('code', 'alice', RULES);
    expect(await results(3, () => other.attempt('code', 'alice', RULES))).toEqual([null, null, 900]);
  });

  it('takes back, without a rule for networks, nothing that another rule counted', async () => {
    const { from } = makeWorld();
    const rules = { ...RULES, perNetwork: 1 };
    expect(await from('a').attempt('code', 'alice', rules)).toBeNull();
    await from('a').withdraw('code', 'alice', RULES);
    expect(await from('a').attempt('code', 'bob', rules)).toBe(900);
  });

  it('counts, remembers and delays nothing where limits are off', async () => {
    const { from, pauses, remembered, store } = makeWorld(false);
    const writes: unknown[] = [];
    const write = store.write.bind(store);
    Object.assign(store, { write: (...all: Parameters<typeof write>) => (writes.push(all), write(...all)) });
    expect(await results(200, () => from('a').attempt('password', 'alice', { ...RULES, total: 1, perNetwork: 1 }))).toEqual(Array(200).fill(null));
    await from('a').succeeded('password', 'alice');
    await from('a').withdraw('password', 'alice', RULES);
    expect([pauses, remembered, writes]).toEqual([[], [], []]);
  }); // prettier-ignore
});

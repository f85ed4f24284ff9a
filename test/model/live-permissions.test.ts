import { describe, expect, it, vi } from 'vitest';
import type { Access } from '../../src/model/access.ts';
import { cachedPermissions, keyOf, rolePermissions } from '../../src/model/live-permissions.ts';
import { whileTimeStands } from '../support/standing-clock.ts';

const access = (userId: string, grantId = 'g1', issuer?: string): Access => ({
  userId,
  clientId: 'c',
  grantId,
  scope: [],
  resource: 'https://mcp.example/mcp',
  expiresAt: 9e9,
  props: null,
  upstream: () => {
    throw new Error('none here');
  },
  connect: null as never,
  ...(issuer === undefined ? {} : { issuer }),
});

describe('model/live-permissions', () => {
  it('SEC-185 caches a result for five seconds and no longer', async () => {
    let [now, held, asked] = [100, ['admin'], 0];
    const lookup = cachedPermissions(() => (asked++, held), { now: () => now });
    expect(await lookup(access('u'), null)).toEqual(['admin']);
    held = [];
    now += 4;
    expect(await lookup(access('u'), null)).toEqual(['admin']);
    now += 1;
    expect(await lookup(access('u'), null)).toEqual([]);
    expect(asked).toBe(2);
  });

  it('SEC-185 caches no result for longer where the clock goes back', async () => {
    let [now, held] = [10_000, ['admin']];
    const lookup = cachedPermissions(() => held, { now: () => now });
    expect(await lookup(access('u'), null)).toEqual(['admin']);
    [now, held] = [6400, []];
    expect(await lookup(access('u'), null)).toEqual([]);
  });

  it('forgets a user at once, pending results included', async () => {
    let release: (held: readonly string[]) => void = () => {};
    const answers = [new Promise<readonly string[]>((done) => (release = done)), Promise.resolve<readonly string[]>([])];
    const lookup = cachedPermissions(() => answers.shift() ?? []);
    const old = lookup(access('u'), null);
    lookup.forget('u');
    const fresh = lookup(access('u'), null);
    release(['admin']);
    expect([await old, await fresh]).toEqual([['admin'], []]);
    expect(await lookup(access('u'), null)).toEqual([]);
  });

  it('keeps users, grants and issuers apart', async () => {
    const lookup = cachedPermissions(({ userId, grantId, issuer = 'own' }) => [`${issuer}/${userId}/${grantId}`]);
    for (const one of [access('a'), access('b'), access('a', 'g2'), access('a', 'g1', 'https://as.example')])
      expect(await lookup(one, null)).toEqual([`${one.issuer ?? 'own'}/${one.userId}/${one.grantId}`]);
  });

  it('SEC-186 does not cache a failure, and passes it on', async () => {
    let down = true;
    const lookup = cachedPermissions(() => {
      if (down) throw new Error('down');
      return ['read'];
    });
    await expect(lookup(access('u'), null)).rejects.toThrow('down');
    down = false;
    expect(await lookup(access('u'), null)).toEqual(['read']);
  });

  it('asks once for many calls at the same time', async () => {
    let asked = 0;
    const lookup = cachedPermissions(async () => (asked++, ['x']));
    await whileTimeStands(() => Promise.all(Array.from({ length: 50 }, async () => lookup(access('u'), null))));
    expect(asked).toBe(1);
  });

  it.each([6, -1, Number.NaN, Number.POSITIVE_INFINITY])('refuses to remember for %s seconds', (seconds) => {
    expect(() => cachedPermissions(() => [], { seconds })).toThrow(/`seconds` must be 0 to 5/);
  });

  it('refuses a misspelt option, and a clock that is no function', () => {
    expect(() => cachedPermissions(() => [], { second: 0 } as never)).toThrow(/^cachedPermissions: `second` is not an option/);
    expect(() => cachedPermissions(() => [], { now: 100 } as never)).toThrow('cachedPermissions: `now` must be of type function.');
  });

  it('maps roles to permissions, and unknown roles to none', async () => {
    const lookup = rolePermissions({ editor: ['read', 'write'], viewer: ['read'] }, () => [
      'editor',
      'viewer',
      'constructor',
      '__proto__',
      'root',
    ]);
    expect(await lookup(access('u'), null)).toEqual(['read', 'write']);
  });

  it('keeps tenants apart, and forgets one user of all of them', async () => {
    let asked = 0;
    const lookup = cachedPermissions(() => [String(++asked)], { now: () => 100 });
    const of = (userId: string, more: object = {}): Promise<readonly string[]> =>
      Promise.resolve(lookup({ ...access(userId), ...more }, null));
    expect([await of('u'), await of('u', { tenant: 'a' }), await of('u', { tenant: 'b' }), await of('v')]).toEqual([
      ['1'],
      ['2'],
      ['3'],
      ['4'],
    ]);
    expect(await of('u', { tenant: '', issuer: '' })).toEqual(['1']);
    lookup.forget('u');
    expect([await of('v'), await of('u'), await of('u', { tenant: 'a' })]).toEqual([['4'], ['5'], ['6']]);
    expect([await of('vu'), (lookup.forget('u'), await of('vu'))]).toEqual([['7'], ['7']]);
  });

  it('remembers nothing for 0 seconds, and counts by the clock of the machine unless told', async () => {
    let asked = 0;
    const never = cachedPermissions(() => [String(++asked)], { seconds: 0, now: () => 100 });
    expect([await never(access('u'), null), await never(access('u'), null)]).toEqual([['1'], ['2']]);
    vi.useFakeTimers({ now: 1_790_000_000_000, toFake: ['Date'] });
    try {
      const lookup = cachedPermissions(() => [String(++asked)]);
      expect(await lookup(access('u'), null)).toEqual(['3']);
      vi.setSystemTime(1_790_000_004_999);
      expect(await lookup(access('u'), null)).toEqual(['3']);
      vi.setSystemTime(1_790_000_005_000);
      expect(await lookup(access('u'), null)).toEqual(['4']);
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([
    ['10,000 users', 10_000, (at: number) => access(`u${at}`)],
    ['1,000 grants of a user', 1000, (at: number) => access('u', `g${at}`)],
  ])('remembers %s, and begins anew with the next one', async (_what, most, nth) => {
    let asked = 0;
    const lookup = cachedPermissions(() => [String(++asked)], { now: () => 100 });
    for (let at = 1; at <= most; at++) await lookup(nth(at), null);
    expect([await lookup(nth(1), null), asked]).toEqual([['1'], most]);
    await lookup(nth(most + 1), null);
    expect(await lookup(nth(most + 1), null)).toEqual([String(most + 1)]);
    expect(await lookup(nth(1), null)).toEqual([String(most + 2)]);
  });

  it('names a user by issuer and id', () => {
    expect([keyOf('https://as.example', 'u'), keyOf(undefined, 'u')]).toEqual(['https://as.example u', ' u']);
  });
});

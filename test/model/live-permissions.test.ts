import { describe, expect, it } from 'vitest';
import type { Access } from '../../src/model/access.ts';
import { cachedPermissions, rolePermissions } from '../../src/model/live-permissions.ts';

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
  it('SEC-185 remembers an answer for five seconds and no longer', async () => {
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

  it('forgets a user at once where the rights were changed, an answer still under way included', async () => {
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

  it('SEC-186 remembers no failure, and passes it on', async () => {
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
    await Promise.all(Array.from({ length: 50 }, async () => lookup(access('u'), null)));
    expect(asked).toBe(1);
  });

  it.each([6, -1, Number.NaN, Number.POSITIVE_INFINITY])('refuses to remember for %s seconds', (seconds) => {
    expect(() => cachedPermissions(() => [], { seconds })).toThrow(/`seconds` must be 0 to 5/);
  });

  it('turns roles into permissions, and roles that nobody named into none', async () => {
    const lookup = rolePermissions({ editor: ['read', 'write'], viewer: ['read'] }, () => [
      'editor',
      'viewer',
      'constructor',
      '__proto__',
      'root',
    ]);
    expect(await lookup(access('u'), null)).toEqual(['read', 'write']);
  });
});

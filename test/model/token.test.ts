import { makeRuntime } from '#under-test';
import { describe, expect, it } from 'vitest';
import { makeSecrets } from '../../src/core/records/secrets.ts';
import { familyOf, grantIdOf, kindOf } from '../../src/model/token.ts';

const keys = makeSecrets(makeRuntime());

describe('model/token', () => {
  it('finds the grant in a token of the right kind alone (SEC-036)', async () => {
    const id = keys.id();
    const { accessToken, refreshToken } = await keys.mint(id);
    expect([grantIdOf('access', accessToken), grantIdOf('refresh', refreshToken ?? '')]).toEqual([id, id]);
    expect([grantIdOf('refresh', accessToken), grantIdOf('code', accessToken), grantIdOf('access', refreshToken ?? '')]).toEqual([
      null,
      null,
      null,
    ]);
    expect([kindOf(accessToken), kindOf(refreshToken ?? ''), kindOf('x')]).toEqual(['access', 'refresh', null]);
  });

  it('keeps the family of a refresh token through a rotation, and makes a new one for each grant', async () => {
    const [first, other] = [await keys.mint(keys.id()), await keys.mint(keys.id())];
    const next = await keys.mint(keys.id(), familyOf(first.refreshToken ?? ''));
    expect(familyOf(next.refreshToken ?? '')).toBe(familyOf(first.refreshToken ?? ''));
    expect(familyOf(other.refreshToken ?? '')).not.toBe(familyOf(first.refreshToken ?? ''));
  });

  it.each([
    'access_',
    `access_${'a'.repeat(22)}.${'b'.repeat(42)}`,
    `access_${'a'.repeat(22)}.${'b'.repeat(44)}`,
    `Access_${'a'.repeat(22)}.${'b'.repeat(43)}`,
    `access_${'a'.repeat(22)}.${'b'.repeat(43)}\n`,
    `access_${'a'.repeat(21)}é.${'b'.repeat(43)}`,
    `access_${'a'.repeat(21)}:.${'b'.repeat(43)}`,
  ])('sees no token in %j', (text) => {
    expect([kindOf(text), grantIdOf('access', text)]).toEqual([null, null]);
  });

  it('SEC-039 makes ten thousand secrets that share nothing but the type tag, each sign as likely as the next (S-029)', () => {
    const secrets = Array.from({ length: 10_000 }, () => keys.secret());
    expect(new Set(secrets).size).toBe(10_000);
    expect(new Set(secrets.map((secret) => secret.length))).toEqual(new Set([43]));
    for (const at of [0, 1, 20, 41]) {
      const counts = new Map<string, number>();
      for (const secret of secrets) counts.set(secret.charAt(at), (counts.get(secret.charAt(at)) ?? 0) + 1);
      expect(counts.size).toBe(64);
      for (const count of counts.values()) expect(Math.abs(count - 156)).toBeLessThan(90); // 7 standard deviations
    }
    const ids = Array.from({ length: 10_000 }, () => keys.id());
    expect([new Set(ids).size, new Set(ids.map((id) => id.length))]).toEqual([10_000, new Set([22])]);
  });
});

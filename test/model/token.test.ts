import { makeRuntime } from '#under-test';
import { describe, expect, it } from 'vitest';
import { makeSecrets } from '../../src/core/records/secrets.ts';
import { base64url } from '../../src/lib/bytes.ts';
import {
  crc32,
  familyOf,
  formatKey,
  formatToken,
  formatTokenId,
  grantIdOf,
  grantIdOfKey,
  isKey,
  isKeyName,
  isOurs,
  keyClientId,
  kindOf,
  linksOf,
  serviceUserId,
  wayBackOf,
} from '../../src/model/token.ts';

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

  const part = (value: unknown): string => base64url(new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value)));
  const id = 'i'.repeat(22);
  const jti = formatTokenId(id, 'r'.repeat(22));

  it('finds the grant in a signed access token by its `jti`', () => {
    expect(jti).toBe(`at_${id}.${'r'.repeat(22)}`);
    const signed = (payload: unknown): string => `aaa.${part(payload)}.bbb`;
    expect(grantIdOf('access', signed({ jti }))).toBe(id);
    expect(grantIdOf('access', signed({ jti: formatTokenId(id.repeat(4), 'r'.repeat(22)) }))).toBe(id.repeat(4));
    expect([grantIdOf('refresh', signed({ jti })), grantIdOf('code', signed({ jti }))]).toEqual([null, null]);
    const bad = [
      '',
      'null',
      '[]',
      '"at"',
      '{',
      { jti: 1 },
      { jti: [jti] },
      {},
      { jti: `x${jti}` },
      { jti: `${jti}x` },
      { jti: jti.slice(0, -1) },
    ];
    for (const payload of bad) expect([payload, grantIdOf('access', signed(payload))]).toEqual([payload, null]);
    for (const text of [
      `x ${signed({ jti })}`,
      `${signed({ jti })} x`,
      `aaa.${part({ jti })}`,
      `aaa.${part({ jti })}=.bbb`,
      `.${part({ jti })}.b`,
    ])
      expect([text, grantIdOf('access', text)]).toEqual([text, null]);
    expect(grantIdOf('access', signed({ jti: formatTokenId(id.repeat(5), 'r'.repeat(22)) }))).toBeNull();
    const nested = (depth: number): string => signed(`{"jti":"${jti}","a":${'['.repeat(depth)}${']'.repeat(depth)}}`);
    expect([grantIdOf('access', nested(15)), grantIdOf('access', nested(16))]).toEqual([id, null]);
  });

  it('reads signed tokens of 8,192 characters and no longer ones', () => {
    const text = (length: number): string => `aaa.${part({ jti })}.`.padEnd(length, 's');
    expect([grantIdOf('access', text(8192)), grantIdOf('access', text(8193))]).toEqual([id, null]);
  });

  it.each([
    ['code', `code_${id}.`, [43]],
    ['access', `access_${id}.`, [43]],
    ['access', `access_${id.repeat(4)}.`, [43]],
    ['refresh', `refresh_${id}.`, [65, 108]],
  ] as const)('takes a %s that begins with %s, with secrets of %j characters', (kind, start, lengths) => {
    const good = Array.from({ length: 120 }, (_, length) => length).filter(
      (length) => grantIdOf(kind, start + 's'.repeat(length)) !== null,
    );
    expect(good).toEqual(lengths);
    for (const text of [`x${start}`, ` ${start}`].map((one) => one + 's'.repeat(lengths[0]))) expect(grantIdOf(kind, text)).toBeNull();
    expect([kindOf(start + 's'.repeat(lengths[0])), isOurs(start)]).toEqual([kind, true]);
  });

  it('refuses an access token of more links than there may be', () => {
    expect(grantIdOf('access', `access_${id.repeat(5)}.${'s'.repeat(43)}`)).toBeNull();
  });

  it('names all grants that one hangs on, the first one first', () => {
    expect(linksOf(id)).toEqual([id]);
    expect(linksOf(`${id}${'j'.repeat(22)}`)).toEqual([id, `${id}${'j'.repeat(22)}`]);
    expect(linksOf(`${id}${'j'.repeat(22)}${'k'.repeat(22)}`)).toHaveLength(3);
    expect(linksOf('short')).toEqual(['short']);
  });

  it('recognizes tokens with our prefixes only', () => {
    for (const text of ['access_', 'refresh_x', 'code_', `a.${part({ jti })}.b`]) expect([text, isOurs(text)]).toEqual([text, true]);
    for (const text of ['', 'xaccess_', 'access', 'gho_access_', 'a.b.c']) expect([text, isOurs(text)]).toEqual([text, false]);
  });

  it('takes a refresh token apart', () => {
    const [family, secret, back] = ['f'.repeat(22), 's'.repeat(43), 'b'.repeat(43)];
    const first = formatToken('refresh', id, family + secret);
    expect(first).toBe(`refresh_${id}.${family}${secret}`);
    expect([familyOf(first), wayBackOf(first)]).toEqual([family, null]);
    expect([familyOf(first + back), wayBackOf(first + back)]).toEqual([family, { secret, wayBack: back }]);
  });
});

const ID = 'AbCdEfGhIjKlMnOpQrStUv';
const SECRET = `${'x-Y_9'.repeat(8)}abc`;
const KEY = formatKey(ID, SECRET);

describe('model/token, access-key', () => {
  it('writes a key as one word that a secret scanner finds by one pattern', () => {
    expect(KEY).toMatch(/^pcl_[A-Za-z0-9_-]{71}$/);
    expect([grantIdOfKey(KEY), grantIdOf('access', KEY), kindOf(KEY), isKey(KEY), isOurs(KEY)]).toEqual([ID, ID, 'access', true, true]);
  });

  it('tells a damaged key from a whole one by its checksum, wherever one sign differs', () => {
    for (let at = 4; at < KEY.length; at++) {
      const other = KEY[at] === 'A' ? 'B' : 'A';
      const damaged = KEY.slice(0, at) + other + KEY.slice(at + 1);
      expect([grantIdOfKey(damaged), grantIdOf('access', damaged), isOurs(damaged)]).toEqual([null, null, true]);
    }
    for (const damaged of [KEY.slice(0, -1), `${KEY}A`, ` ${KEY}`, `${KEY}\n`, `Pcl_${KEY.slice(4)}`, 'pcl_', `pcl_${ID}`])
      expect(grantIdOfKey(damaged)).toBeNull();
  });

  it('takes no text of another shape, even with a right checksum', () => {
    for (const text of [`x${KEY.slice(0, -6)}`, `${KEY.slice(0, -6)}x`, `pcl_${ID}`, 'pcl_', ''])
      expect([text, grantIdOfKey(text + base64url(crc32(text)))]).toEqual([text, null]);
  });

  it('is an access token and nothing else', () => {
    expect([grantIdOf('code', KEY), grantIdOf('refresh', KEY)]).toEqual([null, null]);
  });

  it('names clients and programs as no registered client can be named', () => {
    expect([keyClientId(ID), serviceUserId(), serviceUserId({ id: 'acme' }), serviceUserId({ id: 'server' })]).toEqual([
      `key:${ID}`,
      'client:service:server',
      'client:service:organization:acme',
      'client:service:organization:server',
    ]);
  });

  it('takes names that can be seen', () => {
    expect(['a', 'Backup script', 'ü'.repeat(64)].map(isKeyName)).toEqual([true, true, true]);
    expect(['', ' ', 'a\nb', 'x'.repeat(65), 7, null].map(isKeyName)).toEqual([false, false, false, false, false, false]);
  });
});

const hex = (text: string): string => [...crc32(text)].map((byte) => byte.toString(16).padStart(2, '0')).join('');

describe('model/token, crc32', () => {
  it('computes the checksum of gzip, with its check value', () => {
    expect([hex('123456789'), hex(''), hex('a')]).toEqual(['cbf43926', '00000000', 'e8b7be43']);
  });
});

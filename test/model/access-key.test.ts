import { describe, expect, it } from 'vitest';
import { base64url } from '../../src/lib/bytes.ts';
import { crc32 } from '../../src/model/crc32.ts';
import { formatKey, grantIdOfKey, isKey, isKeyName, keyClientId, serviceUserId } from '../../src/model/access-key.ts';
import { grantIdOf, isOurs, kindOf } from '../../src/model/token.ts';

const ID = 'AbCdEfGhIjKlMnOpQrStUv';
const SECRET = `${'x-Y_9'.repeat(8)}abc`;
const KEY = formatKey(ID, SECRET);

describe('model/access-key', () => {
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

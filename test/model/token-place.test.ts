import { describe, expect, it } from 'vitest';
import { makeRuntime } from '#under-test';
import { makeSecrets } from '../../src/core/records/secrets.ts';
import {
  formatToken,
  grantIdOf,
  isPlace,
  isPlacedList,
  linksOf,
  placeOf,
  placeOfKey,
  PLACES,
  withoutPlace,
  withPlace,
} from '../../src/model/token.ts';

const secrets = makeSecrets(makeRuntime());
const SIGNS = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'];

describe('model/token, places', () => {
  it('reads the place back out of an id and out of a secret, which keep their length and form', () => {
    for (const place of PLACES) {
      const [id, secret] = [secrets.id(place), secrets.secret(place)];
      expect([id.length, secret.length]).toEqual([22, 43]);
      expect([placeOf(id), placeOf(secret)]).toEqual([place, place]);
      expect(grantIdOf('code', formatToken('code', id, secret))).toBe(id);
    }
  });

  it('finds no place in an id, a secret or a hash from before there were places', async () => {
    for (let n = 0; n < 300; n++) {
      expect(placeOf(secrets.id())).toBeNull();
      expect(placeOf(secrets.secret())).toBeNull();
      expect(placeOf(await secrets.hash(`${n}`))).toBeNull();
    }
  });

  it('keeps all 128 random bits of an id', () => {
    const id = secrets.id();
    for (const place of PLACES) expect(withPlace(id, place).slice(0, -1)).toBe(id.slice(0, -1));
    const last = new Set(['A', 'Q', 'g', 'w'].map((sign) => withPlace(id.slice(0, -1) + sign, 'oc').slice(-1)));
    expect(last.size).toBe(4);
  });

  it('gives every id of a grant the same form without its place, and leaves any other text as it is', () => {
    const [id, parent] = [secrets.id(), secrets.id('apac')];
    for (const place of PLACES) {
      expect(withoutPlace(withPlace(id, place))).toBe(id);
      for (const one of ['A', 'Q', 'g', 'w'].map((sign) => id.slice(0, -1) + sign)) expect(withoutPlace(withPlace(one, place))).toBe(one);
      expect(withoutPlace(parent + withPlace(id, place))).toBe(parent + id);
    }
    for (const text of ['', 'aB', `${'a'.repeat(42)}B`]) expect(withoutPlace(text)).toBe(text);
  });

  it('finds no place in a text that is not as long as an id, a chain of ids or a secret', () => {
    expect([20, 22, 44, 45].map((length) => placeOf(`${'a'.repeat(length - 1)}B`))).toEqual([null, PLACES[0], PLACES[0], null]);
  });

  it('has a part in each place of the lists that are read near the caller', () => {
    const placed = ['client', 'clients', 'keys', 'sessions', 'user', 'unused'].map((name) => isPlacedList(`${name}:x`));
    expect(placed).toEqual([true, true, true, true, true, false]);
  });

  it('takes a number that no place has for no place', () => {
    const places = SIGNS.map((sign) => placeOf('a'.repeat(21) + sign));
    expect(places.filter((place) => place !== null)).toHaveLength(4 * PLACES.length);
    const ofHashes = SIGNS.map((sign) => placeOf('a'.repeat(42) + sign));
    expect(ofHashes.filter((place) => place !== null)).toEqual([...PLACES]);
    for (const text of ['', 'a', '!'.repeat(22), '!'.repeat(43), 'é'.repeat(22), `${'a'.repeat(21)}\0`]) expect(placeOf(text)).toBeNull();
  });

  it('has the hash of a secret name the place of the secret, and no other hash', async () => {
    const secret = secrets.secret('me');
    const id = await secrets.recordId(secret);
    expect(placeOf(id)).toBe('me');
    expect(id.slice(0, -1)).toBe((await secrets.hash(secret)).slice(0, -1));
    expect(await secrets.recordId(withPlace(secret, 'oc'))).not.toBe(withPlace(id, 'oc')); // another place is another secret
    const plain = secrets.secret();
    expect(await secrets.recordId(plain)).toBe(await secrets.hash(plain));
  });

  it('looks for a record where its own id says, in a chain of exchanged grants too', () => {
    const chain = secrets.id('weur') + secrets.id('apac');
    expect(placeOfKey(`grant:${chain}`)).toBe('apac');
    expect(linksOf(chain).map((id) => placeOfKey(`grant:${id}`))).toEqual(['weur', 'apac']);
  });

  it('finds the place under the prefixes of a tenant and an epoch', () => {
    const id = secrets.id('sam');
    for (const prefix of ['', 'acme/', '2026-11@', 'acme/2026-11@']) {
      expect(placeOfKey(`${prefix}grant:${id}`)).toBe('sam');
      expect([isPlacedList(`${prefix}user:1`), isPlacedList(`${prefix}keys:all`)]).toEqual([true, true]);
      expect(isPlacedList(`${prefix}clients:all`)).toBe(true);
      expect([isPlacedList(`${prefix}accounts:all`), isPlacedList(`${prefix}unused:clients`)]).toEqual([false, false]);
    }
  });

  it('keeps every other kind of record at home, with any id', () => {
    const id = secrets.id('afr');
    for (const kind of ['account', 'identity', 'known-browser', 'removed', 'username', 'consent', 'quota', '', 'constructor'])
      expect(placeOfKey(`${kind}:${id}`)).toBeNull();
    expect(placeOfKey('grant')).toBeNull();
    expect(isPlacedList(`consents:user:${id}`)).toBe(false);
  });

  it('knows the names of places', () => {
    expect(PLACES.every(isPlace)).toBe(true);
    for (const name of ['', 'WEUR', 'eu', null, 3, 'length']) expect(isPlace(name)).toBe(false);
  });
});

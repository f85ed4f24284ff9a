/**
 * Links: what is sent by e-mail or handed over by an operator, one record for each under the hash of its secret. What it
 * carries is sealed under the secret: a stolen database shows neither whom it is for nor what it would do.
 */
import type { Links } from '../../model/links.ts';
import type { Json, Key, Seconds, Store } from '../../model/store.ts';
import { has, readHeld, versioned } from '../records/record.ts';
import type { Keys } from '../records/secrets.ts';

type LinkRecord = { readonly v: 1; readonly sealed: string; readonly expiresAt: Seconds };

/** Makes the verbs. */
export function makeLinks({ store, keys, now }: { store: Store; keys: Keys; now: () => Seconds }): Links {
  const keyOf = async (kind: string, secret: string): Promise<Key> => `link:${await keys.hash(`link ${kind}\n${secret}`)}`;
  return {
    async make(kind, carries, ttl) {
      const secret = keys.secret();
      const key = await keyOf(kind, secret);
      const expiresAt = now() + ttl;
      const record: LinkRecord = { v: 1, sealed: await keys.sealUnder(secret, { carries }, key), expiresAt };
      if ((await store.write(key, record, 'absent', { until: expiresAt })) === null) throw new Error('A random secret was met twice.');
      return secret;
    },
    async find(kind, secret) {
      if (!/^[\w-]{43}$/.test(secret)) return null;
      const key = await keyOf(kind, secret);
      const held = await readHeld(store, key, isLink);
      const opened = held && ((await keys.openUnder(secret, held.value.sealed, key)) as { carries: Json } | null);
      return opened?.carries ?? null;
    },
    take: async (kind, secret) => store.remove(await keyOf(kind, secret)),
  };
}

const isLink = (value: unknown): value is LinkRecord => versioned(value) && has(value, 'sealed', 'expiresAt');

/**
 * Links: what is sent by e-mail or handed over by an operator, one record for each under the hash of its secret. What it
 * carries is sealed under the secret: a stolen database shows neither whom it is for nor what it would do.
 */
import type { Links } from '../../model/links.ts';
import type { Json, Key, Seconds, Store } from '../../model/store.ts';
import { has, readRecord, versioned } from '../records/record.ts';
import type { Secrets } from '../records/secrets.ts';

type LinkRecord = { readonly v: 1; readonly sealed: string; readonly expiresAt: Seconds };

/** Makes the verbs. */
export function makeLinks({ store, secrets, now }: { store: Store; secrets: Secrets; now: () => Seconds }): Links {
  const keyOf = async (kind: string, secret: string): Promise<Key> => `link:${await secrets.hash(`link ${kind}\n${secret}`)}`;
  return {
    async make(kind, carries, ttl) {
      const secret = secrets.secret();
      const key = await keyOf(kind, secret);
      const expiresAt = now() + ttl;
      const record: LinkRecord = { v: 1, sealed: await secrets.sealUnder(secret, { carries }, key), expiresAt };
      if ((await store.write(key, record, 'absent', { until: expiresAt })) === null) throw new Error('A random secret was met twice.');
      return secret;
    },
    async find(kind, secret) {
      if (!/^[\w-]{43}$/.test(secret)) return null;
      const key = await keyOf(kind, secret);
      const held = await readRecord(store, key, isLink);
      const opened = held && ((await secrets.openUnder(secret, held.value.sealed, key)) as { carries: Json } | null);
      return opened?.carries ?? null;
    },
    take: async (kind, secret) => store.remove(await keyOf(kind, secret)),
  };
}

const isLink = (value: unknown): value is LinkRecord => versioned(value) && has(value, 'sealed', 'expiresAt');

/**
 * Links sent by e-mail or handed out by an operator: one record each under the hash of the link's secret. The content is sealed under
 * the secret, so a stolen database shows neither the recipient nor the effect.
 */
import type { Links } from '../../model/login-services.ts';
import type { Json, Key, Seconds, Store } from '../../model/store.ts';
import { has, readRecord, versioned } from '../../model/record.ts';
import type { Secrets } from '../records/secrets.ts';

type LinkRecord = { readonly v: 1; readonly sealed: string; readonly expiresAt: Seconds };

/** What links are made over. */
export interface LinkParts {
  readonly store: Store;
  readonly secrets: Secrets;
  readonly now: () => Seconds;
}

/** Makes the operations. */
export function makeLinks({ store, secrets, now }: LinkParts): Links {
  const keyOf = async (kind: string, secret: string): Promise<Key> => `link:${await secrets.hash(`link ${kind}\n${secret}`)}`;
  return {
    async make(kind, carries, ttl) {
      const secret = secrets.secret();
      const key = await keyOf(kind, secret);
      const expiresAt = now() + ttl;
      const record: LinkRecord = { v: 1, sealed: await secrets.sealUnder(secret, { carries }, key), expiresAt };
      if ((await store.write(key, record, 'absent', { until: expiresAt })) === null)
        throw new Error('A random secret was generated twice.');
      return secret;
    },
    async find(kind, secret) {
      if (!/^[\w-]{43}$/.test(secret)) return null;
      const key = await keyOf(kind, secret);
      const stored = await readRecord(store, key, isLink);
      const opened = stored && ((await secrets.openUnder(secret, stored.value.sealed, key)) as { carries: Json } | null);
      return opened?.carries ?? null;
    },
    take: async (kind, secret) => store.remove(await keyOf(kind, secret)),
  };
}

const isLink = (value: unknown): value is LinkRecord => versioned(value) && has(value, 'sealed', 'expiresAt');

/** Vault records: upstream tokens under `upstream:<id>`, sealed under a key that is stored elsewhere. */
import { fromBase64url } from '../../lib/base64url.ts';
import type { IndexKey, Key, Seconds, Store } from '../../model/store.ts';
import type { UpstreamTokens } from '../../model/upstream.ts';
import { type Versioned, has, readRecord, versioned } from '../records/record.ts';
import type { Secrets } from '../records/secrets.ts';

/** A stored set of upstream tokens. */
export type VaultRecord = {
  readonly v: 1;
  readonly userId: string;
  readonly provider: string;
  /** SHA-256 of user, provider and account: equal for two sign-ins with one account. */
  readonly accountHash: string;
  /** The tokens, under the record's own key. */
  readonly sealed: string;
  /** That key under the server's secret, if there is one; empty if that secret was lost (`core/reseal`). Used to revoke tokens when no token of ours is at hand. */
  readonly sealedKey?: string;
  /** Counts refreshes. */
  readonly round: number;
  /** Who is refreshing, and until when no other process may. */
  readonly lease: { readonly holder: string; readonly until: Seconds } | null;
  /** After a failure: when the upstream may be asked again. */
  readonly quietUntil: Seconds;
  /** Failures in a row; absent for none. */
  readonly failures?: number;
  readonly endsAt: Seconds;
};

/** Purpose that the key of a record is sealed for. */
export const VAULT_PURPOSE = 'vault';

/** Storage key of a record. */
export function vaultKey(id: string): Key {
  return `upstream:${id}`;
}

/** Until when a record is kept, and its index. */
export function lifeOfVaulted({ userId, endsAt }: VaultRecord): { readonly until: Seconds; readonly index: readonly IndexKey[] } {
  return { until: endsAt, index: [`upstreams:${userId}`] };
}

/** Reads a record. */
export function findVaulted(store: Store, id: string): Promise<Versioned<VaultRecord> | null> {
  return readRecord(store, vaultKey(id), isVaultRecord);
}

/** The tokens of a record; null if the key is not its own. */
export async function openVaulted(secrets: Secrets, id: string, { sealed }: VaultRecord, key: string): Promise<UpstreamTokens | null> {
  const bytes = fromBase64url(key);
  const text = bytes && (await secrets.openWith(bytes, sealed, vaultKey(id)));
  return text === null ? null : (JSON.parse(text) as UpstreamTokens);
}

/** Seals tokens for a record. */
export async function sealVaulted(secrets: Secrets, id: string, tokens: UpstreamTokens, key: string): Promise<string> {
  const bytes = fromBase64url(key);
  if (!bytes) throw new TypeError('A key of the vault is not base64url.');
  return secrets.sealWith(bytes, tokens, vaultKey(id));
}

/** Whether a stored value is a vault record. */
export const isVaultRecord = (value: unknown): value is VaultRecord =>
  versioned(value) && has(value, 'userId', 'provider', 'accountHash', 'sealed', 'round', 'lease', 'quietUntil', 'endsAt');

/**
 * Reseal: encrypts with the newest server secret what older secrets encrypted, so that those can be dropped. Walks the whole store page by
 * page, with one conditional write for each record, so that no concurrent change is lost.
 */
import type { SigningKey } from '../model/key-set.ts';
import type { Cursor, Json, StoredRecord, Key } from '../model/store.ts';
import type { AuthServer } from './auth-server.ts';
import { requireKeyring } from './records/secrets.ts';
import { SIGNING_PURPOSE } from './signing-keys.ts';
import { TOTP_PURPOSE } from './users/totp.ts';
import { STATE_PURPOSE } from './records/user-states.ts';
import { VAULT_PURPOSE } from './vault/vault-refresh.ts';

/** Result of one page. */
export interface Resealed {
  /** Records that are now under the newest secret. */
  readonly resealed: number;
  /** Records that are not: changed concurrently, or sealed under a secret that is not configured. */
  readonly left: number;
  /** Records that were removed, or lost a part that no secret opens, if that was requested. */
  readonly dropped?: number;
  /** Where to continue; absent after the last page. */
  readonly next?: Cursor;
}

/** Options of a pass. */
export interface ResealOptions {
  /**
   * Gives up what no configured secret opens, after a secret was lost for good: states are removed, signing keys no longer sign, upstream
   * tokens are not revoked at their site. Authenticator apps stay: without them a second factor would be missing, and recovery codes work.
   */
  readonly dangerouslyDropUnreadable?: boolean;
}

type Fields = { readonly [name: string]: Json };
/** Seals one text under the newest secret. A value that is not a text stays as it is. */
type ResealText = (purpose: string, sealed: Json | undefined, bound: string) => Promise<Json>;

/** By kind of record: the sealed member, and its purpose. Signing keys are a list of sealed members. */
const SEALED: ReadonlyMap<string, { readonly member: string; readonly purpose: string }> = new Map([
  ['totp', { member: 'sealedSecret', purpose: TOTP_PURPOSE }],
  ['state', { member: 'sealed', purpose: STATE_PURPOSE }],
  ['mcp', { member: 'sealed', purpose: STATE_PURPOSE }],
  ['upstream', { member: 'sealedKey', purpose: VAULT_PURPOSE }],
]);

/** Reseals one page. @throws {TypeError} without a secret, or if the store cannot list its records. */
export async function reseal(as: AuthServer, after?: Cursor, { dangerouslyDropUnreadable = false }: ResealOptions = {}): Promise<Resealed> {
  const ring = requireKeyring(as.keyring, '`reseal`');
  if (!as.store.all) throw new TypeError('This store cannot list its records, so they cannot be resealed.');
  const { records, next } = await as.store.all(after);
  let [resealed, left, dropped] = [0, 0, 0];
  for (const record of records) {
    let [isLost, isDropped] = [false, false];
    const resealText: ResealText = async (purpose, sealed, bound) => {
      if (typeof sealed !== 'string' || !sealed.startsWith('s1.')) return sealed ?? null;
      const renewed = await ring.renew(purpose, sealed, bound);
      if (renewed !== null) return renewed;
      isDropped = dangerouslyDropUnreadable && purpose !== TOTP_PURPOSE;
      isLost ||= !isDropped;
      return isDropped ? '' : sealed;
    };
    const changed = await changedBy(record, resealText);
    const isWritten = changed !== null && (await write(as, record, isDropped && /^(state|mcp):/.test(record.key) ? null : changed));
    if (isWritten && isDropped) dropped++;
    else if (isWritten) resealed++;
    if (isLost || (changed !== null && !isWritten)) left++;
  }
  const done = dangerouslyDropUnreadable ? { resealed, left, dropped } : { resealed, left };
  return next === undefined ? done : { ...done, next };
}

/** The record with every sealed member resealed; null if nothing changed. */
async function changedBy({ key, value }: StoredRecord, resealText: ResealText): Promise<Json> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const before = value as Fields;
  const next = await changedFields(before, key, resealText);
  return next === null || JSON.stringify(next) === JSON.stringify(before) ? null : next;
}

async function changedFields(before: Fields, key: Key, resealText: ResealText): Promise<Fields | null> {
  if (key.startsWith('signing-keys:')) {
    const keys = (before['keys'] ?? []) as readonly SigningKey[];
    const next = keys.map(async (one) => ({ ...one, sealed: await resealText(SIGNING_PURPOSE, one.sealed, one.kid) }));
    return { ...before, keys: await Promise.all(next) };
  }
  const { member = '', purpose = '' } = SEALED.get(key.split(':', 1)[0] ?? '') ?? {};
  return Object.hasOwn(before, member) ? { ...before, [member]: await resealText(purpose, before[member], key) } : null;
}

/** @param value null to remove the record. */
async function write({ store }: AuthServer, { key, version, until, index }: StoredRecord, value: Json): Promise<boolean> {
  if (value === null) return store.remove(key, version);
  return (await store.write(key, value, version, { index, ...(until === undefined ? {} : { until }) })) !== null;
}

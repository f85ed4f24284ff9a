/**
 * Reseal: what older secrets of the server sealed, sealed anew under the newest, so that the old ones can be dropped. A pass over the
 * whole store, a page at a time; each record by one conditional write, so that nothing which is changed meanwhile is lost.
 */
import type { SigningKey } from '../model/signing-key.ts';
import type { Cursor, Json, Kept, Key } from '../model/store.ts';
import type { AuthServer } from './auth-server.ts';
import { requireKeyring } from './records/require-keyring.ts';
import { SIGNING_PURPOSE } from './signing-keys.ts';
import { TOTP_PURPOSE } from './users/totp.ts';
import { STATE_PURPOSE } from './records/user-states.ts';
import { VAULT_PURPOSE } from './vault/vault-record.ts';

/** What one page of the pass came to. */
export interface Resealed {
  /** Records that are under the newest secret now. */
  readonly resealed: number;
  /** Records that are not: changed by somebody just now, or sealed under a secret that was not given. */
  readonly left: number;
  /** Records that were removed, or lost what no given secret opens, where that was asked for. */
  readonly dropped?: number;
  /** Where to go on; absent after the last page. */
  readonly next?: Cursor;
}

/** How a pass differs from a plain one. */
export interface ResealOptions {
  /**
   * Gives up what no given secret opens, when a secret is lost for good: states are removed, signing keys sign no more, tokens of other
   * sites are not taken back there. Authenticator apps stay: they would be a second factor less, and recovery codes still work.
   */
  readonly dangerouslyDropUnreadable?: boolean;
}

type Fields = { readonly [name: string]: Json };
/** One sealed text, under the newest secret. What is no text stays what it is. */
type Anew = (purpose: string, sealed: Json | undefined, bound: string) => Promise<Json>;

/** By kind of record: the member that a secret of the server opens, and what it is sealed for. Signing keys are a list of such. */
const SEALED: ReadonlyMap<string, { readonly member: string; readonly purpose: string }> = new Map([
  ['totp', { member: 'sealedSecret', purpose: TOTP_PURPOSE }],
  ['state', { member: 'sealed', purpose: STATE_PURPOSE }],
  ['mcp', { member: 'sealed', purpose: STATE_PURPOSE }],
  ['upstream', { member: 'sealedKey', purpose: VAULT_PURPOSE }],
]);

/** One page of the pass. @throws {TypeError} without a secret, or on a store that cannot list its records. */
export async function reseal(as: AuthServer, after?: Cursor, { dangerouslyDropUnreadable = false }: ResealOptions = {}): Promise<Resealed> {
  const ring = requireKeyring(as.keyring, '`reseal`');
  if (!as.store.all) throw new TypeError('This store cannot list its records, so they cannot be sealed anew.');
  const { records, next } = await as.store.all(after);
  let [resealed, left, dropped] = [0, 0, 0];
  for (const kept of records) {
    let [isLost, isDropped] = [false, false];
    const anew: Anew = async (purpose, sealed, bound) => {
      if (typeof sealed !== 'string' || !sealed.startsWith('s1.')) return sealed ?? null;
      const renewed = await ring.renew(purpose, sealed, bound);
      if (renewed !== null) return renewed;
      isDropped = dangerouslyDropUnreadable && purpose !== TOTP_PURPOSE;
      isLost ||= !isDropped;
      return isDropped ? '' : sealed;
    };
    const changed = await changedBy(kept, anew);
    const isWritten = changed !== null && (await write(as, kept, isDropped && /^(state|mcp):/.test(kept.key) ? null : changed));
    if (isWritten && isDropped) dropped++;
    else if (isWritten) resealed++;
    if (isLost || (changed !== null && !isWritten)) left++;
  }
  const done = dangerouslyDropUnreadable ? { resealed, left, dropped } : { resealed, left };
  return next === undefined ? done : { ...done, next };
}

/** The record with everything sealed anew; null where nothing had to be. */
async function changedBy({ key, value }: Kept, anew: Anew): Promise<Json> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const before = value as Fields;
  const next = await changedFields(before, key, anew);
  return next === null || JSON.stringify(next) === JSON.stringify(before) ? null : next;
}

async function changedFields(before: Fields, key: Key, anew: Anew): Promise<Fields | null> {
  if (key.startsWith('signing-keys:')) {
    const keys = (before['keys'] ?? []) as readonly SigningKey[];
    const next = keys.map(async (one) => ({ ...one, sealed: await anew(SIGNING_PURPOSE, one.sealed, one.kid) }));
    return { ...before, keys: await Promise.all(next) };
  }
  const { member = '', purpose = '' } = SEALED.get(key.split(':', 1)[0] ?? '') ?? {};
  return Object.hasOwn(before, member) ? { ...before, [member]: await anew(purpose, before[member], key) } : null;
}

/** @param value null for a record that goes. */
async function write({ store }: AuthServer, { key, version, until, index }: Kept, value: Json): Promise<boolean> {
  if (value === null) return store.remove(key, version);
  return (await store.write(key, value, version, { index, ...(until === undefined ? {} : { until }) })) !== null;
}

/**
 * Refreshes upstream tokens. The first caller to see an expired access token takes a lease on the record by a conditional write, asks the
 * upstream, and writes the result. All others, in any process, wait for that write (docs/decisions/0012).
 *
 *   valid → return it | leased → still valid? return it : wait | cooling down → refuse | take lease → refresh → write, remove or cool down
 */
import { changeRecord, has, readRecord, type Versioned, versioned } from '../../model/record.ts';
import type { NewEvent } from '../../model/event.ts';
import type { Runtime } from '../../model/runtime.ts';
import { CLOCKS_DIFFER, type IndexKey, type Key, type Seconds, type Store } from '../../model/store.ts';
import { type Refreshed, type TokenOperations, type UpstreamRef, UpstreamTokenError, type UpstreamTokens } from '../../model/upstream.ts';
import type { Secrets } from '../records/secrets.ts';
import { fromBase64url } from '../../lib/bytes.ts';
import { isAhead } from '../../lib/clock.ts';
import { pause } from '../../lib/async.ts';

/** What refreshing is made over. */
export interface RefreshParts {
  readonly store: Store;
  readonly runtime: Pick<Runtime, 'random' | 'pause' | 'waitUntil'>;
  readonly secrets: Secrets;
  /** Token operations of a login; null if it is no longer configured. */
  readonly keeperOf: (provider: string) => TokenOperations | null;
  readonly now: () => Seconds;
  readonly env: unknown;
  readonly emit: (event: NewEvent) => void;
}

/** Gets valid tokens. @param refused an access token that the upstream refused. @throws {UpstreamTokenError} */
export type TokenSource = (ref: UpstreamRef, refused?: string) => Promise<UpstreamTokens>;

/** Seconds before expiry from which an access token is refreshed. */
const EARLY: Seconds = 60;
/** Seconds that a lease lasts beyond the upstream's deadline, to write the result. */
const SLACK: Seconds = 10;
/** Seconds to wait after an upstream failure that gives no `Retry-After`. */
const QUIET: Seconds = 2;
/** A longer `Retry-After` counts as this. */
const MAX_QUIET: Seconds = 3600;
/** Reads while another process holds the lease: about twenty seconds in all. */
const MAX_LOOKS = 60;
/** Tries to store the result: the old refresh token may be spent by then. */
const MAX_SAVES = 5;

/** Failed refreshes in a row after which the user is told that connecting again may help. */
const MANY_FAILURES = 3;

/** Makes the token source. */
export function makeTokenSource({ store, runtime, secrets, keeperOf, now, env, emit }: RefreshParts): TokenSource {
  const over = { store, runtime };
  const wait = runtime.pause ?? pause;
  const ended = ({ provider }: VaultRecord): UpstreamTokenError => new UpstreamTokenError('ended', provider);

  // The ciphertext tells whether another process refreshed since: it differs each time, while `round` may repeat after a crash or a
  // restore lost the last writes.
  /** Writes the result of a lease holder if no other process refreshed since. @returns the current record. */
  const finishLease = (id: string, stored: Versioned<VaultRecord>, change: Partial<VaultRecord>): Promise<VaultRecord | null> =>
    changeRecord(
      over,
      vaultKey(id),
      isVaultRecord,
      (current) => {
        if (!current || current.sealed !== stored.value.sealed) return { result: current };
        const next: VaultRecord = { ...current, lease: null, quietUntil: 0, ...change };
        return { write: next, ...lifeOfVaulted(next), result: next };
      },
      stored,
    );

  /** Null if another process was faster. */
  const takeLease = async (
    ref: UpstreamRef,
    { value, version }: Versioned<VaultRecord>,
    ttl: Seconds,
  ): Promise<Versioned<VaultRecord> | null> => {
    const leased = { ...value, lease: { holder: secrets.id(), until: now() + ttl } };
    const next = await store.write(vaultKey(ref.id), leased, version, lifeOfVaulted(value));
    return next === null ? null : { value: leased, version: next };
  };

  const save = async (ref: UpstreamRef, stored: Versioned<VaultRecord>, tokens: UpstreamTokens): Promise<UpstreamTokens> => {
    const sealed = await sealVaulted(secrets, ref.id, tokens, ref.key);
    const { provider, userId, round } = stored.value;
    for (let tries = 1; ; tries++) {
      try {
        const current = await finishLease(ref.id, stored, { sealed, round: round + 1, failures: 0 });
        if (current === null) throw ended(stored.value); // released meanwhile
        emit({ kind: 'upstream.refreshed', provider, userId });
        return tokens;
      } catch (error) {
        if (error instanceof UpstreamTokenError || tries >= MAX_SAVES) throw error;
        await wait(delayOf(tries));
      }
    }
  };

  /** Removes the record, unless another process refreshed it meanwhile. */
  const giveUp = async (ref: UpstreamRef, stored: Versioned<VaultRecord>, reason: string): Promise<void> => {
    const now = await findVaulted(store, ref.id);
    if (!now || now.value.sealed !== stored.value.sealed || !(await store.remove(vaultKey(ref.id), now.version))) return;
    emit({ kind: 'upstream.ended', provider: stored.value.provider, userId: stored.value.userId, reason });
  };

  const refresh = async (
    ref: UpstreamRef,
    stored: Versioned<VaultRecord>,
    old: UpstreamTokens,
    keeper: TokenOperations,
  ): Promise<Refreshed> => {
    try {
      return await keeper.refresh(old, { now: now(), env });
    } catch (error) {
      await finishLease(ref.id, stored, {});
      throw error;
    }
  };

  /** Asks the upstream and writes the result to the record. */
  const refreshAndStore = async (
    ref: UpstreamRef,
    leased: Versioned<VaultRecord>,
    tokens: UpstreamTokens,
    keeper: TokenOperations,
  ): Promise<UpstreamTokens | { readonly quiet: Seconds } | 'ended'> => {
    const result = await refresh(ref, leased, tokens, keeper);
    if (result.kind === 'refused') {
      await giveUp(ref, leased, result.reason);
      return 'ended';
    }
    const { provider, userId, failures = 0 } = leased.value;
    if (result.kind === 'refreshed') {
      const saved = await save(ref, leased, result.tokens);
      if ((saved.expiresAt ?? Infinity) > now()) return saved;
      emit({ kind: 'upstream.failed', provider, userId, reason: 'access_token_missing' }); // only a refresh token was returned
      return { quiet: QUIET };
    }
    const quiet = Math.min(result.retryAfter ?? QUIET, MAX_QUIET);
    await finishLease(ref.id, leased, { quietUntil: now() + quiet, failures: failures + 1 });
    emit({ kind: 'upstream.failed', provider, userId, reason: result.reason });
    return { quiet };
  };

  return async (ref, refused) => {
    for (let looks = 0; looks < MAX_LOOKS; looks++) {
      const stored = await findVaulted(store, ref.id);
      if (!stored) throw new UpstreamTokenError('ended', ref.account.provider);
      const { value: record } = stored;
      const tokens = await openVaulted(secrets, ref.id, record, ref.key);
      if (!tokens) throw new Error('Upstream tokens cannot be opened with the key that sealed them.');
      const left = tokens.accessToken === refused ? 0 : (tokens.expiresAt ?? Infinity) - now();
      if (left > EARLY) return tokens;
      const { refreshToken } = tokens;
      const keeper = keeperOf(record.provider);
      if (left > 0 && (refreshToken === undefined || keeper === null)) return tokens;
      if (keeper === null) throw new UpstreamTokenError('not_linked', record.provider);
      if (refreshToken === undefined) {
        await giveUp(ref, stored, 'no_refresh_token');
        throw ended(record);
      }
      const ttl = keeper.patience + SLACK;
      const isLeased = record.lease !== null && isAhead(record.lease.until, ttl + CLOCKS_DIFFER, now());
      const isQuiet = isAhead(record.quietUntil, MAX_QUIET + CLOCKS_DIFFER, now());
      if ((isLeased || isQuiet) && left > 0) return tokens;
      if (isLeased) {
        await wait(delayOf(looks));
        continue;
      }
      if (isQuiet)
        throw new UpstreamTokenError('unavailable', record.provider, record.quietUntil - now(), (record.failures ?? 0) >= MANY_FAILURES);
      const leased = await takeLease(ref, stored, ttl);
      if (leased === null) continue;
      const work = refreshAndStore(ref, leased, tokens, keeper);
      runtime.waitUntil?.(work); // the refresh token may have been rotated: store the result even if this request is cancelled
      const outcome = await work;
      if (outcome === 'ended') continue; // the next read finds nothing and ends, or another process's result
      if ('accessToken' in outcome) return outcome;
      if (left > 0) return tokens;
      throw new UpstreamTokenError('unavailable', record.provider, outcome.quiet, (record.failures ?? 0) + 1 >= MANY_FAILURES);
    }
    throw new UpstreamTokenError('unavailable', ref.account.provider, QUIET);
  };
}

/** Milliseconds to wait: longer each time, with jitter so that waiting requests spread out. */
function delayOf(tries: number): number {
  return Math.min(500, 10 * 1.3 ** tries) * (0.5 + Math.random() / 2);
}

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

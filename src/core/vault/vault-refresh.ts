/**
 * Refreshing what is in the vault: whoever finds an access token at its end takes a lease on the record by a conditional
 * write, asks the site, and writes the answer. Everybody else waits for that write, in whatever process (docs/decisions/0012).
 *
 *   good → given | leased → still good? given : wait | quiet → refused for now | lease → refresh → (write | remove | be quiet)
 */
import { type Changing, changeRecord } from '../../model/change-record.ts';
import type { NewEvent } from '../../model/event.ts';
import type { Runtime } from '../../model/runtime.ts';
import type { Seconds, Store } from '../../model/store.ts';
import { type Refreshed, type TokenKeeper, UpstreamTokenError, type UpstreamRef, type UpstreamTokens } from '../../model/upstream.ts';
import type { Versioned } from '../records/record.ts';
import type { Secrets } from '../records/secrets.ts';
import { findVaulted, isVaultRecord, lifeOfVaulted, openVaulted, sealVaulted, vaultKey, type VaultRecord } from './vault-record.ts';

/** What refreshing is made over. */
export interface RefreshParts {
  readonly store: Store;
  readonly runtime: Changing['runtime'] & Pick<Runtime, 'waitUntil'>;
  readonly secrets: Secrets;
  /** What the login of that name can do with tokens; null where there is none any more. */
  readonly keeperOf: (provider: string) => TokenKeeper | null;
  readonly now: () => Seconds;
  readonly env: unknown;
  readonly emit: (event: NewEvent) => void;
}

/** Tokens that are good now. @throws {UpstreamTokenError} */
export type TokenSource = (ref: UpstreamRef, refused?: string) => Promise<UpstreamTokens>;

/** Seconds before its end from which an access token is refreshed. */
const EARLY: Seconds = 60;
/** Seconds that a holder has beyond the site's own deadline, to write what it got. */
const SLACK: Seconds = 10;
/** Seconds in which a site that failed is left alone, where it does not say itself. */
const QUIET: Seconds = 2;
/** Looks at somebody else's lease: some twenty seconds in all. */
const MAX_LOOKS = 60;
/** How often a write that the store refuses is tried again: the old refresh token may be spent by then. */
const MAX_SAVES = 5;

/** Refreshes in a row that failed, after which the person is told that connecting again may help. */
const MANY_FAILURES = 3;

/** Makes the verb. */
export function makeTokenSource({ store, runtime, secrets, keeperOf, now, env, emit }: RefreshParts): TokenSource {
  const over = { store, runtime };
  const ended = ({ provider }: VaultRecord): UpstreamTokenError => new UpstreamTokenError('ended', provider);

  // Whether somebody refreshed since is told by the ciphertext, which is another each time: `round` counts up, and comes back where a
  // crash or a restore took the last writes.
  /** Writes what the holder of a lease came to, if nobody refreshed since; what then stands. */
  const settle = (id: string, held: Versioned<VaultRecord>, change: Partial<VaultRecord>): Promise<VaultRecord | null> =>
    changeRecord(
      over,
      vaultKey(id),
      isVaultRecord,
      (current) => {
        if (!current || current.sealed !== held.value.sealed) return { result: current };
        const next: VaultRecord = { ...current, lease: null, quietUntil: 0, ...change };
        return { write: next, ...lifeOfVaulted(next), result: next };
      },
      held,
    );

  /** Null where somebody was faster. */
  const takeLease = async (
    ref: UpstreamRef,
    { value, version }: Versioned<VaultRecord>,
    ttl: Seconds,
  ): Promise<Versioned<VaultRecord> | null> => {
    const leased = { ...value, lease: { holder: secrets.id(), until: now() + ttl } };
    const next = await store.write(vaultKey(ref.id), leased, version, lifeOfVaulted(value));
    return next === null ? null : { value: leased, version: next };
  };

  const save = async (ref: UpstreamRef, held: Versioned<VaultRecord>, tokens: UpstreamTokens): Promise<UpstreamTokens> => {
    const sealed = await sealVaulted(secrets, ref.id, tokens, ref.key);
    const { provider, userId, round } = held.value;
    for (let tries = 1; ; tries++) {
      try {
        const stands = await settle(ref.id, held, { sealed, round: round + 1, failures: 0 });
        if (stands === null) throw ended(held.value); // let go of meanwhile
        emit({ kind: 'upstream.refreshed', provider, userId });
        return tokens;
      } catch (error) {
        if (error instanceof UpstreamTokenError || tries >= MAX_SAVES) throw error;
        await pause(tries);
      }
    }
  };

  /** Ends the record, unless somebody else meanwhile got through with another refresh token. */
  const give = async (ref: UpstreamRef, held: Versioned<VaultRecord>, reason: string): Promise<void> => {
    const now = await findVaulted(store, ref.id);
    if (!now || now.value.sealed !== held.value.sealed || !(await store.remove(vaultKey(ref.id), now.version))) return;
    emit({ kind: 'upstream.ended', provider: held.value.provider, userId: held.value.userId, reason });
  };

  const refresh = async (ref: UpstreamRef, held: Versioned<VaultRecord>, old: UpstreamTokens, keeper: TokenKeeper): Promise<Refreshed> => {
    try {
      return await keeper.refresh(old, { now: now(), env });
    } catch (error) {
      await settle(ref.id, held, {});
      throw error;
    }
  };

  /** From the question to the site until what came of it stands in the record. */
  const trade = async (
    ref: UpstreamRef,
    mine: Versioned<VaultRecord>,
    tokens: UpstreamTokens,
    keeper: TokenKeeper,
  ): Promise<UpstreamTokens | { readonly quiet: Seconds } | 'gone'> => {
    const result = await refresh(ref, mine, tokens, keeper);
    if (result.kind === 'refused') {
      await give(ref, mine, result.reason);
      return 'gone';
    }
    const { provider, userId, failures = 0 } = mine.value;
    if (result.kind === 'refreshed') {
      const saved = await save(ref, mine, result.tokens);
      if ((saved.expiresAt ?? Infinity) > now()) return saved;
      emit({ kind: 'upstream.failed', provider, userId, reason: 'access_token_missing' }); // it gave a refresh token alone
      return { quiet: QUIET };
    }
    const quiet = result.retryAfter ?? QUIET;
    await settle(ref.id, mine, { quietUntil: now() + quiet, failures: failures + 1 });
    emit({ kind: 'upstream.failed', provider, userId, reason: result.reason });
    return { quiet };
  };

  return async (ref, refused) => {
    for (let looks = 0; looks < MAX_LOOKS; looks++) {
      const held = await findVaulted(store, ref.id);
      if (!held) throw new UpstreamTokenError('ended', ref.account.provider);
      const { value: record } = held;
      const tokens = await openVaulted(secrets, ref.id, record, ref.key);
      if (!tokens) throw new Error('Tokens of another site do not open under the key that they were sealed under.');
      const left = tokens.accessToken === refused ? 0 : (tokens.expiresAt ?? Infinity) - now();
      if (left > EARLY) return tokens;
      const { refreshToken } = tokens;
      const keeper = keeperOf(record.provider);
      if (left > 0 && (refreshToken === undefined || keeper === null)) return tokens;
      if (keeper === null) throw new UpstreamTokenError('not_linked', record.provider);
      if (refreshToken === undefined) {
        await give(ref, held, 'no_refresh_token');
        throw ended(record);
      }
      const isLeased = record.lease !== null && record.lease.until > now();
      if ((isLeased || record.quietUntil > now()) && left > 0) return tokens;
      if (isLeased) {
        await pause(looks);
        continue;
      }
      if (record.quietUntil > now())
        throw new UpstreamTokenError('unavailable', record.provider, record.quietUntil - now(), (record.failures ?? 0) >= MANY_FAILURES);
      const mine = await takeLease(ref, held, keeper.patience + SLACK);
      if (mine === null) continue;
      const work = trade(ref, mine, tokens, keeper);
      runtime.waitUntil?.(work); // the site may have rotated: what it gave is kept, though this request be cut off
      const traded = await work;
      if (traded === 'gone') continue; // finds nothing and ends, or what somebody else got
      if ('accessToken' in traded) return traded;
      if (left > 0) return tokens;
      throw new UpstreamTokenError('unavailable', record.provider, traded.quiet, (record.failures ?? 0) + 1 >= MANY_FAILURES);
    }
    throw new UpstreamTokenError('unavailable', ref.account.provider, QUIET);
  };
}

/** Waits a little, longer each time, so that many who wait do not all look at once. */
async function pause(tries: number): Promise<void> {
  const longest = Math.min(500, 10 * 1.3 ** tries);
  await new Promise((next) => setTimeout(next, longest * (0.5 + Math.random() / 2)));
}

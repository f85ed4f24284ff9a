/**
 * Vault: upstream tokens. One record for each sign-in at an upstream, sealed under its own key. That key is stored, sealed, only in the
 * session and the grants of that sign-in (docs/decisions/0012). All grants of one sign-in share the record, so a rotating refresh token is
 * spent once (`core/vault/vault-refresh`).
 */
import { base64url } from '../../lib/bytes.ts';
import type { NewEvent, RevocationResult } from '../../model/event.ts';
import { isLive } from '../../model/grant.ts';
import { isSite } from '../../model/login.ts';
import type { Runtime } from '../../model/runtime.ts';
import type { Settings } from '../../model/settings.ts';
import { grantTTL } from '../../model/resource.ts';
import type { Cursor, Seconds, Store } from '../../model/store.ts';
import { linksOf } from '../../model/token.ts';
import { revoke } from '../../model/grant-transitions.ts';
import {
  type LinkedAccount,
  type TokenOperations,
  type UpstreamRef,
  type Upstreams,
  UpstreamTokenError,
  type UpstreamTokens,
} from '../../model/upstream.ts';
import type { Keyring } from '../records/keyring.ts';
import type { Secrets } from '../records/secrets.ts';
import type { Records } from '../records/records.ts';
import {
  findVaulted,
  lifeOfVaulted,
  makeTokenSource,
  openVaulted,
  sealVaulted,
  VAULT_PURPOSE,
  vaultKey,
  type VaultRecord,
} from './vault-refresh.ts';

/** Operations of the vault. */
export interface Vault {
  /** Stores tokens. Only the returned reference leads back to them. */
  keep(userId: string, account: LinkedAccount, tokens: UpstreamTokens): Promise<UpstreamRef>;
  /** Whether all of them still exist. */
  allExist(refs: readonly UpstreamRef[]): Promise<boolean>;
  /** Upstream access for a tool. @param open gives the references of the grant when they are needed. */
  upstreamsOf(grantId: string, open: () => Promise<readonly UpstreamRef[]>): Upstreams;
  /**
   * Releases accounts that no live grant of the user uses any more: removes the record, and revokes the tokens at the upstream if their key
   * is at hand and no other sign-in uses the account. Never rejects because of the upstream: its result is an event.
   */
  release(userId: string, ids: readonly string[], refs?: readonly UpstreamRef[]): Promise<void>;
  /** Releases every account of a user, even those that are in use. */
  releaseAll(userId: string): Promise<void>;
}

/** What the vault is made over. */
export interface VaultParts {
  readonly store: Store;
  readonly records: Records;
  readonly secrets: Secrets;
  readonly keyring: Keyring | null;
  readonly runtime: Runtime;
  readonly settings: Settings;
  /** Where upstream providers find their secrets. */
  readonly env: unknown;
  readonly emit: (event: NewEvent) => void;
}

const KEY_BYTES = 32;

/** Makes the operations. */
export function makeVault(parts: VaultParts): Vault {
  const { store, records, secrets, keyring, runtime, settings, env, emit } = parts;
  const keeperOf = (provider: string): TokenOperations | null =>
    settings.logins.filter(isSite).find((login) => login.id === provider)?.tokens ?? null;
  const source = makeTokenSource({ store, runtime, secrets, keeperOf, now: () => runtime.now(), env, emit });

  /** Revokes the tokens at the upstream. @returns what came of it. */
  const revokeAtSite = async (record: VaultRecord, id: string, own: string | undefined): Promise<RevocationResult> => {
    const keeper = keeperOf(record.provider);
    if (!keeper) return 'provider_gone';
    const { sealedKey = '' } = record;
    // The user released it, so it is gone even if the secret is missing; then the upstream is not told.
    if (own === undefined && sealedKey !== '' && !(await keyring?.knows(sealedKey))) return 'secret_missing';
    const key = own ?? (await keyring?.open(VAULT_PURPOSE, sealedKey, vaultKey(id)));
    const tokens = typeof key === 'string' ? await openVaulted(secrets, id, record, key) : null;
    if (tokens === null) return 'key_not_at_hand';
    try {
      return (await keeper.revoke(tokens, { env })) ? 'revoked' : 'no_way_to';
    } catch (error) {
      emit({ kind: 'request.failed', endpoint: 'upstream', requestId: secrets.id(), error });
      return 'failed';
    }
  };

  const endGrant = async (grantId: string, refs: readonly UpstreamRef[]): Promise<void> => {
    const grant = await records.findGrant(grantId);
    if (!grant) return;
    await records.changeGrant(grantId, revoke('upstream_refused', runtime.now()));
    const ids = refs.map(({ id }) => id);
    await vault.release(grant.userId, ids, refs);
  };

  const vault: Vault = {
    async keep(userId, account, tokens) {
      const [id, key, now] = [secrets.id(), base64url(runtime.random(KEY_BYTES)), runtime.now()];
      const record: VaultRecord = {
        v: 1,
        userId,
        provider: account.provider,
        accountHash: await secrets.hash(`upstream account\n${JSON.stringify([userId, account.provider, account.id])}`),
        sealed: await sealVaulted(secrets, id, tokens, key),
        ...(keyring ? { sealedKey: await keyring.seal(VAULT_PURPOSE, key, vaultKey(id)) } : {}),
        round: 0,
        lease: null,
        quietUntil: 0,
        endsAt: now + settings.sessionTtl + grantTTL(settings), // the end of the last grant that the session can open
      };
      if ((await store.write(vaultKey(id), record, 'absent', lifeOfVaulted(record))) === null)
        throw new Error('A random id was generated twice: the random number generator is broken.');
      return { id, key, account };
    },
    async allExist(refs) {
      const found = await Promise.all(refs.map(({ id }) => findVaulted(store, id)));
      return found.every((stored) => stored !== null);
    },
    upstreamsOf:
      (grantId, open) =>
      (provider, { account } = {}) => {
        const refsOf = async (): Promise<readonly UpstreamRef[]> => {
          const found = (await open()).filter((ref) => ref.account.provider === provider);
          if (found.length === 0) throw new UpstreamTokenError('not_linked', provider);
          return found;
        };
        const tokensOf = async (refused?: string): Promise<UpstreamTokens> => {
          const ref = (await refsOf()).find((one) => account === undefined || one.account.id === account);
          if (!ref) throw new UpstreamTokenError('not_linked', provider);
          try {
            return await source(ref, refused);
          } catch (error) {
            if (error instanceof UpstreamTokenError && error.failure === 'ended' && ref.connected !== true)
              await endGrant(grantId, await open());
            throw error;
          }
        };
        return {
          token: async (options = {}) => (await tokensOf(options.refused)).accessToken,
          scopes: async () => (await tokensOf()).scope ?? [],
          accounts: async () => (await refsOf()).map((ref) => ref.account),
        };
      },
    async release(userId, ids, refs = []) {
      if (ids.length === 0) return;
      const used = await usedAccounts(records, userId, runtime.now());
      for (const id of ids.filter((one) => !used.has(one))) {
        const stored = await findVaulted(store, id);
        if (!stored || stored.value.userId !== userId || !(await store.remove(vaultKey(id)))) continue; // one caller continues
        const others = await Promise.all([...used].map((one) => findVaulted(store, one)));
        const isShared = others.some((other) => other?.value.accountHash === stored.value.accountHash);
        const told: RevocationResult = isShared
          ? 'in_use_elsewhere'
          : await revokeAtSite(stored.value, id, refs.find((ref) => ref.id === id)?.key);
        emit({ kind: 'upstream.disconnected', provider: stored.value.provider, userId, told });
      }
    },
    async releaseAll(userId) {
      const ids: string[] = [];
      for (let after: Cursor | undefined, more = true; more; more = after !== undefined) {
        const page = await store.list(`upstreams:${userId}`, after);
        ids.push(...page.keys.map((key) => key.slice('upstream:'.length)));
        after = page.next;
      }
      await vault.release(userId, ids);
    },
  };
  return vault;
}

/** Every upstream account that a live grant of the user names. An exchanged grant names what its parent names, and ends with it. */
async function usedAccounts(records: Records, userId: string, now: Seconds): Promise<ReadonlySet<string>> {
  const ids = new Set<string>();
  let after: Cursor | undefined;
  do {
    const page = await (after === undefined ? records.grantsOf(userId) : records.grantsOf(userId, after));
    const grants = await Promise.all(page.keys.map((key) => records.findGrant(key.slice('grant:'.length), page.records?.get(key))));
    for (const grant of grants)
      if (grant && isLive(grant, now) && linksOf(grant.id).length === 1) for (const id of grant.upstreams?.ids ?? []) ids.add(id);
    after = page.next;
  } while (after !== undefined);
  return ids;
}

/**
 * Connections: adds an upstream account to a grant while it is in use.
 *
 *   1. A tool asks, with a token at hand: a link that carries a key, which only this grant gives.
 *   2. The user returns from the upstream: a reference to the tokens, sealed under that key, in a slot of the grant.
 *   3. The tool asks again: the reference moves from the slot into the grant, as if the user had signed in with that account.
 *
 * So only a live token of the grant opens the tokens, and ending the grant releases them.
 */
import { base64url, fromBase64url } from '../../lib/bytes.ts';
import { type Connect, ConnectionNeeded, type UpstreamRef, UpstreamTokenError } from '../../model/upstream.ts';
import { OAuthError } from '../../model/error.ts';
import type { Grant } from '../../model/grant.ts';
import { haveSignIn, isSite, type SiteLogin } from '../../model/login.ts';
import type { Links } from '../../model/login-services.ts';
import type { Runtime } from '../../model/runtime.ts';
import type { Settings } from '../../model/settings.ts';
import type { Json, Key, Seconds, Store } from '../../model/store.ts';
import { keyFor } from '../records/user-states.ts';
import { has, readRecord, versioned } from '../../model/record.ts';
import type { Records } from '../records/records.ts';
import { openRefs, sealRefs, type Secrets } from '../records/secrets.ts';
import type { Vault } from './vault.ts';

/** What of the server connections are made over. */
export interface ConnectionParts {
  readonly settings: Settings;
  readonly runtime: Runtime;
  readonly store: Store;
  readonly secrets: Secrets;
  readonly records: Records;
  readonly links: Links;
  readonly vault: Vault;
  now(): Seconds;
  readonly limit: (name: string, attempts: number, per: Seconds) => Promise<Seconds | null>;
}

/** Content of a link to the connection page, sealed under the link's secret. */
export type ConnectionRequest = {
  readonly userId: string;
  readonly clientId: string;
  readonly provider: string;
  readonly scopes: readonly string[];
  /** Where the reference goes, and the key that seals it. */
  readonly slot: string;
  readonly key: string;
};

/** Kind of these links. */
export const CONNECTION_LINK = 'connection';
/** How long the user may take. */
const CONNECTION_TTL: Seconds = 600;
/** How long the reference waits for the tool to ask again. */
const SLOT_TTL: Seconds = 86_400;
const MAX_LINKS = 30;

type SlotRecord = { readonly v: 1; readonly sealed: string };

/** The login with that id, if it keeps tokens. */
export function connectable({ logins }: Settings, provider: string): SiteLogin | null {
  return logins.filter(isSite).find((login) => login.id === provider && login.tokens !== undefined) ?? null;
}

/** Path of the connection page. */
export function connectionPath({ paths }: Settings): string {
  return `${paths.account}/connect`;
}

/** Makes `auth.connect` for one grant. @param grantKey derives the grant's key from the token of the call. */
export function makeConnect(
  as: ConnectionParts,
  grant: Grant,
  grantKey: () => Promise<Uint8Array<ArrayBuffer>>,
): (...args: Parameters<Connect>) => ReturnType<Connect> {
  const { secrets, runtime, settings, vault } = as;
  const { id: grantId, userId, clientId } = grant;

  /** Scopes that are missing; null if there is no account at all. */
  const missingOf = async (
    provider: string,
    scopes: readonly string[],
    refs: readonly UpstreamRef[],
  ): Promise<readonly string[] | null> => {
    const own = refs.filter(({ account }) => account.provider === provider).slice(0, 1);
    if (own.length === 0 || !(await vault.allExist(own))) return null;
    if (scopes.length === 0) return [];
    try {
      const granted = await vault
        .upstreamsOf(
          grantId,
          async () => own,
        )(provider)
        .scopes();
      return granted.length === 0 ? [] : scopes.filter((scope) => !granted.includes(scope)); // an upstream that returns no scope granted what was requested (RFC 6749 §5.1)
    } catch (error) {
      if (error instanceof UpstreamTokenError && error.failure === 'ended') return null;
      throw error;
    }
  };

  /** The previous link if it was not used, else a new one. */
  const linkTo = async (request: ConnectionRequest, progress: Progress | null): Promise<string> => {
    const { key, provider } = request;
    let secret = progress?.secret ?? null;
    if (secret === null || (await as.links.find(CONNECTION_LINK, secret)) === null) {
      const wait = await as.limit(`connect\n${grantId}`, MAX_LINKS, CONNECTION_TTL);
      if (wait !== null) throw new UpstreamTokenError('unavailable', provider, wait);
      secret = await as.links.make(CONNECTION_LINK, request as unknown as Json, CONNECTION_TTL);
      await saveProgress(as, await progressKey(as, request), bytesOf(key), { secret, missing: progress?.missing ?? [] });
    }
    return `${settings.origin}${connectionPath(settings)}?link=${secret}`;
  };

  return async (provider: string, scopes: readonly string[] = []): ReturnType<Connect> => {
    const login = connectable(settings, provider);
    if (!login)
      throw new TypeError(
        `auth.connect: there is no login "${provider}" that keeps tokens; give \`logins\` upstream(…, { keepTokens: true }), or connection(…).`,
      );
    if (!haveSignIn(settings.logins))
      throw new TypeError(
        'auth.connect: the page where users connect an account needs a way to sign in; add one to `logins`, such as existingSession().',
      );
    const [slot, key] = [
      await secrets.hash(`connection\n${grantId} ${provider}`),
      await keyFor(runtime, `connection ${provider}`, await grantKey()),
    ];
    const current = (await as.records.findGrant(grantId)) ?? grant; // another call may have added it meanwhile
    const before = await openRefs(secrets, grantId, await grantKey(), current.upstreams);
    if ((await missingOf(provider, scopes, before))?.length === 0) return vault.upstreamsOf(grantId, async () => before)(provider);
    const request: ConnectionRequest = { userId, clientId, provider, scopes, slot, key: base64url(key) };
    let progress = await readProgress(as, await progressKey(as, request), key);
    const ref = await readSlot(as, slot, key);
    if (ref) {
      const after = await adopt(as, grantId, await grantKey(), ref);
      await as.store.remove(slotKey(slot));
      const missing = await missingOf(provider, scopes, after);
      if (missing?.length === 0) return vault.upstreamsOf(grantId, async () => after)(provider);
      progress = { secret: null, missing: missing ?? [] }; // reported for a while: asking again at once would give the same
      await saveProgress(as, await progressKey(as, request), key, progress);
    }
    throw new ConnectionNeeded(login.label, () => linkTo(request, progress), progress?.missing);
  };
}

/** Progress with the scopes that a tool wants: the link that the user got, and the scopes that they did not allow. */
type Progress = { readonly secret: string | null; readonly missing: readonly string[] };

/** One record for what a tool wants of a provider, sealed under the connection's key because it contains a link's secret. */
async function progressKey({ secrets }: ConnectionParts, { slot, scopes }: ConnectionRequest): Promise<Key> {
  return slotKey(await secrets.hash(`connection way\n${slot} ${scopes.toSorted().join(' ')}`));
}

async function readProgress(as: ConnectionParts, at: Key, key: Uint8Array<ArrayBuffer>): Promise<Progress | null> {
  const record = await readRecord(as.store, at, isSlot);
  const text = record && (await as.secrets.openWith(key, record.value.sealed, at));
  return text === null ? null : (JSON.parse(text) as Progress);
}

async function saveProgress(as: ConnectionParts, at: Key, key: Uint8Array<ArrayBuffer>, progress: Progress): Promise<void> {
  const sealed = await as.secrets.sealWith(key, progress, at);
  await as.store.write(at, { v: 1, sealed }, 'any', { until: as.now() + CONNECTION_TTL / 2 }); // so that a repeated link is valid for a while
}

function bytesOf(key: string): Uint8Array<ArrayBuffer> {
  const bytes = fromBase64url(key);
  if (!bytes) throw new TypeError('The key of a connection is not base64url.');
  return bytes;
}

/** Stores a reference where the grant will look for it. */
export async function fillSlot(as: ConnectionParts, { slot, key }: ConnectionRequest, ref: UpstreamRef): Promise<void> {
  const sealed = await as.secrets.sealWith(bytesOf(key), { ...ref, connected: true }, slotKey(slot));
  await as.store.write(slotKey(slot), { v: 1, sealed }, 'any', { until: as.now() + SLOT_TTL });
}

async function readSlot(as: ConnectionParts, slot: string, key: Uint8Array<ArrayBuffer>): Promise<UpstreamRef | null> {
  const record = await readRecord(as.store, slotKey(slot), isSlot);
  const text = record && (await as.secrets.openWith(key, record.value.sealed, slotKey(slot)));
  return text === null ? null : (JSON.parse(text) as UpstreamRef);
}

/** Moves a reference into the grant. Safe to repeat. */
async function adopt(
  as: ConnectionParts,
  grantId: string,
  key: Uint8Array<ArrayBuffer>,
  ref: UpstreamRef,
): Promise<readonly UpstreamRef[]> {
  const { provider } = ref.account;
  const isReplaced = (one: UpstreamRef): boolean => one.account.provider === provider && one.connected === true;
  const { userId, before, after } = await as.records
    .changeGrant(grantId, async (grant) => {
      if (grant.ended) throw new UpstreamTokenError('not_linked', provider);
      const before = await openRefs(as.secrets, grantId, key, grant.upstreams);
      const after = [ref, ...before.filter((one) => one.id !== ref.id && !isReplaced(one))];
      const upstreams = await sealRefs(as.secrets, grantId, key, after);
      return { grant: { ...grant, upstreams }, result: { userId: grant.userId, before, after } };
    })
    .catch((error: unknown) => {
      throw error instanceof OAuthError && error.reason === 'grant_unknown' ? new UpstreamTokenError('not_linked', provider) : error;
    });
  const replaced = before.filter((one) => one.id !== ref.id && isReplaced(one));
  await as.vault.release(
    userId,
    replaced.map(({ id }) => id),
    replaced,
  );
  return after;
}

function slotKey(slot: string): Key {
  return `connection:${slot}`;
}

const isSlot = (value: unknown): value is SlotRecord => versioned(value) && has(value, 'sealed');

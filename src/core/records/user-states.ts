/**
 * State that an MCP server keeps between calls: here for its user, or with the client, which carries it from one call of a tool to the next. Here,
 * one record for each user, resource and handle, under the hash of all three, so that a handle alone opens nothing (SEC-191), sealed if the server
 * has a `secret`. With the client, sealed under a key that only a live token of the grant gives.
 */
import type { Checked } from '../../model/access.ts';
import type { Json, Key, Seconds, Store } from '../../model/store.ts';
import type { UserStates } from '../../model/user-state.ts';
import { has, readRecord, versioned } from '../../model/record.ts';
import { type Keyring, secretMissing, unreadable } from './keyring.ts';
import type { Secrets } from './secrets.ts';
import { base64url } from '../../lib/bytes.ts';
import type { Connect } from '../../model/upstream.ts';
import type { Runtime } from '../../model/runtime.ts';

/** Either sealed or plain. */
type StateRecord = { readonly v: 1; readonly sealed: string } | { readonly v: 1; readonly plain: Json };

/** Purpose that states are sealed for. */
export const STATE_PURPOSE = 'user-state';
/** Since the last write, by default. */
const TTL: Seconds = 365 * 86_400;
/** Characters of JSON. */
const MAX_STATE_LENGTH = 262_144;
const MAX_HANDLE_LENGTH = 256;

/** What states need of a server. */
export interface StateParts {
  readonly store: Store;
  readonly secrets: Pick<Secrets, 'hash'>;
  readonly keyring: Keyring | null;
  now(): Seconds;
}

/** The states of the caller. @param kind `state` is what the server stores for the user, `mcp` what it stores for an MCP exchange. */
export function statesOf(as: StateParts, access: Checked, kind: 'state' | 'mcp'): UserStates {
  const { store, secrets, keyring } = as;
  // A token that names no user has its own sessions. Any other state would be shared by the holders of all such tokens (SEC-191).
  const owner = access.userId || (kind === 'mcp' && access.grantId);
  const keyOf = async (handle: string): Promise<Key> => {
    if (!owner) throw new TypeError('The token names no user to keep a state for. Keep it under what its `props` say.');
    if (handle.length > MAX_HANDLE_LENGTH) throw new TypeError(`A state handle can have at most ${MAX_HANDLE_LENGTH} characters.`);
    return `${kind}:${await secrets.hash(`${kind}\n${JSON.stringify([access.issuer ?? '', owner, access.resource, handle])}`)}`;
  };
  return {
    async read(handle) {
      const key = await keyOf(handle);
      const stored = await readRecord(store, key, isState);
      if (!stored) return null;
      const { value: record, version } = stored;
      if ('plain' in record) return { value: record.plain, version };
      if (!keyring) throw secretMissing(STATE_PURPOSE);
      const opened = (await keyring.open(STATE_PURPOSE, record.sealed, key)) as { value: Json } | null;
      if (!opened) throw unreadable(STATE_PURPOSE); // read as absent, it would be overwritten
      return { value: opened.value, version };
    },
    async write(handle, value, since, ttl = TTL) {
      if (JSON.stringify(value).length > MAX_STATE_LENGTH)
        throw new TypeError(`A user's state can have at most ${MAX_STATE_LENGTH} characters of JSON.`);
      const key = await keyOf(handle);
      const record: StateRecord = keyring ? { v: 1, sealed: await keyring.seal(STATE_PURPOSE, { value }, key) } : { v: 1, plain: value };
      return store.write(key, record, since ?? 'absent', { until: as.now() + ttl });
    },
    async remove(handle, since) {
      return store.remove(await keyOf(handle), since);
    },
    now: () => as.now(),
  };
}

const isState = (value: unknown): value is StateRecord => versioned(value) && (has(value, 'sealed') || has(value, 'plain'));

/** How long a sealed state is valid. */
const CARRIED_TTL: Seconds = 600;

/** A key for one purpose, derived from the key of a grant. */
export async function keyFor(runtime: Runtime, purpose: string, grantKey: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  return runtime.digest(`portcullis ${purpose}\n${base64url(grantKey)}`);
}

/** Makes `seal` and `open` of `auth.connect` for one grant. @param grantKey derives the grant's key from the token of the call. */
export function makeCarried(
  { secrets, runtime }: { readonly secrets: Secrets; readonly runtime: Runtime },
  grantId: string,
  grantKey: () => Promise<Uint8Array<ArrayBuffer>>,
): Pick<Connect, 'seal' | 'open'> {
  const key = async (): Promise<Uint8Array<ArrayBuffer>> => keyFor(runtime, 'carried', await grantKey());
  return {
    seal: async (value, bound) =>
      secrets.sealWith(await key(), { value, until: runtime.now() + CARRIED_TTL }, `carried:${grantId}:${bound}`),
    async open(sealed, bound) {
      const text = await secrets.openWith(await key(), sealed, `carried:${grantId}:${bound}`);
      if (text === null) return null;
      const { value, until } = JSON.parse(text) as { value: Json; until: Seconds };
      return { value, over: until <= runtime.now() };
    },
  };
}

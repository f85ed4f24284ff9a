/**
 * Connections: accounts of other sites that are added to a grant while it lives. Three steps, by three parties:
 *
 *   tool asks, with a token at hand → a link that carries a key, which only this grant gives
 *   person comes back from the site → the reference to the tokens, sealed under that key, in a slot of the grant
 *   tool asks again → the slot opened, the reference moved into the grant, as if the user had signed in with it
 *
 * So nothing in storage opens the tokens but a living token of the grant, and ending the grant gives them back.
 */
import { base64url, fromBase64url } from '../../lib/base64url.ts';
import { type Connect, ConnectionNeeded } from '../../model/connection.ts';
import { OAuthError } from '../../model/error.ts';
import type { Grant } from '../../model/grant.ts';
import { isSite, type SiteLogin } from '../../model/login.ts';
import type { Settings } from '../../model/settings.ts';
import type { Json, Key, Seconds } from '../../model/store.ts';
import { type UpstreamRef, UpstreamTokenError } from '../../model/upstream.ts';
import type { AuthServer } from '../auth-server.ts';
import { has, readRecord, versioned } from '../records/record.ts';
import { openRefs, sealRefs } from './upstream-refs.ts';

/** What a link to the page carries, sealed under its own secret. */
export type ConnectionAsked = {
  readonly userId: string;
  readonly clientId: string;
  readonly provider: string;
  readonly scopes: readonly string[];
  /** Where the reference goes, and under which key. */
  readonly slot: string;
  readonly key: string;
};

/** The kind of those links. */
export const CONNECTION = 'connection';
/** How long a person may take, and a client carry something. */
export const CONNECTION_TTL: Seconds = 600;
/** How long the reference waits for the tool to ask again. */
const WAITING: Seconds = 86_400;
const MAX_LINKS = 30;

type SlotRecord = { readonly v: 1; readonly sealed: string };

/** The login of that name, if it keeps tokens. */
export function connectable({ logins }: Settings, provider: string): SiteLogin | null {
  return logins.filter(isSite).find((login) => login.id === provider && login.tokens !== undefined) ?? null;
}

/** Where the page stands. */
export function connectionPath({ paths }: Settings): string {
  return `${paths.account}/connect`;
}

/** Makes `auth.connect` for one grant. @param grantKey works out the key, with the token of the call. */
export function makeConnect(as: AuthServer, grant: Grant, grantKey: () => Promise<Uint8Array<ArrayBuffer>>): Connect {
  const { secrets, runtime, settings, vault } = as;
  const { id: grantId, userId, clientId } = grant;
  const keyFor = async (purpose: string): Promise<Uint8Array<ArrayBuffer>> =>
    runtime.digest(`portcullis ${purpose}\n${base64url(await grantKey())}`);

  /** Scopes that are not there; null where there is no account at all. */
  const missingOf = async (
    provider: string,
    scopes: readonly string[],
    refs: readonly UpstreamRef[],
  ): Promise<readonly string[] | null> => {
    const own = refs.filter(({ account }) => account.provider === provider).slice(0, 1);
    if (own.length === 0 || !(await vault.stand(own))) return null;
    if (scopes.length === 0) return [];
    try {
      const granted = await vault
        .upstreamsOf(
          grantId,
          async () => own,
        )(provider)
        .scopes();
      return granted.length === 0 ? [] : scopes.filter((scope) => !granted.includes(scope)); // a site that does not say gave what it was asked for
    } catch (error) {
      if (error instanceof UpstreamTokenError && error.failure === 'ended') return null;
      throw error;
    }
  };

  /** The link that was given before, if it was not used; else another. */
  const linkTo = async (asked: ConnectionAsked, way: Way | null): Promise<string> => {
    const { key, provider } = asked;
    let secret = way?.secret ?? null;
    if (secret === null || (await as.links.find(CONNECTION, secret)) === null) {
      const wait = await as.limit(`connect\n${grantId}`, MAX_LINKS, CONNECTION_TTL);
      if (wait !== null) throw new UpstreamTokenError('unavailable', provider, wait);
      secret = await as.links.make(CONNECTION, asked as unknown as Json, CONNECTION_TTL);
      await keepWay(as, await wayKey(as, asked), bytesOf(key), { secret, missing: way?.missing ?? [] });
    }
    return `${settings.origin}${connectionPath(settings)}?link=${secret}`;
  };

  const connect = async (provider: string, scopes: readonly string[] = []): ReturnType<Connect> => {
    const login = connectable(settings, provider);
    if (!login)
      throw new TypeError(
        `auth.connect: there is no login "${provider}" that keeps tokens; give \`logins\` upstream(…, { keepTokens: true }), or connection(…).`,
      );
    const [slot, key] = [await secrets.hash(`connection\n${grantId} ${provider}`), await keyFor(`connection ${provider}`)];
    const current = (await as.records.findGrant(grantId)) ?? grant; // another call may have added it since this one began
    const before = await openRefs(secrets, grantId, await grantKey(), current.upstreams);
    if ((await missingOf(provider, scopes, before))?.length === 0) return vault.upstreamsOf(grantId, async () => before)(provider);
    const asked: ConnectionAsked = { userId, clientId, provider, scopes, slot, key: base64url(key) };
    let way = await readWay(as, await wayKey(as, asked), key);
    const arrived = await readSlot(as, slot, key);
    if (arrived) {
      const after = await adopt(as, grantId, await grantKey(), arrived);
      await as.store.remove(slotKey(slot));
      const missing = await missingOf(provider, scopes, after);
      if (missing?.length === 0) return vault.upstreamsOf(grantId, async () => after)(provider);
      way = { secret: null, missing: missing ?? [] }; // told for a while: asking again at once would get the same
      await keepWay(as, await wayKey(as, asked), key, way);
    }
    throw new ConnectionNeeded(login.label, () => linkTo(asked, way), way?.missing);
  };

  return Object.assign(connect, {
    seal: async (value: Json, bound: string) =>
      secrets.sealWith(await keyFor('carried'), { value, until: as.now() + CONNECTION_TTL }, `carried:${grantId}:${bound}`),
    open: async (sealed: string, bound: string) => {
      const text = await secrets.openWith(await keyFor('carried'), sealed, `carried:${grantId}:${bound}`);
      if (text === null) return null;
      const { value, until } = JSON.parse(text) as { value: Json; until: Seconds };
      return { value, over: until <= as.now() };
    },
  });
}

/** How far a person got with the scopes that a tool wants: the link that they were given, and what they did not allow. */
type Way = { readonly secret: string | null; readonly missing: readonly string[] };

/** One for what a tool wants of a provider; sealed under the key of the connection, for the secret of a link stands in it. */
async function wayKey({ secrets }: AuthServer, { slot, scopes }: ConnectionAsked): Promise<Key> {
  return slotKey(await secrets.hash(`connection way\n${slot} ${scopes.toSorted().join(' ')}`));
}

async function readWay(as: AuthServer, at: Key, key: Uint8Array<ArrayBuffer>): Promise<Way | null> {
  const held = await readRecord(as.store, at, isSlot);
  const text = held && (await as.secrets.openWith(key, held.value.sealed, at));
  return text === null ? null : (JSON.parse(text) as Way);
}

async function keepWay(as: AuthServer, at: Key, key: Uint8Array<ArrayBuffer>, way: Way): Promise<void> {
  const sealed = await as.secrets.sealWith(key, way, at);
  await as.store.write(at, { v: 1, sealed }, 'any', { until: as.now() + CONNECTION_TTL / 2 }); // so that a link that is given again lasts a while
}

function bytesOf(key: string): Uint8Array<ArrayBuffer> {
  const bytes = fromBase64url(key);
  if (!bytes) throw new TypeError('The key of a connection is not base64url.');
  return bytes;
}

/** Puts a reference where the grant will look for it. */
export async function fillSlot(as: AuthServer, { slot, key }: ConnectionAsked, ref: UpstreamRef): Promise<void> {
  const sealed = await as.secrets.sealWith(bytesOf(key), { ...ref, connected: true }, slotKey(slot));
  await as.store.write(slotKey(slot), { v: 1, sealed }, 'any', { until: as.now() + WAITING });
}

async function readSlot(as: AuthServer, slot: string, key: Uint8Array<ArrayBuffer>): Promise<UpstreamRef | null> {
  const held = await readRecord(as.store, slotKey(slot), isSlot);
  const text = held && (await as.secrets.openWith(key, held.value.sealed, slotKey(slot)));
  return text === null ? null : (JSON.parse(text) as UpstreamRef);
}

/** Moves a reference into the grant; done twice it stands there once. */
async function adopt(as: AuthServer, grantId: string, key: Uint8Array<ArrayBuffer>, ref: UpstreamRef): Promise<readonly UpstreamRef[]> {
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

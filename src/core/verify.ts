/**
 * Verify: from an access token to Access, with one read of the store. Null for whatever is not good,
 * without telling why: forged, expired, revoked and foreign tokens are one answer (RFC 6750 §3.1).
 */
import type { Access } from '../model/access.ts';
import { findAccess, type Grant, type GrantAccess } from '../model/grant.ts';
import { grantIdOf, linksOf } from '../model/token.ts';
import { unwrap } from '../model/transition.ts';
import type { AuthServer } from './auth-server.ts';
import { connectOf } from './connect.ts';
import { openRefs } from './upstream-refs.ts';

/** A token that is good for something, with its grant, in which nobody may change anything, and the text of its props. */
export interface FoundToken {
  readonly grant: Grant;
  readonly access: GrantAccess;
  readonly text: string;
}

/**
 * Checks a token against the record of its grant.
 *
 * @param resource canonical URI the token must be for.
 * @throws whatever the store throws: a store that is down is not a bad token.
 */
export async function verifyAccess(as: AuthServer, token: string, resource: string): Promise<Access | null> {
  const found = await findToken(as, token, resource);
  return found && accessOf(as, token, found);
}

/** The grant behind a living access token, or null. @param resource the only one it may be for, any if absent. */
export async function findToken(as: AuthServer, token: string, resource?: string): Promise<FoundToken | null> {
  const live = await findLive(as, token);
  if (!live || (resource !== undefined && live.grant.resource !== resource)) return null;
  const { grant, access } = live;
  const text = as.knownGrants.openedBy(access) ?? (await openProps(as, token, access, grant));
  return text === null ? null : { grant, access, text };
}

/** A living access token with its grant, its props still closed; or null. */
export async function findLive(as: AuthServer, token: string): Promise<Omit<FoundToken, 'text'> | null> {
  const grantId = grantIdOf('access', token);
  const grant = grantId === null ? null : await findLinked(as, grantId);
  const access = grant && findAccess(grant, await as.keys.hash(token), as.now());
  return access && { grant, access };
}

/** One read; for a token that was exchanged, one for each grant it hangs on, all at once: where one of them ended, nothing hangs any more. */
async function findLinked(as: AuthServer, grantId: string): Promise<Grant | null> {
  const ids = linksOf(grantId);
  if (ids.length === 1) return as.knownGrants.find(grantId);
  const grants = await Promise.all(ids.map((id) => as.knownGrants.find(id)));
  const now = as.now();
  return grants.every((grant) => grant && !grant.ended && grant.expiresAt > now) ? (grants.at(-1) ?? null) : null;
}

/** What a found token says; of what is remembered only copies, since handlers do with theirs what they like. */
export function accessOf(as: AuthServer, token: string, { grant, access, text }: FoundToken): Access {
  const { userId, clientId, id: grantId, organization, resource, act, upstreams } = grant;
  const key = async (): Promise<Uint8Array<ArrayBuffer>> => unwrap(access, await as.keys.pad(token)); // worked out only for those who ask
  return {
    userId,
    clientId,
    grantId,
    ...(organization ? { organization: { ...organization } } : {}),
    scope: [...as.settings.covered(access.scope)],
    resource,
    ...(access.jkt === undefined ? {} : { cnf: { jkt: access.jkt } }),
    expiresAt: access.expiresAt,
    ...(act ? { act: structuredClone(act) } : {}),
    props: JSON.parse(text) as unknown,
    upstream: as.vault.upstreamsOf(grantId, async () => (upstreams ? openRefs(as.keys, grantId, await key(), upstreams) : [])),
    connect: connectOf(as, grant, key),
  };
}

async function openProps(as: AuthServer, token: string, access: GrantAccess, { id, sealedProps }: Grant): Promise<string | null> {
  const key = unwrap(access, await as.keys.pad(token));
  const text = await as.keys.openWith(key, sealedProps, `grant:${id}`);
  if (text !== null) as.knownGrants.keepOpened(access, text);
  return text;
}

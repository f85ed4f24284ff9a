/**
 * Verify: from an access token to Access, with one read of the store. Null for whatever is not good,
 * without telling the caller why: forged, expired, revoked and foreign tokens are one answer (RFC 6750 §3.1). The operator is told.
 */
import { forLog as quoted } from '../lib/shown.ts';
import type { Access, Tell } from '../model/access.ts';
import { findAccess, type Grant, whyNoAccess, whyOver } from '../model/grant.ts';
import type { Seconds } from '../model/store.ts';
import { grantIdOf, isOurs, kindOf, linksOf } from '../model/token.ts';
import { unwrap } from '../model/wrapped.ts';
import type { AuthServer } from './auth-server.ts';
import { connectOf } from './connect.ts';
import type { CachedGrant, CachedToken } from './records/grant-cache.ts';
import { openRefs } from './vault/upstream-refs.ts';

/**
 * Checks a token against the record of its grant.
 *
 * @param resource canonical URI the token must be for. @param tell takes the reason of a null.
 * @throws whatever the store throws: a store that is down is not a bad token.
 */
export async function verifyAccess(as: AuthServer, token: string, resource: string, tell: Tell = noTell): Promise<Access | null> {
  const before = as.grantCache.shown(token);
  const now = as.now();
  if (before !== undefined && isBelieved(as, before, now))
    return isFor(as, before.grant, resource, tell) && isInTime(before, now, tell) ? accessFrom(as, before, resource) : null;
  const grant = before === undefined ? await findGrant(as, token, tell) : await findLinked(as, before.grant.id, tell);
  if (grant === null || !isFor(as, grant, resource, tell)) return null;
  if (before !== undefined && before.grant === grant) {
    if (as.settings.believedFor > 0) as.grantCache.keepShown(token, { ...before, checkedAt: now });
    return isInTime(before, as.now(), tell) ? accessFrom(as, before, resource) : null;
  }
  const found = await openedBy(as, token, grant, tell);
  if (found === null) return null;
  const shown = { ...found, said: sayingOf(as, token, found), checkedAt: now };
  as.grantCache.keepShown(token, shown);
  return accessFrom(as, shown, resource);
}

/** A token is for one resource; or, where its client named none of several, for every route of ours. */
function isFor({ settings }: AuthServer, { resource: granted }: Grant, resource: string, tell: Tell): boolean {
  if (granted === resource) return true;
  if (granted === settings.everyRoute?.uri && settings.resources.some(({ uri, path }) => uri === resource && path !== null)) return true;
  tell('token_of_another_resource', `expected a token for ${quoted(resource)}, this one is for ${quoted(granted)}`);
  return false;
}

/** The grant behind a living access token, in which nobody may change anything, with what the token opened; or null. */
export async function findToken(as: AuthServer, token: string, tell: Tell = noTell): Promise<CachedGrant | null> {
  const grant = await findGrant(as, token, tell);
  return grant && openedBy(as, token, grant, tell);
}

/** A living access token with its grant, its props still closed; or null. */
export async function findLive(as: AuthServer, token: string): Promise<Omit<CachedGrant, 'text'> | null> {
  const grant = await findGrant(as, token, noTell);
  return grant && liveIn(as, token, grant, noTell);
}

async function findGrant(as: AuthServer, token: string, tell: Tell): Promise<Grant | null> {
  const grantId = grantIdOf('access', token);
  if (grantId !== null) return findLinked(as, grantId, tell);
  const isOther = kindOf(token) !== null;
  tell(isOther ? 'token_of_another_kind' : isOurs(token) ? 'token_malformed' : 'token_foreign');
  return null;
}

async function liveIn(as: AuthServer, token: string, grant: Grant, tell: Tell): Promise<Omit<CachedGrant, 'text'> | null> {
  const [hash, now] = [await as.secrets.hash(token), as.now()];
  const access = findAccess(grant, hash, now);
  if (access === null) tell(whyNoAccess(grant, hash, now));
  return access && { grant, access };
}

async function openedBy(as: AuthServer, token: string, grant: Grant, tell: Tell): Promise<CachedGrant | null> {
  const live = await liveIn(as, token, grant, tell);
  if (live === null) return null;
  const key = unwrap(live.access, await as.secrets.pad(token));
  const text = await as.secrets.openWith(key, grant.sealedProps, `grant:${grant.id}`);
  if (text === null) tell('token_unreadable');
  return text === null ? null : { ...live, text };
}

/** Only where the operator wants it: without asking the store, for a while (`dangerouslyCacheTokens`). */
function isBelieved(as: AuthServer, { grant, checkedAt }: CachedToken, now: Seconds): boolean {
  const { believedFor } = as.settings;
  return believedFor > 0 && now < checkedAt + believedFor && now >= checkedAt && as.grantCache.stands(grant);
}

function isInTime({ grant, access }: CachedGrant, now: Seconds, tell: Tell): boolean {
  if (access.expiresAt > now && grant.expiresAt > now) return true;
  tell(grant.expiresAt > now ? 'token_expired' : 'grant_expired');
  return false;
}

function noTell(): void {}

/**
 * One read; for a token that was exchanged, one for each grant it hangs on, all at once. Where one of them ended, or the very token that
 * was exchanged is over (RFC 7009), nothing hangs any more.
 */
async function findLinked(as: AuthServer, grantId: string, tell: Tell): Promise<Grant | null> {
  const ids = linksOf(grantId);
  const grants = ids.length === 1 ? [await as.grantCache.find(grantId)] : await Promise.all(ids.map((id) => as.grantCache.find(id)));
  const now = as.now();
  const problem = grants.map((grant, at) => whyNot(grant, grants[at - 1], now)).find((one) => one !== null);
  if (problem !== undefined) tell(problem);
  return problem === undefined ? (grants.at(-1) ?? null) : null;
}

/** Why a grant does not stand, or what it hangs on does not; null where both do. @param parent absent for the first one. */
function whyNot(grant: Grant | null, parent: Grant | null | undefined, now: Seconds): string | null {
  if (!grant) return 'grant_unknown';
  if (!parent) return whyOver(grant, now); // the first one; another whose parent is missing was told of before
  return whyOver(grant, now) ?? (findAccess(parent, grant.subjectHash ?? '', now) ? null : 'subject_token_over');
}

/** What a found token says. */
export function accessOf(as: AuthServer, token: string, found: CachedGrant): Access {
  return accessFrom(as, { ...found, said: sayingOf(as, token, found), checkedAt: as.now() }, found.grant.resource);
}

/** What a token says each time; made once, since most of it is for those who ask. */
function sayingOf(as: AuthServer, token: string, { grant, access }: CachedGrant): CachedToken['said'] {
  const { userId, clientId, id: grantId, resource, upstreams } = grant;
  const key = async (): Promise<Uint8Array<ArrayBuffer>> => unwrap(access, await as.secrets.pad(token));
  const upstream = as.vault.upstreamsOf(grantId, async () => (upstreams ? openRefs(as.secrets, grantId, await key(), upstreams) : []));
  const said = { userId, clientId, grantId, resource, expiresAt: access.expiresAt, upstream, connect: connectOf(as, grant, key) };
  const isProgram = userId.startsWith('client:') || clientId.startsWith('workload:'); // acts for itself
  return isProgram ? { ...said, program: true } : said;
}

/** One call's own: handlers may do with it what they like, and no other call sees it. */
function accessFrom(as: AuthServer, { grant: { organization, act }, access, text, said }: CachedToken, resource: string): Access {
  const own = { ...said, resource, scope: as.settings.covered(access.scope).slice(), props: JSON.parse(text) as unknown };
  if (organization === undefined && act === undefined && access.jkt === undefined) return own;
  return {
    ...own,
    ...(organization === undefined ? {} : { organization: { ...organization } }),
    ...(access.jkt === undefined ? {} : { cnf: { jkt: access.jkt } }),
    ...(act === undefined ? {} : { act: structuredClone(act) }),
  };
}

/**
 * Verifies an access token with one read of the store. Forged, expired, revoked and foreign tokens all give null: the caller is not told
 * why (RFC 6750 §3.1), the operator is.
 */
import { type Access, type Tell, withParsedProps } from '../model/access.ts';
import type { Connect } from '../model/upstream.ts';
import { findAccess, type Grant, whyNoAccess, whyOver } from '../model/grant.ts';
import { grantIdOf, isKey, isOurs, kindOf, linksOf, unwrap } from '../model/token.ts';
import { isDeniedId } from '../model/client.ts';
import type { Awaitable } from '../model/runtime.ts';
import type { Seconds } from '../model/store.ts';
import type { AuthServer } from './auth-server.ts';
import type { CachedGrant, CachedToken } from './records/grant-cache.ts';
import { lazy, lazyObject } from '../lib/async.ts';
import { openRefs } from './records/secrets.ts';

const noteUse = lazy(async () => (await import('./access-keys.ts')).noteUse);

/**
 * Checks a token against its grant.
 *
 * @param resource canonical URI that the token must be for. @param tell gets the reason of a null.
 * @throws what the store throws: a store that is down does not make the token invalid.
 */
export async function verifyAccess(as: AuthServer, token: string, resource: string, tell: Tell = noTell): Promise<Access | null> {
  const before = as.grantCache.findToken(token);
  const now = as.now();
  if (before !== undefined && isTrustedFromCache(as, before, now))
    return isFor(as, before.grant, resource, tell) && isInTime(before, now, tell) ? accessFrom(as, before, resource) : null;
  const grant = before === undefined ? await findGrant(as, token, tell) : await findLinked(as, before.grant.id, tell);
  if (grant === null || !isFor(as, grant, resource, tell)) return null;
  if (before !== undefined && before.grant === grant) {
    if (as.settings.dangerouslyCacheTokens > 0) as.grantCache.keepToken(token, { ...before, checkedAt: now });
    return isInTime(before, as.now(), tell) ? used(as, before, token, resource, tell) : null;
  }
  const found = await openedBy(as, token, grant, tell);
  if (found === null) return null;
  const cached = { ...found, claims: claimsOf(as, token, found), checkedAt: now };
  as.grantCache.keepToken(token, cached);
  return used(as, cached, token, resource, tell);
}

/** The access, once the use of an access key is noted, which also asks whether its user may still come in. */
function used(as: AuthServer, cached: CachedToken, token: string, resource: string, tell: Tell): Awaitable<Access | null> {
  if (cached.grant.key === undefined) return accessFrom(as, cached, resource);
  return noteUse(as, cached.grant, token).then((problem) => {
    if (problem === null) return accessFrom(as, cached, resource);
    tell(problem);
    return null;
  });
}

/** Notes that an access key is used, here or by another server; why it is over, or null for a good one and for every other token. */
export function useProblem(as: AuthServer, grant: Grant, token: string): Awaitable<string | null> {
  return grant.key === undefined ? null : noteUse(as, grant, token);
}

/** A token is for one resource, or for every route if its client named none of several. */
function isFor({ settings }: AuthServer, { resource: granted }: Grant, resource: string, tell: Tell): boolean {
  if (granted === resource) return true;
  if (granted === settings.everyRoute?.uri && settings.resources.some(({ uri, path }) => uri === resource && path !== null)) return true;
  tell('token_of_another_resource', `expected a token for "${resource}", this one is for "${granted}"`);
  return false;
}

/** The grant of a live access token and its decrypted props; or null. Callers must not change it. */
export async function findToken(as: AuthServer, token: string, tell: Tell = noTell): Promise<CachedGrant | null> {
  const grant = await findGrant(as, token, tell);
  return grant && openedBy(as, token, grant, tell);
}

/** A live access token with its grant, its props still sealed; or null. */
export async function findLive(as: AuthServer, token: string): Promise<Omit<CachedGrant, 'text'> | null> {
  const grant = await findGrant(as, token, noTell);
  return grant && liveIn(as, token, grant, noTell);
}

async function findGrant(as: AuthServer, token: string, tell: Tell): Promise<Grant | null> {
  if (isKey(token) && as.settings.accessKeys === null) {
    tell('access_keys_off');
    return null;
  }
  const grantId = grantIdOf('access', token);
  if (grantId !== null) return findLinked(as, grantId, tell);
  const isOther = kindOf(token) !== null;
  if (isKey(token)) tell('access_key_damaged');
  else tell(isOther ? 'token_of_another_kind' : isOurs(token) ? 'token_malformed' : 'token_foreign');
  return null;
}

async function liveIn(as: AuthServer, token: string, grant: Grant, tell: Tell): Promise<Omit<CachedGrant, 'text'> | null> {
  const [hash, now] = [await as.secrets.hash(token), as.now()];
  const access = findAccess(grant, hash, now);
  if (access === null) tell(whyNoAccess(grant, hash, now));
  if (access === null || grant.key?.kind !== 'personal' || as.settings.accessKeys?.personal === true) return access && { grant, access };
  tell('access_keys_off');
  return null;
}

async function openedBy(as: AuthServer, token: string, grant: Grant, tell: Tell): Promise<CachedGrant | null> {
  const live = await liveIn(as, token, grant, tell);
  if (live === null) return null;
  const key = unwrap(live.access, await as.secrets.pad(token));
  const text = await as.secrets.openWith(key, live.access.sealedProps ?? grant.sealedProps, `grant:${grant.id}`);
  if (text === null) tell('token_unreadable');
  return text === null ? null : { ...live, text };
}

/** Whether the token is accepted without asking the store, for a while, as the operator configured (`dangerouslyCacheTokens`). */
function isTrustedFromCache(as: AuthServer, { grant, checkedAt }: CachedToken, now: Seconds): boolean {
  const { dangerouslyCacheTokens } = as.settings;
  if (dangerouslyCacheTokens === 0 || now >= checkedAt + dangerouslyCacheTokens || now < checkedAt) return false;
  const grants = linksOf(grant.id).map((id) => as.grantCache.peek(id)); // the one that it was exchanged from may be cached as it ended
  return problemIn(as, grants, now) === null;
}

function isInTime({ grant, access }: CachedGrant, now: Seconds, tell: Tell): boolean {
  if (access.expiresAt > now && grant.expiresAt > now) return true;
  tell(grant.expiresAt > now ? 'token_expired' : 'grant_expired');
  return false;
}

function noTell(): void {}

/**
 * Reads the grant; for an exchanged token, also each grant that it depends on, in parallel. It ends when one of them ends, or when the
 * token that was exchanged is revoked or expires (RFC 7009).
 */
async function findLinked(as: AuthServer, grantId: string, tell: Tell): Promise<Grant | null> {
  const ids = linksOf(grantId);
  const grants = ids.length === 1 ? [await as.grantCache.find(grantId)] : await Promise.all(ids.map((id) => as.grantCache.find(id)));
  const problem = problemIn(as, grants, as.now());
  if (problem !== null) tell(problem);
  return problem === null ? (grants.at(-1) ?? null) : null;
}

/** Why the last grant, or one that it depends on, is not valid; null if all are. @param grants the first one first. */
function problemIn(as: AuthServer, grants: readonly (Grant | null)[], now: Seconds): string | null {
  for (const [at, grant] of grants.entries()) {
    const problem = problemOf(grant, grants[at - 1], now) ?? deniedBy(as, grant);
    if (problem !== null) return problem;
  }
  return null;
}

/** A host may be denied when its client has grants already. */
function deniedBy({ settings: { clientPolicy } }: AuthServer, grant: Grant | null): string | null {
  return grant && clientPolicy !== null && isDeniedId(clientPolicy, grant.clientId) ? 'client_host_denied' : null;
}

/** Why a grant, or the token that it was exchanged from, is not valid; null if both are. @param parent absent for the first one. */
function problemOf(grant: Grant | null, parent: Grant | null | undefined, now: Seconds): string | null {
  if (!grant) return 'grant_unknown';
  if (!parent) return whyOver(grant, now); // the first one; a missing parent was reported before
  return whyOver(grant, now) ?? (findAccess(parent, grant.subjectHash ?? '', now) ? null : 'subject_token_over');
}

/** What a verified token gives access to. */
export function accessOf(as: AuthServer, token: string, found: CachedGrant): Access {
  return accessFrom(as, { ...found, claims: claimsOf(as, token, found), checkedAt: as.now() }, found.grant.resource);
}

/** The part of the access that is the same for each call; made once, with the expensive members lazy. */
function claimsOf(as: AuthServer, token: string, { grant, access }: CachedGrant): CachedToken['claims'] {
  const { userId, clientId, id: grantId, resource, upstreams } = grant;
  const key = async (): Promise<Uint8Array<ArrayBuffer>> => unwrap(access, await as.secrets.pad(token));
  const upstream = as.vault.upstreamsOf(grantId, async () => (upstreams ? openRefs(as.secrets, grantId, await key(), upstreams) : []));
  const claims = { userId, clientId, grantId, resource, expiresAt: access.expiresAt, upstream, connect: connectOf(as, grant, key) };
  const isProgram = userId.startsWith('client:') || clientId.startsWith('workload:'); // acts for itself
  return isProgram ? { ...claims, program: true } : claims;
}

/** A copy for one call: handlers may change it without affecting other calls. */
function accessFrom(as: AuthServer, { grant: { organization, act }, access, text, claims }: CachedToken, resource: string): Access {
  const copy = withParsedProps({ ...claims, resource, scope: as.settings.expandScopes(access.scope).slice() }, text);
  if (organization === undefined && act === undefined && access.jkt === undefined) return copy;
  return {
    ...copy,
    ...(organization === undefined ? {} : { organization: { ...organization } }),
    ...(access.jkt === undefined ? {} : { cnf: { jkt: access.jkt } }),
    ...(act === undefined ? {} : { act: structuredClone(act) }),
  };
}

/** `connect` for one grant. @param grantKey derives the grant's key from the token of the call. */
export function connectOf(as: AuthServer, grant: Grant, grantKey: () => Promise<Uint8Array<ArrayBuffer>>): Connect {
  const connect = async (...args: Parameters<Connect>): ReturnType<Connect> => (await as.parts.connect(as, grant, grantKey))(...args);
  const carried = lazyObject<Pick<Connect, 'seal' | 'open'>>({ seal: true, open: true }, async () =>
    (await import('./records/user-states.ts')).makeCarried(as, grant.id, grantKey),
  );
  return Object.assign(connect, carried);
}

/**
 * Grants of the server that this one replaced (option `formerStore`). A refresh token of it is traded for the first refresh token of a grant here, once
 * for each grant, whatever token of the grant comes and however often. Loaded with the first such token.
 *
 *   client authenticated → found there → not revoked here → note, once → grant, once → the normal refresh with our token
 *
 * The note keeps our token, sealed under a secret that only tokens of the former grant give. A repeat gets the same one, and the grant here
 * judges it: within the grace period it leads to the live tokens, after it the reuse ends the grant. The note outlives the grant, so a grant
 * that ended here cannot be moved again.
 *
 * Applications list the grants of a user and end each of them, which must not leave out those whose client has not come yet: those are listed before
 * they move, and ended by the id that they have there.
 */
import { type Caller, failed } from '../clients/caller.ts';
import { checkClientId, resolveClient } from '../clients/find.ts';
import type { AuthServer } from '../core/auth-server.ts';
import { askFormer } from '../core/former-store.ts';
import { renewClient } from '../core/records/clients.ts';
import { isCut } from '../core/records/former.ts';
import { endUserGrant } from '../core/records/grants.ts';
import { has, readRecord, type Versioned, versioned } from '../model/record.ts';
import { isShutOut } from '../core/users/removed-users.ts';
import { pause } from '../lib/async.ts';
import { OAuthError } from '../model/error.ts';
import type { FormerGrant, FormerListing } from '../model/former.ts';
import { revoke } from '../model/grant-transitions.ts';
import type { Grant } from '../model/grant.ts';
import { findResource, grantTTL, isAbove, lifetimesFor, resolveResource } from '../model/resource.ts';
import type { Key, Seconds } from '../model/store.ts';
import { grantIdOf, wrap } from '../model/token.ts';

/** That a grant moves here, or was revoked before it could. */
type Note = {
  readonly v: 1;
  readonly at: Seconds;
  /** Our refresh token, sealed under the former grant's key; null if the grant was revoked. */
  readonly sealed: string | null;
  /** Whether its grant was written: then it is never written again. */
  readonly isOpened: boolean;
  /** The grant here. */
  readonly grantId?: string;
};

const MAX_LOOKS = 20;
const PAUSE_MS = 100;
/** A move that stopped in the middle goes on within this time. It is shorter than an ended grant is kept. */
const UNFINISHED: Seconds = 12 * 3600;

/** Trades a token of the former server for a refresh token of ours. @throws {OAuthError} `invalid_grant`, or 503 if the former store is down. */
export async function tradeFormerToken(as: AuthServer, caller: Caller, presented: string): Promise<string> {
  const named = await askFormer(() => as.settings.formerStore?.nameOf?.(presented));
  const traded = named && (await tokenOf(as, named));
  if (traded) return traded;
  if (named) await checkClient(as, caller); // before the token is spent there
  const found = await findFormer(as, caller, presented).catch(async (error: unknown) => {
    const other = named && (await awaitOther(as, named)); // another request spent the token just now
    if (other) return other;
    throw error;
  });
  if (typeof found === 'string') return found;
  if (!named) await checkClient(as, caller);
  if (await isShutOut(as.store, found.userId)) throw new OAuthError('invalid_grant', 'user_disabled'); // also where it was granted there since
  if ((found.expiresAt ?? Infinity) <= as.now()) throw new OAuthError('invalid_grant', 'refresh_expired');
  if (await isRevokedBefore(as, found)) throw new OAuthError('invalid_grant', 'grant_revoked');
  const resource = resourceFor(as, found);
  const key = await noteKey(as, found);
  const note = await noteOf(as, key, found);
  if (note.value.sealed === null) throw new OAuthError('invalid_grant', 'grant_revoked');
  const refreshToken = (await as.secrets.openUnder(found.key, note.value.sealed, key)) as string | null;
  const grantId = refreshToken && grantIdOf('refresh', refreshToken);
  if (!refreshToken || !grantId) throw new OAuthError('invalid_grant', 'former_key_differs'); // the former server gave the grant a new key meanwhile
  if (!note.value.isOpened && as.now() - note.value.at < UNFINISHED) {
    if (await as.records.openGrant(await grantFrom(as, caller, { found, resource, refreshToken, grantId })))
      as.emit({ kind: 'grant.moved', grantId, clientId: found.clientId, userId: found.userId });
    await renewClient(as, found.clientId);
    if (await isRevokedBefore(as, found)) await as.records.changeGrant(grantId, revoke('revoked', as.now())); // who revokes notes that first, and then lists grants
    await as.store.write(key, { ...note.value, isOpened: true }, note.version, lifeOf(found));
  }
  return refreshToken;
}

/** Our token in the note of a grant, if there is one. @throws {OAuthError} if the grant was revoked before it moved. */
async function tokenOf(as: AuthServer, named: Pick<FormerGrant, 'id' | 'key'>): Promise<string | null> {
  const key = await noteKey(as, named);
  const note = await readRecord(as.store, key, isNote);
  if (!note) return null;
  if (note.value.sealed === null) throw new OAuthError('invalid_grant', 'grant_revoked');
  return note.value.isOpened ? ((await as.secrets.openUnder(named.key, note.value.sealed, key)) as string | null) : null;
}

/** Looks for some two seconds whether another request moves the grant. */
async function awaitOther(as: AuthServer, named: Pick<FormerGrant, 'id' | 'key'>): Promise<string | null> {
  for (let looks = 0; looks < MAX_LOOKS; looks++) {
    const token = await tokenOf(as, named);
    if (token) return token;
    await (as.runtime.pause ? as.runtime.pause(PAUSE_MS) : pause(PAUSE_MS));
  }
  return null;
}

/** Ends the grant of a token of the former server, moved or not (RFC 7009). An unknown token changes nothing. */
export async function endFormerToken(as: AuthServer, caller: Caller, presented: string): Promise<void> {
  const named = await askFormer(() => as.settings.formerStore?.nameOf?.(presented));
  if (named && (await endMoved(as, caller, await noteKey(as, named), named.key))) return;
  let found: FormerGrant;
  try {
    found = await findFormer(as, caller, presented);
  } catch (error) {
    if (error instanceof OAuthError && error.code === 'invalid_grant') return; // unknown is not an error, §2.2
    throw error;
  }
  const key = await noteKey(as, found);
  const note = await endUnmoved(as, key, found);
  if (note) await endMoved(as, caller, key, found.key, note);
}

/** Notes that a grant has ended before it moved. @returns the note that was there before, if any. */
async function endUnmoved(as: AuthServer, key: Key, found: FormerListing): Promise<Note | undefined> {
  const ended = { v: 1, at: as.now(), sealed: null, isOpened: true } satisfies Note;
  if ((await as.store.write(key, ended, 'absent', lifeOf(found))) !== null) return undefined;
  const note = await readRecord(as.store, key, isNote);
  if (note && !note.value.isOpened && (await as.store.write(key, ended, note.version, lifeOf(found))) === null)
    throw new OAuthError('temporarily_unavailable', 'former_contended', { headers: { 'retry-after': '1' } });
  return note?.value;
}

/** Whether it was revoked here with all of its user, its client or both; one of unknown age by any revocation. */
function isRevokedBefore(as: AuthServer, { userId, clientId, createdAt = 0 }: FormerListing): Promise<boolean> {
  return isCut(as, [{}, { userId }, { clientId }, { userId, clientId }, { deletedClient: clientId }], createdAt);
}

/** Ends the grant here that a note leads to. False if there is no note. */
async function endMoved(as: AuthServer, caller: Caller, key: Key, secret: string, known?: Note): Promise<boolean> {
  const note = known ?? (await readRecord(as.store, key, isNote))?.value;
  if (!note) return false;
  const refreshToken = note.sealed && ((await as.secrets.openUnder(secret, note.sealed, key)) as string | null);
  const grantId = refreshToken && grantIdOf('refresh', refreshToken);
  if (!grantId) return true;
  try {
    const end = revoke('revoked', as.now());
    await as.records.changeGrant(grantId, (grant) => (grant.clientId === caller.clientId ? end(grant) : { result: false }));
  } catch (error) {
    if (!(error instanceof OAuthError) || error.code !== 'invalid_grant') throw error; // it has ended and expired
  }
  return true;
}

async function findFormer(as: AuthServer, { clientId }: Caller, presented: string): Promise<FormerGrant> {
  const found = await askFormer(() => as.settings.formerStore?.findGrant(presented, clientId, as.now()) ?? null);
  if (found === null) throw new OAuthError('invalid_grant', 'refresh_malformed');
  if ('problem' in found) {
    as.emit({
      kind: 'request.refused',
      endpoint: 'former_store',
      code: 'invalid_grant',
      reason: 'former_record_broken',
      detail: found.problem,
    });
    throw new OAuthError('invalid_grant', 'former_record_broken');
  }
  if (found.clientId !== clientId) throw new OAuthError('invalid_grant', 'refresh_of_another_client');
  return found;
}

/** A client that has a secret or a key must use it here as it had to there, and none that is blocked gets anything. */
async function checkClient(as: AuthServer, { kind, clientId }: Caller): Promise<void> {
  if (kind !== 'public') return checkClientId(as, clientId);
  const client = await resolveClient(as, clientId, 'former store');
  if (client?.authMethod !== 'none') throw failed('none', client ? 'secret_missing' : 'client_unknown');
}

/** The first resource of the former grant that this server has, or the one below it; the default one if it names none. */
function resourceFor(as: AuthServer, { resource, isPrefix }: FormerGrant): string {
  const { resources } = as.settings;
  const asked = resource === undefined ? [] : [resource].flat().map((text) => resolveResource(text, resources) ?? '');
  const known = asked.find((uri) => resources.some((one) => one.uri === uri));
  if (known !== undefined) return known;
  const below = isPrefix ? resources.filter(({ uri }) => asked.some((one) => isAbove(one, uri))) : [];
  if (below.length === 1 && below[0]) return below[0].uri; // good for less than it was
  if (asked.length > 0) throw new OAuthError('invalid_grant', 'former_resource_unknown');
  return findResource([], as.settings).uri;
}

/** The note of a grant, made by whichever request comes first. */
async function noteOf(as: AuthServer, key: Key, found: FormerGrant): Promise<Versioned<Note>> {
  const known = await readRecord(as.store, key, isNote);
  if (known) return known;
  const grantId = as.secrets.id(as.place);
  const { refreshToken } = await as.secrets.mint(grantId);
  const sealed = await as.secrets.sealUnder(found.key, refreshToken, key);
  const value: Note = { v: 1, at: as.now(), sealed, isOpened: false, grantId };
  const version = await as.store.write(key, value, 'absent', lifeOf(found));
  if (version !== null) return { value, version };
  const first = await readRecord(as.store, key, isNote);
  if (!first) throw new OAuthError('temporarily_unavailable', 'former_contended', { headers: { 'retry-after': '1' } });
  return first;
}

/** The key of the note about a grant. */
async function noteKey(as: AuthServer, { id }: Pick<FormerGrant, 'id'>): Promise<Key> {
  return `former:${await as.secrets.hash(`former grant\n${id}`)}`;
}

/** A note is kept as long as the former server would take the grant's tokens, and a day more for the difference of two clocks. */
function lifeOf({ expiresAt }: FormerListing): { readonly until?: Seconds } {
  return expiresAt === undefined ? {} : { until: expiresAt + 86_400 };
}

async function grantFrom(
  as: AuthServer,
  caller: Caller,
  { found, resource, refreshToken, grantId }: { found: FormerGrant; resource: string; refreshToken: string; grantId: string },
): Promise<Grant> {
  const { settings, secrets } = as;
  const [key, now, lifetimes] = [as.runtime.random(32), as.now(), lifetimesFor(settings, resource)];
  const createdAt = found.createdAt ?? now;
  const expiresAt = Math.max(createdAt + grantTTL(settings), found.expiresAt ?? now + grantTTL(settings)); // one without end there begins anew
  const { familyHash, ...proof } = await secrets.refreshProof(refreshToken);
  return {
    v: 1,
    id: grantId,
    clientId: found.clientId,
    clientAuth: caller.kind === 'public' ? 'public' : 'confidential',
    ...(settings.clients.has(found.clientId) ? { configured: true } : {}),
    userId: found.userId,
    scope: found.scope,
    resource,
    ...(found.redirectUri === undefined ? {} : { redirectUri: found.redirectUri }),
    ...(found.metadata === undefined ? {} : { metadata: found.metadata }),
    createdAt,
    expiresAt,
    lifetimes,
    sealedProps: await secrets.sealWith(key, found.props, `grant:${grantId}`),
    code: null,
    refresh: { ...wrap(key, proof), familyHash, expiresAt: Math.min(now + lifetimes.refresh, expiresAt) },
    retired: [],
    access: [],
    usedAt: now,
    ended: null,
  };
}

/** Whether a record is such a note. */
const isNote = (value: unknown): value is Note => versioned(value) && has(value, 'sealed', 'isOpened');

/** A grant that can still move. */
type Unmoved = FormerListing & {
  readonly resource: string;
  readonly createdAt: Seconds;
  readonly usedAt: Seconds;
  readonly expiresAt: Seconds;
};

/** The grants of a user that can still move. */
export async function listFormerGrants(as: AuthServer, userId: string): Promise<readonly Unmoved[]> {
  const { settings } = as;
  const listed = await Promise.all(
    (await all(as, userId)).map(async (one): Promise<readonly Unmoved[]> => {
      const { createdAt = 0, expiresAt = as.now() + grantTTL(settings) } = one; // one without end there begins anew when it moves
      if ((one.expiresAt ?? Infinity) <= as.now() || (await isRevokedBefore(as, one))) return [];
      if ((await readRecord(as.store, await noteKey(as, one), isNote)) !== null) return []; // moved, or ended
      const resource = [one.resource ?? []].flat()[0] ?? settings.defaultResource ?? settings.resources[0]?.uri ?? '';
      const { isPrefix: _isPrefix, ...grant } = one;
      return [{ ...grant, resource, createdAt, usedAt: createdAt, expiresAt }];
    }),
  );
  return listed.flat();
}

/** Ends a grant by its id there, moved or not. False if it is not this user's, or has ended. */
export async function endFormerGrant(as: AuthServer, userId: string, id: string): Promise<boolean> {
  const found = (await all(as, userId)).find((one) => one.id === id);
  if (!found) return false;
  await as.consents.forget(userId, found.clientId);
  const note = await endUnmoved(as, await noteKey(as, found), found);
  return note === undefined || (note.grantId !== undefined && (await endUserGrant(as, userId, note.grantId)));
}

function all(as: AuthServer, userId: string): Promise<readonly FormerListing[]> {
  return askFormer(() => as.settings.formerStore?.listGrants?.(userId) ?? []);
}

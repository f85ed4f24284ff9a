/**
 * Revocation endpoint (RFC 7009). A refresh token ends the whole grant, an access token only itself.
 * A token of another client is answered like an unknown one: 200, and nothing changes.
 */
import { failed, withGiveBack, type Caller } from '../../clients/caller.ts';
import { findClient, mayFetch } from '../../clients/find.ts';
import type { AuthServer } from '../../core/auth-server.ts';
import { isGrant, isNothingDone } from '../../core/records/grant-records.ts';
import { openRefs } from '../../core/records/secrets.ts';
import { CROSS_ORIGIN } from '../../lib/http.ts';
import { OAuthError } from '../../model/error.ts';
import type { Grant } from '../../model/grant.ts';
import type { Params } from '../../model/params.ts';
import type { Stored } from '../../model/store.ts';
import { grantIdOf, kindOf, unwrap } from '../../model/token.ts';
import { revoke as end, revokeAccess, type Transition } from '../../model/grant-transitions.ts';
import { parseClientRequest } from './token.ts';
import type { Call } from '../endpoint.ts';

/** POST of the revocation endpoint. */
export async function revoke(call: Call): Promise<Response> {
  const { as } = call;
  const ahead = (fields: Params): Promise<Stored | null> | undefined => readAhead(as, fields.optional('token') ?? '');
  const { form, caller, begun } = await parseClientRequest(call, { once: ['token_type_hint', 'client_id'], ahead });
  const text = form.required('token');
  if (caller.kind === 'public') await checkPublic(as, caller.clientId, begun);
  const ended = await withGiveBack(caller, async () => revokeToken(as, caller, text, await begun));
  if (ended?.upstreams) call.after(() => forget(as, ended, text));
  return new Response(null, { headers: { ...CROSS_ORIGIN, 'cache-control': 'no-store', pragma: 'no-cache' } });
}

/** The grant is read beside the client. */
function readAhead(as: AuthServer, text: string): Promise<Stored | null> | undefined {
  const grantId = revocableGrant(text);
  return grantId === null ? undefined : as.records.readAhead(grantId);
}

/** The grant of a token that can be revoked. */
function revocableGrant(text: string): string | null {
  const kind = kindOf(text);
  return kind === null || kind === 'code' ? null : grantIdOf(kind, text);
}

/** The metadata document of a client is not needed here: the grant names its client. So it does for a client whose registration has ended. */
async function checkPublic(as: AuthServer, clientId: string, begun: Promise<Stored | null> | undefined): Promise<void> {
  const client = await findClient(as, clientId);
  if (client?.authMethod === 'none' || (!client && mayFetch(as, clientId))) return;
  const grant = client ? undefined : (await begun)?.value;
  if (!isGrant(grant) || grant.clientId !== clientId || grant.clientAuth !== 'public')
    throw failed('none', client ? 'secret_missing' : 'client_unknown');
}

/** The grant before the change, if this ended it. */
async function revokeToken(as: AuthServer, caller: Caller, text: string, stored?: Stored | null): Promise<Grant | null> {
  const grantId = revocableGrant(text);
  if (grantId === null) {
    if (as.settings.formerStore && kindOf(text) === null)
      await (await import('../../grants/former-grants.ts')).endFormerToken(as, caller, text);
    return null;
  }
  const isRefresh = kindOf(text) === 'refresh';
  const known = stored === undefined ? {} : { known: stored };
  try {
    if (isRefresh) return await as.records.changeGrant(grantId, await refreshOf(as, caller, text), known);
    await as.records.changeGrant(grantId, await accessOf(as, caller, text), known);
    return null;
  } catch (error) {
    if (!isRefresh && isNothingDone(error)) return as.records.changeGrant(grantId, await wholeOf(as, caller, text));
    if (!(error instanceof OAuthError) || error.code !== 'invalid_grant') throw error; // unknown is not an error, §2.2
    return null;
  }
}

async function accessOf(as: AuthServer, caller: Caller, text: string): Promise<Transition<null>> {
  const { hash } = await as.secrets.proof(text);
  return (grant) => ({ ...(grant.clientId === caller.clientId ? revokeAccess(hash)(grant) : {}), result: null });
}

/** A full store has no room to write the grant without one of its tokens. A delete needs no room, so the whole grant ends (RFC 7009 §2.1). */
async function wholeOf(as: AuthServer, caller: Caller, text: string): Promise<Transition<null>> {
  const { hash } = await as.secrets.proof(text);
  const isIn = ({ clientId, access }: Grant): boolean => clientId === caller.clientId && access.some((one) => one.hash === hash);
  return (grant) => (isIn(grant) ? { ...end('revoked', as.now())(grant), result: null } : { result: null });
}

async function refreshOf(as: AuthServer, caller: Caller, text: string): Promise<Transition<Grant | null>> {
  const { familyHash } = await as.secrets.refreshProof(text);
  const isOurs = (grant: Grant): boolean => grant.clientId === caller.clientId && grant.refresh?.familyHash === familyHash;
  return (grant) => (isOurs(grant) ? { ...end('revoked', as.now())(grant), result: grant } : { result: null });
}

/** Disconnects the upstream accounts that only this grant used. The refresh token decrypts the key to them. */
async function forget(as: AuthServer, { id, userId, refresh, upstreams }: Grant, text: string): Promise<void> {
  const { hash, pad } = await as.secrets.proof(text);
  const refs = refresh?.hash === hash ? await openRefs(as.secrets, id, unwrap(refresh, pad), upstreams) : [];
  await as.vault.release(userId, upstreams?.ids ?? [], refs);
}

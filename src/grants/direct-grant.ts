/**
 * Direct grants: a grant that starts with an access token instead of a code, for a registered client that authenticated. It has no refresh token,
 * because the caller can authenticate again. The plainest of them is here too: tokens for a client that acts for itself (OAuth 2.1 §4.2).
 */
import { type Caller, failed, keyOf } from '../clients/caller.ts';
import { checkClientId } from '../clients/find.ts';
import type { AuthServer } from '../core/auth-server.ts';
import type { PresentedProof } from '../core/signatures.ts';
import { isClientThere } from '../core/records/clients.ts';
import { isShutOut } from '../core/users/removed-users.ts';
import { sealRefs } from '../core/records/secrets.ts';
import type { Actor } from '../model/access.ts';
import type { Client } from '../model/client.ts';
import { OAuthError } from '../model/error.ts';
import { revoke } from '../model/grant-transitions.ts';
import type { Grant, GrantAccess } from '../model/grant.ts';
import type { Organization } from '../model/identity.ts';
import { applyChange, type TokensReason } from '../model/on-tokens.ts';
import type { Params } from '../model/params.ts';
import { findResource, lifetimesFor } from '../model/resource.ts';
import type { Json, Seconds } from '../model/store.ts';
import type { UpstreamRef } from '../model/upstream.ts';
import { type IssuedTokens, scopeWithin, signAccessToken } from './token-request.ts';
import { wrap } from '../model/token.ts';

/** The grant to make. */
export interface DirectGrantRequest {
  readonly reason: TokensReason;
  readonly clientId: string;
  /** The client that authenticated: the grant ends if it is deleted meanwhile. */
  readonly client?: Client | undefined;
  readonly userId: string;
  readonly scope: readonly string[];
  /** Canonical URI. */
  readonly resource: string;
  readonly props: unknown;
  /** Lifetime of the token, instead of the configured one. */
  readonly life?: Seconds | undefined;
  /** What the application notes about the grant. */
  readonly metadata?: Json | undefined;
  /** Latest expiry. */
  readonly notAfter?: Seconds;
  /** The organization that the user acts for. */
  readonly organization?: Organization;
  /** The grant and access token that this one was exchanged from, and ends with. */
  readonly parent?: { readonly id: string; readonly tokenHash: string };
  /** Who acts for the user. */
  readonly act?: Actor;
  /** Upstream accounts that its tools may use: those of the parent grant. */
  readonly linked?: readonly UpstreamRef[];
  /** The request's DPoP proof, checked before the grant is written; the token is bound to its key. */
  readonly key?: PresentedProof | undefined;
  /** Thumbprint of another key to bind the token to. */
  readonly jkt?: string | undefined;
}

/** Writes the grant and issues its token. */
export async function directGrant(as: AuthServer, request: DirectGrantRequest): Promise<IssuedTokens> {
  const { clientId, userId, scope, resource, props, notAfter = Infinity, parent, act, organization, linked = [] } = request;
  const jkt = request.key?.jkt ?? request.jkt;
  const { secrets, settings } = as;
  const [id, now, key] = [(parent?.id ?? '') + secrets.id(as.place), as.now(), as.runtime.random(32)];
  const lifetimes = lifetimesFor(settings, resource);
  const { accessToken: mintedToken, access } = await secrets.mint(id, null);
  const expiresAt = Math.min(now + (request.life ?? lifetimes.access), notAfter);
  const accessEntry = { ...wrap(key, access), scope, expiresAt, ...(jkt === undefined ? {} : { jkt }) };
  const opened: Grant = {
    v: 1,
    id,
    clientId,
    clientAuth: 'confidential',
    userId,
    scope,
    resource,
    createdAt: now,
    expiresAt,
    lifetimes: { ...lifetimes, refresh: 0 },
    sealedProps: await secrets.sealWith(key, props, `grant:${id}`),
    code: null,
    refresh: null,
    retired: [],
    access: [accessEntry],
    usedAt: now,
    ended: null,
    ...(linked.length === 0 ? {} : { upstreams: await sealRefs(secrets, id, key, linked) }),
    ...(request.metadata === undefined ? {} : { metadata: request.metadata }),
    ...(act === undefined ? {} : { act }),
    ...(parent === undefined ? {} : { subjectHash: parent.tokenHash }),
    ...(organization === undefined ? {} : { organization }),
  };
  await checkParties(as, opened);
  await request.key?.prove();
  const given =
    settings.onTokens === null
      ? { grant: opened, access: accessEntry }
      : await amended(as, opened, accessEntry, { key, reason: request.reason });
  const { grant, accessToken } = await signAccessToken(as, given.grant, given.access, { accessToken: mintedToken, access });
  if (!(await as.records.openGrant(grant)))
    throw new Error('A random grant id was generated twice: the random number generator is broken.');
  await checkParties(as, grant, request.client).catch(async (error: unknown) => {
    await as.records.changeGrant(id, revoke('revoked', as.now())); // blocked, deleted or disabled while it was stored
    throw error;
  });
  as.emit({ kind: 'grant.opened', grantId: id, clientId, userId });
  const { scope: givenScope, expiresAt: givenUntil } = given.access;
  return { accessToken, refreshToken: null, scope: givenScope, resource, expiresAt: givenUntil, jkt };
}

/** The grant with what the application's `onTokens` changes. */
async function amended(
  as: AuthServer,
  grant: Grant,
  access: GrantAccess,
  { key, reason }: { readonly key: Uint8Array<ArrayBuffer>; readonly reason: TokensReason },
): Promise<{ readonly grant: Grant; readonly access: GrantAccess }> {
  const { ask } = await import('./on-tokens.ts');
  return applyChange(grant, access, await ask(as, grant, { key, scope: access.scope, reason }), as.now());
}

/** Refuses a blocked client, one that was deleted, and a user who was disabled or removed. An exchanged grant ends with its parent. */
async function checkParties(as: AuthServer, { clientId, userId, subjectHash }: Grant, client?: Client): Promise<void> {
  await checkClientId(as, clientId);
  if (client && !(await isClientThere(as, client))) throw new OAuthError('invalid_client', 'client_deleted');
  if (subjectHash === undefined && !userId.startsWith('client:') && (await isShutOut(as.store, userId)))
    throw new OAuthError('invalid_grant', 'user_disabled', { hint: 'The assertion is not valid here, or has been used.' });
}

/** The client. @throws {OAuthError} `invalid_client` if it did not authenticate; `unauthorized_client` if it may not use the grant type. */
export function registeredClient(caller: Caller, grantType: string): Client {
  if (caller.kind !== 'confidential') throw failed('none', 'client_unproven');
  if (!caller.client.grantTypes.includes(grantType)) throw new OAuthError('unauthorized_client', 'grant_type_unregistered');
  return caller.client;
}

/** Issues tokens to the client itself. */
export async function clientCredentials(params: Params, caller: Caller, as: AuthServer): Promise<IssuedTokens> {
  const client = registeredClient(caller, 'client_credentials');
  const { uri } = findResource(params.all('resource'), as.settings);
  const scope = scopeWithin(as.settings, uri, params.optional('scope'), client.scope ?? []);
  const userId = `client:${client.id}`; // never a user's id: helpers refuse such ids (RFC 9068 §5)
  const claims = { sub: userId, ...(client.name === undefined ? {} : { name: client.name }) };
  return directGrant(as, {
    reason: 'client_credentials',
    clientId: client.id,
    client,
    userId,
    scope,
    resource: uri,
    props: { claims },
    key: keyOf(caller),
  });
}

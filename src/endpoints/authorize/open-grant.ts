/**
 * Stores a grant after the user's consent, in one write, and returns its authorization code.
 */
import type { AuthServer } from '../../core/auth-server.ts';
import { sealRefs } from '../../core/records/secrets.ts';
import { isClientThere } from '../../core/records/clients.ts';
import { lazy } from '../../lib/async.ts';
import type { Client } from '../../model/client.ts';
import { OAuthError } from '../../model/error.ts';
import type { Grant } from '../../model/grant.ts';
import type { Origin, StoredOrigin } from '../../model/identity.ts';
import { grantTTL, lifetimesFor } from '../../model/resource.ts';
import { type RequestedScope, OFFLINE_ACCESS } from '../../model/scope.ts';
import type { Json, Seconds } from '../../model/store.ts';
import { formatToken, grantIdOf, wrap } from '../../model/token.ts';
import { revoke } from '../../model/grant-transitions.ts';
import type { UpstreamRef } from '../../model/upstream.ts';

const checkClient = lazy(async () => (await import('../../clients/client-policy.ts')).checkClient);

/** What the user granted to which client. */
export interface Opening extends RequestedScope {
  readonly client: Client;
  readonly userId: string;
  /** Canonical URI. */
  readonly resource: string;
  readonly redirectUri: string;
  readonly challenge: string;
  /** Lifetime of the code, if it differs from the default. */
  readonly codeTTL?: Seconds;
  readonly props: unknown;
  /** What the application notes about the grant; readable. */
  readonly metadata?: Json;
  /** Thumbprint of the key that the code is bound to. */
  readonly jkt?: string;
  /** Upstream accounts that its tools may use. */
  readonly linked?: readonly UpstreamRef[];
  readonly organization?: { readonly id: string; readonly name: string };
  /** The sign-in that it is based on. */
  readonly origin?: Origin;
  /** The code, if it was chosen before (`newCode`). A second call with it finds the existing grant. */
  readonly code?: string;
}

/** A code that is invalid until its grant is stored, which is kept where the client calls from. */
export async function newCode({ secrets, place, clientPlaces }: AuthServer, redirectUri: string): Promise<string> {
  return formatToken('code', secrets.id(clientPlaces ? await clientPlaces.find(redirectUri, place) : place), secrets.secret());
}

/** Stores the grant and returns its authorization code. */
export async function openGrant(as: AuthServer, opening: Opening): Promise<string>;
/**
 * The same while a user is signed in.
 *
 * @param isSignedIn asked after the grant was stored: if the user was signed out meanwhile the grant ends, and the result is null.
 */
export async function openGrant(as: AuthServer, opening: Opening, isSignedIn: () => Promise<boolean>): Promise<string | null>;
/** The same. */
export async function openGrant(as: AuthServer, opening: Opening, isSignedIn = async () => true): Promise<string | null> {
  if (as.settings.clientPolicy !== null) await checkClient(as, opening.client);
  const { client, userId, scope, resource, redirectUri, challenge, props, organization, linked = [], jkt } = opening;
  const { settings, secrets } = as;
  const { codeTTL = settings.authorizationCodeTTL, code = await newCode(as, redirectUri) } = opening;
  const [id, now, key] = [grantIdOf('code', code) ?? '', as.now(), as.runtime.random(32)];
  const lifetimes = lifetimesFor(settings, resource);
  const refreshable = client.grantTypes.includes('refresh_token');
  const grant: Grant = {
    v: 1,
    id,
    clientId: client.id,
    ...(settings.clients.has(client.id) ? { configured: true } : {}),
    ...(client.dpopBound ? { dpopBound: true } : {}),
    clientAuth: client.authMethod === 'none' ? 'public' : 'confidential',
    userId,
    ...(opening.defaulted ? { defaulted: true } : {}),
    scope: opening.offline && refreshable && lifetimes.refresh > 0 ? [...scope, OFFLINE_ACCESS] : scope,
    resource,
    redirectUri,
    ...(opening.metadata === undefined ? {} : { metadata: opening.metadata }),
    ...(organization ? { organization: { id: organization.id, name: organization.name } } : {}),
    createdAt: now,
    expiresAt: now + grantTTL(settings),
    lifetimes: refreshable ? lifetimes : { ...lifetimes, refresh: 0 },
    sealedProps: await secrets.sealWith(key, props, `grant:${id}`),
    ...(linked.length === 0 ? {} : { upstreams: await sealRefs(secrets, id, key, linked) }),
    ...(opening.origin ? { origin: await sealOrigin(as, id, key, opening.origin) } : {}),
    code: {
      ...wrap(key, await secrets.proof(code)),
      challenge,
      redirectUri,
      expiresAt: now + codeTTL,
      spent: false,
      failures: 0,
      ...(jkt === undefined ? {} : { jkt }),
    },
    refresh: null,
    retired: [],
    access: [],
    usedAt: now,
    ended: null,
  };
  const isFirst = await as.records.openGrant(grant);
  const [isThere, isHere] = await Promise.all([isClientThere(as, client), isSignedIn()]);
  if (!isThere) {
    await as.records.changeGrant(id, revoke('client_deleted', now));
    throw new OAuthError('invalid_client', 'client_deleted', { status: 400 });
  }
  if (isFirst && as.settings.clientPolicy !== null) await endIfBlocked(as, client, id);
  if (isFirst) as.emit({ kind: 'grant.opened', grantId: id, clientId: client.id, userId });
  if (!isHere) await as.records.changeGrant(id, revoke('user_signed_out', now));
  return isHere ? code : null;
}

async function sealOrigin(
  { secrets }: AuthServer,
  id: string,
  key: Uint8Array<ArrayBuffer>,
  { login, standing }: Origin,
): Promise<StoredOrigin> {
  return { login, ...(standing === undefined ? {} : { sealed: await secrets.sealWith(key, standing, `grant:${id}:origin`) }) };
}

/** Blocking a client marks it before looking for its grants, so one of the two sees the other. */
async function endIfBlocked(as: AuthServer, client: Client, grantId: string): Promise<void> {
  try {
    await checkClient(as, client);
  } catch (error) {
    await as.records.changeGrant(grantId, revoke('client_blocked', as.now()));
    throw error;
  }
}

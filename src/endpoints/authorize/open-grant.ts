/**
 * Open grant: the moment a person's yes becomes a record. One write; the code it gives is the only way in.
 */
import type { AuthServer } from '../../core/auth-server.ts';
import { sealRefs } from '../../core/vault/upstream-refs.ts';
import { renewClient } from '../../core/records/clients.ts';
import type { Client } from '../../model/client.ts';
import { OAuthError } from '../../model/error.ts';
import type { Grant } from '../../model/grant.ts';
import type { StoredOrigin, Origin } from '../../model/origin.ts';
import { grantTTL, lifetimesFor } from '../../model/resource.ts';
import { type RequestedScope, OFFLINE_ACCESS } from '../../model/scope.ts';
import type { Seconds } from '../../model/store.ts';
import { formatToken, grantIdOf } from '../../model/token.ts';
import { revoke } from '../../model/grant-transitions.ts';
import { wrap } from '../../model/wrapped.ts';
import type { UpstreamRef } from '../../model/upstream.ts';

/** What was allowed, to whom, by whom. */
export interface Opening extends RequestedScope {
  readonly client: Client;
  readonly userId: string;
  /** Canonical URI. */
  readonly resource: string;
  readonly redirectUri: string;
  readonly challenge: string;
  /** How long the code may wait, where that is of its own. */
  readonly codeTTL?: Seconds;
  readonly props: unknown;
  /** Thumbprint of the key that the code is bound to. */
  readonly jkt?: string;
  /** Accounts at other sites that its tools may use. */
  readonly linked?: readonly UpstreamRef[];
  readonly organization?: { readonly id: string; readonly name: string };
  /** The sign-in that it comes of. */
  readonly origin?: Origin;
  /** The code, where it was chosen before (`newCode`). A second call with it finds the grant that is there. */
  readonly code?: string;
}

/** A code that is good for nothing until its grant is written. */
export function newCode({ secrets }: AuthServer): string {
  return formatToken('code', secrets.id(), secrets.secret());
}

/** Writes the grant and gives its authorization code. */
export async function openGrant(as: AuthServer, opening: Opening): Promise<string> {
  const { client, userId, scope, resource, redirectUri, challenge, props, organization, linked = [], jkt, code = newCode(as) } = opening;
  const { settings, secrets } = as;
  const { codeTTL = settings.authorizationCodeTTL } = opening;
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
  if (!(await as.records.openGrant(grant))) return code;
  if (!(await isStillThere(as, client))) {
    await as.records.changeGrant(id, revoke('client_deleted', now));
    throw new OAuthError('invalid_client', 'client_deleted', { status: 400 });
  }
  as.emit({ kind: 'grant.opened', grantId: id, clientId: client.id, userId });
  return code;
}

async function sealOrigin(
  { secrets }: AuthServer,
  id: string,
  key: Uint8Array<ArrayBuffer>,
  { login, standing }: Origin,
): Promise<StoredOrigin> {
  return { login, ...(standing === undefined ? {} : { sealed: await secrets.sealWith(key, standing, `grant:${id}:origin`) }) };
}

/**
 * A registration that is used does not run out: it outlives the grant, whose refreshes do not read it, by its own time. Read after
 * the grant was written: whoever deletes a client marks it before looking for its grants, so one of the two sees the other.
 */
async function isStillThere(as: AuthServer, { id, documentHost }: Client): Promise<boolean> {
  return documentHost !== undefined || as.settings.clients.has(id) || renewClient(as, id);
}

/**
 * Open grant: the moment a person's yes becomes a record. One write; the code it gives is the only way in.
 */
import type { AuthServer } from '../core/auth-server.ts';
import { sealRefs } from '../core/vault.ts';
import type { Client } from '../model/client.ts';
import type { Grant } from '../model/grant.ts';
import { formatToken } from '../model/token.ts';
import { wrap } from '../model/transition.ts';
import type { UpstreamRef } from '../model/upstream.ts';

/** What was allowed, to whom, by whom. */
export interface Opening {
  readonly client: Client;
  readonly userId: string;
  readonly scope: readonly string[];
  /** Canonical URI. */
  readonly resource: string;
  readonly redirectUri: string;
  readonly challenge: string;
  readonly props: unknown;
  /** Accounts at other sites that its tools may use. */
  readonly linked?: readonly UpstreamRef[];
}

/** Writes the grant and gives its authorization code. */
export async function openGrant(as: AuthServer, opening: Opening): Promise<string> {
  const { client, userId, scope, resource, redirectUri, challenge, props, linked = [] } = opening;
  const { settings, keys } = as;
  const [id, now, key] = [keys.id(), as.now(), as.runtime.random(32)];
  const code = formatToken('code', id, keys.secret());
  const refreshable = client.grantTypes.includes('refresh_token');
  const grant: Grant = {
    v: 1,
    id,
    clientId: client.id,
    clientAuth: client.authMethod === 'none' ? 'public' : 'confidential',
    userId,
    scope,
    resource,
    createdAt: now,
    expiresAt: now + settings.grantTtl,
    lifetimes: refreshable ? settings.lifetimes : { ...settings.lifetimes, refresh: 0 },
    sealedProps: await keys.sealWith(key, props, `grant:${id}`),
    ...(linked.length === 0 ? {} : { upstreams: await sealRefs(keys, id, key, linked) }),
    code: { ...wrap(key, await keys.proof(code)), challenge, redirectUri, expiresAt: now + settings.codeTtl, spent: false, failures: 0 },
    refresh: null,
    retired: [],
    access: [],
    usedAt: now,
    ended: null,
  };
  await as.records.openGrant(grant);
  await renew(as, client);
  as.emit({ kind: 'grant.opened', grantId: id, clientId: client.id, userId });
  return code;
}

/** A registration that is used does not run out: it outlives the grant, whose refreshes do not read it, by its own time. */
async function renew(as: AuthServer, client: Client): Promise<void> {
  const { clientTtl, grantTtl } = as.settings;
  const needed = as.now() + grantTtl;
  if (client.expiresAt === undefined || client.expiresAt >= needed) return;
  await as.records.saveClient({ ...client, expiresAt: needed + clientTtl }, 'any');
}

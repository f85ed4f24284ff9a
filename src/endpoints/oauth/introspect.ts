/**
 * Introspection endpoint (RFC 7662). Describes an access token to a client that acts for the token's resource, or to the client that
 * the token was issued to. All other callers, and all invalid tokens, get the same answer.
 */
import { failed, withGiveBack } from '../../clients/caller.ts';
import type { AuthServer } from '../../core/auth-server.ts';
import type { CachedGrant } from '../../core/records/grant-cache.ts';
import { findLive, useProblem } from '../../core/verify.ts';
import { json } from '../../lib/http.ts';
import type { Client } from '../../model/client.ts';
import { canonicalResource, isEveryRoute, isWithin } from '../../model/resource.ts';
import { parseClientRequest } from './token.ts';
import type { Call } from '../endpoint.ts';

/** POST of the introspection endpoint. */
export async function introspect(call: Call): Promise<Response> {
  const { as } = call;
  const { form, caller } = await parseClientRequest(call, { once: ['token_type_hint', 'client_id'] });
  if (caller.kind !== 'confidential') throw failed('client_secret_basic', 'client_unproven');
  const token = form.required('token');
  const live = await withGiveBack(caller, () => findLive(as, token));
  const isGood = live !== null && mayKnow(as, caller.client, live) && (await useProblem(as, live.grant, token)) === null;
  return json(isGood ? describe(as, live) : { active: false }, 200, {});
}

function mayKnow({ settings }: AuthServer, { id, introspects = [] }: Client, { grant }: Omit<CachedGrant, 'text'>): boolean {
  const own = introspects.map((one) => canonicalResource(one.startsWith('/') ? settings.issuer + one : one));
  return grant.clientId === id || own.some((one) => one !== null && isWithin(grant.resource, one));
}

/** RFC 7662 §2.2, with `act` of RFC 8693 §4.1. */
function describe({ settings }: AuthServer, { grant, access }: Omit<CachedGrant, 'text'>): Record<string, unknown> {
  return {
    active: true,
    iss: settings.issuer,
    sub: grant.userId,
    client_id: grant.clientId,
    aud: isEveryRoute(grant.resource) ? settings.resources.filter(({ path }) => path !== null).map(({ uri }) => uri) : grant.resource,
    scope: settings.expandScopes(access.scope).join(' '),
    exp: access.expiresAt,
    token_type: access.jkt === undefined ? 'Bearer' : 'DPoP',
    ...(access.jkt === undefined ? {} : { cnf: { jkt: access.jkt } }),
    ...(grant.act ? { act: grant.act } : {}),
  };
}

/**
 * Verify: from an access token to Access, with one read of the store. Null for whatever is not good,
 * without telling why: forged, expired, revoked and foreign tokens are one answer (RFC 6750 §3.1).
 */
import type { Access } from '../model/access.ts';
import { findAccess, type Grant, type GrantAccess } from '../model/grant.ts';
import { grantIdOf } from '../model/token.ts';
import { unwrap } from '../model/transition.ts';
import type { AuthServer } from './auth-server.ts';
import { openRefs } from './vault.ts';

/**
 * Checks a token against the record of its grant.
 *
 * @param resource canonical URI the token must be for.
 * @throws whatever the store throws: a store that is down is not a bad token.
 */
export async function verifyAccess(as: AuthServer, token: string, resource: string): Promise<Access | null> {
  const grantId = grantIdOf('access', token);
  if (grantId === null) return null;
  const grant = await as.records.findGrant(grantId);
  if (!grant || grant.resource !== resource) return null;
  const hash = await as.keys.hash(token);
  const access = findAccess(grant, hash, as.now());
  const text = access && (as.opened.find(access, grant.sealedProps) ?? (await openProps(as, token, access, grant)));
  if (!access || text === null) return null;
  const { userId, clientId, organization, upstreams } = grant;
  const where = organization ? { organization } : {};
  return {
    userId,
    clientId,
    grantId,
    ...where,
    scope: access.scope,
    resource,
    expiresAt: access.expiresAt,
    props: JSON.parse(text) as unknown,
    upstream: as.vault.upstreamsOf(grantId, async () => {
      if (!upstreams) return []; // the key is worked out only for those who ask
      return openRefs(as.keys, grantId, unwrap(access, await as.keys.pad(token)), upstreams);
    }),
  };
}

async function openProps(as: AuthServer, token: string, access: GrantAccess, { id, sealedProps }: Grant): Promise<string | null> {
  const key = unwrap(access, await as.keys.pad(token));
  const text = await as.keys.openWith(key, sealedProps, `grant:${id}`);
  if (text !== null) as.opened.keep(access, sealedProps, text);
  return text;
}

/**
 * Open: a grant that begins with an access token, because no browser is there to bring a code: somebody proved already who they are,
 * and can do so again, so there is no refresh token either.
 */
import type { AuthServer } from '../core/auth-server.ts';
import type { ShownKey } from '../core/dpop.ts';
import { sealRefs } from '../core/vault/upstream-refs.ts';
import type { Actor } from '../model/access.ts';
import type { Organization } from '../model/identity.ts';
import type { Grant } from '../model/grant.ts';
import { lifetimesFor } from '../model/resource.ts';
import type { Seconds } from '../model/store.ts';
import { wrap } from '../model/wrapped.ts';
import type { UpstreamRef } from '../model/upstream.ts';
import type { IssuedTokens } from './issue.ts';
import { signAccessToken } from './sign-access-token.ts';

/** What is granted, to whom. */
export interface DirectGrantRequest {
  readonly clientId: string;
  readonly userId: string;
  readonly scope: readonly string[];
  /** Canonical URI. */
  readonly resource: string;
  readonly props: unknown;
  /** When it must be over at the latest. */
  readonly notAfter?: Seconds;
  /** The organization in which the user acts. */
  readonly organization?: Organization;
  /** The grant and its access token that this one hangs on, and ends with. */
  readonly parent?: { readonly id: string; readonly tokenHash: string };
  /** Who acts for the user. */
  readonly act?: Actor;
  /** Accounts at other sites that its tools may use: those of the grant that it hangs on. */
  readonly linked?: readonly UpstreamRef[];
  /** The key that the request shows, which is proven before the grant is written; the token is bound to it. */
  readonly key?: ShownKey | undefined;
  /** Thumbprint of another key that the token is bound to. */
  readonly jkt?: string | undefined;
}

/** Writes the grant and gives its token. */
export async function directGrant(as: AuthServer, opening: DirectGrantRequest): Promise<IssuedTokens> {
  const { clientId, userId, scope, resource, props, notAfter = Infinity, parent, act, organization, linked = [] } = opening;
  const jkt = opening.key?.jkt ?? opening.jkt;
  const { secrets, settings } = as;
  const [id, now, key] = [(parent?.id ?? '') + secrets.id(), as.now(), as.runtime.random(32)];
  const lifetimes = lifetimesFor(settings, resource);
  const { accessToken: mintedToken, access } = await secrets.mint(id, null);
  const expiresAt = Math.min(now + lifetimes.access, notAfter);
  const held = { ...wrap(key, access), scope, expiresAt, ...(jkt === undefined ? {} : { jkt }) };
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
    access: [held],
    usedAt: now,
    ended: null,
    ...(linked.length === 0 ? {} : { upstreams: await sealRefs(secrets, id, key, linked) }),
    ...(act === undefined ? {} : { act }),
    ...(parent === undefined ? {} : { subjectHash: parent.tokenHash }),
    ...(organization === undefined ? {} : { organization }),
  };
  await opening.key?.prove();
  const { grant, accessToken } = await signAccessToken(as, opened, held, { accessToken: mintedToken, access });
  if (!(await as.records.openGrant(grant))) throw new Error('A random grant id was met twice: the source of randomness is broken.');
  as.emit({ kind: 'grant.opened', grantId: id, clientId, userId });
  return { accessToken, refreshToken: null, scope, resource, expiresAt, jkt };
}

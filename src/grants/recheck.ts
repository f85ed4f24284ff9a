/**
 * Recheck: whether the person behind a grant may still come in, asked at each refresh. Lists and domains are judged from what the sign-in
 * said, at once; the site itself is asked with the token that was kept, at most once an hour. A definite no ends the grant; a site that
 * cannot say keeps it.
 */
import type { AuthServer } from '../core/auth-server.ts';
import { openRefs } from '../core/vault/upstream-refs.ts';
import type { Grant } from '../model/grant.ts';
import { isRedirect } from '../model/login.ts';
import type { Json, Seconds } from '../model/store.ts';

const ASKED_EVERY: Seconds = 3600;

/** The grant as it goes on, with the time at which the site was asked; null where the person may not come in any more. @param key of the grant. */
export async function recheck(as: AuthServer, grant: Grant, key: Uint8Array<ArrayBuffer>): Promise<Grant | null> {
  const { origin } = grant;
  if (!origin) return grant;
  const login = as.settings.logins.find(({ id }) => id === origin.login);
  if (!login) return null; // this way in was closed
  if (!isRedirect(login) || !login.recheck || origin.sealed === undefined) return grant;
  const text = await as.secrets.openWith(key, origin.sealed, boundTo(grant.id));
  if (text === null) return grant;
  const token = as.now() - (origin.askedAt ?? grant.createdAt) < ASKED_EVERY ? null : await tokenOf(as, grant, key);
  try {
    const said = await login.recheck(JSON.parse(text) as Json, { env: as.env, token });
    if (said === 'no') return null;
    return said === 'yes' && token !== null ? { ...grant, origin: { ...origin, askedAt: as.now() } } : grant;
  } catch (error) {
    as.emit({ kind: 'request.failed', endpoint: 'recheck', requestId: as.secrets.id(), error });
    return grant;
  }
}

function boundTo(grantId: string): string {
  return `grant:${grantId}:origin`;
}

/** A token of the site that the person came from, where it was kept and can be had. */
async function tokenOf(as: AuthServer, { id, origin, upstreams }: Grant, key: Uint8Array<ArrayBuffer>): Promise<string | null> {
  if (!origin || !upstreams) return null;
  try {
    return await as.vault
      .upstreamsOf(id, () => openRefs(as.secrets, id, key, upstreams))(origin.login)
      .token();
  } catch {
    return null; // down, or over: the vault tells of it and does what follows
  }
}

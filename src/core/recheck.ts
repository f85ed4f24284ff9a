/**
 * Recheck: at each refresh, whether the user behind a grant still has access. Lists and domains are checked with data from the sign-in; the
 * upstream itself is asked with the stored token, at most once an hour. A definite no ends the grant; an upstream that does not answer
 * keeps it.
 */
import { openRefs, type Secrets } from './records/secrets.ts';
import type { Grant } from '../model/grant.ts';
import { isRedirect } from '../model/login.ts';
import type { NewEvent } from '../model/event.ts';
import type { Settings } from '../model/settings.ts';
import type { Json, Seconds } from '../model/store.ts';
import type { Vault } from './vault/vault.ts';

/** What a recheck needs of the server. */
export interface RecheckParts {
  readonly settings: Settings;
  readonly secrets: Secrets;
  readonly vault: Vault;
  /** Where upstream providers find their secrets. */
  readonly env: unknown;
  now(): Seconds;
  readonly emit: (event: NewEvent) => void;
}

const ASK_INTERVAL: Seconds = 3600;

/** The grant, with the time when the upstream was asked; null if the user has lost access. @param key of the grant. */
export async function recheck(as: RecheckParts, grant: Grant, key: Uint8Array<ArrayBuffer>): Promise<Grant | null> {
  const { origin } = grant;
  if (!origin) return grant;
  const login = as.settings.logins.find(({ id }) => id === origin.login);
  if (!login) return null; // the login was removed
  if (!isRedirect(login) || !login.recheck || origin.sealed === undefined) return grant;
  const text = await as.secrets.openWith(key, origin.sealed, boundTo(grant.id));
  if (text === null) return grant;
  const standing = JSON.parse(text) as Json;
  const token = as.now() - (origin.askedAt ?? grant.createdAt) < ASK_INTERVAL ? null : await tokenOf(as, grant, key, standing);
  try {
    const verdict = await login.recheck(standing, { env: as.env, token });
    if (verdict === 'no') return null;
    return verdict === 'yes' && token !== null ? { ...grant, origin: { ...origin, askedAt: as.now() } } : grant;
  } catch (error) {
    as.emit({ kind: 'request.failed', endpoint: 'recheck', requestId: as.secrets.id(), error });
    return grant;
  }
}

function boundTo(grantId: string): string {
  return `grant:${grantId}:origin`;
}

/** A token of the account that the user signed in with, if it is stored and valid: a tool may have had the user connect another one at the same site. */
async function tokenOf(
  as: RecheckParts,
  { id, origin, upstreams }: Grant,
  key: Uint8Array<ArrayBuffer>,
  standing: Json,
): Promise<string | null> {
  const { subject } = Object(standing) as { readonly subject?: string };
  if (!origin || !upstreams) return null;
  try {
    return await as.vault
      .upstreamsOf(id, () => openRefs(as.secrets, id, key, upstreams))(origin.login, subject === undefined ? {} : { account: subject })
      .token();
  } catch {
    return null; // down, or ended: the vault reports and handles that
  }
}

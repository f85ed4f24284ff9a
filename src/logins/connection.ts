/**
 * An account at another site that tools may ask for while they run, and that is not used to sign in: `auth.connect('google', scopes)`.
 * It is configured among the logins, with its secrets and its redirect URI, and does not appear on sign-in pages.
 */
import type { ConnectionLogin } from '../model/login.ts';
import type { Upstream } from '../upstreams/contract.ts';
import { upstream, type UpstreamOptions } from './upstream.ts';

/** Restricts the accounts that may be connected. Default: all. */
export type ConnectionOptions = Pick<UpstreamOptions, 'emailDomains' | 'emails' | 'organizations'>;

/** Lets tools ask for the user's account at a site. Needs a `secret`, which encrypts the site's tokens. */
export function connection(provider: Upstream, options: ConnectionOptions = {}): ConnectionLogin {
  const { present: _, ...login } = upstream(provider, { ...options, keepTokens: true });
  return { ...login, kind: 'connection' };
}

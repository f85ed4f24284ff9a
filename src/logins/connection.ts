/**
 * An account at another site that tools may ask for while they run, and that nobody signs in with: `auth.connect('google', scopes)`.
 * It stands among the logins, where its secrets and its address for coming back are, and appears on no page where people sign in.
 */
import type { ConnectionLogin } from '../model/login.ts';
import type { Upstream } from '../upstreams/contract.ts';
import { upstream, type UpstreamOptions } from './upstream.ts';

/** Whose accounts may be connected. Default: everybody's. */
export type ConnectionOptions = Pick<UpstreamOptions, 'emailDomains' | 'emails' | 'organizations'>;

/** Lets tools ask for the user's account at a site. Needs a `secret`, under which the site's tokens are kept. */
export function connection(provider: Upstream, options: ConnectionOptions = {}): ConnectionLogin {
  const { present: _, ...login } = upstream(provider, { ...options, keepTokens: true });
  return { ...login, kind: 'connection' };
}

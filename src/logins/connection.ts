/**
 * An account at another site that tools may ask for while they run, and that is not used to sign in: `auth.connect('google', scopes)`.
 * It is configured among the logins, with its secrets and its redirect URI, and does not appear on sign-in pages.
 */
import type { ConnectionLogin } from '../model/login.ts';
import type { Upstream } from '../upstreams/contract.ts';
import { upstream, type UpstreamOptions } from './upstream.ts';

/** Restricts the accounts that may be connected. Default: all. */
export type ConnectionOptions = Pick<UpstreamOptions, 'emailDomains' | 'emails' | 'organizations'>;

/**
 * Lets tools ask for the user's account at a provider while they run (`auth.connect`), without a login for it on the sign-in page. Needs the
 * option `secret`, which encrypts the provider's tokens.
 *
 * @param provider of `portcullis/upstreams`.
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * connection(google({ clientId: 'abc', clientSecret: (env: Env) => env['GOOGLE_SECRET'] }), { emailDomains: ['acme.example'] })
 */
export function connection(provider: Upstream, options: ConnectionOptions = {}): ConnectionLogin {
  const { present: _, ...login } = upstream(provider, { ...options, keepTokens: true });
  return { ...login, kind: 'connection' };
}

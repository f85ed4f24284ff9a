/**
 * Cloudflare Access as an OpenID Connect provider ("Access for SaaS"): each application has its own issuer. If your server is behind Access
 * and gets its assertion with each request, use `portcullis/verifiers` instead.
 */
import { codeFlow } from './code-flow.ts';
import { checkProvider, type ProviderOptions, type Upstream } from './contract.ts';
import { openid } from './oidc.ts';

/** Options of {@link cloudflareAccess}. */
export interface CloudflareAccessOptions extends ProviderOptions {
  /** "Issuer" in the dashboard: `https://<team>.cloudflareaccess.com/cdn-cgi/access/sso/oidc/<client id>`. */
  readonly issuer: string;
}

/**
 * Sign-in with Cloudflare Access (Access for SaaS, OpenID Connect).
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * upstream(
 *   cloudflareAccess({
 *     issuer: 'https://acme.cloudflareaccess.com/cdn-cgi/access/sso/oidc/abc',
 *     clientId: 'abc',
 *     clientSecret: (env: Env) => env['ACCESS_SECRET'],
 *   }),
 * )
 */
export function cloudflareAccess(options: CloudflareAccessOptions): Upstream {
  checkProvider('cloudflareAccess', options, 'issuer');
  return codeFlow(
    openid('cloudflare-access', 'Cloudflare Access', options.issuer, {
      icon: 'M16.5 16.8q.3-.8-.1-1.3t-1.1-.5H6.5l.2-.4 8.7-.1c1 0 2.2-.9 2.6-2l.5-1.5a5.7 5.7 0 0 0-11-.6 2.6 2.6 0 0 0-4 2.8A3.6 3.6 0 0 0 0 17.4h16.3zm2.8-5.5h-.4l-.3 1.3q-.2.8.1 1.3t1 .5l2 .1-.1.4-2 .1c-1 0-2.1.9-2.5 2l-.2.4h6.9a4.7 4.7 0 0 0-4.5-6.1',
    }),
    options,
  );
}

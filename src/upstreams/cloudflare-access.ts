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
  return codeFlow(openid('cloudflare-access', 'Cloudflare Access', options.issuer), options);
}

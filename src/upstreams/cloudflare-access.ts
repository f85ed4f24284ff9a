/**
 * Cloudflare Access as an OpenID Connect provider ("Access for SaaS"): each application is an issuer of its own. For a server
 * that stands behind Access, and gets its assertion with every request, see `portcullis/verifiers`.
 */
import { codeFlow } from './code-flow.ts';
import { checkProvider, type ProviderOptions, type Upstream } from './contract.ts';
import { openid } from './oidc.ts';

/** Options of {@link cloudflareAccess}. */
export interface CloudflareAccessOptions extends ProviderOptions {
  /** The dashboard's "Issuer": `https://<team>.cloudflareaccess.com/cdn-cgi/access/sso/oidc/<client id>`. */
  readonly issuer: string;
}

/** Sign-in with Cloudflare Access. */
export function cloudflareAccess(options: CloudflareAccessOptions): Upstream {
  checkProvider('cloudflareAccess', options, 'issuer');
  return codeFlow(openid('cloudflare-access', 'Cloudflare Access', options.issuer), options);
}

/** Stytch, as an OpenID Connect provider (Connected Apps): the project's domain is the issuer. */
import { codeFlow } from './code-flow.ts';
import type { ProviderOptions, Upstream } from './contract.ts';
import { openid } from './oidc.ts';

/** Options of {@link stytch}. */
export interface StytchOptions extends ProviderOptions {
  /** `https://….customers.stytch.com`, or a domain of your own. */
  readonly projectDomain: string;
}

/** Sign-in with Stytch. */
export function stytch(options: StytchOptions): Upstream {
  return codeFlow(openid('stytch', 'Stytch', options.projectDomain), options);
}

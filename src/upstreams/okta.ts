/** Okta: the issuer is the org itself, or one of its authorization servers. */
import { codeFlow } from './code-flow.ts';
import { checkProvider, type ProviderOptions, type Upstream } from './contract.ts';
import { openid } from './oidc.ts';

/** Options of {@link okta}. */
export interface OktaOptions extends ProviderOptions {
  /** `acme.okta.com`, or your custom domain. */
  readonly domain: string;
  /** An authorization server instead of the org's: `default`, or its id. */
  readonly authorizationServer?: string | undefined;
}

/**
 * Sign-in with Okta (OpenID Connect), with the org's authorization server or another one.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * upstream(okta({ domain: 'acme.okta.com', clientId: 'abc', clientSecret: (env: Env) => env['OKTA_SECRET'] }))
 */
export function okta(options: OktaOptions): Upstream {
  checkProvider('okta', options, 'domain:string! authorizationServer:string');
  const { domain, authorizationServer } = options;
  return codeFlow(
    openid('okta', 'Okta', `https://${domain}${authorizationServer === undefined ? '' : `/oauth2/${authorizationServer}`}`, {
      icon: 'M12 0a12 12 0 1 0 0 24 12 12 0 0 0 0-24m0 18a6 6 0 1 1 0-12 6 6 0 1 1 0 12',
      offline: { scope: ['offline_access'] },
    }),
    options,
  );
}

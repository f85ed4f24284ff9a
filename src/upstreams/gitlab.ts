/** GitLab, hosted or self-managed: plain OpenID Connect. */
import { codeFlow } from './code-flow.ts';
import { checkProvider, type ProviderOptions, type Upstream } from './contract.ts';
import { openid } from './oidc.ts';

/** Options of {@link gitlab}. */
export interface GitLabOptions extends ProviderOptions {
  /** URL of a self-managed instance; `https://gitlab.com` by default. */
  readonly issuer?: string;
}

/**
 * Sign-in with GitLab (OpenID Connect), at gitlab.com or a self-managed instance.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * upstream(gitlab({ issuer: 'https://gitlab.acme.example', clientId: 'abc', clientSecret: (env: Env) => env['GITLAB_SECRET'] }))
 */
export function gitlab(options: GitLabOptions): Upstream {
  checkProvider('gitlab', options, 'issuer');
  return codeFlow(openid('gitlab', 'GitLab', options.issuer ?? 'https://gitlab.com'), options);
}

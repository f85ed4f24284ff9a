/** GitLab, hosted or self-managed: plain OpenID Connect. */
import { codeFlow } from './code-flow.ts';
import { checkProvider, type ProviderOptions, type Upstream } from './contract.ts';
import { openid } from './oidc.ts';

/** Options of {@link gitlab}. */
export interface GitLabOptions extends ProviderOptions {
  /** URL of a self-managed instance; `https://gitlab.com` by default. */
  readonly issuer?: string | undefined;
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
  return codeFlow(
    openid('gitlab', 'GitLab', options.issuer ?? 'https://gitlab.com', {
      icon: 'M23.6 9.6 20.3 1a.9.9 0 0 0-1.6.1l-2.2 6.7h-9L5.3 1.1A.9.9 0 0 0 3.7 1L.4 9.5a6 6 0 0 0 2 7.1l9 6.7a1 1 0 0 0 1.2 0l9-6.7a6 6 0 0 0 2-7',
    }),
    options,
  );
}

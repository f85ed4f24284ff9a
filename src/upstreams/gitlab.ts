/** GitLab, the hosted one or your own: plain OpenID Connect. */
import { codeFlow } from './code-flow.ts';
import { checkProvider, type ProviderOptions, type Upstream } from './contract.ts';
import { openid } from './oidc.ts';

/** Options of {@link gitlab}. */
export interface GitLabOptions extends ProviderOptions {
  /** Where your own stands; default `https://gitlab.com`. */
  readonly issuer?: string;
}

/** Sign-in with GitLab. */
export function gitlab(options: GitLabOptions): Upstream {
  checkProvider('gitlab', options, 'issuer');
  return codeFlow(openid('gitlab', 'GitLab', options.issuer ?? 'https://gitlab.com'), options);
}

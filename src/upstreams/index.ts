/** `portcullis/upstreams`: identity providers for `upstream()` of `portcullis`. Only this part needs `oauth4webapi`. */
export { auth0, type Auth0Options } from './auth0.ts';
export { cloudflareAccess, type CloudflareAccessOptions } from './cloudflare-access.ts';
export { codeFlow } from './code-flow.ts';
export {
  type UpstreamCallback,
  type Endpoints,
  type Fetch,
  type FromEnv,
  identityOf,
  type Provider,
  type ProviderOptions,
  type Upstream,
  UpstreamError,
} from './contract.ts';
export { discord } from './discord.ts';
export { entra, type EntraOptions } from './entra.ts';
export { github, type GitHubOptions } from './github.ts';
export { gitlab, type GitLabOptions } from './gitlab.ts';
export { google, type GoogleOptions } from './google.ts';
export { keycloak, type KeycloakOptions } from './keycloak.ts';
export { oauth2, type OAuth2Options } from './oauth2.ts';
export { oidc, type OidcOptions } from './oidc.ts';
export { okta, type OktaOptions } from './okta.ts';
export { slack, type SlackOptions } from './slack.ts';
export { stytch, type StytchOptions } from './stytch.ts';
export { workos, type WorkOsOptions } from './workos.ts';

/** `portcullis/upstreams`: identity providers to sign in with. Pass one to `upstream()` of `portcullis`. The only part that needs `oauth4webapi`. */
export { type Provider, type Upstream, UpstreamError } from './contract.ts';
export { github } from './github.ts';
export { discord, oauth2 } from './oauth2.ts';
export { auth0, cloudflareAccess, gitlab, keycloak, oidc, okta } from './oidc.ts';
export { stytch, workos } from './user-management.ts';
export { entra, google, slack } from './work-accounts.ts';

/** `portcullis/upstreams`: identity providers to sign in with. Pass one to `upstream()` of `portcullis`. The only part that needs `oauth4webapi`. */
export { auth0 } from './oidc.ts';
export { cloudflareAccess } from './oidc.ts';
export { type Provider, type Upstream, UpstreamError } from './contract.ts';
export { discord } from './oauth2.ts';
export { entra } from './entra.ts';
export { github } from './github.ts';
export { gitlab } from './oidc.ts';
export { google } from './google.ts';
export { keycloak } from './oidc.ts';
export { oauth2 } from './oauth2.ts';
export { oidc } from './oidc.ts';
export { okta } from './oidc.ts';
export { slack } from './slack.ts';
export { stytch } from './stytch.ts';
export { workos } from './workos.ts';

/** `portcullis/upstreams`: identity providers to sign in with. Pass one to `upstream()` of `portcullis`. The only part that needs `oauth4webapi`. */
export { auth0 } from './auth0.ts';
export { cloudflareAccess } from './cloudflare-access.ts';
export { type Provider, type Upstream, UpstreamError } from './contract.ts';
export { discord } from './discord.ts';
export { entra } from './entra.ts';
export { github } from './github.ts';
export { gitlab } from './gitlab.ts';
export { google } from './google.ts';
export { keycloak } from './keycloak.ts';
export { oauth2 } from './oauth2.ts';
export { oidc } from './oidc.ts';
export { okta } from './okta.ts';
export { slack } from './slack.ts';
export { stytch } from './stytch.ts';
export { workos } from './workos.ts';

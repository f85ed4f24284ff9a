/** `portcullis/verifiers`: accept tokens of another authorization server. Pass one to `guard`, or to `OAuthProvider` as `externalTokens`. */
export { anyOf } from './any-of.ts';
export { apiKeys, hashApiKey, makeApiKey } from './api-keys.ts';
export { auth0Tokens, descopeTokens, keycloakTokens, logtoTokens, oktaTokens, scalekitTokens } from './vendors-by-resource.ts';
export { clerkTokens, cognitoTokens, supabaseTokens } from './vendors-by-client.ts';
export { cloudflareAccessTokens, entraTokens, type HeaderTokenSource } from './vendors-by-application.ts';
export { googleTokens } from './google.ts';
export { verifyIntrospection } from './introspection.ts';
export { verifyJwt } from './jwt.ts';
export { proofs } from './proofs.ts';
export type { ProofCheck } from '../model/dpop.ts';
export { stytchConsent, type StytchConsent, stytchTokens } from './stytch.ts';
export { workosConnect, type WorkosConnect, workosTokens } from './workos.ts';
export { type Claims, SourceUnavailable, type TokenSource } from './contract.ts';

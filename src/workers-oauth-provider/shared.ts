/** What is the same on every runtime. */
export {
  AuthorizationError,
  type AuthorizationErrorCode,
  type AuthorizationErrorOptions,
  authorizationErrorRedirect,
  CimdFetchError,
  ExternalTokenError,
  type ExternalTokenErrorOptions,
  GrantType,
  OAuthError,
  type OAuthErrorInternal,
  type OAuthErrorOptions,
  type OAuthTokenErrorCode,
} from './errors.ts';
export type { OAuthHelpers } from './helpers.ts';
export type { OAuthAuthorizationServerOptions, OAuthProviderOptions } from './accepted-options.ts';
export {
  insufficientScope,
  type OAuthResourceAuth,
  type OAuthResourceContext,
  type OAuthResourceHandler,
  OAuthResourceServer,
  type OAuthResourceServerOptions,
  type OAuthResourceTokenValidation,
  type OAuthResourceTokenValidator,
} from './resource-server.ts';
export type * from './types.ts';
export type {
  EmaClaimsMapper,
  EmaClaimsMapperInput,
  EmaClaimsMapperResult,
  EmaIdJagClaims,
  EmaOptions,
  EmaTrustedIssuer,
  EmaTrustedIssuerResolver,
  EmaTrustedIssuerResolverInput,
  EmaValidationError,
} from './ema.ts';

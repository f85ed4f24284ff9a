/**
 * `portcullis/workers-oauth-provider`: the names, options, helpers and shapes of `@cloudflare/workers-oauth-provider` 1.2.3, over this
 * server, which reads that one's records. This entry runs on Web APIs; on Workers `worker/workers-oauth-provider.ts` takes its place.
 */
import { webRuntime } from '../core/web-runtime.ts';
import type { Platform } from '../provider/oauth-provider.ts';
import type { OAuthHelpers } from './helpers.ts';
import type { OAuthAuthorizationServerOptions, OAuthProviderOptions } from './accepted-options.ts';
import { AdaptedAuthorizationServer, AdaptedProvider } from './provider.ts';

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

const PLATFORM: Platform = { runtime: webRuntime(), address: (_request, ctx) => ctx.address };

/** Authorization server and guarded API in one. */
export class OAuthProvider<Env = Cloudflare.Env> extends AdaptedProvider<Env> {
  /** @throws {TypeError} when an option is wrong, naming it and the fix. */
  constructor(options: OAuthProviderOptions<Env>) {
    super(options, PLATFORM);
  }
}
export { OAuthProvider as default };

/** An authorization server whose resources are elsewhere. */
export class OAuthAuthorizationServer<Env = Cloudflare.Env> extends AdaptedAuthorizationServer<Env> {
  /** @throws {TypeError} when an option is wrong, naming it and the fix. */
  constructor(options: OAuthAuthorizationServerOptions<Env>) {
    super(options, PLATFORM);
  }
}

/** The helpers, outside of a request: in a scheduled job, a queue, a Durable Object. */
export function getOAuthApi<Env = Cloudflare.Env>(options: OAuthProviderOptions<Env>, env: Env): OAuthHelpers {
  return new OAuthProvider(options).getOAuthApi(env);
}

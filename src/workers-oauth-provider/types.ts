/**
 * Types of `@cloudflare/workers-oauth-provider` 1.2.3, under its names.
 */
import type { GrantType, OAuthErrorInternal } from './errors.ts';

declare global {
  namespace Cloudflare {
    // `wrangler types` adds the bindings of the Worker.
    interface Env {}
  }
}

/** What the application stored, of any type, as there: it knows what it is. */
// oxlint-disable-next-line typescript/no-explicit-any
type Stored = any;

/** An authorization request that passed every check. */
export interface AuthRequest {
  responseType: string;
  clientId: string;
  redirectUri: string;
  scope: string[];
  state: string;
  codeChallenge?: string;
  codeChallengeMethod?: string;
  resource?: string;
  issuer?: string;
}

/** A client. */
export interface ClientInfo {
  clientId: string;
  /** Only in the result of `createClient`, this once. */
  clientSecret?: string;
  redirectUris: string[];
  clientName?: string;
  logoUri?: string;
  clientUri?: string;
  policyUri?: string;
  tosUri?: string;
  jwksUri?: string;
  i18n?: Record<string, string>;
  contacts?: string[];
  grantTypes?: string[];
  responseTypes?: string[];
  registrationDate?: number;
  tokenEndpointAuthMethod: string;
}

/** The result of a sign-in. */
export interface CompleteAuthorizationOptions {
  request: AuthRequest;
  userId: string;
  metadata: Stored;
  scope: string[];
  props: Stored;
  /** Ends the user's other grants for this client and resource. Default true, as there. */
  revokeExistingGrants?: boolean;
}

/** A grant, without its tokens. */
export interface GrantSummary {
  id: string;
  clientId: string;
  userId: string;
  scope: string[];
  metadata: Stored;
  createdAt: number;
  expiresAt?: number;
  redirectUri?: string;
  resource?: string | string[];
}

/** A grant as the other server stored it; read by `portcullis/former`. */
export interface Grant extends GrantSummary {
  encryptedProps: string;
  refreshTokenId?: string;
  refreshTokenWrappedKey?: string;
  previousRefreshTokenId?: string;
  previousRefreshTokenWrappedKey?: string;
  authCodeId?: string;
  authCodeWrappedKey?: string;
  codeChallenge?: string;
  codeChallengeMethod?: string;
}

/** Members of every token. */
export interface TokenBase {
  id: string;
  grantId: string;
  userId: string;
  createdAt: number;
  expiresAt: number;
  audience?: string | string[];
  scope: string[];
}

/** An access token as the other server stored it. */
export interface Token extends TokenBase {
  wrappedEncryptionKey: string;
  grant: { clientId: string; scope: string[]; encryptedProps: string };
}

/** A valid access token. */
export interface TokenSummary<T = Stored> extends TokenBase {
  grant: { clientId: string; scope: string[]; props: T };
}

/** A page of a list: at most `limit` items, and never more than a page of the store. */
export interface ListOptions {
  limit?: number;
  cursor?: string;
}

/** A page. */
export interface ListResult<T> {
  items: T[];
  cursor?: string;
}

/** What to remove. Only the amount is used: everything that is removed has expired. */
export interface PurgeOptions {
  batchSize?: number;
  purgeOrphanedGrants?: boolean;
  purgeExpiredGrants?: boolean;
  purgeOrphanedTokens?: boolean;
  cursor?: string;
}

/** What was removed. */
export interface PurgeResult {
  grantsChecked: number;
  grantsPurged: number;
  tokensChecked: number;
  tokensPurged: number;
  done: boolean;
  cursor?: string;
}

/** A token to exchange. */
export interface ExchangeTokenOptions {
  subjectToken: string;
  scope?: string[];
  aud?: string;
  expiresIn?: number;
}

/** A token response (RFC 6749 §5.1). */
export interface TokenResponse {
  access_token: string;
  token_type: 'bearer';
  expires_in: number;
  refresh_token?: string;
  scope: string;
  resource: string;
}

/** What a consent page shows. All of it except hosts and scopes comes from the client: escape it. */
export interface ConsentDescription {
  clientId: string;
  clientName: string;
  clientDomain?: string;
  clientUri?: string;
  logoUri?: string;
  redirectUri: string;
  redirectHost: string;
  redirectIsLoopback: boolean;
  scope: string[];
}

/** A consent page that is open. */
export interface ConsentTransaction {
  handle: string;
  headers: Headers;
}

/** An approval. */
export interface ApprovedConsent {
  request: AuthRequest;
  headers: Headers;
}

/** A denial. */
export interface DeniedConsent extends ApprovedConsent {
  redirectTo: string;
}

/** A consent to remember, for the user `subject`. `secret` and `maxAgeSeconds` are not used: it is kept in the store, and the user can take it back. */
export interface RememberConsentOptions {
  secret?: string;
  maxAgeSeconds?: number;
  subject?: string;
}

/** A redirect to an upstream provider that has begun. */
export interface UpstreamTransaction {
  state: string;
  headers: Headers;
}

/** Its callback. */
export interface ResumedUpstream<Data = unknown> {
  request: AuthRequest;
  data: Data;
  headers: Headers;
}

/** The result of `tokenExchangeCallback`. */
export interface TokenExchangeCallbackResult {
  accessTokenProps?: Stored;
  newProps?: Stored;
  accessTokenTTL?: number;
  /** For a code: seconds until its grant ends; 0 for no refresh token. */
  refreshTokenTTL?: number;
  /** For a refresh: seconds from it until the grant ends, if it is not refreshed again. */
  refreshTokenIdleTTL?: number;
  accessTokenScope?: string[];
  allowCrossClientExchange?: boolean;
}

/** What `tokenExchangeCallback` gets. */
export interface TokenExchangeCallbackOptions<Env = Cloudflare.Env> {
  grantType: GrantType;
  clientId: string;
  subjectClientId: string;
  userId: string;
  grantId: string;
  scope: string[];
  requestedScope: string[];
  resource: string;
  props: Stored;
  env: Env;
}

/** What `clientRegistrationCallback` gets. */
export interface ClientRegistrationCallbackOptions {
  clientMetadata: Record<string, unknown>;
  request: Request;
}

/** A rejected registration. */
export interface ClientRegistrationCallbackResult {
  code?: string;
  description?: string;
  status?: number;
}

/** What `resolveExternalToken` gets. */
export interface ResolveExternalTokenInput<Env = Cloudflare.Env> {
  token: string;
  request: Request;
  env: Env;
}

/** A valid token of another server. */
export interface ResolveExternalTokenResult {
  props: Stored;
  audience: string;
}

/** Metadata of the protected resource (RFC 9728 §2). */
export interface OAuthProtectedResourceMetadata {
  resource: string;
  authorization_servers?: string[];
  /** @deprecated use `requiredScopes`. */
  scopes_supported?: string[];
  bearer_methods_supported?: string[];
  resource_name?: string;
}

/** The same for a resource server on its own, which has to name its authorization server. */
export interface OAuthResourceMetadata extends OAuthProtectedResourceMetadata {
  authorization_servers: string[];
}

/** An error response, as `onError` gets it. */
export interface ErrorReport {
  code: string;
  description: string;
  status: number;
  headers: Record<string, string>;
  internal: OAuthErrorInternal;
  request?: Request;
}

/** A valid access token, for a resource server over a service binding. */
export interface ValidatedAccessToken<T = Stored> {
  props: T;
  audience: string;
  expiresAt: number;
  scope: string[];
  userId: string;
  clientId: string;
}

/** The service binding of a resource server. */
export interface AuthorizationServerBinding<Props = Stored> {
  validateToken(resource: string, token: string): Promise<ValidatedAccessToken<Props> | null>;
}

/**
 * Types of `enterpriseManagedAuthorization` of `@cloudflare/workers-oauth-provider`, which is experimental there.
 */
import type { ClientInfo } from './types.ts';

/** Why an assertion was rejected. */
export type EmaValidationError = { reason: string; [detail: string]: unknown };

/** Claims of an ID-JAG. */
export interface EmaIdJagClaims {
  iss: string;
  sub: string;
  aud: string | string[];
  resource: string;
  client_id: string;
  jti: string;
  exp: number;
  iat: number;
  scope?: string;
  email?: string;
  [claim: string]: unknown;
}

/** An issuer whose assertions are accepted. */
export interface EmaTrustedIssuer {
  issuer: string;
  jwksUri: string;
  algorithms?: string[];
  audience?: string;
}

/** What {@link EmaTrustedIssuerResolver} gets. */
export interface EmaTrustedIssuerResolverInput<Env = Cloudflare.Env> {
  iss: string;
  env: Env;
  request: Request;
  clientInfo: ClientInfo;
}

/** Finds an issuer. */
export type EmaTrustedIssuerResolver<Env = Cloudflare.Env> = (
  input: EmaTrustedIssuerResolverInput<Env>,
) => Promise<EmaTrustedIssuer | null>;

/** What {@link EmaClaimsMapper} gets. */
export interface EmaClaimsMapperInput<Env = Cloudflare.Env> {
  claims: EmaIdJagClaims;
  clientInfo: ClientInfo;
  resource: string;
  requestedScope: string[];
  request: Request;
  env: Env;
}

/** The grant of an assertion. */
export interface EmaClaimsMapperResult {
  userId: string;
  scope: string[];
  metadata?: unknown;
  props: unknown;
  accessTokenTTL?: number;
}

/** Turns claims into a grant, or rejects them. */
export type EmaClaimsMapper<Env = Cloudflare.Env> = (input: EmaClaimsMapperInput<Env>) => Promise<EmaClaimsMapperResult | null>;

/** The option. */
export interface EmaOptions<Env = Cloudflare.Env> {
  trustedIssuers: EmaTrustedIssuerResolver<Env>;
  mapClaims: EmaClaimsMapper<Env>;
  jwksCacheTtlSeconds?: number;
  clockSkewSeconds?: number;
  maxAssertionLifetimeSeconds?: number;
  /** Must not be true. */
  allowPublicClients?: boolean;
}

/**
 * `enterpriseManagedAuthorization` of `@cloudflare/workers-oauth-provider`: assertions of an enterprise's identity provider (ID-JAG), whose
 * issuer and user functions of the application say for each request. The option is experimental there.
 */
import { checkTypes } from '../lib/check-options.ts';
import { defined } from '../lib/json.ts';
import type { IssuerFinder, MappedUser } from '../model/assertion.ts';
import { infoOf } from './client-shape.ts';
import { OAuthError } from './errors.ts';
import type { ClientInfo } from './types.ts';

const NAME = 'enterpriseManagedAuthorization';
const MIN_TTL = 60;

/** The option as `trustedIssuers`. @throws {TypeError} naming what is wrong. */
export function issuerFinderOf<Env>(options: EmaOptions<Env>): IssuerFinder<Env> {
  checkOptions(options);
  const { trustedIssuers, mapClaims, maxAssertionLifetimeSeconds: maxAssertionLife = 300 } = options;
  const { clockSkewSeconds: clockSkew = 60, jwksCacheTtlSeconds: jwksMaxAge = 300 } = options;
  return async (iss, { client, request, env }) => {
    if (client === null) return null; // a workload
    const clientInfo = infoOf(client);
    const found = await orDenied(() => trustedIssuers({ iss, env, request, clientInfo }));
    if (!found) return null;
    const { issuer, jwksUri, algorithms = ['RS256'], audience } = found;
    return {
      issuer,
      kind: 'enterprise',
      jwksUri,
      algorithms,
      maxAssertionLife,
      clockSkew,
      jwksMaxAge,
      anyClient: true, // as there: the functions of the application see the client
      ...(audience === undefined ? {} : { audience }),
      async user(given, { resource, scope }) {
        const claims = { ...given, resource: given['resource'] ?? resource } as EmaIdJagClaims;
        const requestedScope = [...scope];
        const result = await orDenied(() => mapClaims({ claims, clientInfo, resource, requestedScope, request, env }));
        return result && mappedUser(result);
      },
    };
  };
}

/** What a function says; null if it throws one of the errors that deny. Every other error is a fault of the server. */
async function orDenied<T>(ask: () => T | Promise<T>): Promise<T | null> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof OAuthError && ['invalid_grant', 'access_denied'].includes(error.code)) return null;
    throw error;
  }
}

/** What the function says, checked: an error in it must not become a grant. */
function mappedUser({ userId, scope, props, metadata, accessTokenTTL }: EmaClaimsMapperResult): MappedUser {
  const wrong = (what: string): never => {
    throw new TypeError(`${NAME}.mapClaims: ${what}.`);
  };
  if (userId === undefined || scope === undefined) wrong('`userId` or `scope` is missing');
  if (props === undefined) wrong('`props` is missing');
  if (accessTokenTTL !== undefined && accessTokenTTL < MIN_TTL)
    wrong(`\`accessTokenTTL\` must be a whole number of seconds, at least ${MIN_TTL}`);
  return defined({ userId, scope, props, metadata, accessTokenTTL }) as MappedUser;
}

function checkOptions(options: EmaOptions<never>): void {
  const { trustedIssuers, mapClaims, allowPublicClients = false, ...seconds } = options;
  checkTypes(
    NAME,
    options,
    'trustedIssuers mapClaims jwksCacheTtlSeconds clockSkewSeconds maxAssertionLifetimeSeconds allowPublicClients:boolean',
  );
  if (typeof trustedIssuers !== 'function') throw new TypeError(`${NAME}.trustedIssuers must be a function ({ iss, … }) → issuer or null.`);
  if (typeof mapClaims !== 'function') throw new TypeError(`${NAME}.mapClaims must be a function ({ claims, … }) → user or null.`);
  if (allowPublicClients)
    throw new TypeError(
      `${NAME}.allowPublicClients is not supported: anyone with an assertion could use it. Give the client a secret or a key.`,
    );
  for (const [name, value] of Object.entries(seconds))
    if (value !== undefined && !(Number.isFinite(value) && (value > 0 || (value === 0 && name === 'clockSkewSeconds'))))
      throw new TypeError(`${NAME}.${name} must be a number of seconds greater than 0.`);
}

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

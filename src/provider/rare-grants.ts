/**
 * Grant types that most servers never use, as a part: each is loaded on first use; and the checks of the option
 * `trustedIssuers`, whose messages name the option and the fix. `portcullis/own-pages` leaves them out.
 */
import { lazy } from '../lib/async.ts';
import type { RareGrants } from './parts.ts';
import { DEVICE_CODE, JWT_BEARER, TOKEN_EXCHANGE } from '../model/client.ts';
import type { GrantType, GrantTypes } from '../endpoints/oauth/token.ts';
import { isDocumentUrl } from '../lib/url.ts';
import { checkTypes } from '../lib/check-options.ts';
import { keySetOf } from '../model/key-set.ts';
import { isScopeToken } from '../model/scope.ts';
import type { Settings } from '../model/settings.ts';
import type { IssuerFinder, TrustedIssuer } from '../model/assertion.ts';
import { fail } from '../options/option-checks.ts';

/** By `grant_type`. */
export const rareGrantTypes: GrantTypes = new Map<string, GrantType>([
  [DEVICE_CODE, { give: lazy(async () => (await import('../grants/device-code.ts')).deviceCode) }],
  [TOKEN_EXCHANGE, { give: lazy(async () => (await import('../grants/token-exchange.ts')).tokenExchange) }],
  [JWT_BEARER, { give: lazy(async () => (await import('../grants/jwt-bearer.ts')).jwtBearer), needsNoClient: true }],
]);

/** The part. */
export const rareGrants: RareGrants = { issuersOf, grantTypes: rareGrantTypes };

/** The trusted issuers, checked, or the function that finds them. @throws {TypeError} naming what is wrong. */
export function issuersOf(given: readonly TrustedIssuer[] | IssuerFinder<never>): Pick<Settings, 'trustedIssuers' | 'issuerFinder'> {
  if (typeof given === 'function') return { trustedIssuers: [], issuerFinder: given };
  if (!Array.isArray(given)) fail('trustedIssuers', 'must be a list or a function');
  for (const one of given) {
    checkTypes(
      'OAuthProvider: `trustedIssuers`',
      one,
      'issuer kind jwks jwksUri scope clients:string[] claims:object audience:string algorithms:string[] maxAssertionLife:number user:function',
    );
    checkIssuer(one);
  }
  const twice = given.find((one, at) => given.findIndex(({ issuer, kind }) => issuer === one.issuer && kind === one.kind) !== at);
  if (twice) fail('trustedIssuers', `holds the ${twice.kind} ${JSON.stringify(twice.issuer)} twice; put its rules into one`);
  return { trustedIssuers: given, issuerFinder: null };
}

function checkIssuer({ issuer, kind, jwks, jwksUri, scope, clients, claims, maxAssertionLife = 1, user }: TrustedIssuer): void {
  const wrong = (fix: string): never => fail('trustedIssuers', `, the issuer ${JSON.stringify(issuer)}: ${fix}`);
  if (typeof issuer !== 'string' || issuer === '') wrong('give the `issuer`, exactly as it stands in `iss`');
  if (kind !== 'enterprise' && kind !== 'workload') wrong('`kind` must be "enterprise" or "workload"');
  if ((jwks === undefined) === (jwksUri === undefined)) wrong('give its public keys as `jwks`, or their address as `jwksUri`');
  if (jwks !== undefined && !keySetOf(jwks)) wrong('`jwks` must be `{ keys: [...] }` with public keys only');
  if (jwksUri !== undefined && !isDocumentUrl(jwksUri, true)) wrong('`jwksUri` must be an https URL with a path');
  if (!Array.isArray(scope) || !scope.every((name) => isScopeToken(name)))
    wrong('`scope` must list every scope that its assertions may grant; [] for none');
  if (!(maxAssertionLife > 0)) wrong('`maxAssertionLife` must be a number of seconds above 0');
  if (clients !== undefined && kind === 'workload') wrong('`clients` goes with an enterprise; a workload is no client');
  if (kind === 'workload' && user === undefined && Object.keys(claims ?? {}).length === 0)
    wrong('name the workloads: `claims: { sub: "…" }`, or a function `user`; the platform signs for all its customers');
}

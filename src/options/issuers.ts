/**
 * The option `trustedIssuers`, checked when the provider is made. Trust is spelled out: keys, a ceiling of scopes, and for a platform
 * which of its workloads are meant.
 */
import { isDocumentUrl } from '../lib/document-url.ts';
import { keySetOf } from '../model/key-set.ts';
import { isScopeToken } from '../model/scope.ts';
import type { TrustedIssuer } from '../model/trusted-issuer.ts';
import { fail } from './kinds.ts';

/** The issuers as they were given. @param own our own issuer, where it is known. @throws {TypeError} naming what is wrong. */
export function issuersOf(given: readonly TrustedIssuer[], own?: string): readonly TrustedIssuer[] {
  if (!Array.isArray(given)) fail('trustedIssuers', 'must be a list');
  const issuers = given as readonly TrustedIssuer[];
  for (const one of issuers) checkIssuer(one);
  const twice = issuers.find((one, at) => issuers.findIndex(({ issuer, kind }) => issuer === one.issuer && kind === one.kind) !== at);
  if (twice) fail('trustedIssuers', `holds the ${twice.kind} ${JSON.stringify(twice.issuer)} twice; put its rules into one`);
  if (own !== undefined && issuers.some(({ issuer }) => issuer === own))
    fail('trustedIssuers', 'holds our own issuer, which signs no assertions; remove it');
  return issuers;
}

function checkIssuer({ issuer, kind, jwks, jwksUri, scope, clients, claims, user }: TrustedIssuer): void {
  const wrong = (mend: string): never => fail('trustedIssuers', `, the issuer ${JSON.stringify(issuer)}: ${mend}`);
  if (typeof issuer !== 'string' || issuer === '') wrong('give the `issuer`, exactly as it stands in `iss`');
  if (kind !== 'enterprise' && kind !== 'workload') wrong('`kind` must be "enterprise" or "workload"');
  if ((jwks === undefined) === (jwksUri === undefined)) wrong('give its public keys as `jwks`, or their address as `jwksUri`');
  if (jwks !== undefined && !keySetOf(jwks)) wrong('`jwks` must be `{ keys: [...] }` with public keys only');
  if (jwksUri !== undefined && !isDocumentUrl(jwksUri, true)) wrong('`jwksUri` must be an https URL with a path');
  if (!Array.isArray(scope) || !scope.every((name) => isScopeToken(name)))
    wrong('`scope` must list all that may come of its word; [] for nothing');
  if (clients !== undefined && kind === 'workload') wrong('`clients` goes with an enterprise; a workload is no client');
  if (kind === 'workload' && user === undefined && Object.keys(claims ?? {}).length === 0)
    wrong('say which workloads are meant: `claims: { sub: "…" }`, or a function `user`; the platform signs for all its customers');
}

/**
 * Several token sources at one resource: our own server and a bought one, two tenants of one vendor, keys for programs.
 * A signed token goes to the source that its issuer names; any other is asked of each in turn.
 */
import type { Verifier } from '../guard/token-source.ts';
import { fromBase64url } from '../lib/base64url.ts';
import { fromUtf8 } from '../lib/bytes.ts';
import { parseJson } from '../lib/json.ts';
import { refuse, type TokenSource } from './contract.ts';

const DEEPEST = 16;
const LONGEST = 8192;

/** One source made of several. Who is who depends on `access.issuer`: the same `userId` at two issuers is two people (SEC-144). */
export function anyOf(...sources: readonly TokenSource[]): TokenSource {
  if (sources.length === 0) refuse('anyOf', 'sources', 'are none; name at least one, such as verifyJwt({ issuer })');
  const verify: Verifier = async (token, resource) => {
    const issuer = issuerOf(token);
    const named = sources.filter((source) => issuer !== null && source.authorizationServers.includes(issuer));
    let failure: { readonly error: unknown } | undefined;
    for (const source of named.length > 0 ? named : sources) {
      try {
        const access = await source.verify(token, resource);
        if (access) return access;
      } catch (error) {
        failure ??= { error }; // another source may know the token; if none does, nobody can say it is bad
      }
    }
    if (failure) throw failure.error;
    return null;
  };
  return { authorizationServers: [...new Set(sources.flatMap((source) => source.authorizationServers))], verify };
}

/** The issuer that a signed token names, believed by nobody: it only chooses who checks. */
function issuerOf(token: string): string | null {
  const parts = token.length <= LONGEST ? token.split('.') : [];
  const bytes = parts.length === 3 ? fromBase64url(parts[1] ?? '') : null;
  if (!bytes) return null;
  try {
    const claims = parseJson(fromUtf8(bytes), DEEPEST);
    const issuer = typeof claims === 'object' && claims !== null && 'iss' in claims ? claims.iss : null;
    return typeof issuer === 'string' ? issuer : null;
  } catch {
    return null; // not UTF-8, so no JSON, so no signed token
  }
}

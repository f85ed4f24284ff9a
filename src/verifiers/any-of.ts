/**
 * Combines several token sources for one resource: our own server and another one, two tenants of a vendor, API keys for programs. A token is
 * passed only to the source that it belongs to: first by prefix; a signed token by its issuer; any other to the source of opaque tokens.
 */
import type { OwnTokens, Verifier } from '../guard/token-source.ts';
import { isOwn, mismatch, refuse, signedClaims, type TokenSource } from './contract.ts';

/**
 * Makes one source of several. Users are identified together with `access.issuer`: the same `userId` at two issuers is two users (SEC-144).
 *
 * @throws {TypeError} at start-up if tokens of two sources cannot be told apart.
 * @example
 * guard({ resource: 'https://mcp.example/mcp', ...anyOf(auth0Tokens({ domain: 'acme.eu.auth0.com' }), apiKeys({ prefix: 'acme_', find: () => null })) });
 */
export function anyOf(...sources: readonly TokenSource[]): TokenSource {
  const own = check(sources);
  const authorizationServers = [...new Set(sources.flatMap((source) => source.authorizationServers))];
  const prefixes = own.flatMap(({ prefix }) => prefix ?? []);
  const verify: Verifier = async (token, resource, tell, call) => {
    const prefix = prefixes.find((one) => token.startsWith(one));
    const fits = (one: OwnTokens): boolean => (prefix === undefined ? isOwn(one, token) : one.prefix === prefix);
    let failure: { readonly error: unknown } | undefined;
    let isShown = false;
    for (const source of sources) {
      if (!source.own?.some(fits)) continue;
      isShown = true;
      try {
        const access = await source.verify(token, resource, tell, call);
        if (access) return access;
      } catch (error) {
        failure ??= { error }; // another source of the same issuer may accept the token; if none does, it may still be valid
      }
    }
    if (failure) throw failure.error;
    if (!isShown) tell?.('source_unknown', mismatch('iss', authorizationServers.join(' '), signedClaims(token)?.['iss']));
    return null;
  };
  return { authorizationServers, verify, own, fixedAudience: sources.flatMap(({ fixedAudience = [] }) => fixedAudience) };
}

function check(sources: readonly TokenSource[]): readonly OwnTokens[] {
  if (sources.length === 0) refuse('anyOf', 'sources', 'are none; name at least one, such as verifyJwt({ issuer })');
  for (const [at, source] of sources.entries()) {
    if ('tokenOf' in source)
      refuse(
        'anyOf',
        'sources',
        `hold one that reads a header of its own (number ${at + 1}), such as cloudflareAccess; give that a guard of its own`,
      );
    if (!source.own)
      refuse(
        'anyOf',
        'sources',
        `hold one that does not say which tokens are its own (number ${at + 1}); give it \`own: [{ prefix }]\` or \`own: [{ issuers }]\``,
      );
  }
  const own = sources.flatMap((source) => source.own ?? []);
  const prefixes = own.flatMap(({ prefix }) => prefix ?? []);
  const clash = prefixes.find((one, at) => prefixes.some((other, place) => place !== at && other.startsWith(one)));
  if (clash !== undefined)
    refuse('anyOf', 'sources', `hold two whose tokens begin with ${JSON.stringify(clash)}; give each a prefix of its own`);
  if (own.filter(({ opaque, prefix }) => opaque === true && prefix === undefined).length > 1)
    refuse('anyOf', 'sources', 'hold two for opaque tokens, and nothing tells those apart; give one of them a `prefix`');
  return own;
}

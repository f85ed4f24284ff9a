/**
 * Cloudflare Access in front of the server ("Managed OAuth"): Access is the authorization server, clients hold opaque tokens, and the server
 * gets a JWT in a separate header. Access itself answers 401; this source only verifies the JWT.
 */
import { checked, hostOf, refuse, textClaim, type SourceOptions, type TokenSource } from './contract.ts';
import { signedTokens } from './jwt.ts';

/** Options of {@link cloudflareAccess}. */
export interface CloudflareAccessOptions extends SourceOptions {
  /** `acme.cloudflareaccess.com`. */
  readonly domain: string;
  /** The application's AUD tag, 64 hexadecimal digits. */
  readonly audience: string;
}

/** A token source that reads its own header. */
export interface HeaderTokenSource extends TokenSource {
  /** Returns the token of a request, instead of `Authorization`. */
  readonly tokenOf: (request: Request) => string | null;
}

/**
 * Assertions of Cloudflare Access. With `programs`, service tokens are accepted, with their `common_name` as user and client.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * guard({ resource: 'https://mcp.example/mcp', ...cloudflareAccessTokens({ domain: 'acme.cloudflareaccess.com', audience: 'f'.repeat(64) }) });
 */
export function cloudflareAccessTokens(given: CloudflareAccessOptions): HeaderTokenSource {
  const { domain, audience, ...options } = checked('cloudflareAccessTokens', given, 'domain audience');
  if (!/^[0-9a-f]{64}$/.test(audience ?? ''))
    refuse('cloudflareAccessTokens', 'audience', "must be the application's AUD tag: 64 hexadecimal digits");
  const issuer = `https://${hostOf('cloudflareAccessTokens', 'domain', domain)}`;
  const source = signedTokens('cloudflareAccessTokens', {
    ...options,
    issuer,
    jwksUri: `${issuer}/cdn-cgi/access/certs`,
    audience,
    algorithms: ['RS256'],
    types: ['jwt', ''],
    read: (claims) => {
      if (claims['type'] !== 'app') return null; // an organization token would be valid for all its applications
      const program = textClaim(claims, 'common_name');
      const person = textClaim(claims, 'sub');
      return {
        userId: person ?? program,
        clientId: program ?? textClaim(claims, 'azp') ?? 'cloudflare-access',
        program: program !== undefined,
      };
    },
  });
  return { ...source, tokenOf: (request) => request.headers.get('cf-access-jwt-assertion') };
}

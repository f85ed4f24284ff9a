/**
 * Cloudflare Access in front of the server ("Managed OAuth"): Checked is the authorization server, clients have opaque tokens
 * of it, and what reaches us is a JWT in a header of its own. Access itself says 401; we only check what it vouches for.
 */
import { hostOf, refuse, textClaim, type SourceOptions, type TokenSource } from './contract.ts';
import { verifyJwt } from './jwt.ts';

/** Options of {@link cloudflareAccess}. */
export interface CloudflareAccessOptions extends SourceOptions {
  /** `acme.cloudflareaccess.com`. */
  readonly domain: string;
  /** The application's AUD tag, 64 hexadecimal digits. */
  readonly audience: string;
}

/** A token source that reads a header of its own. */
export interface HeaderTokenSource extends TokenSource {
  /** Where the guard finds the token, instead of `Authorization`. */
  readonly tokenOf: (request: Request) => string | null;
}

/** What Cloudflare Access vouches for. With `programs`, service tokens come with their `common_name` as user and client. */
export function cloudflareAccess({ domain, audience, ...options }: CloudflareAccessOptions): HeaderTokenSource {
  if (!/^[0-9a-f]{64}$/.test(audience ?? ''))
    refuse('cloudflareAccess', 'audience', "must be the application's AUD tag: 64 hexadecimal digits");
  const issuer = `https://${hostOf('cloudflareAccess', 'domain', domain)}`;
  const source = verifyJwt({
    ...options,
    issuer,
    jwksUri: `${issuer}/cdn-cgi/access/certs`,
    audience,
    algorithms: ['RS256'],
    types: ['jwt', ''],
    read: (claims) => {
      if (claims['type'] !== 'app') return null; // an organization's token opens every application of it
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

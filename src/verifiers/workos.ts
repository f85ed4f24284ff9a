/**
 * WorkOS AuthKit as the authorization server. The MCP server's URL must be registered as a resource in its dashboard, or
 * clients get `invalid_target`. Access tokens last minutes, so clients refresh often; that is between them and WorkOS.
 */
import { hostOf, listClaim, textClaim, type Claims, type Reading, type SourceOptions, type TokenSource } from './contract.ts';
import { verifyJwt } from './jwt.ts';

/** Options of {@link workos}. */
export interface WorkosOptions extends SourceOptions {
  /** AuthKit's domain: `acme.authkit.app`, or your custom one. */
  readonly domain: string;
  /** Default: the guarded resource itself. */
  readonly audience?: string | readonly string[];
}

/** Access tokens of WorkOS AuthKit. `props.permissions` holds the permissions of the role, `props.organization` and `props.role` the rest. */
export function workos({ domain, ...options }: WorkosOptions): TokenSource {
  const issuer = `https://${hostOf('workos', 'domain', domain)}`;
  return verifyJwt({
    ...options,
    issuer,
    jwksUri: `${issuer}/oauth2/jwks`,
    types: ['at+jwt', 'jwt'],
    read: (claims) => ({
      permissions: listClaim(claims, 'permissions'),
      ...programOf(claims),
      props: { organization: textClaim(claims, 'org_id'), role: textClaim(claims, 'role') },
    }),
  });
}

/** A machine-to-machine application names itself in `sub` alone. */
function programOf(claims: Claims): Reading {
  const subject = textClaim(claims, 'sub');
  return subject?.startsWith('client_') ? { clientId: subject, program: true } : {};
}

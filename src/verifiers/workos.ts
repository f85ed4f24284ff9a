/**
 * WorkOS AuthKit as the authorization server. The MCP server's URL must be registered as a resource in its dashboard, or clients get
 * `invalid_target`. Access tokens live for minutes, so clients refresh often, with WorkOS.
 */
import { hostOf, listClaim, textClaim, type Claims, type Reading, type SourceOptions, type TokenSource } from './contract.ts';
import { verifyJwt } from './jwt.ts';

/** Options of {@link workos}. */
export interface WorkosOptions extends SourceOptions {
  /** AuthKit's domain: `acme.authkit.app`, or your custom domain. */
  readonly domain: string;
  /** The guarded resource by default. */
  readonly audience?: string | readonly string[] | undefined;
}

/**
 * Access tokens of WorkOS AuthKit. `props.permissions` are those of the role, besides `props.organization` and `props.role`.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * guard({ resource: 'https://mcp.example/mcp', ...workosTokens({ domain: 'acme.authkit.app' }) });
 */
export function workosTokens({ domain, ...options }: WorkosOptions): TokenSource {
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

/** A machine-to-machine application has only its own id in `sub`. */
function programOf(claims: Claims): Reading {
  const subject = textClaim(claims, 'sub');
  return subject?.startsWith('client_') ? { clientId: subject, program: true } : {};
}

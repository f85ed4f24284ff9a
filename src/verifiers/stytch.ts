/**
 * Stytch as the authorization server (Connected Apps), consumer and B2B. Its tokens are for the *project*, not for one MCP server: `aud` is
 * the project's id, unless the client has a custom audience. If a token for one MCP server must not work at another, use separate projects
 * or custom audiences. You host the consent page: see `stytchConsent`.
 */
import { hostOf, listClaim, refuse, textClaim, type Claims, type SourceOptions, type TokenSource } from './contract.ts';
import { verifyJwt } from './jwt.ts';

/** Options of {@link stytch}. */
export interface StytchOptions extends SourceOptions {
  /** The project's domain: `acme.customers.stytch.com`, or your custom domain. */
  readonly domain: string;
  /** The project's id, which is the audience: `project-live-…`. */
  readonly projectId: string;
  /** A custom audience, instead of the project's id. */
  readonly audience?: string | readonly string[] | undefined;
  /** B2B: permissions of each role of the RBAC policy (`{ stytch_admin: ['admin'] }`). Other roles have none. */
  readonly roles?: { readonly [role: string]: readonly string[] } | undefined;
}

const ORGANIZATION = 'https://stytch.com/organization';
const SESSION = 'https://stytch.com/session';

/**
 * Access tokens of a Stytch project. With `roles`, `props.permissions` are those of the member's roles; `props.organization` is the
 * organization's id.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * guard({ resource: 'https://mcp.example/mcp', ...stytchTokens({ domain: 'acme.customers.stytch.com', projectId: 'project-live-abc' }) });
 */
export function stytchTokens({ domain, projectId, roles, audience = projectId, ...options }: StytchOptions): TokenSource {
  if (typeof projectId !== 'string' || !projectId.startsWith('project-'))
    refuse('stytch', 'projectId', 'must be the id of the project, such as "project-live-…", from the dashboard');
  return verifyJwt({
    ...options,
    issuer: `https://${hostOf('stytch', 'domain', domain)}`,
    audience,
    algorithms: ['RS256'],
    types: ['at+jwt', 'jwt'],
    read: (claims) => ({
      ...(roles && {
        permissions: [...new Set(rolesOf(claims).flatMap((role) => (Object.hasOwn(roles, role) ? (roles[role] ?? []) : [])))],
      }),
      ...(textClaim(claims, 'sub')?.startsWith('m2m-client-') && { program: true }),
      props: { organization: within(claims, ORGANIZATION, 'organization_id') },
    }),
  });
}

function rolesOf(claims: Claims): readonly string[] {
  const session = claims[SESSION];
  return typeof session === 'object' && session !== null ? listClaim(session as Claims, 'roles') : listClaim(claims, 'roles');
}

function within(claims: Claims, name: string, member: string): unknown {
  const value = claims[name];
  return typeof value === 'object' && value !== null ? (value as Claims)[member] : undefined;
}

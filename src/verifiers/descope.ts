/**
 * Descope as the authorization server ("MCP Server" in its console). The issuer contains project and MCP server.
 */
import { checked, listClaim, refuse, textClaim, type SourceOptions, type TokenSource } from './contract.ts';
import { signedTokens } from './jwt.ts';

/** Options of {@link descope}. */
export interface DescopeOptions extends SourceOptions {
  /** `P2…`. */
  readonly projectId: string;
  /** Id of the MCP server in the console. */
  readonly mcpServerId: string;
  /** The guarded resource by default. Set the project's id for servers without a resource URL in the console. */
  readonly audience?: string | readonly string[] | undefined;
  /** `https://api.descope.com` by default; differs for regions and custom domains. */
  readonly baseUrl?: string | undefined;
}

/**
 * Access tokens of Descope. `props.permissions` are its permissions, `props.organization` is the tenant.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * guard({ resource: 'https://mcp.example/mcp', ...descopeTokens({ projectId: 'P2abc', mcpServerId: 'MS2abc' }) });
 */
export function descopeTokens(given: DescopeOptions): TokenSource {
  const {
    projectId,
    mcpServerId,
    baseUrl = 'https://api.descope.com',
    ...options
  } = checked('descopeTokens', given, 'projectId:string mcpServerId:string audience baseUrl:string');
  for (const [name, value] of Object.entries({ projectId, mcpServerId }))
    if (!/^[\w-]+$/.test(value ?? '')) refuse('descopeTokens', name, 'must be the id that the console shows');
  return signedTokens('descopeTokens', {
    ...options,
    issuer: `${baseUrl}/v1/apps/agentic/${projectId}/${mcpServerId}`,
    jwksUri: `${baseUrl}/${projectId}/.well-known/jwks.json`,
    types: ['at+jwt', 'jwt'],
    read: (claims) => ({
      permissions: listClaim(claims, 'permissions'),
      ...(/^K[0-9]/.test(String(claims['sub'])) && { program: true }), // an access key; users begin with U
      props: { organization: textClaim(claims, 'dct') },
    }),
  });
}

/**
 * Vendors whose access tokens name the MCP server in `aud`: Auth0, Descope, Keycloak, Logto, Okta and Scalekit, each as the authorization server.
 */
import { checked, type Claims, hostOf, isSafeUrl, listClaim, refuse, type SourceOptions, textClaim, type TokenSource } from './contract.ts';
import { signedTokens } from './jwt.ts';

/** Options of {@link auth0Tokens}. */
export interface Auth0Options extends SourceOptions {
  /** The tenant: `acme.eu.auth0.com`, or your custom domain. */
  readonly domain: string;
  /** The API's identifier; the guarded resource by default. */
  readonly audience?: string | readonly string[] | undefined;
}

/**
 * Access tokens of an Auth0 tenant. `props.permissions` are those of RBAC, `props.organization` is the organization's id.
 *
 * Roles become permissions if "Enable RBAC" and "Add Permissions in the Access Token" are on for the API. The API's identifier must be the URL of
 * your MCP server, and the tenant needs the Resource Parameter Compatibility Profile, or Auth0 gives clients tokens for its own userinfo endpoint.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * guard({ resource: 'https://mcp.example/mcp', ...auth0Tokens({ domain: 'acme.eu.auth0.com' }) });
 */
export function auth0Tokens(given: Auth0Options): TokenSource {
  const { domain, ...options } = checked('auth0Tokens', given, 'domain audience');
  return signedTokens('auth0Tokens', {
    ...options,
    issuer: `https://${hostOf('auth0Tokens', 'domain', domain)}/`, // ends with a slash
    algorithms: ['RS256', 'PS256'],
    types: ['at+jwt', 'jwt'], // the older of its two token formats uses "JWT"
    read: (claims) => ({
      permissions: listClaim(claims, 'permissions'),
      ...(isMachineToMachine(claims) && { program: true }),
      props: { organization: textClaim(claims, 'org_id') },
    }),
  });
}

/** Whether it is a machine-to-machine application: its `sub` is the client's id with the suffix `@clients`. */
function isMachineToMachine(claims: Claims): boolean {
  return claims['gty'] === 'client-credentials' || textClaim(claims, 'sub')?.endsWith('@clients') === true;
}

/** Options of {@link descopeTokens}. */
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
 * Access tokens of Descope, for an "MCP Server" of its console. `props.permissions` are its permissions, `props.organization` is the tenant.
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

/** Options of {@link keycloakTokens}. */
export interface KeycloakOptions extends SourceOptions {
  /** URL of the realm: `https://id.example/realms/acme`. */
  readonly realm: string;
  /** The guarded resource by default. */
  readonly audience?: string | readonly string[] | undefined;
  /** The client whose roles count as permissions, besides the realm's. */
  readonly rolesOf?: string | undefined;
}

/**
 * Access tokens of a Keycloak realm. `props.permissions` are the roles of the realm, and of the client in `rolesOf`. `aud` needs an audience mapper
 * in a client scope.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * guard({ resource: 'https://mcp.example/mcp', ...keycloakTokens({ realm: 'https://id.example/realms/acme' }) });
 */
export function keycloakTokens(given: KeycloakOptions): TokenSource {
  const { realm, rolesOf, ...options } = checked('keycloakTokens', given, 'realm audience rolesOf:string');
  if (!isSafeUrl(realm) || !/\/realms\/[^/]+$/.test(realm))
    refuse('keycloakTokens', 'realm', "must be the realm's URL, such as https://id.example/realms/acme, with no slash at the end");
  return signedTokens('keycloakTokens', {
    ...options,
    issuer: realm,
    jwksUri: `${realm}/protocol/openid-connect/certs`,
    types: ['jwt', 'at+jwt'],
    read: (claims) => {
      if (claims['typ'] !== 'Bearer') return null; // an ID or refresh token, signed with the same keys
      const clients = part(claims, 'resource_access');
      const roles = [...listClaim(part(claims, 'realm_access'), 'roles'), ...(rolesOf ? listClaim(part(clients, rolesOf), 'roles') : [])];
      return { permissions: [...new Set(roles)], ...(isServiceAccount(claims) && { program: true }) };
    },
  });
}

function part(claims: Claims, name: string): Claims {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  return typeof value === 'object' && value !== null ? (value as Claims) : {};
}

/** Whether it is a service account: by its user name, or by claims that only service account mappers add. */
function isServiceAccount(claims: Claims): boolean {
  const isNamed = textClaim(claims, 'preferred_username')?.startsWith('service-account-') === true;
  return isNamed || claims['clientHost'] !== undefined || claims['clientAddress'] !== undefined || claims['sub'] === claims['azp'];
}

/** Options of {@link logtoTokens}. */
export interface LogtoOptions extends SourceOptions {
  /** The tenant's endpoint without `https://`: `acme.logto.app`. */
  readonly domain: string;
  /** Indicator of the API resource; the guarded resource by default. */
  readonly audience?: string | readonly string[] | undefined;
}

/**
 * Access tokens of Logto. Its permissions are scopes; `props.organization` is the organization's id. Its tokens are JWTs only for a registered API
 * resource: create one with the MCP URL.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * guard({ resource: 'https://mcp.example/mcp', ...logtoTokens({ domain: 'acme.logto.app' }) });
 */
export function logtoTokens(given: LogtoOptions): TokenSource {
  const { domain, ...options } = checked('logtoTokens', given, 'domain audience');
  const issuer = `https://${hostOf('logtoTokens', 'domain', domain)}/oidc`;
  return signedTokens('logtoTokens', {
    ...options,
    issuer,
    jwksUri: `${issuer}/jwks`,
    read: (claims) => ({ props: { organization: textClaim(claims, 'organization_id') } }),
  });
}

/** Options of {@link oktaTokens}. */
export interface OktaOptions extends SourceOptions {
  /** `acme.okta.com`, or your custom domain. */
  readonly domain: string;
  /** Id of the custom authorization server; `default` by default. */
  readonly authorizationServer?: string | undefined;
  /** As configured at the authorization server (`api://default`); the guarded resource by default. */
  readonly audience?: string | readonly string[] | undefined;
}

/**
 * Access tokens of a custom authorization server of Okta (also "default"): those of the org server are for Okta only. `props.permissions` are the
 * groups, if the server adds a claim `groups`.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * guard({ resource: 'https://mcp.example/mcp', ...oktaTokens({ domain: 'acme.okta.com', audience: 'api://default' }) });
 */
export function oktaTokens(given: OktaOptions): TokenSource {
  const {
    domain,
    authorizationServer = 'default',
    ...options
  } = checked('oktaTokens', given, 'domain authorizationServer:string audience');
  if (!/^\w+$/.test(authorizationServer))
    refuse('oktaTokens', 'authorizationServer', 'must be the id of a custom authorization server, such as "default"');
  const issuer = `https://${hostOf('oktaTokens', 'domain', domain)}/oauth2/${authorizationServer}`;
  return signedTokens('oktaTokens', {
    ...options,
    issuer,
    jwksUri: `${issuer}/v1/keys`,
    algorithms: ['RS256'],
    types: ['at+jwt', 'okta-internal-at+jwt', 'jwt'],
    read: (claims) => {
      const clientId = textClaim(claims, 'cid');
      if (clientId === undefined) return null; // an ID token has none
      return {
        userId: textClaim(claims, 'uid') ?? textClaim(claims, 'sub'),
        clientId,
        scope: listClaim(claims, 'scp'),
        permissions: listClaim(claims, 'groups'),
        program: claims['uid'] === undefined || claims['sub'] === clientId, // only users have a uid
      };
    },
  });
}

/** Options of {@link scalekitTokens}. */
export interface ScalekitOptions extends SourceOptions {
  /** Host of the environment: `acme.scalekit.com`. */
  readonly domain: string;
  /** Id of the MCP server as a resource: `res_…`. */
  readonly resourceId: string;
}

/**
 * Access tokens of Scalekit, for the resource's id or URL. `props.permissions` are its permissions, `props.organization` is the organization. Clients
 * discover it under the *resource's* URL; its tokens have the environment's issuer.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * guard({ resource: 'https://mcp.example/mcp', ...scalekitTokens({ domain: 'acme.scalekit.com', resourceId: 'res_123' }) });
 */
export function scalekitTokens(given: ScalekitOptions): TokenSource {
  const { domain, resourceId, ...options } = checked('scalekitTokens', given, 'domain resourceId');
  const environment = `https://${hostOf('scalekitTokens', 'domain', domain)}`;
  if (!/^res_\w+$/.test(resourceId ?? '')) refuse('scalekitTokens', 'resourceId', 'must be the id of the resource, such as "res_123"');
  const source = signedTokens('scalekitTokens', {
    ...options,
    issuer: environment,
    jwksUri: `${environment}/keys`,
    audience: resourceId,
    types: ['at+jwt', 'jwt'],
    read: (claims) => ({
      scope: [...listClaim(claims, 'scope'), ...listClaim(claims, 'scopes')],
      permissions: listClaim(claims, 'permissions'),
      props: { organization: textClaim(claims, 'oid') },
    }),
  });
  return { ...source, authorizationServers: [`${environment}/resources/${resourceId}`] };
}

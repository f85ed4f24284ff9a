/**
 * Keycloak as the authorization server. Its access tokens have `typ: Bearer` among the *claims*; ID and refresh tokens, signed with the same
 * keys, have another value. `aud` needs an audience mapper in a client scope.
 */
import { checked, isSafeUrl, listClaim, refuse, textClaim, type Claims, type SourceOptions, type TokenSource } from './contract.ts';
import { signedTokens } from './jwt.ts';

/** Options of {@link keycloak}. */
export interface KeycloakOptions extends SourceOptions {
  /** URL of the realm: `https://id.example/realms/acme`. */
  readonly realm: string;
  /** The guarded resource by default. */
  readonly audience?: string | readonly string[] | undefined;
  /** The client whose roles count as permissions, besides the realm's. */
  readonly rolesOf?: string | undefined;
}

/**
 * Access tokens of a Keycloak realm. `props.permissions` are the roles of the realm, and of the client in `rolesOf`.
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
      if (claims['typ'] !== 'Bearer') return null;
      const clients = part(claims, 'resource_access');
      const roles = [...listClaim(part(claims, 'realm_access'), 'roles'), ...(rolesOf ? listClaim(part(clients, rolesOf), 'roles') : [])];
      return { permissions: [...new Set(roles)], ...(isProgram(claims) && { program: true }) };
    },
  });
}

function part(claims: Claims, name: string): Claims {
  const value = Object.hasOwn(claims, name) ? claims[name] : undefined;
  return typeof value === 'object' && value !== null ? (value as Claims) : {};
}

/** Whether it is a service account: by its user name, or by claims that only service account mappers add. */
function isProgram(claims: Claims): boolean {
  const isNamed = textClaim(claims, 'preferred_username')?.startsWith('service-account-') === true;
  return isNamed || claims['clientHost'] !== undefined || claims['clientAddress'] !== undefined || claims['sub'] === claims['azp'];
}

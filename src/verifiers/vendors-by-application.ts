/**
 * Vendors whose tokens name an application that is registered with them, not the URL of the MCP server: Cloudflare Access and Microsoft Entra ID.
 */
import { checked, type Claims, hostOf, listClaim, refuse, type SourceOptions, textClaim, type TokenSource } from './contract.ts';
import { signedTokens } from './jwt.ts';
import { CLOUDS } from '../lib/microsoft.ts';

/** Options of {@link cloudflareAccessTokens}. */
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
 * Assertions of Cloudflare Access in front of the server ("Managed OAuth"): Access is the authorization server, clients hold opaque tokens, and the
 * server gets a JWT in a separate header. Access itself answers 401; this source only verifies the JWT. With `programs`, service tokens are accepted,
 * with their `common_name` as user and client.
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

/** Options of {@link entraTokens}. */
export interface EntraOptions extends SourceOptions {
  /** The tenant's id (a GUID). A list for an application of several tenants, whose tokens have different issuers. */
  readonly tenant: string | readonly string[];
  /** Application (client) id of your API. */
  readonly clientId: string;
  /** The tenant's national cloud; `public` by default. */
  readonly cloud?: keyof typeof CLOUDS | undefined;
}

const GUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

/**
 * Access tokens of Entra ID, version 2. `props.permissions` are the app roles, `props.tenant` is the tenant. Users are identified by `oid` within
 * `tid`, never by e-mail.
 *
 * Tokens of version 1 (`iss` begins with https://sts.windows.net) are refused: set `requestedAccessTokenVersion` to 2 in the manifest of your API.
 * Entra has no dynamic client registration: register each client by hand, or use our server with Entra as an upstream.
 *
 * @throws {TypeError} at start-up for a wrong option.
 * @example
 * const [tenant, clientId] = ['00000000-0000-0000-0000-000000000001', '00000000-0000-0000-0000-000000000002'];
 * guard({ resource: 'https://mcp.example/mcp', ...entraTokens({ tenant, clientId }) });
 */
export function entraTokens(given: EntraOptions): TokenSource {
  const { tenant, clientId, cloud = 'public', ...options } = checked('entraTokens', given, 'tenant clientId cloud');
  if (!Object.hasOwn(CLOUDS, cloud)) refuse('entraTokens', 'cloud', `must be ${Object.keys(CLOUDS).join(', ')}`);
  const issuerOf = (one: string): string => `https://${CLOUDS[cloud]}/${one}/v2.0`;
  const tenants = [tenant].flat().map((one) => String(one).toLowerCase()); // as in tokens
  const wrong = tenants.find((one) => !GUID.test(one));
  if (tenants.length === 0 || wrong !== undefined)
    refuse(
      'entraTokens',
      'tenant',
      `must be the tenant's id, a GUID; "common" would let in every company there is. It is ${JSON.stringify(wrong)}`,
    );
  if (!GUID.test(clientId ?? '')) refuse('entraTokens', 'clientId', "must be the application's id, a GUID");
  const first = tenants[0] ?? '';
  const source = signedTokens('entraTokens', {
    ...options,
    issuer: issuerOf(first),
    jwksUri: `https://${CLOUDS[cloud]}/${tenants.length === 1 ? first : 'common'}/discovery/v2.0/keys`,
    audience: [...new Set([clientId.toLowerCase(), `api://${clientId.toLowerCase()}`, clientId, `api://${clientId}`])],
    algorithms: ['RS256'],
    types: ['jwt', 'at+jwt'],
    acceptIssuer: (claims) => tenants.some((one) => claims['tid'] === one && claims['iss'] === issuerOf(one)),
    read: (claims) => readEntra(claims),
  });
  return { ...source, authorizationServers: tenants.map(issuerOf) };
}

function readEntra(claims: Claims): ReturnType<NonNullable<Parameters<typeof signedTokens>[1]['read']>> {
  const [oid, tid] = [textClaim(claims, 'oid'), textClaim(claims, 'tid')];
  if (oid === undefined || tid === undefined) return null;
  return {
    userId: `${tid}.${oid}`,
    clientId: textClaim(claims, 'azp') ?? textClaim(claims, 'appid'),
    scope: listClaim(claims, 'scp'),
    permissions: listClaim(claims, 'roles'),
    program: claims['idtyp'] === 'app' || listClaim(claims, 'scp').length === 0, // a user's token always has a scope
    props: { tenant: tid },
  };
}

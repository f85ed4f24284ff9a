/**
 * Microsoft Entra ID as the authorization server. Users are identified by `oid` within `tid`, never by e-mail; v2 tokens have the
 * application's id as audience. Tokens of version 1 (`iss` begins with https://sts.windows.net) are refused: set
 * `requestedAccessTokenVersion` to 2 in the manifest of your API. Entra has no dynamic client registration: register each client by hand, or
 * use our server with Entra as an upstream.
 */
import { CLOUDS } from '../lib/microsoft.ts';
import { checked, listClaim, refuse, textClaim, type Claims, type SourceOptions, type TokenSource } from './contract.ts';
import { signedTokens } from './jwt.ts';

/** Options of {@link entra}. */
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
 * Access tokens of Entra ID, version 2. `props.permissions` are the app roles, `props.tenant` is the tenant.
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

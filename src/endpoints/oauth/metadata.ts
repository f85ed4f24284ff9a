/**
 * Metadata document (RFC 8414 §2), generated from the tables of grants and endpoints, once per issuer. And the JWK Set (RFC 7517 §5), for
 * resource servers that verify signed access tokens.
 */
import type { AuthServer } from '../../core/auth-server.ts';
import { offeredGrantTypes, type Settings } from '../../model/settings.ts';
import { CROSS_ORIGIN } from '../../lib/http.ts';
import { ASSERTION_ALGS, CLIENT_AUTH_METHODS as METHODS, DPOP_ALGS } from '../../model/client.ts';
import { OFFLINE_ACCESS } from '../../model/scope.ts';
import type { Call } from '../endpoint.ts';
import { lazy } from '../../lib/async.ts';

const publicKeys = lazy(async () => (await import('../../core/signing-keys.ts')).publicKeys); // few servers sign
/** Named in metadata if an enterprise is trusted. */
const ID_JAG_PROFILE = 'urn:ietf:params:oauth:grant-profile:id-jag';
const built = new WeakMap<Settings, string>();

/** GET and HEAD of the metadata document. */
export async function metadata({ as, request }: Call): Promise<Response> {
  let text = built.get(as.settings);
  if (text === undefined) built.set(as.settings, (text = JSON.stringify(documentOf(as))));
  return new Response(request.method === 'HEAD' ? null : text, {
    headers: { ...CROSS_ORIGIN, 'content-type': 'application/json', 'cache-control': 'public, max-age=300' },
  });
}

function documentOf({ settings, fetchDocument }: AuthServer): Record<string, unknown> {
  const { issuer, origin, paths } = settings;
  const scopes = [...settings.scopesSupported.map(({ name }) => name), ...(settings.refreshTokenIdleTTL > 0 ? [OFFLINE_ACCESS] : [])];
  const at = (path: string): string => origin + path;
  return {
    issuer,
    authorization_endpoint: at(paths.authorize),
    token_endpoint: at(paths.token),
    ...(paths.register === null ? {} : { registration_endpoint: at(paths.register) }),
    revocation_endpoint: at(paths.revoke),
    introspection_endpoint: at(paths.introspect),
    ...(settings.resources.some(({ accessTokenSigning }) => accessTokenSigning !== undefined) ? { jwks_uri: at(paths.jwks) } : {}),
    ...(paths.deviceAuthorization === null ? {} : { device_authorization_endpoint: at(paths.deviceAuthorization) }),
    dpop_signing_alg_values_supported: DPOP_ALGS,
    pushed_authorization_request_endpoint: at(paths.push),
    ...(settings.requirePushedAuthorizationRequests ? { require_pushed_authorization_requests: true } : {}),
    ...(scopes.length === 0 ? {} : { scopes_supported: scopes }),
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: offeredGrantTypes(settings),
    // The trusted issuers are not disclosed (EMA §6); clients only look for whether there are any.
    ...(settings.issuerFinder !== null || settings.trustedIssuers.some(({ kind }) => kind === 'enterprise')
      ? { authorization_grant_profiles_supported: [ID_JAG_PROFILE] }
      : {}),
    token_endpoint_auth_methods_supported: METHODS,
    token_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGS,
    revocation_endpoint_auth_methods_supported: METHODS,
    revocation_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGS,
    introspection_endpoint_auth_methods_supported: METHODS.filter((method) => method !== 'none'),
    introspection_endpoint_auth_signing_alg_values_supported: ASSERTION_ALGS,
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    ...(fetchDocument === null ? {} : { client_id_metadata_document_supported: true }),
  };
}

/** GET and HEAD of the key set. */
export async function jwks({ as, request }: Call): Promise<Response> {
  const text = JSON.stringify({ keys: await publicKeys(as) });
  return new Response(request.method === 'HEAD' ? null : text, {
    headers: { ...CROSS_ORIGIN, 'content-type': 'application/json', 'cache-control': 'public, max-age=300' },
  });
}

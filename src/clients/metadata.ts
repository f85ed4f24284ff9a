/**
 * Client metadata of registrations and metadata documents (RFC 7591 §2). Unknown members are ignored, and so are odd values of members that
 * are only displayed or echoed (a name, a link, a scope). An empty value (`null`, `""`, `[]`) counts as absent: many libraries write every member.
 * A member that decides what the client may do is read, replaced where the answer says so and nothing is weaker for it (RFC 7591 §3.2.1), or the
 * registration is refused.
 * Keys are `jwks` or `jwks_uri`, never both; a private or symmetric key is refused: in a public place it is a leak.
 */
import { parseJson } from '../lib/json.ts';
import { isDocumentUrl } from '../lib/url.ts';
import { type Client, type ClientAuthMethod, DEVICE_CODE, CLIENT_AUTH_METHODS as METHODS } from '../model/client.ts';
import { isShortText, localizedOf, MAX_URI_LENGTH, webUriOf } from '../model/display.ts';
import { OAuthError } from '../model/error.ts';
import { keySetOf } from '../model/key-set.ts';
import { checkRedirectUri, isUsableScheme, type RedirectKind } from '../model/redirect.ts';
import { parseScope } from '../model/scope.ts';

/** The members of {@link Client} that a registration sets. */
export type ClientMetadata = Pick<
  Client,
  | 'name' | 'names' | 'uri' | 'logoUri' | 'policyUri' | 'tosUri' | 'links' | 'contacts' | 'redirectUris' | 'applicationType' | 'grantTypes'
  | 'authMethod' | 'methodChosen' | 'scope' | 'pushedOnly' | 'dpopBound'
>; // prettier-ignore

const MAX_REDIRECTS = 16;
/** Addresses of contacts; further ones are ignored. */
const MAX_CONTACTS = 8;
const MAX_DEPTH = 16;
const NO_FETCH: KeyRules = { canFetch: false, isLoopback: false };

/**
 * Parses a registration.
 *
 * @param grantTypes that such a client may have; others are dropped, and the rest is echoed (RFC 7591 §3.2.1).
 * @throws {OAuthError} `invalid_redirect_uri` or `invalid_client_metadata`, with a text that names the member.
 */
export function parseMetadata(text: string, grantTypes: readonly string[], rules: KeyRules = NO_FETCH): ClientMetadata & ClientKeys {
  const given = parseMembers(text);
  const chosen = authMethodOf(given);
  const authMethod = chosen ?? 'client_secret_basic';
  const keys = authMethod === 'private_key_jwt' ? clientKeysOf(given, rules) : {};
  if ('problem' in keys) throw invalid(keys.reason, keys.problem);
  if (authMethod === 'private_key_jwt' && !hasKeys(keys)) throw invalid('keys_missing', 'private_key_jwt needs jwks or jwks_uri.');
  return { ...metadataOf(given, grantTypes, authMethod, rules.redirectSchemes), ...keys, ...(chosen ? { methodChosen: true } : {}) };
}

/** The members that registrations and metadata documents have in common: everything except client authentication. */
export function metadataOf(
  given: Members,
  grantTypes: readonly string[],
  authMethod: ClientAuthMethod,
  schemes?: readonly string[],
): ClientMetadata {
  const keysAt = given.get('jwks_uri') ?? '';
  if (keysAt !== '' && webUriOf(keysAt) === undefined) throw invalid('jwks_uri', 'jwks_uri must be a public https URL.');
  const types = grantTypesOf(given, grantTypes);
  // The RFC's default is web, but MCP clients without one, or with one of their own ("spa"), are mostly native.
  const applicationType = given.get('application_type') === 'web' ? 'web' : 'native';
  const redirectUris = redirectsOf(given, types, applicationType, schemes);
  const name = given.get('client_name');
  const scope = scopeOf(given.get('scope'));
  return {
    redirectUris,
    applicationType,
    grantTypes: types,
    authMethod,
    ...(isShortText(name) ? { name } : {}),
    ...aboutOf(given),
    ...(scope === undefined ? {} : { scope }),
    ...(isSet(given, 'require_pushed_authorization_requests') ? { pushedOnly: true } : {}),
    ...(isSet(given, 'dpop_bound_access_tokens') ? { dpopBound: true } : {}),
  };
}

/** What pages show of a client besides its name. Nothing depends on it, so an odd value is ignored. */
function aboutOf(given: Members): Pick<Client, 'names' | 'links' | 'uri' | 'logoUri' | 'policyUri' | 'tosUri' | 'contacts'> {
  const [uri, logoUri, policyUri, tosUri] = ['client_uri', 'logo_uri', 'policy_uri', 'tos_uri'].map((name) => webUriOf(given.get(name)));
  const usable = textsOf(given.get('contacts')).filter(isShortText).slice(0, MAX_CONTACTS);
  return {
    ...localizedOf(given),
    ...(uri === undefined ? {} : { uri }),
    ...(logoUri === undefined ? {} : { logoUri }),
    ...(policyUri === undefined ? {} : { policyUri }),
    ...(tosUri === undefined ? {} : { tosUri }),
    ...(usable.length > 0 ? { contacts: usable } : {}),
  };
}

/** Metadata members by name. */
export type Members = ReadonlyMap<string, unknown>;

/** The members of a JSON object, without empty ones. @throws {OAuthError} `invalid_client_metadata` for any other text. */
export function parseMembers(text: string): Members {
  const value = parseJson(text, MAX_DEPTH);
  if (value === undefined) throw invalid('not_json', 'The body is not JSON, is nested too deeply, or has a name twice.');
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid('not_object', 'The body is not a JSON object.');
  return new Map(Object.entries(value).filter(([, one]) => one !== null && one !== '' && !(Array.isArray(one) && one.length === 0)));
}

/** What is wrong with a redirect URI that is left out beside others: it is not registered, so nothing is ever sent there, and the answer lists what is. */
const LEFT_OUT = ['redirect_insecure', 'redirect_fragment', 'redirect_reserved_parameter'];

/**
 * Only a client that never uses a browser may have none: a device. What people or parsers may read in two ways (a user name, a script scheme, a
 * control character) refuses the whole: such a list was made to deceive, or is damaged.
 */
function redirectsOf(
  given: Members,
  grantTypes: readonly string[],
  type: 'native' | 'web',
  schemes?: readonly string[],
): readonly string[] {
  const uris = textsOf(given.get('redirect_uris'));
  if (!given.has('redirect_uris') && !grantTypes.includes('authorization_code')) return [];
  if (uris.length === 0)
    throw new OAuthError('invalid_redirect_uri', 'redirects_missing', { hint: 'redirect_uris must be a list of at least one URI.' });
  if (uris.length > MAX_REDIRECTS)
    throw new OAuthError('invalid_redirect_uri', 'redirects_too_many', { hint: `At most ${MAX_REDIRECTS} redirect_uris.` });
  const kinds = new Map<string, RedirectKind>();
  let problem: OAuthError | undefined;
  for (const uri of uris) {
    try {
      kinds.set(uri, checkRedirectUri(uri));
    } catch (error) {
      if (!(error instanceof OAuthError) || !LEFT_OUT.includes(error.reason)) throw error;
      problem ??= error;
    }
  }
  // SDKs call a client with redirect URIs of both kinds "web": the loopback ones are left out.
  const kept = [...kinds.keys()].filter((uri) => type === 'native' || kinds.get(uri) !== 'loopback');
  if (kept.some((uri) => kinds.get(uri) !== 'private-use' || isUsableScheme(uri, schemes))) return kept;
  if (problem !== undefined) throw problem;
  if (kept.length > 0) throw new OAuthError('invalid_redirect_uri', 'redirects_unusable');
  throw new OAuthError('invalid_redirect_uri', 'web_client_on_loopback', {
    hint: 'A web client cannot use a loopback redirect_uri; register as application_type "native".',
  });
}

function grantTypesOf(given: Members, supported: readonly string[]): readonly string[] {
  const types = given.has('grant_types') ? namesOf(given.get('grant_types')) : supported.filter((type) => type !== DEVICE_CODE); // a device must name its grant type
  const responses = given.has('response_types') ? namesOf(given.get('response_types')) : ['code'];
  const accepted = [...new Set(types.filter((type) => supported.includes(type)))];
  if (!accepted.includes('authorization_code') && !accepted.includes(DEVICE_CODE))
    throw invalid('grant_types_unusable', 'grant_types must contain "authorization_code".');
  if (accepted.includes('authorization_code') && !responses.includes('code'))
    throw invalid('response_types_unusable', 'response_types must contain "code".');
  return accepted;
}

/**
 * The method that the client chose; undefined if it chose none, or one that no one knows, and is given a secret. One that is stronger than a
 * secret is not replaced by it: the client would get past the consent of its user, and then authenticate in a way that is not checked here.
 */
function authMethodOf(given: Members): ClientAuthMethod | undefined {
  const asked = textsOf(given.get('token_endpoint_auth_method'))[0]?.toLowerCase();
  const method = METHODS.find((one) => one === asked);
  if (!method && /jwt|tls/.test(asked ?? ''))
    throw invalid('token_endpoint_auth_method', `token_endpoint_auth_method must be one of ${METHODS.join(', ')}.`);
  return method;
}

/** Echoed and no limit, so an odd value is ignored (RFC 7591 §2). Some clients send a list. */
function scopeOf(value: unknown): readonly string[] | undefined {
  const text = isTexts(value) ? value.join(' ') : value;
  if (typeof text !== 'string' || text.length > MAX_URI_LENGTH) return undefined;
  try {
    return parseScope(text);
  } catch (error) {
    if (error instanceof OAuthError) return undefined;
    throw error;
  }
}

/** What a client wants to be held to: never dropped because it is unclear. Some libraries write it as text. */
function isSet(given: Members, name: string): boolean {
  const value = given.get(name) ?? false;
  const text = typeof value === 'boolean' || typeof value === 'string' ? `${value}`.toLowerCase() : '';
  if (text !== 'true' && text !== 'false') throw invalid(name, `${name} must be true or false.`);
  return text === 'true';
}

/** The texts of a list, or the one text in place of a list. */
function textsOf(value: unknown): readonly string[] {
  return (Array.isArray(value) ? value : [value]).filter((one) => typeof one === 'string' && one !== '');
}

/** The same for names, which have no spaces and commas: in one text, these separate several. */
function namesOf(value: unknown): readonly string[] {
  return typeof value === 'string' ? value.split(/[\s,]+/) : textsOf(value);
}

/** Whether a value is a list of strings. */
export function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}

/** @param what names the invalid member, or the problem with the whole. */
function invalid(what: string, hint: string): OAuthError {
  return new OAuthError('invalid_client_metadata', `metadata_${what}`, { hint });
}

/** The members of a client that contain its keys. */
export type ClientKeys = Pick<Client, 'jwks' | 'jwksUri'>;

/** Rules for keys. */
export interface KeyRules {
  /** Whether the server can fetch a `jwks_uri`. */
  readonly canFetch: boolean;
  /** Whether http on loopback is accepted, for development. */
  readonly isLoopback: boolean;
  /** Accepted private-use schemes for redirect URIs. */
  readonly redirectSchemes?: readonly string[];
}

/** The keys in the metadata (possibly none), or what is wrong with them. */
export function clientKeysOf(
  given: ReadonlyMap<string, unknown>,
  rules: KeyRules,
): ClientKeys | { readonly reason: string; readonly problem: string } {
  const [jwks, uri] = [given.get('jwks'), given.get('jwks_uri')];
  if (jwks !== undefined && uri !== undefined) return { reason: 'keys_twice', problem: 'Send jwks or jwks_uri, not both.' };
  if (jwks !== undefined) {
    const keys = keySetOf(jwks);
    return keys ? { jwks: keys } : { reason: 'jwks', problem: 'jwks must be a JWK set of public keys.' };
  }
  if (uri === undefined) return {};
  if (typeof uri !== 'string' || !isDocumentUrl(uri, rules.isLoopback))
    return { reason: 'jwks_uri', problem: 'jwks_uri must be an https URL with a path.' };
  return rules.canFetch ? { jwksUri: uri } : { reason: 'jwks_uri_not_read', problem: 'jwks_uri cannot be read by this server; send jwks.' };
}

/** Whether a client has keys. */
export function hasKeys({ jwks, jwksUri }: ClientKeys): boolean {
  return jwks !== undefined || jwksUri !== undefined;
}

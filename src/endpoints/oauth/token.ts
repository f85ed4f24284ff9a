/**
 * Requests of clients: the token endpoint (OAuth 2.1 §3.2), which reads the form, runs the entry of the table of grant types and answers with JSON; and, for
 * the other endpoints for clients too, how a form is read and its client authenticated, by the client's registered method (OAuth 2.1 §2.4).
 *
 * A public client sends only its id; the grant says whether that client may use a code or token, so its record is not read.
 * `clients/confidential.ts` handles clients that authenticate, and is loaded with the first one.
 */
import { type Caller, failed, NO_CLIENT, withGiveBack } from '../../clients/caller.ts';
import { findClient, mayFetch } from '../../clients/find.ts';
import type { AuthServer } from '../../core/auth-server.ts';
import type { PresentedProof } from '../../core/signatures.ts';
import { type IssuedTokens, tokenAnswer } from '../../grants/token-request.ts';
import { CROSS_ORIGIN, json, parseFields } from '../../lib/http.ts';
import { isDeniedId, JWT_BEARER } from '../../model/client.ts';
import { OAuthError } from '../../model/error.ts';
import type { Params } from '../../model/params.ts';
import { type Call, readForm } from '../endpoint.ts';
import { lazy } from '../../lib/async.ts';
import { isOffered, type Settings } from '../../model/settings.ts';
import { authorizationCode } from '../../grants/authorization-code.ts';
import { refreshToken } from '../../grants/refresh-token.ts';

const freshNonce = lazy(async () => (await import('../../core/signatures.ts')).freshNonce);
const presentedProof = lazy(async () => (await import('../../core/signatures.ts')).presentedProof);

const ONCE = ['grant_type', 'client_id', 'client_secret', 'code', 'redirect_uri', 'code_verifier', 'device_code', 'refresh_token', 'scope',
  'client_assertion', 'client_assertion_type', 'assertion', 'subject_token', 'actor_token']; // prettier-ignore
const NEVER_IN_URL = [...ONCE, 'resource', 'token', 'token_type_hint'];

/** Issues tokens for a request, or refuses it. */
export type GiveTokens = (params: Params, caller: Caller, as: AuthServer, request: Request) => Promise<IssuedTokens>;

/** An entry of the table. */
export interface GrantType {
  readonly give: GiveTokens;
  /** Whether the caller need not be a client. */
  readonly needsNoClient?: true;
}

/** Grant types by name. */
export type GrantTypes = ReadonlyMap<string, GrantType>;

/** Those that every server has and offers. `provider/rare-grants.ts` has those that a server may be built without. */
const grantTypes: GrantTypes = new Map<string, GrantType>([
  ['authorization_code', { give: authorizationCode }],
  ['refresh_token', { give: refreshToken }],
  ['client_credentials', { give: lazy(async () => (await import('../../grants/direct-grant.ts')).clientCredentials) }],
]);

/** The grant type with that name, if this server offers it. @param rare `rareGrantTypes`, where the server is built with them. */
export function findGrantType(name: string, settings: Settings, rare: GrantTypes = new Map()): GrantType | undefined {
  return grantTypes.get(name) ?? (isOffered(name, settings) ? rare.get(name) : undefined);
}

/** POST of the token endpoint. @param rare grant types beside those that every server has. */
export async function token(call: Call, rare?: GrantTypes): Promise<Response> {
  const { as, request } = call;
  refuseSecretsInUrl(call);
  const form = await readForm(request);
  form.once(...ONCE);
  const type = form.optional('grant_type') ?? '';
  const grantType = findGrantType(type, as.settings, rare);
  const authorization = request.headers.get('authorization');
  const shown =
    grantType?.needsNoClient && namesNoClient(form, authorization) ? NO_CLIENT : await authenticate(as, authorization, form, call);
  form.required('grant_type');
  if (!grantType) throw new OAuthError('unsupported_grant_type', 'grant_type_unknown');
  checkConfigured(as, shown, type);
  const caller = await withKey(call, shown);
  try {
    const answer = tokenAnswer(await withGiveBack(caller, () => grantType.give(form, caller, as, request)), as.now());
    const headers = caller.key === undefined ? CROSS_ORIGIN : { ...CROSS_ORIGIN, ...(await nonceHeader(as)) };
    return json(answer, 200, headers);
  } catch (error) {
    throw error instanceof OAuthError ? await explain(as, caller, type, error) : error;
  }
}

/** A client from the options may do what they allow now, not what they allowed when its grant was opened. */
function checkConfigured({ settings }: AuthServer, { clientId }: Caller, type: string): void {
  if (settings.clientPolicy !== null && isDeniedId(settings.clientPolicy, clientId))
    throw new OAuthError('unauthorized_client', 'client_host_denied');
  if (settings.clients.get(clientId)?.client.grantTypes.includes(type) === false)
    throw new OAuthError('unauthorized_client', 'grant_type_unregistered');
}

/** The caller with the key that the request shows a proof of (RFC 9449 §5). */
async function withKey(call: Call, caller: Caller): Promise<Caller> {
  return call.request.headers.has('dpop') ? { ...caller, key: await keyShown(call, call.as.settings.paths.token) } : caller;
}

/** The DPoP key of a request to one of our paths. @throws {OAuthError} if there is no valid proof. */
export async function keyShown({ as, request }: Call, path: string): Promise<PresentedProof> {
  return presentedProof(as, request, { url: as.settings.origin + path });
}

/** A nonce for the next proof, where proofs need one. */
async function nonceHeader(as: AuthServer): Promise<Record<string, string>> {
  if (!as.settings.dpopNonces) return {};
  return { 'dpop-nonce': await freshNonce(as) };
}

function namesNoClient(form: Params, authorization: string | null): boolean {
  return authorization === null && ['client_id', 'client_secret', 'client_assertion'].every((name) => form.optional(name) === undefined);
}

/** Rejects secrets in URLs, which end up in logs (OAuth 2.1 §2.4.1). */
export function refuseSecretsInUrl(call: Call): void {
  if (!call.request.url.includes('?')) return;
  const query = parseFields(call.url.search.slice(1));
  if (!query || NEVER_IN_URL.some((name) => query.has(name))) {
    throw new OAuthError('invalid_request', 'secret_in_url', { hint: 'Send parameters in the body, never in the URL.' });
  }
}

/**
 * The record of a public client is read only if its request failed: an unknown client, a client that must send a secret,
 * or one not registered for the grant type gets that error first.
 */
async function explain(as: AuthServer, caller: Caller, type: string, error: OAuthError): Promise<OAuthError> {
  if (error.code !== 'invalid_grant') return error;
  const client = await findClient(as, caller.clientId);
  if (!client && mayFetch(as, caller.clientId)) return error; // its document is not fetched just to explain a failure
  if (caller.kind === 'public' && client?.authMethod !== 'none') return failed('none', client ? 'secret_missing' : 'client_unknown');
  const isChecked = type === JWT_BEARER; // by the grant, since its issuer may allow any client
  return client && !isChecked && !client.grantTypes.includes(type)
    ? new OAuthError('unauthorized_client', 'grant_type_unregistered')
    : error;
}

/**
 * Reads a form request of a client (revocation, introspection, push, device): no secret in the URL, a strict form, no repeated security parameter; then
 * authenticates the client.
 *
 * @param options `once`: further parameters that must not be repeated; `ahead`: begins a read beside the authentication.
 * @throws {OAuthError} `invalid_request`, or `invalid_client` (RFC 6749 §5.2).
 */
export async function parseClientRequest<T = undefined>(
  call: Call,
  { once, ahead }: { readonly once?: readonly string[]; readonly ahead?: (form: Params) => T } = {},
): Promise<{ readonly form: Params; readonly caller: Caller; readonly begun: T | undefined }> {
  const { as, request } = call;
  refuseSecretsInUrl(call);
  const form = await readForm(request);
  form.once('client_secret', 'client_assertion', 'client_assertion_type');
  if (once) form.once(...once);
  const begun = ahead?.(form);
  return { form, begun, caller: await authenticate(as, request.headers.get('authorization'), form, call) };
}

const authenticateConfidential = lazy(async () => (await import('../../clients/confidential.ts')).authenticateConfidential);

const PROOFS = ['client_secret', 'client_assertion', 'client_assertion_type'];

/**
 * Authenticates the client of a request.
 *
 * @param call the caller's network, computed only for clients that authenticate.
 * @throws {OAuthError} `invalid_client` (401), with a `Basic` challenge if the header was used; `invalid_request`
 *   if more than one method is used; 429 after too many wrong secrets from one network.
 */
async function authenticate(as: AuthServer, sent: string | null, params: Params, call: { readonly network: string }): Promise<Caller> {
  const authorization = withoutToken(sent, params);
  if (authorization !== null || PROOFS.some((name) => params.optional(name) !== undefined))
    return authenticateConfidential(as, authorization, params, call.network);
  const clientId = params.optional('client_id');
  if (clientId === undefined) throw failed('none', 'client_missing');
  const configured = as.settings.clients.get(clientId);
  if (configured && configured.client.authMethod !== 'none') throw failed('none', 'secret_missing'); // costs no read
  return { kind: 'public', clientId };
}

/**
 * The header without an access token: the TypeScript SDK and MCP Inspector send the header of the calls here, too, in front of Basic
 * credentials or alone, possibly an empty one. A token authenticates no client, and `invalid_client` would make them drop their registration.
 */
function withoutToken(authorization: string | null, params: Params): string | null {
  const rest = authorization?.replace(/^(?:bearer|dpop)(?: +[^\s,]+)?(?: *, *| *$)/i, '') ?? '';
  if (rest !== '') return rest;
  return params.optional('client_id') === undefined ? authorization : null;
}

/**
 * Checks an authorization request in the order of the specification, for our own consent page and for applications with
 * their own pages. Until client and redirect URI are verified an error is a page, never a redirect.
 *
 *   client → redirect URI → response type → PKCE → resource → scope
 *
 * Exception: if the client's metadata document has to be fetched, every check that needs no client comes first.
 */
import { fetchUnknown, findClient, mayFetch, unknownReason } from '../../clients/find.ts';
import type { AuthServer } from '../../core/auth-server.ts';
import { parseLoopback } from '../../lib/url.ts';
import type { Client } from '../../model/client.ts';
import { OAuthError } from '../../model/error.ts';
import type { Params } from '../../model/params.ts';
import { checkChallenge } from '../../model/pkce.ts';
import { answerTo, findRedirect, type ValidRedirect } from '../../model/redirect.ts';
import { findResource, type Resource } from '../../model/resource.ts';
import { type RequestedScope, parseScope, requestedScope, rightsIn, separateScopes } from '../../model/scope.ts';
import type { Settings } from '../../model/settings.ts';

/** A request that passed every check. */
export interface CheckedRequest extends RequestedScope {
  readonly client: Client;
  readonly redirect: ValidRedirect;
  readonly state: string | undefined;
  readonly resource: Resource;
  readonly challenge: string;
  readonly prompt: readonly string[];
  /** Thumbprint of the key that the code will be bound to. */
  readonly jkt?: string;
  /** The user that the client expects to sign in. */
  readonly hint?: string;
}

/** The parameters as received, and whether they were pushed. */
export interface RequestedParams {
  readonly params: Params;
  readonly isPushed: boolean;
  /** Consumes a pushed request after it was answered. @throws {OAuthError} if another browser was faster. */
  readonly take: () => Promise<void>;
}

/** An error that may be sent to the client, by a redirect to a URI it registered. */
export interface RedirectedError {
  readonly location: string;
  readonly error: OAuthError;
  /** Whether the browser may be sent there before a person has seen a page (RFC 9700 §4.11.2). */
  readonly isTrusted: boolean;
}

const MAX_STATE_LENGTH = 4096;
/** A user name or an address in `login_hint` (OpenID Connect Core §3.1.2.1). Any other value is ignored: it is only a hint. */
const HINT = /^[^\p{Cc}]{1,256}$/u;

/**
 * The effective parameters: those of the URL, or those that the client pushed (RFC 9126 §4), which are used alone and only once.
 *
 * @throws {OAuthError} `invalid_request`, on a page: the client is not known yet.
 */
export async function requestedParams(as: AuthServer, params: Params): Promise<RequestedParams> {
  const uri = params.optional('request_uri');
  const own = { params, isPushed: false, take: async () => undefined };
  if (uri === undefined) return own;
  const { findPushed, isPushedUri } = await import('../../core/records/one-time.ts');
  if (!isPushedUri(uri)) return own; // rejected with the other checks
  const pushed = await findPushed(as, uri, params.required('client_id'));
  if (typeof pushed === 'string') throw opened(pushed);
  const take = async (): Promise<void> => {
    if (!(await pushed.take())) throw opened('taken');
  };
  return { params: pushed.params, isPushed: true, take };
}

function opened(why: 'unknown' | 'of_another_client' | 'taken'): OAuthError {
  const hint = 'This sign-in was opened before, or took too long to begin. Go back to the app and start again.';
  return new OAuthError('invalid_request', `pushed_${why}`, { hint });
}

/**
 * Checks a request.
 *
 * @param network of the browser, to count fetches. @param isLate whether the result can only be a page.
 * @returns the request, or an error with the place to send it.
 * @throws {OAuthError} an error that must be shown on our own page.
 */
export async function checkRequest(
  as: AuthServer,
  { params, isPushed }: Pick<RequestedParams, 'params' | 'isPushed'>,
  network: string,
  isLate = false,
): Promise<CheckedRequest | RedirectedError> {
  const client = await clientOf(as, params, network, isLate);
  if (as.settings.clientPolicy !== null) await (await import('../../clients/client-policy.ts')).checkClient(as, client, true);
  const redirect = findRedirect(client, params.optional('redirect_uri'), as.settings.clientRegistration.redirectSchemes);
  const state = params.optional('state');
  try {
    if ((state?.length ?? 0) > MAX_STATE_LENGTH)
      throw new OAuthError('invalid_request', 'state_too_long', { hint: 'The state has more than 4,096 characters.' });
    if (!client.grantTypes.includes('authorization_code')) throw new OAuthError('unauthorized_client', 'grant_type_unregistered');
    if (!isPushed && (as.settings.requirePushedAuthorizationRequests || client.pushedOnly))
      throw new OAuthError('invalid_request', 'push_missing', { hint: 'This request has to be pushed first (RFC 9126).' });
    return { client, redirect, state, ...checkRest(as, params) };
  } catch (error) {
    if (error instanceof OAuthError)
      return {
        error,
        location: errorAnswer(as, redirect, state, error, await adviceFor(as, error)),
        isTrusted: isTrusted(client, redirect),
      };
    throw error;
  }
}

async function clientOf(as: AuthServer, params: Params, network: string, isLate: boolean): Promise<Client> {
  const id = params.required('client_id');
  const known = await findClient(as, id, isLate);
  if (known) return known;
  if (mayFetch(as, id)) {
    const redirectUri = params.required('redirect_uri');
    findRedirect({ redirectUris: [redirectUri], applicationType: 'native' }, redirectUri, as.settings.clientRegistration.redirectSchemes);
    checkRest(as, params); // an invalid request must not make the server fetch (SEC-099)
  }
  const client = await fetchUnknown(as, id, network);
  if (client) return client;
  throw new OAuthError('invalid_client', unknownReason(as, id), {
    status: 400,
    hint: 'This app is not registered here, or its registration has ended.',
  });
}

function checkRest(as: AuthServer, params: Params): Omit<CheckedRequest, 'client' | 'redirect' | 'state'> {
  params.once('nonce'); // not read; the others are
  if (params.optional('request') !== undefined) throw new OAuthError('request_not_supported', 'request_object');
  if (params.optional('request_uri') !== undefined) throw new OAuthError('request_uri_not_supported', 'request_uri');
  const type = params.required('response_type');
  if (type !== 'code') throw new OAuthError('unsupported_response_type', 'response_type');
  if ((params.optional('response_mode') ?? 'query') !== 'query')
    throw new OAuthError('invalid_request', 'response_mode', { hint: 'Only response_mode=query is supported.' });
  const challenge = checkChallenge(params.optional('code_challenge'), params.optional('code_challenge_method'));
  const resource = findResource(params.all('resource'), as.settings);
  const prompt = (params.optional('prompt') ?? '').split(' ').filter((one) => one !== '');
  if (prompt.includes('none') && prompt.length > 1)
    throw new OAuthError('invalid_request', 'prompt_contradicts', { hint: 'prompt=none cannot go with another value.' });
  const jkt = params.optional('dpop_jkt');
  if (jkt !== undefined && !/^[\w-]{43}$/.test(jkt)) throw new OAuthError('invalid_request', 'dpop_jkt_malformed');
  const hint = params.optional('login_hint');
  return {
    challenge,
    resource,
    prompt,
    ...(jkt === undefined ? {} : { jkt }),
    ...(hint !== undefined && HINT.test(hint) ? { hint } : {}),
    ...scopeOfRequest(as.settings, resource, params.optional('scope')),
  };
}

/**
 * The requested scopes that the server knows, plus those that every call of the resource needs, and whether to stay signed in. The scope
 * that a client registered is not a limit: clients register the scopes of other servers, and step up later.
 */
export function scopeOfRequest(settings: Settings, resource: Resource, text: string | undefined): RequestedScope {
  const { scopesSupported, defaultScope, unknownScopes } = settings;
  const given = parseScope(text);
  const known = [...scopesSupported.map(({ name }) => name), ...(unknownScopes === 'grant' ? given : [])];
  const asked = separateScopes(given, (one) => known.includes(one));
  const scope = requestedScope(asked, { known, defaults: defaultScope, strict: unknownScopes === 'refuse' });
  const rights = rightsIn(asked);
  return {
    scope: [...new Set([...resource.requiredScopes, ...scope])],
    ...(asked.length > rights.length ? { offline: true } : {}),
    ...(rights.length > 0 && !rights.some((one) => known.includes(one)) ? { defaulted: true } : {}),
  };
}

/**
 * Whether a browser may be redirected to a URI before the user has seen a page of ours: if the operator entered the client, or if it is a
 * program on the same computer. Anyone can register the others: redirecting there at once would make this server an open redirector (S-047).
 */
export function isTrusted({ entered }: Client, redirect: ValidRedirect): boolean {
  return entered === true || parseLoopback(redirect) !== null;
}

/** Advice on how to fix an error, for developers on loopback. */
export async function adviceFor(as: AuthServer, error: OAuthError): Promise<string | undefined> {
  return as.isLoopback ? (await import('../../model/advice.ts')).adviceOn(error) : undefined;
}

/** Where to send an error: exact `state`, one `iss` (RFC 6749 §4.1.2.1, RFC 9207 §2). */
export function errorAnswer(
  as: AuthServer,
  redirect: ValidRedirect,
  state: string | undefined,
  error: OAuthError,
  advice?: string,
): string {
  return answerTo(redirect, {
    error: error.code,
    error_description: advice === undefined ? error.message : `${error.message} ${advice}`,
    state,
    iss: as.settings.issuer,
  });
}

/**
 * Authorization requests of an application that renders its own pages: parses and completes them, and finds their client. The checks are the same as
 * behind our own pages. Each helper checks the request anew, for its values may have been through a form; the client is read once for the same request
 * object within a few seconds.
 */
import { isShutOut } from '../core/users/removed-users.ts';
import { resolveClient, unknownReason } from '../clients/find.ts';
import type { AuthServer } from '../core/auth-server.ts';
import { checkRequest as checkParams, requestedParams } from '../endpoints/authorize/authorization-request.ts';
import { openGrant, type Opening } from '../endpoints/authorize/open-grant.ts';
import { disconnectOthers } from '../core/records/grants.ts';
import { parseFields } from '../lib/http.ts';
import { checkTypes } from '../lib/check-options.ts';
import { checkAuthRequest, checkRequest, checkScope, checkUserId, refusePrefetch } from './own-arguments.ts';
import { OAuthError } from '../model/error.ts';
import { isSite } from '../model/login.ts';
import { paramsOf } from '../model/params.ts';
import { resourceOf } from '../model/resource.ts';
import { answerTo, findRedirect } from '../model/redirect.ts';
import { requestedPart } from '../model/scope.ts';
import type { Json, Seconds } from '../model/store.ts';
import { grantIdOf } from '../model/token.ts';
import type { LinkedAccount, UpstreamTokens } from '../model/upstream.ts';
import { type Client, type ClientInfo, withoutSecret } from '../model/client.ts';
import { AuthorizationError, type AuthRequest, onPage } from './auth-request.ts';
import type { Settings } from '../model/settings.ts';

/** The result of a sign-in that an application ran itself. */
export interface Completion {
  readonly request: AuthRequest;
  /** Your own stable id of the user who signed in. */
  readonly userId: string;
  /** The scopes that the user granted; unrequested ones are removed. */
  readonly scope: readonly string[];
  /** The `props` of tools; encrypted in the store. */
  readonly props: unknown;
  /** What you note about the grant, such as a label: readable in listings, at most 16,384 characters of JSON, no secret. */
  readonly metadata?: Json;
  /** Ends the user's other grants for this client and resource. Default false: a second device does not sign the first one out. */
  readonly revokeExistingGrants?: boolean;
  /**
   * Upstream accounts with their tokens, for tools: `auth.upstream('github').token()`. `account.provider` is the id of a login of this
   * server with `keepTokens`, which refreshes the tokens.
   */
  readonly upstreams?: readonly { readonly account: LinkedAccount; readonly tokens: UpstreamTokens }[];
}

/** Helpers for authorization requests. */
export interface Requests {
  /**
   * Checks the authorization request in a URL. A pushed request (RFC 9126) can be read only once: call this once for each page view, and
   * keep the result, as `beginConsent` does. @throws {AuthorizationError}
   */
  parseAuthRequest(request: Request): Promise<AuthRequest>;
  /** Opens the grant; redirect the browser to `redirectTo` with a 303. @throws {AuthorizationError} if the request is no longer valid. */
  completeAuthorization(completion: Completion): Promise<{ redirectTo: string }>;
  /** A client that is registered, or known by its metadata document; else null. @throws {AuthorizationError} if the document cannot be used. */
  lookupClient(clientId: string): Promise<ClientInfo | null>;
}

const MAX_METADATA = 16_384;

/** Makes the helpers. @param network of the caller, to count fetches. */
export function makeRequests(as: AuthServer, network: string): Requests {
  const check = async (url: string): Promise<AuthRequest> => {
    const fields = parseFields(new URL(url).search.slice(1));
    if (!fields) throw new OAuthError('invalid_request', 'query_malformed');
    const asked = await requestedParams(as, paramsOf(fields));
    const checked = await checkParams(as, asked, network);
    if ('location' in checked) {
      const { error, location, isTrusted } = checked;
      throw new AuthorizationError(error.code, error.message, isTrusted ? { redirectTo: location } : { backTo: location });
    }
    if (as.settings.clientPolicy !== null) await (await import('../clients/client-policy.ts')).checkClient(as, checked.client);
    await asked.take();
    const { client, redirect, state = '', challenge, resource, prompt, jkt } = checked;
    const request = { responseType: 'code', clientId: client.id, redirectUri: redirect, state, resource: resource.uri } as const;
    const all: AuthRequest = {
      ...request,
      ...requestedPart(checked),
      codeChallenge: challenge,
      codeChallengeMethod: 'S256',
      issuer: as.settings.issuer,
      ...(jkt === undefined ? {} : { dpopJkt: jkt }),
      ...(prompt.length > 0 ? { prompt } : {}),
      ...(client.entered ? { clientIsKnown: true as const } : {}),
    };
    return withClient(as, all, client);
  };
  const complete = async (completion: Completion): Promise<{ redirectTo: string }> => {
    checkTypes('completeAuthorization', completion, 'request userId scope props metadata revokeExistingGrants:boolean upstreams');
    const { request, userId, scope, props, metadata, revokeExistingGrants = false, upstreams = [] } = completion;
    checkUserId('completeAuthorization', 'userId', userId);
    checkAuthRequest('completeAuthorization', request);
    checkScope('completeAuthorization', scope);
    if (JSON.stringify(props) === undefined) throw new TypeError('completeAuthorization: `props` must be something that JSON can hold.');
    if (metadata !== undefined && (JSON.stringify(metadata)?.length ?? Infinity) > MAX_METADATA)
      throw new TypeError(`completeAuthorization: \`metadata\` must be JSON of at most ${MAX_METADATA} characters.`);
    const lost = upstreams.find(
      ({ account }) => !as.settings.logins.filter(isSite).some(({ id, tokens }) => tokens && id === account.provider),
    );
    if (lost)
      throw new TypeError(
        `completeAuthorization: \`upstreams\` names ${JSON.stringify(lost.account.provider)}, and no login of that id keeps tokens; give \`logins\` an upstream(…, { keepTokens: true }) for it.`,
      );
    const client = await clientOfRequest(as, request, network);
    if (upstreams.length > 0 && (await isShutOut(as.store, userId))) throw shutOut(); // whose tokens are not kept
    const redirect = findRedirect(client, request.redirectUri, as.settings.clientRegistration.redirectSchemes); // the stored registration decides, not the values in the request
    const resource = resourceOf(as.settings, request.resource)?.uri ?? unknownResource();
    const linked = await Promise.all(upstreams.map(({ account, tokens }) => as.vault.keep(userId, account, tokens)));
    const opening: Opening = {
      client, userId, props, resource, linked, redirectUri: redirect, challenge: request.codeChallenge,
      ...(request.dpopJkt === undefined ? {} : { jkt: request.dpopJkt }),
      ...(metadata === undefined ? {} : { metadata }),
      ...requestedPart(request),
      scope: request.scope.filter((one) => scope.includes(one)),
    }; // prettier-ignore
    const code = await openGrant(as, opening, async () => !(await isShutOut(as.store, userId)));
    if (code === null) throw shutOut(); // disabled, maybe while it was stored: the grant has ended
    if (revokeExistingGrants)
      await disconnectOthers(as, { userId, clientId: client.id, resource, redirectUri: redirect }, grantIdOf('code', code) ?? '');
    return { redirectTo: answerTo(redirect, { code, state: request.state || undefined, iss: as.settings.issuer }) };
  };
  return {
    parseAuthRequest: (request) =>
      onPage(async () => {
        checkRequest('parseAuthRequest', request);
        refusePrefetch(request);
        return check(request.url);
      }),
    completeAuthorization: (completion) => onPage(() => complete(completion)),
    lookupClient: (clientId) => onPage(async () => infoOf(await resolveClient(as, clientId, network))),
  };
}

/** The application signs users in itself, and may not know that an administrator has disabled one. */
function shutOut(): OAuthError {
  return new OAuthError('access_denied', 'user_disabled', { status: 403, hint: 'This user may not connect apps any more.' });
}

function infoOf(client: Parameters<typeof withoutSecret>[0] | null): ClientInfo | null {
  return client && withoutSecret(client);
}

function unknownResource(): never {
  throw new OAuthError('invalid_target', 'resource_unknown');
}

/** Long enough for one HTTP request. `openGrant` looks at the record after the grant was stored, so a deleted client gets none. */
const MAX_AGE: Seconds = 5;

interface ReadClient {
  readonly client: Client;
  readonly settings: Settings;
  readonly at: Seconds;
}

const known = new WeakMap<AuthRequest, ReadClient>();

/** The same request, whose client was just read. */
export function withClient(as: AuthServer, request: AuthRequest, client: Client): AuthRequest {
  known.set(request, { client, settings: as.settings, at: as.now() });
  return request;
}

/** The client of a request. @param network of the caller, to count fetches. @throws {OAuthError} `invalid_client` if there is none. */
export async function clientOfRequest(as: AuthServer, request: AuthRequest, network: string): Promise<Client> {
  const read = known.get(request);
  const age = as.now() - (read?.at ?? 0);
  if (read?.settings === as.settings && read.client.id === request.clientId && age >= 0 && age <= MAX_AGE) return read.client;
  const client = await resolveClient(as, request.clientId, network);
  if (!client) throw new OAuthError('invalid_client', unknownReason(as, request.clientId));
  withClient(as, request, client);
  return client;
}

/**
 * `env.OAUTH_PROVIDER` under the names and in the shapes of `@cloudflare/workers-oauth-provider`, over the helpers of the core.
 */
import { defined } from '../lib/json.ts';
import { OAuthError as CoreError } from '../model/error.ts';
import { badCursor, type Json } from '../model/store.ts';
import { AuthorizationError as CoreAuthorizationError, type AuthRequest as CoreRequest } from '../provider/auth-request.ts';
import type { OAuthHelpers as CoreHelpers } from '../provider/helpers.ts';
import { infoOf, specOf } from './client-shape.ts';
import { AuthorizationError, type AuthorizationErrorCode, CimdFetchError, OAuthError } from './errors.ts';
import type {
  ApprovedConsent,
  AuthRequest,
  ClientInfo,
  CompleteAuthorizationOptions,
  ConsentDescription,
  ConsentTransaction,
  DeniedConsent,
  ExchangeTokenOptions,
  GrantSummary,
  ListOptions,
  ListResult,
  PurgeOptions,
  PurgeResult,
  RememberConsentOptions,
  ResumedUpstream,
  TokenResponse,
  TokenSummary,
  UpstreamTransaction,
} from './types.ts';

/** The helpers. */
export interface OAuthHelpers {
  /** Checks the authorization request in a URL. @throws {AuthorizationError} */
  parseAuthRequest(request: Request): Promise<AuthRequest>;
  /** A client, or null. @throws {CimdFetchError} if its metadata document cannot be used. */
  lookupClient(clientId: string): Promise<ClientInfo | null>;
  /** Opens the grant; send the browser to `redirectTo`. */
  completeAuthorization(options: CompleteAuthorizationOptions): Promise<{ redirectTo: string }>;
  describeConsent(authRequest: AuthRequest): Promise<ConsentDescription>;
  /** False without a `subject`: a consent is remembered for a user, not for a browser. */
  isConsentRemembered(
    request: Request,
    authRequest: AuthRequest,
    remember: Pick<RememberConsentOptions, 'secret' | 'subject'>,
  ): Promise<boolean>;
  beginConsent(authRequest: AuthRequest): Promise<ConsentTransaction>;
  approveConsent(
    request: Request,
    handle: string,
    options?: { scope?: string[]; remember?: RememberConsentOptions },
  ): Promise<ApprovedConsent>;
  denyConsent(request: Request, handle: string, options?: { description?: string }): Promise<DeniedConsent>;
  beginUpstream(authRequest: AuthRequest, options?: { data?: unknown; headers?: Headers }): Promise<UpstreamTransaction>;
  finishUpstream<Data = unknown>(request: Request): Promise<ResumedUpstream<Data>>;
  createClient(clientInfo: Partial<ClientInfo>): Promise<ClientInfo>;
  listClients(options?: ListOptions): Promise<ListResult<ClientInfo>>;
  updateClient(clientId: string, updates: Partial<ClientInfo>): Promise<ClientInfo | null>;
  deleteClient(clientId: string): Promise<void>;
  listUserGrants(userId: string, options?: ListOptions): Promise<ListResult<GrantSummary>>;
  revokeGrant(grantId: string, userId: string): Promise<void>;
  // oxlint-disable-next-line typescript/no-explicit-any
  unwrapToken<T = any>(token: string): Promise<TokenSummary<T> | null>;
  exchangeToken(options: ExchangeTokenOptions): Promise<TokenResponse>;
  purgeExpiredData(options?: PurgeOptions): Promise<PurgeResult>;
}

const DEFAULT_BATCH = 50;
/** A sweep looks at so many records as its store chooses, of which none may have expired; one call makes as many as a cron trigger of the core. */
const MAX_SWEEPS = 20;

/** What a request means that an earlier version kept without these members. */
export interface RequestDefaults {
  readonly issuer: string;
  readonly resource?: string;
  /** The only URL whose requests are taken, on a server whose application routes them. */
  readonly authorizeUrl?: string;
}

/** Makes the helpers. */
export function helpersOver(core: CoreHelpers, defaults: RequestDefaults): OAuthHelpers {
  const coreRequestOf = (request: AuthRequest): CoreRequest => completed(request, defaults);
  return {
    parseAuthRequest: (request) =>
      asThere(async () => {
        const { authorizeUrl = request.url } = defaults;
        if (request.url.split('?')[0] !== authorizeUrl.split('?')[0])
          throw new AuthorizationError('invalid_request', { description: `Authorization requests belong to ${authorizeUrl}.` });
        return requestOf(await core.parseAuthRequest(request));
      }),
    async lookupClient(clientId) {
      try {
        const client = await core.lookupClient(clientId);
        return client && infoOf(client);
      } catch (error) {
        throw clientId.startsWith('https://') ? new CimdFetchError(clientId, error) : translated(error);
      }
    },
    completeAuthorization: ({ request, userId, metadata, scope, props, revokeExistingGrants = true }) =>
      asThere(async () => {
        // There the application may grant more than was asked; the core never does.
        const given = { userId, scope, props, revokeExistingGrants, request: coreRequestOf({ ...request, scope }) };
        return core.completeAuthorization(metadata === undefined ? given : { ...given, metadata: metadata as Json });
      }),
    describeConsent: (request) =>
      asThere(async () => {
        const { clientId, clientName, clientDomain, clientUri, redirectUri, redirectHost, redirectIsLoopback, scope } =
          await core.describeConsent(coreRequestOf(request));
        const logoUri = (await core.lookupClient(clientId))?.logoUri;
        return defined({
          clientId, clientName, redirectUri, redirectHost: redirectHost.replace(/:\d+$/, ''), redirectIsLoopback, scope: scope.map(({ name }) => name),
          clientDomain, clientUri, logoUri,
        }); // prettier-ignore
      }),
    isConsentRemembered: (request, asked, { subject }) =>
      asThere(async () => subject !== undefined && (await core.isConsentRemembered(request, coreRequestOf(asked), { subject }))),
    beginConsent: (request) => asThere(() => core.beginConsent(coreRequestOf(request))),
    approveConsent: (request, handle, { scope, remember } = {}) =>
      asThere(async () => {
        checkHandle(handle);
        const kept = remember?.subject === undefined ? {} : { remember: { subject: remember.subject } };
        const approved = await core.approveConsent(request, handle, { ...(scope ? { scope } : {}), ...kept });
        return { ...approved, request: requestOf(approved.request) };
      }),
    denyConsent: (request, handle, options = {}) =>
      asThere(async () => {
        checkHandle(handle);
        const denied = await core.denyConsent(request, handle, options);
        return { ...denied, request: requestOf(denied.request) };
      }),
    beginUpstream: (request, { data = null, headers } = {}) =>
      asThere(() => core.beginUpstream(coreRequestOf(request), { data: data as Json, ...(headers ? { headers } : {}) })),
    finishUpstream: <Data>(request: Request) =>
      asThere(async () => {
        const resumed = await core.finishUpstream<Data>(request);
        return { ...resumed, request: requestOf(resumed.request) };
      }),
    async createClient(info) {
      const { client, secret } = await core.clients.create(
        specOf({ redirectUris: [], tokenEndpointAuthMethod: 'client_secret_basic', ...info }),
      );
      return secret === undefined ? infoOf(client) : { ...infoOf(client), clientSecret: secret };
    },
    listClients: (options) =>
      limited(
        options,
        ({ clientId }) => clientId,
        async (cursor) => {
          const { clients, next } = await core.clients.list(cursor);
          return { items: clients.map(infoOf), next };
        },
      ),
    async updateClient(clientId, updates) {
      if (updates.clientSecret !== undefined)
        throw new TypeError('updateClient: a secret is made here and told once; call `clients.rotateSecret` of the core helpers.');
      if (clientId.startsWith('https://')) throw new TypeError('updateClient: the metadata document of this client says what it is.');
      const { tokenEndpointAuthMethod: method } = updates;
      if (method !== undefined && (await core.lookupClient(clientId))?.authMethod !== method)
        throw new TypeError('updateClient: `tokenEndpointAuthMethod` belongs to the secret; create another client.');
      const { authMethod: _method, ...changes } = specOf(updates);
      const client = await core.clients.update(clientId, changes);
      return client && infoOf(client);
    },
    deleteClient: async (clientId) => void (await core.clients.delete(clientId)),
    listUserGrants: (userId, options) =>
      limited(
        options,
        ({ id }) => id,
        async (cursor) => {
          const { grants, next } = await core.listUserGrants(userId, cursor);
          const former = `${userId}:`; // one that has not moved yet, as the core names it
          const items = grants.map(({ id: named, clientId, scope, resource, redirectUri, metadata, createdAt, expiresAt }) => ({
          id: named.startsWith(former) ? named.slice(former.length) : named, clientId, userId, scope: [...scope], metadata, createdAt, expiresAt, resource, ...(redirectUri === undefined ? {} : { redirectUri }),
        })); // prettier-ignore
          return { items, next };
        },
      ),
    // The id may be that of the other server: of a page that was shown before the grant moved, or in the application's own database.
    revokeGrant: async (id, userId) => void ((await core.revokeGrant(id, userId)) || (await core.revokeGrant(`${userId}:${id}`, userId))),
    async unwrapToken<T>(token: string) {
      const found = await core.verifyToken(token);
      if (!found || found.cnf) return null; // the application sees no proof of the key
      const { userId, clientId, grantId, scope, resource: audience, expiresAt, props } = found;
      const createdAt = (await core.findGrant(grantId))?.createdAt ?? 0;
      const of = { id: grantId, grantId, userId, createdAt, expiresAt, audience, scope: [...scope] };
      return { ...of, grant: { clientId, scope: [...scope], props: props as T } };
    },
    async exchangeToken({ subjectToken, scope, aud, expiresIn }) {
      const asked = defined({ subjectToken, scope, resource: aud, expiresIn });
      const { accessToken, resource, expiresAt, ...issued } = await core.exchangeToken(asked).catch((error: unknown) => {
        if (!(error instanceof CoreError)) throw error;
        throw new OAuthError(error.code, { description: error.message, statusCode: error.status });
      });
      const expires_in = Math.max(0, expiresAt - Math.floor(Date.now() / 1000));
      return { access_token: accessToken, token_type: 'bearer', expires_in, scope: issued.scope.join(' '), resource };
    },
    async purgeExpiredData({ batchSize = DEFAULT_BATCH } = {}) {
      let swept = 0;
      for (let round = 0; round < MAX_SWEEPS && swept < batchSize; round++) swept += await core.sweep();
      return { grantsChecked: swept, grantsPurged: swept, tokensChecked: 0, tokensPurged: 0, done: swept < batchSize };
    },
  };
}

/** What there has another shape is left in: the core checks the request again. */
function completed(request: AuthRequest, { issuer, resource = '' }: RequestDefaults): CoreRequest {
  const { scope, responseType, codeChallenge, codeChallengeMethod } = request;
  if (responseType !== 'code') throw new AuthorizationError('unsupported_response_type', { description: 'Only `code` is supported.' });
  if (!codeChallenge || codeChallengeMethod !== 'S256')
    throw new AuthorizationError('invalid_request', { description: 'The request needs a code challenge with the method S256.' });
  const rest = { ...request, codeChallenge, issuer: request.issuer ?? issuer, resource: request.resource ?? resource };
  return { ...rest, scope, responseType, codeChallengeMethod };
}

function requestOf({ scope, ...request }: CoreRequest): AuthRequest {
  return { ...request, scope: [...scope] } as AuthRequest;
}

/** A form that was sent without its handle is an error for the page, not a bug of the application. */
function checkHandle(handle: string): void {
  if (handle === '') throw new AuthorizationError('invalid_request', { description: 'The form was sent without its handle.' });
}

async function asThere<T>(verb: () => Promise<T>): Promise<T> {
  try {
    return await verb();
  } catch (error) {
    throw translated(error);
  }
}

function translated(error: unknown): unknown {
  if (!(error instanceof CoreAuthorizationError || error instanceof CoreError)) return error;
  const { redirectTo } = error as CoreAuthorizationError;
  const code = error.code === 'invalid_client' ? 'invalid_request' : (error.code as AuthorizationErrorCode); // as there: an unknown client
  return new AuthorizationError(code, { description: error.message, ...(redirectTo === undefined ? {} : { redirectTo }) });
}

const MARK = '~';

/**
 * A list with a `limit` over one of the core, whose pages have a size of their own: at most `limit` items. The cursor names those of the core's page that were given: what is deleted between two calls moves no other item
 * out of sight, as a position would.
 */
export async function limited<T>(
  { limit = Infinity, cursor }: ListOptions = {},
  idOf: (item: T) => string,
  list: (cursor?: string) => Promise<{ items: T[]; next?: string | undefined }>,
): Promise<ListResult<T>> {
  if (!(limit >= 1)) throw new TypeError('`limit` must be a number, at least 1.');
  const [at, ...given] = cursor?.startsWith(MARK) ? partsOf(cursor.slice(1)) : [cursor ?? null];
  const page = await list(at ?? undefined);
  const rest = page.items.filter((one) => !given.includes(idOf(one)));
  const items = rest.slice(0, limit);
  const next = items.length < rest.length ? MARK + JSON.stringify([at, ...given, ...items.map(idOf)]) : page.next;
  return next === undefined ? { items } : { items, cursor: next };
}

function partsOf(text: string): [at: string | null, ...given: string[]] {
  try {
    const [at, ...given] = JSON.parse(text) as [string | null, ...string[]];
    if ([at ?? '', ...given].every((one) => typeof one === 'string')) return [at ?? null, ...given];
  } catch {
    // refused below
  }
  throw badCursor();
}

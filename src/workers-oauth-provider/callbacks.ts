/**
 * Callbacks of `@cloudflare/workers-oauth-provider`, as the functions that the core calls.
 */
import { checkTypes } from '../lib/check-options.ts';
import { sha256 } from '../model/former.ts';
import type { TokenSource } from '../guard/token-source.ts';
import { OAuthError as CoreError } from '../model/error.ts';
import type { OnTokens, TokensChange, TokensRequest } from '../model/on-tokens.ts';
import { canonicalResource } from '../model/resource.ts';
import type { ExchangePolicy, RegisteredMetadata, Refusal } from '../model/settings.ts';
import { coreErrorOf, ExternalTokenError, type GrantType, OAuthError } from './errors.ts';
import type { CommonOptions, OAuthProviderOptions } from './accepted-options.ts';
import type { TokenExchangeCallbackResult } from './types.ts';
import type { Requests } from './wire.ts';

/** Lifetimes as the options give them. With `idle`, `fixed` counts until the first refresh alone, and there is no other end. */
export interface Lifetimes {
  readonly fixed: number;
  readonly idle: number | undefined;
}

/** `tokenExchangeCallback` and the lifetimes of refresh tokens, as `onTokens`. */
export function onTokensOf<Env>(callback: CommonOptions<Env>['tokenExchangeCallback'], lifetimes: Lifetimes): OnTokens<Env> {
  return async ({ grant, props, scope, reason }: TokensRequest, env) => {
    if (reason === 'urn:ietf:params:oauth:grant-type:jwt-bearer') return {}; // as there: `mapClaims` said all of it
    const { id: grantId, userId, clientId, resource } = grant;
    const asked = {
      grantId,
      userId,
      clientId,
      subjectClientId: clientId,
      resource,
      props,
      env,
      scope: [...grant.scope],
      requestedScope: [...scope],
    };
    const result = (await answered(async () => resultOf(await callback?.({ ...asked, grantType: reason as GrantType })))) ?? {};
    const { newProps, accessTokenProps, accessTokenTTL, accessTokenScope } = result;
    return {
      ...endsOf(result, reason, lifetimes),
      ...(isGiven(newProps) ? { props: newProps } : {}),
      ...(isGiven(accessTokenProps) ? { accessTokenProps } : {}),
      ...(accessTokenTTL === undefined ? {} : { accessTokenTTL }),
      ...(accessTokenScope === undefined ? {} : { scope: accessTokenScope.filter((one) => scope.includes(one)) }),
    };
  };
}

const RESULT =
  'accessTokenProps newProps accessTokenTTL refreshTokenTTL refreshTokenIdleTTL accessTokenScope:string[] allowCrossClientExchange:boolean';

/** What the callback answers; null is nothing, as there. @throws {TypeError} for a misspelt member, such as a narrower scope that would be ignored. */
function resultOf(result: TokenExchangeCallbackResult | void): TokenExchangeCallbackResult | undefined {
  const answer = result ?? undefined;
  checkTypes('tokenExchangeCallback: the result', answer, RESULT);
  return answer;
}

/** When the grant ends: `refreshTokenTTL` counts for a code, `refreshTokenIdleTTL` for a refresh. Without the option it is also the fixed end. */
function endsOf(
  { refreshTokenTTL, refreshTokenIdleTTL }: TokenExchangeCallbackResult,
  reason: TokensRequest['reason'],
  { fixed, idle }: Lifetimes,
): Pick<TokensChange, 'refreshTokenTTL' | 'refreshTokenIdleTTL'> {
  const first = refreshTokenTTL ?? (idle === undefined ? undefined : fixed);
  const ttl = { authorization_code: first, refresh_token: refreshTokenIdleTTL ?? idle }[reason as string];
  if (ttl === undefined) return {};
  if (ttl !== 0 && !(ttl >= 60)) throw new TypeError(`tokenExchangeCallback: refresh tokens live at least 60 seconds; it is ${ttl}.`);
  if (ttl === 0) return { refreshTokenTTL: 0 };
  return idle === undefined ? { refreshTokenTTL: ttl, refreshTokenIdleTTL: ttl } : { refreshTokenIdleTTL: ttl };
}

/** Null props are none, as there. */
function isGiven(props: unknown): boolean {
  return props !== undefined && props !== null;
}

/** `invalid_grant` ends the grant. Every other error is a failure of the server, which keeps it: a 503 with the headers of the application. */
async function answered<T>(callback: () => Promise<T>): Promise<T> {
  try {
    return await callback();
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    if (error.code === 'invalid_grant') throw coreErrorOf(error);
    const { headers } = coreErrorOf(error);
    const status = error.statusCode === 429 ? 429 : 503;
    throw new CoreError('temporarily_unavailable', 'on_tokens_failed', { hint: error.description, status, headers });
  }
}

/** A client exchanges its own tokens; those of another only if the callback allows it. */
export function exchangePolicy<Env>(callback: CommonOptions<Env>['tokenExchangeCallback']): ExchangePolicy {
  return async ({ clientId, subject, resource, scope }, env) => {
    if (clientId === subject.clientId) return true;
    const asked = {
      clientId,
      subjectClientId: subject.clientId,
      userId: subject.userId,
      grantId: subject.grantId,
      resource,
      props: subject.props,
    };
    const grantType = 'urn:ietf:params:oauth:grant-type:token-exchange';
    const result = await callback?.({
      ...asked,
      grantType,
      scope: [...subject.scope],
      requestedScope: [...scope],
      env: env as Env,
    });
    return resultOf(result)?.allowCrossClientExchange === true;
  };
}

/** Which registrations are accepted. */
export function registrationPolicy(
  { disallowPublicClientRegistration, clientRegistrationCallback: callback }: CommonOptions<never>,
  requests: Requests,
): (metadata: RegisteredMetadata, request: Request) => Promise<boolean> {
  return async ({ authMethod }, request) => {
    if (disallowPublicClientRegistration && authMethod === 'none')
      throw new CoreError('invalid_client_metadata', 'register_public', { hint: 'This server does not register public clients.' });
    if (!callback) return true;
    const sent = requests.sent(request);
    const clientMetadata = (await sent.clone().json()) as Record<string, unknown>;
    const {
      code = 'invalid_client_metadata',
      description,
      status = 400,
    } = (await callback({ clientMetadata, request: sent })) ?? { code: '' };
    if (code === '') return true;
    throw new CoreError(code as CoreError['code'], 'register_policy', {
      status,
      ...(description === undefined ? {} : { hint: description }),
    });
  };
}

/** `onError` of the core, without what only the core knows. */
export type OldOnError = (refusal: Omit<Refusal, 'requestId'>, response: Response, request: Request) => Promise<Response | undefined>;

/** Error codes and texts stay those of the core: they are the RFCs'. */
export function onErrorOf(onError: CommonOptions<never>['onError']): OldOnError {
  return async ({ code, endpoint, reason, status, error }, response, request) => {
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    const body = isJson ? ((await response.clone().json()) as { error_description?: string }) : {};
    const description = body.error_description ?? '';
    const internal = { category: endpoint, reason, ...(error === undefined ? {} : { detail: error }) };
    if (onError)
      return onError({ code, description, status, headers: Object.fromEntries(response.headers), internal, request }) ?? undefined;
    console.warn(`OAuth error response: ${status} ${code} - ${description}`);
    return undefined;
  };
}

/** Tokens of another server: `resolveExternalToken` says what they are worth. */
export function externalTokensOf<Env>(
  resolve: NonNullable<OAuthProviderOptions<Env>['resolveExternalToken']>,
  issuer: string,
): TokenSource {
  return {
    authorizationServers: [issuer],
    async verify(token, resource, tell, call) {
      try {
        const { props, audience } =
          (await resolve({ token, request: call?.request ?? new Request(resource), env: call?.env as Env })) ?? {};
        if (audience === undefined) return null;
        const isOurs = canonicalResource(audience) === resource;
        if (!isOurs) tell?.('token_of_another_resource');
        const unknown = { userId: '', clientId: '', grantId: await sha256(token), scope: [] };
        return isOurs ? { ...unknown, resource, props, expiresAt: Number.MAX_SAFE_INTEGER } : null;
      } catch (error) {
        if (!(error instanceof ExternalTokenError)) throw error;
        const { 'retry-after': wait } = coreErrorOf(error).headers;
        throw Object.assign(coreErrorOf(error), { retryAfter: Number(wait) }); // of a 503, which has no other header
      }
    },
  };
}

/**
 * Authorization code flow with an upstream (OAuth 2.1 §4.1, OpenID Connect Core §3.1), on `oauth4webapi`. Always with PKCE and state; with
 * OpenID Connect also a nonce and a verified ID token. Every failure is an `UpstreamError`.
 *
 *   redirect: endpoints → verifier, nonce → authorization URL
 *   callback: endpoints → iss, state, error → code for tokens → ID token (signature, iss, aud, azp, nonce, time) → userinfo → identity
 */
import * as oauth from 'oauth4webapi';
import { parseJson } from '../lib/json.ts';
import { isLoopbackHost } from '../lib/url.ts';
import { type Ask, failureOf, makeAsk, makeBreakers, makeCredentials } from './ask.ts';
import {
  type Body,
  bodyOf,
  type CallbackState,
  type Endpoints,
  type Identified,
  identityOf,
  type Provider,
  type ProviderOptions,
  textOf,
  type Upstream,
  type UpstreamCallback,
  UpstreamError,
  withBoolean,
} from './contract.ts';
import { ALGORITHMS, type Discover, makeDiscover, makeKeySet } from './discovery.ts';
import { claimsIn, makeTokenOperations, readAnswer, tokensOf, unverifiedClaims, unverifiedHeader } from './tokens.ts';

const TIMEOUT = 10;
const MAX_DEPTH = 32;
const AGAIN = { prompt: 'login', max_age: '0' };
/** Claims of an ID token that are not about the user. */
const PROTOCOL = new Set('iss aud azp exp iat nbf nonce at_hash c_hash s_hash jti sid auth_time typ ver'.split(' '));

/** Makes an upstream from a provider. @throws {TypeError} for a wrong option. */
export function codeFlow(given: Provider, options: ProviderOptions): Upstream {
  checkOptions(given, options);
  const provider = repairedBy(given, options);
  const { id = provider.id, label = provider.label, icon = provider.icon, scope = provider.scope } = options;
  const { server: published } = provider;
  const discover: Discover = 'discover' in published ? makeDiscover(published) : async () => published;
  const verifySignature = makeKeySet();
  const timeout = options.timeout ?? TIMEOUT;
  const breakers = makeBreakers();
  const asker = (visitor?: string): Ask => makeAsk(options.fetch ?? ((url, init) => fetch(url, init)), timeout, breakers(visitor));
  const credentials = makeCredentials(id, provider, options);

  const startSignIn = async (request: Parameters<Upstream['startSignIn']>[0]): ReturnType<Upstream['startSignIn']> => {
    const server = await discover(asker(request.visitor));
    const state: CallbackState = { verifier: oauth.generateRandomCodeVerifier(), nonce: oauth.generateRandomNonce() };
    const url = new URL(server.authorization_endpoint);
    const wanted = [...new Set([...scope, ...(request.scopes ?? [])])];
    const more = request.offline === true ? offlineOf(provider, server, wanted) : { scope: wanted, parameters: {} };
    const parameters: AuthorizationParameters = {
      ...provider.parameters,
      ...more.parameters,
      ...(request.fresh === true ? (provider.again ?? (provider.openid ? AGAIN : {})) : {}),
      [provider.hint ?? 'login_hint']: provider.openid || provider.hint !== undefined ? request.hint : undefined,
      response_type: 'code',
      client_id: credentials.client(request.env).client_id,
      redirect_uri: request.redirectUri,
      [provider.scopeParameter ?? 'scope']: more.scope.length === 0 ? undefined : more.scope.join(' '),
      state: request.state,
      code_challenge: await oauth.calculatePKCECodeChallenge(state.verifier),
      code_challenge_method: 'S256',
      nonce: provider.openid ? state.nonce : undefined,
    };
    for (const [name, value] of Object.entries(parameters)) if (value !== undefined && value !== '') url.searchParams.set(name, value);
    return { location: url.href, keep: state };
  };

  const finishSignIn = async (callback: Parameters<Upstream['finishSignIn']>[0]): ReturnType<Upstream['finishSignIn']> => {
    const ask = asker(callback.visitor);
    const found = await discover(ask);
    const state = bodyOf(callback.kept);
    const client = credentials.client(callback.env, callback.now);
    const returned = 'discover' in published ? callback.parameters : withoutOwnIssuer(callback.parameters, found);
    const parameters = oauth.validateAuthResponse(found, client, returned, callback.state);
    if (!parameters.has('code')) throw new UpstreamError('broken', 'code_missing');

    const verifier = textOf(state['verifier'], 'verifier_lost');
    let signed = '';
    const response = await oauth.authorizationCodeGrantRequest(
      found,
      client,
      credentials.auth(callback.env, found),
      parameters,
      callback.redirectUri,
      verifier,
      {
        [oauth.allowInsecureRequests]: isLoopbackHost(new URL(found.token_endpoint).hostname),
        [oauth.customFetch]: async (url, init) => {
          const { response: read, idToken } = await readAnswer(await credentials.through(ask)(url, init), provider, false);
          signed = idToken ?? '';
          return read;
        },
      },
    );
    const server = { ...(await serverOf(found, response, provider)), id_token_signing_alg_values_supported: ALGORITHMS };
    const expectedNonce = provider.openid ? textOf(state['nonce'], 'nonce_lost') : oauth.expectNoNonce;
    const answer = await oauth.processAuthorizationCodeResponse(server, client, response, {
      expectedNonce,
      requireIdToken: provider.openid,
    });
    const idToken = provider.openid ? (oauth.getValidatedIdTokenClaims(answer) as Body | undefined) : undefined;
    if (idToken) {
      if (idToken['azp'] !== undefined && idToken['azp'] !== client.client_id) throw new UpstreamError('broken', 'azp'); // OIDC Core §3.1.3.7
      await verifySignature(signed, unverifiedHeader(signed), textOf(server.jwks_uri, 'keys_malformed'), ask);
    }
    const asked = idToken && isIncomplete(idToken, scope) ? found.userinfo_endpoint : undefined;
    const more = idToken && asked !== undefined ? await userinfo(asked, answer, idToken, ask) : {};
    const claims = withBoolean(Object.fromEntries(Object.entries(merged(more, idToken)).filter(([name]) => !PROTOCOL.has(name))));
    const arrival: UpstreamCallback = {
      issuer: server.issuer,
      claims,
      answer,
      clientId: client.client_id,
      get: getter(ask, answer.access_token),
    };
    const isPartial = asked !== undefined && more['sub'] === undefined;
    const partial = isPartial ? new UpstreamError('unavailable', 'userinfo_not_told') : undefined;
    const { notTold = partial, ...identity }: Identified = await (provider.identify ?? identityOf)(arrival);
    const authenticatedAt = idToken?.['auth_time'];
    return {
      identity,
      tokens: tokensOf(answer, callback.now),
      ...(typeof authenticatedAt === 'number' ? { authenticatedAt } : {}),
      ...(notTold ? { notTold } : {}),
    };
  };

  const site = 'discover' in published ? published.discover : published.authorization_endpoint;
  const verbs = makeTokenOperations(provider, { credentials, discover, asker });
  const steps: Pick<Upstream, 'startSignIn' | 'finishSignIn'> = {
    startSignIn: (request) => startSignIn(request).catch(failureOf),
    finishSignIn: (callback) => finishSignIn(callback).catch(failureOf),
  };
  const issuer = 'discover' in published ? published.discover : published.issuer;
  const { admits, recheck } = provider;
  const membership: Pick<Upstream, 'admits' | 'recheck'> = {
    ...(admits ? { admits } : {}),
    ...(recheck
      ? {
          recheck: (token) =>
            recheck(getter(asker(), token), token).catch((error: unknown) => {
              if (error instanceof UpstreamError) return 'unknown' as const;
              throw error;
            }),
        }
      : {}),
  };
  return { id, label, icon, issuer, site, scope, timeout, ...steps, ...verbs, ...membership };
}

/**
 * Leaves out an `iss` (RFC 9207) at the origin that stands for the site. Without discovery, its issuer is not published to us: the name may be shorter
 * than what the site sends one day, as GitHub began to, and it cannot be changed, since it is part of each user's identity.
 */
function withoutOwnIssuer(parameters: URLSearchParams, { issuer }: Endpoints): URLSearchParams {
  const [sent = '', ...more] = parameters.getAll('iss');
  const isOwn = more.length === 0 && URL.canParse(sent) && new URL(sent).origin === issuer;
  return isOwn ? new URLSearchParams([...parameters].filter(([name]) => name !== 'iss')) : parameters;
}

/** Calls the upstream's API with an access token. */
function getter(ask: Ask, token: string): UpstreamCallback['get'] {
  return async (url, headers = {}) => {
    const authorization = `Bearer ${token}`;
    const got = await ask(url, { headers: { accept: 'application/json', 'user-agent': 'portcullis', ...headers, authorization } });
    return { status: got.status, body: parseJson(await got.text(), MAX_DEPTH), headers: got.headers };
  };
}

/** Adds the operator's own repair, which runs after the provider's. */
function repairedBy(provider: Provider, { repairAnswer }: ProviderOptions): Provider {
  const { repair = (body) => body } = provider;
  return repairAnswer ? { ...provider, repair: (body) => bodyOf(repairAnswer(repair(body))) } : provider;
}

function checkOptions({ id, label }: Provider, { clientId, id: own = id, timeout = TIMEOUT }: ProviderOptions): void {
  const fail = (problem: string): never => {
    throw new TypeError(`${label}: ${problem}.`);
  };
  if (clientId === undefined || clientId === '') fail('`clientId` is missing; take it from the app that you registered there');
  if (!/^[a-z0-9][a-z0-9-]{0,31}$/.test(own))
    fail(`\`id\` must have 1 to 32 lower-case letters, digits and hyphens; it is ${JSON.stringify(own)}`);
  if (!(timeout > 0 && timeout <= 60)) fail('`timeout` must be more than 0 and at most 60 seconds');
}

/** The expected issuer of the ID token. Reads unverified claims, only to know which issuer to require. */
async function serverOf(found: Endpoints, response: Response, { issuerOf }: Provider): Promise<Endpoints> {
  if (!issuerOf) return found;
  const body = bodyOf(await response.clone().json());
  return { ...found, issuer: issuerOf(unverifiedClaims(body['id_token'])) };
}

/** Whether requested claims are missing: many upstreams return them only from userinfo (OIDC Core §5.4). */
function isIncomplete(claims: Body, scope: readonly string[]): boolean {
  return (scope.includes('email') && claims['email'] === undefined) || (scope.includes('profile') && claims['name'] === undefined);
}

/** The ID token takes precedence. `email_verified` is about one address, so both come from one source, or from two with the same address. */
function merged({ email, email_verified: verified, ...more }: Body, idToken: Body = {}): Body {
  const { email: signed, email_verified: signedVerified, ...rest } = idToken;
  if (signed === undefined) return { ...more, ...(email === undefined ? {} : { email, email_verified: verified }), ...rest };
  return { ...more, ...rest, email: signed, email_verified: signedVerified ?? (email === signed ? verified : undefined) };
}

/** Best effort: a valid ID token is enough, so only a different subject is fatal (OpenID Connect Core §5.3.2). */
async function userinfo(url: string, { access_token: token }: oauth.TokenEndpointResponse, { sub }: Body, ask: Ask): Promise<Body> {
  const headers = { accept: 'application/json', authorization: `Bearer ${token}` };
  const response = await ask(url, { headers }).catch((error: unknown) => {
    if (error instanceof UpstreamError && error.failure !== 'unavailable') return null;
    throw error; // report an outage: without the address, the user might be refused
  });
  const text = response?.status === 200 ? (await response.text()).trim() : '';
  const profile = bodyOf(parseJson(text, MAX_DEPTH) ?? claimsIn(text)); // a JWT came over TLS from the site, as JSON does (OIDC Core §5.3.2)
  if (profile['sub'] === undefined) return {};
  if (textOf(profile['sub'], 'userinfo_other_subject') !== textOf(sub, 'sub_missing'))
    throw new UpstreamError('broken', 'userinfo_other_subject');
  return profile;
}

/** Parameters of an authorization request; undefined ones are omitted. */
type AuthorizationParameters = { readonly [name: string]: string | undefined };

/**
 * Scope and parameters that request a refresh token, from an upstream whose tokens are kept: in the upstream's own way if it has one; otherwise
 * the scope `offline_access` with the consent that OpenID Connect Core §11 requires for it, if the upstream publishes that scope.
 */
function offlineOf(
  { offline, openid, parameters: own = {} }: Provider,
  { scopes_supported: published = [] }: Endpoints,
  scope: readonly string[],
): { readonly scope: readonly string[]; readonly parameters: AuthorizationParameters } {
  if (offline) return { scope: [...new Set([...scope, ...(offline.scope ?? [])])], parameters: offline.parameters ?? {} };
  if (!openid || !published.includes('offline_access')) return { scope, parameters: {} };
  return { scope: [...new Set([...scope, 'offline_access'])], parameters: { prompt: own['prompt'] ?? 'consent' } }; // an empty string omits it
}

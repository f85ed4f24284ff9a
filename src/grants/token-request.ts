/**
 * A token request from its parameters to its answer, as every grant type needs it: the resource and the scopes that it asks for; the change of its
 * grant, where the record is, in one call, if the store can run our code (`core/grant-attempt`), else by a transition between a read and a write; and
 * the tokens of the response: how an access token is signed, what is kept so that a repeated request gets the same tokens (`repeated-answer.ts`), and
 * the JSON body (RFC 6749 §5.1). The store alone reveals no token: those that replace a refresh token are derived from it and a nonce of the grant;
 * signed ones, and those for a code, are sealed under what the client presented.
 */
import type { AuthServer } from '../core/auth-server.ts';
import { OAuthError } from '../model/error.ts';
import type { Params } from '../model/params.ts';
import { isEveryRoute, resourceOf, singleResource } from '../model/resource.ts';
import { narrowScope, parseScope, rightsIn, type ScopeRules } from '../model/scope.ts';
import type { Settings } from '../model/settings.ts';
import { type Caller, failed, keyOf } from '../clients/caller.ts';
import { findClient } from '../clients/find.ts';
import { attemptGrant, type GrantAttempt } from '../core/grant-attempt.ts';
import type { MintedTokens, RefreshProof } from '../core/records/secrets.ts';
import type { Redemption, Rotation, SlowTransition, Verdict } from '../model/grant-transitions.ts';
import type { Derivation, Grant, GrantAccess } from '../model/grant.ts';
import { isRedirect } from '../model/login.ts';
import type { Seconds, Stored } from '../model/store.ts';
import { familyOf, grantIdOf, unwrap, withoutPlace, wrap } from '../model/token.ts';
import { lazy } from '../lib/async.ts';

/** The canonical resource of a token request; undefined if it names none (RFC 8707 §2.2). */
export function requestedResource(params: Params, { settings }: AuthServer): string | undefined {
  const asked = params.all('resource');
  if (asked.length === 0) return undefined;
  const uri = singleResource(asked, settings.resources);
  if (uri === null) throw new OAuthError('invalid_target', 'resource_malformed');
  return uri;
}

/** The rules for tokens of a resource. */
export function scopeRulesOf(settings: Settings): (resource: string) => ScopeRules {
  const { scopesSupported, unknownScopes } = settings;
  const known = scopesSupported.map(({ name }) => name);
  return (resource) => ({
    ...(unknownScopes === 'grant' ? {} : { known }),
    strict: unknownScopes === 'refuse',
    required: resourceOf(settings, resource)?.requiredScopes ?? [],
  });
}

/**
 * The scopes of a grant without a consent page: all of `most` if the request names no known scope.
 *
 * @param text the `scope` parameter.
 * @throws {OAuthError} `invalid_scope` if it names scopes and none of them is allowed.
 */
export function scopeWithin(settings: Settings, resource: string, text: string | undefined, most: readonly string[]): readonly string[] {
  const rights = rightsIn(most);
  return narrowScope(rights, parseScope(text), settings.expandScopes(rights), { ...scopeRulesOf(settings)(resource), defaulted: true });
}

/**
 * Runs the transition, and only if it succeeds checks and uses up the DPoP proof: an unauthorized caller causes no expensive work, and
 * reuse is detected before a proof is asked for.
 *
 * @param known the record as it was just read; saves the first read.
 * @throws {OAuthError} what the transition refuses with; `invalid_client` if the client no longer exists, or did not authenticate.
 */
export function changeGrant<T>(
  as: AuthServer,
  caller: Caller,
  grantId: string,
  transition: SlowTransition<T>,
  known?: Stored | null,
): Promise<T> {
  const change: SlowTransition<T> = async (stored): Promise<Verdict<T>> => {
    const grant = stored.clientId === caller.clientId ? await asRegistered(as, caller, stored) : stored; // the transition refuses another client
    const verdict = await transition(grant);
    if ('error' in verdict) return verdict;
    const configured = as.settings.clients.get(grant.clientId)?.client;
    await keyOf(caller, (configured ?? grant).dpopBound)?.prove();
    return verdict;
  };
  return as.records.changeGrant(grantId, change, known === undefined ? {} : { known });
}

/**
 * The grant with its client's current authentication. A grant remembers whether its client has a secret, so that a public client's record
 * is not read (docs/decisions/0001); it is read if the grant says that the client must authenticate, or was one of the `clients` option.
 */
async function asRegistered(as: AuthServer, { kind, clientId }: Caller, grant: Grant): Promise<Grant> {
  if (kind === 'public' && (grant.clientAuth === 'confidential' || (grant.configured && !as.settings.clients.has(clientId)))) {
    const client = await findClient(as, clientId);
    if (client?.authMethod !== 'none') throw failed('none', client ? 'secret_missing' : 'client_unknown');
  }
  const clientAuth = kind === 'public' ? 'public' : 'confidential';
  return clientAuth === grant.clientAuth ? grant : { ...grant, clientAuth };
}

/** What came of an attempt: the grant with new tokens, or what was read instead, if anything. */
export interface Tried {
  readonly issued?: { readonly grant: Grant; readonly access: GrantAccess };
  readonly known?: Stored | null;
}

/** What a request presents. */
type Presented = { readonly kind: 'redeem'; readonly proof: Redemption } | { readonly kind: 'rotate'; readonly proof: Rotation };

/** Tries to issue tokens where the grant is. */
export async function tryThere(
  as: AuthServer,
  caller: Caller,
  grantId: string,
  { kind, proof }: Presented,
  { access, refresh }: MintedTokens,
): Promise<Tried> {
  const { settings } = as;
  const configured = settings.clients.get(caller.clientId)?.client;
  const needsProof = caller.key !== undefined || configured?.dpopBound || (caller.kind === 'confidential' && caller.client.dpopBound);
  const mayAsk = settings.onTokens !== null || settings.resources.some(({ accessTokenSigning }) => accessTokenSigning !== undefined);
  if (!as.store.attempt || needsProof || mayAsk || proof.scope.length > 0) return {};
  const { expandScopes: _functions, rules: _stay, scope: _none, ...presented } = proof;
  const attempt = {
    kind,
    now: proof.now,
    clientAuth: caller.kind === 'public' ? 'public' : 'confidential',
    isConfigured: configured !== undefined,
    settled: settings.logins.filter((login) => !isRedirect(login) || !login.recheck).map(({ id }) => id),
    minted: { access, refresh },
    proof: presented,
  } as GrantAttempt;
  const made = await attemptGrant(as, grantId, attempt);
  if (!made?.isDone || !made.stored) return made ? { known: made.stored } : {};
  const grant = made.stored.value as Grant;
  return { issued: { grant, access: grant.access.at(-1) as GrantAccess } };
}

const signAccess = lazy(async () => (await import('../core/signing-keys.ts')).signAccess);

/** The issued tokens. */
export interface IssuedTokens {
  readonly accessToken: string;
  readonly refreshToken: string | null;
  readonly scope: readonly string[];
  readonly resource: string;
  readonly expiresAt: Seconds;
  /** Thumbprint of the key that the access token is bound to. */
  readonly jkt?: string | undefined;
  /** Type of the token, if the request could have asked for several (RFC 8693 §2.2.1). */
  readonly issuedTokenType?: string;
}

/** The JSON body. It always contains the scope, which may be less than requested. */
export function tokenAnswer(
  { accessToken, refreshToken, scope, resource, expiresAt, issuedTokenType, jkt }: IssuedTokens,
  now: Seconds,
): Record<string, unknown> {
  return {
    access_token: accessToken,
    ...(issuedTokenType === undefined ? {} : { issued_token_type: issuedTokenType }),
    token_type: jkt === undefined ? 'Bearer' : 'DPoP',
    expires_in: Math.max(0, expiresAt - now),
    ...(refreshToken === null ? {} : { refresh_token: refreshToken }),
    scope: scope.join(' '),
    ...(isEveryRoute(resource) ? {} : { resource }),
  };
}

/** The tokens. */
export type SealedTokens = { readonly access: string; readonly refresh: string | null };

/** Seals tokens. @param presented the code or refresh token. */
export function sealTokens({ secrets }: AuthServer, grantId: string, presented: string, given: SealedTokens): Promise<string> {
  return secrets.sealUnder(presented, given, boundTo(grantId));
}

/** The tokens that replace a refresh token. */
export function deriveTokens(
  { secrets }: AuthServer,
  { hash, pad, familyHash }: RefreshProof,
  presented: string,
  { nonce, grantId, leadsBack }: Derivation,
): Promise<MintedTokens> {
  return secrets.mint(grantId, familyOf(presented), leadsBack ? { hash, pad, familyHash } : { familyHash }, { presented, nonce });
}

/** What sealed tokens are bound to: the grant, wherever its tokens say that it is. */
export function boundTo(grantId: string): string {
  return `successor:${withoutPlace(grantId)}`;
}

/** A token with its grant. */
interface SignedAccessToken {
  readonly grant: Grant;
  readonly access: GrantAccess;
  readonly accessToken: string;
}

/** The minted token, or a signed one in its place. @param access its entry in the grant (the same object). */
export async function signAccessToken(
  as: AuthServer,
  grant: Grant,
  access: GrantAccess,
  minted: Pick<MintedTokens, 'access' | 'accessToken'>,
): Promise<SignedAccessToken> {
  const alg = as.settings.resources.find(({ uri }) => uri === grant.resource)?.accessTokenSigning;
  if (alg === undefined) return { grant, access, accessToken: minted.accessToken };
  const accessToken = await signAccess(as, alg, grant, access, grantIdOf('access', minted.accessToken) ?? grant.id);
  const key = unwrap(access, minted.access.pad);
  const next = { ...access, ...wrap(key, await as.secrets.proof(accessToken)) };
  return { grant: { ...grant, access: grant.access.map((one) => (one === access ? next : one)) }, access: next, accessToken };
}

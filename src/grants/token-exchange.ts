/**
 * Token exchange (RFC 8693): exchanges an access token for one with the same or less scope and lifetime, for a service that handles a user's
 * call and makes calls of its own. The new grant depends on the exchanged token and keeps its key binding. The operator's policy decides
 * who may exchange; without one, exchange is off.
 *
 * Checks: client → form → subject token → resource → scope → policy → child grant
 */
import { keyOf, type Caller } from '../clients/caller.ts';
import type { AuthServer } from '../core/auth-server.ts';
import { openRefs } from '../core/records/secrets.ts';
import { accessOf, findToken, useProblem } from '../core/verify.ts';
import { OAuthError } from '../model/error.ts';
import type { PresentedProof } from '../core/signatures.ts';
import { type Client, TOKEN_EXCHANGE } from '../model/client.ts';
import type { ExchangePolicy } from '../model/settings.ts';
import type { Seconds } from '../model/store.ts';
import type { Params } from '../model/params.ts';
import { findResource, isEveryRoute } from '../model/resource.ts';
import { narrowScope, parseScope, rightsIn } from '../model/scope.ts';
import { linksOf, MAX_LINKS, unwrap } from '../model/token.ts';
import { type IssuedTokens, scopeRulesOf } from './token-request.ts';
import { directGrant, registeredClient } from './direct-grant.ts';

/** The only token type that is accepted and issued. */
const ACCESS_TOKEN_TYPE = 'urn:ietf:params:oauth:token-type:access_token';

/** Exchanges the subject token of a request. */
export async function tokenExchange(params: Params, caller: Caller, as: AuthServer): Promise<IssuedTokens> {
  const client = registeredClient(caller, TOKEN_EXCHANGE);
  params.once('actor_token_type'); // the others are read below
  if (params.required('subject_token_type') !== ACCESS_TOKEN_TYPE) throw refused('subject_type');
  if ((params.optional('requested_token_type') ?? ACCESS_TOKEN_TYPE) !== ACCESS_TOKEN_TYPE) throw refused('requested_type');
  if (params.optional('actor_token') !== undefined) throw refused('actor_token'); // the client itself is the actor
  if (params.all('audience').length > 0) throw new OAuthError('invalid_target', 'audience', { hint: 'Name the target with `resource`.' });
  const token = params.required('subject_token');
  const seconds = params.optional('expires_in'); // no parameter of the RFC, but a wish for less
  if (seconds !== undefined && !/^[1-9]\d{0,8}$/.test(seconds)) throw new OAuthError('invalid_request', 'expires_in');
  const asked = {
    clientId: client.id,
    client,
    token,
    resource: params.all('resource'),
    scope: parseScope(params.optional('scope')),
    key: keyOf(caller),
    ...(seconds === undefined ? {} : { notAfter: as.now() + Number(seconds) }),
  };
  return exchangeSubject(as, asked, async (exchange, env) => (await as.settings.tokenExchange?.(exchange, env)) ?? false);
}

/** What is exchanged for what. */
export interface SubjectExchange {
  /** The client that gets the token. Default: the client of the exchanged token. */
  readonly clientId?: string;
  readonly client?: Client;
  readonly token: string;
  /** As requested; empty for the resource of the exchanged token. */
  readonly resource: readonly string[];
  readonly scope: readonly string[];
  /** The latest end of the new token. */
  readonly notAfter?: Seconds;
  readonly key?: PresentedProof | undefined;
}

/** Exchanges a token, unless the policy refuses. @throws {OAuthError} */
export async function exchangeSubject(
  as: AuthServer,
  { token, resource: asked, key, ...wanted }: SubjectExchange,
  policy: ExchangePolicy,
): Promise<IssuedTokens> {
  let problem = 'subject_token';
  const found = await findToken(as, token, (reason) => (problem = reason));
  if (!found) throw refused(problem);
  const { grant, access } = found;
  const over = await useProblem(as, grant, token);
  if (over !== null) throw refused(over);
  const { uri } = findResource(asked.length === 0 && !isEveryRoute(grant.resource) ? [grant.resource] : asked, as.settings);
  const scope = narrowed(as, wanted.scope, access.scope, uri);
  if (linksOf(grant.id).length >= MAX_LINKS) throw refused('chain_too_long');
  const subject = accessOf(as, token, found);
  const jkt = key?.jkt ?? access.jkt; // the binding is never lost: without another key it stays the same
  const { clientId = grant.clientId, notAfter = Infinity } = wanted;
  const exchange = { clientId, subject, resource: uri, scope, ...(jkt === undefined ? {} : { jkt }) };
  if ((await policy(exchange, as.env)) !== true) throw refused('policy');
  const tokens = await directGrant(as, {
    reason: TOKEN_EXCHANGE,
    clientId,
    client: wanted.client,
    userId: grant.userId,
    scope,
    resource: uri,
    props: subject.props,
    notAfter: Math.min(access.expiresAt, notAfter),
    parent: { id: grant.id, tokenHash: access.hash },
    linked: grant.upstreams ? await openRefs(as.secrets, grant.id, unwrap(access, await as.secrets.pad(token)), grant.upstreams) : [],
    key,
    jkt,
    ...(grant.organization === undefined ? {} : { organization: grant.organization }),
    act: { sub: `client:${clientId}`, ...(grant.act === undefined ? {} : { act: grant.act }) },
  });
  return { ...tokens, issuedTokenType: ACCESS_TOKEN_TYPE };
}

/** Narrows the scope. The client knows the scope of the subject token, so it gets an error if it asks for more. */
function narrowed({ settings }: AuthServer, asked: readonly string[], scope: readonly string[], resource: string): readonly string[] {
  const [rights, rules] = [rightsIn(scope), scopeRulesOf(settings)(resource)];
  const covered = settings.expandScopes(rights);
  if (asked.some((one) => rules.known?.includes(one) && !covered.includes(one)))
    throw new OAuthError('invalid_scope', 'scope_beyond_grant');
  return narrowScope(rights, asked, covered, rules);
}

/** One text for all reasons: a party that found a token must not learn what it is or who it belongs to (RFC 8693 §2.2.2). */
function refused(reason: string): OAuthError {
  return new OAuthError('invalid_request', `exchange_${reason}`, {
    hint: 'The exchange is not possible with these tokens, or not allowed.',
  });
}

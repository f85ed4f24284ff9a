/**
 * JWT bearer grant: tokens for an assertion of a trusted issuer (RFC 7523 §2.1). Two profiles, distinguished by `typ`: an ID-JAG says that an
 * enterprise allows a client to act for a user (Enterprise-Managed Authorization); any other JWT identifies a platform's workload, which
 * needs no client (workload identity federation).
 *
 * Checks: format → client → issuer → signature → audience, times, claims → resource → scope → user → single use → key → grant
 */
import { failed, keyOf, type Caller } from '../clients/caller.ts';
import type { AuthServer } from '../core/auth-server.ts';
import { findKey } from '../core/key-sources.ts';
import { singleUse } from '../core/records/one-time.ts';
import { isAssertionSignedWith } from '../core/signatures.ts';
import { checkTypes } from '../lib/check-options.ts';
import { userIdOf } from '../core/users/identities.ts';
import { isDocumentUrl } from '../lib/url.ts';
import {
  type Assertion,
  type AssertionRequest,
  type Claims,
  endOf,
  type FoundIssuer,
  isFor,
  type MappedUser,
  parseAssertion,
  SKEW,
  textClaim,
  timeProblem,
} from '../model/assertion.ts';
import { OAuthError } from '../model/error.ts';
import { type Client, JWT_BEARER } from '../model/client.ts';
import type { Params } from '../model/params.ts';
import { findResource, resolveResource } from '../model/resource.ts';
import { isScopeToken, parseScope, type ScopeExpansion } from '../model/scope.ts';
import { type IssuedTokens, requestedResource, scopeWithin } from './token-request.ts';
import { directGrant, registeredClient } from './direct-grant.ts';

const ID_JAG = 'oauth-id-jag+jwt';
/** `typ` of workload assertions; one that names another purpose is refused (RFC 8725 §3.11). */
const WORKLOAD_TYPES = [undefined, 'jwt', 'jose'];

/** Issues tokens for the assertion of a request. */
export async function jwtBearer(params: Params, caller: Caller, as: AuthServer, request: Request): Promise<IssuedTokens> {
  const assertion = parseAssertion(params.required('assertion'));
  if (!assertion) throw refused('malformed');
  const { claims } = assertion;
  const isJag = assertion.typ === ID_JAG;
  const client = isJag ? checkedClient(claims, caller) : null;
  if (!isJag && !WORKLOAD_TYPES.includes(assertion.typ)) throw refused('type');
  const asked: AssertionRequest = { client, request, env: as.env };
  const issuer = await findIssuer(as, claims['iss'], isJag, asked);
  if (client && issuer?.clients && !issuer.clients.includes(client.id)) throw refused('client_beyond_issuer');
  if (!issuer) {
    if (caller.kind === 'public') throw failed('none', 'client_unproven');
    throw refused('issuer_untrusted');
  }
  if (client && !issuer.anyClient) registeredClient(caller, JWT_BEARER);
  const key = keyOf(caller);
  const { jti, subject } = await checkAssertion(as, assertion, issuer, key?.jkt);
  const resource = targetOf(as, params, claims);
  const named = params.optional('scope');
  const ceiling = ceilingOf(issuer, claims, isJag, as.settings.expandScopes);
  const most = ceiling === null ? parseScope(named) : scopeWithin(as.settings, resource, named, ceiling);
  const mapped = await asking(async () => checkedUser(issuer.user ? await issuer.user(claims, { ...asked, resource, scope: most }) : {}));
  if (!mapped) throw refused('user_refused');
  const isFree = ceiling === null && parseScope(named).length === 0;
  const allowed = as.settings.expandScopes(most);
  const scope = mapped.scope?.filter((one) => isFree || allowed.includes(one)) ?? (ceiling === null ? [] : most);
  const userId = mapped.userId ?? (await userIdOf(as, { issuer: issuer.issuer, subject, claims: {} }));
  const clientId = isJag && caller.kind === 'confidential' ? caller.client.id : `workload:${userId}`;
  const once = await singleUse(as, ['issuer', issuer.issuer], jti, endOf(claims, issuer.clockSkew));
  try {
    if (!(await once.spend())) throw refused('replayed');
    const { metadata, accessTokenTTL: life } = mapped;
    const props = propsOf(mapped, userId, claims);
    return await directGrant(as, {
      reason: JWT_BEARER,
      clientId,
      client: client ?? undefined,
      userId,
      scope,
      resource,
      key,
      metadata,
      life,
      props,
    });
  } catch (error) {
    await once.giveBack(); // a failed request uses up nothing
    throw error;
  }
}

/** An ID-JAG names the one client that may use it, which must authenticate (EMA §5; ID-JAG §4.4.1). */
function checkedClient(claims: Claims, caller: Caller): Client {
  if (caller.kind !== 'confidential') throw failed('none', 'client_unproven');
  if (claims['client_id'] !== caller.clientId) throw refused('client_differs');
  return caller.client;
}

/** The issuer that is trusted, from the list or the function of the option. */
async function findIssuer(as: AuthServer, iss: unknown, isJag: boolean, asked: AssertionRequest): Promise<FoundIssuer | undefined> {
  const { trustedIssuers, issuerFinder } = as.settings;
  const isIt = ({ kind, issuer }: FoundIssuer): boolean =>
    issuer === iss && (kind === 'enterprise') === isJag && issuer !== as.settings.issuer;
  const found =
    issuerFinder === null || typeof iss !== 'string'
      ? null
      : await asking(async () => withKeys(as, await issuerFinder(iss, asked as never)));
  return found && isIt(found) ? found : trustedIssuers.find(isIt);
}

const FOUND =
  'issuer kind jwks jwksUri scope:string[] clients:string[] claims:object audience:string algorithms:string[] maxAssertionLife:number user:function anyClient:boolean clockSkew:number jwksMaxAge:number';

/** The issuer, which the start could not check. @throws {TypeError} without keys that can be read, of every workload of a platform, or with a time that would never pass. */
function withKeys({ isLoopback }: AuthServer, found: FoundIssuer | null): FoundIssuer | null {
  checkTypes('trustedIssuers', found ?? undefined, FOUND);
  if (found?.kind === 'workload' && !found.user && Object.keys(found.claims ?? {}).length === 0)
    throw new TypeError('trustedIssuers: name the workloads: `claims: { sub: "…" }`, or a function `user`; a platform signs for all.');
  if (found && !found.jwks && !isDocumentUrl(found.jwksUri ?? '', isLoopback))
    throw new TypeError('trustedIssuers: `jwksUri` must be an https URL with a path.');
  if (!(Number.isFinite(found?.clockSkew ?? 0) && (found?.maxAssertionLife ?? 0) >= 0))
    throw new TypeError('trustedIssuers: times must be seconds.');
  return found;
}

/** What `user` says. @throws {TypeError} for what would become another grant than was meant. */
function checkedUser(mapped: MappedUser | null): MappedUser | null {
  const { userId = 'ours', scope = [], accessTokenTTL: life = 1 } = mapped ?? {};
  const areScopes = Array.isArray(scope) && scope.every((one) => typeof one === 'string' && isScopeToken(one));
  if (typeof userId === 'string' && userId !== '' && areScopes && Number.isSafeInteger(life) && life > 0) return mapped;
  throw new TypeError('trustedIssuers: `user` must give a text, a list of scopes and seconds as `userId`, `scope` and `accessTokenTTL`.');
}

/** What a function of the application says. @throws {OAuthError} 503 if it fails. */
async function asking<T>(ask: () => T | Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (cause) {
    throw new OAuthError('temporarily_unavailable', 'issuer_function_failed', { cause, headers: { 'retry-after': '2' } });
  }
}

async function checkAssertion(
  as: AuthServer,
  assertion: Assertion,
  issuer: FoundIssuer,
  jkt: string | undefined,
): Promise<{ jti: string; subject: string }> {
  const { claims } = assertion;
  if (issuer.algorithms?.includes(assertion.alg) === false) throw refused('algorithm');
  const key = await findKey(as, issuer, assertion, async () => undefined);
  if (!key) throw refused('key_unknown');
  if (!(await isAssertionSignedWith(assertion, key))) throw refused('signature');
  const { issuer: own, origin, paths } = as.settings;
  if (!isFor(claims, issuer.audience ?? own) && !(issuer.kind === 'workload' && isFor(claims, origin + paths.token)))
    throw refused('audience');
  const { maxAssertionLife: life = Infinity, clockSkew = SKEW } = issuer;
  const time = timeProblem(claims, as.now(), clockSkew) ?? (claims['iat'] === undefined ? 'iat_missing' : null);
  if (time !== null) throw refused(time);
  if (Number(claims['exp']) - Number(claims['iat']) > life + clockSkew) throw refused('exp_far');
  // Claims that are not understood grant nothing, and a bound assertion needs a proof of its key (ID-JAG §4.4.1).
  if (!isBoundTo(claims['cnf'], jkt)) throw refused('key_differs');
  if (claims['authorization_details'] !== undefined) throw refused('claim_not_understood');
  const [jti, sub, tenant] = [textClaim(claims, 'jti'), textClaim(claims, 'sub'), claims['tenant']];
  if (jti === null) throw refused('without_jti');
  if (sub === null) throw refused('without_subject');
  if (tenant !== undefined && typeof tenant !== 'string') throw refused('tenant_malformed');
  for (const [name, wanted] of Object.entries(issuer.claims ?? {})) {
    const value = textClaim(claims, name);
    if (value === null || ![wanted].flat().includes(value)) throw refused('claim_differs');
  }
  const isPlain = tenant === undefined && !sub.startsWith('["'); // no subject may be spelled like that of a tenant
  return { jti, subject: isPlain ? sub : JSON.stringify([tenant ?? null, sub]) };
}

/** Whether the proven key satisfies `cnf`. @param cnf as received; only `jkt` is understood. */
function isBoundTo(cnf: unknown, jkt: string | undefined): boolean {
  if (cnf === undefined) return true;
  if (typeof cnf !== 'object' || cnf === null || Object.keys(cnf).join() !== 'jkt') return false;
  return jkt !== undefined && (cnf as { readonly jkt: unknown }).jkt === jkt;
}

/** The resource that the assertion and the request agree on, or the only one there is. */
function targetOf(as: AuthServer, params: Params, { resource }: Claims): string {
  const asked = requestedResource(params, as);
  const { resources } = as.settings;
  if (resource === undefined || asked !== undefined) {
    const { uri } = findResource(asked === undefined ? [] : [asked], as.settings); // RFC 8707 §2: `invalid_target` for an unknown one
    if (resource === undefined) return uri;
  }
  const allowed = [resource].flat().map((one) => (typeof one === 'string' ? resolveResource(one, resources) : null));
  const both = resources.map(({ uri }) => uri).filter((uri) => allowed.includes(uri) && (asked === undefined || asked === uri));
  if (both.length !== 1 || both[0] === undefined) throw refused('resource');
  return both[0];
}

/** The most that may be granted: the operator's scopes for the issuer, limited to what the issuer allows the user (EMA §7.2.1); null for no limit. */
function ceilingOf(issuer: FoundIssuer, { scope }: Claims, isJag: boolean, expandScopes: ScopeExpansion): readonly string[] | null {
  if (!isJag || scope === undefined) return issuer.scope ?? null;
  if (typeof scope !== 'string') throw refused('scope');
  const allowed = expandScopes(parseScope(scope));
  return expandScopes(issuer.scope ?? allowed).filter((name) => allowed.includes(name));
}

function propsOf({ props }: MappedUser, userId: string, claims: Claims): unknown {
  if (props !== undefined) return props;
  const [name, email] = [textClaim(claims, 'name'), textClaim(claims, 'email')];
  return { claims: { sub: userId, ...(name === null ? {} : { name }), ...(email === null ? {} : { email }) } };
}

function refused(reason: string): OAuthError {
  return new OAuthError('invalid_grant', `assertion_${reason}`, { hint: 'The assertion is not valid here, or has been used.' });
}

/**
 * Guard: `Request → Access | Response`. Parses the bearer token of a request and verifies it before the handler runs.
 * Depends on no store and no endpoint.
 */
import { type Context, type GuardedContext, requestState, withAccess } from '../model/context.ts';
import { checkTypes } from '../lib/check-options.ts';
import { equalTexts } from '../lib/bytes.ts';
import { type Access, type AuthContext, type Checked, scopeExpansionOf, type ScopeHierarchy, type Tell } from '../model/access.ts';
import { type Connect, type Upstreams, UpstreamTokenError } from '../model/upstream.ts';
import type { ProofCheck, ProofProblem } from '../model/dpop.ts';
import { canonicalResource, otherSpelling } from '../model/resource.ts';
import type { Awaitable } from '../model/runtime.ts';
import type { Telemetry } from '../model/event.ts';
import { bearerOf, callOf, given, type Verifier } from './token-source.ts';
import {
  areOrigins,
  type Challenge,
  checkOrigin,
  insufficientScope,
  isVerdict,
  metadataAnswer,
  metadataPathOf,
  metadataText,
  metadataTexts,
  metadataUrlOf,
  notFound,
  preflight,
  refusedBy,
  type Scheme,
  unauthorized,
  unavailable,
  unproven,
  withCors,
} from './answers.ts';
import type { GuardRefusal, OnRefused } from './refused.ts';

/** Options of a guard. */
export interface GuardOptions {
  /** The URL that clients call, and that tokens must be for: `https://mcp.example/mcp`. */
  readonly resource: string;
  /** Issuers whose tokens the verifier accepts. */
  readonly authorizationServers: readonly string[];
  /** Verifies a token; usually of `portcullis/verifiers`. */
  readonly verify: Verifier;
  /** The value that tokens of the source name in place of the resource; such a source may guard one resource only. */
  readonly fixedAudience?: readonly string[] | undefined;
  /** Scopes that every call needs; listed in the challenge and in the metadata. */
  readonly requiredScopes?: readonly string[] | undefined;
  /** Scopes that include others, `{ admin: ['write'], write: ['read'] }`; `access.scope` then has those, too. */
  readonly hierarchy?: ScopeHierarchy | undefined;
  /** The resource's name for people. */
  readonly name?: string | undefined;
  /** Origins of browser pages that may call, beside our own; `*` for all. */
  readonly allowedOrigins?: readonly string[] | undefined;
  /** Reads the token from another header. Default: `Authorization: Bearer` (RFC 6750 §2.1). */
  readonly tokenOf?: ((request: Request) => string | null) | undefined;
  /** Also accepts requests without a token, without `ctx.auth`; an invalid token is still rejected. */
  readonly anonymous?: boolean | undefined;
  /** Checks the DPoP proof of a token that is bound to a key: `proofs({ store })`. Without it every such token is rejected. */
  readonly checkProof?: ProofCheck | undefined;
  /** Called for each rejected request, with the reason. Default: a line on stderr if `resource` is on loopback. */
  readonly onRefused?: OnRefused | undefined;
  /** Spans and metrics of OpenTelemetry: `openTelemetry(api)` of `portcullis/opentelemetry`. Default: none. */
  readonly telemetry?: Telemetry | undefined;
  /** Called when the verifier fails; the caller does not see the error. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/** Checks a request. Call {@link Guard.protect} to put it before a handler. */
export interface Guard<Anonymous = never> {
  /** Null for a request without a token if {@link GuardOptions.anonymous} accepts those. */
  (request: Request, env?: unknown): Promise<Access | Response | Anonymous>;
  /** A fetch handler that runs `handler` for valid tokens only, with `ctx.auth` and `ctx.props` set, and serves the metadata document. */
  protect<Env = unknown, Props = AuthContext>(
    handler: GuardedFetch<Env, Anonymous, Props>,
  ): (request: Request, env?: Env, ctx?: Context) => Promise<Response>;
  /** The metadata document's path and text. */
  readonly metadata: { readonly path: string; readonly text: string };
  /** The documents by path: a resource has several names, such as that with a slash at its end. */
  readonly documents: ReadonlyMap<string, string>;
  /** What a handler needs to reject a request itself: the URL of the metadata, and the scopes of every call. */
  readonly challenge: Challenge;
}

/** A fetch handler with `ctx.auth`, which is absent only for accepted callers without a token. */
export type GuardedFetch<Env = unknown, Anonymous = never, Props = AuthContext> = (
  request: Request,
  env: Env,
  ctx: [Anonymous] extends [never] ? GuardedContext<Props> : Context,
) => Awaitable<Response>;

/** The code for refusals once one has been made: to import it again costs a third of a refusal on Node. */
let refusals: typeof import('./refused.ts') | undefined;
const OPTIONS =
  'resource authorizationServers:string[] verify:function requiredScopes:string[] hierarchy:object name:string allowedOrigins tokenOf:function anonymous:boolean checkProof:function onRefused:function onError:function fixedAudience:string[] own telemetry:object';

/**
 * Makes a guard: it checks the access token of each request to an MCP endpoint (RFC 6750), and answers a request without a valid one with the
 * 401 or 403 by which clients find the authorization server (RFC 9728). Handlers behind `protect` get the caller as `ctx.auth` and `ctx.props`.
 *
 * @throws {TypeError} at start-up, naming the option and the fix.
 * @example
 * const check = guard({ resource: 'https://mcp.example/mcp', ...auth0Tokens({ domain: 'acme.eu.auth0.com' }) });
 * const handler = check.protect((request, env, ctx) => Response.json(ctx.auth.userId));
 */
export function guard(options: GuardOptions & { readonly anonymous?: false }): Guard;
export function guard(options: GuardOptions): Guard<null>;
export function guard(options: GuardOptions): Guard<null> {
  if (!areOrigins(options?.allowedOrigins)) throw new TypeError('guard: `allowedOrigins` must be a list of origins.');
  return makeGuard(options);
}

/** The same, with more names of the resource: URLs of servers below it. */
export function makeGuard(options: GuardOptions, more: readonly string[] = []): Guard<null> {
  checkTypes('guard', options ?? null, OPTIONS);
  const resource = checkedResource(options);
  const { verify, requiredScopes = [], allowedOrigins, onError = logError, tokenOf, anonymous = false, checkProof } = options;
  const covered = scopeExpansionOf(options.hierarchy ?? {});
  const proven = new WeakSet<Request>(); // a proof is valid once; a request may be checked again
  const challenge: Challenge = {
    metadataUrl: metadataUrlOf(resource),
    scope: requiredScopes.filter((scope) => scope !== 'offline_access'),
  };
  const { authorizationServers, name } = options;
  const description = { resource, authorizationServers, scopes: challenge.scope, name, provesKeys: checkProof !== undefined };
  const metadata = { path: metadataPathOf(resource), text: metadataText(description) };
  const documents = metadataTexts(description, more);
  /** The resource as the client calls it, because that is what the client compares. */
  const challengeFor = (request: Request): Challenge => {
    const url = metadataUrlOf(calledUrl(request, resource));
    return documents.has(pathOf(url)) ? { ...challenge, metadataUrl: url } : challenge;
  };

  /** 401; but 404 for metadata that clients look for below the resource before they try the right place: some stop at 401. */
  const challenged = (request: Request, ...why: [sent: boolean, scheme: Scheme, advice?: string]): Response =>
    /^[^?#]*\/\.well-known\//.test(request.url) ? notFound() : unauthorized(challengeFor(request), ...why);

  const told = async (request: Request, refusal: GuardRefusal | null): Promise<string | undefined> => {
    const { originRefusal, tellRefused } = (refusals ??= await import('./refused.ts'));
    return tellRefused(resource, options.onRefused, request, refusal ?? originRefusal(request));
  };
  const foreignPage = async (request: Request, refusal: Response): Promise<Response> => {
    await told(request, null);
    return refusal;
  };

  const judge = async (request: Request, env?: unknown): Promise<Access | Response | null> => {
    const foreign = checkOrigin(request, allowedOrigins, resource);
    if (foreign) return foreignPage(request, foreign);
    const { token, sent, scheme } = tokenOf ? given(tokenOf(request)) : bearerOf(request);
    const refused = async (reason: string, detail?: string): Promise<Response> => {
      const advice = await told(request, { code: 'invalid_token', reason, detail });
      return challenged(request, true, scheme, advice);
    };
    if (token === undefined && sent) return refused('authorization_malformed');
    if (token === undefined) return anonymous ? null : challenged(request, false, scheme);
    let why: Parameters<Tell> = ['token_not_good']; // if the verifier gives no reason
    let access: Checked | null;
    let problem: ProofProblem | null = null;
    try {
      access = await verify(token, resource, (...said) => void (why = said), callOf(request, env));
      if (!access) return await refused(...why);
      if (!Array.isArray(access.scope)) throw new TypeError('guard: `scope` must be a list of scopes.');
      if (!equalTexts(access.resource, resource) && access.resource !== otherSpelling(resource))
        return await refused('token_of_another_resource');
      const bound = access.cnf;
      if (bound && scheme !== 'DPoP') return await refused('bound_token_as_bearer'); // RFC 9449 §7.2
      if (!bound && scheme === 'DPoP') return await refused('bearer_token_as_dpop');
      if (bound && !proven.has(request)) {
        if (!checkProof) return await refused('proofs_not_checked');
        problem = await checkProof(request, { url: calledUrl(request, resource), token, jkt: bound.jkt });
        if (problem === null) proven.add(request);
      }
    } catch (error) {
      if (isVerdict(error)) {
        await told(request, { code: error.code, reason: error.reason });
        return refusedBy(challengeFor(request), error, scheme);
      }
      new Promise((done) => done(onError(error))).catch(logError); // it may be asynchronous, and must not change the response
      return unavailable(retryAfterOf(error));
    }
    if (problem) {
      const { code, reason = 'proof_not_good' } = problem;
      return unproven(challengeFor(request), problem, await told(request, { code, reason }));
    }
    const scope = covered(access.scope);
    const missing = requiredScopes.filter((one) => !scope.includes(one));
    if (missing.length > 0) {
      const detail = `the token lacks ${missing.join(' ')}`;
      const advice = await told(request, { code: 'insufficient_scope', reason: 'scope_missing', detail });
      return insufficientScope(challengeFor(request), scheme, advice);
    }
    if (access.upstream && scope === access.scope) return access as Access;
    return { upstream: noUpstreams, connect: noConnect, ...access, scope };
  };

  const { telemetry } = options;
  const protect = <Env>(handler: GuardedFetch<Env, null>): ReturnType<Guard['protect']> => {
    const answer = async (request: Request, env: unknown, ctx: Context): Promise<Response> => {
      const document = request.url.includes('/.well-known/') ? documents.get(pathAndQueryOf(request)) : undefined;
      if (document !== undefined) return metadataAnswer(request, document);
      const foreign = checkOrigin(request, allowedOrigins, resource);
      if (foreign) return foreignPage(request, foreign); // which a page of another origin may not even read
      if (request.method === 'OPTIONS') return preflight(request);
      const access = await (telemetry ? telemetry.step('guard', () => judge(request, env)) : judge(request, env));
      if (isRefusal(access)) return withCors(request, access);
      const state = requestState(ctx);
      if (telemetry) state.telemetry = telemetry;
      const stillGood = async (): Promise<boolean> => isGood(await judge(request, env));
      state.stillGood = stillGood;
      const credential = (): string | null => tokenOf?.(request) ?? null;
      if (tokenOf) state.credential = credential;
      return withCors(request, await handler(request, env as Env, withAccess(ctx, access, challenge)));
    };
    return (request, env, ctx = { waitUntil() {} }) => {
      if (!telemetry) return answer(request, env, ctx);
      return telemetry.request(request, (span) => (span.set({ 'http.route': pathOf(resource) }), answer(request, env, ctx)));
    };
  };
  return Object.assign(judge, { protect, metadata, documents, challenge });
}

/** If the check fails to run, the request is rejected with 503. */
export function isGood(verdict: Access | Response | null): boolean {
  if (isRefusal(verdict) && verdict.status === 503) throw new Error('The token cannot be checked right now.');
  return !isRefusal(verdict);
}

/** Whether a guard rejected the request. */
export function isRefusal(verdict: Access | Response | null): verdict is Response {
  return verdict !== null && !('scope' in verdict);
}

/** The URL that a proof has to name: our public origin with the path of the call (RFC 9449 §4.3). */
function calledUrl(request: Request, resource: string): string {
  return new URL(resource).origin + pathOf(request.url);
}

/** The one resource of each source with tokens that do not name a resource. */
const resources = new WeakMap<Verifier, string>();

function checkedResource(options: GuardOptions): string {
  const { resource, authorizationServers, verify, fixedAudience = [] } = options;
  const canonical = canonicalResource(resource);
  if (canonical === null)
    throw new TypeError(
      `guard: \`resource\` must be the full URL that clients call, such as https://mcp.example/mcp; it is ${JSON.stringify(resource)}.`,
    );
  if (!verify || !authorizationServers?.length)
    throw new TypeError('guard: `authorizationServers` and `verify` are needed, as a token source has them: ...verifyJwt({ issuer }).');
  if (fixedAudience.length > 0 && (resources.get(verify) ?? canonical) !== canonical)
    throw new TypeError(
      `guard: this token source guards ${resources.get(verify)} already, and its tokens name no resource (${fixedAudience.join(', ')}), so one for the first would be good at ${canonical}. Make another source for it, with an audience of its own.`,
    );
  if (fixedAudience.length > 0) resources.set(verify, canonical);
  return canonical;
}

/** If another server issues the tokens, that server has the accounts. */
const notLinked = (provider: string) => async (): Promise<never> => {
  throw new UpstreamTokenError('not_linked', provider);
};
const noUpstreams: Upstreams = (provider) => {
  const none = notLinked(provider);
  return { token: none, scopes: none, accounts: none };
};

/** Nor is there a page on which to connect one. */
const noConnect: Connect = Object.assign((provider: string) => notLinked(provider)(), {
  seal: async (): Promise<never> => {
    throw new TypeError('auth.connect needs tokens of OAuthProvider.');
  },
  open: async () => null,
});

/** The retry time in an error of a source. */
function retryAfterOf(error: unknown): number | undefined {
  const { retryAfter } = (error ?? {}) as { readonly retryAfter?: unknown };
  return typeof retryAfter === 'number' && retryAfter > 0 ? Math.ceil(retryAfter) : undefined;
}

/** The path of a URL. */
function pathOf(url: string): string {
  return new URL(url).pathname;
}

function pathAndQueryOf(request: Request): string {
  const { pathname, search } = new URL(request.url);
  return pathname + search;
}

function logError(error: unknown): void {
  console.error('portcullis: a token could not be checked', error);
}

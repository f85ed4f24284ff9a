/**
 * Host: one issuer on one store, made once for each environment: its authorization server, its endpoints, and a guard for each protected route.
 * It calls the handlers of the application in any form that Workers accept, and gives them the states of the caller.
 */
import { type AuthServer, makeAuthServer } from '../core/auth-server.ts';
import { requireKeyring } from '../core/records/secrets.ts';
import { withStoreRetry } from '../core/store-retry.ts';
import { verifyAccess } from '../core/verify.ts';
import { type Guard, makeGuard } from '../guard/guard.ts';
import type { OnRefused } from '../guard/refused.ts';
import type { TokenSource, Verifier } from '../guard/token-source.ts';
import type { Checked } from '../model/access.ts';
import type { ProofCheck } from '../model/dpop.ts';
import type { Context, FetchClass, FetchFunction, Handler, WorkerContext } from '../model/context.ts';
import type { Place } from '../model/place.ts';
import type { Runtime } from '../model/runtime.ts';
import { isOurs } from '../model/token.ts';
import { secretsOf } from '../options/option-checks.ts';
import { settingsOf } from '../options/settings.ts';
import { type Route, routesOf } from '../server.ts';
import { epochStore, tenantStore } from '../stores/prefixed.ts';
import { isOff, loginFault, readEnv, storeOf, warnOfIssuerPath } from './environment.ts';
import { makeHelpers, type OAuthHelpers } from './helpers.ts';
import type { Parts } from './parts.ts';
import type { IssuerServer, Standing } from './servers.ts';
import { lazy } from '../lib/lazy.ts';
import type { Seconds, Store } from '../model/store.ts';
import type { CallerStates, UserStates } from '../model/user-state.ts';

/** A protected route. */
export interface Protected<Env> {
  readonly path: string;
  readonly guard: Guard<null>;
  readonly fetch: FetchFunction<Env>;
}

/** One issuer on one store, with all that is made once. */
export interface Host<Env> {
  readonly as: AuthServer;
  /** The path of a tenant's issuer, if it has one. */
  readonly prefix: string;
  readonly allowedOrigins: readonly string[] | undefined;
  readonly routes: ReadonlyMap<string, Route>;
  readonly metadata: ReadonlyMap<string, string>;
  readonly apis: readonly Protected<Env>[];
  readonly helpers: OAuthHelpers;
  /** The fault that a login reports, such as a missing variable. */
  readonly fault: unknown;
}

/** Makes a host. @throws {TypeError} naming what is missing in the options or the environment. */
export function makeHost<Env>(
  { parsed, tenant }: IssuerServer<Env>,
  { issuer, prefix, issuers }: Standing & { readonly issuers: readonly string[] },
  env: Env,
  { runtime, place: placeOf = () => null }: { readonly runtime: Runtime; readonly place?: (request: Request) => Place | null },
  parts: Parts,
): Host<Env> {
  const { options, routes } = parsed;
  const settings = settingsOf(parsed, { issuer, tenant, prefix, issuers }, !isOff(env, issuer), env);
  const whole = storeOf(options, env, readEnv(env, 'PORTCULLIS'));
  const own = tenant === null ? whole : tenantStore(whole, tenant);
  const epoch = readEnv(env, 'PORTCULLIS_EPOCH') ?? '';
  const traced = (store: Store): Store => settings.telemetry?.store(store) ?? store;
  const store = withStoreRetry(traced(epoch === '' ? own : epochStore(own, epoch)));
  const keyring = parsed.secrets ?? secretsOf(undefined, readEnv(env, 'PORTCULLIS_SECRET'));
  const as = makeAuthServer(settings, runtime, store, parts.core, keyring, env);
  if (settings.resources.some(({ accessTokenSigning }) => accessTokenSigning !== undefined))
    requireKeyring(as.keyring, '`accessTokenSigning`');
  if (settings.dpopNonces) requireKeyring(as.keyring, '`dpopNonces`');
  if (settings.secondFactor?.needsSecret) requireKeyring(as.keyring, `secondFactor: ${settings.secondFactor.id}()`);
  if (tenant === null && options.basePath === undefined) warnOfIssuerPath(issuer, prefix, routes);
  const { externalTokens, anonymous } = options;
  const outside = async (source: TokenSource, ...sent: Parameters<TokenSource['verify']>): Promise<Checked | null> => {
    const found = await source.verify(...sent);
    return found && { ...found, scope: settings.expandScopes(found.scope) };
  };
  const verify: Verifier = (token, resource, tell, call) =>
    externalTokens && !isOurs(token) ? outside(externalTokens, token, resource, tell, call) : verifyAccess(as, token, resource, tell);
  const told = new WeakSet<Request>(); // the guard may check one request twice
  const onRefused: OnRefused = (refusal, request) => {
    const region = placeOf(request);
    if (!told.has(request)) as.emit({ kind: 'request.refused', endpoint: 'guard', ...(region && { region }), ...refusal });
    told.add(request);
  };
  const authorizationServers = [issuer, ...(externalTokens?.authorizationServers ?? [])];
  const onError = (error: unknown): void => as.emit({ kind: 'request.failed', endpoint: 'guard', requestId: as.secrets.id(), error });
  const checkProof: ProofCheck = async (...proof) => findProofProblem(as, ...proof);
  const alike = { authorizationServers, checkProof, verify, onError, onRefused, anonymous };
  const apis = routes.map(({ path: route, handler }): Protected<Env> => {
    const path = prefix + route;
    const {
      uri: resource = issuer,
      requiredScopes,
      name,
      names,
    } = (options.resource === undefined ? settings.resources.find((one) => one.path === path) : settings.resources[0]) ?? {};
    const about = { ...alike, resource, name };
    return {
      path,
      fetch: fetchOf(handler),
      guard: makeGuard({ ...about, requiredScopes, allowedOrigins: ['*'] }, names), // the origin was checked before
    };
  });
  const metadata = new Map(apis.flatMap((api) => [...api.guard.documents]));
  if (apis.length === 1 && apis[0]) metadata.set(`/.well-known/oauth-protected-resource${prefix}`, apis[0].guard.metadata.text);
  const { allowedOrigins } = options;
  return {
    prefix,
    allowedOrigins,
    as,
    routes: new Map([...routesOf(settings, parts.rareGrants?.token), ...(parts.pages?.pageRoutesOf(settings) ?? [])]),
    metadata,
    apis,
    helpers: makeHelpers(as),
    fault: loginFault(settings.logins, env, (name) => settings.permissions !== null || name === settings.admin?.permission),
  };
}

/** Turns any form of handler into one function. A class gets a new instance for each request, as a `WorkerEntrypoint` does. */
export function fetchOf<Env>(handler: Handler<Env>): FetchFunction<Env> {
  if (typeof handler === 'object') return (request, env, ctx) => handler.fetch(request, env, asOnWorkers(ctx));
  if (!isClass(handler)) return (request, env, ctx) => handler(request, env, asOnWorkers(ctx));
  return (request, env, ctx) => new (handler as new (ctx: Context, env: Env) => InstanceType<FetchClass>)(ctx, env).fetch(request);
}

/** The context with what Workers have on theirs; the same object. */
function asOnWorkers(ctx: Context): Context & WorkerContext {
  if (!('passThroughOnException' in ctx)) Object.defineProperty(ctx, 'passThroughOnException', { value: () => undefined });
  return ctx as Context & WorkerContext;
}

function isClass<Env>(handler: FetchFunction<Env, Context & WorkerContext> | FetchClass): handler is FetchClass {
  return typeof (handler.prototype as { fetch?: unknown } | undefined)?.fetch === 'function';
}

const findProofProblem = lazy(async () => (await import('../core/dpop.ts')).findProofProblem);
const statesOf = lazy(async () => (await import('../core/records/user-states.ts')).statesOf);

/** The states of the caller. A class, since every call makes one and few use it. */
export class LazyStates implements CallerStates {
  readonly #kind: 'state' | 'mcp';
  readonly #as: AuthServer;
  readonly #access: Checked;

  constructor(as: AuthServer, access: Checked, kind: 'state' | 'mcp' = 'state') {
    this.#kind = kind;
    this.#as = as;
    this.#access = access;
  }
  async read(...asked: Parameters<UserStates['read']>): ReturnType<UserStates['read']> {
    return (await this.#states()).read(...asked);
  }
  async write(...asked: Parameters<UserStates['write']>): ReturnType<UserStates['write']> {
    return (await this.#states()).write(...asked);
  }
  async remove(...asked: Parameters<UserStates['remove']>): ReturnType<UserStates['remove']> {
    return (await this.#states()).remove(...asked);
  }
  get passing(): UserStates {
    return new LazyStates(this.#as, this.#access, 'mcp');
  }
  now(): Seconds {
    return this.#as.now();
  }
  #states(): Promise<UserStates> {
    return statesOf(this.#as, this.#access, this.#kind);
  }
}

/**
 * Host: one issuer on one store, made once for each environment: its settings, its authorization server, its endpoints, and a guard for each
 * protected route. It calls the handlers of the application in any form that Workers accept, and gives them the states of the caller.
 */
import { type AuthServer, makeAuthServer } from '../core/auth-server.ts';
import { requireKeyring } from '../core/records/secrets.ts';
import { withStoreRetry } from '../core/store-retry.ts';
import { verifyAccess } from '../core/verify.ts';
import { type Guard, makeGuard } from '../guard/guard.ts';
import type { OnRefused } from '../guard/refused.ts';
import type { TokenSource, Verifier } from '../guard/token-source.ts';
import { lazy } from '../lib/async.ts';
import { isLoopbackHost } from '../lib/url.ts';
import type { Checked } from '../model/access.ts';
import type { Context, FetchClass, FetchFunction, Handler, WorkerContext } from '../model/context.ts';
import type { ProofCheck } from '../model/dpop.ts';
import { isOurs, type Place } from '../model/token.ts';
import { covers, everyRouteOf, type Resource } from '../model/resource.ts';
import type { Runtime } from '../model/runtime.ts';
import type { Paths, Settings } from '../model/settings.ts';
import type { Seconds, Store } from '../model/store.ts';
import type { CallerStates, UserStates } from '../model/user-state.ts';
import { scrapeTokenOf } from '../options/features.ts';
import { checkOwnIssuer, clientsOf, fail, formerStoreOf, secretsOf } from '../options/option-checks.ts';
import type { ParsedOptions } from '../options/parse.ts';
import { resourcesOf, uriOf } from '../options/resources.ts';
import { type Route, routesOf } from '../server.ts';
import { epochStore, tenantStore } from '../stores/prefixed.ts';
import { isOff, loginFault, readEnv, storeOf } from './environment.ts';
import { makeHelpers, type OAuthHelpers } from './helpers.ts';
import type { Parts } from './parts.ts';
import type { IssuerServer, Standing } from './servers.ts';

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
  const twice = routes.find(({ path }) => prefix.endsWith(path))?.path;
  if (twice) console.warn(`portcullis: issuer ${issuer} and apiRoute ${twice} make ${issuer}${twice}; leave one out.`);
  const { externalTokens, anonymous } = options;
  const outside = async (source: TokenSource, ...sent: Parameters<TokenSource['verify']>): Promise<Checked | null> => {
    const found = await source.verify(...sent);
    return found && { ...found, scope: settings.expandScopes(found.scope) };
  };
  const verify: Verifier = (token, resource, tell, call) =>
    externalTokens && !isOurs(token) ? outside(externalTokens, token, resource, tell, call) : verifyAccess(as, token, resource, tell);
  const told = Symbol(); // the guard may check one request twice; a WeakSet of requests costs the collector more
  const onRefused: OnRefused = (refusal, request: Request & { [told]?: true }) => {
    const region = placeOf(request);
    if (!request[told]) as.emit({ kind: 'request.refused', endpoint: 'guard', ...(region && { region }), ...refusal });
    request[told] = true;
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
    routes: new Map([...routesOf(settings, parts.rareGrants?.grantTypes), ...(parts.pages?.pageRoutesOf(settings) ?? [])]),
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

const findProofProblem = lazy(async () => (await import('../core/signatures.ts')).findProofProblem);
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

/** The issuer and the path of a server. */
interface IssuerPlace {
  readonly issuer: string;
  /** Id of the tenant. */
  readonly tenant?: string | null;
  /** The path of a tenant's issuer, if it has one. */
  readonly prefix?: string;
  /** The issuers of all tenants. */
  readonly issuers?: readonly string[];
}

/** The settings of one issuer: the parsed options, with what needs the issuer or the environment; frozen. @throws {TypeError} naming the option and the fix. */
export function settingsOf<Env>(
  { options, routes, look, settings }: ParsedOptions<Env>,
  { issuer, tenant = null, prefix = '', issuers = [issuer] }: IssuerPlace,
  limits: boolean,
  env: Env,
): Settings {
  checkIssuer(issuer, prefix);
  if (prefix !== '' && routes.some(({ path }) => path === '/'))
    fail('apiRoute', 'cannot be "/" where the issuer has a path; give it a path of its own, such as "/mcp"');
  for (const login of settings.logins) login.checkIssuer?.(issuer, issuers);
  checkOwnIssuer(settings.trustedIssuers, issuer);
  const { origin, host } = new URL(issuer);
  const { name = host, defaultResource, clients = [], formerStore } = options;
  const resources = resourcesOf(options, routes, { issuer, prefix });
  return Object.freeze({
    ...settings,
    issuer,
    issuers,
    origin,
    tenant,
    paths: below(prefix, settings.paths),
    resources,
    defaultResource: defaultResource === undefined ? null : uriOf(defaultResource, issuer),
    everyRoute: defaultResource === undefined ? everyRouteIn(resources, issuer) : undefined,
    formerStore: formerStoreOf(typeof formerStore === 'function' ? formerStore(env) : formerStore),
    clients: clientsOf(typeof clients === 'function' ? clients(env) : clients),
    limits,
    scrapeToken: scrapeTokenOf(options.monitoring, env),
    name,
    brand: { ...look, name },
  });
}

/** The resource of a request that names none of several routes: its token is valid at all of them and has the scopes that each requires. */
function everyRouteIn(resources: readonly Resource[], issuer: string): Resource | undefined {
  const routes = resources.filter(({ path }) => path !== null);
  if (resources.length < 2 || routes.length === 0) return undefined;
  const accessTokenTTL = routes.flatMap(({ accessTokenTTL: one }) => one ?? []);
  const requiredScopes = [...new Set(routes.flatMap((route) => route.requiredScopes))];
  return {
    uri: everyRouteOf(issuer),
    path: null,
    metadataPath: '',
    requiredScopes,
    ...(accessTokenTTL.length === 0 ? {} : { accessTokenTTL: Math.min(...accessTokenTTL) }),
  };
}

/** The paths of a server whose issuer has a path. */
function below(prefix: string, paths: Paths): Paths {
  return Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, path === null ? null : prefix + path])) as unknown as Paths;
}

function checkIssuer(issuer: string, prefix: string): void {
  const url = URL.canParse(issuer) ? new URL(issuer) : null;
  const shown = JSON.stringify(issuer);
  const isPlain = /^(?:\/[A-Za-z0-9\-_~][A-Za-z0-9\-._~]*)*$/.test(prefix) && !covers('/.well-known', prefix);
  if (!url || url.origin + prefix !== issuer || !isPlain)
    fail(
      'issuer',
      `must be an origin such as "https://mcp.example", or one with a path such as "https://example.com/mcp-server": scheme and host in lower case, no slash at the end; it is ${shown}`,
    );
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopbackHost(url.hostname)))
    fail('issuer', `must be https (plain http is for localhost only); it is ${shown}`);
}

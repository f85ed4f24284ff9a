/**
 * `portcullis/mcp-sdk-v1`: what stands in an Express application, under the names and with the options that it has in the MCP SDK 1.x: `mcpAuthRouter`
 * and `mcpAuthMetadataRouter`, the endpoints and metadata documents in front of its routes, and `requireBearerAuth`, the guard of one route, which sets
 * `request.auth` as the SDK's own does.
 */
import { metadataAnswer, metadataTexts, metadataUrlOf } from '../guard/answers.ts';
import { guard, type Guard, type GuardOptions } from '../guard/guard.ts';
import type { OnRefused } from '../guard/refused.ts';
import type { Verifier } from '../guard/token-source.ts';
import { checkTypes } from '../lib/check-options.ts';
import { canonicalResource } from '../model/resource.ts';
import { admit, type GuardedMessage, nodeListener, type NodeListener } from '../node/middleware.ts';
import { proofs } from '../verifiers/proofs.ts';
import { type AuthInfo, authInfoOf, hasLogins, mount, pathsAsked, ServerProvider, whenMounted } from './server-provider.ts';

export { type AuthInfo, ServerProvider, type ServerProviderOptions } from './server-provider.ts';

type Message = Parameters<NodeListener>[0];
/** As Express takes it: `app.use(handler)`. */
export type RequestHandler = (request: Message, response: Parameters<NodeListener>[1], next: (error?: unknown) => void) => void;

/** What both routers say about the protected resource. */
interface ResourceOptions {
  readonly scopesSupported?: string[] | undefined;
  readonly resourceName?: string | undefined;
  /** Stands in the resource's metadata. */
  readonly serviceDocumentationUrl?: URL | undefined;
}

/** Options of {@link mcpAuthRouter}, as there. */
export interface AuthRouterOptions extends ResourceOptions {
  /** This server, in the place of your `OAuthServerProvider`. */
  readonly provider: ServerProvider;
  readonly issuerUrl: URL;
  /** Must have the issuer's origin; the resource, where `resourceServerUrl` is missing. */
  readonly baseUrl?: URL | undefined;
  /** The URL that clients call. Default, as there: `baseUrl`, or `issuerUrl`. */
  readonly resourceServerUrl?: URL | undefined;
  /** Not there: how many proxies stand in front of the application. Default 0. Limits count by network. */
  readonly trustProxy?: number | undefined;
}

/** Options of {@link mcpAuthMetadataRouter}, as there. */
export interface AuthMetadataOptions extends ResourceOptions {
  /** The metadata of the authorization server that issues the tokens. */
  readonly oauthMetadata: { readonly issuer: string; readonly [member: string]: unknown };
  readonly resourceServerUrl: URL;
}

const RESOURCE_OPTIONS = 'scopesSupported:string[] resourceName:string serviceDocumentationUrl resourceServerUrl';
const PROGRAMS = ['authorize', 'token', 'revoke', 'introspect', 'par', 'register', 'jwks'];
const PAGES = ['login', 'account', 'device', 'admin'];
const METADATA = ['oauth-authorization-server', 'openid-configuration'];

/**
 * The authorization server as Express middleware: endpoints, pages and metadata. Every other request goes on to the next route. Mount it at the
 * root, before body parsers.
 *
 * @throws {TypeError} for a wrong option, naming the fix.
 * @example
 * const provider = new ServerProvider({ store: sqliteStore('./data/portcullis.db'), logins: [password()] });
 * const resourceServerUrl = new URL('https://mcp.example/mcp');
 * express().use(mcpAuthRouter({ provider, issuerUrl: new URL('https://mcp.example'), resourceServerUrl }));
 */
export function mcpAuthRouter(options: AuthRouterOptions): RequestHandler {
  checkTypes('mcpAuthRouter', options ?? null, `provider issuerUrl baseUrl trustProxy:number ${RESOURCE_OPTIONS}`);
  const { provider, issuerUrl, baseUrl, trustProxy } = options;
  if (!(provider instanceof ServerProvider))
    throw new TypeError(
      'mcpAuthRouter: `provider` must be new ServerProvider({ store, logins }) of portcullis/mcp-sdk-v1; give your own one to it as `formerStore: mcpSdkProvider(provider, …)`.',
    );
  const issuer = urlOf('mcpAuthRouter', 'issuerUrl', issuerUrl);
  if (baseUrl !== undefined && new URL(urlOf('mcpAuthRouter', 'baseUrl', baseUrl)).origin !== new URL(issuer).origin)
    throw new TypeError('mcpAuthRouter: `baseUrl` must have the origin of `issuerUrl`, where the endpoints stand.');
  const server = mount(provider, {
    issuer,
    resource: urlOf('mcpAuthRouter', 'resourceServerUrl', options.resourceServerUrl ?? baseUrl ?? issuerUrl),
    name: options.resourceName,
    scopes: options.scopesSupported ?? [],
  });
  const { origin } = new URL(issuer);
  const answer = nodeListener(server.auth, { env: server.env, origin, trustProxy });
  const documents = serveTexts(documentsOf(server.resource, issuer, options, server.store?.atomic));
  const isOurs = pathsOf(issuer, [...(hasLogins(provider) ? PAGES.map((name) => `/${name}`) : []), ...pathsAsked(provider)]);
  return (request, response, next) => (isOurs(pathOf(request)) ? answer(request, response) : documents(request, response, next));
}

/**
 * The metadata of a protected resource whose tokens another server issues, and that server's own.
 *
 * @throws {TypeError} for a wrong option, naming the fix.
 * @example
 * const oauthMetadata = { issuer: 'https://as.example', authorization_endpoint: 'https://as.example/authorize' };
 * express().use(mcpAuthMetadataRouter({ oauthMetadata, resourceServerUrl: new URL('https://mcp.example/mcp') }));
 */
export function mcpAuthMetadataRouter(options: AuthMetadataOptions): RequestHandler {
  checkTypes('mcpAuthMetadataRouter', options ?? null, `oauthMetadata ${RESOURCE_OPTIONS}`);
  const { oauthMetadata, resourceServerUrl } = options;
  if (typeof oauthMetadata?.issuer !== 'string')
    throw new TypeError('mcpAuthMetadataRouter: `oauthMetadata` must be the metadata of the authorization server, with its `issuer`.');
  const resource = urlOf('mcpAuthMetadataRouter', 'resourceServerUrl', resourceServerUrl);
  const documents = documentsOf(resource, oauthMetadata.issuer, options);
  documents.set('/.well-known/oauth-authorization-server', JSON.stringify(oauthMetadata));
  return serveTexts(documents);
}

/**
 * The URL of a resource's metadata document (RFC 9728 §3.1).
 *
 * @example
 * const resourceMetadataUrl = getOAuthProtectedResourceMetadataUrl(new URL('https://mcp.example/mcp'));
 */
export function getOAuthProtectedResourceMetadataUrl(serverUrl: URL): string {
  return metadataUrlOf(urlOf('getOAuthProtectedResourceMetadataUrl', 'serverUrl', serverUrl));
}

/** The documents of a resource, by path. */
function documentsOf(resource: string, issuer: string, options: ResourceOptions, provesKeys = false): Map<string, string> {
  const { scopesSupported: scopes, resourceName: name, serviceDocumentationUrl } = options;
  const texts = metadataTexts({ resource, authorizationServers: [issuer], scopes, name, provesKeys });
  if (serviceDocumentationUrl === undefined) return new Map(texts);
  const more = { resource_documentation: serviceDocumentationUrl.href };
  return new Map([...texts].map(([path, text]) => [path, JSON.stringify({ ...(JSON.parse(text) as object), ...more })]));
}

function serveTexts(documents: ReadonlyMap<string, string>): RequestHandler {
  const answer = nodeListener((request) => metadataAnswer(request, documents.get(new URL(request.url).pathname) ?? ''));
  return (request, response, next) => (documents.has(pathOf(request)) ? answer(request, response) : next());
}

/** Whether a path is one of the server's: an endpoint, or its metadata. @param more paths of pages, and those that options add. */
function pathsOf(issuer: string, more: readonly string[]): (path: string) => boolean {
  const base = new URL(issuer).pathname.replace(/\/$/, '');
  const names = [...PROGRAMS.map((name) => `/${name}`), ...more].map((path) => base + path);
  const own = [...names, ...METADATA.map((name) => `/.well-known/${name}`), ...METADATA.map((name) => `${base}/.well-known/${name}`)];
  return (path) => own.some((one) => path === one || path.startsWith(`${one}/`));
}

function pathOf({ originalUrl, url = '' }: Message & { readonly originalUrl?: string }): string {
  return (originalUrl ?? url).split('?', 1)[0] ?? '';
}

function urlOf(owner: string, name: string, url: URL): string {
  const text = canonicalResource(String(url?.href ?? url));
  if (text === null) throw new TypeError(`${owner}: \`${name}\` must be a URL without a fragment, such as new URL('https://mcp.example/mcp').`);
  return text;
} // prettier-ignore

/** Says what a token of another server is worth: an `OAuthTokenVerifier`. It has to name the resource that the token is for. */
export interface TokenVerifier {
  /** @throws an error with the `errorCode` `invalid_token` for a token that is not valid. Any other is answered with 503. */
  verifyAccessToken(token: string): Promise<AuthInfo>;
}

/** Options of {@link requireBearerAuth}, as there. */
export interface BearerAuthOptions {
  readonly verifier: ServerProvider | TokenVerifier;
  readonly requiredScopes?: string[] | undefined;
  /** The URL of the resource's metadata. Known for a {@link ServerProvider}. */
  readonly resourceMetadataUrl?: string | undefined;
  /** The resource. Known for a {@link ServerProvider}, and where `resourceMetadataUrl` says it. */
  readonly expectedResource?: string | URL | undefined;
}

const WELL_KNOWN = '/.well-known/oauth-protected-resource';

/**
 * The guard as Express middleware, before the body parser. Calls `next()` for a valid token, with `request.auth` as tools of SDK 1.x find it in
 * `extra.authInfo`, and answers all other requests itself.
 *
 * @throws {TypeError} for a wrong option, naming the fix.
 * @example
 * const provider = new ServerProvider({ store: sqliteStore('./data/portcullis.db'), logins: [password()] });
 * express().post('/mcp', requireBearerAuth({ verifier: provider, requiredScopes: ['read'] }), handler);
 */
export function requireBearerAuth(options: BearerAuthOptions): RequestHandler {
  checkTypes('requireBearerAuth', options ?? null, 'verifier requiredScopes:string[] resourceMetadataUrl:string expectedResource');
  const { verifier } = options;
  if (typeof verifier?.verifyAccessToken !== 'function')
    throw new TypeError('requireBearerAuth: `verifier` must be the provider of mcpAuthRouter, or an object with `verifyAccessToken`.');
  let check: Guard | undefined;
  if (verifier instanceof ServerProvider)
    whenMounted(verifier, ({ resource, issuer, auth, env, on, store }) => {
      const named = resourceIn(options);
      if (named !== null && named !== resource)
        throw new TypeError(
          `requireBearerAuth: \`expectedResource\` and \`resourceMetadataUrl\` must be those of the router: ${resource}, ${metadataUrlOf(resource)}.`,
        );
      const onRefused: OnRefused | undefined =
        on && ((refusal) => on({ kind: 'request.refused', at: Math.floor(Date.now() / 1000), endpoint: 'guard', ...refusal }));
      check = guardFor(options, resource, issuer, (token, uri, tell) => auth.helpers(env).verifyToken(token, uri, tell), {
        onRefused,
        checkProof: store?.atomic ? proofs({ store }) : undefined, // no other store tells a second use of a proof
      });
    });
  else {
    const resource = resourceIn(options);
    if (resource === null)
      throw new TypeError(
        'requireBearerAuth: give `expectedResource`, the URL that clients call, so that no token for another server is taken.',
      );
    check = guardFor(options, resource, new URL(resource).origin, ofVerifier(verifier));
  }
  return (request, response, next) => {
    if (!check)
      return next(new TypeError('requireBearerAuth: its verifier has no router; call mcpAuthRouter({ provider, issuerUrl }) with it.'));
    const { origin } = new URL(check.challenge.metadataUrl);
    const admitted = admit(check, request, response, { origin }).then((access) => {
      if (!access) return;
      const token = /^\S+ +(\S+)/.exec(request.headers.authorization ?? '')?.[1] ?? '';
      const auth = verifier instanceof ServerProvider ? authInfoOf(verifier, access, token) : (access.props as AuthInfo);
      Object.assign(request as GuardedMessage, { auth });
      next();
    });
    admitted.catch(next); // also what `extra` of the application throws: an unhandled rejection would end the process
  };
}

function guardFor(
  { requiredScopes }: BearerAuthOptions,
  resource: string,
  issuer: string,
  verify: Verifier,
  more: Pick<GuardOptions, 'onRefused' | 'checkProof'> = {},
): Guard {
  return guard({ resource, authorizationServers: [issuer], requiredScopes, verify, ...more });
}

/** The resource that the options name; null if they do not. @throws {TypeError} for what is no URL. */
function resourceIn({ expectedResource, resourceMetadataUrl }: BearerAuthOptions): string | null {
  if (expectedResource === undefined && resourceMetadataUrl === undefined) return null;
  const named = canonicalResource(String(expectedResource ?? resourceMetadataUrl?.replace(WELL_KNOWN, '')));
  if (named === null || (resourceMetadataUrl !== undefined && metadataUrlOf(named) !== resourceMetadataUrl))
    throw new TypeError(
      `requireBearerAuth: \`resourceMetadataUrl\` must be what getOAuthProtectedResourceMetadataUrl returns for the resource; it is ${JSON.stringify(resourceMetadataUrl ?? expectedResource)}.`,
    );
  return named;
}

/** Tokens of another server. A token without a resource or an end is refused: it could be for another server, or for ever. */
function ofVerifier(verifier: TokenVerifier): Verifier {
  return async (token, resource, tell) => {
    let info: AuthInfo;
    try {
      info = await verifier.verifyAccessToken(token);
    } catch (error) {
      if ((Object(error) as { readonly errorCode?: unknown }).errorCode === 'invalid_token') return null;
      throw error;
    }
    const { clientId, scopes, expiresAt } = info;
    if (info.resource === undefined) tell?.('token_of_another_resource', '`verifyAccessToken` did not say the `resource`');
    if (info.resource === undefined || typeof expiresAt !== 'number' || !(expiresAt > Date.now() / 1000)) return null;
    const named = canonicalResource(info.resource.href) ?? '';
    return { userId: '', clientId, grantId: '', scope: scopes, resource: named, expiresAt, props: info };
  };
}

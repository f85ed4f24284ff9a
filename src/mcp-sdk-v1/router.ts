/** `mcpAuthRouter` and `mcpAuthMetadataRouter`: endpoints and metadata documents in front of the other routes of an Express application. */
import { metadataAnswer, metadataTexts, metadataUrlOf } from '../guard/answers.ts';
import { checkNames } from '../lib/check-options.ts';
import { canonicalResource } from '../model/resource.ts';
import { nodeListener, type NodeListener } from '../node/middleware.ts';
import { hasLogins, mount, pathsAsked, ServerProvider } from './server-provider.ts';

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

const RESOURCE_OPTIONS = 'scopesSupported resourceName serviceDocumentationUrl resourceServerUrl';
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
  checkNames('mcpAuthRouter', options, `provider issuerUrl baseUrl trustProxy ${RESOURCE_OPTIONS}`);
  const { provider, issuerUrl, baseUrl, trustProxy = 0 } = options;
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
  checkNames('mcpAuthMetadataRouter', options, `oauthMetadata ${RESOURCE_OPTIONS}`);
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

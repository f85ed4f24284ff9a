/** Path: which URL of ours a request asks for. */

/** The path as every router of ours sees it: one spelling, decided once. */
export function pathOf(url: string): string {
  if (/\\|\/\.(?![a-z])|%2e/i.test(url)) return new URL(url).pathname; // a dot and a letter are no dot segment
  const start = url.indexOf('/', url.indexOf('//') + 2);
  if (start < 0) return '/';
  const query = url.indexOf('?', start);
  const fragment = url.indexOf('#', start);
  const end = query < 0 || (fragment >= 0 && fragment < query) ? fragment : query;
  return end < 0 ? url.slice(start) : url.slice(start, end);
}

/** The request as the handler knows its own address: `MyMCP.serve('/mcp')` answers at `/mcp` of every tenant. */
export function withoutPrefix(request: Request, prefix: string): Request {
  if (prefix === '') return request;
  const url = new URL(request.url);
  url.pathname = url.pathname.slice(prefix.length);
  return new Request(url, request);
}

/** Where a server stands: its issuer, and the path of that. */
export interface Standing {
  readonly issuer: string;
  readonly prefix: string;
}

/**
 * The issuer of a site, whose path may come from the issuer or from `basePath`.
 *
 * @param given the configured issuer, or an origin. @throws {TypeError} where the two paths differ.
 */
export function standingOf(given: string, site: { readonly tenant: string | null; readonly prefix: string }, basePath = ''): Standing {
  if (site.tenant !== null) return { issuer: given + site.prefix, prefix: site.prefix };
  const pathname = URL.canParse(given) ? new URL(given).pathname : '/';
  const own = pathname === '/' ? '' : pathname;
  if (own !== '' && basePath !== '' && own !== basePath)
    throw new TypeError(`OAuthProvider: \`basePath\` is ${basePath}, and the issuer has the path ${own}; make them the same.`);
  return own === '' ? { issuer: given + basePath, prefix: basePath } : { issuer: given, prefix: own };
}

/** A request as the outside knows it, where a proxy has taken the base path off. What is below it already, and its metadata, stays. */
export function withBase(request: Request, basePath: string): Request {
  const path = pathOf(request.url);
  const [, wellKnown = '', below] = /^(\/\.well-known\/[^/]+)(\/.*)?$/.exec(path) ?? [];
  const subject = wellKnown === '' ? path : (below ?? '');
  if (subject === basePath || subject.startsWith(`${basePath}/`)) return request;
  const url = new URL(request.url);
  url.pathname = wellKnown + basePath + subject; // metadata has the path after its name (RFC 8414 §3.1, RFC 9728 §3.1)
  return new Request(url, request);
}

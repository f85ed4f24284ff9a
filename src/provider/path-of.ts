/** Path: which URL of ours a request asks for. */
import { genuine } from '../lib/genuine.ts';

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
  return new Request(url, genuine(request));
}

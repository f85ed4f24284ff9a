/**
 * Converts Node's `IncomingMessage` to a Fetch `Request`: rejects malformed requests, and derives the URL and the client's address.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { isIP } from 'node:net';
import { BodyError, IncomingBody } from './body.ts';
import { LazyHeaders, LazyRequest, type Wire } from './lazy-request.ts';

/** What does not depend on the request. */
export interface RequestRules {
  /** Scheme and host that the public sees, for `request.url`. Without it: `http://` and the `Host` header. */
  readonly origin?: string | undefined;
  /** Largest request body, in bytes. Default 4 MiB. */
  readonly bodyLimit: number;
}

/** A request and its body, or the status that answers it. */
export type Incoming = { readonly request: LazyRequest; readonly body: IncomingBody | null } | { readonly refused: 400 | 405 | 413 };

/** Addresses of the machine itself and of private networks. */
const NEARBY = /^(?:::ffff:)?(?:127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.)|^::1$|^f[cd]/i;

/** Methods for which the Fetch standard has no `Request`. */
const FORBIDDEN: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK']);

const HOST = /^(?:[\w-]+(?:\.[\w-]+)*\.?|\[[\da-f:.]+\])(?::\d{1,5})?$/i;

/** A path and query that parsing a URL would leave as they are: no dot segment, nothing to encode. */
const PLAIN_TARGET = /^(?:\/(?!%|\.(?![a-z]))[\w~!$&()*+,;=:@.%-]*)+(?:\?[\w~!$&()*+,;=:@./?%-]*)?$/;

/** Makes the `Request`, or returns the reason for rejecting it. */
export function incoming(message: IncomingMessage, response: ServerResponse, rules: RequestRules): Incoming {
  const { method = 'GET', headers } = message;
  if (FORBIDDEN.has(method)) return { refused: 405 };
  const length = Number(headers['content-length'] ?? 0);
  if (length > rules.bodyLimit) return { refused: 413 };
  const url = urlOf(message, rules.origin);
  if (url === null) return { refused: 400 };
  const bodied = (length > 0 || headers['transfer-encoding'] !== undefined) && method !== 'GET' && method !== 'HEAD';
  const body = bodied ? new IncomingBody(message, rules.bodyLimit) : null;
  return { request: new LazyRequest(new SocketWire(method, url, body, response), new LazyHeaders(headers)), body };
}

/** The client's address, behind as many proxies as the operator trusts. */
export function addressOf(message: IncomingMessage, trustedProxies: number): string | undefined {
  const peer = message.socket.remoteAddress?.replace(/^::ffff:(?=\d+\.)/i, '');
  const forwarded = message.headers['x-forwarded-for'];
  if (trustedProxies === 0 || forwarded === undefined) return peer;
  const hops = String(forwarded).split(',');
  // Each proxy appends the address of its client on the right; entries further left can be forged by the caller.
  const named = (hops[Math.max(0, hops.length - trustedProxies)] ?? '').trim().replace(/^\[(.+)\](?::\d+)?$|^([\d.]+):\d+$/, '$1$2');
  return isIP(named) ? named : peer;
}

/** Makes the function that warns once, where a proxy nearby, perhaps on a Unix socket, sends requests on and its header is not read. */
export function makeProxyWarning(): (message: IncomingMessage) => void {
  let isTold = false;
  return ({ headers, socket }) => {
    if (isTold || headers['x-forwarded-for'] === undefined || !NEARBY.test(socket.remoteAddress ?? '::1')) return;
    isTold = true;
    console.warn(
      'portcullis: a proxy forwards requests (X-Forwarded-For), so all users share one rate limit; give the option trustProxy: 1',
    );
  };
}

/** Only the path is the caller's to choose: pasted, not resolved, so that `//evil.example/` stays a path. */
function urlOf(message: IncomingMessage, origin: string | undefined): string | null {
  const isNeeded = origin === undefined && message.httpVersion !== '1.0'; // as the check of a load balancer may be
  const { host = isNeeded ? '' : 'no-host.invalid' } = message.headers;
  if (host !== lastHost?.host && !HOST.test(host)) return null;
  const base = origin ?? originOf(host);
  const { originalUrl, url = '' } = message as IncomingMessage & { readonly originalUrl?: string }; // frameworks cut their mount path off `url`
  const path = pathOf(originalUrl ?? url, host);
  if (base === null || path === null) return null;
  if (PLAIN_TARGET.test(path)) return base + path;
  return URL.canParse(base + path) ? new URL(base + path).href : null;
}

function pathOf(target: string, host: string): string | null {
  if (target.startsWith('/')) return target;
  const absolute = /^https?:\/\/([^/?#]*)(.*)$/i.exec(target); // as a proxy is asked (RFC 9112 §3.2.2)
  if (absolute === null || absolute[1]?.toLowerCase() !== host.toLowerCase()) return null;
  return absolute[2]?.startsWith('/') ? absolute[2] : `/${absolute[2] ?? ''}`;
}

/** Nearly every request names the host of the one before. */
let lastHost: { readonly host: string; readonly origin: string } | undefined;

function originOf(host: string): string | null {
  if (lastHost?.host === host) return lastHost.origin;
  if (!URL.canParse(`http://${host}`)) return null;
  const { origin } = new URL(`http://${host}`);
  lastHost = { host, origin };
  return origin;
}

/**
 * What a request needs of its socket. A class: V8 may allocate objects of one literal in its old generation, where a wire would keep all of its
 * request until the next full collection.
 */
class SocketWire implements Wire {
  readonly method: string;
  readonly url: string;
  readonly body: IncomingBody | null;
  readonly #response: ServerResponse;
  #abort: AbortController | undefined;

  constructor(method: string, url: string, body: IncomingBody | null, response: ServerResponse) {
    this.method = method;
    this.url = url;
    this.body = body;
    this.#response = response;
  }

  /** Made at the first call. */
  signal(): AbortSignal {
    if (this.#abort) return this.#abort.signal;
    const response = this.#response;
    const abort = (this.#abort = new AbortController());
    const hungUp = (): void => {
      if (!response.writableFinished) abort.abort(new BodyError('aborted'));
    };
    if (response.closed) hungUp();
    else response.once('close', hungUp);
    return abort.signal;
  }
}

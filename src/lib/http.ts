/**
 * HTTP basics: bounded body reading, strict forms, cookies (RFC 6265bis), `Accept`, JSON responses, safe header values, which statuses are an outage;
 * and what a request tells of its sender: the network of its address, by which attempts are counted (an IPv6 /64 is one household), and the browser.
 */

const strict = /* @__PURE__ */ new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Reads a body as UTF-8 text, at most `limit` bytes; `too-large`, `encoded` (compressed) or `malformed` otherwise. Stops reading at the limit.
 * Some clients name a charset as the encoding: what can be read is read.
 */
export async function readBody(
  request: Request | Response,
  limit: number,
): Promise<{ text: string } | { problem: 'too-large' | 'encoded' | 'malformed' }> {
  const length = Number(request.headers.get('content-length') ?? Number.NaN);
  if (length > limit) return { problem: 'too-large' };
  const read = length >= 0 ? whole(await request.bytes(), limit) : request.body ? await readStream(request.body, limit) : { text: '' };
  return 'problem' in read && read.problem === 'malformed' && request.headers.has('content-encoding') ? { problem: 'encoded' } : read;
}

/** The same for any stream. Its `Content-Length` is not used: a decoded body can be longer than what was sent. */
export async function readStream(
  stream: ReadableStream<Uint8Array>,
  limit: number,
): Promise<{ text: string } | { problem: 'too-large' | 'malformed' }> {
  const bytes = await readBytes(stream, limit);
  return bytes ? whole(bytes, limit) : { problem: 'too-large' };
}

/** The bytes of a stream; null if there are more than `limit`. Stops reading at the limit. */
export async function readBytes(stream: ReadableStream<Uint8Array>, limit: number): Promise<Uint8Array<ArrayBuffer> | null> {
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.byteLength;
    if (size > limit) {
      await reader.cancel();
      return null;
    }
    chunks.push(value);
  }
  return joined(chunks, size);
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}

function whole(bytes: Uint8Array, limit: number): { text: string } | { problem: 'too-large' | 'malformed' } {
  if (bytes.byteLength > limit) return { problem: 'too-large' };
  try {
    return { text: strict.decode(bytes) };
  } catch {
    return { problem: 'malformed' }; // not UTF-8
  }
}

/** The text of another server without the byte order mark that some put before JSON (RFC 8259 §8.1). */
export function withoutByteOrderMark(text: string): string {
  return text.replace(/^\ufeff/, '');
}

/** The media type of a request, lower case, without parameters; empty if there is none. */
export function mediaType(request: Request): string {
  return mediaTypeOf(request.headers);
}

/** The media type that headers name. */
export function mediaTypeOf(headers: Headers): string {
  return (headers.get('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** CORS headers for responses that any origin may read; never for pages or anything that cookies protect. Set when a response is made, which is cheaper. */
export const CROSS_ORIGIN = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'WWW-Authenticate, Retry-After, DPoP-Nonce',
} as const;

/** A JSON response that is not cached. */
export function json(value: unknown, status = 200, headers: { readonly [name: string]: string } = {}): Response {
  return new Response(JSON.stringify(value), {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', pragma: 'no-cache', ...headers },
  });
}

/** Marks a response, ours or the application's, as not to be cached. */
export function withoutStore(response: Response): Response {
  if (response.headers.get('cache-control')?.includes('no-store') === true || response.status === 101) return response;
  const value = mediaTypeOf(response.headers) === 'text/event-stream' ? 'no-store, no-transform' : 'no-store';
  const own = new Response(response.body, response); // the headers of a fetched response are immutable
  own.headers.set('cache-control', value);
  return own;
}

/** Text for a quoted header parameter (RFC 9110 §5.6.4), reduced to safe ASCII. */
export function quoted(text: string): string {
  return `"${text.replace(/[^\x20\x21\x23-\x5b\x5d-\x7e]/g, '')}"`;
}

/** The header names that a preflight requests; null if it requests none, or they are not valid names. */
export function askedHeaders({ headers }: Request): string | null {
  const asked = headers.get('access-control-request-headers');
  return asked !== null && asked.length <= 4096 && /^[\w!#$%&'*+.^`|~\-, \t]+$/.test(asked) ? asked : null;
}

/** Whether a browser prefetched this page, which no user has opened: `Sec-Purpose` of current browsers (also `prefetch;prerender`), `Purpose` and `X-Moz` of older ones. */
export function isPrefetch({ headers }: Request): boolean {
  return ['sec-purpose', 'purpose', 'x-purpose', 'x-moz'].some((name) => /\b(prefetch|prerender|preview)\b/i.test(headers.get(name) ?? ''));
}

const RANGE = /^([\w!#$&^.+*-]+)\/([\w!#$&^.+*-]+)$/;

/** Whether a type may be sent: no header means all, the most specific range that fits decides, and `q=0` means not. @param type lower case. */
export function accepts(header: string | null, type: string): boolean {
  return weightOf(header, type) > 0;
}

/** Whether the caller is a browser that shows a page: it prefers HTML to what MCP clients read. Not for a program that accepts everything. */
export function prefersHtml(header: string | null): boolean {
  return weightOf(header, 'text/html') > Math.max(weightOf(header, 'application/json'), weightOf(header, 'text/event-stream'));
}

function weightOf(header: string | null, type: string): number {
  if (header === null || header.trim() === '') return 1;
  const [main = ''] = type.split('/');
  let best = { specific: -1, weight: 0 };
  for (const one of header.toLowerCase().split(',')) {
    const [range = '', ...parameters] = one.split(';').map((part) => part.trim());
    const specific = RANGE.test(range) ? [`*/*`, `${main}/*`, type].indexOf(range) : -1;
    const weight = Number(/^q=([\d.]+)$/.exec(parameters.find((part) => part.startsWith('q=')) ?? 'q=1')?.[1] ?? 1);
    if (specific > best.specific || (specific === best.specific && weight > best.weight)) best = { specific, weight };
  }
  return best.specific >= 0 ? best.weight : 0;
}

/** Attributes of a cookie. */
export interface CookieOptions {
  /** Its lifetime in seconds; 0 removes it. */
  readonly maxAge: number;
  /** False only on `http://localhost`. */
  readonly secure: boolean;
}

/**
 * The value of a cookie, or undefined. A repeated name counts as absent: one of the two may be an attacker's. Only spaces and tabs separate cookies:
 * for a browser, a no-break space before `__Host-` makes another name, which every subdomain may set.
 */
export function readCookie(header: string | null, name: string): string | undefined {
  const values = (header ?? '')
    .split(/;[ \t]*/)
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1));
  return values.length === 1 ? values[0] : undefined;
}

/** A `Set-Cookie` value: host-only, `HttpOnly`, `SameSite=Lax`, for every path. */
export function writeCookie(name: string, value: string, { maxAge, secure }: CookieOptions): string {
  return `${name}=${value}; Path=/; Max-Age=${maxAge}; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
}

/** Text without anything to decode: most values of a token request. */
const PLAIN = /^[\w~.:-]*$/;

/** Every name with its values, in order. A map, so that no name can reach a prototype. */
export type Fields = ReadonlyMap<string, readonly string[]>;

/** Parses text; null for a percent sign that does not start a valid UTF-8 sequence, and for a NUL. */
export function parseFields(text: string): Fields | null {
  const fields = new Map<string, string[]>();
  for (const part of text.split('&')) {
    if (part === '') continue;
    const at = part.indexOf('=');
    const name = decode(at < 0 ? part : part.slice(0, at));
    const value = at < 0 ? '' : decode(part.slice(at + 1));
    if (name === null || value === null) return null;
    const values = fields.get(name);
    if (values) values.push(value);
    else fields.set(name, [value]);
  }
  return fields;
}

/** Decodes one name or value; null when it is malformed. */
export function decode(text: string): string | null {
  if (PLAIN.test(text)) return text;
  try {
    const value = decodeURIComponent(text.replaceAll('+', ' '));
    return value.includes('\0') ? null : value;
  } catch {
    return null; // a malformed percent sequence
  }
}

/** Whether a status asks to try again later, so that it says nothing about what was requested (RFC 9110 §15.5.9, RFC 8470 §5.2, RFC 6585 §4). */
export function isDownStatus(status: number): boolean {
  return status >= 500 || status === 408 || status === 425 || status === 429;
}

/** A document could not be read, though it may exist: the answer tells the client to try again. */
export class HostDown extends Error {
  override readonly name = 'HostDown';
}

/** An IPv4 address, also a mapped one, unchanged; the first 64 bits of an IPv6 address; `unknown` for anything else. */
export function networkOf(address: string | undefined): string {
  const text = (address ?? '').trim().toLowerCase().split('%')[0] ?? '';
  const mapped = /^(?:::ffff:)?(\d{1,3}(?:\.\d{1,3}){3})$/.exec(text)?.[1];
  if (mapped !== undefined) return mapped;
  if (!URL.canParse(`http://[${text}]/`)) return 'unknown';
  const hostname = new URL(`http://[${text}]/`).hostname.slice(1, -1); // one spelling for each address
  const [head = '', tail = ''] = hostname.split('::');
  const left = head.split(':').filter(Boolean);
  const right = tail.split(':').filter(Boolean);
  const groups = [...left, ...Array.from({ length: 8 - left.length - right.length }, () => '0'), ...right];
  return isMapped(groups) ? ipv4Of(groups) : `${groups.slice(0, 4).join(':')}::/64`;
}

/** A larger network, which identifies a region but no household: an IPv4 /24, an IPv6 /48. */
export function coarseNetwork(network: string): string {
  if (network.endsWith('::/64')) return `${network.slice(0, -'::/64'.length).split(':').slice(0, 3).join(':')}::/48`;
  return network.includes('.') ? `${network.slice(0, network.lastIndexOf('.'))}.0/24` : network;
}

/** The IPv6 /48 around a /64: an attacker often has all of its 65,536 /64. Null for IPv4, of which no attacker has thousands. */
export function networkAround(network: string): string | null {
  return network.endsWith('::/64') ? coarseNetwork(network) : null;
}

/** Whether a network, exact or coarse, is loopback: server and browser are on one machine. */
export function isLoopbackNetwork(network: string): boolean {
  return /^127\.\d+\.\d+\.\d+(\/24)?$|^0:0:0(:0::\/64|::\/48)$/.test(network);
}

function isMapped(groups: readonly string[]): boolean {
  return groups.slice(0, 5).every((group) => group === '0') && groups[5] === 'ffff';
}

function ipv4Of(groups: readonly string[]): string {
  const [high, low] = [Number.parseInt(groups[6] ?? '0', 16), Number.parseInt(groups[7] ?? '0', 16)];
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}

/** Browser and system, if known. */
export type Agent = { readonly browser?: string; readonly system?: string };

/** In this order: most browsers also claim to be the ones below them. */
const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(?:A|iOS)?\//, 'Edge'],
  [/\bOPR\/|\bOPiOS\//, 'Opera'],
  [/\bSamsungBrowser\//, 'Samsung Internet'],
  [/\bVivaldi\//, 'Vivaldi'],
  [/\bFirefox\/|\bFxiOS\//, 'Firefox'],
  [/\b(?:Headless)?Chrome\/|\bChromium\/|\bCriOS\//, 'Chrome'],
  [/\bSafari\//, 'Safari'],
];
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/\biPhone\b/, 'iPhone'],
  [/\biPad\b/, 'iPad'],
  [/\bAndroid\b/, 'Android'],
  [/\bCrOS\b/, 'ChromeOS'],
  [/\bWindows\b/, 'Windows'],
  [/\bMac OS X\b|\bMacintosh\b/, 'macOS'],
  [/\bLinux\b|\bX11\b/, 'Linux'],
];

/** The browser and the system that the header names. */
export function agentOf(header: string | null): Agent {
  const text = (header ?? '').slice(0, 1024);
  const [browser, system] = [BROWSERS, SYSTEMS].map((list) => list.find(([sign]) => sign.test(text))?.[1]);
  return { ...(browser === undefined ? {} : { browser }), ...(system === undefined ? {} : { system }) };
}

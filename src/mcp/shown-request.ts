/**
 * The request as the SDK and its tools see it: without what proves who calls. The access token is for this server alone, and a
 * tool that finds it in `ctx.http.req.headers` will one day send it upstream (MCP authorization, "Token Passthrough").
 * The body was read before: whoever looks finds method, URL, the other headers and the signal.
 */

/** Headers that nobody behind the gate needs. */
const HIDDEN: readonly string[] = ['authorization', 'dpop'];

/** What of a request may be shown. */
export function shownRequest(request: Request): Request {
  const headers = new ShownHeaders(request.headers) as unknown as Headers;
  const shown: Partial<Request> = {
    method: request.method,
    url: request.url,
    headers,
    get signal() {
      return request.signal; // which costs something, where it is made for whoever asks
    },
    body: null,
    bodyUsed: true,
  };
  return shown as Request;
}

/** The other headers; to be read, not changed. */
class ShownHeaders {
  readonly #all: Headers;

  constructor(all: Headers) {
    this.#all = all;
  }

  get(name: string): string | null {
    return HIDDEN.includes(name.toLowerCase()) ? null : this.#all.get(name);
  }
  has(name: string): boolean {
    return this.get(name) !== null;
  }
  *entries(): Generator<[string, string]> {
    for (const [name, value] of this.#all) if (!HIDDEN.includes(name)) yield [name, value];
  }
  *keys(): Generator<string> {
    for (const [name] of this.entries()) yield name;
  }
  *values(): Generator<string> {
    for (const [, value] of this.entries()) yield value;
  }
  forEach(each: (value: string, name: string, headers: Headers) => void, self?: unknown): void {
    for (const [name, value] of this.entries()) each.call(self, value, name, this as unknown as Headers);
  }
  getSetCookie(): string[] {
    return [];
  }
  [Symbol.iterator](): Generator<[string, string]> {
    return this.entries();
  }
}
Object.setPrototypeOf(ShownHeaders.prototype, Headers.prototype);

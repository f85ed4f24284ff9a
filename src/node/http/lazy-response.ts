/**
 * A `Response` of a text or of bytes that makes the real one only when it must. On Node the real one costs more than all the rest of
 * a small answer, since it holds a stream. It passes for a `Response` wherever one is read: `instanceof`, `headers`, `body`, `text()`, `clone()`,
 * `new Response(plain.body, plain)`.
 */

type Body = string | Uint8Array<ArrayBuffer> | null;

/** Members that need the real response: it answers for them. */
const GETTERS = ['body', 'bodyUsed', 'redirected', 'type', 'url'];
const METHODS = ['arrayBuffer', 'blob', 'bytes', 'clone', 'formData', 'json', 'text'];

const LOWER = /^[a-z-]+$/;

/** The light response. */
export class LazyResponse {
  readonly status: number;
  readonly statusText: string;
  readonly #body: Body;
  readonly #init: ResponseInit;
  #real: Response | undefined;
  #headers: Headers | undefined;

  private constructor(body: Body, init: ResponseInit) {
    this.#body = body;
    this.#init = init;
    this.status = init.status ?? 200;
    this.statusText = init.statusText ?? '';
  }

  /** As `new Response(body, init)`, for bodies that are known whole. */
  static of(body: Body, init: ResponseInit = {}): Response {
    return new LazyResponse(body, init) as unknown as Response;
  }

  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  get headers(): Headers {
    return (this.#headers ??= headersOf(this.#body, this.#init.headers));
  }

  /** The real response, made at the first call; from then on it holds the body. */
  get real(): Response {
    return (this.#real ??= new Response(this.#body, { status: this.status, statusText: this.statusText, headers: this.headers }));
  }

  /** Body and headers while nobody has made the real ones; undefined for every other response. */
  static peek(response: Response): Peeked | undefined {
    if (typeof response !== 'object' || response === null || !(#body in response)) return undefined;
    const plain = response as unknown as LazyResponse;
    if (plain.#real) return undefined;
    const fields = plain.#headers ?? fieldsOf(plain.#body, plain.#init.headers) ?? plain.headers;
    return { body: plain.#body, fields };
  }
}

/** What can be sent without a stream. */
export interface Peeked {
  readonly body: Body;
  readonly fields: Iterable<readonly [name: string, value: string]>;
}

const TEXT = 'text/plain;charset=UTF-8';

function headersOf(body: Body, init: ResponseInit['headers']): Headers {
  const headers = new Headers(init);
  if (typeof body === 'string' && !headers.has('content-type')) headers.set('content-type', TEXT);
  return headers;
}

/** The same from a plain record of lower-case names, without `Headers` between. Node itself refuses values that would split. */
function fieldsOf(body: Body, init: ResponseInit['headers'] = {}): [string, string][] | undefined {
  if (Object.getPrototypeOf(init) !== Object.prototype) return undefined;
  const fields: [string, string][] = Object.entries(init as Record<string, string>);
  let typed = typeof body !== 'string';
  for (const [name, value] of fields) {
    if (typeof value !== 'string' || !LOWER.test(name)) return undefined;
    if (name === 'content-type') typed = true;
  }
  if (!typed) fields.push(['content-type', TEXT]);
  return fields;
}

for (const name of GETTERS) {
  Object.defineProperty(LazyResponse.prototype, name, {
    configurable: true,
    get(this: LazyResponse): unknown {
      return Reflect.get(this.real, name);
    },
  });
}
for (const name of METHODS) {
  Object.defineProperty(LazyResponse.prototype, name, {
    configurable: true,
    value(this: LazyResponse): unknown {
      return (Reflect.get(this.real, name) as () => unknown).call(this.real);
    },
  });
}
Object.setPrototypeOf(LazyResponse.prototype, Response.prototype);

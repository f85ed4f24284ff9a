/**
 * The `Response` of a Node process that serves: the same as the native one, made only when something needs more than its status, headers and
 * text. On Node the native one costs more than the rest of a small answer, because it holds a stream. `./globals` puts it in place.
 */

/** The native class, whatever stands in its place later. */
const Native = globalThis.Response;

type Whole = string | Uint8Array<ArrayBuffer> | null;
type Fields = readonly (readonly [name: string, value: string])[];

const GETTERS = ['body', 'bodyUsed', 'redirected', 'type', 'url'];
const METHODS = ['arrayBuffer', 'blob', 'bytes', 'clone', 'formData', 'json', 'text'];

/** Header names and values that are fine as they are: `Headers` would neither refuse nor change them. */
const NAME = /^[a-z][a-z\d-]*$/;
const VALUE = /^(?:[!-~\x80-\xff](?:[\t -~\x80-\xff]*[!-~\x80-\xff])?)?$/;

const TEXT: Fields[number] = ['content-type', 'text/plain;charset=UTF-8'];
const JSON_TYPE = { 'content-type': 'application/json' };

/** A response that passes for a native one everywhere. */
export class LazyResponse {
  #status = 200;
  #statusText = '';
  #body: Whole = null;
  #fields: Fields | undefined;
  #headers: Headers | undefined;
  #native: Response | undefined;

  /** As `new Response(body, init)`. @throws what that throws, at once. */
  constructor(body: ConstructorParameters<typeof Response>[0] = null, init: ResponseInit = {}) {
    const { status = 200, statusText = '' } = typeof init === 'object' && init !== null ? init : { status: 0 };
    const isWhole = body === null || typeof body === 'string' || body instanceof Uint8Array;
    if (!isWhole || statusText !== '' || !isUsual(status, body)) {
      this.#native = new Native(body, init);
      return;
    }
    this.#status = status;
    this.#body = body instanceof Uint8Array ? body.slice() : body;
    this.#fields = fieldsOf(init.headers, typeof body === 'string');
    if (this.#fields === undefined) {
      this.#headers = new Headers(init.headers);
      if (typeof body === 'string' && !this.#headers.has(TEXT[0])) this.#headers.set(...TEXT);
    }
  }

  static json(data: unknown, init: ResponseInit = {}): Response {
    const text = JSON.stringify(data);
    const { headers = {} } = init;
    if (text === undefined || !isRecord(init) || !isRecord(headers) || !Object.keys(headers).every((name) => NAME.test(name)))
      return Native.json(data, init);
    return new LazyResponse(text, { ...init, headers: { ...JSON_TYPE, ...headers } }) as unknown as Response;
  }

  /** `fetch` gives native responses, and they are responses, too. */
  static [Symbol.hasInstance](value: unknown): boolean {
    const { prototype } = (this as unknown) === LazyResponse ? Native : this;
    return Object.prototype.isPrototypeOf.call(prototype, value as object);
  }

  get status(): number {
    return this.#native?.status ?? this.#status;
  }
  get statusText(): string {
    return this.#native?.statusText ?? this.#statusText;
  }
  get ok(): boolean {
    return this.status >= 200 && this.status < 300;
  }
  get headers(): Headers {
    return this.#native?.headers ?? (this.#headers ??= new Headers(this.#fields as [string, string][] | undefined));
  }

  /** The native response, made at the first call; from then on it holds body and headers. */
  static native(response: Response): Response {
    if (!(#native in response)) return response;
    const lazy = response as LazyResponse & Response;
    return (lazy.#native ??= new Native(lazy.#body, { status: lazy.#status, headers: lazy.headers }));
  }

  /** Body and headers of a response that holds no stream; undefined for every other one. */
  static whole(
    response: Response,
  ): { readonly body: Whole; readonly fields: Iterable<readonly [name: string, value: string]> } | undefined {
    if (typeof response !== 'object' || response === null || !(#native in response)) return undefined;
    const lazy = response as LazyResponse & Response;
    return lazy.#native ? undefined : { body: lazy.#body, fields: lazy.#headers ?? lazy.#fields ?? [] };
  }
}

function isUsual(status: unknown, body: unknown): boolean {
  return Number.isInteger(status) && Number(status) >= 200 && Number(status) <= 599 && (!body || ![204, 205, 304].includes(Number(status)));
}

function isRecord(value: object): value is Record<string, string> {
  return Object.getPrototypeOf(value) === Object.prototype;
}

/** A copy of a plain record; undefined for what only `Headers` can read. */
function fieldsOf(headers: ResponseInit['headers'] = {}, isText: boolean): Fields | undefined {
  if (!isRecord(headers)) return undefined;
  const fields = Object.entries(headers as Record<string, string>);
  let isTyped = !isText;
  for (const [name, value] of fields) {
    if (typeof value !== 'string' || !NAME.test(name) || !VALUE.test(value)) return undefined;
    if (name === TEXT[0]) isTyped = true;
  }
  return isTyped ? fields : [...fields, TEXT];
}

for (const name of GETTERS) {
  Object.defineProperty(LazyResponse.prototype, name, {
    configurable: true,
    enumerable: true,
    get(this: Response): unknown {
      return Reflect.get(LazyResponse.native(this), name);
    },
  });
}
for (const name of METHODS) {
  Object.defineProperty(LazyResponse.prototype, name, {
    configurable: true,
    writable: true,
    value(this: Response): unknown {
      const native = LazyResponse.native(this);
      return (Reflect.get(Native.prototype, name) as () => unknown).call(native);
    },
  });
}
Object.defineProperty(LazyResponse, 'name', { value: 'Response' });
Object.setPrototypeOf(LazyResponse, Native);
Object.setPrototypeOf(LazyResponse.prototype, Native.prototype);

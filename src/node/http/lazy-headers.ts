/**
 * The headers of a request as Node has parsed them, with the interface of `Headers`. Reading one costs a look-up; anything else creates
 * the native object. `new Headers(light)`, `{ headers: light }` and `instanceof Headers` work, since those ask for an iterator and a prototype.
 */
import type { IncomingHttpHeaders } from 'node:http';

/** Names as Node spells them: their look-up needs no conversion. */
const NAME = /^[a-z][a-z\d-]*$/;

/** Headers that become real ones when they are changed or listed. */
export class LazyHeaders {
  readonly #parsed: IncomingHttpHeaders;
  #real: Headers | undefined;

  constructor(parsed: IncomingHttpHeaders) {
    this.#parsed = parsed;
  }

  get(name: string): string | null {
    if (this.#real) return this.#real.get(name);
    const value = Object.hasOwn(this.#parsed, name) ? this.#parsed[name] : undefined;
    if (typeof value === 'string') return value;
    if (value === undefined && !NAME.test(name)) return this.real.get(name); // another spelling, or no header's name at all
    return value?.join(', ') ?? null;
  }
  has(name: string): boolean {
    return this.get(name) !== null;
  }
  append(name: string, value: string): void {
    this.real.append(name, value);
  }
  delete(name: string): void {
    this.real.delete(name);
  }
  set(name: string, value: string): void {
    this.real.set(name, value);
  }
  getSetCookie(): string[] {
    return this.real.getSetCookie();
  }
  keys(): ReturnType<Headers['keys']> {
    return this.real.keys();
  }
  values(): ReturnType<Headers['values']> {
    return this.real.values();
  }
  entries(): ReturnType<Headers['entries']> {
    return this.real.entries();
  }
  forEach(each: (value: string, name: string, headers: Headers) => void, self?: unknown): void {
    this.real.forEach((value, name) => each.call(self, value, name, this as unknown as Headers));
  }
  [Symbol.iterator](): ReturnType<Headers['entries']> {
    return this.real.entries();
  }

  /** The real headers, made at the first call. */
  get real(): Headers {
    return (this.#real ??= new Headers(this.#parsed as Record<string, string>));
  }
}
Object.setPrototypeOf(LazyHeaders.prototype, Headers.prototype);

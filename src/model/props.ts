/**
 * Props: parsed from their JSON text when they are first read, so that a handler that does not read them does not pay for it.
 *
 * The text stands behind a symbol that no copy and no log shows, and all objects share one descriptor: V8 keeps the accessors of each own
 * descriptor, with all that they refer to, until its next full collection.
 */

const TEXT = Symbol('portcullis.props');

/** An object with the text of its props. */
interface Unparsed {
  readonly [TEXT]: string;
}

const PROPS: PropertyDescriptor & ThisType<Unparsed> = {
  enumerable: true,
  configurable: true,
  get() {
    const value: unknown = JSON.parse(this[TEXT]);
    Object.defineProperty(this, 'props', { value, enumerable: true, configurable: true, writable: true });
    return value;
  },
};

/** Gives an object `props`, each object its own. @param text JSON. */
export function withParsedProps<T extends object>(to: T, text: string): T & { readonly props: unknown } {
  Object.defineProperty(to, TEXT, { value: text });
  return Object.defineProperty(to, 'props', PROPS) as T & { readonly props: unknown };
}

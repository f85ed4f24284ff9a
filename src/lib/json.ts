/**
 * JSON: texts that are read strictly, and objects without undefined members, which an absent member is not, in JSON and under
 * `exactOptionalPropertyTypes`. Strict is bounded in depth, and no name twice in one object: `JSON.parse` lets the last of two equal names win,
 * so that two parsers may read one text differently (RFC 8259 §4).
 */

/** In well-formed JSON every quote closes, so this matches in linear time. */
const MARKS = /[{}[\]:]|"[^"\\]*(?:\\.[^"\\]*)*"/g;

/** The value of a JSON text; undefined if it is not JSON, is nested deeper than `deepest`, or repeats a name. */
export function parseJson(text: string, deepest: number): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // not JSON
  }
  return isStrict(text, deepest) ? value : undefined;
}

/** Whether a text that is JSON is nested no deeper than `deepest`, repeats no name, and has no member of the `excluded` name. */
export function isStrict(text: string, deepest: number, excluded?: string): boolean {
  const open: (Set<string> | null)[] = []; // the names so far of each enclosing object; null for a list
  const without = JSON.stringify(excluded);
  let last = '';
  for (const [mark] of text.matchAll(MARKS)) {
    if (mark === '{' || mark === '[') {
      if (open.push(mark === '{' ? new Set() : null) > deepest) return false;
    } else if (mark === '}' || mark === ']') {
      open.pop();
    } else if (mark === ':') {
      const [names, name] = [open.at(-1), last.includes('\\') ? JSON.stringify(JSON.parse(last)) : last];
      if (names && (name === without || names.has(name))) return false;
      names?.add(name);
    } else {
      last = mark;
    }
  }
  return true;
}

/** `T` with every member that may be undefined made optional. */
export type Defined<T> = { readonly [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  readonly [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Leaves out every member that is undefined. */
export function defined<T extends object>(members: T): Defined<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Defined<T>;
}

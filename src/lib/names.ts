/**
 * Rejects unknown option names, which are usually misspelt, and suggests the nearest known name; and values of a wrong type: `'false'` from the
 * environment would switch an option on.
 */

/** What a value must be, by the mark behind its name. Messages do not show the value, which may be a secret. */
const MARKS: { readonly [mark: string]: readonly [what: string, is: (value: unknown) => boolean] } = {
  '?': ['true or false', (value) => typeof value === 'boolean'],
  '!': ['a string that is not empty', (value) => typeof value === 'string' && value !== ''],
  '"': ['a string', (value) => typeof value === 'string'],
  '"()': ['a string or a function', (value) => typeof value === 'string' || typeof value === 'function'],
  '()': ['a function', (value) => typeof value === 'function'],
  '[]': ['a list of strings', (value) => Array.isArray(value) && value.every((one) => typeof one === 'string')],
  '{}': ['an object', (value) => typeof value === 'object' && value !== null && !Array.isArray(value)],
  '#': ['a number above 0', (value) => Number.isFinite(value) && Number(value) > 0],
};

/**
 * Refuses unknown names, and values that are not what the mark of their name says; accepts undefined, but not for
 * a name with `!`.
 *
 * @param owner of the options: `password`.
 * @param known separated by spaces, each with a mark or without: `domain! id" scope[] keepTokens? find() claims{} ttl# store`.
 * @throws {TypeError} naming the option, and the nearest known one.
 */
export function checkNames(owner: string, options: unknown, known: string): void {
  const marks = new Map(known.split(' ').map((one) => [one.replace(/\W+$/, ''), MARKS[/\W*$/.exec(one)?.[0] ?? '']]));
  const names = [...marks.keys()];
  if (options !== undefined && (typeof options !== 'object' || options === null || Array.isArray(options)))
    throw new TypeError(`${owner}: the options must be an object, such as { ${names[0]}: … }.`);
  const odd = Object.keys(options ?? {}).find((name) => !names.includes(name));
  if (odd !== undefined) throw new TypeError(`${owner}: \`${odd}\` is not an option; ${insteadOf(odd, names)}.`);
  for (const [name, kind] of marks) {
    const value = (options as { readonly [name: string]: unknown } | undefined)?.[name];
    if (kind && (value !== undefined || kind === MARKS['!']) && !kind[1](value))
      throw new TypeError(`${owner}: \`${name}\` must be ${kind[0]}.`);
  }
}

/** Advice for an unknown name: the nearest known one, or the list of all. */
export function insteadOf(name: string, known: readonly string[]): string {
  const near = nearestOf(name, known);
  if (near !== null) return `did you mean \`${near}\``;
  return known.length > 12 ? 'remove it, or check its spelling' : `there are ${known.join(', ')}`;
}

/** The known name that a misspelt one most likely means; null if none is close. */
export function nearestOf(name: string, known: readonly string[]): string | null {
  const far = (other: string): number => distance(name.toLowerCase(), other.toLowerCase());
  const near = known.toSorted((a, b) => far(a) - far(b))[0];
  return near !== undefined && far(near) <= Math.max(Math.min(2, name.length - 2), name.length / 3) ? near : null; // of three letters two must be right
}

/** The same object, whose former members throw when they are read, and say what to read instead. They are not enumerated. */
export function withFormerNames<T extends object>(value: T, owner: string, former: { readonly [name: string]: string }): T {
  for (const [name, fix] of Object.entries(former))
    Object.defineProperty(value, name, {
      get: () => {
        throw new TypeError(`${owner} has no \`${name}\`; ${fix}.`);
      },
    });
  return value;
}

/** The number of letters to add, remove or change (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (const [i, letter] of Array.from(a).entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++)
      next.push(Math.min((row[j] ?? 0) + (letter === b[j] ? 0 : 1), (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    row = next;
  }
  return row[b.length] ?? 0;
}

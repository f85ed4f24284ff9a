/**
 * Checks of the names and types of options. An unknown name is usually misspelt, so the nearest known one is suggested; `'false'` from the
 * environment would switch an option on.
 */

/**
 * Refuses unknown names; accepts undefined.
 *
 * @param owner of the options: `password`.
 * @param known separated by spaces.
 * @throws {TypeError} naming the option, and the nearest known one.
 */
export function checkNames(owner: string, options: unknown, known: string): void {
  const names = known.split(' ');
  if (options !== undefined && typeOf(options) !== 'object')
    throw new TypeError(`${owner}: the options must be an object, such as { ${names[0]}: … }.`);
  const odd = Object.keys(options ?? {}).find((name) => !names.includes(name));
  if (odd !== undefined) throw new TypeError(`${owner}: \`${odd}\` is not an option; ${insteadOf(odd, names)}.`);
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

/**
 * The type of a value: as `typeof` has it; `string[]`; or none, of other lists, of null, and of maps, promises and the like, whose content would
 * be overlooked.
 */
export function typeOf(value: unknown): string {
  if (Array.isArray(value)) return value.every((one) => typeof one === 'string') ? 'string[]' : '';
  return typeof value !== 'object' || /t (Object|Module)/.test(Object.prototype.toString.call(value)) ? typeof value : '';
}

/**
 * Refuses unknown names, and values of another type than that behind the name; accepts undefined. Messages do not show the value, which may
 * be a secret.
 *
 * @param owner of the options: `password`.
 * @param known separated by spaces, each with a type or without: `domain:string clientId:string|function scope:string[] store`.
 * @throws {TypeError} naming the option, and the nearest known one.
 */
export function checkTypes(owner: string, options: unknown, known: string): void {
  checkNames(owner, options, known.replace(/:\S+/g, ''));
  for (const [, name = '', type = ''] of known.matchAll(/(\w+):(\S+)/g)) {
    const value = (options as { readonly [name: string]: unknown } | undefined)?.[name];
    if (value !== undefined && !type.split('|').includes(typeOf(value)))
      throw new TypeError(`${owner}: \`${name}\` must be of type ${type}.`);
  }
}

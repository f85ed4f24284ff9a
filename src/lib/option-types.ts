/** Names and types of options: `'false'` from the environment would switch an option on. */
import { checkNames } from './names.ts';

/** The type of a value: as `typeof` has it; `string[]`; or none, of other lists and of null. */
function typeOf(value: unknown): string {
  if (Array.isArray(value)) return value.every((one) => typeof one === 'string') ? 'string[]' : '';
  return value === null ? '' : typeof value;
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

/**
 * Type checks for options, and the error message of each.
 */

/** What a value must be. */
export interface Kind {
  /** Completes "must …": "be true or false". */
  readonly must: string;
  readonly is: (value: unknown) => boolean;
}

/** Refuses an option. @throws {TypeError} always. */
export function fail(option: string, problem: string): never {
  throw new TypeError(`OAuthProvider: \`${option}\` ${problem}.`);
}

/** Refuses a defined value of another kind. @throws {TypeError} naming the option and the fix. */
export function checkKind(option: string, { must, is }: Kind, value: unknown): void {
  if (value !== undefined && !is(value)) fail(option, `must ${must}; it is ${JSON.stringify(value)}`);
}

/** True or false. */
export const flag: Kind = { must: 'be true or false', is: (value) => typeof value === 'boolean' };

/** A function. @param form `(event) → nothing` */
export function functionOf(form: string): Kind {
  return { must: `be a function ${form}`, is: (value) => typeof value === 'function' };
}

/** One of some words. */
export function oneOf(...words: readonly string[]): Kind {
  return { must: `be one of ${words.join(', ')}`, is: (value) => words.some((word) => word === value) };
}

/** A whole number of seconds within bounds. @param isNone also allows 0, for "none". */
export function seconds(least: number, most: number, isNone = false): Kind {
  const none = isNone ? ', or 0 for none' : '';
  return {
    must: `be a whole number of seconds from ${least} to ${most}${none}`,
    is: (value) => (isNone && value === 0) || (Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most),
  };
}

/** Origins of pages, or all. */
export const origins: Kind = {
  must: 'be a list of origins such as "https://app.example", "tauri://localhost" or "null", as browsers send them, without a path or a slash at the end, or ["*"]',
  is: (value) => Array.isArray(value) && value.every((one) => one === '*' || isOrigin(one)),
};

/** Schemes whose origins have a host and a port; of all others the text is compared as it is. */
const WEB = /^https?:$/;

function isOrigin(text: unknown): boolean {
  if (text === 'null') return true; // sent by sandboxed frames, files and some desktop apps
  if (typeof text !== 'string' || !URL.canParse(text)) return false;
  const { protocol, origin } = new URL(text);
  return WEB.test(protocol) ? origin === text : /^[a-z][a-z0-9+.-]*:\/\/[A-Za-z0-9._-]+(:\d{1,5})?$/.test(text);
}

/** Names of scopes, or an object whose members they are. */
export const scopeNames: Kind = {
  must: "be a list of scopes such as ['notes:read', 'notes:write'], or an object with the words for each: { 'notes:read': 'Read your notes' }",
  is: (value) => texts.is(value) || (typeof value === 'object' && value !== null && !Array.isArray(value)),
};

/** A string. */
export const word: Kind = { must: 'be a string that is not empty', is: (value) => typeof value === 'string' && value !== '' };

/** Settings by route or URL. */
export const object: Kind = {
  must: 'be an object of settings, by route or full URL',
  is: (value) => typeof value === 'object' && value !== null,
};

/** A list of texts. */
export const texts: Kind = {
  must: "be a list, such as ['notes:read', 'notes:write']",
  is: (value) => Array.isArray(value) && value.every((one) => typeof one === 'string'),
};

/** Bounds of an access token's lifetime. */
export const ACCESS_TTL: Kind = seconds(60, 30 * 86_400);

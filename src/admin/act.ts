/**
 * Acts of an administrator: what each takes and does, without HTTP. The administration API runs them; a command line or a page can, too.
 */
import type { AuthServer } from '../core/auth-server.ts';
import { OAuthError } from '../model/error.ts';
import type { OAuthHelpers } from '../provider/helpers.ts';

/** Who acts, and on which server. */
export interface Admin {
  readonly as: AuthServer;
  readonly helpers: OAuthHelpers;
  /** The administrator. */
  readonly userId: string;
  /** The permission of administrators. */
  readonly permission: string;
}

/** One act. */
export interface Act {
  /** GET reads; POST changes, and is audited in the store. */
  readonly method: 'GET' | 'POST';
  /** Names of what it takes; anything else is refused. The first one names what it is about, for the audit. */
  readonly takes: readonly string[];
  /** Set where that first one must not be written down. */
  readonly isSecret?: true;
  readonly run: (admin: Admin, input: Input) => Promise<unknown>;
}

/** Acts by name. */
export type Acts = { readonly [name: string]: Act };

/** The input of an act, read strictly. Every verb throws {@link OAuthError} `invalid_request`, naming the member. */
export interface Input {
  text(name: string): string;
  optional(name: string): string | undefined;
  texts(name: string): readonly string[];
  optionalTexts(name: string): readonly string[] | undefined;
  number(name: string): number;
  optionalNumber(name: string): number | undefined;
  flag(name: string): boolean;
  /** Everything that was sent. */
  readonly all: { readonly [name: string]: unknown };
}

/** Reads an input. @throws {OAuthError} for a member that the act does not take. */
export function inputOf({ takes }: Pick<Act, 'takes'>, all: { readonly [name: string]: unknown }): Input {
  const foreign = Object.keys(all).find((name) => !takes.includes(name));
  if (foreign !== undefined) throw wrong(`This takes ${takes.join(', ') || 'nothing'}, and no other member.`);
  const of = (name: string): unknown => (Object.hasOwn(all, name) && all[name] !== null ? all[name] : undefined);
  const optional = (name: string): string | undefined => {
    const value = of(name);
    if (value !== undefined && (typeof value !== 'string' || value === '')) throw wrong(`${name} must be a non-empty string.`);
    return value;
  };
  const optionalTexts = (name: string): readonly string[] | undefined => {
    const value = of(name);
    if (value === undefined) return undefined;
    if (!Array.isArray(value) || !value.every((one) => typeof one === 'string')) throw wrong(`${name} must be a list of strings.`);
    return value as readonly string[];
  };
  const optionalNumber = (name: string): number | undefined => {
    const value = of(name);
    const number = typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value; // of a query
    if (number !== undefined && !Number.isSafeInteger(number)) throw wrong(`${name} must be a whole number.`);
    return number as number | undefined;
  };
  const needed = <T>(read: (name: string) => T | undefined) => {
    return (name: string): T => {
      const value = read(name);
      if (value === undefined) throw wrong(`${name} is missing.`);
      return value;
    };
  };
  return {
    all,
    optional,
    optionalTexts,
    optionalNumber,
    text: needed(optional),
    texts: needed(optionalTexts),
    number: needed(optionalNumber),
    flag(name) {
      const value = of(name);
      if (value !== undefined && typeof value !== 'boolean') throw wrong(`${name} must be true or false.`);
      return value === true;
    },
  };
}

/** The error for an input that cannot be. */
export function wrong(hint: string): OAuthError {
  return new OAuthError('invalid_request', 'admin_input', { hint });
}

/** The error for something that is not there. */
export function missing(what: string): OAuthError {
  return new OAuthError('invalid_request', 'admin_target_unknown', { status: 404, hint: `There is no such ${what}.` });
}

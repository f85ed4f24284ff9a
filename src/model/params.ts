/**
 * Request parameters, read as OAuth 2.1 §3.1 and §3.2 require: an empty one counts as absent, a repeated one is an error, unknown ones are
 * ignored.
 */
import type { Fields } from '../lib/http.ts';
import { OAuthError } from './error.ts';

/** The parameters of one request. */
export interface Params {
  /** @throws {OAuthError} `invalid_request` if it is repeated. */
  optional(name: string): string | undefined;
  /** @throws {OAuthError} `invalid_request` if it is absent, empty or repeated. */
  required(name: string): string;
  /** Every value except empty ones: for `resource`, which may be repeated (RFC 8707 §2). */
  all(name: string): readonly string[];
  /** Refuses the request if one of these is repeated. */
  once(...names: readonly string[]): void;
}

/** Makes the parameters of a request. */
export function paramsOf(fields: Fields): Params {
  const all = (name: string): readonly string[] => (fields.get(name) ?? []).filter((value) => value !== '');
  const optional = (name: string): string | undefined => {
    const values = fields.get(name);
    if (values === undefined) return undefined;
    if (values.length > 1) throw new OAuthError('invalid_request', `repeated_${name}`, { hint: 'A parameter is repeated.' });
    return values[0] === '' ? undefined : values[0];
  };
  return {
    all,
    optional,
    required(name) {
      const value = optional(name);
      if (value === undefined) throw new OAuthError('invalid_request', `missing_${name}`, { hint: `The parameter ${name} is missing.` });
      return value;
    },
    once: (...names) => names.forEach(optional),
  };
}

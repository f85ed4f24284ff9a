/**
 * Params: the parameters of an OAuth request, read the way OAuth 2.1 §3.1 and §3.2 want them: empty counts as absent,
 * a known one that stands twice is refused, unknown ones are not looked at.
 */
import type { Fields } from '../lib/form.ts';
import { OAuthError } from './error.ts';

/** Named access to the fields of one request. */
export interface Params {
  /** @throws {OAuthError} `invalid_request` when it stands twice. */
  optional(name: string): string | undefined;
  /** @throws {OAuthError} `invalid_request` when it is absent, empty, or stands twice. */
  required(name: string): string;
  /** Every value, empty ones left out: for `resource`, which may stand more than once (RFC 8707 §2). */
  all(name: string): readonly string[];
  /** Refuses the request if one of these stands more than once. */
  once(...names: readonly string[]): void;
}

/** Reads a request's fields. */
export function paramsOf(fields: Fields): Params {
  const all = (name: string): readonly string[] => (fields.get(name) ?? []).filter((value) => value !== '');
  const optional = (name: string): string | undefined => {
    const values = fields.get(name);
    if (values === undefined) return undefined;
    if (values.length > 1) throw new OAuthError('invalid_request', `repeated_${name}`, { hint: 'A parameter stands more than once.' });
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

/**
 * Option `accessKeys`: personal access tokens and service keys, which are off unless it is given.
 */
import type { AccessKeyRules } from '../model/token.ts';
import type { Seconds } from '../model/store.ts';
import { checkKind, fail, flag, seconds } from './kinds.ts';

/** What keys there may be. */
export interface AccessKeyOptions {
  /** Whether users make personal access tokens on the account page. With `false` there are only service keys, which the operator makes. Default true. */
  readonly personal?: boolean | undefined;
  /** The longest life of a key in seconds, at most ten years. Default a year. */
  readonly maxTTL?: Seconds | undefined;
  /** How many live personal access tokens one user may have. Default 50. */
  readonly maxPerUser?: number | undefined;
}

const DAY: Seconds = 86_400;
const NAMES: readonly string[] = ['personal', 'maxTTL', 'maxPerUser'];

/** The rules with every default; null if keys are off. @throws {TypeError} naming the fix. */
export function accessKeysOf(given: AccessKeyOptions | undefined, hasLogins: boolean): AccessKeyRules | null {
  if (given === undefined) return null;
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    fail('accessKeys', 'must be an object: { } for personal access tokens of up to a year; leave it out for none');
  const unknown = Object.keys(given).find((name) => !NAMES.includes(name));
  if (unknown !== undefined) fail('accessKeys', `has the unknown member ${JSON.stringify(unknown)}; known are ${NAMES.join(', ')}`);
  checkKind('accessKeys.personal', flag, given.personal);
  checkKind('accessKeys.maxTTL', seconds(3600, 3650 * DAY), given.maxTTL);
  const count = {
    must: 'be a whole number from 1 to 1000',
    is: (value: unknown) => Number.isSafeInteger(value) && Number(value) >= 1 && Number(value) <= 1000,
  };
  checkKind('accessKeys.maxPerUser', count, given.maxPerUser);
  const { personal = hasLogins, maxTTL = 365 * DAY, maxPerUser = 50 } = given;
  if (personal && !hasLogins)
    fail(
      'accessKeys.personal',
      'needs `logins`: users make their tokens on our account page; write personal: false for service keys alone',
    );
  return { personal, maxTTL, maxPerUser };
}

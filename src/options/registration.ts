/**
 * The option `clientRegistration`: who may register itself, and how many.
 */
import type { RegistrationRules } from '../model/settings.ts';
import { fail } from './kinds.ts';

/** How clients may register themselves. */
export interface RegistrationOptions {
  /** `required`: only with a token of `helpers().clients.createInitialAccessToken()`, once. */
  readonly initialAccessToken?: 'required';
  /** How many registered clients there may be. Default 100,000. */
  readonly most?: number;
  /** Says of checked metadata whether such a client is wanted. */
  readonly policy?: RegistrationRules['policy'];
}

const MOST = 100_000;

/** The rules with every default. @throws {TypeError} naming the mend. */
export function registrationOf(given: RegistrationOptions = {}): RegistrationRules {
  const { initialAccessToken, most = MOST, policy = null } = given;
  const unknown = Object.keys(given).find((name) => !['initialAccessToken', 'most', 'policy'].includes(name));
  if (unknown !== undefined)
    fail('clientRegistration', `has ${JSON.stringify(unknown)}, which is none of initialAccessToken, most, policy`);
  if (initialAccessToken !== undefined && initialAccessToken !== 'required')
    fail('clientRegistration', 'takes `initialAccessToken: "required"`, or none');
  if (!Number.isSafeInteger(most) || most < 1) fail('clientRegistration', 'needs a whole number of at least 1 as `most`');
  if (policy !== null && typeof policy !== 'function') fail('clientRegistration', 'needs a function as `policy`');
  return { isInvited: initialAccessToken === 'required', most, policy };
}

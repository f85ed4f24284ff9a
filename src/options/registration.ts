/**
 * The option `clientRegistration`: who may register itself, and how many.
 */
import type { RegistrationRules } from '../model/settings.ts';
import { isForbiddenScheme, KNOWN_SCHEMES } from '../model/redirect.ts';
import { fail } from './kinds.ts';

/** How clients may register themselves. */
export interface RegistrationOptions {
  /** `required`: only with a token of `helpers().clients.createInitialAccessToken()`, once. */
  readonly initialAccessToken?: 'required';
  /** How many registered clients there may be. Default 100,000. */
  readonly most?: number;
  /**
   * Private-use schemes of redirect URIs that are good beside those of known clients (`cursor`, `claude`, `vscode` …) and domain names turned
   * round (`com.example.app`); an empty list for none at all.
   */
  readonly redirectSchemes?: readonly string[];
  /** Says of checked metadata whether such a client is wanted. */
  readonly policy?: RegistrationRules['policy'];
}

const MAX_CLIENTS = 100_000;

/** The rules with every default. @throws {TypeError} naming the fix. */
export function registrationOf(given: RegistrationOptions = {}): RegistrationRules {
  const { initialAccessToken, most = MAX_CLIENTS, policy = null, redirectSchemes } = given;
  const unknown = Object.keys(given).find((name) => !['initialAccessToken', 'most', 'policy', 'redirectSchemes'].includes(name));
  if (unknown !== undefined)
    fail('clientRegistration', `has ${JSON.stringify(unknown)}, which is none of initialAccessToken, most, policy, redirectSchemes`);
  if (initialAccessToken !== undefined && initialAccessToken !== 'required')
    fail('clientRegistration', 'takes `initialAccessToken: "required"`, or none');
  if (!Number.isSafeInteger(most) || most < 1) fail('clientRegistration', 'needs a whole number of at least 1 as `most`');
  if (policy !== null && typeof policy !== 'function') fail('clientRegistration', 'needs a function as `policy`');
  const isScheme = (one: unknown): boolean => typeof one === 'string' && /^[a-z][a-z0-9+.-]*$/.test(one) && !isForbiddenScheme(one);
  if (redirectSchemes !== undefined && !(Array.isArray(redirectSchemes) && redirectSchemes.every(isScheme)))
    fail('clientRegistration', 'needs schemes as `redirectSchemes`, such as ["myapp"], in lower case and without a colon; [] for none');
  const schemes = redirectSchemes?.length === 0 ? [] : [...KNOWN_SCHEMES, ...(redirectSchemes ?? [])];
  return { isInvited: initialAccessToken === 'required', most, policy, redirectSchemes: schemes };
}

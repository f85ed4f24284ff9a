/**
 * Second factor: what is asked of a person after a login has proven who it is, where that person has set it up.
 * It knows users, not identities, so that it stands behind every login alike.
 */
import type { AccountSection, LoginServices, Step, Steps } from './login.ts';

/** The second factor was shown. */
export type SecondFactorPassed = { readonly kind: 'passed' };

/** Something a person has beside what the login asked for. */
export interface SecondFactor {
  /** Stands in paths and events: `totp`. */
  readonly id: string;
  /** The step that this user has to take; null for a user who has not set it up. */
  ask(userId: string, services: LoginServices): Promise<Step | null>;
  readonly steps: Steps<SecondFactorPassed>;
  /** Whether it seals what it keeps under the server's own `secret`, which then must be given. */
  readonly needsSecret?: true;
  /** What it adds to the account page. */
  readonly account?: readonly AccountSection[];
}

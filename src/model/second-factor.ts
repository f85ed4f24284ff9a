/**
 * Second factor: asked for after a login has authenticated the user, if they have set it up. It depends on the user and not on the identity,
 * so it works with every login.
 */
import type { AccountSection, LoginServices, Step, Steps } from './login.ts';

/** The second factor was verified. */
export type SecondFactorPassed = { readonly kind: 'passed' };

/** A second factor. */
export interface SecondFactor {
  /** Used in paths and events: `totp`. */
  readonly id: string;
  /** The step for this user; null if they have not set it up. */
  ask(userId: string, services: LoginServices): Promise<Step | null>;
  readonly steps: Steps<SecondFactorPassed>;
  /** Whether it seals data under the server's `secret`, which is then required. */
  readonly needsSecret?: true;
  /** Sections that it adds to the account page. */
  readonly account?: readonly AccountSection[];
}

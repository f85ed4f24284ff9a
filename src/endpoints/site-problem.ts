/** Site problem: what went wrong at another site, in words for the page. Nothing of what the site said goes in. */
import type { Proven, RedirectLogin, ReturnResult } from '../model/login.ts';

/** What the page says, and how. */
export interface SiteProblem {
  readonly text: string;
  readonly status: number;
}

/** The words for a return that proved nothing. */
export function problemOf(result: Exclude<ReturnResult, Proven>, { label }: RedirectLogin): SiteProblem {
  switch (result.kind) {
    case 'refused':
      return { text: result.text ?? `This ${label} account may not sign in here. Use another account.`, status: 403 };
    case 'unavailable':
      return { text: `${label} does not answer right now. Try again in a moment.`, status: 503 };
    case 'broken':
    case 'declined':
      return {
        text: `The sign-in with ${label} did not work. Try again; if it happens again, tell whoever runs this server.`,
        status: 502,
      };
  }
}

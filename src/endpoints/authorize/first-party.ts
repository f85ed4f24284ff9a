/** First-party start: whether a user began the authorization request, or another site did. */
import type { Client } from '../../model/client.ts';

/** Marks an authorization request that our own page redirected to: it is not known who started it (`skip-consent.ts`). */
export const RETURNED = 'returned';

/**
 * Whether the user started the request. A link on another site can name a client that was approved before, with the attacker's
 * state and challenge; for self-registered clients the user has to see a page then (SEC-134). `same-origin` proves nothing: the
 * link can lead to a sign-in page of this site, which redirects here. A redirect from our own sign-in always shows a page.
 */
export function isFirstPartyStart(request: Request, { entered }: Client): boolean {
  if (new URL(request.url).searchParams.has(RETURNED)) return false;
  return entered === true || request.headers.get('sec-fetch-site') === 'none';
}

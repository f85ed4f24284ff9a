/** Cursors of lists: a caller may pass on what came in a URL, so each store checks those that it gets. */
import { OAuthError } from './error.ts';
import type { Cursor } from './store.ts';

/** The error for a text that is no cursor: the caller's mistake, not a failure of the store. */
export function badCursor(): OAuthError {
  return new OAuthError('invalid_request', 'cursor_malformed', { hint: 'This is no cursor of this list. Start again without one.' });
}

/** A cursor of a store whose cursors are numbers. @throws {OAuthError} for any other text. */
export function checkCursor(after: Cursor): Cursor {
  if (!/^\d{1,18}$/.test(after)) throw badCursor();
  return after;
}

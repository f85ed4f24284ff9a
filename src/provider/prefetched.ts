/**
 * Prefetched: requests that a browser makes ahead of a person use nothing up.
 */
import { isPrefetch } from '../lib/http.ts';
import { OAuthError } from '../model/error.ts';

/** @throws {OAuthError} for a request that no person opened. */
export function refusePrefetch(request: Request): void {
  if (!isPrefetch(request)) return;
  const hint = 'The browser fetched this page ahead, and nothing was done. It works when it is opened.';
  throw new OAuthError('temporarily_unavailable', 'prefetch', { status: 425, hint });
}

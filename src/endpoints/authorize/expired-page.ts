/** The page for a request that is no longer open. Apart from `pending.ts`, which servers with pages of their own need too. */
import { requestOverPage } from '../../pages/message.ts';
import type { Call } from '../endpoint.ts';

/** Shows it. */
export function expiredPage({ as, words }: Pick<Call, 'as' | 'words'>): Response {
  return requestOverPage({ brand: as.settings.brand, words });
}

/**
 * Handles a redemption whose write failed. Loaded when that happens.
 */
import type { AuthServer } from '../core/auth-server.ts';
import { OAuthError } from '../model/error.ts';
import { noteUnanswered } from '../model/repeat.ts';
import { type SealedTokens, sealTokens } from './sealed-answer.ts';

/**
 * Prepares the retry of a redemption: the failed write may have happened, and the response is a 503, so the client's retry gets these tokens.
 * If the store is still down, a retry within ten seconds is refused, and the grant lives on.
 */
export async function keepForRetry(as: AuthServer, grantId: string, code: string, given: SealedTokens): Promise<void> {
  const [codeHash, accessHash] = [await as.secrets.hash(code), await as.secrets.hash(given.access)];
  const sealed = await sealTokens(as, grantId, code, given);
  try {
    await as.records.changeGrant(grantId, noteUnanswered(codeHash, accessHash, sealed));
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error; // report the first failure
  }
}

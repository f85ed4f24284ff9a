/**
 * Unanswered: what becomes of a redemption whose write failed. Loaded when that happens.
 */
import type { AuthServer } from '../core/auth-server.ts';
import { OAuthError } from '../model/error.ts';
import { noteUnanswered } from '../model/repeat.ts';
import { type SealedTokens, sealTokens } from './sealed-answer.ts';

/**
 * The write of a redemption failed, and may have happened all the same. The answer is a 503, on which the client comes again: it then
 * gets these tokens. Where the store takes no note, a retry within ten seconds is refused, and the grant lives.
 */
export async function keepForRetry(as: AuthServer, grantId: string, code: string, given: SealedTokens): Promise<void> {
  const [codeHash, accessHash] = [await as.secrets.hash(code), await as.secrets.hash(given.access)];
  const sealed = await sealTokens(as, grantId, code, given);
  try {
    await as.records.changeGrant(grantId, noteUnanswered(codeHash, accessHash, sealed));
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error; // the first failure is the one to tell
  }
}

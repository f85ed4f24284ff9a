/**
 * Grant transitions for a client that may not have received its answer; separate, because they are rare.
 */
import type { Grant } from './grant.ts';
import { isSame, retiredOf } from './retired.ts';
import type { Transition } from './grant-transitions.ts';

/**
 * Notes that a redemption was answered with 503, so that a retry gets its tokens. If the code is not spent, the redemption's write has not
 * arrived, and no longer can: this write changes the version, and contests the code against an attempt that names none.
 *
 * @param accessHash of the access token that the redemption issued.
 */
export function noteUnanswered(codeHash: string, accessHash: string, sealedAnswer: string): Transition<null> {
  return (grant) => {
    const { code, access } = grant;
    if (grant.ended || code?.hash !== codeHash) return { result: null };
    if (!code.spent) return { grant: { ...grant, code: { ...code, contested: true } }, result: null };
    if (!access.some(({ hash }) => hash === accessHash)) return { result: null }; // spent by another request
    return { grant: { ...grant, code: { ...code, sealedAnswer } }, result: null };
  };
}

/**
 * Finds the tokens for the holder of a retired refresh token: the live ones. Each successor may itself have been rotated since by another
 * process of the same client, and would count as reused after its own grace period.
 *
 * @param open derives or unseals a successor with the token that it replaced, and returns the hash of its refresh token.
 */
export async function followSuccessors<T extends { readonly refresh: string | null }>(
  grant: Pick<Grant, 'retired'>,
  { presented, sealedSuccessor }: { readonly presented: string; readonly sealedSuccessor: string },
  open: (token: string, sealed: string) => Promise<{ readonly tokens: T; readonly hash: string }>,
): Promise<T> {
  const retired = retiredOf(grant);
  let { tokens, hash } = await open(presented, sealedSuccessor);
  for (
    let next = retired.find((one) => isSame(one, hash));
    next && tokens.refresh !== null;
    next = retired.find((one) => isSame(one, hash))
  )
    ({ tokens, hash } = await open(tokens.refresh, next.sealedSuccessor));
  return tokens;
}

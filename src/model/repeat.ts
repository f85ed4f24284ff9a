/**
 * Repeat: moves of a grant for a client that may not have got its answer. They are rare, and so apart from the moves that every token needs.
 */
import type { Grant } from './grant.ts';
import type { Transition } from './grant-transitions.ts';

/**
 * Notes that a redemption was answered with a 503, which asks the client to come again: the same request then gets its tokens. Where
 * the code is not spent, its write has not arrived, and no longer can: the record has another version from now on.
 *
 * @param accessHash of the tokens that the redemption was to give.
 */
export function noteUnanswered(codeHash: string, accessHash: string, sealedAnswer: string): Transition<null> {
  return (grant) => {
    const { code, access } = grant;
    if (grant.ended || code?.hash !== codeHash) return { result: null };
    if (!code.spent) return { grant, result: null };
    if (!access.some(({ hash }) => hash === accessHash)) return { result: null }; // spent by another request
    return { grant: { ...grant, code: { ...code, sealedAnswer } }, result: null };
  };
}

/**
 * The tokens that the holder of a retired token gets: those of the live one. Each successor may have been rotated since, by another
 * process of the same client, and would be taken for stolen once its own grace is over.
 *
 * @param open unseals a successor by the token it was sealed under; tells the hash of its refresh token.
 */
export async function followSuccessors<T extends { readonly refresh: string | null }>(
  { retired }: Grant,
  { presented, sealedSuccessor }: { readonly presented: string; readonly sealedSuccessor: string },
  open: (token: string, sealed: string) => Promise<{ readonly tokens: T; readonly hash: string }>,
): Promise<T> {
  let { tokens, hash } = await open(presented, sealedSuccessor);
  for (
    let next = retired.find((one) => one.hash === hash);
    next && tokens.refresh !== null;
    next = retired.find((one) => one.hash === hash)
  )
    ({ tokens, hash } = await open(tokens.refresh, next.sealedSuccessor));
  return tokens;
}

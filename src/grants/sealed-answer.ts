/**
 * Given: tokens of an answer that a client may not have got. They are sealed under what the client presented for them, so that it gets
 * the same ones when it asks again (`repeated-answer.ts`), and the store alone gives them to no one.
 */
import type { AuthServer } from '../core/auth-server.ts';

/** The tokens. */
export type SealedTokens = { readonly access: string; readonly refresh: string | null };

/** Seals them. @param presented the code or refresh token. */
export function sealTokens({ secrets }: AuthServer, grantId: string, presented: string, given: SealedTokens): Promise<string> {
  return secrets.sealUnder(presented, given, boundTo(grantId));
}

/** What they are sealed for. */
export function boundTo(grantId: string): string {
  return `successor:${grantId}`;
}

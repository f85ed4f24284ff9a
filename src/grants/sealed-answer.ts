/**
 * Sealed answers: tokens that a client may not have received. They are sealed under the code or refresh token that the client presented, so
 * that it gets the same ones when it asks again (`repeated-answer.ts`), and the store alone reveals nothing.
 */
import type { AuthServer } from '../core/auth-server.ts';
import { withoutPlace } from '../model/place.ts';

/** The tokens. */
export type SealedTokens = { readonly access: string; readonly refresh: string | null };

/** Seals tokens. @param presented the code or refresh token. */
export function sealTokens({ secrets }: AuthServer, grantId: string, presented: string, given: SealedTokens): Promise<string> {
  return secrets.sealUnder(presented, given, boundTo(grantId));
}

/** What they are bound to: the grant, wherever its tokens say that it is. */
export function boundTo(grantId: string): string {
  return `successor:${withoutPlace(grantId)}`;
}

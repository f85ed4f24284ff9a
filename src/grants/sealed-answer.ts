/**
 * Tokens that a client may not have received: it gets the same ones when it asks again (`repeated-answer.ts`), and the store alone reveals
 * nothing. Those that replace a refresh token are derived from it and a nonce of the grant; signed ones, and those for a code, are sealed under
 * what the client presented.
 */
import type { AuthServer } from '../core/auth-server.ts';
import type { MintedTokens, RefreshProof } from '../core/records/secrets.ts';
import type { Derivation } from '../model/retired.ts';
import { familyOf } from '../model/token.ts';
import { withoutPlace } from '../model/place.ts';

/** The tokens. */
export type SealedTokens = { readonly access: string; readonly refresh: string | null };

/** Seals tokens. @param presented the code or refresh token. */
export function sealTokens({ secrets }: AuthServer, grantId: string, presented: string, given: SealedTokens): Promise<string> {
  return secrets.sealUnder(presented, given, boundTo(grantId));
}

/** The tokens that replace a refresh token. */
export function deriveTokens(
  { secrets }: AuthServer,
  { hash, pad, familyHash }: RefreshProof,
  presented: string,
  { nonce, grantId, leadsBack }: Derivation,
): Promise<MintedTokens> {
  return secrets.mint(grantId, familyOf(presented), leadsBack ? { hash, pad, familyHash } : { familyHash }, { presented, nonce });
}

/** What they are bound to: the grant, wherever its tokens say that it is. */
export function boundTo(grantId: string): string {
  return `successor:${withoutPlace(grantId)}`;
}

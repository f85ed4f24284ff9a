/**
 * Again: tokens for a client that asks a second time, since it may not have got the answer: a retry, a second process with the same token, a
 * write that the store has lost. Loaded when that happens.
 */
import type { AuthServer } from '../core/auth-server.ts';
import type { RefreshProof } from '../core/records/secrets.ts';
import type { Grant } from '../model/grant.ts';
import { followSuccessors } from '../model/repeat.ts';
import { unwrap, wrap } from '../model/wrapped.ts';
import { boundTo, type SealedTokens } from './sealed-answer.ts';
import type { IssuedTokens } from './issue.ts';

/** Opens the tokens that were sealed. */
export async function openSealedTokens({ secrets }: AuthServer, grantId: string, presented: string, sealed: string): Promise<SealedTokens> {
  const given = (await secrets.openUnder(presented, sealed, boundTo(grantId))) as SealedTokens | null;
  if (!given) throw new Error('Sealed tokens do not open under the token they were sealed for.');
  return given;
}

/** The same answer again, as the grant has it now. */
export async function repeatAnswer(as: AuthServer, grant: Grant, { access: accessToken, refresh }: SealedTokens): Promise<IssuedTokens> {
  const hash = await as.secrets.hash(accessToken);
  const access = grant.access.find((one) => one.hash === hash);
  return {
    accessToken,
    refreshToken: refresh,
    scope: access?.scope ?? grant.scope,
    resource: grant.resource,
    expiresAt: access?.expiresAt ?? as.now(), // pushed out by newer ones: told to be over, so that the client refreshes
    jkt: access?.jkt,
  };
}

/** The live tokens, for the holder of a retired refresh token. */
export async function answerWithLiveToken(as: AuthServer, grant: Grant, presented: string, sealedSuccessor: string): Promise<IssuedTokens> {
  const given = await followSuccessors(grant, { presented, sealedSuccessor }, async (token, sealed) => {
    const opened = await openSealedTokens(as, grant.id, token, sealed);
    return { tokens: opened, hash: await as.secrets.hash(opened.refresh ?? '') };
  });
  return repeatAnswer(as, grant, given);
}

/**
 * The grant with the write that its store has lost, where the token presented is the one that was written then: a failover to a replica
 * that was behind, a crash without a flush. Null for every other token, which is judged as it is: a token shows that it succeeds the live
 * one by opening what that one opens, which a thief who has an older one cannot.
 */
export async function withLostWrite(as: AuthServer, grant: Grant, presented: string, { hash, pad }: RefreshProof): Promise<Grant | null> {
  const live = grant.refresh;
  if (!live) return null;
  const before = await as.secrets.padBefore(presented);
  const key = before && unwrap(live, before);
  if (!key || (await as.secrets.openWith(key, grant.sealedProps, `grant:${grant.id}`)) === null) return null;
  return { ...grant, refresh: { ...live, ...wrap(key, { hash, pad }) } };
}

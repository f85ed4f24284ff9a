/**
 * Again: tokens for a client that asks a second time, since it may not have got the answer: a retry, a second process with the same token, a
 * write that the store has lost. Loaded when that happens.
 */
import type { AuthServer } from '../core/auth-server.ts';
import type { RefreshProof } from '../core/records/secrets.ts';
import type { Grant } from '../model/grant.ts';
import { followSuccessors } from '../model/repeat.ts';
import { unwrap, wrap } from '../model/wrapped.ts';
import { boundTo, type GivenTokens } from './sealed-answer.ts';
import type { IssuedTokens } from './issue.ts';

/** Opens the tokens that were sealed. */
export async function openGiven({ keys }: AuthServer, grantId: string, presented: string, sealed: string): Promise<GivenTokens> {
  const given = (await keys.openUnder(presented, sealed, boundTo(grantId))) as GivenTokens | null;
  if (!given) throw new Error('Sealed tokens do not open under the token they were sealed for.');
  return given;
}

/** The same answer again, as the grant has it now. */
export async function answerAgain(as: AuthServer, grant: Grant, { access: accessToken, refresh }: GivenTokens): Promise<IssuedTokens> {
  const hash = await as.keys.hash(accessToken);
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
export async function answerLive(as: AuthServer, grant: Grant, presented: string, sealedSuccessor: string): Promise<IssuedTokens> {
  const given = await followSuccessors(grant, { presented, sealedSuccessor }, async (token, sealed) => {
    const opened = await openGiven(as, grant.id, token, sealed);
    return { tokens: opened, hash: await as.keys.hash(opened.refresh ?? '') };
  });
  return answerAgain(as, grant, given);
}

/**
 * The grant with the write that its store has lost, where the token presented is the one that was written then: a failover to a replica
 * that was behind, a crash without a flush. Null for every other token, which is judged as it is: a token shows that it succeeds the live
 * one by opening what that one opens, which a thief who has an older one cannot.
 */
export async function withLostWrite(as: AuthServer, grant: Grant, presented: string, { hash, pad }: RefreshProof): Promise<Grant | null> {
  const live = grant.refresh;
  if (!live) return null;
  const before = await as.keys.padBefore(presented);
  const key = before && unwrap(live, before);
  if (!key || (await as.keys.openWith(key, grant.sealedProps, `grant:${grant.id}`)) === null) return null;
  return { ...grant, refresh: { ...live, ...wrap(key, { hash, pad }) } };
}

/**
 * Repeated answers: the tokens for a client that asks again because it may not have received them: a retry, a second process with the same
 * token, a write whose outcome is unknown or that the store lost. Loaded when that happens.
 */
import type { AuthServer } from '../core/auth-server.ts';
import type { RefreshProof } from '../core/records/secrets.ts';
import { OAuthError } from '../model/error.ts';
import { derivationIn, type Grant, isSame, retiredOf } from '../model/grant.ts';
import { grantIdOf, unwrap, wrap } from '../model/token.ts';
import { boundTo, deriveTokens, type IssuedTokens, type SealedTokens, sealTokens } from './token-request.ts';
import type { Transition } from '../model/grant-transitions.ts';

/** The tokens that replaced a refresh token. */
async function successorOf(as: AuthServer, grantId: string, presented: string, text: string): Promise<SealedTokens> {
  const derivation = derivationIn(text, grantIdOf('refresh', presented) ?? '');
  if (derivation === null) return openSealedTokens(as, grantId, presented, text);
  const { accessToken, refreshToken } = await deriveTokens(as, await as.secrets.refreshProof(presented), presented, derivation);
  return { access: accessToken, refresh: refreshToken };
}

/** Opens sealed tokens. */
export async function openSealedTokens({ secrets }: AuthServer, grantId: string, presented: string, sealed: string): Promise<SealedTokens> {
  const given = (await secrets.openUnder(presented, sealed, boundTo(grantId))) as SealedTokens | null;
  if (!given) throw new Error('Sealed tokens cannot be opened with the token that sealed them.');
  return given;
}

/** The same answer again, with the grant's current values. */
export async function repeatAnswer(as: AuthServer, grant: Grant, { access: accessToken, refresh }: SealedTokens): Promise<IssuedTokens> {
  const hash = await as.secrets.hash(accessToken);
  const access = grant.access.find((one) => one.hash === hash);
  return {
    accessToken,
    refreshToken: grant.refresh && refresh, // where its lifetimes were not known when it was sealed
    scope: access?.scope ?? grant.scope,
    resource: grant.resource,
    expiresAt: access?.expiresAt ?? as.now(), // dropped for newer ones: reported as expired, so that the client refreshes
    jkt: access?.jkt,
  };
}

/** The live tokens, for the holder of a retired refresh token. */
export async function answerWithLiveToken(as: AuthServer, grant: Grant, presented: string, sealedSuccessor: string): Promise<IssuedTokens> {
  const given = await followSuccessors(grant, { presented, sealedSuccessor }, async (token, sealed) => {
    const opened = await successorOf(as, grant.id, token, sealed);
    return { tokens: opened, hash: await as.secrets.hash(opened.refresh ?? '') };
  });
  return repeatAnswer(as, grant, given);
}

/**
 * The grant with a write that its store has lost (a failover to a lagging replica, a crash without a flush), if the presented token is the
 * one from that write. Null for every other token, which gets the normal checks. A token proves that it succeeds the live one by containing
 * that one's pad, which a thief with an older token does not have.
 */
export async function withLostWrite(as: AuthServer, grant: Grant, presented: string, { hash, pad }: RefreshProof): Promise<Grant | null> {
  const live = grant.refresh;
  if (!live) return null;
  const before = await as.secrets.padBefore(presented);
  const key = before && unwrap(live, before);
  if (!key || (await as.secrets.openWith(key, grant.sealedProps, `grant:${grant.id}`)) === null) return null;
  return { ...grant, refresh: { ...live, ...wrap(key, { hash, pad }) } };
}

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

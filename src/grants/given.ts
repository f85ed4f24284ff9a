/**
 * Given: tokens of an answer that a client may not have got. They are sealed under what the client presented for them, so that it gets
 * the same ones when it asks again, and the store alone gives them to no one.
 */
import type { AuthServer } from '../core/auth-server.ts';
import type { Grant } from '../model/grant.ts';
import type { IssuedTokens } from './issue.ts';

/** The tokens. */
export type GivenTokens = { readonly access: string; readonly refresh: string | null };

/** Seals them. @param presented the code or refresh token. */
export function sealGiven({ keys }: AuthServer, grantId: string, presented: string, given: GivenTokens): Promise<string> {
  return keys.sealUnder(presented, given, `successor:${grantId}`);
}

/** Opens them. */
export async function openGiven({ keys }: AuthServer, grantId: string, presented: string, sealed: string): Promise<GivenTokens> {
  const given = (await keys.openUnder(presented, sealed, `successor:${grantId}`)) as GivenTokens | null;
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

/**
 * Upstream accounts of a session, so that the next app that the user approves can use them too. The session stores the key to
 * them encrypted under its cookie, of which storage only has the hash.
 */
import type { Session } from '../../core/records/records.ts';
import type { Authenticated } from '../../model/login.ts';
import type { StoredOrigin, Origin } from '../../model/identity.ts';
import type { Json } from '../../model/store.ts';
import type { UpstreamRef } from '../../model/upstream.ts';
import type { Call } from '../endpoint.ts';
import { cookieOf } from './browser-context.ts';

/** A session found by its cookie. */
type Found = Pick<Session, 'userId' | 'upstreams'> & { readonly hash: string };

/** The accounts of a session; null if one of them is gone or can no longer be decrypted: the user must sign in again. */
export async function upstreamAccountsOf(call: Call, session: Found): Promise<readonly UpstreamRef[] | null> {
  if (session.upstreams === undefined) return [];
  const token = cookieOf(call, 'session') ?? '';
  const refs = (await call.as.secrets.openUnder(token, session.upstreams, boundTo(session.hash))) as readonly UpstreamRef[] | null;
  return refs && (await call.as.vault.allExist(refs)) ? refs : null;
}

/** The accounts after a sign-in: the new one, and those that the same user had in this browser before. */
export async function link(
  call: Call,
  userId: string,
  { upstream }: Pick<Authenticated, 'upstream'>,
  old: Found | null,
): Promise<readonly UpstreamRef[]> {
  const before = old?.userId === userId ? ((await upstreamAccountsOf(call, old)) ?? []) : [];
  if (!upstream) return before;
  const { provider, id } = upstream.account;
  const others = before.filter(({ account }) => account.provider !== provider || account.id !== id);
  return [await call.as.vault.keep(userId, upstream.account, upstream.tokens), ...others];
}

/** The accounts as the session stores them; no member if there are none. */
export async function sealLinked(
  { as }: Call,
  token: string,
  hash: string,
  refs: readonly UpstreamRef[],
): Promise<{ readonly upstreams?: string }> {
  return refs.length === 0 ? {} : { upstreams: await as.secrets.sealUnder(token, refs, boundTo(hash)) };
}

/** The upstream sign-in of a user: from a fresh sign-in, else decrypted with the session's cookie. */
export async function originOf(
  call: Call,
  user: { readonly hash: string; readonly came?: Origin; readonly origin?: StoredOrigin },
): Promise<Origin | null> {
  if (user.came) return user.came;
  if (!user.origin) return null;
  const { login, sealed } = user.origin;
  if (sealed === undefined) return { login };
  const standing = await call.as.secrets.openUnder(cookieOf(call, 'session') ?? '', sealed, `session:${user.hash}:origin`);
  return { login, ...(standing === null ? {} : { standing: standing as Json }) };
}

/** The same as the session stores it. */
export async function sealOrigin({ as }: Call, token: string, hash: string, { login, standing }: Origin): Promise<StoredOrigin> {
  return { login, ...(standing === undefined ? {} : { sealed: await as.secrets.sealUnder(token, standing, `session:${hash}:origin`) }) };
}

function boundTo(hash: string): string {
  return `session:${hash}:upstreams`;
}

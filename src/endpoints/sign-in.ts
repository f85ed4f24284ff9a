/**
 * Sign-in: runs a login for whoever stands before a page, and turns the Identity that comes out into a session.
 * The session gets a new name at every sign-in (no fixation), and the old one ends.
 */
import type { Session } from '../core/records.ts';
import type { Identity } from '../model/identity.ts';
import type { Params } from '../model/params.ts';
import type { Json } from '../model/store.ts';
import { sessionOf, setCookie, type Call } from './endpoint.ts';

/** Somebody who is signed in: now, or by the session that came along. */
export interface SignedIn {
  readonly userId: string;
  readonly claims: Session['claims'];
  /** The hash that the session is kept under. */
  readonly hash: string;
  /** Set by a fresh sign-in. */
  readonly cookie?: string;
}

/** Why nobody was signed in, in words for the page. */
export interface NotSignedIn {
  readonly problem: string;
  readonly status: number;
  readonly retryAfter?: number;
}

/** Runs the login that the form names (the first one if it names none). */
export async function signIn(call: Call, form: Params): Promise<SignedIn | NotSignedIn> {
  const { as, network, env } = call;
  const wanted = form.optional('login');
  const login = as.settings.logins.find((one) => one.id === wanted) ?? as.settings.logins[0];
  if (!login) return { problem: 'This server has no way to sign in.', status: 404 };
  const services = {
    issuer: as.settings.issuer,
    accounts: as.accounts,
    now: () => as.now(),
    network,
    env,
    limit: as.limit,
    forgive: as.forgive,
  };
  const result = await login.prove((field) => form.optional(field) ?? '', services);
  if (result.kind === 'proven') {
    const user = await startSession(call, result.identity);
    if ((await result.stillGood?.()) ?? true) {
      as.emit({ kind: 'login.succeeded', login: login.id, userId: user.userId });
      return user;
    }
    await as.records.endSession(user.hash);
  }
  const reason = result.kind === 'limited' ? 'limited' : result.kind === 'refused' ? result.reason : 'credentials_changed';
  as.emit({ kind: 'login.failed', login: login.id, reason, network });
  if (result.kind !== 'limited')
    return { problem: 'That user name and password do not go together. Check both and try again.', status: 403 };
  const minutes = Math.ceil(result.retryAfter / 60);
  const wait = minutes === 1 ? 'a minute' : `${minutes} minutes`;
  return { problem: `Too many tries. Wait ${wait} and try again.`, status: 429, retryAfter: result.retryAfter };
}

async function startSession(call: Call, identity: Identity): Promise<SignedIn> {
  const { as } = call;
  const old = await sessionOf(call);
  const token = as.keys.secret();
  const userId = identity.subject;
  const claims = { ...identity.claims, sub: userId } as Session['claims'] & { readonly [claim: string]: Json };
  const [createdAt, expiresAt] = [as.now(), as.now() + as.settings.sessionTtl];
  const hash = await as.keys.hash(token);
  await as.records.openSession(hash, { v: 1, userId, claims, createdAt, expiresAt });
  if (old) await as.records.endSession(old.hash);
  return { userId, claims, hash, cookie: setCookie(as, 'session', token, as.settings.sessionTtl) };
}

/** The name that pages show for somebody. */
export function nameOf(claims: Session['claims']): string {
  const name = claims['name'] ?? claims['preferred_username'] ?? claims['email'] ?? claims['sub'];
  return typeof name === 'string' ? name : 'your account';
}

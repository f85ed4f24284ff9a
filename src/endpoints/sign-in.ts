/**
 * Sign-in: runs a login for whoever stands before a page, and turns the Identity that comes out into a session.
 * The session gets a new name at every sign-in (no fixation), and the old one ends.
 */
import type { Session } from '../core/records.ts';
import { userIdOf } from '../core/users.ts';
import type { HtmlValue } from '../lib/html.ts';
import { isForm, type LoginServices, type Proven } from '../model/login.ts';
import type { Params } from '../model/params.ts';
import type { Json } from '../model/store.ts';
import type { UpstreamRef } from '../model/upstream.ts';
import { sayIn } from '../pages/words/span.ts';
import { sayRefused, type Words } from '../pages/words/words.ts';
import { sessionOf, setCookie, type Call } from './endpoint.ts';
import { link, sealLinked } from './linked.ts';

/** Somebody who is signed in: now, or by the session that came along. */
export interface SignedIn {
  readonly userId: string;
  readonly claims: Session['claims'];
  readonly permissions?: readonly string[];
  /** Accounts at other sites that the next grant may use; of a session, still sealed. */
  readonly linked?: readonly UpstreamRef[];
  readonly upstreams?: string;
  /** The hash that the session is kept under. */
  readonly hash: string;
  /** Set by a fresh sign-in. */
  readonly cookie?: string;
}

/** Why nobody was signed in, in words for the page. */
export interface NotSignedIn {
  readonly problem: HtmlValue;
  readonly status: number;
  readonly retryAfter?: number;
}

/** What a login may use of the server, for this call. */
export function servicesOf({ as, network, env }: Call): LoginServices {
  return {
    issuer: as.settings.issuer,
    accounts: as.accounts,
    now: () => as.now(),
    network,
    env,
    limit: as.limit,
    forgive: as.forgive,
  };
}

/** Runs the form login that the form names (the first one if it names none). */
export async function signIn(call: Call, form: Params): Promise<SignedIn | NotSignedIn> {
  const { as, network, words } = call;
  const wanted = form.optional('login');
  const logins = as.settings.logins.filter(isForm);
  const login = logins.find((one) => one.id === wanted) ?? logins[0];
  if (!login) return { problem: words.signIn.choose, status: 400 };
  const result = await login.prove((field) => form.optional(field) ?? '', servicesOf(call));
  const user = result.kind === 'proven' && (await startSession(call, login.id, result));
  if (user) return user;
  if (result.kind === 'limited') {
    as.emit({ kind: 'login.failed', login: login.id, reason: 'limited', network });
    return { problem: words.signIn.limited(sayIn(result.retryAfter, words)), status: 429, retryAfter: result.retryAfter };
  }
  const refused = result.kind === 'refused' ? result : { reason: 'credentials_changed' };
  as.emit({ kind: 'login.failed', login: login.id, reason: refused.reason, network });
  return { problem: sayRefused(refused, words), status: 403 };
}

/** Signs in whoever the identity is here; null where the proof was taken back meanwhile. */
export async function startSession(call: Call, login: string, proven: Proven): Promise<SignedIn | null> {
  const { as } = call;
  const { identity, permissions, stillGood } = proven;
  const old = await sessionOf(call);
  const token = as.keys.secret();
  const userId = await userIdOf(as, identity);
  const claims = { ...identity.claims, sub: userId } as Session['claims'] & { readonly [claim: string]: Json };
  const [createdAt, expiresAt] = [as.now(), as.now() + as.settings.sessionTtl];
  const hash = await as.keys.hash(token);
  const may = permissions ? { permissions } : {};
  const linked = await link(call, userId, proven, old);
  const sealed = await sealLinked(call, token, hash, linked);
  await as.records.openSession(hash, { v: 1, userId, claims, ...may, ...sealed, createdAt, expiresAt });
  if (old) await as.records.endSession(old.hash);
  if (!((await stillGood?.()) ?? true)) {
    await as.records.endSession(hash);
    return null;
  }
  as.emit({ kind: 'login.succeeded', login, userId });
  return { userId, claims, ...may, linked, hash, cookie: setCookie(as, 'session', token, as.settings.sessionTtl) };
}

/** The name that pages show for somebody. */
export function nameOf(claims: Session['claims'], words: Words): string {
  const name = claims['name'] ?? claims['preferred_username'] ?? claims['email'] ?? claims['sub'];
  return typeof name === 'string' ? name : words.signIn.yourAccount;
}

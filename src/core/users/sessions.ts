/**
 * Sessions: signed-in browsers. Each is one record under the hash of its cookie, read once per request; when it was last
 * used is written every few minutes only, and only onto the very state that was read: what was ended stays ended.
 */
import type { Key, Seconds } from '../../model/store.ts';
import type { AuthServer } from '../auth-server.ts';
import { readRecord } from '../records/record.ts';
import { isSession, lifeOfSession, type Session } from '../records/records.ts';

/** How exactly it is known when a session was last used. */
export const SEEN_EVERY: Seconds = 300;

/** A session with the hash of its cookie. */
export type KnownSession = Session & { readonly hash: string };

/** The living session of that hash, or null; its idle time starts anew. */
export async function useSession(as: AuthServer, hash: string): Promise<Session | null> {
  const key: Key = `session:${hash}`;
  const held = await readRecord(as.store, key, isSession);
  if (!held) return null;
  const now = as.now();
  if (now - (held.value.seenAt ?? held.value.createdAt) < SEEN_EVERY) return held.value;
  const seen: Session = { ...held.value, seenAt: now, idleUntil: now + as.settings.sessionIdleTtl };
  if ((await as.store.write(key, seen, held.version, lifeOfSession(seen))) !== null) return seen;
  return (await readRecord(as.store, key, isSession))?.value ?? null; // somebody else noted it, or ended it
}

/** Every living session of a user, in the order of the list. */
export async function* everySession(as: AuthServer, userId: string): AsyncGenerator<KnownSession> {
  let after: string | undefined;
  do {
    const page = await as.records.sessionsOf(userId, after);
    for (const key of page.keys) {
      const hash = key.slice('session:'.length);
      const session = await as.records.findSession(hash);
      if (session?.userId === userId) yield { ...session, hash };
    }
    after = page.next;
  } while (after !== undefined);
}

/** The living sessions of a user as a page shows them, newest use first; of very many, some. */
export async function sessionsOf(as: AuthServer, userId: string): Promise<readonly KnownSession[]> {
  const found: KnownSession[] = [];
  for await (const session of everySession(as, userId)) if (found.push(session) === MAX_SHOWN) break;
  return found.toSorted((a, b) => (b.seenAt ?? b.createdAt) - (a.seenAt ?? a.createdAt));
}

const MAX_SHOWN = 100;

/** What names a session on a page: tells nothing of its cookie. */
export async function sessionMark(as: AuthServer, { hash }: Pick<KnownSession, 'hash'>): Promise<string> {
  return (await as.secrets.hash(`session mark\n${hash}`)).slice(0, 22);
}

/** Ends the session of that mark, if it is this user's. */
export async function endSessionOf(as: AuthServer, userId: string, mark: string): Promise<boolean> {
  for await (const session of everySession(as, userId)) {
    if ((await sessionMark(as, session)) !== mark) continue;
    await as.records.endSession(session.hash);
    return true;
  }
  return false;
}

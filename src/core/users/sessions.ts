/**
 * Sessions: signed-in browsers. Each is one record under the hash of its cookie, read once per request. The time of last use is written
 * every few minutes, and only onto the version that was read, so that an ended session stays ended.
 */
import type { Key, Seconds } from '../../model/store.ts';
import type { AuthServer } from '../auth-server.ts';
import { readRecord } from '../../model/record.ts';
import { isSession, lifeOfSession, type Session } from '../records/records.ts';

/** How often the time of last use is written. */
const SEEN_INTERVAL: Seconds = 300;

/** A session with the hash of its cookie. */
export type KnownSession = Session & { readonly hash: string };

/** The live session with that hash, or null; restarts its idle time. */
export async function useSession(as: AuthServer, hash: string): Promise<Session | null> {
  const key: Key = `session:${hash}`;
  const stored = await readRecord(as.store, key, isSession);
  if (!stored) return null;
  const now = as.now();
  if (now - (stored.value.seenAt ?? stored.value.createdAt) < SEEN_INTERVAL) return stored.value;
  const seen: Session = { ...stored.value, seenAt: now, idleUntil: now + as.settings.sessionIdleTtl };
  if ((await as.store.write(key, seen, stored.version, lifeOfSession(seen))) !== null) return seen;
  return (await readRecord(as.store, key, isSession))?.value ?? null; // another request updated or ended it
}

/** Every live session of a user, in list order. */
export async function* everySession(as: AuthServer, userId: string): AsyncGenerator<KnownSession> {
  let after: string | undefined;
  do {
    const page = await as.records.sessionsOf(userId, after);
    const found = await Promise.all(
      page.keys.map(async (key) => {
        const hash = key.slice('session:'.length);
        return { hash, session: await as.records.findSession(hash, page.records?.get(key)) };
      }),
    );
    for (const { hash, session } of found) if (session?.userId === userId) yield { ...session, hash };
    after = page.next;
  } while (after !== undefined);
}

/** The live sessions of a user for a page, most recently used first; at most MAX_SHOWN. */
export async function sessionsOf(as: AuthServer, userId: string): Promise<readonly KnownSession[]> {
  const found: KnownSession[] = [];
  for await (const session of everySession(as, userId)) if (found.push(session) === MAX_SHOWN) break;
  return found.toSorted((a, b) => (b.seenAt ?? b.createdAt) - (a.seenAt ?? a.createdAt));
}

const MAX_SHOWN = 100;

/** Names a session on a page without revealing its cookie. */
export async function publicSessionId(as: AuthServer, { hash }: Pick<KnownSession, 'hash'>): Promise<string> {
  return (await as.secrets.hash(`session mark\n${hash}`)).slice(0, 22);
}

/** Ends the session with that name, if it is this user's. */
export async function endSessionOf(as: AuthServer, userId: string, mark: string): Promise<boolean> {
  for await (const session of everySession(as, userId)) {
    if ((await publicSessionId(as, session)) !== mark) continue;
    await as.records.endSession(session.hash);
    return true;
  }
  return false;
}

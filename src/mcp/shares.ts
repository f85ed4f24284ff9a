/**
 * Shares: how many streams one handler holds open at once, and for whom. Each session, each user, and all callers without a token together have
 * a share, so that none of them can take the places of everybody else. Counted in one process or isolate.
 */
import { onAbort } from '../lib/on-abort.ts';
import type { Access } from '../model/access.ts';
import type { Context } from '../model/handler.ts';
import { keyOf } from '../model/live-permissions.ts';
import type { Id } from './message.ts';
import { rpcError } from './refusal.ts';

/** Whose share is used up. */
export type Full = 'streams_of_session' | 'streams_of_user' | 'streams_of_anonymous' | 'streams';

/** The most of each share. */
export interface Limits {
  readonly session: number;
  readonly user: number;
  /** Of all callers without a token together. */
  readonly anonymous: number;
  readonly all: number;
  /** Calls of one user that go on though their client has gone away. */
  readonly alone: number;
}

/** What is open, and whose it is. */
export interface Shares {
  /** Takes a place until the signal aborts. @returns whose share is used up, and nothing was taken; else null. */
  take(whose: { readonly access: Access | null; readonly session?: string }, until: AbortSignal): Full | null;
  /** Notes a call of a session until its end. */
  work(session: string, until: AbortSignal): void;
  /** Whether a call of a session is at work here. */
  isAtWork(session: string): boolean;
  /** Notes a call whose client has gone away, until its end. One too many of a user ends the one that was left first. */
  leave(access: Access, until: AbortController): void;
}

const LIMITS: Limits = { session: 8, user: 128, anonymous: 128, all: 2048, alone: 64 };
const RETRY_AFTER = '30';

/** Nothing is open yet. */
export function shares({ session, user, anonymous, all, alone }: Limits = LIMITS): Shares {
  const counts = new Map<string, number>();
  const left = new Map<string, Set<AbortController>>();
  const add = (key: string, by: number): void => {
    const count = (counts.get(key) ?? 0) + by;
    if (count > 0) counts.set(key, count);
    else counts.delete(key);
  };
  return {
    take({ access, session: label }, until) {
      const asked: (readonly [key: string, most: number, full: Full])[] = [
        ...(label === undefined ? [] : [[`session ${label}`, session, 'streams_of_session'] as const]),
        access ? [`user ${userOf(access)}`, user, 'streams_of_user'] : ['anonymous', anonymous, 'streams_of_anonymous'],
        ['all', all, 'streams'],
      ];
      const full = asked.find(([key, most]) => (counts.get(key) ?? 0) >= most);
      if (full) return full[2];
      for (const [key] of asked) add(key, 1);
      onAbort(until, () => asked.forEach(([key]) => add(key, -1)));
      return null;
    },
    work(label, until) {
      add(`work ${label}`, 1);
      onAbort(until, () => add(`work ${label}`, -1));
    },
    isAtWork: (label) => counts.has(`work ${label}`),
    leave(access, until) {
      const key = userOf(access);
      const own = left.get(key) ?? new Set();
      left.set(key, own.add(until));
      onAbort(until.signal, () => {
        own.delete(until);
        if (own.size === 0 && left.get(key) === own) left.delete(key);
      });
      const [first] = own.size > alone ? own : [];
      first?.abort();
    },
  };
}

/** Refuses a stream that gets no place, and tells why: 503 where the server is full, else 429. @param id of the request that asked for it. */
export function noPlace(full: Full, { emit }: Pick<Context, 'emit'>, id: Id | null = null): Response {
  emit?.({ kind: 'request.refused', endpoint: 'mcp', code: 'too_many_streams', reason: full });
  const message = full === 'streams' ? 'The server holds too many streams open.' : 'Too many streams are open: end one first.';
  const answer = rpcError(full === 'streams' ? 503 : 429, -32000, message, id);
  answer.headers.set('retry-after', RETRY_AFTER);
  return answer;
}

/** A user of one issuer, of one tenant. */
function userOf({ tenant = '', issuer = '', userId }: Access): string {
  return keyOf(`${tenant} ${issuer}`, userId);
}

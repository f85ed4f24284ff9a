/**
 * Server requests: requests of a server to its client during an exchange (elicitation, sampling, roots). Each is sent under an id that cannot be
 * guessed and is stored as open in the session store. The answer comes in another POST, perhaps to another process, which stores it, once. An
 * answer to no open request is dropped, so that clients cannot store what was not asked for. A client cancels one of its own requests in the
 * same way: in another POST, which the exchange that runs the request polls for.
 */
import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import { base64url } from '../../lib/bytes.ts';
import { pause } from '../../lib/on-abort.ts';
import type { Json, Seconds } from '../../model/store.ts';
import type { SessionStore } from './session.ts';
import { type Id, isOfOrdinaryLength, type Message } from '../sdk.ts';
import { asError, type Report } from '../errors.ts';
import { changeState } from '../../model/change-record.ts';

/** The open requests of one exchange. */
export interface ServerRequests {
  /** Sends a request of the server under its own id, and polls for the answer from then on. */
  ask(question: Message & { readonly id: Id }, send: (message: JSONRPCMessage) => Promise<void>): Promise<void>;
  /** A notification with the ids that the client knows: a cancelled request has the id that it was sent under, and stops polling. */
  asSent(notification: Message): JSONRPCMessage;
}

/** How long a stored answer or cancellation waits to be fetched. */
export const WAITS: Seconds = 600;
/** A person answers in seconds: the session store is polled often at first, then once a second. */
const [FIRST_LOOK_MS, LAST_LOOK_MS] = [100, 1000];
const ANSWER_ID = /^[\w-]{22}$/;

/** The stored request: null while it is open, then the answer. */
type Kept = { [name: string]: Json } | null;

/** The server requests of an exchange. @param deliver hands a message of the client to the server. */
export function serverRequestsOf(
  sessionStore: SessionStore,
  { deliver, until, report }: { readonly deliver: (message: object) => void; readonly until: AbortSignal; readonly report: Report },
): ServerRequests {
  const asked = new Map<string, Id>();

  /** Polls until the answer is there, or the request is cancelled. */
  async function fetchAnswer(name: string, id: Id): Promise<void> {
    for (let wait = FIRST_LOOK_MS; asked.has(name) && !until.aborted; wait = Math.min(2 * wait, LAST_LOOK_MS)) {
      await pause(wait, until);
      const found = until.aborted ? null : await looked(() => sessionStore.read<Kept>(answerTo(name)), report);
      if (found?.value && (await sessionStore.remove(answerTo(name), found.version)) && asked.delete(name))
        return deliver({ ...found.value, id });
    }
    await sessionStore.remove(answerTo(name));
  }

  return {
    async ask(question, send) {
      const name = base64url(crypto.getRandomValues(new Uint8Array(16)));
      asked.set(name, question.id);
      await sessionStore.write(answerTo(name), null, null, WAITS);
      await send({ ...question, id: name } as JSONRPCMessage);
      void fetchAnswer(name, question.id).catch((error: unknown) => report(asError(error)));
    },
    asSent(notification) {
      const { method, params } = notification;
      const isTakenBack = ([, id]: readonly [string, Id]): boolean => id === params?.['requestId'];
      const [name] = (method === 'notifications/cancelled' && [...asked].find(isTakenBack)) || [];
      if (name === undefined) return notification as JSONRPCMessage;
      asked.delete(name);
      return { ...notification, params: { ...params, requestId: name } } as Message as JSONRPCMessage;
    },
  };
}

/** Stores the client's answer to an open request. The first one counts. */
export async function putAnswer(sessionStore: SessionStore, answer: { readonly id?: unknown }): Promise<void> {
  const { id } = answer;
  if (typeof id !== 'string' || !ANSWER_ID.test(id)) return;
  const found = await sessionStore.read<Kept>(answerTo(id));
  if (found?.value === null) await sessionStore.write(answerTo(id), answer as Json, found.version, WAITS);
}

/** Tries again while the store is down for a moment. */
export async function looked<T>(look: () => Promise<T | null>, report: Report): Promise<T | null> {
  try {
    return await look();
  } catch (error) {
    report(asError(error));
    return null;
  }
}

function answerTo(name: string): string {
  return `answer ${name}`;
}

/** Interval of the polling. */
export const LOOK_EVERY: Seconds = 2;

/** The cancellations of a session: the latest of its client, in one record. */
const CANCELLED = 'cancelled';
const MAX_CANCELLED = 64;
type Wanted = readonly (readonly [id: Id, at: Seconds])[];

/** Stores that a request is to be cancelled. */
export async function putCancellation(sessionStore: SessionStore, id: unknown): Promise<void> {
  if (!isOfOrdinaryLength(id)) return;
  await changeState<Wanted, void>(sessionStore, CANCELLED, WAITS, (wanted) => {
    const others = (wanted ?? []).filter(([one, at]) => one !== id && sessionStore.now() - at <= WAITS);
    return { write: [...others, [id, sessionStore.now()] as const].slice(-MAX_CANCELLED), result: undefined };
  });
}

/** Polls for cancellations until the signal aborts, and reports each once. @param open the requests that have no answer yet. */
export async function watchForCancellations(
  sessionStore: SessionStore,
  open: ReadonlySet<Id>,
  {
    until,
    report,
    each,
    cancelled,
  }: {
    readonly until: AbortSignal;
    readonly report: Report;
    /** Called before each poll with its number. */
    readonly each: (look: number) => Promise<void>;
    readonly cancelled: (id: Id) => void;
  },
): Promise<void> {
  for (let look = 0; !until.aborted; look++) {
    await pause(LOOK_EVERY * 1000, until);
    if (until.aborted) return;
    await each(look);
    const found = await looked(() => sessionStore.read<Wanted>(CANCELLED), report);
    for (const [id, at] of found?.value ?? []) if (open.has(id) && sessionStore.now() - at <= WAITS) cancelled(id);
  }
}

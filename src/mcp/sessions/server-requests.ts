/**
 * Server requests: requests of a server to its client during an exchange (elicitation, sampling, roots). Each is sent under an id that cannot be
 * guessed and is stored as open in the session store. The answer comes in another POST, perhaps to another process, which stores it, once. An
 * answer to no open request is dropped, so that clients cannot store what was not asked for.
 */
import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import { base64url } from '../../lib/base64url.ts';
import { pause } from '../../lib/on-abort.ts';
import type { Json, Seconds } from '../../model/store.ts';
import type { SessionStore } from './session-store.ts';
import type { Id, Message } from '../message.ts';
import { asError, type Report } from '../tool-error.ts';

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

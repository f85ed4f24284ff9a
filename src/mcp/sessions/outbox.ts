/**
 * Outbox: messages from the server to a client of 2024-11. One process serves the client's only stream (GET); its POSTs may reach any process.
 * Writers append to one record of the session; the process with the stream removes the messages and sends each once.
 */
import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import { pause } from '../../lib/on-abort.ts';
import type { Json } from '../../model/store.ts';
import { changeState } from '../change-state.ts';
import { eventStream, type NotificationStream, sendNotifications, type Write } from './notifications.ts';
import { KEPT_FOR } from './event-store.ts';
import type { Session } from './session.ts';

const OUTBOX = 'outbox';
const [FIRST_LOOK_MS, LAST_LOOK_MS] = [50, 1000];

/** Appends a message. @throws {Error} if it is too large, or no stream fetches the messages. */
export function put({ sessionStore }: Session, message: JSONRPCMessage, until: AbortSignal): Promise<void> {
  return changeState<readonly Json[], void>(sessionStore, OUTBOX, KEPT_FOR, (messages) => {
    until.throwIfAborted();
    return { write: [...(messages ?? []), message as unknown as Json], result: undefined };
  });
}

/** The stream: first the URL for POSTs, then all messages and notifications. When the server stops, it ends once no call runs for the session. */
export function outboxStream(
  session: Session,
  address: string,
  newspaper: NotificationStream,
  until: AbortController,
  { stopping, isAtWork }: { readonly stopping: AbortSignal | undefined; readonly isAtWork: () => boolean },
): Response {
  const { sessionStore } = session;
  const empty = async (write: Write): Promise<void> => {
    for (let wait = FIRST_LOOK_MS; !until.signal.aborted; wait = Math.min(2 * wait, LAST_LOOK_MS)) {
      const isStopping = stopping?.aborted === true;
      const isLast = isStopping && !isAtWork(); // checked before the read, which then finds everything
      const found = await sessionStore.read<readonly Json[]>(OUTBOX);
      if (found && (await sessionStore.remove(OUTBOX, found.version))) {
        for (const message of found.value) write(message);
        wait = FIRST_LOOK_MS / 2;
      }
      if (isLast && found === null) return;
      if (isStopping) await pause(FIRST_LOOK_MS, until.signal);
      else await Promise.race([pause(wait, until.signal), pause(wait, stopping)]);
    }
  };
  return eventStream(until, async (write, raw) => {
    raw(`event: endpoint\ndata: ${address}\n\n`);
    await Promise.race([empty(write), sendNotifications(session, newspaper, until.signal, write)]);
  });
}

/**
 * The error page: shown wherever a request must not be answered by a redirect, above all as long as the client
 * and its redirect URI are not known to be good (RFC 6749 §4.1.2.1).
 */
import { messagePage } from './message.ts';
import type { MessageView } from './message.ts';

/** What the error page says. Text from outside is escaped, yet belongs here only where it helps. */
export type ErrorView = Omit<MessageView, 'status' | 'mark'> & { readonly status: number };

/** A page for an error that a person has to read. */
export function errorPage(view: ErrorView): Response {
  return messagePage({
    whatToDo: 'Go back to the app that sent you here and try again. If it happens again, tell its maker.',
    ...view,
    mark: 'alert',
  });
}

/**
 * The error page: shown wherever a request must not be answered by a redirect, above all as long as the client
 * and its redirect URI are not known to be good (RFC 6749 §4.1.2.1).
 */
import type { OAuthError } from '../model/error.ts';
import { messagePage } from './message.ts';
import type { MessageView } from './message.ts';

/** What the error page is about. */
export interface ErrorView extends Pick<MessageView, 'words' | 'requestId' | 'brand'> {
  readonly error: OAuthError;
  /** What to do, in English, for who develops on loopback. */
  readonly advice?: string | undefined;
  /** Where the client hears of it, if the person goes there. */
  readonly backTo?: string;
}

/** Causes of an unknown client, which are one to a person. */
const NOT_KNOWN = new Set(['client_documents_off', 'client_id_malformed']);

/** A page for an error that a person has to read: in their language; what a developer needs stands below, as it goes on the wire. */
export function errorPage({ error, words, requestId, brand, backTo, advice }: ErrorView): Response {
  const { status, headers, message: detail } = error;
  const reason = NOT_KNOWN.has(error.reason) ? 'client_unknown' : error.reason;
  const known: { readonly [reason: string]: string } = words.errorReasons;
  const view = { words, brand, requestId, status, headers, backTo, mark: 'alert' } as const;
  const texts = words.error;
  if (known[reason] !== undefined)
    return messagePage({ ...view, title: texts.title, message: known[reason], whatToDo: texts.toDo, detail: advice });
  if (status >= 500) {
    const message = status === 503 ? texts.unavailable : texts.broken;
    return messagePage({ ...view, title: texts.brokenTitle, message, whatToDo: texts.brokenToDo });
  }
  return messagePage({
    ...view,
    title: texts.title,
    message: texts.message,
    whatToDo: texts.toDo,
    detail: advice === undefined ? detail : `${detail} ${advice}`,
  });
}

/**
 * Message pages: pages without a form, such as errors.
 */
import { html, type HtmlValue } from '../lib/html.ts';
import { page, type PageParts } from './layout.ts';
import type { Brand } from '../model/display.ts';
import type { Words } from '../words/words.ts';
import type { OAuthError } from '../model/error.ts';

/** Content of the page. */
export interface MessageView {
  readonly words: Words;
  readonly title: HtmlValue;
  readonly message: HtmlValue;
  /** The reader's next step. */
  readonly whatToDo?: HtmlValue;
  /** Default 200. */
  readonly status?: number;
  readonly headers?: { readonly [name: string]: string };
  /** Details for the app's developer, in small print and English. */
  readonly detail?: string | undefined;
  /** Identifies the event in the log; in small print. */
  readonly requestId?: string | undefined;
  /** A URL of the app, shown as a link with its host. */
  readonly backTo?: string | undefined;
  readonly brand?: Brand | undefined;
  /** The icon on top. Default: `done`. */
  readonly mark?: PageParts['mark'];
}

/** A page with a message. */
export function messagePage(view: MessageView): Response {
  const { words, title, message, whatToDo, status, headers = {}, detail, requestId, backTo, brand, mark = 'done' } = view;
  const body = html`<h1>${title}</h1>
    <p class="lead">${message}</p>
    ${
      whatToDo &&
      html`<div class="panel">
        <h2>${words.message.whatToDo}</h2>
        <p>${whatToDo}</p>
      </div>`
    }
    ${backTo && html`<p><a href="${backTo}" rel="noreferrer">${words.message.backTo(html`<bdi>${new URL(backTo).host}</bdi>`)}</a></p>`}
    ${detail && html`<p class="foot">${words.error.detail(html`<bdi lang="en">${detail}</bdi>`)}</p>`}
    ${requestId && html`<p class="foot">${words.message.request(html`<code>${requestId}</code>`)}</p>`}`;
  return page({ words, title, body, status, headers, brand, mark, shows: { page: 'message', view } });
}

/** The response to a form whose request is no longer open: answered before, timed out, or begun in another browser. */
export function requestOverPage({ words, status = 400, requestId, brand }: Over): Response {
  const { overTitle: title, over: message, overToDo: whatToDo } = words.message;
  return messagePage({ words, title, message, whatToDo, status, requestId, brand, mark: 'alert' });
}

/** The input of that page. */
export type Over = Pick<MessageView, 'words' | 'status' | 'requestId' | 'brand'>;

/** The response to a form that the same browser sent twice: a double click. */
export function requestDonePage({ words, brand }: Pick<Over, 'words' | 'brand'>): Response {
  const { doneTitle: title, done: message, doneToDo: whatToDo } = words.message;
  return messagePage({ words, title, message, whatToDo, status: 400, brand });
}

/** The input of the error page. */
export interface ErrorView extends Pick<MessageView, 'words' | 'requestId' | 'brand'> {
  readonly error: OAuthError;
  /** Advice for developers on loopback, in English. */
  readonly advice?: string | undefined;
  /** URL that reports the error to the client, if the user follows it. */
  readonly backTo?: string;
  /** Whom users ask about an app that the client policy refuses. */
  readonly contact?: string | null | undefined;
}

/** Causes of an unknown client, for which users see one text. */
const NOT_KNOWN = new Set(['client_documents_off', 'client_id_malformed']);

/** Refusals by the operator's client policy, which have one text. */
const BY_POLICY = new Set(['client_host_denied', 'client_blocked', 'client_not_allowed', 'client_waiting']);

/** An error page in the user's language; below it the error in the form that programs get, for developers. */
export function errorPage({ error, words, requestId, brand, backTo, advice, contact }: ErrorView): Response {
  const { status, headers, message: detail } = error;
  const reason = NOT_KNOWN.has(error.reason) ? 'client_unknown' : error.reason;
  const known: { readonly [reason: string]: string } = words.errorReasons;
  if (BY_POLICY.has(reason))
    return messagePage({
      words,
      brand,
      requestId,
      status,
      headers,
      title: words.error.title,
      message: words.clientPolicy.refused,
      whatToDo: contact && words.clientPolicy.askContact(html`<strong><bdi>${contact}</bdi></strong>`),
      detail: advice,
      mark: 'alert',
    });
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

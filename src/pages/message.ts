/**
 * Message pages: pages without a form, such as errors.
 */
import { html, type HtmlValue } from '../lib/html.ts';
import { page, type PageParts } from './layout.ts';
import type { Brand } from '../model/brand.ts';
import type { Words } from '../words/words.ts';
import type { OAuthError } from '../model/error.ts';

/** What such a page says. */
export interface MessageView {
  readonly words: Words;
  readonly title: HtmlValue;
  readonly message: HtmlValue;
  /** The next step of the one who reads. */
  readonly whatToDo?: HtmlValue;
  /** 200 unless told. */
  readonly status?: number;
  readonly headers?: { readonly [name: string]: string };
  /** Small print for the developer of the app; in English. */
  readonly detail?: string | undefined;
  /** Small print for support: identifies the event in the log. */
  readonly requestId?: string | undefined;
  /** An address at the app, shown as a link that names its host. */
  readonly backTo?: string | undefined;
  readonly brand?: Brand | undefined;
  /** The sign on top: `done` unless told. */
  readonly mark?: PageParts['mark'];
}

/** A page that says one thing. */
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

/** The answer to a form whose request is over: answered before, timed out, or begun in another browser. */
export function requestOverPage({ words, status = 400, requestId, brand }: Over): Response {
  const { overTitle: title, over: message, overToDo: whatToDo } = words.message;
  return messagePage({ words, title, message, whatToDo, status, requestId, brand, mark: 'alert' });
}

/** What the page for a request that is over needs to know. */
export type Over = Pick<MessageView, 'words' | 'status' | 'requestId' | 'brand'>;

/** The answer to a form that came a second time from the browser that has the first answer: a double click. */
export function requestDonePage({ words, brand }: Pick<Over, 'words' | 'brand'>): Response {
  const { doneTitle: title, done: message, doneToDo: whatToDo } = words.message;
  return messagePage({ words, title, message, whatToDo, status: 400, brand });
}

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

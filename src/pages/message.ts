/**
 * Pages that tell something and ask nothing: what happened, and what to do now.
 */
import { html } from '../lib/html.ts';
import type { HtmlValue } from '../lib/html.ts';
import { page } from './layout.ts';
import type { Brand, PageParts } from './layout.ts';

/** What such a page says. */
export interface MessageView {
  readonly title: string;
  readonly message: HtmlValue;
  /** The next step of the one who reads. */
  readonly whatToDo?: HtmlValue;
  /** 200 unless told. */
  readonly status?: number;
  readonly headers?: { readonly [name: string]: string };
  /** Small print for whoever is asked for help: names the event in the log. */
  readonly requestId?: string | undefined;
  readonly brand?: Brand | undefined;
  /** The sign on top: `done` unless told. */
  readonly mark?: PageParts['mark'];
}

/** A page that says one thing. */
export function messagePage({ title, message, whatToDo, status, headers, requestId, brand, mark = 'done' }: MessageView): Response {
  const body = html`<h1>${title}</h1>
    <p class="lead">${message}</p>
    ${
      whatToDo &&
      html`<div class="panel">
        <h2>What to do now</h2>
        <p>${whatToDo}</p>
      </div>`
    }
    ${requestId && html`<p class="foot">If you ask for help, name this request: <code>${requestId}</code></p>`}`;
  return page({ title, body, status, headers: headers ?? {}, brand, mark });
}

/** The answer to a form whose request is over: answered before, timed out, or begun in another browser. */
export function requestOverPage(options: { readonly status?: number; readonly requestId?: string; readonly brand?: Brand } = {}): Response {
  return messagePage({
    title: 'This request is no longer open',
    message: 'It was answered already, it waited too long, or it was begun in another browser. Nothing was changed by opening it again.',
    whatToDo: 'Go back to the app that sent you here and connect again. You can close this page.',
    status: options.status ?? 400,
    requestId: options.requestId,
    brand: options.brand,
    mark: 'alert',
  });
}

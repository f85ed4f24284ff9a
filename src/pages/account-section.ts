/**
 * The frame of the pages below the account page and beside the sign-in page: heading, what the login shows, and the way back.
 */
import { html } from '../lib/html.ts';
import type { Html, HtmlValue } from '../lib/html.ts';
import { formActionFor, page } from './layout.ts';
import type { Brand, PageParts } from './layout.ts';
import { linkLine, type LinkView, problemAnswer } from './sign-in.ts';
import type { Words } from './words/words.ts';

/** What such a page shows. */
export interface SectionPageView {
  readonly title: HtmlValue;
  readonly body: Html;
  readonly status?: number;
  readonly retryAfter?: number;
  readonly script?: PageParts['script'];
  /** URLs of other sites that its forms may lead to. */
  readonly leadsTo?: readonly string[];
  /** The way back. */
  readonly back: LinkView;
  /** The way back is what is left to do: it is the button of the page. */
  readonly isDone?: boolean;
  readonly words: Words;
  readonly brand?: Brand;
}

/** A page below the account page. */
export function sectionPage(view: SectionPageView): Response {
  const { title, body, status, retryAfter, script, leadsTo = [], back, isDone = false, words, brand } = view;
  const shows = { page: 'section', view };
  const framed = html`<h1>${title}</h1>
    ${body} ${isDone ? html`<div class="actions"><a class="button main" href="${back.href}">${back.text}</a></div>` : linkLine([back])}`;
  const formAction = [...new Set(leadsTo.map(formActionFor).filter((one) => one !== null))];
  return page({ words, title, body: framed, status, ...problemAnswer({ retryAfter }), formAction, script, brand, shows });
}

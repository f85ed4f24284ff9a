/**
 * The frame of the pages below the account page and beside the sign-in page: heading, what the login shows, and the way back.
 */
import { html } from '../lib/html.ts';
import type { Html, HtmlValue } from '../lib/html.ts';
import { page } from './layout.ts';
import type { Brand, PageParts } from './layout.ts';
import { linkLine, type LinkView, problemAnswer } from './sign-in.ts';
import type { Words } from '../words/words.ts';

/** Content of the page. */
export interface SectionPageView {
  readonly title: HtmlValue;
  readonly body: Html;
  readonly status?: number;
  readonly retryAfter?: number;
  readonly script?: PageParts['script'];
  /** Whether its forms may lead to another site. */
  readonly leaves?: boolean;
  /** The way back. */
  readonly back: LinkView;
  /** Nothing is left to do but to go back: shows that link as the button of the page. */
  readonly isDone?: boolean;
  readonly words: Words;
  readonly brand?: Brand;
}

/** A page below the account page. */
export function sectionPage(view: SectionPageView): Response {
  const { title, body, status, retryAfter, script, leaves = false, back, isDone = false, words, brand } = view;
  const shows = { page: 'section', view };
  const framed = html`<h1>${title}</h1>
    ${body} ${isDone ? html`<div class="actions"><a class="button main" href="${back.href}">${back.text}</a></div>` : linkLine([back])}`;
  const formAction = leaves ? 'leaves' : 'own';
  return page({ words, title, body: framed, status, ...problemAnswer({ retryAfter }), formAction, script, brand, shows });
}

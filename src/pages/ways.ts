/**
 * The ways to sign in, in the order of the option `logins`: the fields of our own logins as one group, and a button for each other way.
 */
import { html, type Html, type HtmlValue } from '../lib/html.ts';
import type { Words } from '../words/words.ts';
import { KEY } from './layout.ts';
import type { LoginView } from './sign-in.ts';
import { siteMark } from './site-marks.ts';

/** The logins and upstream providers of a page. */
export interface Ways {
  readonly logins: readonly LoginView[];
  readonly sites: readonly { readonly id: string; readonly label: string }[];
  /** Their ids in order; by default fields come first. */
  readonly order?: readonly string[] | undefined;
}

/** Separates the logins with fields from those that are a button. */
export function apart(logins: readonly LoginView[]): { readonly typed: readonly LoginView[]; readonly pressed: readonly LoginView[] } {
  return { typed: logins.filter((one) => one.button === undefined), pressed: logins.filter((one) => one.button !== undefined) };
}

/** The buttons before and after the fields, in order. */
function buttonsOf({ logins, sites, order = [] }: Ways, siteText: (label: string) => HtmlValue): { before: Button[]; after: Button[] } {
  const { typed, pressed } = apart(logins);
  const place = (id: string): number => (order.includes(id) ? order.indexOf(id) : order.length);
  const buttons = [
    ...pressed.map(({ id, button }) => ({ id, text: html`${KEY}${button}` })),
    ...sites.map(({ id, label }) => ({ id, text: html`${siteMark(label)}${siteText(label)}` })),
  ].toSorted((a, b) => place(a.id) - place(b.id));
  const first = typed[0] === undefined ? 0 : place(typed[0].id);
  return { before: buttons.filter(({ id }) => place(id) < first), after: buttons.filter(({ id }) => place(id) >= first) };
}

interface Button {
  readonly id: string;
  readonly text: Html;
}

/** All ways. @param fields the group of logins with fields, and its button. @param siteText text of the button of a provider. */
export function waysIn(ways: Ways, words: Words, fields: Html, siteText: (label: string) => HtmlValue): Html {
  const { before, after } = buttonsOf(ways, siteText);
  const hasFields = apart(ways.logins).typed.length > 0;
  const main = !hasFields && after.length === 1;
  const group = (list: readonly Button[]): Html | false =>
    list.length > 0 &&
    html`<div class="sites">
      ${list.map(({ id, text }) => html`<button class="${main && 'main'}" name="with" value="${id}" formnovalidate>${text}</button>`)}
    </div>`;
  if (!hasFields) return html`${group(after)}`;
  const or = html`<div class="or"><i></i><span>${words.approve.or}</span><i></i></div>`;
  return html`${group(before)} ${before.length > 0 && or} ${fields} ${after.length > 0 && or} ${group(after)}`;
}

/**
 * The button that Enter presses, which is the first one of a form, unless the fields and their button come first. It is that of the fields,
 * and not a provider's above them. Without fields it only shows the page again, because Enter on a checkbox must not approve. (A disabled
 * button would prevent it, but Chromium then uses the next one.)
 */
export function enterButton(ways: Ways, decision: string): Html | false {
  const { length } = apart(ways.logins).typed;
  if (length > 0 && buttonsOf(ways, String).before.length === 0) return false;
  return html`<button
    class="nothing"
    name="decision"
    value="${length > 0 ? decision : 'switch'}"
    tabindex="-1"
    aria-hidden="true"
    ${length !== 1 && html`formnovalidate`}
  ></button>`;
}

/**
 * The parts that the consent page and the sign-in page share: error message, account, and the ways to sign in, in the order of the option
 * `logins`: the fields of our own logins as one group, and a button for each other way, with its mark.
 */
import { errorBox, html, type Html, type HtmlValue, markWrong } from '../lib/html.ts';
import { sayIn, type Words } from '../words/words.ts';
import { type Icon, pathsOf } from '../model/display.ts';
import { KEY, SHIELD } from './layout.ts';

/** A login as a page offers it. Its fields come from `Login.fields`. */
export interface LoginView {
  readonly id: string;
  /** Its name, if there are several. Default: its id. */
  readonly label?: HtmlValue;
  /** Text of its button, if it has no fields. The button is posted as `with`. */
  readonly button?: HtmlValue;
  readonly fields: Html;
  /** Text of the button, if the fields only lead to a next page. */
  readonly next?: HtmlValue;
}

/** A link beside the fields: forgotten password, sign-up. */
export interface LinkView {
  readonly href: string;
  readonly text: HtmlValue;
}

/** The links, below the fields. */
export function linkLine(links: readonly LinkView[]): Html | false {
  return (
    links.length > 0 &&
    html`<p class="foot">${links.map(({ href, text }, at) => [at > 0 && ' · ', html`<a href="${href}">${text}</a>`])}</p>`
  );
}

/** The signed-in account. */
export interface AccountView {
  readonly name: string;
  /** Distinguishes accounts of the same name: an e-mail address, an organization. */
  readonly detail?: string | undefined;
  /** Sent with the form as `account`, so that the endpoint detects when another user is signed in by then. */
  readonly mark?: string | undefined;
}

/** The error of the last try. */
export interface Problem {
  /** The message, without the user's input. */
  readonly error?: HtmlValue;
  /** Name of the field that is wrong. */
  readonly wrong?: string | undefined;
  /** Seconds to wait after too many tries; the status is then 429 (RFC 6585 §4). */
  readonly retryAfter?: number | undefined;
}

/** Status and headers for a problem. */
export function problemAnswer({ retryAfter }: Problem): { status?: number; headers: { [name: string]: string } } {
  return retryAfter === undefined ? { headers: {} } : { status: 429, headers: { 'retry-after': String(Math.ceil(retryAfter)) } };
}

/** The error box. */
export function problemBox({ error, retryAfter }: Problem, words: Words): Html | false {
  return errorBox(error ?? (retryAfter !== undefined && words.signIn.limited(sayIn(retryAfter, words))));
}

/** Connects a form with the error box above its fields (`aria-describedby`). */
export function describedByProblem({ error, retryAfter }: Problem): Html | false {
  return (error !== undefined || retryAfter !== undefined) && html` aria-describedby="problem"`;
}

/** The fields of logins, of which one may be wrong; the chosen login is posted as `login`. */
export function loginFields(logins: readonly LoginView[], chosen: string | undefined, { wrong }: Problem): Html {
  const fields = fieldsOf(logins, chosen);
  return wrong === undefined ? fields : markWrong(fields, wrong);
}

function fieldsOf(logins: readonly LoginView[], chosen: string | undefined): Html {
  if (logins.length === 1) {
    return html`${logins.map((login) => html`<input type="hidden" name="login" value="${login.id}" />${login.fields}`)}`;
  }
  const first = logins.find((login) => login.id === chosen) ?? logins[0];
  return html`${logins.map(
    (login) =>
      html`<div class="login">
        <label class="tick"
          ><input type="radio" name="login" value="${login.id}" ${login === first && html` checked`} /><span
            >${login.label ?? login.id}</span
          ></label
        >
        <div class="typed">${login.fields}</div>
      </div>`,
  )}`;
}

/** Makes fields optional: with several logins the browser must not require those of a login that is not chosen. */
export function unchecked(logins: readonly LoginView[]): Html | false {
  return logins.length > 1 && html` formnovalidate`;
}

/** A face of letters, below an image if there is one: the letters stay visible if it cannot be loaded. */
export function face(letters: string, image?: string): Html {
  return html`<span class="${image === undefined ? 'face' : 'face square'}" aria-hidden="true"
    >${letters}${image !== undefined && html`<img src="${image}" alt="" />`}</span
  >`;
}

/** The account, with its first letter as a picture. */
export function accountRow(account: AccountView): Html {
  return html`<div class="who">
    ${face(Array.from(account.name.trim())[0]?.toUpperCase() ?? '')}<span
      ><b><bdi>${account.name}</bdi></b
      >${account.detail && html`<small><bdi>${breakable(account.detail)}</bdi></small>`}</span
    >
  </div>`;
}

/** A long e-mail address is wrapped before its domain. */
function breakable(text: string): HtmlValue {
  const at = text.lastIndexOf('@');
  return at > 0 ? html`${text.slice(0, at)}<wbr />${text.slice(at)}` : text;
}

/** One organization to choose. */
export interface OrganizationView {
  readonly id: string;
  readonly name: string;
  readonly checked: boolean;
}

/** The organizations, of which one has to be chosen. */
export function organizationPicker(list: readonly OrganizationView[], { confirm }: Words): Html | false {
  return (
    list.length > 0 &&
    html`<fieldset class="part">
      <legend>${confirm.organization}</legend>
      ${list.map(
        ({ id, name, checked }) =>
          html`<label class="tick"
            ><input type="radio" name="organization" value="${id}" required ${checked && html` checked`} /><span
              ><bdi>${name}</bdi></span
            ></label
          >`,
      )}
    </fieldset>`
  );
}

/** An upstream provider, as its button needs it. */
export interface SiteButton {
  readonly id: string;
  readonly label: string;
  readonly icon?: Icon | undefined;
}

/** The logins and upstream providers of a page. */
export interface Ways {
  readonly logins: readonly LoginView[];
  readonly sites: readonly SiteButton[];
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
    ...sites.map(({ id, label, icon }) => ({ id, text: html`${siteMark(icon)}${siteText(label)}` })),
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

/** The mark of a site, hidden from screen readers: the label says the same. */
export function siteMark(icon: Icon | undefined): Html {
  if (icon === undefined) return SHIELD;
  return html`<svg viewBox="0 0 24 24" aria-hidden="true">
    ${pathsOf(icon).map(([colour, path]) => html`<path fill="${colour}" d="${path}" />`)}
  </svg>`;
}

/**
 * The desk of an administrator: what every page of the console has at hand, and the pieces that pages are made of.
 */
import type { Call } from '../../endpoints/endpoint.ts';
import { askFirst, html, type Html, type HtmlValue } from '../../lib/html.ts';
import { formatter, type Words } from '../../words/words.ts';
import { OAuthError } from '../../model/error.ts';
import type { Admin } from '../act.ts';
import { runAct } from '../run.ts';
import type { AdminWords } from '../words/en.ts';

/** What a page has at hand. */
export interface Desk {
  readonly call: Call;
  readonly admin: Admin;
  /** Texts of all pages. */
  readonly words: Words;
  /** Texts of the console. */
  readonly say: AdminWords;
  /** Path of the first page. */
  readonly base: string;
  readonly query: URLSearchParams;
  /** Identifies the administrator in forms, so that a switch in another tab is detected. */
  readonly mark: string;
  /** Random, the same when a form is sent twice. */
  readonly once: string;
}

/** A page. */
export interface Shown {
  /** Text only: it is the title of the document, too. */
  readonly title: string;
  readonly body: HtmlValue;
  /** Beside the title: badges. */
  readonly beside?: HtmlValue;
  readonly refused?: Refused | undefined;
}

/** Why nothing was done, or nothing can be shown. */
export interface Refused {
  readonly problem: HtmlValue;
  readonly status: number;
}

/** What an act says of a wrong input or an unknown target. @throws for all other errors. */
export function refusalOf({ call, say }: Desk, error: unknown): Refused {
  if (!(error instanceof OAuthError) || error.status >= 500) throw error;
  call.as.emit({ kind: 'request.refused', endpoint: 'admin', code: error.code, reason: error.reason });
  const known: { readonly [reason: string]: string } = { admin_own_account: say.own, admin_target_unknown: say.gone };
  return { problem: known[error.reason] ?? html`<span lang="en" dir="ltr">${error.message}</span>`, status: error.status };
}

/** Runs a read. The type is what the act of this name answers. */
export async function read<T>(desk: Desk, name: string, input: { readonly [name: string]: string | undefined } = {}): Promise<T> {
  const given = Object.entries(input).filter(([, value]) => value !== undefined && value !== '');
  return (await runAct(desk.admin, name, Object.fromEntries(given))) as T;
}

/** A query parameter; undefined if it is absent or empty. */
export function param({ query }: Desk, name: string): string | undefined {
  return query.get(name) || undefined;
}

/** The URL of a page of the console. */
export function urlOf({ base }: Desk, page: string, params: { readonly [name: string]: string | undefined } = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(params)) if (value !== undefined && value !== '') query.set(name, value);
  return `${page === '' ? base : `${base}/${page}`}${query.size > 0 ? `?${query}` : ''}`;
}

/** The URL of the page at hand, with some parameters replaced. */
export function hereWith({ call: { url }, query }: Desk, params: { readonly [name: string]: string | undefined }): string {
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries({ repeat: undefined, ...params }))
    if (value === undefined) next.delete(name);
    else next.set(name, value);
  return `${url.pathname}${next.size > 0 ? `?${next}` : ''}`;
}

/** How a form acts. */
export interface ActLook {
  /** Hidden fields. */
  readonly fields?: { readonly [name: string]: string | undefined };
  /** What will happen: the button then asks first. */
  readonly why?: HtmlValue;
  /** Fields to fill in. */
  readonly body?: HtmlValue;
  readonly look?: 'main' | 'bad';
  /** What the page shows as the state; an act on another state is refused. */
  readonly seen?: string;
  /** Set for what would be made twice if it were sent twice. */
  readonly isOnce?: boolean;
}

/** A form of one act with its button. */
export function actForm(desk: Desk, act: string, label: HtmlValue, { fields = {}, why, body, look, seen, isOnce }: ActLook = {}): Html {
  const all = { account: desk.mark, seen, once: isOnce ? desk.once : undefined, ...fields };
  const button = html`${body}<button class="${look}" name="act" value="${act}">${label}</button>`;
  return html`<form method="post" action="${hereWith(desk, {})}">
    ${Object.entries(all).map(([name, value]) => value !== undefined && html`<input type="hidden" name="${name}" value="${value}" />`)}
    ${why === undefined ? button : askFirst(label, why, button)}
  </form>`;
}

/** A column: its title, and whether only wide screens show it. */
export type Column = HtmlValue | { readonly wide: HtmlValue };

/** A table; a line that says so if it is empty. */
export function table(
  { say }: Desk,
  columns: readonly Column[],
  rows: readonly (readonly HtmlValue[])[],
  none: string = say.nothing,
): Html {
  if (rows.length === 0) return html`<p class="none">${none}</p>`;
  const wide = columns.map((one) => isWide(one) && html` class="wide"`);
  return html`<table>
    <thead>
      <tr>
        ${columns.map((one, at) => html`<th scope="col" ${wide[at]}>${isWide(one) ? one.wide : one}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${rows.map(
        (row) =>
          html`<tr>
            ${row.map((cell, at) => html`<td ${wide[at]}>${cell}</td>`)}
          </tr>`,
      )}
    </tbody>
  </table>`;
}

function isWide(column: Column): column is { readonly wide: HtmlValue } {
  return typeof column === 'object' && column !== null && 'wide' in column;
}

/** The column of buttons, whose title only screen readers get. */
export function actionsColumn({ say }: Desk): Html {
  return html`<span class="away">${say.actions}</span>`;
}

/** A part of a page with a heading. */
export function part(title: HtmlValue, body: HtmlValue, more?: HtmlValue): Html {
  return html`<section class="part">
    <div class="head">
      <h2>${title}</h2>
      ${more}
    </div>
    ${body}
  </section>`;
}

/** Facts in pairs; those without a value are left out. */
export function facts(list: readonly (readonly [HtmlValue, HtmlValue])[]): Html {
  return html`<dl class="facts">
    ${list.map(
      ([name, value]) =>
        value !== undefined &&
        value !== false &&
        html`<div>
          <dt>${name}</dt>
          <dd>${value}</dd>
        </div>`,
    )}
  </dl>`;
}

/** A link with a line below it. */
export function entry(href: string, text: HtmlValue, detail?: HtmlValue): Html {
  return html`<a href="${href}"><bdi>${text}</bdi></a
    >${detail && html`<small><bdi>${detail}</bdi></small>`}`;
}

/** A state as a coloured word. */
export function badge(text: HtmlValue, look?: 'good' | 'bad' | 'warn' | false): Html {
  return html`<span class="badge ${look}">${text}</span>`;
}

/** Untrusted words in a row, each on its own. */
export function chips(list: readonly string[]): Html {
  return html`<span class="chips">${list.map((one) => html`<code>${one}</code> `)}</span>`;
}

/** The way to the next page of a list. */
export function moreLink(desk: Desk, next: string | undefined): Html | false {
  return next !== undefined && html`<p class="more"><a class="button" href="${hereWith(desk, { after: next })}">${desk.say.more}</a></p>`;
}

/** A day. */
export function day(seconds: number | null | undefined, { words }: Desk, timeStyle?: 'short'): HtmlValue {
  if (seconds === null || seconds === undefined) return '–';
  const look = { dateStyle: 'medium', ...(timeStyle ? { timeStyle } : {}), timeZone: 'UTC' } as const;
  const at = new Date(seconds * 1000);
  return html`<time datetime="${at.toISOString()}">${formatter(Intl.DateTimeFormat, words.lang, look).format(at)}</time>`;
}

/** Links of which one is where we are. */
export function tabs(label: HtmlValue, list: readonly { readonly href: string; readonly text: HtmlValue; readonly here: boolean }[]): Html {
  return html`<nav class="tabs" aria-label="${label}">
    ${list.map(({ href, text, here }) => html`<a href="${href}" ${here && html` aria-current="page"`}>${text}</a> `)}
  </nav>`;
}

/** A list to choose from. */
export function choice(
  name: string,
  label: HtmlValue,
  options: readonly (readonly [value: string, text: HtmlValue])[],
  chosen?: string,
): Html {
  return html`<div class="field">
    <label for="field-${name}">${label}</label>
    <select id="field-${name}" name="${name}">
      ${options.map(([value, text]) => html`<option value="${value}" ${value === chosen && html` selected`}>${text}</option>`)}
    </select>
  </div>`;
}

/** The names of clients, by id. One that is not known keeps its id. */
export async function clientNames({ admin: { helpers }, say }: Desk, ids: readonly string[]): Promise<(id: string) => string> {
  const known = new Map<string, string>();
  await Promise.all(
    [...new Set(ids)].map(async (id) => {
      const name = id.startsWith('key:') ? say.keys : (await helpers.clients.find(id))?.name;
      if (name !== undefined) known.set(id, name);
    }),
  );
  return (id) => known.get(id) ?? id;
}

/** The id of the user whom an administrator named: by id, name or address. Names are chosen by their users, and one may be the id of another. */
export async function userIdFor({ admin: { helpers } }: Desk, named: string): Promise<string> {
  const { accounts, signIns } = helpers;
  if ((await accounts.find(named)) || (await signIns.list(named)).identities.length > 0) return named;
  return ((await accounts.findByUsername(named)) ?? (await accounts.findByEmail(named)))?.id ?? named;
}

/** The names of users, by id. */
export async function userNames({ admin: { helpers } }: Desk, ids: readonly string[]): Promise<(id: string) => string> {
  const known = new Map<string, string>();
  await Promise.all(
    [...new Set(ids)].map(async (id) => {
      const account = await helpers.accounts.find(id);
      const name = account ? (account.name ?? account.username) : (await helpers.signIns.list(id)).identities[0]?.account;
      if (name) known.set(id, name);
    }),
  );
  return (id) => known.get(id) ?? id;
}

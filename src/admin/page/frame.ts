/** Frame of the console: navigation, search, and the page between. */
import { errorBox, html, type Html, type HtmlValue } from '../../lib/html.ts';
import type { Brand, Sheet } from '../../model/brand.ts';
import { page } from '../../pages/layout.ts';
import { plainSheet, sheetOf } from '../../pages/style.ts';
import { type Desk, param, type Shown, urlOf } from './desk.ts';
import { CONSOLE_STYLE } from './style.ts';

/** Above the page: what was done, or why it was not. */
export interface Notice {
  readonly text: HtmlValue;
  readonly isProblem: boolean;
}

/** Pages of the navigation, and those that belong to them. */
const NAV = { '': 'overview', users: 'users', clients: 'apps', grants: 'grants', keys: 'keys', audit: 'audit', health: 'health' } as const;
const BELOW: { readonly [name: string]: string } = { user: 'users', client: 'clients', 'audit/export': 'audit' };

/** A page of the console. */
export function consolePage(desk: Desk, name: string, { title, body, beside }: Shown, notice?: Notice, status = 200): Response {
  const { words, say, call } = desk;
  const { brand, accessKeys } = call.as.settings;
  const here = BELOW[name] ?? name;
  const links = Object.entries(NAV).filter(([path]) => path !== 'keys' || accessKeys !== null);
  const nav = html`<a class="skip" href="#content">${say.skip}</a>
    <nav aria-label="${say.title}">
      ${links.map(([path, text]) => html`<a href="${urlOf(desk, path)}" ${path === here && html` aria-current="page"`}>${say[text]}</a> `)}
    </nav>
    <form class="out" method="post" action="${call.as.settings.paths.login}">
      <a href="${call.as.settings.paths.account}">${words.account.title}</a>
      <button class="plain" name="decision" value="sign-out">${words.signIn.signOut}</button>
    </form>`;
  const whole = html`<form class="find" role="search" method="get" action="${urlOf(desk, 'search')}">
      <input
        type="search"
        name="q"
        value="${param(desk, 'q')}"
        aria-label="${say.search}"
        placeholder="${say.searchHint}"
        autocomplete="off"
        spellcheck="false"
        required
      /><button>${say.search}</button>
    </form>
    ${notice && noticeBox(notice)}
    <div class="head" id="content" tabindex="-1">
      <h1><bdi>${title}</bdi></h1>
      ${beside}
    </div>
    ${body}`;
  return page({ words, title, body: whole, nav, status, formAction: 'own', brand: brandWith(brand) });
}

function noticeBox({ text, isProblem }: Notice): Html {
  return isProblem ? html`${errorBox(text)}` : html`<div class="said" role="status">${text}</div>`;
}

const sheets = new WeakMap<Sheet, Sheet>();

/** The brand with our stylesheet below its own; hashed once. */
function brandWith(brand: Brand | null): Brand {
  const below = brand?.sheet ?? plainSheet();
  const sheet = sheets.get(below) ?? sheetOf(below.text + CONSOLE_STYLE);
  sheets.set(below, sheet);
  return { name: '', ...brand, sheet };
}

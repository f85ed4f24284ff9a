/** Frame of the console: navigation, search, the page between, and the stylesheet after that of all pages. */
import { errorBox, html, type Html, type HtmlValue } from '../../lib/html.ts';
import type { Brand, Sheet } from '../../model/display.ts';
import { page } from '../../pages/layout.ts';
import { plainSheet, sheetOf } from '../../pages/style.ts';
import { type Desk, param, type Shown, urlOf } from './desk.ts';

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

/** Holds no `<`, as it stands in a style element unescaped. */
const CONSOLE_STYLE = `
body{display:block;justify-items:normal;padding:0;background:var(--ground)}
main{max-width:74rem;padding:1rem 1rem 3rem;border:0;border-radius:0;background:none;box-shadow:none}
body > header{padding:.75rem 1rem;background:var(--card);border-bottom:1px solid var(--line)}
header .brand{margin:0 0 .5rem}
header nav{display:flex;flex-wrap:wrap;gap:.25rem;margin-inline:-.5rem}
header nav a{flex:none;padding:.625rem .75rem;border-radius:.5rem;color:var(--soft);font-size:.9375rem;font-weight:560;text-decoration:none}
header nav a:hover{color:var(--ink);background:var(--panel)}
header nav a[aria-current]{color:var(--accent);background:var(--tint)}
.out{display:flex;flex-wrap:wrap;align-items:center;gap:0 1rem;font-size:.875rem}
header button.plain,header .out a{flex:none;margin:0;padding:.25rem 0;font-size:.875rem;color:var(--soft)}
.find{display:flex;gap:.5rem;margin-bottom:1.25rem}
.find input{flex:1;min-width:0;max-width:32rem}
.find input,select{min-height:2.75rem;padding:.5rem .875rem;border:1px solid var(--edge);border-radius:.625rem;background:var(--field);color:inherit;font:inherit}
select{display:block;width:100%}
main button,main .button{flex:none;min-height:2.75rem;padding:.375rem 1rem;border-radius:.625rem;font-size:.9375rem}
main .button{display:inline-grid;place-items:center}
main .actions{display:block}
main button.bad{border-color:var(--bad-edge);background:var(--bad);color:var(--bad-ink)}
.field input{min-height:2.75rem;padding:.5rem .875rem}
.head{display:flex;flex-wrap:wrap;align-items:center;gap:.5rem .75rem}
h1{min-width:0}
.part{margin-top:1.75rem}
.part > .head{justify-content:space-between;margin-bottom:.5rem}
h2{font-size:1rem}
table{width:100%;border-spacing:0;border:1px solid var(--line);border-radius:.75rem;background:var(--card);overflow:hidden;font-size:.9375rem}
th{padding:.5rem .75rem;background:var(--panel);color:var(--soft);font-size:.8125rem;font-weight:560;text-align:start}
td{padding:.375rem .75rem;border-top:1px solid var(--line);height:3.25rem}
tr:has(.ask[open]) td{vertical-align:top}
tbody tr:hover td{background:var(--panel)}
td > a,td > b{display:inline-block;font-weight:600}
td > a{text-decoration:none}
td > a:hover{text-decoration:underline}
td small{display:block;color:var(--soft);font-size:.8125rem}
td:last-child{text-align:end}
td details{margin:0}
td .ask[open]{text-align:start;min-width:12rem}
.wide{display:none}
.ask summary{display:block;width:fit-content;min-height:2.75rem;padding:.75rem;color:var(--accent)}
td:last-child > form > .ask summary{margin-inline-start:auto}
.ask summary::before{content:none}
.acts .ask summary{border:1px solid var(--edge);border-radius:.625rem;background:var(--card);padding:calc(.75rem - 1px) 1rem;color:var(--ink);font-weight:600}
.ask summary:hover{text-decoration:underline}
.acts .ask summary:hover{background:var(--panel);border-color:var(--soft);text-decoration:none}
.acts{display:flex;flex-wrap:wrap;gap:.5rem;align-items:flex-start;margin-top:1rem}
td .acts{margin:0;justify-content:flex-end}
.acts details{margin:0}
.acts .ask[open]{max-width:24rem;padding:.25rem 1rem 1rem;border:1px solid var(--edge);border-radius:.75rem;background:var(--card)}
.acts .ask[open] summary{border:0;background:none;padding-inline:0}
.ask .field{margin:0 0 .75rem}
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,15rem),1fr));gap:1rem 1.5rem;margin-top:1.25rem;padding:1rem;border:1px solid var(--line);border-radius:.75rem;background:var(--card)}
.facts dt{color:var(--soft);font-size:.8125rem}
main > .head{min-height:2rem}
.badge{padding:.0625rem .5rem;border-radius:1rem;background:var(--panel);color:var(--soft);font-size:.8125rem;font-weight:560;white-space:nowrap}
.badge.good{background:var(--good);color:var(--good-ink)}
.badge.bad{background:var(--bad);color:var(--bad-ink)}
.badge.warn{background:var(--warn);color:var(--warn-ink)}
.chips code{display:inline-block;margin-top:.25rem;padding:.0625rem .375rem;border-radius:.375rem;background:var(--panel)}
.tabs{display:flex;flex-wrap:wrap;gap:.25rem;margin:1rem 0 .75rem}
.part .tabs{margin:0}
.tabs a{padding:.5rem .75rem;border-radius:.5rem;color:var(--soft);font-size:.9375rem;font-weight:560;text-decoration:none}
.tabs a:hover{background:var(--card);color:var(--ink)}
.tabs a[aria-current]{background:var(--tint);color:var(--accent)}
.none,.said,.make,.line,.filter{margin-top:1rem;padding:1rem;border:1px solid var(--line);border-radius:.75rem;background:var(--card)}
.none{color:var(--soft)}
.said{margin:0 0 1rem;background:var(--good);color:var(--good-ink);font-weight:560}
.problem{margin:0 0 1rem}
.make{padding:.25rem 1rem;color:var(--ink);font-size:1rem}
.make > summary{color:var(--accent);font-weight:560}
.make form{max-width:32rem;padding-bottom:1rem}
.make button{margin-top:1.25rem}
.make fieldset{margin-top:1rem}
.make .tick{align-items:center;padding:0}
.line form,.filter{display:flex;flex-wrap:wrap;gap:.75rem;align-items:end}
.line .field,.filter .field{flex:1 1 6.5rem;max-width:24rem;margin:0}
.line .field{flex-basis:12rem}
.filter input,.filter select{padding-inline:.625rem}
.filter + table,.filter + .none{margin-top:1rem}
.filter input{min-width:0}
.more{margin-top:1rem}
.away{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
.charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,13rem),1fr));gap:.75rem;list-style:none}
.charts li{padding:.875rem 1rem;border:1px solid var(--line);border-radius:.75rem;background:var(--card)}
.charts span{display:block;color:var(--soft);font-size:.875rem}
.charts b{font-size:1.5rem;font-weight:640;line-height:1.3;font-variant-numeric:tabular-nums}
.charts svg{display:block;width:100%;height:3.5rem;margin-top:.5rem;fill:var(--accent)}
.charts .bad svg{fill:var(--bad-ink)}
.charts .bad b{color:var(--bad-ink)}
.charts .zero{fill:var(--line)}
.axis{display:flex;justify-content:space-between;margin-top:.375rem;color:var(--soft);font-size:.8125rem}
.scroll{overflow-x:auto}
.scroll :is(th,td){height:auto;text-align:end;white-space:nowrap;font-variant-numeric:tabular-nums}
.scroll :is(th,td):first-child{text-align:start}
.skip{position:absolute;inset-inline-start:1rem;top:.5rem;z-index:1;padding:.5rem 1rem;border-radius:.5rem;background:var(--accent);color:var(--accent-on)}
.skip:not(:focus){width:1px;height:1px;padding:0;overflow:hidden;clip-path:inset(50%)}
@media (max-width:40rem){.charts{grid-template-columns:1fr 1fr}}
@media (max-width:61.98rem){
:not(.scroll) > table{display:block}
:not(.scroll) > table tbody{display:block}
:not(.scroll) > table thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
:not(.scroll) > table tr{display:flex;flex-wrap:wrap;align-items:center;gap:.125rem .75rem;padding:.5rem .75rem}
:not(.scroll) > table tr + tr{border-top:1px solid var(--line)}
:not(.scroll) > table td{height:auto;padding:0;border:0}
:not(.scroll) > table td:empty{display:none}
:not(.scroll) > table td.wide{display:none}
:not(.scroll) > table td:first-child{flex:1 0 100%}
:not(.scroll) > table td:last-child:not(:first-child){margin-inline-start:auto}
:not(.scroll) > table td:has(.ask[open]){flex:1 0 100%}}
@media (min-width:62rem){
body{display:grid;grid-template-columns:14rem minmax(0,1fr);align-items:start;justify-items:stretch}
body > header{position:sticky;top:0;display:flex;flex-direction:column;height:100vh;height:100dvh;padding:1.25rem 1rem;border:0;border-inline-end:1px solid var(--line);overflow-y:auto}
header .brand{margin:0 .5rem 1.25rem}
header nav{flex-flow:column;margin:0}
.out{margin-top:auto;padding-inline:.5rem}
main{padding:1.25rem 2rem 4rem}
.wide{display:table-cell}}
@media (forced-colors:active){header nav a[aria-current],.tabs a[aria-current]{outline:1px solid;outline-offset:-1px}.badge{border:1px solid}.charts svg{fill:CanvasText}}
`;

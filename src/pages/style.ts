/**
 * The one stylesheet of the pages, and its hash for the Content-Security-Policy, computed once.
 * It is placed between `<style>` tags unescaped, so it contains no `<`. A theme sets its custom properties (`theme.ts`).
 */
import { sha256 } from '../lib/sha256.ts';
import type { Sheet } from '../model/display.ts';

/** The stylesheet: light and dark, phone first, 44 px targets, AA contrast in both themes. */
export const STYLE: string = `
:root{color-scheme:light dark;--ground:#f3f4f8;--card:#fff;--ink:#151922;--soft:#565e6e;--line:#dfe2ea;--edge:#838b9a;--field:#fff;
--accent:#2c4fcb;--accent-on:#fff;--accent-deep:#2340a8;--tint:#eef1fd;--panel:#f6f7fa;
--warn:#fff7e3;--warn-edge:#e6c25e;--warn-ink:#5a3c00;--bad:#fdeeee;--bad-edge:#e6a9a9;--bad-ink:#8d1a1a;--good:#e8f6ee;--good-ink:#14603a;
--shadow:0 1px 2px rgb(20 25 40 / .06),0 12px 40px rgb(20 25 40 / .09)}
@media (prefers-color-scheme:dark){:root{--ground:#0c0e13;--card:#161920;--ink:#eceef4;--soft:#a5adbc;--line:#2a2f3a;--edge:#767f90;--field:#0f1218;
--accent:#94b1ff;--accent-on:#0a1433;--accent-deep:#b3c8ff;--tint:#1d2540;--panel:#1c2028;
--warn:#292111;--warn-edge:#6d5920;--warn-ink:#f3d88f;--bad:#2c1619;--bad-edge:#7b3339;--bad-ink:#ffb8b8;--good:#12291d;--good-ink:#8fdcb2;
--shadow:0 1px 2px rgb(0 0 0 / .5),0 16px 48px rgb(0 0 0 / .45)}}
*,*::before,*::after{box-sizing:border-box}
[hidden]{display:none!important}
html{-webkit-text-size-adjust:100%;text-size-adjust:100%}
body{margin:0;min-height:100vh;min-height:100dvh;display:grid;align-items:start;justify-items:center;background:var(--card);color:var(--ink);
font:400 1rem/1.5 system-ui,-apple-system,BlinkMacSystemFont,Segoe UI,Roboto,Helvetica Neue,Arial,sans-serif;-webkit-font-smoothing:antialiased}
main{width:100%;max-width:30rem;min-width:0;padding:1rem 1.25rem 2rem;overflow-wrap:anywhere}
h1,h2,p,dl,dd,fieldset,legend,ul{margin:0;padding:0;border:0;min-width:0}
.brand{display:flex;align-items:center;gap:.625rem;margin-bottom:1rem;font-weight:600;min-width:0}
.mark{flex:none;display:grid;place-items:center;width:2.25rem;height:2.25rem;border-radius:.65rem;background:var(--tint);color:var(--accent)}
.mark.alert{background:var(--bad);color:var(--bad-ink)}
.mark.done{background:var(--good);color:var(--good-ink)}
.mark svg{display:block;width:1.3rem;height:1.3rem}
.mark:has(img){width:auto;border-radius:0;background:none}
.mark img{display:block;max-width:12rem;height:2.5rem;object-fit:contain}
h1{font-size:1.375rem;line-height:1.25;font-weight:680;letter-spacing:-.015em;text-wrap:balance}
[dir=rtl] h1,:lang(ja) h1,:lang(ko) h1,:lang(zh) h1{letter-spacing:normal}
:lang(ko){word-break:keep-all}
:lang(ja){word-break:auto-phrase}
h2,legend{font-size:.9375rem;line-height:1.4;font-weight:620}
p{text-wrap:pretty}
.lead{margin-top:.5rem;color:var(--soft)}
.lead strong{color:var(--ink);font-weight:640}
.long{display:-webkit-box;-webkit-box-orient:vertical;-webkit-line-clamp:6;overflow:hidden}
.part{margin-top:1.5rem}
.panel{margin-top:1.25rem;border:1px solid var(--line);border-radius:.75rem;background:var(--panel);padding:.875rem 1rem}
.panel dt,.hint{color:var(--soft);font-size:.875rem}
.panel dd.host{font-size:1.125rem;line-height:1.4;font-weight:640}
.note{display:block;margin-top:.75rem;border:1px solid var(--warn-edge);border-radius:.625rem;background:var(--warn);color:var(--warn-ink);
padding:.625rem .75rem;font-size:.875rem;line-height:1.45}
.lead + .note{margin-top:1.25rem}
.note strong{font-size:1.125em;letter-spacing:.06em}
.problem{margin-top:1.5rem;border:1px solid var(--bad-edge);border-radius:.75rem;background:var(--bad);color:var(--bad-ink);padding:.75rem 1rem;font-weight:560}
.scopes{margin-top:.375rem;list-style:none}
.scopes li + li{border-top:1px solid var(--line)}
.tick{display:flex;align-items:flex-start;gap:.75rem;min-height:2.75rem;padding:.6rem 0;cursor:pointer}
.tick input,.tick svg{flex:none;width:1.25rem;height:1.25rem;margin:.125rem 0 0}
.tick.fixed{cursor:default}
.tick svg{color:var(--accent)}
.tick span,.who span{min-width:0}
.tick small,.who small{display:block;color:var(--soft);font-size:.8125rem;line-height:1.45}
input[type=checkbox],input[type=radio]{accent-color:var(--accent);width:1.25rem;height:1.25rem}
.who{display:flex;align-items:center;gap:.75rem}
.face{flex:none;position:relative;display:grid;place-items:center;width:2.5rem;height:2.5rem;border-radius:50%;background:var(--accent);color:var(--accent-on);font-weight:640;overflow:hidden}
.face.square{border-radius:.625rem}
.face img{position:absolute;inset:0;width:100%;height:100%;object-fit:contain;background:#fff}
.who .lead{margin:0;line-height:1.4}
h1 + .who{margin-top:.875rem}
.to{display:flex;flex-wrap:wrap;align-items:baseline;gap:0 .75rem}
.to dd{flex:1 0 auto;max-width:100%}
.who + .panel{margin-top:.875rem;padding:.625rem .875rem}
.who b{display:block;font-weight:620;line-height:1.35}
.part h2 + .panel{margin-top:.625rem}
.part > .panel + .panel{margin-top:0;border-top:0;border-start-start-radius:0;border-start-end-radius:0}
.part > .panel:has(+ .panel){border-end-start-radius:0;border-end-end-radius:0}
.panel:has(> form){display:grid;grid-template-columns:minmax(50%,1fr) auto;align-items:center;column-gap:1rem}
.panel > *{grid-column:1}
.panel:has(> form) > .hint,.panel:has(> form) > details{grid-column:1/-1}
.panel > form{grid-column:2;grid-row:1}
.panel > form .plain{margin:0}
.part > .lead:first-child{margin-top:-1rem}
.field{margin-top:1rem}
.field label{display:block;margin-bottom:.375rem;font-size:.9375rem;font-weight:560}
.field input{display:block;width:100%;min-height:3rem;padding:.625rem .875rem;border:1px solid var(--edge);border-radius:.625rem;background:var(--field);color:inherit;font:inherit}
.field .hint{margin-top:.375rem}
.field input:is([autocomplete=one-time-code],[name=user_code]){font-size:1.25rem;letter-spacing:.18em;text-align:center;direction:ltr;font-variant-numeric:tabular-nums}
.field input:hover{border-color:var(--soft)}
.field input[aria-invalid]{border-color:var(--bad-ink)}
.login + .login{border-top:1px solid var(--line);margin-top:1rem}
.login:has(input[name=login]:not(:checked)) .typed{display:none}
.actions{display:flex;flex-direction:column;gap:.75rem;margin-top:1.75rem}
button,.button{display:inline-block;min-height:3rem;padding:.625rem 1.25rem;border:1px solid var(--edge);border-radius:.75rem;
background:var(--card);color:var(--ink);font:inherit;font-weight:600;text-align:center;text-decoration:none;cursor:pointer;flex:1 1 0}
button:hover,.button:hover{background:var(--panel);border-color:var(--soft)}
button.main,.button.main{border-color:transparent;background:var(--accent);color:var(--accent-on)}
button.main:hover,.button.main:hover{background:var(--accent-deep)}
button.plain{min-height:2.75rem;margin-block:.25rem -.5rem;margin-inline:-.5rem 0;padding:.25rem .5rem;border-color:transparent;background:none;color:var(--accent);font-size:.9375rem;font-weight:560;text-align:start;
text-decoration:underline;text-decoration-thickness:1px;text-underline-offset:.2em}
button.plain:hover{color:var(--accent-deep);text-decoration-thickness:2px}
.or{display:grid;grid-template-columns:1fr auto 1fr;align-items:center;gap:.75rem;margin-top:1.25rem;color:var(--soft);font-size:.875rem}
.or i{border-top:1px solid var(--line)}
.sites{display:flex;flex-direction:column;gap:.75rem;margin-top:1.25rem}
.sites button{flex:none;padding-inline:.625rem;font-weight:560}
.sites svg{width:1.25rem;height:1.25rem;margin-inline-end:.625rem;vertical-align:-.25rem}
.main svg:has([fill*="#"]){padding:.125rem;border-radius:.25rem;background:#fff}
button.quiet{border-color:transparent;background:none;color:var(--soft)}
button.nothing{position:absolute;width:0;min-height:0;height:0;padding:0;border:0;overflow:hidden}
.foot{margin-top:1.25rem;color:var(--soft);font-size:.875rem}
.sites + .actions{margin-top:.75rem}
.foot + .foot{margin-top:.5rem}
details{margin-top:.5rem;color:var(--soft);font-size:.875rem}
summary{display:list-item;padding:.75rem 0;line-height:1.25rem;cursor:pointer;border-radius:.375rem}
summary:hover{color:var(--ink)}
details dt{margin-top:.5rem}
details .field{color:var(--ink);font-size:1rem}
details dd,code{color:var(--ink);font:.8125rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.lines{margin-top:1rem;font-size:.875rem}
.lines dt{margin-top:.875rem;color:var(--soft)}
.ask p{margin-bottom:.75rem}
.ask summary{color:var(--accent);font-size:.9375rem;font-weight:560}
.panel > form:has(details){grid-column:1/-1;grid-row:auto}
.copied{margin:0;direction:ltr;text-align:start;user-select:all;font:.8125rem/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
small code{color:inherit;font-size:.75rem}
a{color:var(--accent)}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}
.problem:focus-visible{outline:2px solid var(--bad-ink);outline-offset:-1px}
@media (min-width:34rem){body{background:var(--ground);align-items:center;padding:2.5rem 1rem}
main{padding:2.25rem 2.5rem 2.25rem;border:1px solid var(--line);border-radius:1.25rem;background:var(--card);box-shadow:var(--shadow)}
.actions{flex-direction:row}
.actions .main{flex-grow:2}}
@media (prefers-reduced-motion:no-preference){button,.button,.field input{transition:background-color .12s,border-color .12s,color .12s}
button.main:active{transform:translateY(1px)}}
@media (forced-colors:active){.face,.mark,.problem,.note{border:1px solid}}
`;

/** Red, green and blue, 0 to 255. */
export type Colour = readonly [red: number, green: number, blue: number];

/** The backgrounds of text in each theme: `card` and `panel` of the stylesheet. */
export const SURFACES: { readonly [scheme in 'light' | 'dark']: { readonly card: Colour; readonly panel: Colour } } = {
  light: { card: [255, 255, 255], panel: [246, 247, 250] },
  dark: { card: [22, 25, 32], panel: [28, 32, 40] },
};

/** Names a stylesheet. */
export function sheetOf(text: string): Sheet {
  return { text, source: `'sha256-${btoa(String.fromCharCode(...sha256(text)))}'` };
}

let plain: Sheet | undefined;

/** Our stylesheet without a theme; hashed on first use. */
export function plainSheet(): Sheet {
  return (plain ??= sheetOf(STYLE));
}

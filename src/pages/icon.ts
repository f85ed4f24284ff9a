/** The few drawings of the pages, as inline SVG: nothing is fetched, and they take the colour of the text around them. */
import { html } from '../lib/html.ts';
import type { Html } from '../lib/html.ts';

/** Lines in the frame that all drawings share: 24 by 24, nothing filled, out of sight for who listens. */
function draw(width: number, lines: Html): Html {
  return html`<svg
    viewBox="0 0 24 24"
    fill="none"
    stroke="currentColor"
    stroke-width="${width}"
    stroke-linecap="round"
    stroke-linejoin="round"
    aria-hidden="true"
  >
    ${lines}
  </svg>`;
}

const GATE = 'M4 20.5V11a8 8 0 0 1 16 0v9.5M8.5 4v15.5M12 3v18M15.5 4v15.5M4.2 9.5h15.6M4 14.5h16';
const RING = html`<circle cx="12" cy="12" r="9" />`;

/** A tick without a box: what is always part of the grant. */
export const TICK: Html = draw(2.4, html`<path d="m5 12.5 4.5 4.5L19 7.5" />`);

/** A key, for what is pressed instead of a password. */
export const KEY: Html = draw(2, html`<circle cx="8.5" cy="8.5" r="4.5" /> <path d="m11.8 11.8 8.2 8.2M16 16l2.5-2.5" />`);

/** The sign on top of a page, by what the page is about. */
export const MARKS: { readonly gate: Html; readonly alert: Html; readonly done: Html } = {
  gate: draw(1.8, html`<path d="${GATE}" />`),
  alert: draw(2, html`${RING}<path d="M12 7.5v5.5M12 16.4v.1" />`),
  done: draw(2, html`${RING}<path d="m8 12.3 2.8 2.8L16 9.5" />`),
};

/** The gate again, for the browser's tab. A `data:` URL, so that no page asks for `/favicon.ico`. */
export const FAVICON: string =
  'data:image/svg+xml,' +
  encodeURIComponent(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#5b7cf0" stroke-width="2" stroke-linecap="round"><path d="${GATE}"/></svg>`,
  );

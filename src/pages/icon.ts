/** The few drawings of the pages, as inline SVG: nothing is fetched, and they take the colour of the text around them. */
import { html } from '../lib/html.ts';
import type { Html } from '../lib/html.ts';

const gate = html`<svg
  viewBox="0 0 24 24"
  fill="none"
  stroke="currentColor"
  stroke-width="1.8"
  stroke-linecap="round"
  stroke-linejoin="round"
  aria-hidden="true"
>
  <path d="M4 20.5V11a8 8 0 0 1 16 0v9.5M8.5 4v15.5M12 3v18M15.5 4v15.500M4.2 9.500h15.600M4 14.500h16" />
</svg>`;
const alert = html`<svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2" stroke-linecap="round" aria-hidden="true">
  <circle cx="12" cy="12" r="9" />
  <path d="M12 7.500v5.500M12 16.400v.1" />
</svg>`;
const done = html`<svg
  viewBox="0 0 24 24"
  fill="none"
  stroke="currentColor"
  stroke-width="2"
  stroke-linecap="round"
  stroke-linejoin="round"
  aria-hidden="true"
>
  <circle cx="12" cy="12" r="9" />
  <path d="m8 12.3 2.8 2.800L16 9.5" />
</svg>`;

/** A tick without a box: what is always part of the grant. */
export const TICK: Html = html`<svg
  viewBox="0 0 24 24"
  fill="none"
  stroke="currentColor"
  stroke-width="2.4"
  stroke-linecap="round"
  stroke-linejoin="round"
  aria-hidden="true"
>
  <path d="m5 12.5 4.5 4.500L19 7.5" />
</svg>`;

/** A key, for what is pressed instead of a password. */
export const KEY: Html = html`<svg
  viewBox="0 0 24 24"
  fill="none"
  stroke="currentColor"
  stroke-width="2"
  stroke-linecap="round"
  stroke-linejoin="round"
  aria-hidden="true"
>
  <circle cx="8.5" cy="8.5" r="4.5" />
  <path d="m11.8 11.8 8.200 8.200M16 16l2.500-2.500" />
</svg>`;

/** The sign on top of a page, by what the page is about. */
export const MARKS: { readonly gate: Html; readonly alert: Html; readonly done: Html } = { gate, alert, done };

/** The gate again, for the browser's tab. A `data:` URL, so that no page asks for `/favicon.ico`. */
export const FAVICON: string =
  'data:image/svg+xml,' +
  encodeURIComponent(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#5b7cf0" stroke-width="2" stroke-linecap="round"><path d="M4 20.5V11a8 8 0 0 1 16 0v9.500M8.5 4v15.500M12 3v18M15.5 4v15.500M4.2 9.500h15.600M4 14.500h16"/></svg>',
  );

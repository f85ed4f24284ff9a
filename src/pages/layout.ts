/**
 * The frame of every page: the document, its stylesheet, and the headers that make it safe to sign in on.
 * No script but the one of a sign-in step, allowed by its hash; nothing from other origins, no framing, no caching (RFC 9700 §4.16, SEC-130).
 */
import { html, Html, type HtmlValue } from '../lib/html.ts';
import type { Brand, Sheet } from '../model/display.ts';
import { plainSheet } from './style.ts';
import type { Words } from '../words/words.ts';

export type { Brand };

/** The parts of a page. */
export interface PageParts {
  /** The language of the page. */
  readonly words: Words;
  /** Text only: a title cannot contain elements. */
  readonly title: HtmlValue;
  readonly body: Html;
  /** Default 200. */
  readonly status?: number | undefined;
  /** Further headers, or other values for the default ones. */
  readonly headers?: { readonly [name: string]: string };
  /** Set if the page has a form: whether the response stays on this site (`own`) or may redirect to another one (`leaves`). */
  readonly formAction?: 'own' | 'leaves';
  /** Navigation, before the content and below the name of the server. */
  readonly nav?: Html;
  readonly brand?: Brand | undefined;
  /** The page's name and view, for the operator's template. */
  readonly shows?: { readonly page: string; readonly view: unknown };
  /** The one script of this page, with its SHA-256 in base64. */
  readonly script?: { readonly text: string; readonly hash: string } | undefined;
  /** The icon on top. Default: a gate. */
  readonly mark?: keyof typeof MARKS;
}

/** A whole page with its headers. */
export function page(parts: PageParts): Response {
  const { words, title, body, status = 200, headers = {}, formAction, brand, shows, script, nav, mark = 'gate' } = parts;
  const sheet = brand?.sheet ?? plainSheet();
  const top = html`<div class="brand">
    <span class="mark ${mark}">${brand?.logo ? html`<img src="${brand.logo}" alt="" />` : MARKS[mark]}</span
    >${brand && html`<bdi>${brand.name}</bdi>`}
  </div>`;
  const document = html`<!doctype html>
    <html lang="${words.lang}" dir="${words.dir}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta name="robots" content="noindex" />
        <title>${title}</title>
        <link rel="icon" href="${FAVICON}" />
        ${Html.of([`<style>${sheet.text}</style>`], [])}
      </head>
      <body>
        ${nav && html`<header>${top}${nav}</header>`}
        <main>${!nav && top} ${contentOf(body, brand, shows)}</main>
        ${script && scriptElement(script.text)}
      </body>
    </html> `;
  return new Response(document.toString(), {
    status,
    headers: {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': policy(parts, sheet),
      'x-frame-options': 'DENY',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store, private',
      // On a `no-referrer` page browsers post `Origin: null`, which the check of forms rejects (SEC-125).
      'referrer-policy': formAction ? 'same-origin' : 'no-referrer',
      // Browser clients open us in a window, and their callback in it talks to `window.opener`. Any other value here would
      // cut that connection for good. The opener can do no more than navigate the window away.
      'cross-origin-opener-policy': 'unsafe-none',
      'cross-origin-resource-policy': 'same-origin',
      'permissions-policy': 'camera=(), geolocation=(), microphone=()',
      ...headers,
    },
  });
}

/** Refuses a script that contains `</script` or `<!--`, which would end or hide its element. */
function scriptElement(text: string): Html {
  if (/<\/script|<!--/i.test(text)) throw new TypeError('The script of a page must hold neither "</script" nor "<!--".');
  return Html.of([`<script>${text}</script>`], []);
}

/** The operator's content, or ours. If a template throws, ours is shown so that the user can still decide, and the log says why. */
function contentOf(ours: Html, brand: Brand | undefined, shows: PageParts['shows']): Html {
  const template = shows && brand?.templates?.[shows.page];
  if (!template) return ours;
  try {
    const own = template(shows.view as never, ours);
    if (own instanceof Html) return own;
    throw new TypeError('It must return what the tag `html` made.');
  } catch (error) {
    console.error(`portcullis: the template of the page "${shows.page}" failed; ours is shown instead`, error);
    return ours;
  }
}

/**
 * Chromium checks `form-action` on *every* redirect after the POST, so any value would also restrict the client's own site: a callback
 * that redirects to `claude://…` or to plain http would leave a button that does nothing. A page whose response leaves this site
 * therefore has no such directive; escaping ensures that no form is added.
 */
function policy({ formAction, script, brand }: PageParts, sheet: Sheet): string {
  return [
    "default-src 'none'",
    `style-src ${sheet.source}`,
    ...(script === undefined ? [] : [`script-src 'sha256-${script.hash}'`]),
    `img-src 'self' data:${logoSource(brand)}`,
    ...(formAction === 'leaves' ? [] : [`form-action ${formAction === 'own' ? "'self'" : "'none'"}`]),
    "frame-ancestors 'none'",
    "base-uri 'none'",
  ].join('; ');
}

function logoSource(brand: Brand | undefined): string {
  return brand?.logo?.startsWith('https:') ? ` ${new URL(brand.logo).origin}` : '';
}

/** A line icon, 24 by 24, hidden from screen readers. */
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

/** A tick for scopes that are always granted. */
export const TICK: Html = draw(2.4, html`<path d="m5 12.5 4.5 4.5L19 7.5" />`);

/** A key, for passkeys. */
export const KEY: Html = draw(2, html`<circle cx="8.5" cy="8.5" r="4.5" /> <path d="m11.8 11.8 8.2 8.2M16 16l2.5-2.5" />`);

/** A shield, for a site without a mark. */
export const SHIELD: Html = draw(2, html`<path d="m12 2 8 3v6c0 5-3.4 9-8 11-4.6-2-8-6-8-11V5z" />`);

/** The icon on top of a page, by subject. */
export const MARKS: { readonly gate: Html; readonly alert: Html; readonly done: Html } = {
  gate: draw(1.8, html`<path d="${GATE}" />`),
  alert: draw(2, html`${RING}<path d="M12 7.5v5.5M12 16.4v.1" />`),
  done: draw(2, html`${RING}<path d="m8 12.3 2.8 2.8L16 9.5" />`),
};

/** The gate as the favicon. A `data:` URL, so that browsers do not request `/favicon.ico`. */
const FAVICON: string =
  'data:image/svg+xml,' +
  encodeURIComponent(
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" fill="none" stroke="#5b7cf0" stroke-width="2" stroke-linecap="round"><path d="${GATE}"/></svg>`,
  );

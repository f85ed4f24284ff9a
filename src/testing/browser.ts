/**
 * A browser for tests: keeps cookies, does not follow redirects by itself, and submits the first form of a page. It runs no scripts and renders
 * nothing.
 */

/** A response. */
export interface BrowserPage {
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** URL of a redirect, or null. */
  readonly location: string | null;
}

/** A browser with its own cookies. */
export interface Browser {
  readonly cookies: Map<string, string>;
  get(url: string, headers?: Record<string, string>): Promise<BrowserPage>;
  /** Submits the page's first form with its values, overridden by `fields`; null omits a field. */
  submit(
    page: BrowserPage,
    fields: Record<string, string | readonly string[] | null>,
    headers?: Record<string, string>,
  ): Promise<BrowserPage>;
}

/** Sends a request: an application's `fetch`, or the global one. */
export type Send = (request: Request) => Promise<Response>;

/**
 * Makes a browser with its own cookies, which it sends to every URL.
 *
 * @param send an application's `fetch`, or the global one.
 * @example
 * const browser = makeBrowser((request) => fetch(request));
 */
export function makeBrowser(send: Send): Browser {
  const cookies = new Map<string, string>();
  const go = async (url: string, init: { method: string; body?: string; headers: Record<string, string> }): Promise<BrowserPage> => {
    const headers = new Headers(init.headers);
    if (cookies.size > 0) headers.set('cookie', [...cookies].map(([name, value]) => `${name}=${value}`).join('; '));
    const response = await send(
      new Request(url, { method: init.method, headers, redirect: 'manual', ...(init.body === undefined ? {} : { body: init.body }) }),
    );
    for (const line of response.headers.getSetCookie()) keep(cookies, line);
    return {
      url,
      status: response.status,
      headers: response.headers,
      text: await response.text(),
      location: response.headers.get('location'),
    };
  };
  return {
    cookies,
    get: (url, headers = {}) => go(url, { method: 'GET', headers: { 'sec-fetch-site': 'none', ...headers } }),
    submit: (page, fields, headers = {}) => {
      const { origin } = new URL(page.url);
      const all = { 'content-type': 'application/x-www-form-urlencoded', origin, 'sec-fetch-site': 'same-origin', ...headers };
      return go(new URL(actionOf(page), page.url).href, { method: 'POST', body: bodyOf(page, fields), headers: all });
    },
  };
}

function keep(cookies: Map<string, string>, line: string): void {
  const [pair = '', ...attributes] = line.split('; ');
  const at = pair.indexOf('=');
  if (attributes.some((one) => /^max-age=0$/i.test(one))) cookies.delete(pair.slice(0, at));
  else cookies.set(pair.slice(0, at), pair.slice(at + 1));
}

function actionOf(page: BrowserPage): string {
  return attribute(/<form\b[^>]*>/.exec(page.text)?.[0] ?? '', 'action') ?? page.url;
}

function bodyOf(page: BrowserPage, fields: Record<string, string | readonly string[] | null>): string {
  const body = new URLSearchParams();
  const [form] = /<form\b[^]*?<\/form>/.exec(page.text) ?? [page.text];
  for (const [tag] of form.matchAll(/<input\b[^>]*>/g)) {
    const name = attribute(tag, 'name');
    const sent = /type="hidden"/.test(tag) || (/type="(checkbox|radio)"/.test(tag) && /\schecked/.test(tag));
    if (name !== null && sent && !Object.hasOwn(fields, name)) body.append(name, attribute(tag, 'value') ?? '');
  }
  for (const [name, value] of Object.entries(fields)) for (const one of [value ?? []].flat()) body.append(name, one);
  return body.toString();
}

function attribute(tag: string, name: string): string | null {
  const value = new RegExp(`\\s${name}="([^"]*)"`).exec(tag)?.[1];
  return value === undefined ? null : value.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
}

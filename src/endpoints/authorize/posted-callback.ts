/**
 * POST of a login's callback: a site that answers with a form (OAuth 2.0 Form Post Response Mode), as Apple does if it is asked for a name or an
 * address. Browsers send no `SameSite=Lax` cookie with a POST from another site, so this reads and changes nothing: its page goes on to the
 * GET of the same URL, from this site.
 */
import { html } from '../../lib/html.ts';
import { page } from '../../pages/layout.ts';
import type { SiteLogin } from '../../model/login.ts';
import { readForm, type Call } from '../endpoint.ts';

const PARAMETERS = ['state', 'code', 'iss', 'error', 'error_description'];

/** Shows the page. @throws {OAuthError} `invalid_request` for a body that is no form, or has one of the parameters twice. */
export async function postedCallback({ as, request, words }: Call, { label }: SiteLogin): Promise<Response> {
  const form = await readForm(request);
  const query = new URLSearchParams(PARAMETERS.map((name) => [name, form.optional(name) ?? '']).filter(([, value]) => value !== ''));
  const target = `?${query}`; // relative, since a proxy may have removed a part of the path
  const body = html`<h1>${label}</h1>
    <p><a href="${target}">${words.device.go}</a></p>`;
  return page({ words, brand: as.settings.brand, title: words.device.go, body, headers: { refresh: `0;url=${target}` } });
}

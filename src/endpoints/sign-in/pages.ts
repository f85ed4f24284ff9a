/**
 * Sign-in pages: the sign-in page itself, the logins and links that pages show, the messages for a failed upstream sign-in, and the pages for
 * a server without any login of its own, for a request that is over, and between a posted callback and its GET.
 */
import { field, html, type HtmlValue } from '../../lib/html.ts';
import {
  type Authenticated,
  hostOf,
  identifierLogins,
  isForm,
  isRedirect,
  type Login,
  type Refused,
  type ReturnResult,
  type SiteLogin,
} from '../../model/login.ts';
import type { Settings } from '../../model/settings.ts';
import { page } from '../../pages/layout.ts';
import { loginPage } from '../../pages/login.ts';
import { messagePage, requestOverPage } from '../../pages/message.ts';
import type { LinkView, LoginView } from '../../pages/sign-in.ts';
import { say, sayRefused, type Words } from '../../words/words.ts';
import { type Call, loginPagesOf, readForm } from '../endpoint.ts';
import { returnPath, sessionOf, signInUrl } from './session.ts';
import { nameOf, type NotSignedIn } from './sign-in.ts';

/** Optional content of the page. */
export interface Showing {
  readonly error?: HtmlValue;
  readonly wrong?: string | undefined;
  readonly status?: number;
  readonly retryAfter?: number | undefined;
  readonly typed?: { readonly username: string; readonly email: string; readonly identifier: string };
  /** Where to go afterwards; default: as the request says. */
  readonly returnTo?: string;
}

/** The page, with an error. */
export async function showLogin(call: Call, { typed, returnTo, ...problem }: Showing = {}): Promise<Response> {
  const { as, url, words } = call;
  const { paths, brand, logins } = as.settings;
  const session = await sessionOf(call);
  const forms = logins.filter(isForm);
  const again = session !== null && (url.searchParams.has('again') || problem.error !== undefined);
  const sites = logins.filter(isRedirect);
  if (forms.length + sites.length === 0 && (!session || again)) return noLoginPage(call);
  const known = (claim: string): string => (typeof session?.claims[claim] === 'string' ? session.claims[claim] : '');
  const filled = typed ?? {
    username: known('preferred_username'),
    email: known('email'),
    identifier: known('email') || known('preferred_username'),
  };
  const to = returnTo ?? returnPath(call) ?? paths.login;
  return loginPage({
    action: signInUrl(as, to),
    logins: loginViews(logins, filled, words),
    sites,
    order: logins.map(({ id }) => id),
    account: session && !again ? { name: nameOf(session.claims, words) } : null,
    again,
    signedOut: !session && problem.error === undefined && url.searchParams.has('signed-out'),
    accountPath: paths.account,
    links: linksFor(as.settings, words, to),
    brand,
    words,
    ...problem,
  });
}

/** The page. */
export function noLoginPage({ as: { settings }, words }: Call): Response {
  const { noSessionTitle: title, noSession, noSessionToDo, hostFirst, hostFirstToDo } = words.signIn;
  const { brand, logins, name } = settings;
  const [message, whatToDo] = hostOf(logins) ? [hostFirst(name), hostFirstToDo] : [noSession, noSessionToDo];
  return messagePage({ title, message, whatToDo, brand, words, mark: 'gate' });
}

/** The message for an upstream callback that failed. */
export function problemOf(result: Exclude<ReturnResult, Authenticated>, { label }: SiteLogin, words: Words): NotSignedIn {
  switch (result.kind) {
    case 'refused':
      return { problem: refusal(result, label, words), status: 403 };
    case 'unavailable':
      return { problem: words.site.unavailable(label), status: 503 };
    case 'broken':
    case 'declined':
      return { problem: words.site.broken(label), status: 502 };
  }
}

/** Providers have many error codes of their own: an unknown one gets the message about the account. */
function refusal(result: Refused, label: string, words: Words): HtmlValue {
  return result.text === undefined && !Object.hasOwn(words.refused, result.reason) ? words.site.refused(label) : sayRefused(result, words);
}

/** The logins as a page offers them. Those that can share the field for the identifier do, in the place of the first one. */
export function loginViews(logins: readonly Login[], typed: { readonly [name: string]: string }, words: Words): readonly LoginView[] {
  const shared = identifierLogins(logins);
  const fields = field('identifier', words.password.nameOrEmail, 'username', { id: 'identifier', value: typed['identifier'] });
  return logins.filter(isForm).flatMap((login): readonly LoginView[] => {
    const { id, label, button, next } = login;
    if (login === shared[0]) return [{ id, label: words.password.nameOrEmail, fields, next: words.signIn.next }];
    if (shared.some((one) => one === login)) return [];
    if (button !== undefined) return [{ id, button: say(button, words), fields: html`` }];
    return [{ id, label: say(label, words), fields: login.fields(typed, words), ...(next ? { next: say(next, words) } : {}) }];
  });
}

/** Whether there are links to any. */
export function hasLinks(settings: Settings): boolean {
  return loginPagesOf(settings).some(({ page }) => page.link);
}

/** The links to them, for where people sign in. @param returnTo where they want to get to. */
export function linksFor(settings: Settings, words: Words, returnTo: string): readonly LinkView[] {
  return loginPagesOf(settings).flatMap(({ page }) =>
    page.link ? [{ href: `${settings.paths.login}/${page.id}?return_to=${encodeURIComponent(returnTo)}`, text: page.link(words) }] : [],
  );
}

/** The page for a request that is no longer open. */
export function expiredPage({ as, words }: Pick<Call, 'as' | 'words'>): Response {
  return requestOverPage({ brand: as.settings.brand, words });
}

const PARAMETERS = ['state', 'code', 'iss', 'error', 'error_description'];

/**
 * POST of a login's callback: a site that answers with a form (OAuth 2.0 Form Post Response Mode), as Apple does if it is asked for a name or an
 * address. Browsers send no `SameSite=Lax` cookie with a POST from another site, so this reads and changes nothing: its page goes on to the
 * GET of the same URL, from this site.
 *
 * @throws {OAuthError} `invalid_request` for a body that is no form, or has one of the parameters twice.
 */
export async function postedCallback({ as, request, words }: Call, { label }: SiteLogin): Promise<Response> {
  const form = await readForm(request);
  const query = new URLSearchParams(PARAMETERS.map((name) => [name, form.optional(name) ?? '']).filter(([, value]) => value !== ''));
  const target = `?${query}`; // relative, since a proxy may have removed a part of the path
  const body = html`<h1>${label}</h1>
    <p><a href="${target}">${words.device.go}</a></p>`;
  return page({ words, brand: as.settings.brand, title: words.device.go, body, headers: { refresh: `0;url=${target}` } });
}

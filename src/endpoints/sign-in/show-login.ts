/**
 * Show login: the sign-in page, for the first time or with what went wrong, here or at another site.
 */
import type { HtmlValue } from '../../lib/html.ts';
import { isForm, isRedirect } from '../../model/login.ts';
import { loginPage } from '../../pages/login.ts';
import type { Call } from '../endpoint.ts';
import { linksFor, loginView } from '../login-links.ts';
import { sessionOf } from './browser-context.ts';
import { noLoginPage } from './no-login-page.ts';
import { returnPath, signInUrl } from './require-session.ts';
import { nameOf } from './sign-in.ts';

/** What is shown beside the usual. */
export interface Showing {
  readonly error?: HtmlValue;
  readonly status?: number;
  readonly retryAfter?: number;
  readonly typed?: { readonly username: string; readonly email: string };
  /** Where to go afterwards; the request says so unless told. */
  readonly returnTo?: string;
}

/** The page, with what went wrong. */
export async function showLogin(call: Call, { typed, returnTo, ...problem }: Showing = {}): Promise<Response> {
  const { as, url, words } = call;
  const { paths, brand, logins } = as.settings;
  const session = await sessionOf(call);
  const forms = logins.filter(isForm);
  const again = session !== null && (url.searchParams.has('again') || problem.error !== undefined);
  const sites = logins.filter(isRedirect);
  if (forms.length + sites.length === 0 && (!session || again)) return noLoginPage(call);
  const known = (claim: string): string => (typeof session?.claims[claim] === 'string' ? session.claims[claim] : '');
  const filled = typed ?? { username: known('preferred_username'), email: known('email') };
  const to = returnTo ?? returnPath(call) ?? paths.login;
  return loginPage({
    action: signInUrl(as, to),
    logins: forms.map((one) => loginView(one, filled, words)),
    sites,
    account: session && !again ? { name: nameOf(session.claims, words) } : null,
    again,
    accountPath: paths.account,
    links: linksFor(as.settings, words, to),
    brand,
    words,
    ...problem,
  });
}

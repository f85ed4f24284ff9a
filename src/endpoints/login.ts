/**
 * Login: signing in and out outside an authorization. Afterwards every consent page knows who is there.
 */
import type { HtmlValue } from '../lib/html.ts';
import { OAuthError } from '../model/error.ts';
import { isForm } from '../model/login.ts';
import { loginPage } from '../pages/login.ts';
import { messagePage } from '../pages/message.ts';
import { say } from '../pages/words/words.ts';
import { askStep } from './ask-step.ts';
import { isSameOrigin, readForm, sessionOf, setCookie, type Call } from './endpoint.ts';
import { linksFor } from './login-links.ts';
import { away, returnPath, signInUrl } from './recent.ts';
import { nameOf, signIn } from './sign-in.ts';

/** GET shows who is signed in, or the fields; POST signs in, or out with `decision=sign-out`. */
export async function login(call: Call): Promise<Response> {
  return call.request.method === 'POST' ? submit(call) : showLogin(call);
}

interface Showing {
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
  if (forms.length === 0 && (!session || again)) {
    const { nobodyTitle: title, nobody: message, nobodyToDo: whatToDo } = words.signIn;
    return messagePage({ title, message, whatToDo, brand, words, mark: 'gate' });
  }
  const known = (claim: string): string => (typeof session?.claims[claim] === 'string' ? session.claims[claim] : '');
  const filled = typed ?? { username: known('preferred_username'), email: known('email') };
  const to = returnTo ?? returnPath(call) ?? paths.login;
  return loginPage({
    action: signInUrl(as, to),
    logins: forms.map((one) => ({ id: one.id, label: say(one.label, words), fields: one.fields(filled, words) })),
    account: session && !again ? { name: nameOf(session.claims, words) } : null,
    again,
    accountPath: paths.account,
    links: linksFor(as.settings, words, to),
    brand,
    words,
    ...problem,
  });
}

async function submit(call: Call): Promise<Response> {
  const { as } = call;
  if (!isSameOrigin(call, true))
    throw new OAuthError('access_denied', 'cross_site', { status: 403, hint: 'The request came from another site.' });
  const form = await readForm(call.request);
  const { login: home } = as.settings.paths;
  if (form.optional('decision') === 'sign-out') {
    const session = await sessionOf(call);
    if (session) await as.records.endSession(session.hash);
    return away(home, [setCookie(as, 'session', '', 0)]);
  }
  const returnTo = returnPath(call) ?? home;
  const user = await signIn(call, form);
  if ('step' in user) return askStep(call, user, { returnTo });
  if (!('problem' in user)) return away(returnTo, [user.cookie]);
  const { problem: error, status, retryAfter } = user;
  const typed = { username: form.optional('username') ?? '', email: form.optional('email') ?? '' };
  return showLogin(call, { error, status, ...(retryAfter === undefined ? {} : { retryAfter }), typed });
}

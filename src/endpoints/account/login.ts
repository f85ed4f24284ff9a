/**
 * Login page: sign-in and sign-out without an authorization request; and the pages for users who are not signed in, which logins add, or which stand
 * behind the link of a security message.
 */
import { NOT_ME } from '../../core/users/security-mail.ts';
import { signOut } from '../../core/users/sign-out.ts';
import { html } from '../../lib/html.ts';
import { OAuthError } from '../../model/error.ts';
import { isForm, isRedirect, type LoginPage } from '../../model/login.ts';
import { sectionPage } from '../../pages/account.ts';
import { askStep } from '../authorize/step.ts';
import { redirectToUpstream } from '../authorize/upstream-sign-in.ts';
import { type Call, loginPagesOf, readForm } from '../endpoint.ts';
import { isSameOrigin, redirectTo, setCookie } from '../sign-in/browser-context.ts';
import { returnPath, sessionOf, signedOutUrl, signInUrl } from '../sign-in/session.ts';
import { showLogin } from '../sign-in/pages.ts';
import { admit, type NotSignedIn, servicesOf, signIn } from '../sign-in/sign-in.ts';

/** GET shows who is signed in, or the fields; POST signs in, or out with `decision=sign-out`. */
export async function login(call: Call): Promise<Response> {
  if (call.request.method === 'POST') return submit(call);
  if (!call.url.searchParams.has(SIGNED_IN)) return showLogin(call);
  const isSignedIn = (await sessionOf(call)) !== null;
  return isSignedIn
    ? redirectTo(returnPath(call) ?? call.as.settings.paths.login)
    : showLogin(call, { error: call.words.errorReasons.another_browser });
}

/** Marks the first request after a sign-in. */
const SIGNED_IN = 'signed-in';

/**
 * Where a browser goes that has signed in. One that sent no cookie may block them: it goes by the sign-in page, which sees whether it has the session
 * cookie now.
 */
function redirectSignedIn({ as, request }: Call, to: string, cookie: string | undefined): Response {
  const page = signInUrl(as, to);
  const isProven = cookie === undefined || request.headers.has('cookie');
  return redirectTo(isProven ? to : `${page}${page.includes('?') ? '&' : '?'}${SIGNED_IN}=1`, [cookie]);
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
    return redirectTo(signedOutUrl(as), [setCookie(as, 'session', '', 0)]);
  }
  const returnTo = returnPath(call) ?? home;
  const site = form.optional('with');
  const isElsewhere = site !== undefined && !as.settings.logins.some((one) => one.id === site && isForm(one));
  const user = isElsewhere ? await leaveFor(call, site, returnTo) : await signIn(call, form);
  if (user instanceof Response) return user;
  if ('step' in user) return askStep(call, user, { returnTo });
  if (!('problem' in user)) return redirectSignedIn(call, returnTo, user.cookie);
  const { problem: error, ...more } = user;
  const [username = '', email = '', identifier = ''] = ['username', 'email', 'identifier'].map((name) => form.optional(name) ?? '');
  const typed = { username, email, identifier };
  return showLogin(call, { error, ...more, typed });
}

async function leaveFor(call: Call, site: string, returnTo: string): Promise<Response | NotSignedIn> {
  const login = call.as.settings.logins.filter(isRedirect).find(({ id }) => id === site);
  if (!login) throw new OAuthError('invalid_request', 'login_unknown');
  return redirectToUpstream(call, login, { returnTo, fresh: (await sessionOf(call)) !== null });
}

/** GET and POST of a page that a login adds. */
export async function loginPageOf(call: Call, login: string, page: LoginPage): Promise<Response> {
  const { as, request, url, words } = call;
  const { paths, name, brand } = as.settings;
  const isPost = request.method === 'POST';
  if (isPost && !isSameOrigin(call, true))
    throw new OAuthError('access_denied', 'cross_site', { status: 403, hint: 'The request came from another site.' });
  const returnTo = returnPath(call) ?? paths.account;
  const signIn = signInUrl(as, returnTo);
  const answer = await page.answer({
    services: servicesOf(call),
    words,
    action: `${paths.login}/${page.id}?return_to=${encodeURIComponent(returnTo)}`,
    query: url.searchParams,
    form: isPost ? await readForm(request) : null,
    returnTo,
    signIn,
    server: name,
  });
  if (answer.kind === 'page') return sectionPage({ ...answer, back: { href: signIn, text: words.signIn.title }, words, brand });
  if (answer.kind === 'step') return askStep(call, { asker: `login:${login}`, step: answer }, { returnTo });
  const to = answer.returnTo ?? returnTo;
  const user = await admit(call, { login, proven: answer.proven });
  if (user === null) return redirectTo(signIn);
  if ('problem' in user) return showLogin(call, { error: user.problem, status: user.status, returnTo: to });
  return 'step' in user ? askStep(call, user, { returnTo: to }) : redirectSignedIn(call, to, user.cookie);
}

/**
 * "This wasn't me": the page behind the link of a security message. Opening it (GET) changes nothing; its button (POST) works once, and ends every
 * session and grant of the user. The link proves the address only, so it signs no one in.
 */
export async function notMe(call: Call): Promise<Response> {
  const { as, request, url, words } = call;
  const { paths, brand } = as.settings;
  const say = words.notice;
  const isPost = request.method === 'POST';
  if (isPost && !isSameOrigin(call, true))
    throw new OAuthError('access_denied', 'cross_site', { status: 403, hint: 'The request came from another site.' });
  const token = (isPost ? (await readForm(request)).optional('token') : url.searchParams.get('token')) ?? '';
  const back = { href: paths.login, text: words.signIn.title };
  const found = (await as.links.find(NOT_ME, token)) as { readonly userId: string } | null;
  if (!found || (isPost && !(await as.links.take(NOT_ME, token)))) {
    const body = html`<p class="lead">${say.over}</p>`;
    return sectionPage({ title: words.password.deadTitle, body, status: 400, back, words, brand });
  }
  if (!isPost) {
    const body = html`<p class="lead">${say.what}</p>
      <form method="post" action="${paths.account}/${NOT_ME}">
        <input type="hidden" name="token" value="${token}" />
        <div class="actions"><button class="main">${say.button}</button></div>
      </form>`;
    return sectionPage({ title: say.title, body, back, words, brand });
  }
  await signOut(as, found.userId, as.now());
  const forgot = loginPagesOf(as.settings).some(({ page }) => page.id === 'forgot');
  const next = forgot ? { href: `${paths.login}/forgot`, text: words.password.forgotTitle } : back;
  return sectionPage({ title: say.doneTitle, body: html`<p class="lead">${say.done}</p>`, isDone: true, back: next, words, brand });
}

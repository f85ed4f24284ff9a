/**
 * Login: signing in and out outside an authorization. Afterwards every consent page knows who is there.
 */
import { OAuthError } from '../../model/error.ts';
import { isForm, isRedirect } from '../../model/login.ts';
import { askStep } from '../sign-in/ask-step.ts';
import { readForm, type Call } from '../endpoint.ts';
import { isSameOrigin, redirectTo, sessionOf, setCookie } from '../sign-in/browser-context.ts';
import { returnPath } from '../sign-in/require-session.ts';
import { showLogin } from '../sign-in/show-login.ts';
import { type NotSignedIn, signIn } from '../sign-in/sign-in.ts';
import { redirectToUpstream } from '../authorize/upstream-redirect.ts';

/** GET shows who is signed in, or the fields; POST signs in, or out with `decision=sign-out`. */
export async function login(call: Call): Promise<Response> {
  return call.request.method === 'POST' ? submit(call) : showLogin(call);
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
    return redirectTo(home, [setCookie(as, 'session', '', 0)]);
  }
  const returnTo = returnPath(call) ?? home;
  const site = form.optional('with');
  const isElsewhere = site !== undefined && !as.settings.logins.some((one) => one.id === site && isForm(one));
  const user = isElsewhere ? await leaveFor(call, site, returnTo) : await signIn(call, form);
  if (user instanceof Response) return user;
  if ('step' in user) return askStep(call, user, { returnTo });
  if (!('problem' in user)) return redirectTo(returnTo, [user.cookie]);
  const { problem: error, status, retryAfter } = user;
  const typed = { username: form.optional('username') ?? '', email: form.optional('email') ?? '' };
  return showLogin(call, { error, status, ...(retryAfter === undefined ? {} : { retryAfter }), typed });
}

async function leaveFor(call: Call, site: string, returnTo: string): Promise<Response | NotSignedIn> {
  const login = call.as.settings.logins.filter(isRedirect).find(({ id }) => id === site);
  if (!login) throw new OAuthError('invalid_request', 'login_unknown');
  return redirectToUpstream(call, login, { returnTo, fresh: (await sessionOf(call)) !== null });
}

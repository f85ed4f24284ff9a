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
import { nameOf, signIn } from './sign-in.ts';

/** GET shows who is signed in, or the fields; POST signs in, or out with `decision=sign-out`. */
export async function login(call: Call): Promise<Response> {
  return call.request.method === 'POST' ? submit(call) : showLogin(call);
}

/** The page, with what went wrong. */
export async function showLogin(
  call: Call,
  problem: { error?: HtmlValue; status?: number; retryAfter?: number; typed?: string } = {},
): Promise<Response> {
  const { as, words } = call;
  const session = await sessionOf(call);
  const { typed = '', ...rest } = problem;
  const logins = as.settings.logins.filter(isForm);
  const brand = { name: as.settings.name };
  if (logins.length === 0 && !session) {
    const { nobodyTitle: title, nobody: message, nobodyToDo: whatToDo } = words.signIn;
    return messagePage({ title, message, whatToDo, brand, words, mark: 'gate' });
  }
  return loginPage({
    action: as.settings.paths.login,
    logins: logins.map((one) => ({ id: one.id, label: say(one.label, words), fields: one.fields({ username: typed }, words) })),
    account: session && { name: nameOf(session.claims, words) },
    brand,
    words,
    ...rest,
  });
}

async function submit(call: Call): Promise<Response> {
  const { as } = call;
  if (!isSameOrigin(call, true))
    throw new OAuthError('access_denied', 'cross_site', { status: 403, hint: 'The request came from another site.' });
  const form = await readForm(call.request);
  if (form.optional('decision') === 'sign-out') {
    const session = await sessionOf(call);
    if (session) await as.records.endSession(session.hash);
    return goTo(as.settings.paths.login, setCookie(as, 'session', '', 0));
  }
  const user = await signIn(call, form);
  if ('step' in user) return askStep(call, user, { returnTo: as.settings.paths.login });
  if (!('problem' in user)) return goTo(as.settings.paths.login, user.cookie);
  const { problem: error, status, retryAfter } = user;
  return showLogin(call, { error, status, ...(retryAfter === undefined ? {} : { retryAfter }), typed: form.optional('username') ?? '' });
}

/** Goes on to a page of ours, with a session's cookie. */
export function goTo(path: string, cookie: string | undefined): Response {
  const headers = new Headers({ location: path, 'cache-control': 'no-store, private' });
  if (cookie !== undefined) headers.append('set-cookie', cookie);
  return new Response(null, { status: 303, headers });
}

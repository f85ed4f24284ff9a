/**
 * Login page: the pages that a login brings along for who is not signed in. What is alike for all of them stands here: a
 * form comes from our own page, and whoever was proven is signed in as everywhere, second factor included.
 */
import { OAuthError } from '../../model/error.ts';
import type { LoginPage } from '../../model/login.ts';
import { sectionPage } from '../../pages/account-section.ts';
import { askStep } from '../sign-in/ask-step.ts';
import { type Call, readForm } from '../endpoint.ts';
import { isSameOrigin, redirectTo } from '../sign-in/browser-context.ts';
import { returnPath, signInUrl } from '../sign-in/require-session.ts';
import { admit, servicesOf } from '../sign-in/sign-in.ts';

/** GET and POST of such a page. */
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
  return 'step' in user ? askStep(call, user, { returnTo: to }) : redirectTo(to, [user.cookie]);
}

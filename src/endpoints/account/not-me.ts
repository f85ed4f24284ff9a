/**
 * "This wasn't me": the page behind the link of a security message. Opening it changes nothing; its button works once, and ends every
 * session and grant of the user. The link proves the address only, so it signs no one in.
 */
import { NOT_ME } from '../../core/users/security-mail.ts';
import { signOut } from '../../core/users/sign-out.ts';
import { html } from '../../lib/html.ts';
import { OAuthError } from '../../model/error.ts';
import { sectionPage } from '../../pages/account-section.ts';
import { loginPagesOf } from '../../endpoints/endpoint.ts';
import { type Call, readForm } from '../endpoint.ts';
import { isSameOrigin } from '../sign-in/browser-context.ts';

/** GET shows the page; POST acts. */
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

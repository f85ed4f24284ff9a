/**
 * Account section: the page of a part of the account that a login brought along. What is alike for all of them stands
 * here: somebody is signed in, a form comes from our own page, and the answer looks like every other page of ours.
 */
import { OAuthError } from '../../model/error.ts';
import type { AccountSection } from '../../model/login.ts';
import { sectionPage } from '../../pages/account-section.ts';
import { type Call, readForm } from '../endpoint.ts';
import { isSameOrigin, redirectTo, scriptHashOf } from '../sign-in/browser-context.ts';
import { sectionPath } from '../paths.ts';
import { isRecent, requireSession, signInAgain } from '../sign-in/require-session.ts';
import { renewSession, servicesOf } from '../sign-in/sign-in.ts';

/** GET and POST of a section. */
export async function accountSection(call: Call, section: AccountSection): Promise<Response> {
  const { as, request, url } = call;
  const isPost = request.method === 'POST';
  if (isPost && !isSameOrigin(call, true))
    throw new OAuthError('access_denied', 'cross_site', { status: 403, hint: 'The request came from another site.' });
  const session = await requireSession(call);
  if (session instanceof Response) return session;
  const path = sectionPath(as.settings.paths.account, section);
  const answer = await section.answer({
    user: { userId: session.userId, claims: session.claims },
    services: servicesOf(call),
    words: call.words,
    path,
    query: url.searchParams,
    form: isPost ? await readForm(request) : null,
    isRecent: (seconds) => isRecent(as, session, seconds),
  });
  const account = as.settings.paths.account;
  switch (answer.kind) {
    case 'sign-in-again':
      return signInAgain(as, path);
    case 'done':
      return redirectTo(answer.to === 'account' ? account : path, [
        answer.renew && (await renewSession(call, session, answer.renew))?.cookie,
      ]);
    case 'page':
      return sectionPage({
        ...answer,
        script: await scriptOf(call, answer.script),
        back: { href: account, text: call.words.account.back },
        words: call.words,
        brand: as.settings.brand,
      });
  }
}

async function scriptOf({ as }: Call, text: string | undefined): Promise<{ text: string; hash: string } | undefined> {
  return text === undefined ? undefined : { text, hash: await scriptHashOf(as, text) };
}

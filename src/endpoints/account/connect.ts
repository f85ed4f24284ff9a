/**
 * Connect page: opened from the link that a tool's client showed. The browser must be signed in as the user that the tool acts for;
 * any other user is rejected, and nothing of theirs is stored (SEC-193).
 *
 *   link → signed in → the same user → (POST: our own page, same account) → upstream redirect → callback
 */
import { findClient } from '../../clients/find.ts';
import { connectable, CONNECTION_LINK, type ConnectionRequest, connectionPath } from '../../core/vault/connections.ts';
import { equalTexts } from '../../lib/bytes.ts';
import { parseUrl } from '../../lib/url.ts';
import { OAuthError } from '../../model/error.ts';
import { sectionPage } from '../../pages/account-section.ts';
import { connectBody } from '../../pages/connect.ts';
import { messagePage } from '../../pages/message.ts';
import { expiredPage } from '../authorize/expired-page.ts';
import { accountMark } from '../authorize/consent-page.ts';
import { type Call, readForm } from '../endpoint.ts';
import { isSameOrigin } from '../sign-in/browser-context.ts';
import { requireSession } from '../sign-in/require-session.ts';
import { redirectToUpstream } from '../authorize/upstream-redirect.ts';

/** GET and POST of the page. */
export async function connect(call: Call): Promise<Response> {
  const { as, request, url, words } = call;
  const { settings } = as;
  const isPost = request.method === 'POST';
  if (isPost && !isSameOrigin(call, true))
    throw new OAuthError('access_denied', 'cross_site', { status: 403, hint: 'The request came from another site.' });
  const { connect: say } = words;
  if (url.searchParams.has('done')) return messagePage({ words, brand: settings.brand, title: say.doneTitle, message: say.done });
  const secret = url.searchParams.get('link') ?? '';
  const asked = (await as.links.find(CONNECTION_LINK, secret)) as ConnectionRequest | null;
  const login = asked && connectable(settings, asked.provider);
  if (!asked || !login) return expiredPage(call);
  const session = await requireSession(call);
  if (session instanceof Response) return session;
  if (session.userId !== asked.userId)
    return messagePage({ words, brand: settings.brand, title: say.otherTitle, message: say.other, status: 403, mark: 'alert' });
  const mark = await accountMark(as, session);
  const path = `${connectionPath(settings)}?link=${secret}`;
  let [error, status] = [url.searchParams.has('problem') ? words.site.broken(login.label) : undefined, 200] as [unknown, number];
  if (isPost) {
    if (!equalTexts((await readForm(request)).required('account'), mark)) return expiredPage(call);
    const gone = await redirectToUpstream(call, login, { returnTo: path, connect: { ...asked, secret } });
    if (gone instanceof Response) return gone;
    [error, status] = [gone.problem, gone.status];
  }
  const app = (await findClient(as, asked.clientId))?.name ?? parseUrl(asked.clientId)?.host ?? asked.clientId;
  const view = { action: path, account: mark, app, site: login.label, scopes: asked.scopes, error: error as never };
  return sectionPage({
    title: say.title(login.label),
    body: connectBody(view, words),
    back: { href: settings.paths.account, text: words.account.back },
    leaves: true,
    words,
    brand: settings.brand,
    status,
  });
}

/**
 * Pages on which a signed-in user links accounts at other providers: upstream logins of this account, and the account that a tool asked for.
 */
import { findClient } from '../../clients/find.ts';
import { identitiesOf, type LinkedIdentity, makeLinkedLogins, mayRemoveIdentity } from '../../core/users/identities.ts';
import type { KnownSession } from '../../core/users/sessions.ts';
import { connectable, CONNECTION_LINK, connectionPath, type ConnectionRequest } from '../../core/vault/connections.ts';
import { equalTexts } from '../../lib/bytes.ts';
import type { HtmlValue } from '../../lib/html.ts';
import { parseUrl } from '../../lib/url.ts';
import { OAuthError } from '../../model/error.ts';
import { isRedirect } from '../../model/login.ts';
import { connectBody, sectionPage, signInsBody } from '../../pages/account.ts';
import { messagePage } from '../../pages/message.ts';
import { redirectToUpstream } from '../authorize/upstream-sign-in.ts';
import { type Call, readForm, signInsPath } from '../endpoint.ts';
import { isSameOrigin, redirectTo } from '../sign-in/browser-context.ts';
import { accountMark, requireRecentSession, requireSession } from '../sign-in/session.ts';
import { expiredPage } from '../sign-in/pages.ts';
import type { NotSignedIn } from '../sign-in/sign-in.ts';

/**
 * GET and POST of the page of linked logins. Another login is linked only from here, with recent authentication; two accounts are never
 * merged, and the last way to sign in cannot be removed.
 */
export async function linkedLogins(call: Call): Promise<Response> {
  if (call.request.method === 'POST' && !isSameOrigin(call, true))
    throw new OAuthError('access_denied', 'cross_site', { status: 403, hint: 'The request came from another site.' });
  const session = await requireSession(call);
  if (session instanceof Response) return session;
  return call.request.method === 'POST' ? change(call, session) : show(call, session);
}

async function show(call: Call, session: KnownSession, problem?: Pick<NotSignedIn, 'problem' | 'status'>): Promise<Response> {
  const { as, url, words } = call;
  const { userId } = session;
  const { paths, brand, logins } = as.settings;
  const joined = await identitiesOf(as, userId);
  const sites = logins.filter(isRedirect);
  const view = {
    action: signInsPath(paths.account),
    account: await accountMark(as, session),
    joined: joined.map(({ hash, issuer, account, createdAt }) => ({ mark: hash, site: nameOf(issuer), account, since: createdAt })),
    mayPart: await mayPart(call, userId, joined),
    sites,
    error: problem?.problem ?? (url.searchParams.has('taken') && words.account.taken),
  };
  return sectionPage({
    title: words.account.signIns,
    body: signInsBody(view, words),
    back: { href: paths.account, text: words.account.back },
    leaves: true,
    words,
    brand,
    ...(problem ? { status: problem.status } : {}),
  });
}

async function change(call: Call, session: KnownSession): Promise<Response> {
  const { as, words } = call;
  const path = signInsPath(as.settings.paths.account);
  const form = await readForm(call.request);
  // Another user has signed in in another tab meanwhile: show that user's logins, change nothing.
  if (!equalTexts(form.required('account'), await accountMark(as, session)))
    return show(call, session, { problem: undefined, status: 409 });
  const stale = requireRecentSession(call, session, undefined, path);
  if (stale) return stale;
  const wanted = form.optional('join');
  if (wanted !== undefined) {
    const login = as.settings.logins.filter(isRedirect).find(({ id }) => id === wanted);
    if (!login) throw new OAuthError('invalid_request', 'login_unknown');
    const gone = await redirectToUpstream(call, login, { returnTo: path, joinTo: session.userId });
    return gone instanceof Response ? gone : show(call, session, gone);
  }
  const part = form.required('part');
  const joined = await identitiesOf(as, session.userId);
  if (!joined.some(({ hash }) => hash === part)) return redirectTo(path);
  const isLast = (await as.accounts.find(session.userId)) === null && !(await mayRemoveIdentity(as, session.userId, part, as.now()));
  if (isLast) return show(call, session, { problem: words.account.lastWay, status: 409 });
  await makeLinkedLogins(as).removeIdentity(session.userId, part);
  return redirectTo(path);
}

/** A user must keep a way to sign in: another linked login, or an account of our own. */
async function mayPart({ as }: Call, userId: string, joined: readonly LinkedIdentity[]): Promise<boolean> {
  return joined.length > 1 || (await as.accounts.find(userId)) !== null;
}

function nameOf(issuer: string): string {
  return parseUrl(issuer)?.host || issuer;
}

/**
 * GET and POST of the page to which a tool's client shows a link. The browser must be signed in as the user that the tool acts for; any other user
 * is rejected, and nothing of theirs is stored (SEC-193).
 *
 *   link → signed in → the same user → (POST: our own page, same account) → upstream redirect → callback
 */
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
  let [error, status]: [HtmlValue, number] = [url.searchParams.has('problem') && words.site.broken(login.label), 200];
  if (isPost) {
    if (!equalTexts((await readForm(request)).required('account'), mark)) return expiredPage(call);
    const gone = await redirectToUpstream(call, login, { returnTo: path, connect: { ...asked, secret } });
    if (gone instanceof Response) return gone;
    [error, status] = [gone.problem, gone.status];
  }
  const app = (await findClient(as, asked.clientId))?.name ?? parseUrl(asked.clientId)?.host ?? asked.clientId;
  const view = { action: path, account: mark, app, site: login.label, scopes: asked.scopes, error };
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

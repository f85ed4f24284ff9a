/**
 * Page of the upstream logins linked to this account. Another login is linked only from here, by a signed-in user with recent
 * authentication; two accounts are never merged, and the last way to sign in cannot be removed.
 */
import { identitiesOf, type LinkedIdentity } from '../../core/users/identities.ts';
import { makeLinkedLogins } from '../../core/users/linked-logins.ts';
import type { KnownSession } from '../../core/users/sessions.ts';
import { parseUrl } from '../../lib/url.ts';
import { OAuthError } from '../../model/error.ts';
import { isRedirect } from '../../model/login.ts';
import { sectionPage } from '../../pages/account-section.ts';
import { signInsBody } from '../../pages/sign-ins.ts';
import { type Call, readForm, signInsPath } from '../endpoint.ts';
import { isSameOrigin, redirectTo } from '../sign-in/browser-context.ts';
import { requireRecentSession, requireSession } from '../sign-in/require-session.ts';
import { redirectToUpstream } from '../authorize/upstream-redirect.ts';

/** GET and POST of the page. */
export async function linkedLogins(call: Call): Promise<Response> {
  if (call.request.method === 'POST' && !isSameOrigin(call, true))
    throw new OAuthError('access_denied', 'cross_site', { status: 403, hint: 'The request came from another site.' });
  const session = await requireSession(call);
  if (session instanceof Response) return session;
  return call.request.method === 'POST' ? change(call, session) : show(call, session);
}

async function show(call: Call, { userId }: KnownSession, problem?: { readonly text: string; readonly status: number }): Promise<Response> {
  const { as, url, words } = call;
  const { paths, brand, logins } = as.settings;
  const joined = await identitiesOf(as, userId);
  const sites = logins.filter(isRedirect);
  const error = problem?.text ?? (url.searchParams.has('taken') ? words.account.taken : undefined);
  const view = {
    action: signInsPath(paths.account),
    joined: joined.map(({ hash, issuer, account, createdAt }) => ({ mark: hash, site: nameOf(issuer), account, since: createdAt })),
    mayPart: await mayPart(call, userId, joined),
    sites,
    error,
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
  const stale = requireRecentSession(call, session, undefined, path);
  if (stale) return stale;
  const wanted = form.optional('join');
  if (wanted !== undefined) {
    const login = as.settings.logins.filter(isRedirect).find(({ id }) => id === wanted);
    if (!login) throw new OAuthError('invalid_request', 'login_unknown');
    const gone = await redirectToUpstream(call, login, { returnTo: path, joinTo: session.userId });
    return gone instanceof Response ? gone : show(call, session, { text: String(gone.problem), status: gone.status });
  }
  const part = form.required('part');
  const joined = await identitiesOf(as, session.userId);
  if (!joined.some(({ hash }) => hash === part)) return redirectTo(path);
  if (!(await mayPart(call, session.userId, joined))) return show(call, session, { text: words.account.lastWay, status: 409 });
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

/**
 * Account page: connected apps, signed-in browsers, and the sections that logins and the second factor add. A change to how a user signs in
 * requires recent authentication.
 */
import { findClient } from '../../clients/find.ts';
import type { AuthServer } from '../../core/auth-server.ts';
import { endSessionOf, everySession, type KnownSession, publicSessionId, sessionsOf } from '../../core/users/sessions.ts';
import { keysOfUser } from '../../core/access-keys.ts';
import { disconnect, disconnectAll, grantsOfUser } from '../../core/records/grants.ts';
import { signOut } from '../../core/users/sign-out.ts';
import { equalTexts } from '../../lib/bytes.ts';
import { parseUrl } from '../../lib/url.ts';
import { OAuthError } from '../../model/error.ts';
import type { Grant } from '../../model/grant.ts';
import { type AccountSection, isRedirect } from '../../model/login.ts';
import { rightsIn } from '../../model/scope.ts';
import { accountPage, type AppView, type LineView, sectionPage, type SessionView } from '../../pages/account.ts';
import { type Call, keysPath, readForm, sectionPath, sectionsOf, signInsPath } from '../endpoint.ts';
import { isSameOrigin, redirectTo, scriptHashOf, setCookie } from '../sign-in/browser-context.ts';
import { accountMark, isRecent, requireSession, signedOutUrl, signInAgain } from '../sign-in/session.ts';
import { nameOf, renewSession, servicesOf } from '../sign-in/sign-in.ts';

/** GET and POST of the account page. */
export async function account(call: Call): Promise<Response> {
  if (call.request.method === 'POST' && !isSameOrigin(call, true))
    throw new OAuthError('access_denied', 'cross_site', { status: 403, hint: 'The request came from another site.' });
  const session = await requireSession(call);
  if (session instanceof Response) return session;
  return call.request.method === 'POST' ? change(call, session) : show(call, session);
}

async function show(call: Call, session: KnownSession, status = 200): Promise<Response> {
  const { as, url } = call;
  const { paths, brand } = as.settings;
  const after = url.searchParams.get('after');
  const [{ apps, next }, lines, sessions] = await Promise.all([
    appsOfUser(call, session.userId, after),
    linesOf(call, session),
    sessionsOf(as, session.userId),
  ]);
  const email = session.claims['email'];
  return accountPage({
    action: paths.account,
    signOut: paths.login,
    account: {
      name: nameOf(session.claims, call.words),
      detail: typeof email === 'string' ? email : undefined,
      mark: await accountMark(as, session),
    },
    lines,
    apps,
    more: next === undefined ? undefined : `${paths.account}?after=${encodeURIComponent(next)}`,
    sessions: await Promise.all(sessions.map((one) => viewOf(as, one, session.hash))),
    words: call.words,
    brand,
    status,
  });
}

async function change(call: Call, session: KnownSession): Promise<Response> {
  const { as } = call;
  const { userId } = session;
  const form = await readForm(call.request);
  // Another user has signed in in another tab meanwhile: show that user's account, change nothing.
  if (!equalTexts(form.required('account'), await accountMark(as, session))) return show(call, session, 409);
  switch (form.required('decision')) {
    case 'disconnect':
      await disconnect(as, userId, form.required('client'), call.after);
      break;
    case 'disconnect-all':
      await disconnectAll(as, userId, call.after);
      break;
    case 'end-session':
      await endSessionOf(as, userId, form.required('session'));
      break;
    case 'sign-out-everywhere':
      await signOutEverywhere(as, userId, form.optional('apps') !== undefined);
      return redirectTo(signedOutUrl(as), [setCookie(as, 'session', '', 0)]);
    default:
      throw new OAuthError('invalid_request', 'decision_unknown');
  }
  return redirectTo(as.settings.paths.account);
}

async function signOutEverywhere(as: AuthServer, userId: string, andApps: boolean): Promise<void> {
  if (andApps) return signOut(as, userId, as.now());
  for await (const { hash } of everySession(as, userId)) await as.records.endSession(hash);
}

async function linesOf(call: Call, { userId, claims }: KnownSession): Promise<readonly LineView[]> {
  const { settings } = call.as;
  const found = sectionsOf(settings).map(async (section) => {
    const line = await section.line({ userId, claims }, servicesOf(call), call.words);
    return line && { ...line, path: sectionPath(settings.paths.account, section) };
  });
  const { signIns: title, signInsWhy: detail } = call.words.account;
  const sites = settings.logins.some(isRedirect) ? [{ title, detail, path: signInsPath(settings.paths.account) }] : [];
  return [...(await Promise.all(found)).filter((line) => line !== null), ...sites, ...(await keysLine(call, userId))];
}

async function keysLine({ as, words }: Call, userId: string): Promise<readonly LineView[]> {
  if (!as.settings.accessKeys?.personal) return [];
  const { length } = await keysOfUser(as, userId);
  return [
    { title: words.accessKey.title, detail: length === 0 ? words.accessKey.none : length, path: keysPath(as.settings.paths.account) },
  ];
}

async function appsOfUser(
  call: Call,
  userId: string,
  after: string | null,
): Promise<{ readonly apps: readonly AppView[]; readonly next?: string | undefined }> {
  const { grants, next } = await grantsOfUser(call.as, userId, ...(after ? [after] : []));
  return { apps: await appsOf(call, grants), next };
}

/** One line for each client, however many grants it has. */
async function appsOf({ as, words: { scopes } }: Call, grants: readonly Grant[]): Promise<readonly AppView[]> {
  const ids = [...new Set(grants.map((grant) => grant.clientId))];
  const sayScope = (name: string): string =>
    scopes[name] ?? as.settings.scopesSupported.find((scope) => scope.name === name)?.description ?? name;
  return Promise.all(
    ids.map(async (id): Promise<AppView> => {
      const own = grants.filter((grant) => grant.clientId === id);
      const client = await findClient(as, id);
      return {
        id,
        name: client?.name ?? own[0]?.key?.name,
        host: client?.documentHost ?? parseUrl(id)?.host, // none for an access key
        scopes: [...new Set(own.flatMap((grant) => rightsIn(grant.scope)))].map(sayScope),
        organizations: [...new Set(own.flatMap(({ organization }) => (organization ? [organization.name] : [])))],
        since: Math.min(...own.map((grant) => grant.createdAt)),
        used: Math.max(...own.map((grant) => grant.usedAt)),
      };
    }),
  );
}

async function viewOf(as: AuthServer, session: KnownSession, here: string): Promise<SessionView> {
  const { agent = {}, network, createdAt, seenAt = createdAt, hash } = session;
  return { ...agent, network, mark: await publicSessionId(as, session), here: hash === here, since: createdAt, seen: seenAt };
}

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
    isSignedIn: async () => (await as.records.findSession(session.hash)) !== null,
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

/**
 * The console of administrators: everything that the administration API does, in a browser, without a script. The same gate, acts and audit;
 * who is not signed in, or not recently, signs in and comes back.
 */
import { accountMark } from '../../endpoints/authorize/consent-page.ts';
import type { Call } from '../../endpoints/endpoint.ts';
import { cookieOf, isSameOrigin, redirectTo, setCookie } from '../../endpoints/sign-in/browser-context.ts';
import { signInAgain, signInUrl } from '../../endpoints/sign-in/session.ts';
import { ownPath } from '../../lib/url.ts';
import { OAuthError } from '../../model/error.ts';
import { messagePage } from '../../pages/message.ts';
import type { Words } from '../../words/words.ts';
import { enter } from '../run.ts';
import { type AdminLanguages, type AdminWords, adminWordsOf, EN, fill } from '../words/en.ts';
import { auditExport, auditPage } from './audit.ts';
import { clientPage, clientsPage } from './clients.ts';
import { type Desk, refusalOf, type Shown } from './desk.ts';
import { consolePage, type Notice } from './frame.ts';
import { grantsPage, keysPage } from './grants.ts';
import { healthPage, homePage, searchPage } from './home.ts';
import { submit } from './submit.ts';
import { userPage, usersPage } from './users.ts';

/** A page: null if what it is about is not there, a path to go to instead, or an answer that is no page. */
type Page = (desk: Desk) => Promise<Shown | Response | string | null>;

/** Every page by its path below the first one. */
const PAGES: { readonly [name: string]: Page } = {
  '': homePage,
  search: searchPage,
  users: usersPage,
  user: userPage,
  clients: clientsPage,
  client: clientPage,
  grants: grantsPage,
  keys: keysPage,
  audit: auditPage,
  'audit/export': auditExport,
  health: healthPage,
};

/** What the application passes to `adminApi`. */
export interface PageOptions {
  readonly permission: string;
  readonly languages: AdminLanguages;
}

/** Answers a request to a page. @param name of {@link PAGE_NAMES}. */
export async function adminPage(name: string, call: Call, { permission, languages }: PageOptions): Promise<Response> {
  const { as, request, url } = call;
  const isPost = request.method === 'POST';
  const [say, words] = textsFor(call, languages);
  let entered: Awaited<ReturnType<typeof enter>>;
  try {
    entered = await enter(call, permission, isPost, isPost ? undefined : isOpened(call));
  } catch (error) {
    return refused(call, error, say, words);
  }
  const { admin, session } = entered;
  const desk: Desk = {
    call,
    admin,
    words,
    say,
    base: as.settings.paths.admin ?? '',
    query: url.searchParams,
    mark: await accountMark(as, session),
    once: as.secrets.secret(as.place),
  };
  const result = isPost ? await submit(desk) : null;
  if (result instanceof Response) return result;
  if (result !== null && !('problem' in result)) return consolePage(desk, name, result);
  const shown = await showing(desk, name);
  if (typeof shown === 'string') return redirectTo(shown);
  if (shown instanceof Response) return shown;
  const refusal = result ?? shown.refused;
  const notice = refusal ? { text: refusal.problem, isProblem: true } : noticeFor(desk);
  const response = consolePage(desk, name, shown, notice, refusal?.status);
  if (cookieOf(call, 'said') !== undefined) response.headers.append('set-cookie', setCookie(as, 'said', '', 0));
  return response;
}

/** The page, or why there is none. */
async function showing(desk: Desk, name: string): Promise<Shown | Response | string> {
  const { say } = desk;
  try {
    return (await PAGES[name]?.(desk)) ?? { title: say.title, body: '', refused: { problem: say.nothing, status: 404 } };
  } catch (error) {
    return { title: say.title, body: '', refused: refusalOf(desk, error) };
  }
}

/** The names of all pages. */
export const PAGE_NAMES: readonly string[] = Object.keys(PAGES);

/** The texts of one language: that of the visitor if both the pages and the console have it, else English. */
export function textsFor({ words, as }: Call, languages: AdminLanguages): readonly [AdminWords, Words] {
  const say = adminWordsOf(languages, words.lang);
  return say === null ? [EN, as.settings.languages.of('en')] : [say, words];
}

/** A page may be opened from anywhere, by a link or an address; nothing else of another site gets it. */
function isOpened(call: Call): boolean {
  const { headers } = call.request;
  return isSameOrigin(call, false) || headers.get('sec-fetch-site') === 'none' || headers.get('sec-fetch-mode') === 'navigate';
}

/** The way to sign in, for those who may then come in. */
function refused(call: Call, error: unknown, say: AdminWords, words: Words): Response {
  const { as, url, request } = call;
  const reason = error instanceof OAuthError ? error.reason : '';
  const path = ownPath(url.pathname + url.search, as.settings.origin) ?? as.settings.paths.admin ?? '';
  if (reason === 'admin_session_missing') return redirectTo(signInUrl(as, path));
  if (reason === 'admin_sign_in_old') {
    const mark = request.method === 'POST' ? `${path.includes('?') ? '&' : '?'}repeat=1` : '';
    return signInAgain(as, path.includes('repeat=1') ? path : path + mark);
  }
  if (reason !== 'admin_permission_missing') throw error;
  as.emit({ kind: 'request.refused', endpoint: 'admin', code: 'access_denied', reason });
  return messagePage({ words, title: say.title, message: say.forbidden, status: 403, brand: as.settings.brand, mark: 'alert' });
}

/** What the last form did, or that it has to be sent again after signing in. */
function noticeFor({ call, say, query }: Desk): Notice | undefined {
  const said = cookieOf(call, 'said')?.match(/^(\d*)\.(more)?$/);
  if (!said) return query.has('repeat') ? { text: say.again, isProblem: false } : undefined;
  const [, count, more] = said;
  const text = count === '' || count === undefined ? say.done : fill(say.doneCount, count);
  return { text: more ? `${text} ${say.goOn}` : text, isProblem: false };
}

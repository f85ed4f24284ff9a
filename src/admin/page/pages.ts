/**
 * The console of administrators: everything that the administration API does, in a browser, without a script. The same gate, acts and audit;
 * who is not signed in, or not recently, signs in and comes back.
 */
import { findClientStatus, newClientsOf } from '../../core/records/client-status.ts';
import { singleUse } from '../../core/records/one-time.ts';
import { type Call, readForm } from '../../endpoints/endpoint.ts';
import { cookieOf, isSameOrigin, redirectTo, setCookie } from '../../endpoints/sign-in/browser-context.ts';
import { accountMark, signInAgain, signInUrl } from '../../endpoints/sign-in/session.ts';
import { equalTexts } from '../../lib/bytes.ts';
import { html } from '../../lib/html.ts';
import { ownPath } from '../../lib/url.ts';
import { lookOf, statusOf } from '../../model/client-policy.ts';
import { OAuthError } from '../../model/error.ts';
import type { Params } from '../../model/params.ts';
import { madeKeyBody } from '../../pages/access-keys.ts';
import { messagePage } from '../../pages/message.ts';
import type { Words } from '../../words/words.ts';
import { ACTS, enter, runAct } from '../run.ts';
import { type AdminLanguages, type AdminWords, adminWordsOf, EN, fill } from '../words/en.ts';
import { auditExport, auditPage } from './audit.ts';
import { seenAs } from '../server.ts';
import { clientPage, clientsPage, modeState, seenOf } from './clients.ts';
import { type Desk, facts, hereWith, refusalOf, type Refused, type Shown, urlOf } from './desk.ts';
import { consolePage, type Notice } from './frame.ts';
import { grantsPage, type InspectedToken, keysPage, tokenBody } from './grants.ts';
import { healthPage, homePage, searchPage } from './home.ts';
import { showUser, userPage, usersPage, userState } from './users.ts';

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

type Result = { readonly [name: string]: unknown };

/** Members that are lists. */
const LISTS = new Set(['permissions', 'redirectUris', 'scope']);
/** Acts whose lists may be empty; of others an empty one is left out. */
const MAY_BE_EMPTY = new Set(['users/set-permissions', 'keys/create']);
/** Pages of grants that one press ends. */
const MAX_PAGES = 20;
/** How long a form is remembered that was sent, and the word after it. */
const [ONCE_TTL, SAID_TTL] = [86_400, 60];

/**
 * Does what a form says, one act as the API does: a redirect, a page with what is shown only once, or why nothing was done. A form of another
 * administrator's page, of a state that has changed since, or one that was sent before, changes nothing and says so.
 */
async function submit(desk: Desk): Promise<Response | Shown | Refused> {
  const { say, call, mark } = desk;
  const form = await readForm(call.request);
  const act = form.required('act');
  if (!Object.hasOwn(ACTS, act) || ACTS[act]?.method !== 'POST') throw new OAuthError('invalid_request', 'decision_unknown');
  if (!equalTexts(form.required('account'), mark)) return { problem: say.again, status: 409 };
  const [seen, input, once] = [form.optional('seen'), inputOf(act, form), form.optional('once')];
  let asSeen: string | undefined;
  if (seen !== undefined) {
    const state = await stateFor(desk, act, form);
    const now = state.text;
    asSeen = state.asSeen;
    const [was = '', is = ''] = [seen, now].map((text) => text.split(' · ', 1)[0]);
    if (now !== seen) return { problem: was === is ? fill(say.changed, seen, now) : fill(say.changed, was, is), status: 409 };
  }
  const use = once === undefined ? null : await singleUse(call.as, ['admin form', mark], once, call.as.now() + ONCE_TTL);
  if (use && !(await use.spend())) return { problem: say.twice, status: 409 };
  try {
    const more = asSeen !== undefined && ACTS[act]?.takes.includes('asSeen') ? { asSeen } : {};
    return await done(desk, act, form, await run(desk, act, { ...input, ...more }));
  } catch (error) {
    await use?.giveBack();
    return refusalOf(desk, error);
  }
}

/** The fields of a form as the act takes them; a field that it does not take is not read. */
function inputOf(act: string, form: Params): Result {
  const takes = ACTS[act]?.takes ?? [];
  const isList = (name: string): boolean => LISTS.has(name) && act !== 'grants/revoke-all';
  const entries = takes.flatMap((name): [string, unknown][] => {
    if (isList(name)) {
      const list = form.all(name).flatMap((text) => text.split(/[\s,]+/).filter((one) => one !== ''));
      return list.length > 0 || MAY_BE_EMPTY.has(act) ? [[name, list]] : [];
    }
    const value = form.optional(name);
    if (value === undefined) return [];
    return [[name, name === 'organization' && act === 'keys/create' ? { id: value, name: value } : value]];
  });
  return Object.fromEntries(entries);
}

/** The state now of what an act is about, in the words of its page; of a client also as the act itself compares it, so that nothing changes in between. */
async function stateFor(desk: Desk, act: string, form: Params): Promise<{ readonly text: string; readonly asSeen?: string }> {
  const { as } = desk.call;
  const { clientPolicy } = as.settings;
  if (act === 'clients/set-new') return { text: clientPolicy === null ? '' : modeState(desk, await newClientsOf(as, clientPolicy)) };
  const id = form.required('id');
  return act.startsWith('users/') ? { text: userState(desk, await showUser(desk, id)) } : clientSeen(desk, id);
}

async function clientSeen(desk: Desk, id: string): Promise<{ readonly text: string; readonly asSeen: string }> {
  const [client, decided] = [await desk.admin.helpers.clients.find(id), await findClientStatus(desk.call.as, id)];
  const [status, look] = [statusOf(decided, client), client ? lookOf(client) : (decided ?? {})];
  return { text: seenOf(desk, id, status, look), asSeen: seenAs(id, status ?? 'new', look) };
}

/** Runs the act; one that goes a page at a time goes on for a while. */
async function run({ admin }: Desk, act: string, input: Result): Promise<Result> {
  if (act !== 'grants/revoke-all') return (await runAct(admin, act, input)) as Result;
  let [ended, after]: [number, unknown] = [0, input['after']];
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const page = (await runAct(admin, act, after === undefined ? input : { ...input, after })) as Result;
    [ended, after] = [ended + Number(page['ended']), page['next']];
    if (after === undefined) break;
  }
  return { ended, next: after };
}

/** What comes after the act. */
async function done(desk: Desk, act: string, form: Params, result: Result): Promise<Response | Shown> {
  const { say, words, call } = desk;
  if (act === 'keys/create') {
    const { key, info } = result as { key: string; info: { resource: string } };
    const url = call.as.settings.resources.find(({ uri }) => uri === info.resource)?.uri ?? call.as.settings.issuer;
    const texts = { ...words, accessKey: { ...words.accessKey, madeWhy: say.secretOnce } };
    return { title: words.accessKey.made, body: madeKeyBody({ key, name: form.required('name'), url, back: urlOf(desk, 'keys') }, texts) };
  }
  if (act === 'tokens/inspect') return { title: say.inspect, body: await tokenBody(desk, result as unknown as InspectedToken) };
  if (act === 'clients/create') {
    const { client, secret } = result as { client: { id: string }; secret?: string };
    const body = html`<p class="lead">${say.secretOnce}</p>
      ${facts([
        ['client_id', html`<code>${client.id}</code>`],
        ['client_secret', secret !== undefined && html`<code>${secret}</code>`],
      ])}
      <div class="actions"><a class="button main" href="${urlOf(desk, 'client', { id: client.id })}">${words.accessKey.kept}</a></div>`;
    return { title: say.newApp, body };
  }
  const { ended, removed, next, user } = result as { ended?: number; removed?: number; next?: string; user?: { id?: string } };
  const to =
    act === 'users/create'
      ? urlOf(desk, 'user', { id: user?.id })
      : act === 'clients/delete'
        ? urlOf(desk, 'clients')
        : hereWith(desk, { after: next ?? (act === 'grants/revoke-all' ? undefined : (desk.query.get('after') ?? undefined)) });
  return redirectTo(to, [setCookie(call.as, 'said', [ended ?? removed ?? '', next === undefined ? '' : 'more'].join('.'), SAID_TTL)]);
}

/**
 * Forms of the console: each runs one act, as the API does. A form of another administrator's page, of a state that has changed since, or one
 * that was sent before, changes nothing and says so.
 */
import { findClientStatus, newClientsOf } from '../../core/records/client-status.ts';
import { singleUse } from '../../core/records/one-time.ts';
import { readForm } from '../../endpoints/endpoint.ts';
import { redirectTo, setCookie } from '../../endpoints/sign-in/browser-context.ts';
import { equalTexts } from '../../lib/bytes.ts';
import { html } from '../../lib/html.ts';
import { OAuthError } from '../../model/error.ts';
import { lookOf, statusOf } from '../../model/client-policy.ts';
import type { Params } from '../../model/params.ts';
import { madeKeyBody } from '../../pages/access-keys.ts';
import { ACTS, runAct } from '../run.ts';
import { fill } from '../words/en.ts';
import { modeState, seenOf } from './clients.ts';
import { type InspectedToken, tokenBody } from './grants.ts';
import { type Desk, facts, hereWith, refusalOf, type Refused, type Shown, urlOf } from './desk.ts';
import { showUser, userState } from './users.ts';

type Result = { readonly [name: string]: unknown };

/** Members that are lists. */
const LISTS = new Set(['permissions', 'redirectUris', 'scope']);
/** Acts whose lists may be empty; of others an empty one is left out. */
const MAY_BE_EMPTY = new Set(['users/set-permissions', 'keys/create']);
/** Pages of grants that one press ends. */
const MAX_PAGES = 20;
/** How long a form is remembered that was sent, and the word after it. */
const [ONCE_TTL, SAID_TTL] = [86_400, 60];

/** Does what a form says: a redirect, a page with what is shown only once, or why nothing was done. */
export async function submit(desk: Desk): Promise<Response | Shown | Refused> {
  const { say, call, mark } = desk;
  const form = await readForm(call.request);
  const act = form.required('act');
  if (!Object.hasOwn(ACTS, act) || ACTS[act]?.method !== 'POST') throw new OAuthError('invalid_request', 'decision_unknown');
  if (!equalTexts(form.required('account'), mark)) return { problem: say.again, status: 409 };
  const [seen, input, once] = [form.optional('seen'), inputOf(act, form), form.optional('once')];
  if (seen !== undefined) {
    const now = await stateFor(desk, act, form);
    const [was = '', is = ''] = [seen, now].map((text) => text.split(' · ', 1)[0]);
    if (now !== seen) return { problem: was === is ? fill(say.changed, seen, now) : fill(say.changed, was, is), status: 409 };
  }
  const use = once === undefined ? null : await singleUse(call.as, ['admin form', mark], once, call.as.now() + ONCE_TTL);
  if (use && !(await use.spend())) return { problem: say.twice, status: 409 };
  try {
    return await done(desk, act, form, await run(desk, act, input));
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

/** The state now of what an act is about, in the words of its page. */
async function stateFor(desk: Desk, act: string, form: Params): Promise<string> {
  const { as } = desk.call;
  const { clientPolicy } = as.settings;
  if (act === 'clients/set-new') return clientPolicy === null ? '' : modeState(desk, await newClientsOf(as, clientPolicy));
  const id = form.required('id');
  return act.startsWith('users/') ? userState(desk, await showUser(desk, id)) : clientSeen(desk, id);
}

async function clientSeen(desk: Desk, id: string): Promise<string> {
  const [client, decided] = [await desk.admin.helpers.clients.find(id), await findClientStatus(desk.call.as, id)];
  return seenOf(desk, id, statusOf(decided, client), client ? lookOf(client) : (decided ?? {}));
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

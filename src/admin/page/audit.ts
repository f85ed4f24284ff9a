/** Page of the audit: what administrators changed; with the option `audit`, all that happened. And the same as a file of JSON lines. */
import type { AuditVerdict } from '../../core/audit/read.ts';
import { field, html, type Html, type HtmlValue } from '../../lib/html.ts';
import { whileAdmin } from '../run.ts';
import { badge, day, type Desk, entry, hereWith, param, read, type Shown, table, urlOf, userIdFor, userNames } from './desk.ts';

/** An entry: of a change, or of an event that was kept. */
type Entry = { readonly at: number; readonly [member: string]: unknown };
interface Page {
  readonly entries: readonly Entry[];
  readonly next?: string | number;
}

/** Pages of changes that one page looks through, and the entries that it shows. */
const [MAX_LOOKED, MAX_SHOWN] = [25, 200];
const HEADERS = {
  'content-type': 'application/jsonl; charset=utf-8',
  'content-disposition': 'attachment; filename="audit.jsonl"',
  'cache-control': 'no-store, private',
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
};

type Filter = { readonly [name in 'act' | 'kind' | 'by' | 'target' | 'since' | 'until']?: string | undefined };

async function filterOf(desk: Desk): Promise<Filter> {
  const by = param(desk, 'by');
  const until = timeOf(desk, 'until');
  const what = param(desk, 'act');
  return {
    [what?.includes('.') ? 'kind' : 'act']: what, // `login.failed` is a kind of event, `users/disable` an act
    by: by && (await userIdFor(desk, by)),
    target: param(desk, 'target'),
    since: timeOf(desk, 'from')?.toString(),
    until: until === undefined ? undefined : String(until + 86_399),
  };
}

/** The beginning of a day in UTC. */
function timeOf(desk: Desk, name: string): number | undefined {
  const time = Date.parse(`${param(desk, name)}T00:00Z`);
  return Number.isNaN(time) ? undefined : time / 1000;
}

/** The entries, newest first. */
export async function auditPage(desk: Desk): Promise<Shown> {
  const { say, query } = desk;
  const filter = await filterOf(desk);
  const isLog = desk.call.as.settings.audit !== null;
  const { entries, next } = isLog
    ? await read<Page>(desk, 'audit/entries', { ...filter, before: param(desk, 'after') })
    : await changes(desk, filter);
  const nameOf = await userNames(desk, entries.flatMap((one) => textsOf(one, 'by', 'userId').slice(0, 1))); // prettier-ignore
  const input = (name: string, label: HtmlValue): Html => field(name, label, 'off', { value: param(desk, name), required: false });
  const date = (name: string, label: HtmlValue): Html =>
    html`<div class="field">
      <label for="field-${name}">${label}</label><input id="field-${name}" name="${name}" type="date" value="${param(desk, name)}" />
    </div>`;
  const body = html`<form class="filter" method="get" action="${urlOf(desk, 'audit')}">
      ${input('act', say.actions)} ${input('by', say.by)} ${input('target', say.target)} ${date('from', say.from)}
      ${date('until', say.until)}
      <button>${say.apply}</button>
      <a class="button" href="${urlOf(desk, 'audit/export', Object.fromEntries(query))}" download>${say.exportAll}</a>
    </form>
    ${isLog && (await logCheck(desk))}
    ${table(
      desk,
      [say.time, say.actions, say.by, { wide: say.target }, say.outcome],
      entries.map((one) => rowOf(desk, one, nameOf)),
    )}
    ${next !== undefined && html`<p class="more"><a class="button" href="${hereWith(desk, { after: String(next), verify: undefined })}">${say.more}</a></p>`}`;
  return { title: say.audit, body };
}

function rowOf(desk: Desk, one: Entry, nameOf: (id: string) => string): HtmlValue[] {
  const [[by], [target], [outcome]] = [
    textsOf(one, 'by', 'userId'),
    textsOf(one, 'target', 'clientId', 'grantId'),
    textsOf(one, 'outcome', 'reason'),
  ];
  return [
    day(one.at, desk, 'short'),
    html`<code>${textsOf(one, 'act', 'kind')[0]}</code>`,
    by !== undefined && (by.includes(':') ? html`<code>${by}</code>` : entry(urlOf(desk, 'user', { id: by }), nameOf(by))),
    target !== undefined && html`<a href="${urlOf(desk, 'search', { q: target })}"><code>${target}</code></a>`,
    outcome !== undefined && badge(outcome, outcome === 'done' ? 'good' : 'bad'),
  ];
}

/** The members of these names that are there. */
function textsOf(one: Entry, ...names: readonly string[]): readonly string[] {
  return names.map((name) => one[name]).filter((value) => typeof value === 'string');
}

/** Changes of administrators, newest first, as far as one page looks. */
async function changes(desk: Desk, filter: Filter): Promise<Page> {
  let [found, next]: [Entry[], string | undefined] = [[], param(desk, 'after')];
  for (let pages = 0; pages < MAX_LOOKED; pages++) {
    const page: Page = await read<Page>(desk, 'audit', { after: next });
    found = [...found, ...page.entries.filter((one) => isWanted(one, filter))].slice(-MAX_SHOWN);
    next = page.next?.toString();
    if (next === undefined) break;
  }
  return { entries: found.toReversed(), ...(next === undefined ? {} : { next }) };
}

function isWanted(one: Entry, { act, kind, by, target, since = '0', until = 'Infinity' }: Filter): boolean {
  const isEqual = (name: string, wanted: string | undefined): boolean => wanted === undefined || one[name] === wanted;
  return (
    isEqual('act', act) &&
    isEqual('kind', kind) &&
    isEqual('by', by) &&
    isEqual('target', target) &&
    one.at >= Number(since) &&
    one.at <= Number(until)
  );
}

/** All entries that match, oldest first, as JSON lines. */
export async function auditExport(desk: Desk): Promise<Response> {
  const filter = await filterOf(desk);
  const lines = desk.call.as.settings.audit === null ? changeLines(desk, filter) : logLines(desk, filter);
  const first = await lines.next(); // an error of the first page is a page
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await lines.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value));
    },
    start(controller) {
      if (!first.done) controller.enqueue(encoder.encode(first.value));
    },
  });
  return new Response(whileAdmin(desk.call, desk.admin, body), { headers: HEADERS });
}

async function* changeLines(desk: Desk, filter: Filter): AsyncGenerator<string> {
  let after: string | undefined;
  do {
    const page: Page = await read<Page>(desk, 'audit', { after });
    yield page.entries.flatMap((one) => (isWanted(one, filter) ? [`${JSON.stringify(one)}\n`] : [])).join('');
    after = page.next?.toString();
  } while (after !== undefined);
}

/** The act ends a long export with where to go on: goes on. */
async function* logLines(desk: Desk, filter: Filter): AsyncGenerator<string> {
  let after: string | undefined;
  do {
    const text = await new Response(await read<ReadableStream>(desk, 'audit/export', { ...filter, after })).text();
    after = /\{"next":(\d+)\}\n$/.exec(text)?.[1];
    yield after === undefined ? text : text.replace(/\{"next":\d+\}\n$/, '');
  } while (after !== undefined);
}

/** The way to check the chain of the log, or what was found in as many blocks as one request reads, and the way on. */
async function logCheck(desk: Desk): Promise<Html> {
  const { say } = desk;
  const link = (text: string, params: Readonly<Record<string, string | undefined>>): Html =>
    html`<p class="more"><a class="button" href="${hereWith(desk, params)}">${text}</a></p>`;
  if (param(desk, 'verify') === undefined) return link(say.verify, { verify: '1' });
  const [fromBlock, fromHash] = [param(desk, 'block'), param(desk, 'hash')];
  const { problems, head, next } = await read<AuditVerdict>(desk, 'audit/verify', { fromBlock, fromHash });
  const list = problems.map(({ block, what }) => `${block} ${what}`).join(', ');
  const isPart = fromBlock !== undefined || next !== undefined;
  return html`<div class="facts">
      ${isPart && html`<code>${fromBlock ?? head.block} … ${(next?.block ?? 0) + 1}</code>`}
      ${problems.length === 0 ? badge(say.intact, 'good') : html`<span>${badge(say.tampered, 'bad')} <code>${list}</code></span>`}
    </div>
    ${next && link(say.more, { block: String(next.block), hash: next.hash })}`;
}

/** First page of the console, its search, and health. */
import type { Health } from '../../core/monitoring.ts';
import { html, type Html } from '../../lib/html.ts';
import { formatter } from '../../words/words.ts';
import type { ClientPolicy } from '../../model/client-policy.ts';
import type { ClientInfo } from '../../model/client.ts';
import type { ClientDecision } from '../../provider/clients.ts';
import { clientTable, STATUSES } from './clients.ts';
import { actForm, badge, type Desk, facts, param, part, read, type Shown, table, tabs, urlOf } from './desk.ts';
import { grantTable } from './grants.ts';
import { findUsers, outsideTable, userTable } from './users.ts';

/** Days of the charts. */
const DAYS = ['7', '30', '90'];
/** Pages of a list that are looked through for the name of a client. */
const MAX_LOOKED = 20;

/** What waits, and what happened. */
export async function homePage(desk: Desk): Promise<Shown> {
  const { say, words } = desk;
  const { policy } = await read<{ policy: ClientPolicy | null }>(desk, 'clients/policy');
  const waiting = policy && (await read<{ clients: readonly ClientDecision[] }>(desk, 'clients/by-status', { status: 'waiting' })).clients;
  const days = DAYS.find((one) => one === param(desk, 'days')) ?? '30';
  const measures = await read<Measures>(desk, 'measures', { days });
  const count = formatter(Intl.NumberFormat, words.lang, { style: 'unit', unit: 'day', unitDisplay: 'long' });
  const body = html`${
    waiting &&
    part(
      say.waitingApps,
      clientTable(desk, waiting.slice(0, 5), policy),
      waiting.length > 5 && html`<a href="${urlOf(desk, 'clients', { status: 'waiting' })}">${say.more}</a>`,
    )
  }
  ${part(
    say.activity,
    charts(desk, measures),
    tabs(
      say.activity,
      DAYS.map((one) => ({ href: urlOf(desk, '', { days: one }), text: count.format(Number(one)), here: one === days })),
    ),
  )}`;
  return { title: say.overview, body };
}

/** Finds users, clients and grants; of one match shows that. */
export async function searchPage(desk: Desk): Promise<Shown | string> {
  const { say, admin } = desk;
  const q = param(desk, 'q')?.trim().slice(0, 1000) ?? '';
  const { users, identities } = q === '' ? { users: [], identities: [] } : await findUsers(desk, q);
  const clients = q === '' ? [] : await findClients(desk, q);
  const grant = q === '' ? null : await admin.helpers.findGrant(q);
  const others = identities.filter((one) => !users.some(({ id }) => id === one.userId));
  const [user, client] = [users[0]?.id ?? others[0]?.userId, clients[0]];
  const clientId = client && ('clientId' in client ? client.clientId : client.id);
  if (users.length + others.length + clients.length + (grant ? 1 : 0) === 1 && !grant)
    return user === undefined ? urlOf(desk, 'client', { id: clientId }) : urlOf(desk, 'user', { id: user });
  const body = html`${users.length > 0 && part(say.users, userTable(desk, users))}
  ${others.length > 0 && part(say.outside, outsideTable(desk, others))}
  ${clients.length > 0 && part(say.apps, clientTable(desk, clients, null))}
  ${grant && part(say.grants, await grantTable(desk, { grants: [grant] }, 'both'))}
  ${users.length + others.length + clients.length === 0 && !grant && html`<p class="none">${say.nothing}</p>`}`;
  return { title: say.search, body };
}

/** Clients with that id, or with that in their name: configured, registered, and those that were decided about. */
async function findClients(desk: Desk, q: string): Promise<readonly (ClientInfo | ClientDecision)[]> {
  const { helpers, as } = desk.admin;
  const found = new Map<string, ClientInfo | ClientDecision>();
  const exact = await helpers.clients.find(q);
  if (exact) return [exact];
  const add = (id: string, one: ClientInfo | ClientDecision | null): void => {
    if (one?.name?.toLowerCase().includes(q.toLowerCase()) && !found.has(id)) found.set(id, one);
  };
  const look = async (
    list: (after?: string) => Promise<{ clients: readonly (ClientInfo | ClientDecision)[]; next?: string }>,
  ): Promise<void> => {
    let after: string | undefined;
    for (let pages = 0; pages < MAX_LOOKED; pages++) {
      const page = await list(after);
      for (const one of page.clients) add('clientId' in one ? one.clientId : one.id, one);
      after = page.next;
      if (after === undefined) break;
    }
  };
  for (const id of as.settings.clients.keys()) add(id, await helpers.clients.find(id));
  await look((after) => helpers.clients.list(after));
  if (as.settings.clientPolicy !== null) for (const status of STATUSES) await look((after) => helpers.clients.listByStatus(status, after));
  return [...found.values()].slice(0, 50);
}

/** Whether the server can work. */
export async function healthPage(desk: Desk): Promise<Shown> {
  const { say } = desk;
  const { ok, reason, region } = await read<Health>(desk, 'health');
  const { issuer, tenant, resources } = desk.call.as.settings;
  const body = html`${facts([
      [say.status, ok ? badge('OK', 'good') : badge(html`<code>${reason}</code>`, 'bad')],
      ['Issuer', html`<code>${issuer}</code>`],
      ['Tenant', tenant !== null && html`<code>${tenant}</code>`],
      ['MCP', resources.map(({ uri }) => html`<code>${uri}</code> `)],
      ['Region', region],
    ])}
    <div class="acts">${actForm(desk, 'sweep', say.sweep)}</div>`;
  return { title: say.health, body };
}

/** What the act `measures` answers. */
interface Measures {
  /** Oldest first: 2026-11-29. */
  readonly days: readonly string[];
  readonly counts: { readonly [measure: string]: readonly number[] };
}

/** In the order in which they are shown, as the texts have them. */
const MEASURES = ['activeGrants', 'signIns', 'failedSignIns', 'grantsOpened', 'grantsEnded', 'refreshes', 'calls', 'denials', 'replays', 'refusals', 'errors']; // prettier-ignore
/** Of which one is too many. */
const ALARMING = new Set(['failedSignIns', 'replays', 'errors']);
const [WIDTH, HEIGHT] = [300, 56];

/** A chart for each measure, a bar for each day: drawn here, without a script. The same figures stand in a table. */
function charts(desk: Desk, { days, counts }: Measures): Html {
  const { say, words } = desk;
  const names = say.measures.split('|');
  const shown = MEASURES.map((measure, at) => ({ measure, name: names[at] ?? measure, counts: counts[measure] ?? [] }));
  const number = formatter(Intl.NumberFormat, words.lang, {});
  const dayOf = (text: string): string =>
    formatter(Intl.DateTimeFormat, words.lang, { month: 'short', day: 'numeric', timeZone: 'UTC' }).format(new Date(`${text}T00:00Z`));
  const rows = days.map((one, at) => [dayOf(one), ...shown.map((each) => number.format(each.counts[at] ?? 0))]).toReversed();
  return html`<ul class="charts">
      ${shown.map(({ measure, name, counts: list }) => {
        const sum = measure === 'activeGrants' ? (list.at(-1) ?? 0) : list.reduce((all, one) => all + one, 0); // of today: one grant counts on each of its days
        return html`<li class="${ALARMING.has(measure) && sum > 0 && 'bad'}">
          <span>${name}</span><b>${number.format(sum)}</b>${bars(list)}
        </li>`;
      })}
    </ul>
    <p class="axis" aria-hidden="true"><span>${dayOf(days[0] ?? '')}</span><span>${dayOf(days.at(-1) ?? '')}</span></p>
    <details>
      <summary>${say.asTable}</summary>
      <div class="scroll" tabindex="0" role="region" aria-label="${say.asTable}">
        ${table(desk, [say.time, ...shown.map(({ name }) => name)], rows)}
      </div>
    </details>`;
}

/** Hidden from screen readers, which get the sum beside it and the table. */
function bars(list: readonly number[]): Html {
  const most = Math.max(1, ...list);
  const step = WIDTH / Math.max(1, list.length);
  return html`<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" aria-hidden="true">
    ${list.map((count, at) => {
      const height = count === 0 ? 1 : Math.max(3, (count / most) * HEIGHT);
      return html`<rect
        class="${count === 0 && 'zero'}"
        x="${(at * step + step * 0.1).toFixed(1)}"
        y="${(HEIGHT - height).toFixed(1)}"
        width="${(step * 0.8).toFixed(1)}"
        height="${height.toFixed(1)}"
      />`;
    })}
  </svg>`;
}

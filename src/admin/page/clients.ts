/** Pages of clients: lists by what was decided about them, and one of them. On pages they are called apps. */
import { field, html, type Html, type HtmlValue } from '../../lib/html.ts';
import { findClientStatus } from '../../core/records/client-status.ts';
import { type ClientLook, type ClientPolicy, type ClientStatus, isOfHosts, lookOf, statusOf } from '../../model/client-policy.ts';
import type { ClientInfo } from '../../model/client.ts';
import type { ClientDecision } from '../../provider/clients.ts';
import { seenAs } from '../server.ts';
import { actForm, actionsColumn, badge, chips, choice, day, type Desk, entry, facts, moreLink, param, part, read, type Shown, table, tabs, urlOf, userNames } from './desk.ts'; // prettier-ignore
import { grantTable } from './grants.ts';

/** What can have been decided about a client. */
export const STATUSES: readonly ClientStatus[] = ['waiting', 'approved', 'blocked'];

interface Policy {
  readonly policy: ClientPolicy | null;
  readonly newClients: ClientPolicy['newClients'] | null;
}

/** The list: all that are registered, or those with a status. */
export async function clientsPage(desk: Desk): Promise<Shown> {
  const { say, words } = desk;
  const [after, status] = [param(desk, 'after'), param(desk, 'status')];
  const policy = await read<Policy>(desk, 'clients/policy');
  const list =
    status === undefined
      ? await read<{ clients: readonly ClientInfo[]; next?: string }>(desk, 'clients', { after })
      : await read<{ clients: readonly ClientDecision[]; next?: string }>(desk, 'clients/by-status', { status, after });
  const fields = html`${field('name', words.accessKey.name, 'off')} ${field('redirectUris', say.redirects, 'off', { required: false })}
  ${field('scope', say.scopes, 'off', { required: false })}`;
  const body = html`${
      policy.policy &&
      tabs(
        say.status,
        [undefined, ...STATUSES].map((one) => ({
          href: urlOf(desk, 'clients', { status: one }),
          text: one === undefined ? say.all : say[one],
          here: one === status,
        })),
      )
    }
    ${clientTable(desk, list.clients, policy.policy)} ${moreLink(desk, list.next)} ${newClients(desk, policy)}
    <details class="make">
      <summary>${say.newApp}</summary>
      ${actForm(desk, 'clients/create', say.newApp, { body: fields, look: 'main', isOnce: true })}
    </details>`;
  return { title: say.apps, body };
}

/** What happens to new clients, in words. */
export function modeState({ say }: Desk, mode: ClientPolicy['newClients']): string {
  return { allow: say.allow, approve: say.approveFirst, refuse: say.refuse }[mode];
}

function newClients(desk: Desk, { policy, newClients: mode }: Policy): Html | null {
  if (policy === null || mode === null) return null;
  const { say } = desk;
  const modes = [
    ['allow', say.allow],
    ['approve', say.approveFirst],
    ['refuse', say.refuse],
    ['configured', say.configured],
  ] as const;
  const body = choice('newClients', say.newApps, modes, mode);
  return html`<div class="line">${actForm(desk, 'clients/set-new', say.save, { body, seen: modeState(desk, mode) })}</div>`;
}

/** Clients in rows; those that wait with what an administrator decides about them. */
export function clientTable(desk: Desk, clients: readonly (ClientInfo | ClientDecision)[], policy: ClientPolicy | null): Html {
  const { say } = desk;
  const rows = clients.map((one): HtmlValue[] => {
    const isDecision = 'clientId' in one;
    const [id, look, at] = isDecision ? [one.clientId, one, one.at] : [one.id, lookOf(one), one.createdAt];
    const { name, hosts = [], also = [] } = look;
    const isVerified = !isDecision && policy !== null && isOfHosts(one, policy.verifiedHosts);
    return [
      html`${entry(urlOf(desk, 'client', { id }), name ?? id, [...hosts, ...also].join(', '))}${isVerified && badge(say.verified, 'good')}`,
      day(at, desk),
      isDecision && one.status === 'waiting'
        ? html`<div class="acts">
            ${(['approve', 'block'] as const).map((act) => decide(desk, { id, name }, seenOf(desk, id, one.status, look), act))}
          </div>`
        : isDecision && statusBadge(desk, one.status),
    ];
  });
  return table(desk, [say.app, { wide: say.created }, actionsColumn(desk)], rows);
}

/** The state of a client in words. */
export function clientState({ say }: Desk, status: ClientStatus | null): string {
  return status === null ? say.fresh : say[status];
}

/** The state and the look of a client, for forms: a decision is about what the page showed. */
export function seenOf(desk: Desk, id: string, status: ClientStatus | null, look: ClientLook): string {
  return seenAs(id, clientState(desk, status), look);
}

function statusBadge(desk: Desk, status: ClientStatus | null): Html {
  const looks = { approved: 'good', blocked: 'bad', waiting: 'warn' } as const;
  return badge(clientState(desk, status), status !== null && looks[status]);
}

function decide(
  desk: Desk,
  { id, name = id }: { readonly id: string; readonly name?: string | undefined },
  seen: string,
  decision: 'approve' | 'block',
): Html {
  const { say, words } = desk;
  return decision === 'approve'
    ? actForm(desk, 'clients/approve', say.approve, { fields: { id }, seen, look: 'main' })
    : actForm(desk, 'clients/block', say.block, {
        fields: { id },
        seen,
        look: 'bad',
        why: words.account.sureApp(html`<bdi>${name}</bdi>`),
      });
}

/** One client. */
export async function clientPage(desk: Desk): Promise<Shown | null> {
  const { say, words, call, admin } = desk;
  const id = param(desk, 'id');
  if (id === undefined) return null;
  const { as } = call;
  const [client, decided] = [await admin.helpers.clients.find(id), await findClientStatus(as, id)];
  if (!client && !decided) return null;
  const { policy } = await read<Policy>(desk, 'clients/policy');
  const status = statusOf(decided, client);
  const look = client ? lookOf(client) : (decided ?? {});
  const { name, hosts = [], also = [] } = look;
  const [seen, asked] = [seenOf(desk, id, status, look), decided?.userId];
  const nameOf = await userNames(desk, asked === undefined ? [] : [asked]);
  const found = await read<Parameters<typeof grantTable>[1] & object>(desk, 'grants', { client: id });
  const isOurs = client !== null && client.documentHost === undefined && !as.settings.clients.has(id);
  const body = html`${facts([
      [say.id, html`<code>${id}</code>`],
      [say.hosts, hosts.length + also.length > 0 && chips([...hosts, ...also])],
      [say.redirects, client && client.redirectUris.length > 0 && chips(client.redirectUris)],
      [say.created, client && day(client.createdAt, desk)],
      [say.askedBy, asked !== undefined && entry(urlOf(desk, 'user', { id: asked }), nameOf(asked))],
    ])}
    <div class="acts">
      ${policy && status !== 'approved' && decide(desk, { id, name }, seen, 'approve')}
      ${policy && status !== 'blocked' && decide(desk, { id, name }, seen, 'block')}
      ${policy && decided && status !== 'waiting' && actForm(desk, 'clients/reset', say.reset, { fields: { id }, seen })}
      ${isOurs && actForm(desk, 'clients/delete', say.deleteApp, { fields: { id }, seen, why: say.sureForGood, look: 'bad' })}
    </div>
    ${part(say.grants, await grantTable(desk, found, 'user'), found.next !== undefined && html`<a href="${urlOf(desk, 'grants', { client: id })}">${say.more}</a>`)}`;
  const isVerified = client !== null && policy !== null && isOfHosts(client, policy.verifiedHosts);
  const beside = html`${policy && statusBadge(desk, status)} ${isVerified && badge(say.verified, 'good')}`;
  return { title: name ?? words.account.nameless, body, beside };
}

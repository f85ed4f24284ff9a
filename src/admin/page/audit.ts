/** Page of the audit: changes that administrators made. */
import { html } from '../../lib/html.ts';
import type { AuditRecord } from '../../model/admin.ts';
import { badge, day, type Desk, entry, moreLink, param, read, type Shown, table, urlOf, userNames } from './desk.ts';

/** The entries. */
export async function auditPage(desk: Desk): Promise<Shown> {
  const { say } = desk;
  const { entries, next } = await read<{ entries: readonly Omit<AuditRecord, 'v'>[]; next?: string }>(desk, 'audit', { after: param(desk, 'after') }); // prettier-ignore
  const nameOf = await userNames(desk, entries.map(({ by }) => by)); // prettier-ignore
  const body = html`${table(
    desk,
    [say.time, say.act, say.by, { wide: say.target }, say.outcome],
    entries
      .toReversed()
      .map(({ at, act, by, target, outcome }) => [
        day(at, desk, 'short'),
        html`<code>${act}</code>`,
        entry(urlOf(desk, 'user', { id: by }), nameOf(by)),
        target !== undefined && html`<a href="${urlOf(desk, 'search', { q: target })}"><code>${target}</code></a>`,
        outcome && badge(outcome, outcome === 'done' ? 'good' : 'bad'),
      ]),
  )}
  ${moreLink(desk, next)}`;
  return { title: say.audit, body };
}

/** The dashboard of the documentation asks for what the server tells: metrics, labels and kinds of events. */
import { describe, expect, it } from 'vitest';
import text from '../../docs/reference/grafana.json?raw';
import { countEvent, metricsText } from '../../src/core/monitoring.ts';
import type { Event } from '../../src/model/event.ts';
import type { EndReason } from '../../src/model/grant.ts';
import { memoryStore } from '../../src/stores/memory.ts';

interface Dashboard {
  readonly panels: readonly { readonly targets: readonly { readonly expr: string }[] }[];
  readonly templating: { readonly list: readonly { readonly query: string }[] };
}

const dashboard = JSON.parse(text) as Dashboard;
const queries = [
  ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
  ...dashboard.templating.list.map(({ query }) => query),
].filter((query) => query !== 'prometheus');

describe('docs/reference/grafana.json', () => {
  it('names metrics and labels that exist', () => {
    const as = { store: memoryStore(), settings: { tenant: null }, now: () => 1 };
    countEvent(as, { kind: 'request.refused', endpoint: 'e', code: 'c', reason: 'r' });
    const metrics = metricsText(as, true);
    expect(queries.length).toBeGreaterThan(12);
    for (const query of queries) {
      const [metric = ''] = /portcullis_\w+/.exec(query) ?? [];
      expect(metrics, query).toMatch(new RegExp(`^${metric}[ {]`, 'm'));
      const labels = [...query.matchAll(/(?:[{,])\s*(\w+)\s*=~?/g), ...query.matchAll(/by \(([^)]*)\)/g)].flatMap(([, names = '']) => names.split(', ')); // prettier-ignore
      for (const label of labels.filter((name) => name !== 'instance')) expect(metrics, query).toContain(`${label}="`); // Prometheus adds `instance`
    }
  });

  it('names kinds of events and reasons that exist', () => {
    const named = (label: string): Set<string> =>
      new Set(
        queries.flatMap((query) =>
          [...query.matchAll(new RegExp(`${label}=~?"([^"]+)"`, 'g'))].flatMap(([, names = '']) => names.split('|')),
        ),
      );
    const kinds: readonly Event['kind'][] = [
      'admin.acted',
      'call.allowed',
      'call.challenged',
      'call.denied',
      'client.approved',
      'client.blocked',
      'client.deleted',
      'client.registered',
      'client.waiting',
      'factor.changed',
      'grant.caught_up',
      'grant.ended',
      'grant.opened',
      'grant.redeemed',
      'grant.refreshed',
      'grant.repeated',
      'login.failed',
      'login.succeeded',
      'request.failed',
      'request.refused',
    ];
    const reasons: readonly EndReason[] = ['code_replayed', 'refresh_reused'];
    expect([named('kind'), named('reason')]).toEqual([new Set(kinds), new Set(reasons)]);
  });
});

/**
 * Counts of events in this process, in the text format that Prometheus reads. Nothing is counted without the option `monitoring.scrapeToken`.
 */
import type { NewEvent } from '../model/event.ts';
import type { Settings } from '../model/settings.ts';
import type { Seconds, Store } from '../model/store.ts';

/** What is counted for a server, by the labels of each series. */
interface Counters {
  readonly events: Map<string, number>;
  readonly since: Seconds;
}

/** What counting needs of a server. */
export interface Counted {
  readonly store: Store;
  readonly settings: Pick<Settings, 'tenant'>;
  now(): Seconds;
}

/** Reasons may come from other sites and from the application, so the number of series is bounded. */
const MAX_SERIES = 1000;
const MAX_LABEL = 100;

const counters = new WeakMap<Store, Counters>();

function countersOf(as: Counted): Counters {
  const found = counters.get(as.store) ?? { events: new Map(), since: as.now() };
  counters.set(as.store, found);
  return found;
}

/** Counts an event. */
export function countEvent(as: Counted, event: NewEvent): void {
  const { events } = countersOf(as);
  const of = (name: 'endpoint' | 'reason' | 'code'): string => (name in event ? String((event as never)[name] ?? '') : '');
  const series = labelsOf(as, { kind: event.kind, endpoint: of('endpoint'), code: of('code'), reason: of('reason') });
  const known = events.has(series) || events.size < MAX_SERIES ? series : labelsOf(as, { kind: event.kind, reason: 'other' });
  events.set(known, (events.get(known) ?? 0) + 1);
}

/** The metrics as text. @param isReady whether the store can be written and read. */
export function metricsText(as: Counted, isReady: boolean): string {
  const { events, since } = countersOf(as);
  const own = labelsOf(as, {});
  return [
    '# HELP portcullis_events_total Events of this process, by kind, endpoint, code and reason.',
    '# TYPE portcullis_events_total counter',
    ...[...events].map(([labels, count]) => `portcullis_events_total${labels} ${count}`),
    '# HELP portcullis_store_ready Whether the store can be written and read.',
    '# TYPE portcullis_store_ready gauge',
    `portcullis_store_ready${own} ${isReady ? 1 : 0}`,
    '# HELP portcullis_start_time_seconds When this process began to count.',
    '# TYPE portcullis_start_time_seconds gauge',
    `portcullis_start_time_seconds${own} ${since}`,
    '',
  ].join('\n');
}

function labelsOf({ settings: { tenant } }: Counted, labels: { readonly [name: string]: string }): string {
  const all = Object.entries({ ...labels, tenant: tenant ?? '' }).filter(([, value]) => value !== '');
  return all.length === 0 ? '' : `{${all.map(([name, value]) => `${name}="${escaped(value)}"`).join(',')}}`;
}

function escaped(value: string): string {
  return value.slice(0, MAX_LABEL).replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

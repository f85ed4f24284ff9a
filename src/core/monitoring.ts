/**
 * What monitoring reads of a server: its health, and counts of its events. A health check writes, reads and removes a record: a full disk can still be
 * read, and a read-only replica still answers, so a read alone proves nothing. Events of this process are counted with the option
 * `monitoring.scrapeToken` only, and told in the text format that Prometheus reads.
 */
import { isForm } from '../model/login.ts';
import { type Place, withPlace } from '../model/token.ts';
import { type Key, NothingDone, type Seconds, type Store } from '../model/store.ts';
import type { NewEvent } from '../model/event.ts';
import type { Settings } from '../model/settings.ts';

/** Why: the store did not answer in time; it reported that it did nothing, for example because it is full; it failed; it returned something else. */
export type Unhealthy = 'store_silent' | 'store_refused' | 'store_failed' | 'store_wrong';

/** Answer to a load balancer's probe. The cause of a failure goes to the `on` listener only. */
export interface Health {
  readonly ok: boolean;
  /** If not ok. */
  readonly reason?: Unhealthy;
  /** If not ok: how many parts of the store failed. */
  readonly failed?: { readonly parts: number; readonly of: number };
  /** Where the request for it came from, on Workers: the parts of the store there were looked at too. */
  readonly region?: Place;
}

/** What looking at the store needs of a server. */
export interface Watched {
  readonly store: Store;
  readonly settings: Pick<Settings, 'logins'>;
  readonly secrets: { id(): string };
  readonly place: Place | null;
  readonly emit: (event: NewEvent) => void;
  now(): Seconds;
}

/** Reads once at start-up. @throws {TypeError} if the store must not be used as configured, or a login's package is missing. A store that is down is no error here. */
export async function checkStore(as: Watched): Promise<void> {
  await Promise.all(as.settings.logins.filter(isForm).map(async (login) => login.load?.()));
  try {
    await as.store.read('check:layout');
  } catch (error) {
    if (error instanceof Error && error.cause instanceof TypeError) throw error.cause;
  }
}

/** Writes, reads and removes a record in each part of the store in the home region and where the request came from, or in one part. Never rejects. */
export async function checkHealth(as: Watched, everyPart = true): Promise<Health> {
  const { place, store } = as;
  const id = as.secrets.id();
  const spread = everyPart ? store.spread?.bind(store) : undefined;
  const home = spread?.((n) => `health:${id}-${n}`) ?? [`health:${id}` as const];
  const here = place !== null && store.placed ? (spread?.((n) => `health:${withPlace(numbered(id, n), place)}`) ?? []) : [];
  const keys = [...home, ...here];
  const reasons = await Promise.all(keys.map((key) => probe(as, key, id)));
  const [reason, ...more] = reasons.filter((one) => one !== null);
  const region = place === null ? {} : { region: place };
  return reason === undefined
    ? { ok: true, ...region }
    : { ok: false, reason, failed: { parts: 1 + more.length, of: keys.length }, ...region };
}

/** An id of the same length with a number in it. */
function numbered(id: string, n: number): string {
  return `${n}-${id}`.slice(0, id.length);
}

async function probe(as: Watched, key: Key, id: string): Promise<Unhealthy | null> {
  try {
    const written = await as.store.write(key, id, 'absent', { until: as.now() + 60 });
    const read = await as.store.read(key);
    const removed = await as.store.remove(key);
    if (written !== null && read?.value === id && removed) return null;
    as.emit({
      kind: 'request.failed',
      endpoint: 'health',
      requestId: id,
      error: new Error('The store does not give back what was written to it.'),
    });
    return 'store_wrong';
  } catch (error) {
    as.emit({ kind: 'request.failed', endpoint: 'health', requestId: id, error });
    const { cause } = error as { cause?: unknown };
    if (cause instanceof NothingDone) return 'store_refused';
    return cause instanceof Error && /^The store (did not answer|hangs)/.test(cause.message) ? 'store_silent' : 'store_failed';
  }
}

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

/**
 * Measures: how often things happened, by UTC day for 90 days and by hour for the last two, in one record of the store. Counts are added in
 * memory and written together some seconds later, so no response waits for them. Those of the last seconds are lost if the process is killed,
 * and counted twice if the response to a write was lost.
 */
import type { AuthServer } from '../core/auth-server.ts';
import { changeRecord, has, readRecord, versioned } from '../model/record.ts';
import type { NewEvent } from '../model/event.ts';
import type { Key, Seconds, Store } from '../model/store.ts';
import { crc32 } from '../model/token.ts';

const KEY: Key = 'measures:all';
const DAY: Seconds = 86_400;
const MAX_DAYS = 90;
const MAX_HOURS = 48;
const FLUSH_MS = 5000;
/** A flush that has not begun after this time was cancelled with its request. */
const CANCELLED: Seconds = 30;

/** What is counted, in the order of the stored numbers: append only. */
const MEASURES = [
  'signIns',
  'failedSignIns',
  'grantsOpened',
  'grantsEnded',
  'refreshes',
  'denials',
  'replays',
  'refusals',
  'errors',
  'calls',
  'activeGrants',
] as const;
const ACTIVE = MEASURES.indexOf('activeGrants');
/** What is counted by hour, too. */
const BY_HOUR = MEASURES.slice(0, ACTIVE);
type Measure = (typeof MEASURES)[number];

/** Events of a grant that is in use. */
const USED = /^(?:grant\.(?:opened|redeemed|refreshed|repeated)|call\.allowed)$/;

/** By the start of a day or an hour, in UTC: `2026-11-29`, `2026-11-29T21`. */
type Counts = { readonly [start: string]: readonly number[] };
/** `active`: sketches of the grants that were in use, of the last two days. */
type MeasuresRecord = {
  readonly v: 1;
  readonly days: Counts;
  readonly hours: Counts;
  readonly active?: { readonly [day: string]: string };
};

/** Counts of one server. */
export interface Measures {
  note(event: NewEvent): void;
  /** The last days, today included, oldest first. Writes what this process has not written yet. */
  read(days: number): Promise<MeasuresAnswer>;
}

/** Each list of numbers has one for each day or hour. */
interface MeasuresAnswer {
  readonly days: readonly string[];
  readonly counts: { readonly [measure: string]: readonly number[] };
  readonly hours: readonly string[];
  readonly hourCounts: { readonly [measure: string]: readonly number[] };
}

const known = new WeakMap<Store, Measures>();

/** The measures of a server, the same for all copies of it. */
export function measuresOf(as: AuthServer): Measures {
  const found = known.get(as.store) ?? makeMeasures(as);
  known.set(as.store, found);
  return found;
}

function makeMeasures(as: AuthServer): Measures {
  let pending = new Map<string, number[]>();
  let active = new Map<string, Sketch>();
  let waitingSince: Seconds | null = null;
  const add = (hour: string, more: readonly number[]): void => void pending.set(hour, sum(pending.get(hour), more));
  const flush = async (): Promise<void> => {
    if (pending.size === 0) return;
    const [taken, used] = [pending, active];
    [pending, active] = [new Map(), new Map()];
    const now = as.now();
    try {
      await changeRecord(as, KEY, isMeasures, (old) => ({
        write: merged(old, taken, used, now),
        until: now + MAX_DAYS * DAY,
        result: undefined,
      }));
    } catch {
      const first = startOf('hour', now - MAX_HOURS * 3600);
      for (const [hour, counts] of taken) if (hour > first) add(hour, counts); // written when the store works again
      for (const [day, sketch] of used) active.set(day, joined(sketch, active.get(day) ?? emptySketch()));
    }
  };
  const flushLater = async (): Promise<void> => {
    await (as.runtime.pause ? as.runtime.pause(FLUSH_MS) : quietly(FLUSH_MS));
    waitingSince = null;
    await flush();
  };
  return {
    note(event) {
      const measures = measuresIn(event);
      const grantId = USED.test(event.kind) && 'grantId' in event ? event.grantId : undefined;
      if (measures.length === 0 && grantId === undefined) return;
      const now = as.now();
      if (grantId !== undefined) {
        const day = startOf('day', now);
        const sketch = active.get(day) ?? emptySketch();
        active.set(day, sketch);
        noteId(sketch, grantId);
      }
      add(startOf('hour', now), MEASURES.map((one) => (measures.includes(one) ? 1 : 0))); // prettier-ignore
      if (waitingSince !== null && now - waitingSince < CANCELLED) return;
      waitingSince = now;
      as.runtime.waitUntil?.(flushLater());
      if (!as.runtime.waitUntil) void flushLater();
    },
    async read(days) {
      await flush();
      const stored = (await readRecord(as.store, KEY, isMeasures))?.value;
      const now = as.now();
      const [byDay, byHour] = [starts('day', now, Math.min(days, MAX_DAYS)), starts('hour', now, MAX_HOURS)];
      return { days: byDay, counts: columns(byDay, stored?.days), hours: byHour, hourCounts: columns(byHour, stored?.hours, BY_HOUR) };
    },
  };
}

function measuresIn(event: NewEvent): readonly Measure[] {
  switch (event.kind) {
    case 'login.succeeded':
      return ['signIns'];
    case 'login.failed':
      return ['failedSignIns'];
    case 'grant.opened':
      return ['grantsOpened'];
    case 'grant.ended':
      return /^(code_replayed|refresh_reused)$/.test(event.reason) ? ['grantsEnded', 'replays'] : ['grantsEnded'];
    case 'grant.refreshed':
    case 'grant.repeated':
      return ['refreshes'];
    case 'consent.denied':
    case 'call.denied':
      return ['denials'];
    case 'call.allowed':
      return ['calls'];
    case 'request.refused':
      return /^(proof|assertion)_replayed$/.test(event.reason) ? ['refusals', 'replays'] : ['refusals'];
    case 'request.failed':
      return ['errors'];
    default:
      return [];
  }
}

function merged(
  old: MeasuresRecord | null,
  taken: ReadonlyMap<string, readonly number[]>,
  used: ReadonlyMap<string, Sketch>,
  now: Seconds,
): MeasuresRecord {
  const [days, hours] = [{ ...old?.days }, { ...old?.hours }];
  for (const [hour, counts] of taken) {
    const day = hour.slice(0, 10);
    days[day] = sum(days[day], counts);
    hours[hour] = sum(hours[hour], counts);
  }
  const active = { ...old?.active };
  for (const [day, sketch] of used) {
    const all = joined(sketch, readSketch(active[day]));
    active[day] = sketchText(all);
    days[day] = sum(days[day], []).with(ACTIVE, estimate(all));
  }
  return {
    v: 1,
    days: since(days, startOf('day', now - MAX_DAYS * DAY)),
    hours: since(hours, startOf('hour', now - MAX_HOURS * 3600)),
    active: since(active, startOf('day', now - 2 * DAY)),
  };
}

function since<T>(counts: { readonly [start: string]: T }, first: string): { readonly [start: string]: T } {
  return Object.fromEntries(Object.entries(counts).filter(([start]) => start > first));
}

function sum(one: readonly number[] = [], other: readonly number[]): number[] {
  return MEASURES.map((_, at) => (one[at] ?? 0) + (other[at] ?? 0));
}

function columns(starts: readonly string[], counts: Counts = {}, measures: readonly Measure[] = MEASURES): MeasuresAnswer['counts'] {
  return Object.fromEntries(measures.map((measure, at) => [measure, starts.map((start) => counts[start]?.[at] ?? 0)]));
}

function starts(unit: 'day' | 'hour', now: Seconds, most: number): readonly string[] {
  return Array.from({ length: most }, (_, at) => startOf(unit, now - (most - 1 - at) * (unit === 'day' ? DAY : 3600)));
}

function startOf(unit: 'day' | 'hour', at: Seconds): string {
  return new Date(at * 1000).toISOString().slice(0, unit === 'day' ? 10 : 13);
}

/** A pause that does not keep a process of Node alive. */
function quietly(milliseconds: number): Promise<void> {
  return new Promise((done) => (setTimeout(done, milliseconds) as { unref?(): void }).unref?.());
}

const isMeasures = (value: unknown): value is MeasuresRecord => versioned(value) && has(value, 'days', 'hours');

// How many different ids there were, estimated from 256 small numbers instead of a list (HyperLogLog, Flajolet 2007): mostly within 7 %, and
// nearly exact below a hundred. Counts of several processes are put together without counting an id twice.

const REGISTERS = 256;
const ALPHA = 0.7213 / (1 + 1.079 / REGISTERS);

/** For each part of the ids, the longest run of zeros in their hashes. */
type Sketch = number[];

/** The sketch of no id. */
function emptySketch(): Sketch {
  return Array.from({ length: REGISTERS }, () => 0);
}

/** Notes an id of ASCII characters. */
function noteId(sketch: Sketch, id: string): void {
  const bits = mixed(new DataView(crc32(id).buffer).getUint32(0));
  const register = bits >>> 24;
  sketch[register] = Math.max(sketch[register] ?? 0, Math.min(25, Math.clz32(bits << 8) + 1));
}

/** Spreads a checksum over all bits (the last step of MurmurHash3): sums of similar texts are similar. */
function mixed(sum: number): number {
  const once = Math.imul(sum ^ (sum >>> 16), 0x85ebca6b);
  const twice = Math.imul(once ^ (once >>> 13), 0xc2b2ae35);
  return twice ^ (twice >>> 16);
}

/** The sketch of the ids of both. */
function joined(one: Sketch, other: Sketch): Sketch {
  return one.map((longest, at) => Math.max(longest, other[at] ?? 0));
}

/** How many ids a sketch has seen. */
function estimate(sketch: Sketch): number {
  const raw = (ALPHA * REGISTERS ** 2) / sketch.reduce((sum, longest) => sum + 2 ** -longest, 0);
  const empty = sketch.filter((longest) => longest === 0).length;
  return Math.round(raw <= 2.5 * REGISTERS && empty > 0 ? REGISTERS * Math.log(REGISTERS / empty) : raw);
}

/** A sketch as a text. */
function sketchText(sketch: Sketch): string {
  return sketch.map((longest) => longest.toString(36)).join('');
}

/** The sketch in a text. */
function readSketch(text = ''): Sketch {
  return emptySketch().map((_, at) => parseInt(text[at] ?? '0', 36) || 0);
}

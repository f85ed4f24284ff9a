/** A store with a replica that is a moment behind: when it fails over, the last writes are gone, and the store says before that this can be. */
import { attempted, type GrantAttempt } from '../../src/core/grant-attempt.ts';
import { lifeEndOf } from '../../src/model/grant.ts';
import type { IndexKey, Json, Key, Seconds, Store } from '../../src/model/store.ts';

interface Row {
  readonly value: Json;
  readonly until?: Seconds;
  readonly index: readonly IndexKey[];
}

/** The store, and its end. */
export interface Replicated {
  readonly store: Store;
  /** Goes over to the replica: all writes of the last so many milliseconds are lost. */
  failOver(milliseconds: number): Promise<void>;
}

const REMEMBERED_MS = 10_000;

/** Makes one over a store that is only used through it. */
export function replicated(inner: Store, now: () => number): Replicated {
  const rows = new Map<Key, Row>();
  let log: { readonly at: number; readonly key: Key; readonly before: Row | undefined }[] = [];
  const note = (key: Key, after: Row | undefined): void => {
    if (log.length > 2000) log = log.filter(({ at }) => at > now() - REMEMBERED_MS);
    log.push({ at: now(), key, before: rows.get(key) });
    if (after === undefined) rows.delete(key);
    else rows.set(key, after);
  };
  const { all, sweep, count } = inner;
  const store: Store = {
    atomic: true,
    mayLose: true,
    read: (key, known) => inner.read(key, known),
    async write(key, value, when, options = {}) {
      const version = await inner.write(key, value, when, options);
      const index = options.index ?? rows.get(key)?.index ?? [];
      if (version !== null) note(key, { value, index, ...(options.until === undefined ? {} : { until: options.until }) });
      return version;
    },
    async remove(key, when) {
      const isGone = await inner.remove(key, when);
      if (isGone) note(key, undefined);
      return isGone;
    },
    async attempt(key, attempt) {
      const stored = await inner.read(key);
      const grant = stored && attempted(stored.value, attempt as GrantAttempt);
      const version = grant && (await store.write(key, grant, stored.version, { until: lifeEndOf(grant) }));
      return version === null ? { isDone: false, stored } : { isDone: true, stored: { value: grant, version } };
    },
    list: (index, after) => inner.list(index, after),
    ...(all ? { all: (after) => all.call(inner, after) } : {}),
    ...(sweep ? { sweep: (most) => sweep.call(inner, most) } : {}),
    ...(count ? { count: () => count.call(inner) } : {}),
  };
  return {
    store,
    async failOver(milliseconds) {
      const lost = log.filter(({ at }) => at > now() - milliseconds).toReversed();
      log = [];
      for (const { key, before } of lost) {
        if (before === undefined) {
          rows.delete(key);
          await inner.remove(key);
        } else {
          rows.set(key, before);
          const { value, index, until } = before;
          await inner.write(key, value, 'any', { index, ...(until === undefined ? {} : { until }) });
        }
      }
    },
  };
}

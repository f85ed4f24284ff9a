/** What a store holds, for an export and a check. */
import type { Key, Store, StoredRecord } from '../model/store.ts';

/** Every live record, each once. None if the store cannot list them. */
export async function* everyRecord(store: Store): AsyncGenerator<StoredRecord, void, undefined> {
  const keys = new Set<Key>(); // Redis may list one twice
  for (let page = await store.all?.(); page !== undefined; page = page.next === undefined ? undefined : await store.all?.(page.next)) {
    for (const record of page.records) {
      if (keys.has(record.key)) continue;
      keys.add(record.key);
      yield record;
    }
  }
}

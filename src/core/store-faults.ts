/**
 * Store faults: a store that fails is 503 with `Retry-After`, never "not found" and never 401.
 * Wraps a store so that whatever it rejects with says so.
 */
import { OAuthError } from '../model/error.ts';
import type { Store } from '../model/store.ts';

/** The same store, whose failures are errors that a client may retry. */
export function withFaults(store: Store): Store {
  return {
    atomic: store.atomic,
    read: (key) => guarded(() => store.read(key)),
    write: (key, value, when, options) => guarded(() => store.write(key, value, when, options)),
    remove: (key, when) => guarded(() => store.remove(key, when)),
    list: (index, after) => guarded(() => store.list(index, after)),
  };
}

async function guarded<T>(verb: () => Promise<T>): Promise<T> {
  try {
    return await verb();
  } catch (cause) {
    throw new OAuthError('temporarily_unavailable', 'store_failed', { cause, headers: { 'retry-after': '2' } });
  }
}

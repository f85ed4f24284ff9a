/** The one function for conditional writes (`model/change-record`) of what is stored for a user or a session. */
import { type RecordAccess, changeRecord, type Edited } from '../model/change-record.ts';
import type { Json, Seconds, Stored } from '../model/store.ts';
import type { UserStates } from '../model/user-state.ts';

/**
 * Changes one value; each of many simultaneous requests edits what the one before has written.
 *
 * @param edit decides on the value, null if none is stored; it may run more than once.
 * @param known the value read before: saves the first read. @throws {OAuthError} `temporarily_unavailable` if others keep writing.
 */
export function changeState<T extends Json, R>(
  states: Pick<UserStates, 'read' | 'write' | 'remove'>,
  handle: string,
  ttl: Seconds | undefined,
  edit: (value: T | null) => Pick<Edited<R>, 'result' | 'write' | 'remove'>,
  known?: Stored | null,
): Promise<R> {
  const store: RecordAccess['store'] = {
    read: () => states.read(handle),
    write: (_key, value, when) => states.write(handle, value, typeof when === 'number' ? when : null, ttl),
    remove: (_key, version) => states.remove(handle, version),
  };
  return changeRecord({ store }, 'state:', isAny<T>, edit, known);
}

/** Each value is of the one kind that is written under its handle. */
function isAny<T>(_value: unknown): _value is T {
  return true;
}

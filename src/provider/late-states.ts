/** Late states: what is kept for the user of a request, by code that is loaded when a handler first asks for it; few do. */
import type { AuthServer } from '../core/auth-server.ts';
import { late } from '../lib/late.ts';
import type { Checked } from '../model/access.ts';
import type { UserStates } from '../model/user-state.ts';

const statesOf = late(async () => (await import('../core/user-states.ts')).statesOf);

/** The states of whoever calls. */
export function lateStates(as: AuthServer, access: Checked): UserStates {
  return {
    read: async (handle) => (await statesOf(as, access)).read(handle),
    write: async (...given) => (await statesOf(as, access)).write(...given),
    remove: async (...given) => (await statesOf(as, access)).remove(...given),
    now: () => as.now(),
  };
}

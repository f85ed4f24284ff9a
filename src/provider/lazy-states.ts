/** Lazy states: the states of the user of a request. The code is loaded when a handler first uses them; few do. */
import type { AuthServer } from '../core/auth-server.ts';
import { lazy } from '../lib/lazy.ts';
import type { Checked } from '../model/access.ts';
import type { Seconds } from '../model/store.ts';
import type { CallerStates, UserStates } from '../model/user-state.ts';

const statesOf = lazy(async () => (await import('../core/records/user-states.ts')).statesOf);

/** The states of the caller. A class, since every call makes one and few use it. */
export class LazyStates implements CallerStates {
  readonly #kind: 'state' | 'mcp';
  readonly #as: AuthServer;
  readonly #access: Checked;

  constructor(as: AuthServer, access: Checked, kind: 'state' | 'mcp' = 'state') {
    this.#kind = kind;
    this.#as = as;
    this.#access = access;
  }
  async read(...asked: Parameters<UserStates['read']>): ReturnType<UserStates['read']> {
    return (await this.#states()).read(...asked);
  }
  async write(...asked: Parameters<UserStates['write']>): ReturnType<UserStates['write']> {
    return (await this.#states()).write(...asked);
  }
  async remove(...asked: Parameters<UserStates['remove']>): ReturnType<UserStates['remove']> {
    return (await this.#states()).remove(...asked);
  }
  get passing(): UserStates {
    return new LazyStates(this.#as, this.#access, 'mcp');
  }
  now(): Seconds {
    return this.#as.now();
  }
  #states(): Promise<UserStates> {
    return statesOf(this.#as, this.#access, this.#kind);
  }
}

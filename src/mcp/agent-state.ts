/**
 * The state of an agent during one request: read once before `init()`, and stored by conditional writes. A result is sent only
 * after the changes before it are stored, so that no client is told of a change that was lost.
 */
import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import { OAuthError } from '../model/error.ts';
import type { Json } from '../model/store.ts';
import type { UserStates } from '../model/user-state.ts';
import { changeState } from '../model/record.ts';
import { type AnyServer, wrapSend } from './sdk.ts';
import { asError, type Report, ToolError } from './errors.ts';

/** A new state, or a function that makes it from the previous one. */
export type StateChange<State> = State | ((state: State) => State);

/** The state of one user, as of this request. */
export interface AgentState<State> {
  current(): State;
  /** @throws {ToolError} if another call changed it meanwhile and a plain value would undo that. */
  change(to: StateChange<State>): Promise<void>;
  /** Rejects with the error of any change so far. */
  settled(): Promise<void>;
}

/** JSON-RPC "Server error", with a message for the caller. */
const SERVER_ERROR = -32000;
const CHANGED = 'Another call changed the same state at this moment. Try again.';

/** Reads a state. */
export async function openState<State>(states: UserStates, handle: string, initial: State): Promise<AgentState<State>> {
  let kept = await states.read(handle);
  let current = stateIn(kept, initial);
  let work: Promise<void> = Promise.resolve();
  /** Changes that are not stored yet: until they are, `current` is the result of the last one. */
  let waiting = 0;

  /** The states; each read and write also notes what is stored now. */
  const noting: Pick<UserStates, 'read' | 'write' | 'remove'> = {
    remove: (...all) => states.remove(...all),
    async read(...all) {
      kept = await states.read(...all);
      return kept;
    },
    async write(name, value, since) {
      const version = await states.write(name, value, since);
      if (version !== null) kept = { value, version };
      return version;
    },
  };
  const keep = async (to: StateChange<State>): Promise<void> => {
    let isFirst = true;
    const edit = (): { readonly write: Json; readonly result: State } => {
      if (!isFirst && !isChange(to)) throw new ToolError(CHANGED); // the value was made from a state that is no longer current
      isFirst = false;
      const next = isChange(to) ? to(stateIn(kept, initial)) : to;
      return { write: next as Json, result: next };
    };
    try {
      await changeState<Json, State>(noting, handle, undefined, edit, kept);
    } catch (error) {
      throw error instanceof OAuthError && error.reason === 'state_contended' ? new ToolError(CHANGED) : error;
    } finally {
      if (--waiting === 0) current = stateIn(kept, initial);
    }
  };

  return {
    current: () => current,
    change(to) {
      const next = isChange(to) ? to(current) : to;
      current = next; // visible to the code that follows, even if it does not await the write
      waiting++;
      const done = work.then(() => keep(to));
      work = done;
      done.catch(() => undefined); // the caller need not await it: `settled` reports the error
      return done;
    },
    settled: () => work,
  };
}

/** Delays results until the state is stored. If that fails, the result becomes an error. */
export function settleBefore(server: AnyServer, state: AgentState<unknown>, report: Report): void {
  wrapSend(server, (send) => async (message, options) => {
    if (!('id' in message) || !('result' in message)) return send(message, options);
    return send(await settled(message, state, report), options);
  });
}

async function settled(message: JSONRPCMessage, state: AgentState<unknown>, report: Report): Promise<JSONRPCMessage> {
  try {
    await state.settled();
    return message;
  } catch (error) {
    if (!(error instanceof ToolError)) report(asError(error));
    const told = error instanceof ToolError ? error.message : 'What was done could not be kept. Try again.';
    return { jsonrpc: '2.0', id: (message as { id: string | number }).id, error: { code: SERVER_ERROR, message: told } };
  }
}

function stateIn<State>(kept: { readonly value: Json } | null, initial: State): State {
  return kept === null || kept.value === null ? structuredClone(initial) : (kept.value as State);
}

function isChange<State>(to: StateChange<State>): to is (state: State) => State {
  return typeof to === 'function';
}

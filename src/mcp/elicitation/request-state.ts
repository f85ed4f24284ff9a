/**
 * Request state: the `requestState` that a client of 2026-07-28 returns when it repeats a call that needed something first: how far its
 * user got with connecting an account, and the user's answers so far. Sealed, and bound to grant (hence user and client), tool and
 * arguments (SEC-192, S-135). With answers it can be used once, so that what a user agreed to happens once.
 */
import { base64url, utf8 } from '../../lib/bytes.ts';
import type { Access } from '../../model/access.ts';
import type { UserStates } from '../../model/user-state.ts';
import type { JudgedBody } from '../policy/gate.ts';
import { rpcError } from '../errors.ts';

/** A user's answer to a question. */
export type Answer = {
  readonly action: 'accept' | 'decline' | 'cancel';
  readonly content?: { readonly [field: string]: string | number | boolean | readonly string[] };
};

/** A repeated call. */
export interface Resumed {
  /** Whether its user was given the link to connect an account. */
  readonly connecting: boolean;
  /** The answer to that link. */
  readonly answer: Answer['action'] | null;
  /** As received; sent again while the user is still there. */
  readonly state: string;
  /** Whether its ten minutes are over. */
  readonly over: boolean;
  /** Answers to questions, by their marks. */
  readonly answers: { readonly [key: string]: Answer };
}

/** The body without our own members, and what they said. */
export interface Resuming {
  readonly body: JudgedBody;
  readonly resumed: Resumed | null;
}

/** The parameters of a call that matter here. */
export interface Params {
  readonly name?: unknown;
  readonly arguments?: unknown;
  readonly requestState?: unknown;
  readonly inputResponses?: { readonly [key: string]: unknown };
  readonly _meta?: { readonly [name: string]: unknown };
}

/** A call. */
export interface CallMessage {
  readonly id?: unknown;
  readonly method?: unknown;
  readonly params?: Params;
}

/** The key of a link to connect an account. */
export const CONNECT = 'connect';
const STATE = 'pc1.';
const SPENT_FOR = 660; // longer than a state is valid
const INVALID_PARAMS = -32602;

/** The content of a state: answers so far, the keys and marks of open questions, whether a link to connect an account was given. */
export type RequestState = {
  readonly answers?: { readonly [key: string]: Answer };
  readonly asked?: readonly (readonly [key: string, mark: string])[];
  readonly connecting?: true;
};

/** Takes our own state out of a call, or refuses it. A state that another server sealed is left for the server behind. */
export async function openRequestState(
  body: JudgedBody,
  { access, states, url }: { readonly access: Access | null; readonly states: UserStates | undefined; readonly url: string },
): Promise<Resuming | Response> {
  if ('length' in body) return { body, resumed: null };
  const { requestState, ...params } = (body.params ?? {}) as Params;
  if (access === null || body.method !== 'tools/call' || typeof requestState !== 'string' || !requestState.startsWith(STATE))
    return { body, resumed: null };
  const carried = await access.connect.open(requestState.slice(STATE.length), boundTo(params, url));
  const state = (carried?.value ?? {}) as RequestState;
  const { asked = [], connecting = false } = state;
  // Answers count for ten minutes only: so long is it stored that the state was used.
  const answers = carried?.over === false ? (state.answers ?? {}) : {};
  const isOnce = asked.length > 0 || Object.keys(answers).length > 0;
  if (carried === null || (asked.length > 0 && carried.over) || (isOnce && !(await spend(requestState, states))))
    return rpcError(400, INVALID_PARAMS, 'Invalid requestState', body.id);
  const responses = params.inputResponses ?? {};
  const own = [CONNECT, ...asked.map(([key]) => key)];
  const others = Object.fromEntries(Object.entries(responses).filter(([key]) => !own.includes(key)));
  const { inputResponses: _, ...rest } = params;
  const given = Object.keys(others).length > 0 ? { ...rest, inputResponses: others } : rest;
  const said = Object.fromEntries(asked.flatMap(([key, mark]) => answerIn(responses[key]).map((answer) => [mark, answer] as const)));
  const [answer] = answerIn(responses[CONNECT]);
  const resumed = { connecting, answer: answer?.action ?? null, state: requestState, over: carried.over, answers: { ...answers, ...said } };
  return { body: { ...body, params: given as { readonly [name: string]: unknown } }, resumed };
}

/** Seals the state for the repetition of this call. @param url of the call: each endpoint stores which of its own states were used. */
export async function sealRequestState(access: Access, params: Params, state: RequestState, url: string): Promise<string> {
  return STATE + (await access.connect.seal(state, boundTo(params, url)));
}

/** True for exactly one caller. A state has one spelling (RFC 4648 §3.5). Without a store, a state can be reused for its ten minutes. */
async function spend(state: string, states: UserStates | undefined): Promise<boolean> {
  if (states === undefined) return true;
  const hash = base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(state))));
  return (await states.write(`mcp-answered ${hash}`, true, null, SPENT_FOR)) !== null;
}

/** The answer, or an empty list if the response is malformed, so that the question is asked again. */
function answerIn(response: unknown): Answer[] {
  const { action, content } = (response ?? {}) as { action?: unknown; content?: unknown };
  if (action !== 'accept' && action !== 'decline' && action !== 'cancel') return [];
  const isFields = typeof content === 'object' && content !== null && !Array.isArray(content);
  return [{ action, ...(isFields && { content: content as NonNullable<Answer['content']> }) }];
}

/** One text for one endpoint, tool and arguments, in any order of their members. */
function boundTo({ name, arguments: args }: Params, url: string): string {
  return `tools/call ${JSON.stringify([new URL(url).pathname, name, sorted(args ?? {})])}`;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, sorted(member)]));
}

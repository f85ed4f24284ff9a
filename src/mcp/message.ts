/**
 * JSON-RPC messages by their members.
 */
import type { Json } from '../model/store.ts';

/** Of a request, on either side. */
export type Id = string | number;

/** A message. */
export interface Message {
  readonly id?: Id;
  readonly method?: string;
  readonly params?: { readonly [name: string]: unknown };
  readonly result?: Json;
  readonly error?: unknown;
}

/** Maximum characters of an id as JSON. A request with a longer one is served, but cannot be cancelled from another POST. */
const MAX_ID_LENGTH = 120;

/** Whether it is an id that can be stored. */
export function isOfOrdinaryLength(id: unknown): id is Id {
  return (typeof id === 'number' || typeof id === 'string') && JSON.stringify(id).length <= MAX_ID_LENGTH;
}

/** Whether a message answers a request. */
export function isAnswer(message: object): boolean {
  return 'result' in message || 'error' in message;
}

/** The ids of the requests in a body. */
export function requestsIn(body: Message | readonly Message[]): readonly Id[] {
  return messagesOf(body).flatMap(({ id, method }) => (id !== undefined && method !== undefined ? [id] : []));
}

/** A body as its messages. */
export function messagesOf<T extends Message>(body: T | readonly T[]): readonly T[] {
  return Array.isArray(body) ? (body as readonly T[]) : [body as T];
}

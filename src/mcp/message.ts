/**
 * JSON-RPC messages by their members, as they come and go in sessions: nobody has looked at them yet.
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

/** A body as its messages. What is no object is left to the SDK to refuse. */
export function messagesOf(body: unknown): readonly Message[] {
  const messages: readonly unknown[] = Array.isArray(body) ? body : [body];
  return messages.filter((one): one is Message => typeof one === 'object' && one !== null);
}

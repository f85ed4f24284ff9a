/**
 * Went through: that a request was answered, for the few minutes in which its form may be sent a second time. It opens
 * nothing; it only lets the second answer say what happened to the very browser that got the first.
 */
import { equalTexts } from '../lib/bytes.ts';
import { TICKET_TTL } from '../model/ticket.ts';
import type { AuthServer } from './auth-server.ts';
import { has, readHeld, versioned } from './held.ts';

/** Notes that a request was answered. @param browserHash of the browser that it was bound to. */
export async function noteAnswered(as: AuthServer, handleHash: string, browserHash: string): Promise<void> {
  await as.store.write(`answered:${handleHash}`, { v: 1, browserHash }, 'any', { until: as.now() + TICKET_TTL });
}

/** Whether this very browser got the answer already. */
export async function wasAnswered(as: AuthServer, handleHash: string, browserHash: string): Promise<boolean> {
  const held = await readHeld(as.store, `answered:${handleHash}`, isAnswered);
  return held !== null && equalTexts(held.value.browserHash, browserHash);
}

const isAnswered = (value: unknown): value is { browserHash: string } => versioned(value) && has(value, 'browserHash');

/**
 * Invitations: initial access tokens, with which somebody may register a client (RFC 7591 §3).
 */
import type { Key, Seconds } from '../../model/store.ts';
import type { AuthServer } from '../auth-server.ts';
import { has, readRecord, versioned } from './record.ts';
import { takeFor } from './take-for.ts';

/** Makes an initial access token, told this once. */
export async function openInvitation(as: AuthServer, ttl: Seconds): Promise<string> {
  const token = as.secrets.secret();
  const expiresAt = as.now() + ttl;
  await as.store.write(await keyOf(as, token), { v: 1, expiresAt }, 'absent', { until: expiresAt });
  return token;
}

/** Whether an initial access token would be taken. */
export async function isInvitation(as: AuthServer, token: string): Promise<boolean> {
  return (await readRecord(as.store, await keyOf(as, token), isRecord)) !== null;
}

/** Does something once for an initial access token, which stays good where that fails; null where the token is not good. */
export async function withInvitation<T>(as: AuthServer, token: string, work: () => Promise<T>): Promise<T | null> {
  const key = await keyOf(as, token);
  const held = await readRecord(as.store, key, isRecord);
  return held && takeFor(as.store, { key, held, until: held.value.expiresAt }, work);
}

async function keyOf(as: AuthServer, token: string): Promise<Key> {
  return `invitation:${await as.secrets.hash(token)}`;
}

const isRecord = (value: unknown): value is { expiresAt: Seconds } => versioned(value) && has(value, 'expiresAt');

/** Initial access tokens, which allow one client registration each (RFC 7591 §3). */
import type { Key, Seconds } from '../../model/store.ts';
import type { AuthServer } from '../auth-server.ts';
import { has, readRecord, versioned } from './record.ts';
import { takeFor } from './one-time.ts';

/** Makes an initial access token. It is returned only here. @param ttl in seconds. */
export async function openInvitation(as: AuthServer, ttl: Seconds): Promise<string> {
  const token = as.secrets.secret();
  const expiresAt = as.now() + ttl;
  await as.store.write(await keyOf(as, token), { v: 1, expiresAt }, 'absent', { until: expiresAt });
  return token;
}

/** Whether an initial access token is valid. */
export async function isInvitation(as: AuthServer, token: string): Promise<boolean> {
  return (await readRecord(as.store, await keyOf(as, token), isRecord)) !== null;
}

/** Runs `work` once for an initial access token, which stays valid if `work` fails; null if the token is not valid. */
export async function withInvitation<T>(as: AuthServer, token: string, work: () => Promise<T>): Promise<T | null> {
  const key = await keyOf(as, token);
  const record = await readRecord(as.store, key, isRecord);
  return record && takeFor(as.store, { key, record, until: record.value.expiresAt }, work);
}

async function keyOf(as: AuthServer, token: string): Promise<Key> {
  return `invitation:${await as.secrets.hash(token)}`;
}

const isRecord = (value: unknown): value is { expiresAt: Seconds } => versioned(value) && has(value, 'expiresAt');

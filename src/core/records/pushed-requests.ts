/**
 * Pushed authorization requests (RFC 9126), stored under the hash of their `request_uri`. Each can be used once, and only for the client
 * that pushed it.
 */
import type { Fields } from '../../lib/http.ts';
import { paramsOf, type Params } from '../../model/params.ts';
import type { Seconds } from '../../model/store.ts';
import type { AuthServer } from '../auth-server.ts';
import { has, readRecord, versioned } from './record.ts';
import { takeFor } from './one-time.ts';

/** A stored request. */
type Pushed = {
  readonly v: 1;
  readonly clientId: string;
  readonly until: Seconds;
  /** Field names with all their values. */
  readonly fields: readonly (readonly [name: string, values: readonly string[]])[];
};

const URN = 'urn:ietf:params:oauth:request_uri:';
const FORM = /^urn:ietf:params:oauth:request_uri:[\w-]{43}$/;

/** Whether a `request_uri` is one of ours; others are never fetched. */
export function isPushedUri(uri: string): boolean {
  return FORM.test(uri);
}

/** Stores a request and returns its `request_uri`. */
export async function keepPushedRequest(as: AuthServer, clientId: string, fields: Fields, ttl: Seconds): Promise<string> {
  const uri = URN + as.secrets.secret();
  const until = as.now() + ttl;
  const pushed: Pushed = { v: 1, clientId, until, fields: [...fields] };
  await as.store.write(`pushed:${await as.secrets.hash(uri)}`, pushed, 'absent', { until });
  return uri;
}

/** A request that was found. `take` uses it up: true for exactly one caller. */
export interface FoundRequest {
  readonly params: Params;
  readonly take: () => Promise<boolean>;
}

/** The request, or why there is none. The caller takes it only after answering, so that a failed request can be repeated. */
export async function findPushed(as: AuthServer, uri: string, clientId: string): Promise<FoundRequest | 'unknown' | 'of_another_client'> {
  const key = `pushed:${await as.secrets.hash(uri)}` as const;
  const record = await readRecord(as.store, key, isPushed);
  if (!record) return 'unknown';
  if (record.value.clientId !== clientId) return 'of_another_client';
  return {
    params: paramsOf(new Map(record.value.fields)),
    take: async () => (await takeFor(as.store, { key, record, until: record.value.until }, async () => true)) ?? false,
  };
}

const isPushed = (value: unknown): value is Pushed => versioned(value) && has(value, 'clientId', 'until', 'fields');

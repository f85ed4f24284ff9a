/**
 * Pushed: authorization requests that clients handed over before the browser comes (RFC 9126), under the hash of the name they got.
 * One browser may open each, once, and only for the client that pushed it.
 */
import type { Fields } from '../../lib/form.ts';
import { paramsOf, type Params } from '../../model/params.ts';
import type { Seconds } from '../../model/store.ts';
import type { AuthServer } from '../auth-server.ts';
import { has, readRecord, versioned } from './record.ts';
import { takeFor } from './take-for.ts';

/** A request as it is kept. */
type Pushed = {
  readonly v: 1;
  readonly clientId: string;
  readonly until: Seconds;
  /** Names with all their values. */
  readonly fields: readonly (readonly [name: string, values: readonly string[]])[];
};

const URN = 'urn:ietf:params:oauth:request_uri:';
const FORM = /^urn:ietf:params:oauth:request_uri:[\w-]{43}$/;

/** Whether a `request_uri` is one of ours; nothing is ever fetched from another. */
export function isPushedUri(uri: string): boolean {
  return FORM.test(uri);
}

/** Keeps a request, and gives the `request_uri` that opens it. */
export async function keepPushedRequest(as: AuthServer, clientId: string, fields: Fields, ttl: Seconds): Promise<string> {
  const uri = URN + as.secrets.secret();
  const until = as.now() + ttl;
  const pushed: Pushed = { v: 1, clientId, until, fields: [...fields] };
  await as.store.write(`pushed:${await as.secrets.hash(uri)}`, pushed, 'absent', { until });
  return uri;
}

/** A request that was found, and what takes it: true for one caller alone. */
export interface FoundRequest {
  readonly params: Params;
  readonly take: () => Promise<boolean>;
}

/** The request; else why there is none: it is over, or was opened before, or is another client's. It is taken when it has been answered, so that none that fails is lost. */
export async function findPushed(as: AuthServer, uri: string, clientId: string): Promise<FoundRequest | 'unknown' | 'of_another_client'> {
  const key = `pushed:${await as.secrets.hash(uri)}` as const;
  const held = await readRecord(as.store, key, isPushed);
  if (!held) return 'unknown';
  if (held.value.clientId !== clientId) return 'of_another_client';
  return {
    params: paramsOf(new Map(held.value.fields)),
    take: async () => (await takeFor(as.store, { key, held, until: held.value.until }, async () => true)) ?? false,
  };
}

const isPushed = (value: unknown): value is Pushed => versioned(value) && has(value, 'clientId', 'until', 'fields');

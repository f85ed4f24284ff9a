/**
 * Pushed: authorization requests that clients handed over before the browser comes (RFC 9126), under the hash of the name they got.
 * One browser may open each, once, and only for the client that pushed it.
 */
import type { Fields } from '../lib/form.ts';
import { paramsOf, type Params } from '../model/params.ts';
import type { Seconds } from '../model/store.ts';
import type { AuthServer } from './auth-server.ts';
import { has, readHeld, versioned } from './held.ts';

/** A request as it is kept. */
type Pushed = {
  readonly v: 1;
  readonly clientId: string;
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
export async function push(as: AuthServer, clientId: string, fields: Fields, ttl: Seconds): Promise<string> {
  const uri = URN + as.keys.secret();
  const pushed: Pushed = { v: 1, clientId, fields: [...fields] };
  await as.store.write(`pushed:${await as.keys.hash(uri)}`, pushed, 'absent', { until: as.now() + ttl });
  return uri;
}

/** The request, for one caller alone; null where it is over, was opened before, or is another client's, which takes nothing. */
export async function takePushed(as: AuthServer, uri: string, clientId: string): Promise<Params | null> {
  const key = `pushed:${await as.keys.hash(uri)}` as const;
  const held = await readHeld(as.store, key, isPushed);
  if (held?.value.clientId !== clientId || !(await as.store.remove(key, held.version))) return null;
  return paramsOf(new Map(held.value.fields));
}

const isPushed = (value: unknown): value is Pushed => versioned(value) && has(value, 'clientId', 'fields');

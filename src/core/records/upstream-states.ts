/**
 * Upstream states: browsers that were sent to another site and are expected back. Each is kept under the hash of its `state` parameter, bound to
 * the browser by a cookie, and taken once. What it holds is sealed under the state itself, which is not stored.
 */
import { parseFields } from '../../lib/http.ts';
import { paramsOf } from '../../model/params.ts';
import type { Json, Seconds } from '../../model/store.ts';
import type { AuthServer } from '../auth-server.ts';
import { has, readRecord, versioned } from './record.ts';
import { markUsed, type Used } from './one-time.ts';

/** A browser on its way. */
export type UpstreamState = {
  readonly v: 1;
  /** The login that sent the browser away; no other may take it back. */
  readonly login: string;
  /** The pending authorization that goes on afterwards; null for a sign-in that leads to a page of ours. */
  readonly pendingHash: string | null;
  /** SHA-256 of the flow cookie. */
  readonly browserHash: string;
  /** What the login needs at the return, and what the return is for. */
  readonly sealed: string;
  readonly expiresAt: Seconds;
} & Used;

/** An upstream state whose `state` parameter came back. */
export interface FoundUpstreamState<Kept> {
  readonly hash: string;
  readonly record: UpstreamState;
  readonly kept: Kept;
}

/** A new value for the `state` parameter, and the hash that it is kept under. */
export async function newState({ secrets, place }: AuthServer): Promise<{ readonly state: string; readonly hash: string }> {
  const state = secrets.secret(place);
  return { state, hash: await secrets.recordId(state) };
}

/** The `state` of a URL, where it stands once and has the shape of ours. */
export function stateIn(url: string): string | null {
  const fields = parseFields(new URL(url).search.slice(1));
  const state = fields && paramsOf(fields).optional('state');
  return state && /^[\w-]{43}$/.test(state) ? state : null;
}

/** Writes a state down. */
export async function openUpstreamState(
  as: AuthServer,
  { state, hash }: { readonly state: string; readonly hash: string },
  record: Omit<UpstreamState, 'v' | 'sealed' | 'taken'>,
  kept: Json,
): Promise<void> {
  const sealed = await as.secrets.sealUnder(state, kept, `upstream-state:${hash}`);
  await as.store.write(`upstream-state:${hash}`, { v: 1, ...record, sealed }, 'absent', { until: record.expiresAt });
}

/** The state that was opened under this parameter, taken or not, with what was sealed into it. */
export async function findUpstreamState<Kept>(as: AuthServer, state: string): Promise<FoundUpstreamState<Kept> | null> {
  const hash = await as.secrets.recordId(state);
  const record = await readUpstreamState(as, hash);
  if (!record) return null;
  const kept = (await as.secrets.openUnder(state, record.sealed, `upstream-state:${hash}`)) as Kept | null;
  if (!kept) throw new Error('An upstream state that was found by its parameter cannot be opened with it.');
  return { hash, record, kept };
}

/** Whether the request that took a state is done with it, or nothing is known of the state any more. */
export async function isUpstreamStateDone(as: AuthServer, hash: string): Promise<boolean> {
  return (await readUpstreamState(as, hash))?.taken !== 'now';
}

/** True for exactly one caller. */
export async function takeUpstreamState(as: AuthServer, hash: string): Promise<boolean> {
  return markUsed(as, `upstream-state:${hash}`, isUpstreamState, 'now');
}

/** Notes that the return ended in a page. */
export async function endUpstreamStateInPage(as: AuthServer, hash: string): Promise<void> {
  await markUsed(as, `upstream-state:${hash}`, isUpstreamState, 'done');
}

async function readUpstreamState(as: AuthServer, hash: string): Promise<UpstreamState | null> {
  return (await readRecord(as.store, `upstream-state:${hash}`, isUpstreamState))?.value ?? null;
}

const isUpstreamState = (value: unknown): value is UpstreamState => versioned(value) && has(value, 'login', 'browserHash', 'sealed');

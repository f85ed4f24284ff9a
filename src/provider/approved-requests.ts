/**
 * Approved: which authorization requests a person has said yes to, on a page of the application's own. Known by all that the request
 * says, the client's own challenge among it, so that an application may keep the request in between as it likes.
 */
import type { AuthServer } from '../core/auth-server.ts';
import { has, readRecord, versioned } from '../core/records/record.ts';
import type { Key } from '../model/store.ts';
import { PENDING_TTL } from '../model/pending-authorization.ts';
import type { AuthRequest } from './auth-request.ts';

/** Notes a yes, or that the person wanted to be asked no more. */
export async function noteApproved(as: AuthServer, request: AuthRequest): Promise<void> {
  await as.store.write(await keyOf(as, request), { v: 1, approved: true }, 'any', { until: as.now() + PENDING_TTL });
}

/** Whether somebody said yes to this request within the last minutes. */
export async function isApproved(as: AuthServer, request: AuthRequest): Promise<boolean> {
  return (await readRecord(as.store, await keyOf(as, request), isNote)) !== null;
}

async function keyOf({ secrets }: AuthServer, request: AuthRequest): Promise<Key> {
  const { clientId, redirectUri, state, scope, resource, codeChallenge, dpopJkt = '' } = request;
  return `approved:${await secrets.hash(`approved\n${JSON.stringify([clientId, redirectUri, state, scope, resource, codeChallenge, dpopJkt])}`)}`;
}

const isNote = (value: unknown): value is object => versioned(value) && has(value, 'approved');

/**
 * Runs acts for the administration API and for the admin page: the same gate, the same limit, the same audit.
 */
import type { KnownSession } from '../core/users/sessions.ts';
import type { Call } from '../endpoints/endpoint.ts';
import { isKey, kindOf } from '../model/token.ts';
import { OAuthError } from '../model/error.ts';
import { makeHelpers } from '../provider/helpers.ts';
import { type Act, type Acts, type Admin, inputOf, missing, wrong } from './act.ts';
import { auditLog, server } from './server.ts';
import { audited } from './audit.ts';
import { clients } from './clients.ts';
import { requireAdmin } from './gate.ts';
import { grants, keys, tokens } from './grants.ts';
import { users } from './users.ts';

/** Every act, by name. */
export const ACTS: Acts = { ...users, ...clients, ...grants, ...keys, ...tokens, ...server, ...auditLog };
/** Requests of one administrator in a minute. */
const MAX_REQUESTS = 600;

/** Lets an administrator in. @param isOwn whether the request comes from our own origin. @throws {OAuthError} 401, 403, or 429 for too many. */
export async function enter(
  call: Call,
  permission: string,
  isChange: boolean,
  isOwn?: boolean,
): Promise<{ readonly admin: Admin; readonly session: KnownSession }> {
  const { as, network } = call;
  const helpers = makeHelpers(as, network);
  const session = await requireAdmin(call, helpers, permission, isChange, isOwn);
  const { userId } = session;
  const wait = await as.limit(`admin\n${userId}`, MAX_REQUESTS, 60);
  if (wait !== null)
    throw new OAuthError('temporarily_unavailable', 'admin_limited', { status: 429, headers: { 'retry-after': String(wait) } });
  return { admin: { as, helpers, userId, permission }, session };
}

/** A stream that breaks off once its reader may no longer enter: an export takes as long as its reader likes. */
export function whileAdmin(call: Call, { helpers, permission }: Admin, body: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const gate = new TransformStream<Uint8Array, Uint8Array>({
    async transform(chunk, to) {
      await requireAdmin(call, helpers, permission, false, true);
      to.enqueue(chunk);
    },
  });
  return body.pipeThrough(gate);
}

/** Runs an act for an administrator who was let in. A change is audited. @throws {OAuthError} 404 for an unknown one. */
export async function runAct(admin: Admin, name: string, all: { readonly [name: string]: unknown }): Promise<unknown> {
  const act: Act | undefined = Object.hasOwn(ACTS, name) ? ACTS[name] : undefined;
  if (!act) throw missing('act');
  const isChange = act.method === 'POST';
  const input = inputOf(act, all);
  const target = act.isSecret ? undefined : input.all[act.takes[0] ?? ''];
  const isTold = isChange && typeof target === 'string' && !holdsToken(target);
  const about = { act: name, by: admin.userId, ...(isTold ? { target: target.slice(0, 256) } : {}) };
  try {
    const result = await (isChange ? audited(admin.as, about, () => act.run(admin, input)) : act.run(admin, input));
    if (!isChange) admin.as.emit({ kind: 'admin.acted', ...about, outcome: 'done' });
    return result;
  } catch (error) {
    if (error instanceof TypeError) throw wrong(error.message); // what the helpers say of a wrong argument
    throw error;
  }
}

/** Whether a token was given in the place of an id, as it is or as it was copied. The audit must not keep it: its readers could use it. */
function holdsToken(text: string): boolean {
  if (/^[^:]+:[\w-]{16}:[\w-]{32}$/.test(text.trim())) return true; // of workers-oauth-provider
  return text.split(/[^\w.~-]+/).some((one) => isKey(one) || kindOf(one) !== null || /^eyJ[\w-]+\./.test(one)); // the last one: a JWT
}

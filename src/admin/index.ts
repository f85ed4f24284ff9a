/**
 * `portcullis/admin`: the administration API, JSON over the browser session of an administrator. A thin layer over the acts.
 */
import type { Call } from '../endpoints/endpoint.ts';
import { readRegistration } from '../endpoints/oauth/register.ts';
import { parseJson } from '../lib/json.ts';
import type { AdminApi } from '../model/admin.ts';
import { OAuthError } from '../model/error.ts';
import { makeHelpers } from '../provider/helpers.ts';
import { type Act, type Acts, inputOf, wrong } from './act.ts';
import { audited } from './audit.ts';
import { clients } from './clients.ts';
import { requireAdmin } from './gate.ts';
import { grants, keys } from './grants.ts';
import { server } from './server.ts';
import { users } from './users.ts';

export type { AdminApi } from '../model/admin.ts';

/** Options of {@link adminApi}. */
interface AdminOptions {
  /** The permission that makes a user an administrator, as the option `permissions` or the account gives it. */
  readonly permission: string;
}

const ACTS: Acts = { ...users, ...clients, ...grants, ...keys, ...server };
const MAX_DEPTH = 8;
/** Requests of one administrator in a minute. */
const MAX_REQUESTS = 600;
const HEADERS = {
  'content-type': 'application/json',
  'cache-control': 'no-store, private',
  'x-content-type-options': 'nosniff',
  'cross-origin-resource-policy': 'same-origin',
};

/**
 * Makes the administration API for the option `admin`. It stands below `/admin/api`, beside the authorize endpoint, one for each tenant.
 *
 * @throws {TypeError} without a permission.
 * @example
 * const admin = adminApi({ permission: 'admin' });
 */
export function adminApi(options: AdminOptions): AdminApi {
  const { permission } = options ?? {};
  if (typeof permission !== 'string' || permission.trim() === '')
    throw new TypeError("adminApi: `permission` must be the permission of administrators, such as adminApi({ permission: 'admin' }).");
  return {
    permission,
    acts: Object.entries(ACTS).map(([name, { method }]) => ({ name, method })),
    answer: (name, call) => answer(name, call as Call, permission),
  };
}

async function answer(name: string, call: Call, permission: string): Promise<Response> {
  const { as, network } = call;
  const act = ACTS[name] as Act; // the server routes the names of `acts` alone
  const isChange = act.method === 'POST';
  const helpers = makeHelpers(as, network);
  const { userId } = await requireAdmin(call, helpers, permission, isChange);
  const wait = await as.limit(`admin\n${userId}`, MAX_REQUESTS, 60);
  if (wait !== null)
    throw new OAuthError('temporarily_unavailable', 'admin_limited', { status: 429, headers: { 'retry-after': String(wait) } });
  const input = inputOf(act, isChange ? await bodyOf(call) : queryOf(call));
  const target = input.all[act.takes[0] ?? ''];
  const about = { act: name, by: userId, ...(isChange && typeof target === 'string' ? { target: target.slice(0, 256) } : {}) };
  const run = (): Promise<unknown> => act.run({ as, helpers, userId, permission }, input);
  try {
    const result = await (isChange ? audited(as, about, run) : run());
    if (!isChange) as.emit({ kind: 'admin.acted', ...about, outcome: 'done' });
    return new Response(JSON.stringify(result), { headers: HEADERS });
  } catch (error) {
    if (error instanceof TypeError) throw wrong(error.message); // what the helpers say of a wrong argument
    throw error;
  }
}

/** JSON, which no form and no page of another origin can send without asking first. */
async function bodyOf(call: Call): Promise<{ readonly [name: string]: unknown }> {
  const value = parseJson(await readRegistration(call), MAX_DEPTH);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong('The body must be a JSON object.');
  return value as { readonly [name: string]: unknown };
}

function queryOf({ url }: Call): { readonly [name: string]: unknown } {
  const names = [...url.searchParams.keys()];
  if (new Set(names).size < names.length) throw wrong('A parameter is repeated.');
  return Object.fromEntries(url.searchParams);
}

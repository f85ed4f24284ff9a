/**
 * `portcullis/admin`: the administration API, JSON over the browser session of an administrator. A thin layer over the acts.
 */
import type { Call } from '../endpoints/endpoint.ts';
import { readRegistration } from '../endpoints/oauth/register.ts';
import { parseJson } from '../lib/json.ts';
import { checkTypes } from '../lib/check-options.ts';
import type { AdminApi } from '../model/settings.ts';
import { inputOf, wrong } from './act.ts';
import { cliPage, endCliSession, exchangeCliCode } from './cli.ts';
import { measuresOf } from './measures.ts';
import { adminPage, PAGE_NAMES } from './page/pages.ts';
import { ACTS, enter, runAct, whileAdmin } from './run.ts';
import type { AdminLanguages } from './words/en.ts';

export { adminLanguages } from './words/index.ts';
export type { AdminApi } from '../model/settings.ts';

/** Options of {@link adminApi}. */
interface AdminOptions {
  /** The permission that makes a user an administrator, as the option `permissions` or the account gives it. */
  readonly permission: string;
  /** Languages of its pages beside English: `adminLanguages`. Default: English. */
  readonly languages?: AdminLanguages | undefined;
}

const MAX_DEPTH = 8;
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
  checkTypes('adminApi', options, 'permission languages:object');
  const { permission, languages = {} } = options ?? {};
  if (typeof permission !== 'string' || permission.trim() === '')
    throw new TypeError("adminApi: `permission` must be the permission of administrators, such as adminApi({ permission: 'admin' }).");
  return {
    permission,
    acts: Object.entries({ ...ACTS, ...CLI }).map(([name, { method }]) => ({ name, method })),
    answer: (name, call) => answer(name, call as Call, permission),
    note: (as, event) => measuresOf(as).note(event),
    pages: [...PAGE_NAMES, 'cli'],
    page: (name, call) =>
      name === 'cli' ? cliPage(call as Call, { permission, languages }) : adminPage(name, call as Call, { permission, languages }),
  };
}

/** How a command line signs in and out; not acts of an administrator. */
const CLI = {
  'cli/token': { method: 'POST', takes: ['code', 'verifier'], run: exchangeCliCode },
  'cli/end': { method: 'POST', takes: [], run: endCliSession },
} as const;

async function answer(name: string, call: Call, permission: string): Promise<Response> {
  if (name === 'cli/token' || name === 'cli/end') {
    const result = await CLI[name].run(call, inputOf(CLI[name], await bodyOf(call)));
    return new Response(JSON.stringify(result), { headers: HEADERS });
  }
  const isChange = ACTS[name]?.method === 'POST'; // the server routes the names of `acts` alone
  const { admin } = await enter(call, permission, isChange);
  const result = await runAct(admin, name, isChange ? await bodyOf(call) : queryOf(call));
  if (result instanceof ReadableStream)
    return new Response(whileAdmin(call, admin, result), {
      headers: { ...HEADERS, 'content-type': 'application/x-ndjson; charset=utf-8' },
    });
  if (typeof result === 'string') return new Response(result, { headers: { ...HEADERS, 'content-type': 'text/plain; charset=utf-8' } });
  return new Response(JSON.stringify(result), { headers: HEADERS });
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

/**
 * `portcullis doctor switch`: looks through the KV records of `@cloudflare/workers-oauth-provider`, and says before a switch whether each
 * grant will go on: which resources they carry, which redirect URIs are not used any more, which records cannot be read.
 */
import { readFileSync } from 'node:fs';
import { isUsableScheme } from '../../model/redirect.ts';
import { canonicalResource, otherSpelling } from '../../model/resource.ts';
import { parseFlags, usage } from '../flags.ts';
import { printable, printableJson } from '../printable.ts';
import { CliError, type Terminal } from '../terminal.ts';

/** The usage text. */
export const SWITCH_USAGE = `Usage: portcullis doctor switch EXPORT --resource URL [--resource URL] [--json]

Looks through the KV records of @cloudflare/workers-oauth-provider, and says whether each user stays signed in after the switch to
portcullis/workers-oauth-provider. EXPORT is a JSON file of the namespace: { "key": "value" }, or [{ "key", "value" }] as
wrangler kv bulk takes it. Nothing is written, and no token is needed.

  --resource URL   a resource that the new server serves: resourceMetadata.resource
  --json           the report as JSON
  --help

Example:
  portcullis doctor switch kv.json --resource https://mcp.example.com/mcp

Exit code: 0 when every grant will go on, 1 when one will not, 2 for a usage error.`;

const HELP = 'doctor switch --help';

/** What the records say. */
interface SwitchReport {
  readonly clients: number;
  readonly confidentialClients: number;
  /** Grants that have not expired, with a refresh token. */
  readonly grants: number;
  readonly users: number;
  readonly resources: readonly { readonly resource: string | null; readonly grants: number; readonly isServed: boolean }[];
  /** Redirect URIs that this server never redirects to, with the client's name. */
  readonly unusedRedirects: readonly { readonly client: string; readonly redirectUri: string }[];
  /** Keys of records that cannot be read. */
  readonly broken: readonly string[];
}

/** Runs it. @returns the exit code. @throws {CliError} for a file that is no such export. */
export function runSwitch(argv: readonly string[], terminal: Terminal, now: number = Math.floor(Date.now() / 1000)): 0 | 1 {
  const { values, positionals } = parseFlags(argv, { resource: { type: 'string', multiple: true }, json: { type: 'boolean' } }, HELP);
  const [file, ...more] = positionals;
  const { resource: served = [] } = values;
  if (file === undefined || more.length > 0) throw usage('doctor switch takes one file', HELP);
  if (served.length === 0) throw usage('Name the resource of the new server: --resource https://mcp.example.com/mcp', HELP);
  const odd = served.find((one) => canonicalResource(one) === null);
  if (odd !== undefined) throw usage(`--resource takes a full URL, not ${JSON.stringify(odd)}`, HELP);
  const report = reportOf(recordsOf(file), served, now);
  if (values.json === true) terminal.out(printableJson(JSON.stringify(report, null, 2)));
  else for (const line of linesOf(report)) terminal.out(printable(line));
  return report.broken.length === 0 && report.resources.every(({ isServed }) => isServed) ? 0 : 1;
}

/** The records of an export, by key. */
function recordsOf(file: string): ReadonlyMap<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new CliError(`${file} cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const pairs = Array.isArray(value)
    ? value.map((one: { key?: unknown; name?: unknown; value?: unknown }) => [one?.key ?? one?.name, one?.value] as const)
    : Object.entries(Object(value));
  const records = new Map(pairs.flatMap(([key, text]) => (typeof key === 'string' ? [[key, parsed(text)] as const] : [])));
  if (![...records.keys()].some((key) => /^(?:client|grant|token):/.test(key)))
    throw new CliError(`${file} holds no records of workers-oauth-provider: no key begins with client:, grant: or token:.`);
  return records;
}

function parsed(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return null; // reported as broken
  }
}

function reportOf(records: ReadonlyMap<string, unknown>, served: readonly string[], now: number): SwitchReport {
  const broken: string[] = [];
  const unusedRedirects: { client: string; redirectUri: string }[] = [];
  const byResource = new Map<string | null, number>();
  const users = new Set<string>();
  let [clients, confidentialClients, grants] = [0, 0, 0];
  for (const [key, value] of records) {
    const record = (typeof value === 'object' && value !== null ? value : {}) as Record<string, unknown>;
    if (key.startsWith('client:')) {
      const { clientId, redirectUris, tokenEndpointAuthMethod: method, clientName } = record;
      if (clientId !== key.slice('client:'.length) || !Array.isArray(redirectUris)) {
        broken.push(key);
        continue;
      }
      clients++;
      if (method !== 'none') confidentialClients++;
      const unused = (redirectUris as readonly unknown[]).map(String).filter((uri) => !/^https?:/.test(uri) && !isUsableScheme(uri));
      for (const redirectUri of unused) unusedRedirects.push({ client: typeof clientName === 'string' ? clientName : key, redirectUri });
    } else if (key.startsWith('grant:')) {
      const { userId, clientId, scope, refreshTokenId, expiresAt } = record;
      if (typeof userId !== 'string' || !key.startsWith(`grant:${userId}:`) || typeof clientId !== 'string' || !Array.isArray(scope)) {
        broken.push(key);
        continue;
      }
      if (typeof refreshTokenId !== 'string' || (typeof expiresAt === 'number' && expiresAt <= now)) continue;
      grants++;
      users.add(userId);
      const named = [record['resource'] ?? null].flat() as readonly (string | null)[];
      const resource = named.find((one) => isServed(one, served)) ?? named[0] ?? null;
      byResource.set(resource, (byResource.get(resource) ?? 0) + 1);
    }
  }
  const resources = [...byResource].map(([resource, count]) => ({ resource, grants: count, isServed: isServed(resource, served) }));
  return { clients, confidentialClients, grants, users: users.size, resources, unusedRedirects, broken };
}

/** A grant without a resource gets the default one. */
function isServed(resource: string | null, served: readonly string[]): boolean {
  if (resource === null) return true;
  const uri = canonicalResource(resource);
  return uri !== null && served.map(canonicalResource).some((one) => one === uri || (one !== null && otherSpelling(one) === uri));
}

function linesOf({ clients, confidentialClients, grants, users, resources, unusedRedirects, broken }: SwitchReport): readonly string[] {
  const lost = resources.filter((one) => !one.isServed);
  return [
    `${clients} clients, ${confidentialClients} of them with a secret or a key; ${grants} grants of ${users} users can be refreshed.`,
    ...resources.map(
      ({ resource, grants: count, isServed: isThere }) =>
        `${isThere ? 'ok   ' : 'LOST '} ${String(count).padStart(6)} grants for ${resource ?? 'no resource, which get the default one'}`,
    ),
    ...lost.map(
      ({ resource }) => `       Serve it, or these users sign in again: resourceMetadata: { resource: ${JSON.stringify(resource)} }`,
    ),
    ...unusedRedirects.map(
      ({ client, redirectUri }) =>
        `note  ${client} registered ${redirectUri}, to which this server never redirects; its other addresses go on.`,
    ),
    ...broken.map((key) => `LOST  the record ${key} cannot be read`),
    '',
    'The difference in wrangler.jsonc (npx wrangler d1 create portcullis tells the id):',
    '  "kv_namespaces": [{ "binding": "OAUTH_KV", … }],        stays, and is only read',
    '+ "d1_databases": [{ "binding": "PORTCULLIS", "database_name": "portcullis", "database_id": "…" }],',
    '',
    "and in the code: import OAuthProvider from 'portcullis/workers-oauth-provider';",
    'What is not the same: docs/guide/from-workers-oauth-provider.md',
  ];
}

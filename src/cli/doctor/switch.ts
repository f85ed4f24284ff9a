/**
 * `portcullis doctor switch`: looks through the KV records of `@cloudflare/workers-oauth-provider`, and says before a switch whether each
 * grant will go on: which resources they carry, which redirect URIs are not used any more, which records cannot be read.
 */
import { readFileSync } from 'node:fs';
import { isGrantRecord, recordOf, workersOAuthKv } from '../../former/workers-oauth-kv.ts';
import { isUsableScheme } from '../../model/redirect.ts';
import { canonicalResource, isAbove, otherSpelling } from '../../model/resource.ts';
import { parseFlags, usage } from '../flags.ts';
import { CliError, printable, printableJson, type Terminal } from '../terminal.ts';

/** The usage text. */
export const SWITCH_USAGE = `Usage: portcullis doctor switch EXPORT… --resource URL [--resource URL] [--json]

Looks through the KV records of @cloudflare/workers-oauth-provider, and says whether each user stays signed in after the switch to
portcullis/workers-oauth-provider. EXPORT is JSON of the namespace, as wrangler writes it, 100 keys in a file:

  npx wrangler kv key list --binding OAUTH_KV --remote > keys.json
  npx wrangler kv bulk get keys.json --binding OAUTH_KV --remote > kv.json

Nothing is written, and no token is needed.

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
  /** Further ones whose client has ended there: they cannot be refreshed there either. */
  readonly withoutClient: number;
  readonly users: number;
  readonly resources: readonly { readonly resource: string | null; readonly grants: number; readonly isServed: boolean }[];
  /** Redirect URIs that this server never redirects to, with the client's name. */
  readonly unusedRedirects: readonly { readonly client: string; readonly redirectUri: string }[];
  /** Keys of records that cannot be read. */
  readonly broken: readonly string[];
}

/** Runs it. @returns the exit code. @throws {CliError} for a file that is no such export. */
export async function runSwitch(argv: readonly string[], terminal: Terminal, now: number = Math.floor(Date.now() / 1000)): Promise<0 | 1> {
  const { values, positionals } = parseFlags(argv, { resource: { type: 'string', multiple: true }, json: { type: 'boolean' } }, HELP);
  const { resource: served = [] } = values;
  if (positionals.length === 0) throw usage('doctor switch takes the file of an export', HELP);
  if (served.length === 0) throw usage('Name the resource of the new server: --resource https://mcp.example.com/mcp', HELP);
  const odd = served.find((one) => canonicalResource(one) === null);
  if (odd !== undefined) throw usage(`--resource takes a full URL, not ${JSON.stringify(odd)}`, HELP);
  const report = await reportOf(new Map(positionals.flatMap((file) => [...recordsOf(file)])), served, now);
  if (values.json === true) terminal.out(printableJson(JSON.stringify(report, null, 2)));
  else for (const line of linesOf(report)) terminal.out(printable(line));
  return report.broken.length === 0 && report.resources.every(({ isServed }) => isServed) ? 0 : 1;
}

/** The records of an export, by key. */
function recordsOf(file: string): ReadonlyMap<string, string> {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new CliError(`${file} cannot be read as JSON: ${error instanceof Error ? error.message : String(error)}`);
  }
  const pairs = Array.isArray(value)
    ? value.map((one: { key?: unknown; name?: unknown; value?: unknown }) => [one?.key ?? one?.name, one?.value] as const)
    : Object.entries(Object(value));
  const records = pairs.flatMap(([key, one]) => (typeof key === 'string' ? [[key, textOf(one)] as const] : []));
  if (!records.some(([key]) => /^(?:client|grant|token):/.test(key)))
    throw new CliError(`${file} holds no records of workers-oauth-provider: no key begins with client:, grant: or token:.`);
  return new Map(records.flatMap(([key, text]) => (text === null ? [] : [[key, text]]))); // null: it expired while the export was made
}

/** A value as text: `wrangler kv bulk get` wraps it, and an export may hold it parsed. */
function textOf(value: unknown): string | null {
  const { value: wrapped = value } = Object(value) as { readonly value?: unknown };
  return typeof wrapped === 'string' || wrapped === null ? wrapped : JSON.stringify(wrapped);
}

async function reportOf(records: ReadonlyMap<string, string>, served: readonly string[], now: number): Promise<SwitchReport> {
  const former = workersOAuthKv(() => ({ get: async (key) => records.get(key) ?? null }))(null); // reads as the new server will
  const broken: string[] = [];
  const unusedRedirects: { client: string; redirectUri: string }[] = [];
  const byResource = new Map<string | null, number>();
  const users = new Set<string>();
  let [clients, confidentialClients, grants, withoutClient] = [0, 0, 0, 0];
  for (const [key, text] of records) {
    const [kind, ...parts] = key.split(':');
    if (kind === 'client') {
      const client = await former.findClient(key.slice('client:'.length), now);
      if (!client || 'problem' in client) {
        broken.push(key);
        continue;
      }
      clients++;
      if (client.authMethod !== 'none') confidentialClients++;
      const unused = client.redirectUris.filter((uri) => !/^https?:/.test(uri) && !isUsableScheme(uri));
      for (const redirectUri of unused) unusedRedirects.push({ client: client.name ?? key, redirectUri });
    } else if (kind === 'grant') {
      const record = recordOf(text);
      const [userId = '', id = ''] = parts;
      if (parts.length !== 2 || !isGrantRecord(record, userId, id)) {
        broken.push(key);
        continue;
      }
      const { clientId, refreshTokenId, expiresAt, resource: stored } = record;
      if (typeof refreshTokenId !== 'string' || (typeof expiresAt === 'number' && expiresAt <= now)) continue;
      if (!records.has(`client:${clientId}`) && !clientId.startsWith('https://')) {
        withoutClient++;
        continue;
      }
      grants++;
      users.add(userId);
      const named = [stored ?? null].flat().map((one: unknown) => (one === null || typeof one === 'string' ? one : JSON.stringify(one)));
      const resource = named.find((one) => isServed(one, served)) ?? named[0] ?? null;
      byResource.set(resource, (byResource.get(resource) ?? 0) + 1);
    }
  }
  const resources = [...byResource].map(([resource, count]) => ({ resource, grants: count, isServed: isServed(resource, served) }));
  return { clients, confidentialClients, grants, withoutClient, users: users.size, resources, unusedRedirects, broken };
}

/** A grant without a resource gets the default one; one for what is above a single resource moves to that. */
function isServed(resource: string | null, served: readonly string[]): boolean {
  if (resource === null) return true;
  const uri = canonicalResource(resource);
  const known = served.map((one) => canonicalResource(one) ?? '');
  return (
    uri !== null &&
    (known.some((one) => one === uri || otherSpelling(one) === uri) || known.filter((one) => isAbove(uri, one)).length === 1)
  );
}

function linesOf({
  clients,
  confidentialClients,
  grants,
  withoutClient,
  users,
  resources,
  unusedRedirects,
  broken,
}: SwitchReport): readonly string[] {
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
    ...(withoutClient > 0
      ? [
          `note  ${withoutClient} grants are of clients that are not in the export; without their client they cannot be refreshed there either.`,
        ]
      : []),
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
    '',
    'What is not the same: every client needs PKCE with S256; requiredScopes are enforced; a misspelt option is a TypeError; a refresh token',
    'works for 120 s after its successor was used; pages of other origins need allowedOrigins. Going back to the old library',
    'signs out every user whose grant has moved. Deploy to all requests at once, not gradually.',
  ];
}

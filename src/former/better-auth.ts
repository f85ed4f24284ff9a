/**
 * Reads the OAuth tables of better-auth: those of its plugins `mcp` and `oidc-provider` (up to 1.6), where a refresh token stands as it is, and
 * those of `@better-auth/oauth-provider` (1.6 and 1.7), which has its hash. Nothing is written there. A token that was rotated or revoked there
 * is not taken; one that is good is a grant of its own.
 */
import { parseJson } from '../lib/json.ts';
import { checkNames } from '../lib/check-options.ts';
import type { ClientAuthMethod } from '../model/client.ts';
import { type FormerClient, type FormerGrant, type FormerProblem, type FormerStore, sha256, textsIn } from '../model/former.ts';
import type { Awaitable } from '../model/runtime.ts';
import type { Seconds } from '../model/store.ts';

/** A row, by the names that better-auth has for its fields. Dates, lists and booleans may be as any database driver gives them. */
export type BetterAuthRow = { readonly [field: string]: unknown };

/** Options of {@link betterAuthTables}. */
export interface BetterAuthOptions {
  /** The table with the refresh tokens: `oauthAccessToken` of the plugins `mcp` and `oidc-provider`, `oauthRefreshToken` of `@better-auth/oauth-provider`. */
  readonly refreshTokens: 'oauthAccessToken' | 'oauthRefreshToken';
  /** Reads the row whose `field` is `value`; nothing if there is none. If it throws, the database is down, and clients come again. */
  readonly find: (table: string, field: string, value: string) => Awaitable<BetterAuthRow | null | undefined>;
  /** What the table has for a refresh token, if you gave better-auth `storeTokens` or a prefix of your own. */
  readonly stored?: (refreshToken: string) => Awaitable<string>;
  /**
   * The secret of a client, of what the table has, where better-auth encrypts it (`storeClientSecret: 'encrypted'`, the default of
   * `disableJwtPlugin`): `(stored) => symmetricDecrypt({ key: (await auth.$context).secretConfig, data: stored })`. If it throws, clients come again.
   */
  readonly secret?: (stored: string) => Awaitable<string>;
  /** What tools find in `props`, for a row of the table `user`; null refuses the token. Default: `{ user: { id, name, email } }`. */
  readonly props?: (user: BetterAuthRow) => unknown;
}

const CLIENTS = { oauthAccessToken: 'oauthApplication', oauthRefreshToken: 'oauthClient' };
const MAX_TOKEN_LENGTH = 2048;
const METHODS: readonly unknown[] = ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'];

/**
 * A former store over the database of better-auth. Users keep their ids.
 *
 * @throws {TypeError} when an option is wrong.
 * @example
 * function formerStoreOf({ adapter }: { adapter: { findOne(query: object): Promise<BetterAuthRow | null> } }): FormerStore {
 *   return betterAuthTables({
 *     refreshTokens: 'oauthRefreshToken',
 *     find: (model, field, value) => adapter.findOne({ model, where: [{ field, value }] }),
 *   });
 * }
 */
export function betterAuthTables(options: BetterAuthOptions): FormerStore {
  checkNames('betterAuthTables', options, 'refreshTokens find stored secret props');
  if (!Object.hasOwn(CLIENTS, options.refreshTokens))
    throw new TypeError(
      'betterAuthTables: `refreshTokens` must be "oauthAccessToken" (plugin `mcp` or `oidc-provider`) or "oauthRefreshToken" (`@better-auth/oauth-provider`).',
    );
  if (typeof options.find !== 'function')
    throw new TypeError('betterAuthTables: `find` must be a function (table, field, value) → row or null.');
  return { findClient: (id) => findClient(options, id), findGrant: (token, _, now) => findGrant(options, token, now) };
}

async function findClient({ find, refreshTokens, secret }: BetterAuthOptions, id: string): Promise<FormerClient | FormerProblem | null> {
  const table = CLIENTS[refreshTokens];
  const row = await find(table, 'clientId', id);
  if (!row || row['clientId'] !== id || !isOff(row['disabled'])) return null; // a database may compare without regard to case
  const { clientSecret, tokenEndpointAuthMethod: named } = row;
  const isPublic = row['type'] === 'public' || named === 'none' || isOn(row['public']);
  const authMethod = isPublic ? 'none' : METHODS.includes(named ?? 'client_secret_basic') ? (named ?? 'client_secret_basic') : null;
  const redirectUris = listOf(row['redirectUris'] ?? row['redirectUrls'], ',');
  const jwksUri = typeof row['jwksUri'] === 'string' ? row['jwksUri'] : undefined;
  if (authMethod === null || !redirectUris || (authMethod === 'private_key_jwt' && jwksUri === undefined))
    return { problem: `the row of the client ${id} in ${table} is broken, or of a version that is not known` };
  const isSecret = typeof authMethod === 'string' && authMethod.startsWith('client_secret');
  const isSealed = isSecret && secret !== undefined && typeof clientSecret === 'string' && clientSecret !== '';
  const secretHash = isSealed ? await sha256(await secret(clientSecret)) : isSecret ? await secretHashOf(clientSecret, table) : undefined;
  if (isSecret && secretHash === undefined)
    return { problem: `the secret of the client ${id} in ${table} is missing, or encrypted: give betterAuthTables the option secret` };
  return {
    id,
    redirectUris,
    grantTypes: listOf(row['grantTypes'], ',') ?? ['authorization_code', 'refresh_token'],
    authMethod: authMethod as ClientAuthMethod,
    methodChosen: false, // there a secret is taken by either method
    createdAt: timeOf(row['createdAt']) ?? 0,
    ...(secretHash === undefined ? {} : { secretHash }),
    ...textsIn(row, { name: 'name', uri: 'uri', logoUri: 'icon', policyUri: 'policy', tosUri: 'tos', jwksUri: 'jwksUri' }),
    ...(row['contacts'] ? { contacts: listOf(row['contacts'], ',') ?? [] } : {}),
  };
}

async function findGrant(
  options: BetterAuthOptions,
  token: string,
  now: Seconds = Date.now() / 1000,
): Promise<FormerGrant | FormerProblem | null> {
  const { refreshTokens: table, find, stored, props = usualProps } = options;
  if (token === '' || token.length > MAX_TOKEN_LENGTH) return null;
  const isHashed = table === 'oauthRefreshToken';
  const [field, hash] = [isHashed ? 'token' : 'refreshToken', await sha256(token)];
  const value = stored ? await stored(token) : isHashed ? hash : token;
  const row = await find(table, field, value);
  if (!row || row[field] !== value) return null;
  const { clientId, userId } = row;
  const [scope, resources] = [listOf(row['scopes'], ' '), row['resources'] ? listOf(row['resources'], ' ') : []];
  const [createdAt, expiresAt] = [timeOf(row['createdAt']), timeOf(row[isHashed ? 'expiresAt' : 'refreshTokenExpiresAt'])];
  const problem = (what: string): FormerProblem => ({ problem: `the row ${String(row['id'])} of ${table} ${what}` });
  if (typeof clientId !== 'string' || typeof userId !== 'string' || !scope || !resources || !createdAt || !expiresAt)
    return problem('is broken, or of a version that is not known');
  if (isThere(row['revoked'])) return null; // also one that was rotated
  if (!isHashed && !scope.includes('offline_access')) return null; // no client was given this one
  if (isThere(row['confirmation'])) return problem('is bound to a key (DPoP), which is not taken over');
  const user = await find('user', 'id', userId);
  if (!user || user['id'] !== userId || isBanned(user, now)) return null; // deleted there, or banned (plugin `admin`)
  const given = await props(user);
  if (given === null) return null;
  return {
    id: `better-auth ${hash}`,
    key: token,
    clientId,
    userId,
    scope,
    props: given,
    createdAt,
    expiresAt,
    ...(resources.length === 0 ? {} : { resource: resources }),
  };
}

/** A ban with an end is over with it: better-auth takes the mark away only when the user next signs in. */
function isBanned({ banned, banExpires }: BetterAuthRow, now: Seconds): boolean {
  return !isOff(banned) && !((timeOf(banExpires) ?? Infinity) <= now);
}

function usualProps({ id, name, email }: BetterAuthRow): unknown {
  return { user: { id, name, email } };
}

/**
 * SHA-256 of a secret, base64url: what the newer plugin stores, and the older if it was told to; else the older has the secret. The last of
 * the 43 characters of a hash has only four bits.
 */
async function secretHashOf(secret: unknown, table: string): Promise<string | undefined> {
  if (typeof secret !== 'string' || secret === '') return undefined;
  if (/^[\w-]{42}[AEIMQUYcgkosw048]$/.test(secret)) return secret;
  // A ciphertext must not become a secret itself: who reads the database would know it.
  return table === 'oauthClient' || /^(?:\$ba\$|[0-9a-f]{96})/.test(secret) ? undefined : sha256(secret);
}

/** A list as arrays, JSON and joined texts have it; null for anything else. */
function listOf(value: unknown, separator: string): readonly string[] | null {
  const list = typeof value === 'string' && value.startsWith('[') ? parseJson(value, 2) : value;
  if (typeof list === 'string') return list.split(separator).filter(Boolean);
  return Array.isArray(list) && list.every((one) => typeof one === 'string') ? (list as readonly string[]) : null;
}

/** A date as drivers give it: an object, a text, milliseconds, or seconds. */
function timeOf(value: unknown): Seconds | undefined {
  const number = typeof value === 'bigint' || (typeof value === 'string' && /^[\d.]+$/.test(value)) ? Number(value) : value;
  const time = value instanceof Date ? value.getTime() : typeof number === 'number' ? number : Date.parse(String(value));
  if (!Number.isFinite(time) || value === null) return undefined;
  return Math.floor(typeof number === 'number' && number < 1e11 ? time : time / 1000);
}

function isThere(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** What is neither on nor off, such as the bytes of a `BIT`, is neither: a client is not public by it, and not enabled. */
function isOff(value: unknown): boolean {
  return !isThere(value) || /^(?:0|f|false)$/.test(String(value));
}

function isOn(value: unknown): boolean {
  return /^(?:1|t|true)$/.test(String(value));
}

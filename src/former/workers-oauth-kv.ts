/**
 * Reads the KV records of `@cloudflare/workers-oauth-provider` up to version 1.2.3. Nothing is written there. The props of a grant are
 * encrypted with a key that is wrapped for each token, so only the presented token opens them.
 */
import { base64url, utf8 } from '../lib/bytes.ts';
import type { ClientAuthMethod } from '../model/client.ts';
import { localizedOf } from '../model/display.ts';
import { type FormerClient, type FormerGrant, type FormerListing, type FormerProblem, type FormerStore, textsIn } from '../model/former.ts';
import type { Json, Seconds } from '../model/store.ts';

/** The part of a KV namespace that is used. */
export interface FormerKv {
  get(key: string): Promise<string | null>;
  list?(options: { prefix: string; cursor?: string }): Promise<{ keys: { name: string }[]; list_complete: boolean; cursor?: string }>;
}

/** Token of the other server: user, grant and 32 random characters. */
const TOKEN = /^([^:]+):([^:]+):([\w-]{20,128})$/;
const MAX_TOKEN_LENGTH = 2048;
/** Of a key, in UTF-8: KV throws for a longer one, which must not look like an outage. */
const MAX_KEY_BYTES = 512;
const METHODS: readonly string[] = ['none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt'];

/** The key under which it hashes a token to wrap a grant's key; public, the same in every installation. */
const WRAPPING_KEY = Uint8Array.from(
  '227e2686 8df1e16d 8070ea17 975b47a6 8218fa87 28aede85 b51d4ad9 96caca43'.replaceAll(' ', '').match(/../g) ?? [],
  (byte) => Number.parseInt(byte, 16),
);

/**
 * A former store over the namespace that the other server used.
 *
 * @param namespace finds the binding in the environment.
 * @throws {TypeError} at the first request if the environment has no such binding.
 * @example
 * const formerStore = workersOAuthKv((env: { OAUTH_KV: FormerKv }) => env.OAUTH_KV);
 */
export function workersOAuthKv<Env>(namespace: (env: Env) => FormerKv): (env: Env) => FormerStore {
  return (env) => {
    const kv = namespace(env);
    if (typeof kv?.get !== 'function')
      throw new TypeError(
        'workersOAuthKv: the environment has no KV namespace there; bind the one that the other server used, such as OAUTH_KV.',
      );
    return {
      findClient: (id) => findClient(kv, id),
      findGrant: (token) => findGrant(kv, token),
      listGrants: (userId) => listGrants(kv, userId),
    };
  };
}

async function findClient(kv: FormerKv, id: string): Promise<FormerClient | FormerProblem | null> {
  const text = await kv.get(`client:${id}`);
  if (text === null) return null;
  const record = recordOf(text);
  const redirectUris = textsOf(record?.['redirectUris']);
  const { tokenEndpointAuthMethod: authMethod = 'client_secret_basic' } = record ?? {};
  if (!record || record['clientId'] !== id || !redirectUris || typeof authMethod !== 'string' || !METHODS.includes(authMethod))
    return { problem: `the KV record client:${id} is broken, or of a version that is not known` };
  const secretHash = authMethod.startsWith('client_secret') ? hexToBase64url(record['clientSecret']) : undefined;
  if (authMethod.startsWith('client_secret') && secretHash === undefined)
    return { problem: `the KV record client:${id} has no hash of its secret` };
  const [expiresAt, contacts] = [numberOf(record['registrationExpiresAt']), textsOf(record['contacts'])];
  return {
    id,
    redirectUris,
    grantTypes: textsOf(record['grantTypes']) ?? ['authorization_code'],
    authMethod: authMethod as ClientAuthMethod,
    methodChosen: record['authMethodExplicit'] === true,
    createdAt: numberOf(record['registrationDate']) ?? 0,
    ...(secretHash === undefined ? {} : { secretHash }),
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...textsIn(record, {
      name: 'clientName',
      uri: 'clientUri',
      logoUri: 'logoUri',
      policyUri: 'policyUri',
      tosUri: 'tosUri',
      jwksUri: 'jwksUri',
    }),
    ...localizedOf(Object.entries(Object(record['i18n']) as object)),
    ...(contacts && { contacts }),
  };
}

async function findGrant(kv: FormerKv, token: string): Promise<FormerGrant | FormerProblem | null> {
  const [, userId, grantId] = (token.length <= MAX_TOKEN_LENGTH && TOKEN.exec(token)) || [];
  if (userId === undefined || grantId === undefined) return null;
  const key = `grant:${userId}:${grantId}`;
  if (utf8(key).length > MAX_KEY_BYTES) return null;
  const text = await kv.get(key);
  if (text === null) return null;
  const record = recordOf(text);
  if (!isGrantRecord(record, userId, grantId))
    return { problem: `the KV record ${key} is broken, of another user, or of a version that is not known` };
  const wrapped = wrappedFor(record, await sha256Hex(token));
  if (wrapped === null) return null;
  const opened = await open(token, wrapped, String(record['encryptedProps']));
  if (opened === null) return { problem: `the props of the KV record ${key} cannot be opened with its token` };
  return { ...listingOf(record, userId, grantId), ...opened };
}

/** The grants of a user that have a refresh token. */
async function listGrants(kv: FormerKv, userId: string): Promise<readonly FormerListing[]> {
  const prefix = `grant:${userId}:`;
  const found: FormerListing[] = [];
  if (utf8(prefix).length > MAX_KEY_BYTES) return found;
  let cursor: string | undefined;
  do {
    const page = await kv.list?.({ prefix, ...(cursor === undefined ? {} : { cursor }) });
    for (const { name } of page?.keys ?? []) {
      const [id, record] = [name.slice(prefix.length), recordOf((await kv.get(name)) ?? '')];
      if (isGrantRecord(record, userId, id) && record['refreshTokenId'] !== undefined) found.push(listingOf(record, userId, id));
    }
    cursor = page?.list_complete === false ? page.cursor : undefined;
  } while (cursor !== undefined);
  return found;
}

function listingOf(record: GrantRecord, userId: string, id: string): FormerListing {
  const { clientId, scope, createdAt, metadata } = record;
  const expiresAt = numberOf(record['expiresAt']);
  return {
    id: `${userId}:${id}`,
    clientId,
    userId,
    scope,
    createdAt,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...((record['resource'] ?? undefined) === undefined ? {} : { resource: resourceOf(record['resource']), isPrefix: true }),
    ...(metadata === undefined ? {} : { metadata: metadata as Json }),
    ...textsIn(record, { redirectUri: 'redirectUri' }),
  };
}

/** Whether a record is this grant, in a form that is read here. */
export function isGrantRecord(record: Record<string, unknown> | null, userId: string, id: string): record is GrantRecord {
  if (record?.['userId'] !== userId || record['id'] !== id || typeof record['clientId'] !== 'string') return false;
  return textsOf(record['scope']) !== null && numberOf(record['createdAt']) !== undefined && typeof record['encryptedProps'] === 'string';
}

type GrantRecord = Record<string, unknown> & { readonly clientId: string; readonly scope: readonly string[]; readonly createdAt: Seconds };

/** The wrapped key of the current or the previous refresh token: KV may show a write a minute late. */
function wrappedFor(record: Record<string, unknown>, hash: string): string | null {
  for (const [id, wrapped] of [
    ['refreshTokenId', 'refreshTokenWrappedKey'],
    ['previousRefreshTokenId', 'previousRefreshTokenWrappedKey'],
  ] as const) {
    const found = record[wrapped];
    if (record[id] === hash && typeof found === 'string') return found;
  }
  return null;
}

/** The props, and a secret that every token of the grant gives: made of the key that they are encrypted with. */
async function open(token: string, wrapped: string, encrypted: string): Promise<Pick<FormerGrant, 'props' | 'key'> | null> {
  const { subtle } = crypto;
  try {
    const hmac = await subtle.importKey('raw', WRAPPING_KEY, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
    const wrapping = await subtle.importKey('raw', await subtle.sign('HMAC', hmac, new TextEncoder().encode(token)), 'AES-KW', false, [
      'unwrapKey',
    ]);
    const key = await subtle.unwrapKey('raw', fromBase64(wrapped), wrapping, 'AES-KW', 'AES-GCM', true, ['decrypt']);
    const plain = await subtle.decrypt({ name: 'AES-GCM', iv: new Uint8Array(12) }, key, fromBase64(encrypted));
    const raw = new Uint8Array(await subtle.exportKey('raw', key));
    return { props: JSON.parse(new TextDecoder().decode(plain)), key: base64url(raw) };
  } catch {
    return null; // bytes that no key opens: the record is broken
  }
}

/** The object in a text; null for anything else. */
export function recordOf(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown> | null) : null;
  } catch {
    return null;
  }
}

function textsOf(value: unknown): readonly string[] | null {
  return Array.isArray(value) && value.every((one) => typeof one === 'string') ? (value as readonly string[]) : null;
}

function numberOf(value: unknown): number | undefined {
  return Number.isFinite(value) ? (value as number) : undefined;
}

function resourceOf(value: unknown): string | readonly string[] {
  return textsOf(value) ?? String(value);
}

async function sha256Hex(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function hexToBase64url(text: unknown): string | undefined {
  if (typeof text !== 'string' || !/^[0-9a-f]{64}$/.test(text)) return undefined;
  return base64url(Uint8Array.from(text.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16)));
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0));
}

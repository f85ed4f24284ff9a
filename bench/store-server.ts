/**
 * What the bench of stores asks, on Node in its own process and in workerd over HTTP alike: the endpoints of the server, the floor
 * below them, codes to begin with, one page of a list, and a record as it stands. Web APIs only, and no clock: whoever asks measures.
 */
import type { OAuthHelpers } from '../dist/provider/helpers.js';
import type { Awaitable } from '../dist/model/runtime.js';
import type { Json, Key, Store } from '../dist/model/store.js';
import { CLIENT_ID, CONSENT, ISSUER, REDIRECT_URI } from './servers/answers.ts';

/** A server on a store. */
export interface StoreServer {
  readonly store: Store;
  readonly helpers: OAuthHelpers;
  readonly fetch: (request: Request) => Awaitable<Response>;
  /** SHA-256 as the server itself works it out, base64url. */
  readonly digest: (text: string) => Awaitable<string>;
}

/** Options of the provider that every such server has. */
export const OPTIONS = {
  issuer: ISSUER,
  apiRoute: '/mcp',
  apiHandler: () => new Response('{}'),
  defaultHandler: () => new Response(null, { status: 404 }),
  scopesSupported: { read: 'Read', write: 'Write' },
  authorizationCodeTTL: 600,
} as const;

const FAR = 4_000_000_000;

/** Answers one request. */
export async function answerFor(server: StoreServer, request: Request): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  switch (pathname) {
    case '/bench/floor':
      return request.method === 'GET' ? readFloor(server, request) : writeFloor(server, request);
    case '/bench/codes':
      return Response.json(await codes(server, Number(searchParams.get('count'))));
    case '/bench/list':
      return Response.json({ grants: (await server.helpers.listUserGrants(searchParams.get('user') ?? '')).grants.length });
    case '/bench/end':
      return Response.json({ ended: await server.helpers.revokeGrants({ userId: searchParams.get('user') ?? '' }) });
    case '/bench/record':
      return Response.json(await server.store.read(searchParams.get('key') as Key));
    case '/bench/sweep':
      return Response.json({ removed: (await server.store.sweep?.(Number(searchParams.get('most')))) ?? null });
    default:
      return server.fetch(request);
  }
}

/** The least around one read: a request, the hash of its token, the record, an answer. */
async function readFloor({ store, digest }: StoreServer, request: Request): Promise<Response> {
  const token = request.headers.get('authorization')?.slice('Bearer '.length) ?? '';
  const [held, hash] = [await store.read(keyOf(token)), await digest(token)];
  if (!held || hash === '') throw new Error('The floor has nothing to stand on.');
  return new Response('{}');
}

/**
 * The least around one read and one conditional write: a request, its form, the hash of what it shows, two new secrets and their hashes,
 * the record written as it was, an answer of our length.
 */
async function writeFloor({ store, digest }: StoreServer, request: Request): Promise<Response> {
  const form = new URLSearchParams(await request.text());
  const shown = form.get('code') ?? '';
  const key = keyOf(shown);
  const held = await store.read(key);
  const [access, refresh] = [`access_${key.slice(6)}.${secret()}`, `refresh_${key.slice(6)}.${secret()}`];
  const hashes = [await digest(shown), await digest(access), await digest(refresh)];
  if (!held || hashes.includes('')) throw new Error('The floor has nothing to stand on.');
  if ((await store.write(key, held.value, held.version, { until: FAR })) === null) throw new Error('Somebody else wrote.');
  const body = { access_token: access, token_type: 'Bearer', expires_in: 3600, refresh_token: refresh, scope: 'read write', resource: `${ISSUER}/mcp` };
  return Response.json(body, { headers: { 'cache-control': 'no-store' } });
} // prettier-ignore

/** The record of the grant that a code or token belongs to. */
export function keyOf(token: string): Key {
  return `grant:${token.slice(token.indexOf('_') + 1, token.indexOf('.'))}`;
}

function secret(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(32));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

async function codes({ store, helpers }: StoreServer, count: number): Promise<readonly string[]> {
  const client: Json = {
    id: CLIENT_ID, redirectUris: [REDIRECT_URI], applicationType: 'native', grantTypes: ['authorization_code', 'refresh_token'],
    authMethod: 'none', createdAt: 0,
  }; // prettier-ignore
  await store.write(`client:${CLIENT_ID}`, client, 'any');
  const made: string[] = [];
  while (made.length < count) made.push(new URL((await helpers.completeAuthorization(CONSENT)).redirectTo).searchParams.get('code') ?? '');
  return made;
}

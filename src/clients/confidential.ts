/**
 * Confidential: clients that prove who they are, with a secret in the body or a Basic header, or by their key (OAuth 2.1 §2.4).
 * Everything that fails says `invalid_client`, however it failed.
 */
import type { AuthServer } from '../core/auth-server.ts';
import { decode } from '../lib/form.ts';
import { equalTexts, fromUtf8 } from '../lib/bytes.ts';
import type { Client, ClientAuthMethod } from '../model/client.ts';
import { OAuthError } from '../model/error.ts';
import type { Params } from '../model/params.ts';
import type { Seconds } from '../model/store.ts';
import { failed, type Caller } from './caller.ts';
import { findClient } from './find.ts';

/** An id and its secret. */
interface Pair {
  readonly id: string;
  readonly secret: string;
}

/** What a request shows: a method, and what it may have meant. */
interface Shown {
  readonly method: 'client_secret_basic' | 'client_secret_post';
  readonly pairs: readonly Pair[];
}

const MAX_BASIC_LENGTH = 4096;
const GUESSES = 30;
const GUESS_WINDOW = 300;

/**
 * Checks the proof of a request that shows one.
 *
 * @throws {OAuthError} `invalid_client` (401), with a `Basic` challenge where the header was used; `invalid_request`
 *   when more than one method is used; 429 after too many wrong secrets from one network.
 */
export async function authenticateConfidential(
  as: AuthServer,
  authorization: string | null,
  params: Params,
  network: string,
): Promise<Caller> {
  if (['client_assertion', 'client_assertion_type'].some((name) => params.optional(name) !== undefined))
    return byKey(as, authorization, params, network);
  const { method, pairs } = authorization === null ? fromBody(params) : fromBasic(authorization, params);
  let [proven, known]: [Client | null, Client | null] = [null, null];
  let isOver = false;
  for (const { id, secret } of pairs) {
    const [client, hash] = [await findClient(as, id), await as.secrets.hash(secret)]; // unknown clients cost as much as known ones
    const isRight = client !== null && isSecretOf(client, hash, as.now());
    known ??= client;
    isOver ||= client?.formerSecret !== undefined && equalTexts(client.formerSecret.hash, hash);
    if (isRight) proven ??= client;
  }
  const client = proven ?? known;
  if (client && !mayUse(client, method)) throw await counted(as, client, network, failed(method, 'method_unregistered'));
  if (proven) return { kind: 'confidential', clientId: proven.id, client: proven };
  throw await counted(as, client, network, failed(method, client ? (isOver ? 'secret_former' : 'secret_wrong') : 'client_unknown'));
}

function mayUse({ authMethod, methodChosen }: Client, method: ClientAuthMethod): boolean {
  return authMethod === method || (!methodChosen && authMethod.startsWith('client_secret'));
}

/** Both secrets are compared, however the first comes out. */
function isSecretOf({ secretHash, formerSecret }: Client, hash: string, now: Seconds): boolean {
  const right = secretHash !== undefined && equalTexts(secretHash, hash);
  const former = formerSecret !== undefined && equalTexts(formerSecret.hash, hash) && formerSecret.until > now;
  return right || former;
}

/** A client that signs; the code for it is loaded when the first one comes. */
async function byKey(as: AuthServer, authorization: string | null, params: Params, network: string): Promise<Caller> {
  if (authorization !== null || params.optional('client_secret') !== undefined)
    throw new OAuthError('invalid_request', 'client_methods_mixed');
  const { proveByKey } = await import('./private-key-jwt.ts');
  const proved = await proveByKey(as, params, network);
  if (!('problem' in proved)) return { kind: 'confidential', clientId: proved.client.id, ...proved };
  throw await counted(as, proved.client, network, failed('private_key_jwt', proved.problem));
}

/** The refusal, or that it was one too many. Made-up ids share one count, so that nobody fills the store with counts of their own invention. */
async function counted(as: AuthServer, client: Client | null, network: string, refusal: OAuthError): Promise<OAuthError> {
  const wait = await as.limit(`secret\n${client?.id ?? ''}\n${network}`, GUESSES, GUESS_WINDOW);
  if (wait === null) return refusal;
  return new OAuthError('invalid_client', 'secret_limited', { status: 429, headers: { 'retry-after': String(wait) } });
}

function fromBody(params: Params): Shown {
  const id = params.optional('client_id');
  if (id === undefined) throw failed('none', 'client_missing');
  return { method: 'client_secret_post', pairs: [{ id, secret: params.required('client_secret') }] };
}

function fromBasic(authorization: string, params: Params): Shown {
  const shown = [parseBasic(authorization), rawBasic(authorization)].filter((pair) => pair !== null);
  if (shown.length === 0) throw failed('client_secret_basic', 'basic_malformed');
  if (params.optional('client_secret') !== undefined) throw new OAuthError('invalid_request', 'client_methods_mixed');
  const id = params.optional('client_id');
  const pairs = shown.filter((pair) => id === undefined || id === pair.id);
  if (pairs.length === 0) throw new OAuthError('invalid_request', 'client_ids_differ');
  return { method: 'client_secret_basic', pairs };
}

/** The two parts of a Basic credential, form-decoded after base64, split at the first colon (RFC 6749 §2.3.1); null if malformed. */
export function parseBasic(authorization: string): Pair | null {
  const raw = rawBasic(authorization);
  const id = raw && decode(raw.id);
  const secret = raw && decode(raw.secret);
  return id && secret ? { id, secret } : null;
}

/** The same without the form-decoding, which many clients have not made; null if malformed. */
function rawBasic(authorization: string): Pair | null {
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(authorization)?.[1];
  if (encoded === undefined || encoded.length > MAX_BASIC_LENGTH || encoded.length % 4 !== 0) return null;
  const text = textOf(encoded);
  const colon = text.indexOf(':');
  const [id, secret] = [text.slice(0, Math.max(colon, 0)), text.slice(colon + 1)];
  return id === '' || secret === '' || text.includes('\0') ? null : { id, secret };
}

/** UTF-8 behind base64, as our challenge says; empty where it is something else. */
function textOf(encoded: string): string {
  try {
    return fromUtf8(Uint8Array.from(atob(encoded), (sign) => sign.charCodeAt(0)));
  } catch {
    return ''; // not UTF-8: no id either
  }
}

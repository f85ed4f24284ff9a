/**
 * Authenticates confidential clients: by a secret in the body or in a Basic header, or by a signed assertion (OAuth 2.1 §2.4). Every failure
 * is `invalid_client`, whatever the cause.
 */
import type { AuthServer } from '../core/auth-server.ts';
import { decode } from '../lib/http.ts';
import { equalTexts, fromUtf8 } from '../lib/bytes.ts';
import type { Client, ClientAuthMethod } from '../model/client.ts';
import { OAuthError } from '../model/error.ts';
import type { Params } from '../model/params.ts';
import type { Seconds } from '../model/store.ts';
import { failed, type Caller } from './caller.ts';
import { findClient, mayFetch } from './find.ts';
import { lazy } from '../lib/async.ts';

const proveByKey = lazy(async () => (await import('./private-key-jwt.ts')).proveByKey);

/** A client id and secret. */
interface Pair {
  readonly id: string;
  readonly secret: string;
}

/** Credentials in a request: the method, and the possible readings. */
interface Credentials {
  readonly method: 'client_secret_basic' | 'client_secret_post';
  readonly pairs: readonly Pair[];
}

const MAX_BASIC_LENGTH = 4096;
const GUESSES = 30;
const GUESS_WINDOW = 300;

/**
 * Authenticates a request with credentials.
 *
 * @throws {OAuthError} `invalid_client` (401), with a `Basic` challenge if the header was used; `invalid_request`
 *   if more than one method is used; 429 after too many wrong secrets from one network.
 */
export async function authenticateConfidential(
  as: AuthServer,
  authorization: string | null,
  params: Params,
  network: string,
): Promise<Caller> {
  if (['client_assertion', 'client_assertion_type'].some((name) => params.optional(name) !== undefined))
    return byKey(as, authorization, params, network);
  const bareId = authorization === null ? null : bareIdOf(authorization);
  if (bareId !== null) return withoutSecret(as, bareId, params, network);
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
  if (client && !mayUse(client, method)) throw await refusalOrLimit(as, client, network, failed(method, 'method_unregistered'));
  if (proven) return { kind: 'confidential', clientId: proven.id, client: proven };
  throw await refusalOrLimit(as, client, network, failed(method, client ? (isOver ? 'secret_former' : 'secret_wrong') : 'client_unknown'));
}

function mayUse({ authMethod, methodChosen }: Client, method: ClientAuthMethod): boolean {
  return authMethod === method || (!methodChosen && authMethod.startsWith('client_secret'));
}

/** Always compares both secrets, for constant time. */
function isSecretOf({ secretHash, formerSecret }: Client, hash: string, now: Seconds): boolean {
  const current = secretHash !== undefined && equalTexts(secretHash, hash);
  const former = formerSecret !== undefined && equalTexts(formerSecret.hash, hash) && formerSecret.until > now;
  return current || former;
}

/** A client with a signed assertion; loaded with the first one. */
async function byKey(as: AuthServer, authorization: string | null, params: Params, network: string): Promise<Caller> {
  if (authorization !== null || params.optional('client_secret') !== undefined)
    throw new OAuthError('invalid_request', 'client_methods_mixed');
  const proof = await proveByKey(as, params, network);
  if (!('problem' in proof)) return { kind: 'confidential', clientId: proof.client.id, ...proof };
  throw await refusalOrLimit(as, proof.client, network, failed('private_key_jwt', proof.problem));
}

/** A public client whose library sends its id in the header, as it would with a secret: the same as the id in the body. */
async function withoutSecret(as: AuthServer, id: string, params: Params, network: string): Promise<Caller> {
  checkAlone(params, [id]);
  const client = await findClient(as, id);
  if (client ? client.authMethod === 'none' : mayFetch(as, id)) return { kind: 'public', clientId: id };
  throw await refusalOrLimit(as, client, network, failed('client_secret_basic', client ? 'secret_missing' : 'client_unknown'));
}

/** The refusal, or 429 if there were too many. Unknown ids share one counter, so that invented ids do not fill the store with counters. */
async function refusalOrLimit(as: AuthServer, client: Client | null, network: string, refusal: OAuthError): Promise<OAuthError> {
  const wait = await as.limit(`secret\n${client?.id ?? ''}\n${network}`, GUESSES, GUESS_WINDOW);
  if (wait === null) return refusal;
  return new OAuthError('invalid_client', 'secret_limited', { status: 429, headers: { 'retry-after': String(wait) } });
}

function fromBody(params: Params): Credentials {
  const id = params.optional('client_id');
  if (id === undefined) throw failed('none', 'client_missing');
  return { method: 'client_secret_post', pairs: [{ id, secret: params.required('client_secret') }] };
}

function fromBasic(authorization: string, params: Params): Credentials {
  const readings = [parseBasic(authorization), rawBasic(authorization)].filter((pair) => pair !== null);
  if (readings.length === 0) throw failed('client_secret_basic', 'basic_malformed');
  const id = checkAlone(params, readings.map((pair) => pair.id)); // prettier-ignore
  return { method: 'client_secret_basic', pairs: readings.filter((pair) => id === undefined || id === pair.id) };
}

/** The id in the body, which must be one of the header's. @throws {OAuthError} also if there is a secret in the body. */
function checkAlone(params: Params, ids: readonly string[]): string | undefined {
  if (params.optional('client_secret') !== undefined) throw new OAuthError('invalid_request', 'client_methods_mixed');
  const id = params.optional('client_id');
  if (id !== undefined && !ids.includes(id)) throw new OAuthError('invalid_request', 'client_ids_differ');
  return id;
}

/** Parses Basic credentials: base64, then form-decoding, split at the first colon (RFC 6749 §2.3.1); null if malformed. */
export function parseBasic(authorization: string): Pair | null {
  const raw = rawBasic(authorization);
  const id = raw && decode(raw.id);
  const secret = raw && decode(raw.secret);
  return id && secret ? { id, secret } : null;
}

/** The same without form-decoding, which many clients forget to encode for; null if malformed. */
function rawBasic(authorization: string): Pair | null {
  const text = basicText(authorization);
  const colon = text.indexOf(':');
  const [id, secret] = [text.slice(0, Math.max(colon, 0)), text.slice(colon + 1)];
  return id === '' || secret === '' || text.includes('\0') ? null : { id, secret };
}

/** The id in Basic credentials with an empty secret, form-decoded; null for any others. */
function bareIdOf(authorization: string): string | null {
  const text = basicText(authorization);
  return /^[^:\0]+:$/.test(text) ? decode(text.slice(0, -1)) : null;
}

/** The text of Basic credentials; empty if they are malformed. */
function basicText(authorization: string): string {
  const encoded = /^basic +([A-Za-z0-9+/]+={0,2})$/i.exec(authorization)?.[1];
  return encoded === undefined || encoded.length > MAX_BASIC_LENGTH || encoded.length % 4 !== 0 ? '' : textOf(encoded);
}

/** Decodes base64 of UTF-8, as our challenge requires; empty if it is neither. */
function textOf(encoded: string): string {
  try {
    return fromUtf8(Uint8Array.from(atob(encoded), (sign) => sign.charCodeAt(0)));
  } catch {
    return ''; // not UTF-8: no id either
  }
}

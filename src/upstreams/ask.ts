/**
 * Requests to an upstream: bounded in time and size, with our client credentials, and stopped by a circuit breaker while it is down. Every
 * failure, also those of `oauth4webapi`, becomes an `UpstreamError`, which contains nothing of a response but a known error code.
 */
import * as oauth from 'oauth4webapi';
import { isAhead } from '../lib/clock.ts';
import { isDownStatus, readBody, withoutByteOrderMark } from '../lib/http.ts';
import { parseJson } from '../lib/json.ts';
import type { Seconds } from '../model/store.ts';
import { bodyOf, type Endpoints, type Fetch, type FromEnv, type Provider, type ProviderOptions, UpstreamError } from './contract.ts';

/** Maximum size of a response in bytes. Enough for a key set with some hundred keys. */
const MAX_BYTES = 262_144;

/** A request without its URL. */
export interface AskInit {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: URLSearchParams | string | undefined;
}

/** Sends a request; the body of the response has been read. @throws {UpstreamError} */
export type Ask = (url: string, sent?: AskInit) => Promise<Response>;

/** Makes the function for one step of a sign-in; all its requests share the timeout. */
export function makeAsk(fetcher: Fetch, timeout: Seconds, breaker?: Breaker): Ask {
  const signal = AbortSignal.timeout(timeout * 1000);
  const ask: Ask = async (url, { method = 'GET', headers: sent = {}, body } = {}) => {
    const init: RequestInit = { method, headers: { ...sent }, redirect: 'manual', signal, ...(body === undefined ? {} : { body }) };
    const { status, headers, text } = await withTimeout(signal, () => sendAndRead(fetcher, url, init));
    if (status < 200) throw new UpstreamError('broken', `status_${status}`);
    return new Response([204, 205, 304].includes(status) ? null : text, { status, headers });
  };
  return breaker ? (url, sent) => breaker.run(() => ask(url, sent)) : ask;
}

/** Rejects at the timeout even if a custom `fetch` or a body ignores the signal. */
async function withTimeout<T>(signal: AbortSignal, step: () => Promise<T>): Promise<T> {
  let stop: (() => void) | undefined;
  const timeoutError = new Promise<never>((_, reject) => {
    stop = () => reject(new UpstreamError('unavailable', 'deadline'));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([timeoutError, step()]);
  } catch (error) {
    if (error instanceof UpstreamError) throw error;
    throw new UpstreamError('unavailable', signal.aborted ? 'deadline' : 'network'); // anything that `fetch` and a stream can throw
  } finally {
    if (stop) signal.removeEventListener('abort', stop);
  }
}

async function sendAndRead(fetcher: Fetch, url: string, init: RequestInit): Promise<{ status: number; headers: Headers; text: string }> {
  const { status, headers, body } = await fetcher(url, init);
  if (isDownStatus(status)) {
    void body?.cancel().catch(() => undefined); // a page of any size and charset
    throw new UpstreamError('unavailable', `status_${status}`, { retryAfter: retryAfterOf(headers) });
  }
  const read = await readBody(new Response(body), MAX_BYTES);
  if ('problem' in read) throw new UpstreamError('broken', `answer_${read.problem.replace('-', '_')}`);
  const plain = new Headers(headers);
  for (const name of ['content-length', 'content-encoding', 'transfer-encoding']) plain.delete(name); // the text is already decoded
  return { status, headers: plain, text: withoutByteOrderMark(read.text) };
}

/** Seconds, or a date (RFC 9110 §10.2.3), which is compared with the date of the answer: the site's clock may differ from ours. */
function retryAfterOf(headers: Headers): Seconds | undefined {
  const [text = '', date = ''] = ['retry-after', 'date'].map((name) => headers.get(name) ?? '');
  const seconds = text.endsWith(' GMT') ? (Date.parse(text) - Date.parse(date)) / 1000 : /^\d{1,6}$/.test(text) ? Number(text) : -1;
  return seconds >= 0 ? Math.min(3600, Math.max(1, seconds)) : undefined;
}

/** Failures in a row that open the circuit. */
const MAX_FAILURES = 5;
/** Seconds that it stays open at first; doubled with each failed probe, up to the maximum. */
const FIRST: Seconds = 5;
const MAX_PAUSE: Seconds = 60;
/** Seconds after which another request may probe: in workerd, the first one may have been cancelled, and then never ends. */
const PROBE: Seconds = 10;

/**
 * Circuit breaker of one upstream: stops requests while it is down, so that users need not wait for a timeout and the upstream can recover.
 * It opens after some failures in a row; then one request at a time probes (FLT-17).
 */
export interface Breaker {
  /** Runs the step, or refuses at once. @throws {UpstreamError} `unavailable: breaker_open` with the seconds to wait. */
  run<T>(step: () => Promise<T>): Promise<T>;
}

/** Makes a closed circuit breaker. @param now in seconds, possibly fractional. */
export function makeBreaker(now: () => number = () => Date.now() / 1000): Breaker {
  let [failures, opens, openUntil, probedUntil] = [0, 0, 0, 0];
  const open = (span: Seconds): void => {
    opens += 1;
    openUntil = now() + span;
  };
  return {
    async run(step) {
      const isOpen = isAhead(openUntil, MAX_PAUSE, now());
      const isHalfOpen = openUntil > 0 && !isOpen;
      if (isOpen || (isHalfOpen && isAhead(probedUntil, PROBE, now())))
        throw new UpstreamError('unavailable', 'breaker_open', { retryAfter: isOpen ? Math.ceil(openUntil - now()) : 1 });
      probedUntil = isHalfOpen ? now() + PROBE : 0;
      try {
        const result = await step();
        [failures, opens, openUntil] = [0, 0, 0];
        return result;
      } catch (error) {
        // A 429 is often about one user's token: it must not lock out the others.
        if (!(error instanceof UpstreamError) || error.failure !== 'unavailable' || ['status_429', 'breaker_open'].includes(error.reason))
          throw error;
        failures += 1;
        if (error.retryAfter !== undefined) open(Math.min(MAX_PAUSE, error.retryAfter)); // the upstream said how long (RFC 9110 §10.2.3)
        else if (isHalfOpen || failures >= MAX_FAILURES) open(Math.min(MAX_PAUSE, FIRST * 2 ** opens));
        throw error;
      } finally {
        if (isHalfOpen) probedUntil = 0;
      }
    },
  };
}

/** Visitors in a row whose requests failed, from which on the upstream counts as down. */
const MIN_VISITORS = 3;
const MAX_VISITORS = 1000;

/**
 * Circuit breakers of one upstream: one for each visitor, and a shared one that counts once several visitors in a row have failed. A visitor
 * influences the upstream's responses, so a single one must not be able to open the circuit for all.
 */
export function makeBreakers(now?: () => number): (visitor?: string) => Breaker {
  const shared = makeBreaker(now);
  const breakers = new Map<string, Breaker>();
  const failing = new Set<string>();
  return (visitor = '') => {
    const breaker = breakers.get(visitor) ?? makeBreaker(now);
    breakers.delete(visitor);
    breakers.set(visitor, breaker); // keeps the most recently used last
    if (breakers.size > MAX_VISITORS) breakers.delete(breakers.keys().next().value ?? '');
    return {
      async run(step) {
        try {
          const result = await (failing.size >= MIN_VISITORS ? shared.run(() => breaker.run(step)) : breaker.run(step));
          failing.clear();
          return result;
        } catch (error) {
          if (error instanceof UpstreamError && error.failure === 'unavailable' && failing.size < MIN_VISITORS) failing.add(visitor);
          throw error;
        }
      },
    };
  };
}

/** Clock skew of an upstream, in seconds. */
const SKEW = 60;
const MAX_DEPTH = 32;

/** Our client at one upstream, possibly from the environment. */
export interface Credentials {
  /** @param now current time in seconds, if it is not the machine's. */
  client(env: unknown, now?: Seconds): oauth.Client;
  auth(env: unknown, found: Endpoints): oauth.ClientAuth;
  /** Sends a secret in a Basic header if the site does not take it in the body: many let an application use one of the two alone (RFC 6749 §2.3.1). */
  through(ask: Ask): Ask;
  /** Empty for a public client. */
  secret(env: unknown): string;
}

/** Makes the credentials for one upstream. */
export function makeCredentials(id: string, { clientAuth }: Provider, { clientId, clientSecret }: ProviderOptions): Credentials {
  let isRefusedInBody = false;
  const secret = (env: unknown): string => (clientSecret === undefined ? '' : valueOf(clientSecret, env, id, 'clientSecret'));
  return {
    secret,
    client: (env, now) => ({
      client_id: valueOf(clientId, env, id, 'clientId'),
      [oauth.clockTolerance]: SKEW,
      ...(now === undefined ? {} : { [oauth.clockSkew]: now - Math.floor(Date.now() / 1000) }),
    }),
    auth(env, { token_endpoint_auth_methods_supported: published }) {
      const text = secret(env);
      if (text === '') return oauth.None();
      const isPublished = published?.includes('client_secret_basic') && !published.includes('client_secret_post');
      const isBasic = isRefusedInBody || clientAuth === 'client_secret_basic' || (clientAuth === undefined && isPublished);
      if (!isBasic) return oauth.ClientSecretPost(text);
      return (_server, { client_id }, _body, headers) => headers.set('authorization', basicOf(client_id, text));
    },
    through: (ask) => async (url, sent) => {
      const response = await ask(url, sent);
      if (!(sent?.body instanceof URLSearchParams) || !(await isRefused(response.clone()))) return response;
      const body = new URLSearchParams(sent.body);
      const text = body.get('client_secret');
      isRefusedInBody = false; // also if it was in the header
      if (text === null) return response;
      body.delete('client_secret');
      const authorization = basicOf(body.get('client_id') ?? '', text);
      const again = await ask(url, { ...sent, body, headers: { ...sent.headers, authorization } });
      isRefusedInBody = again.ok;
      return again;
    },
  };
}

/** Encodes no more than needed: `oauth4webapi` also encodes hyphens, and not every site decodes (RFC 6749 §2.3.1). */
function basicOf(id: string, secret: string): string {
  return `Basic ${btoa([id, secret].map(encodeURIComponent).join(':'))}`;
}

/** Whether the client is refused: by the error of RFC 6749 §5.2, or by a 401 in other words, but not the grant. */
async function isRefused(response: Response): Promise<boolean> {
  if (response.ok) return false;
  const { error } = bodyOf(parseJson(await response.text(), MAX_DEPTH));
  return error === 'invalid_client' || (response.status === 401 && error !== 'invalid_grant');
}

function valueOf(from: FromEnv, env: unknown, id: string, option: string): string {
  const value: unknown = typeof from === 'function' ? from(env) : from;
  if (typeof value === 'string' && value !== '') return value;
  throw new TypeError(`${id}: \`${option}\` has no value in the environment.`);
}

/** Error codes that may appear in an event (RFC 6749 §4.1.2.1, §5.2; OpenID Connect Core §3.1.2.6; GitHub, Slack). */
const KNOWN = new Set(
  (
    'access_denied invalid_request invalid_client invalid_grant unauthorized_client unsupported_grant_type unsupported_response_type ' +
    'invalid_scope server_error temporarily_unavailable interaction_required login_required consent_required account_selection_required ' +
    'bad_refresh_token invalid_refresh_token token_revoked account_inactive bad_verification_code incorrect_client_credentials redirect_uri_mismatch unverified_user_email application_suspended ' +
    'repair_failed bad_client_secret invalid_client_id bad_redirect_uri invalid_code code_already_used'
  ).split(' '),
);

/** Throws the error as an `UpstreamError`; an error that is not an upstream's response is thrown unchanged. */
export function failureOf(error: unknown): never {
  if (error instanceof oauth.AuthorizationResponseError) throw new UpstreamError('declined', deniedOr(error.error));
  if (error instanceof oauth.ResponseBodyError) throw new UpstreamError('broken', `token_${known(error.error)}`);
  if (error instanceof oauth.OperationProcessingError) {
    const inner: unknown = error.cause;
    if (inner instanceof UpstreamError) throw inner;
    throw new UpstreamError('broken', (error.code ?? 'oauth_invalid').toLowerCase());
  }
  if (error instanceof oauth.UnsupportedOperationError) throw new UpstreamError('broken', 'oauth_unsupported');
  if (error instanceof Error && error.name === 'WWWAuthenticateChallengeError') throw new UpstreamError('broken', 'token_challenge');
  throw error;
}

/** The error of a callback. Apple and LinkedIn have words of their own for a user who cancels: `user_cancelled_authorize`, `user_cancelled_login`. */
function deniedOr(code: string): string {
  return /^user_cancell?ed/.test(code) ? 'access_denied' : known(code);
}

function known(code: string): string {
  return KNOWN.has(code) ? code : 'other';
}

/**
 * Reads and checks the environment of the provider: the store, the rate limits, and the services that logins need. Warns of what is lost
 * with a store without conditional writes.
 */
import { isLoopbackHost } from '../lib/url.ts';
import { isForm, type Login } from '../model/login.ts';
import type { Store } from '../model/store.ts';
import type { OAuthProviderOptions } from '../options/options.ts';
import { durableObjectStore } from '../stores/durable-object.ts';
import type { ObjectNamespace } from '../stores/object-namespace.ts';

/** Whether limits are off. They go off for load tests, and only where no other computer can reach: on loopback. */
export function isOff(env: unknown, issuer: string): boolean {
  const limits = readEnv(env, 'PORTCULLIS_LIMITS') ?? 'on';
  if (limits === 'on' || limits === '') return false;
  if (limits === 'off' && isLoopbackHost(new URL(issuer).hostname)) return true;
  throw new TypeError('OAuthProvider: PORTCULLIS_LIMITS may be "on", or "off" for load tests where the issuer is on localhost.');
}

/** A variable of the environment. */
export function readEnv(env: unknown, name: string): unknown {
  return typeof env === 'object' && env !== null ? (env as Record<string, unknown>)[name] : undefined;
}

/** The first fault of any login; null for none. */
export function loginFault(logins: readonly Login[], env: unknown): unknown {
  try {
    for (const login of logins.filter(isForm)) login.checkEnv?.(env);
    return null;
  } catch (error) {
    return error;
  }
}

/** What no store can keep that writes first and finds out later. */
export const LOST_PROMISES: readonly string[] = [
  'an authorization code can be spent twice, by two parties, when both come at once',
  'a rotated refresh token can be good in two hands, and its theft goes unseen',
  'what was revoked goes on working elsewhere for a minute or more',
  'a consent can be answered twice, and a callback of another site be taken twice',
  'limits count too little, so passwords can be tried more often',
  'two users can get one user name',
];

/** The store that a provider works on. @param binding what stands in the environment as `PORTCULLIS`. @throws {TypeError} naming the fix. */
export function storeOf<Env>(
  { store, dangerouslyAllowEventualStore: eventual }: OAuthProviderOptions<Env>,
  env: Env,
  binding: unknown,
  warn: (line: string) => void = (line) => console.warn(line),
): Store {
  const given = typeof store === 'function' ? store(env) : (store ?? binding);
  if (isNamespace(given)) return durableObjectStore(given);
  if (!isStore(given)) {
    throw new TypeError(
      'OAuthProvider: no `store`. On Workers bind the Durable Object class PortcullisStore as PORTCULLIS; on Node give serve() the option `data` (or set PORTCULLIS_DATA), or give the option `store`.',
    );
  }
  if (given.atomic) return given;
  if (eventual !== true)
    throw new TypeError(
      'OAuthProvider: this `store` has no conditional writes, so codes could be spent twice; use SQLite, PostgreSQL, Redis, D1, Durable Objects, or another atomic one. As a cache before one of them it is fine: composedStore({ atomic, cache }).',
    );
  warn(`portcullis: dangerouslyAllowEventualStore: on this store\n${LOST_PROMISES.map((promise) => `  - ${promise}`).join('\n')}`);
  return given;
}

function isNamespace(value: unknown): value is ObjectNamespace {
  return typeof value === 'object' && value !== null && 'idFromName' in value && 'get' in value;
}

function isStore(value: unknown): value is Store {
  return typeof value === 'object' && value !== null && 'read' in value && 'write' in value && 'atomic' in value;
}

/**
 * Reads and checks the environment of the provider: the store, the rate limits, and the services that logins need. Warns of the risks of
 * a store without conditional writes.
 */
import { isLoopbackHost } from '../lib/url.ts';
import { isForm, type Login } from '../model/login.ts';
import type { Store } from '../model/store.ts';
import type { OAuthProviderOptions } from '../options/options.ts';
import { durableObjectStore } from '../stores/durable-object.ts';
import type { ObjectNamespace } from '../stores/object-namespace.ts';

/** Whether rate limits are off: for load tests, and only on loopback, where no other computer can reach the server. */
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

/** The first fault that a login reports; null for none. @param isRead whether anything here reads this permission of an account. */
export function loginFault(logins: readonly Login[], env: unknown, isRead: (permission: string) => boolean): unknown {
  try {
    for (const login of logins.filter(isForm)) login.checkEnv?.(env, isRead);
    return null;
  } catch (error) {
    return error;
  }
}

/** The promises that an eventually consistent store breaks. */
export const LOST_PROMISES: readonly string[] = [
  'two parties can redeem one authorization code at the same time',
  'a rotated refresh token can work for two parties, and its theft goes unnoticed',
  'a revoked token can work elsewhere for a minute or more',
  'a consent can be answered twice, and the callback of an upstream login can be processed twice',
  'rate limits count too little, so passwords can be tried more often',
  'two users can get one user name',
];

/** The store of a provider. @param binding the value of `env.PORTCULLIS`. @throws {TypeError} naming the fix. */
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

/** Surroundings: what the provider reads of its environment. */
import { isLoopbackHost } from '../lib/url.ts';

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

/**
 * Breaker: a provider that is down is left alone for a while, so that nobody waits for what will not come and it is not
 * trampled when it gets up. After some failures in a row the circuit opens; then one request at a time tries (FLT-17).
 */
import type { Seconds } from '../model/store.ts';
import { UpstreamError } from './contract.ts';

/** Failures in a row that open it. */
const MAX_FAILURES = 5;
/** Seconds it stays open at first; doubled with each failed try, up to the longest. */
const FIRST: Seconds = 5;
const MAX_PAUSE: Seconds = 60;
/** Seconds after which another request may try: in workerd the one that tried may have been cut off, and then never ends. */
const PROBE: Seconds = 10;

/** One provider's breaker. */
export interface Breaker {
  /** Runs the step, or refuses at once. @throws {UpstreamError} `unavailable: breaker_open` with the seconds to wait. */
  run<T>(step: () => Promise<T>): Promise<T>;
}

/** Makes a closed one. @param now seconds; need not be whole. */
export function makeBreaker(now: () => number = () => Date.now() / 1000): Breaker {
  let [failures, opens, openUntil, probedUntil] = [0, 0, 0, 0];
  const open = (span: Seconds): void => {
    opens += 1;
    openUntil = now() + span;
  };
  return {
    async run(step) {
      const wait = openUntil - now();
      const isHalfOpen = openUntil > 0 && wait <= 0;
      if (wait > 0 || (isHalfOpen && probedUntil > now()))
        throw new UpstreamError('unavailable', 'breaker_open', { retryAfter: Math.max(1, Math.ceil(wait)) });
      probedUntil = isHalfOpen ? now() + PROBE : 0;
      try {
        const result = await step();
        [failures, opens, openUntil] = [0, 0, 0];
        return result;
      } catch (error) {
        // A 429 is often about one person's token: it must not keep out all others.
        if (!(error instanceof UpstreamError) || error.failure !== 'unavailable' || ['status_429', 'breaker_open'].includes(error.reason))
          throw error;
        failures += 1;
        if (error.retryAfter !== undefined) open(Math.min(MAX_PAUSE, error.retryAfter)); // it said itself how long (RFC 9110 §10.2.3)
        else if (isHalfOpen || failures >= MAX_FAILURES) open(Math.min(MAX_PAUSE, FIRST * 2 ** opens));
        throw error;
      } finally {
        if (isHalfOpen) probedUntil = 0;
      }
    },
  };
}

/** Visitors in a row whose requests failed, from which on it is the provider, and not one of them. */
const MIN_VISITORS = 3;
const MAX_VISITORS = 1000;

/**
 * Breakers of one provider: one for each visitor, and one for all that counts when several visitors in a row met failures. What a visitor
 * sends decides what the provider answers, so a single one must not be able to close it for everybody.
 */
export function makeBreakers(now?: () => number): (visitor?: string) => Breaker {
  const shared = makeBreaker(now);
  const own = new Map<string, Breaker>();
  const failing = new Set<string>();
  return (visitor = '') => {
    const mine = own.get(visitor) ?? makeBreaker(now);
    own.delete(visitor);
    own.set(visitor, mine); // the one that was used last stands last
    if (own.size > MAX_VISITORS) own.delete(own.keys().next().value ?? '');
    return {
      async run(step) {
        try {
          const result = await (failing.size >= MIN_VISITORS ? shared.run(() => mine.run(step)) : mine.run(step));
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

/**
 * Circuit breaker: stops requests to an upstream that is down, so that users need not wait for a timeout and the upstream can recover. It
 * opens after some failures in a row; then one request at a time probes (FLT-17).
 */
import type { Seconds } from '../model/store.ts';
import { UpstreamError } from './contract.ts';

/** Failures in a row that open the circuit. */
const MAX_FAILURES = 5;
/** Seconds that it stays open at first; doubled with each failed probe, up to the maximum. */
const FIRST: Seconds = 5;
const MAX_PAUSE: Seconds = 60;
/** Seconds after which another request may probe: in workerd, the first one may have been cancelled, and then never ends. */
const PROBE: Seconds = 10;

/** Circuit breaker of one upstream. */
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

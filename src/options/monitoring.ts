/**
 * Option `monitoring`: paths for probes of a load balancer and for Prometheus, which do not exist unless it is given.
 */
import { checkNames } from '../lib/names.ts';
import { fail } from './kinds.ts';

/** What a load balancer and Prometheus ask. */
export interface MonitoringOptions<Env = unknown> {
  /** Path that answers 200 while the process runs, without asking the store. Default `/health`, beside the authorize endpoint. */
  readonly health?: string | undefined;
  /** Path that answers 200 if the store can be written and read, else 503; checked at most every five seconds. Default `/ready`, beside the authorize endpoint. */
  readonly ready?: string | undefined;
  /** Path of the metrics of this process for Prometheus; only with `scrapeToken`. Default `/metrics`, beside the authorize endpoint. */
  readonly metrics?: string | undefined;
  /** Bearer token that Prometheus sends, at least 32 characters, or a function that takes it from the environment. Default: no metrics. */
  readonly scrapeToken?: (string | ((env: Env) => string)) | undefined;
}

const PATHS = ['health', 'ready', 'metrics'] as const;

/** The paths that the option adds; null where there are none. @throws {TypeError} naming the fix. */
export function monitoringPathsOf<Env>(
  given: MonitoringOptions<Env> | undefined,
  beside: (name: string) => string,
): { readonly health: string | null; readonly ready: string | null; readonly metrics: string | null } {
  if (given === undefined) return { health: null, ready: null, metrics: null };
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    fail('monitoring', 'must be an object: {} for /health and /ready; leave it out for none');
  checkNames('OAuthProvider: `monitoring`', given, [...PATHS, 'scrapeToken'].join(' '));
  const { scrapeToken, health = beside('health'), ready = beside('ready'), metrics = beside('metrics') } = given;
  if (scrapeToken !== undefined && typeof scrapeToken !== 'function') checkToken(scrapeToken);
  if (given.metrics !== undefined && scrapeToken === undefined)
    fail('monitoring.metrics', 'needs `monitoring.scrapeToken`, 32 or more random characters that Prometheus sends as a bearer token');
  return { health, ready, metrics: scrapeToken === undefined ? null : metrics };
}

/** The token with which Prometheus asks; null for none. @throws {TypeError} naming the fix. */
export function scrapeTokenOf<Env>(given: MonitoringOptions<Env> | undefined, env: Env): string | null {
  const { scrapeToken } = given ?? {};
  return scrapeToken === undefined ? null : checkToken(typeof scrapeToken === 'function' ? scrapeToken(env) : scrapeToken);
}

function checkToken(token: unknown): string {
  if (typeof token !== 'string' || !/^[\w.~+/-]{32,512}=*$/.test(token))
    fail('monitoring.scrapeToken', 'must be 32 to 512 random letters and digits, as from `openssl rand -hex 32`');
  return token;
}

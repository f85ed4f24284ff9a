/**
 * Attempt limits: slow down password guessing without locking the owner out (SEC-152). One network gets few attempts on an account. All
 * networks of an IPv6 /48 get five times as many. All networks together get more, and then each waits a little longer; none is refused because of the others. A browser that has succeeded
 * on the account before has its own count, whatever happens in its network.
 */
import { networkAround } from '../lib/http.ts';
import { pause } from '../lib/async.ts';
import type { AttemptRules, Attempts } from '../model/login-services.ts';
import type { Seconds } from '../model/store.ts';
import type { AuthServer } from './auth-server.ts';

/** Attempts on one account from all networks, in one window, before the delay starts. */
const FREE = 100;
/** Each further attempt waits this much longer, up to the maximum. */
const STEP_MS = 50;
const MAX_WAIT_MS = 5000;
/** Attempts on one account from an IPv6 /48, as a multiple of those from one of its /64. */
const NEARBY = 5;
/** How long a browser is remembered after a success. */
export const KNOWN_TTL: Seconds = 90 * 86_400;

/** The request that makes the attempt. */
export interface AttemptContext {
  readonly as: AuthServer;
  readonly network: string;
  /** The secret in the browser's cookie; undefined if it has none. */
  readonly browser: string | undefined;
  /** Sets the secret in the browser's cookie. */
  readonly remember: (secret: string) => void;
}

/** Makes the operations for one request. */
export function makeAttempts({ as, network, browser, remember }: AttemptContext): Attempts {
  const { secrets, records, runtime, settings } = as;
  let secret = browser !== undefined && /^[\w-]{43}$/.test(browser) ? browser : undefined;
  let isRemembered = false;
  const keyOf = async (account: string): Promise<`known-browser:${string}` | null> =>
    secret === undefined ? null : `known-browser:${await secrets.hash(`known browser\n${secret}\n${account}`)}`;
  const knownBrowser = async (account: string): Promise<string | null> => {
    const key = await keyOf(account);
    return key !== null && (await as.store.read(key)) !== null ? key : null;
  };
  const rememberBrowser = async (account: string): Promise<void> => {
    secret ??= secrets.secret();
    if (!isRemembered) remember(secret);
    isRemembered = true;
    const key = await keyOf(account);
    if (key !== null) await as.store.write(key, { v: 1 }, 'any', { until: as.now() + KNOWN_TTL });
  };
  const around = networkAround(network);
  const networkName = (kind: string, account: string, from = network): string => `${kind}\n${account}\n${from}`;
  const namesOf = (kind: string, account: string): string[] =>
    [network, around].filter((from) => from !== null).map((from) => networkName(kind, account, from));
  const totalName = (kind: string, account: string): string => `${kind}\n${account}`;
  return {
    async attempt(kind, account, { most, per, perNetwork, total, isSlowed = true }: AttemptRules) {
      if (!settings.limits) return null;
      const known = await knownBrowser(account);
      if (known !== null) return as.limit(`${kind}\n${known}`, most, per);
      // Count the network first: once it has to wait, it can no longer slow down other accounts.
      const wait =
        (perNetwork === undefined ? null : await as.limit(`${kind}-network:${network}`, perNetwork, per)) ??
        (await as.limit(networkName(kind, account), most, per)) ??
        (around === null ? null : await as.limit(networkName(kind, account, around), NEARBY * most, per));
      if (wait !== null || !isSlowed) return wait;
      const now = as.now();
      const { count, endsAt } = await records.count(await secrets.hash(totalName(kind, account)), per, now);
      if (total !== undefined && count > total) return Math.max(1, endsAt - now);
      const milliseconds = Math.min(MAX_WAIT_MS, (count - FREE) * STEP_MS);
      if (milliseconds > 0) await (runtime.pause ? runtime.pause(milliseconds) : pause(milliseconds));
      return null;
    },
    async withdraw(kind, account, { perNetwork }) {
      if (!settings.limits) return;
      const known = await knownBrowser(account);
      const names = [
        ...namesOf(kind, account),
        totalName(kind, account),
        ...(perNetwork === undefined ? [] : [`${kind}-network:${network}`]),
      ];
      for (const name of known === null ? names : [`${kind}\n${known}`]) await records.uncount(await secrets.hash(name));
    },
    async succeeded(kind, account) {
      if (!settings.limits) return;
      const known = await knownBrowser(account);
      await Promise.all([
        ...(known === null ? namesOf(kind, account) : [`${kind}\n${known}`]).map((name) => as.forgive(name)),
        as.forgive(totalName(kind, account)),
        known === null ? rememberBrowser(account) : undefined,
      ]);
    },
  };
}

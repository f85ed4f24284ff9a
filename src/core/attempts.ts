/**
 * Attempts: how guessing is slowed, without keeping the owner out (SEC-152). Tries on one account are few for one network. For
 * all networks together they are many, and then each waits a little longer; none is refused for what others did elsewhere. A browser that
 * once succeeded on the account has a count of its own, whatever happens in its network.
 */
import { pause } from '../lib/pause.ts';
import type { AttemptRules, Attempts } from '../model/attempts.ts';
import type { Seconds } from '../model/store.ts';
import type { AuthServer } from './auth-server.ts';

/** Tries on one account from everywhere that cost no wait, in one window. */
const FREE = 100;
/** Each further one waits so much longer, up to the most. */
const STEP_MS = 50;
const MAX_WAIT_MS = 5000;
/** How long a browser is known after a success. */
export const KNOWN_TTL: Seconds = 90 * 86_400;

/** Who tries. */
export interface Trying {
  readonly as: AuthServer;
  readonly network: string;
  /** The secret of the browser's cookie; undefined where it has none. */
  readonly browser: string | undefined;
  /** Gives the browser a secret. */
  readonly remember: (secret: string) => void;
}

/** Makes the verbs for one request. */
export function makeAttempts({ as, network, browser, remember }: Trying): Attempts {
  const { secrets, records, runtime, settings } = as;
  let secret = browser !== undefined && /^[\w-]{43}$/.test(browser) ? browser : undefined;
  const keyOf = async (whose: string): Promise<`known-browser:${string}` | null> =>
    secret === undefined ? null : `known-browser:${await secrets.hash(`known browser\n${secret}\n${whose}`)}`;
  const knownAs = async (whose: string): Promise<string | null> => {
    const key = await keyOf(whose);
    return key !== null && (await as.store.read(key)) !== null ? key : null;
  };
  const here = (kind: string, whose: string): string => `${kind}\n${whose}\n${network}`;
  const everywhere = (kind: string, whose: string): string => `${kind}\n${whose}`;
  return {
    async attempt(kind, whose, { most, per, perNetwork, total }: AttemptRules) {
      if (!settings.limits) return null;
      const known = await knownAs(whose);
      if (known !== null) return as.limit(`${kind}\n${known}`, most, per);
      // The network counts first: once it has to wait, it can no longer slow down other people's accounts.
      const wait =
        (perNetwork === undefined ? null : await as.limit(`${kind}-network:${network}`, perNetwork, per)) ??
        (await as.limit(here(kind, whose), most, per));
      if (wait !== null) return wait;
      const now = as.now();
      const { count, endsAt } = await records.count(await secrets.hash(everywhere(kind, whose)), per, now);
      if (total !== undefined && count > total) return Math.max(1, endsAt - now);
      const milliseconds = Math.min(MAX_WAIT_MS, (count - FREE) * STEP_MS);
      if (milliseconds > 0) await (runtime.pause ? runtime.pause(milliseconds) : pause(milliseconds));
      return null;
    },
    async withdraw(kind, whose, { perNetwork }) {
      if (!settings.limits) return;
      const known = await knownAs(whose);
      const names = [here(kind, whose), everywhere(kind, whose), ...(perNetwork === undefined ? [] : [`${kind}-network:${network}`])];
      for (const name of known === null ? names : [`${kind}\n${known}`]) await records.uncount(await secrets.hash(name));
    },
    async succeeded(kind, whose) {
      if (!settings.limits) return;
      const known = await knownAs(whose);
      await as.forgive(known === null ? here(kind, whose) : `${kind}\n${known}`);
      await as.forgive(everywhere(kind, whose));
      if (known !== null) return;
      secret ??= secrets.secret();
      remember(secret);
      const key = await keyOf(whose);
      if (key !== null) await as.store.write(key, { v: 1 }, 'any', { until: as.now() + KNOWN_TTL });
    },
  };
}

/**
 * User services: operations on accounts, consents, passkeys, TOTP, links and upstream tokens. A guarded call needs none of them, so each
 * is loaded on first use (`all-parts.ts`).
 */
import { lazyObject, memoize } from '../lib/lazy.ts';
import type { Accounts } from '../model/account.ts';
import type { NewEvent } from '../model/event.ts';
import type { Links } from '../model/login-services.ts';
import type { Passkeys } from '../model/passkey.ts';
import type { Runtime } from '../model/runtime.ts';
import type { Settings } from '../model/settings.ts';
import type { Store } from '../model/store.ts';
import type { Totps } from '../model/totp.ts';
import type { Upstreams } from '../model/upstream.ts';
import type { CoreParts } from './parts.ts';
import type { Consents } from './records/consents.ts';
import type { Keyring } from './records/keyring.ts';
import type { Secrets } from './records/secrets.ts';
import type { Records } from './records/records.ts';
import type { Vault } from './vault/vault.ts';

/** What the services are made over. */
export interface UserServicesParts {
  readonly settings: Settings;
  readonly runtime: Runtime;
  readonly store: Store;
  readonly records: Records;
  readonly secrets: Secrets;
  readonly keyring: Keyring | null;
  /** Where upstream providers find their secrets. */
  readonly env: unknown;
  /** URL of the sign-up page; null if there is none. */
  readonly signUpUrl: string | null;
  readonly emit: (event: NewEvent) => void;
}

/** The services. */
export interface UserServices {
  readonly accounts: Accounts;
  readonly consents: Consents;
  readonly passkeys: Passkeys;
  readonly totps: Totps;
  readonly links: Links;
  /** Upstream tokens. */
  readonly vault: Vault;
}

/** Makes the services. */
export function makeUserServices(parts: UserServicesParts, load: CoreParts): UserServices {
  const { runtime, store, secrets } = parts;
  const over = { ...parts, now: () => runtime.now() };
  const consents = lazyObject<Consents>({ find: true, readAhead: true, keep: true, forget: true, forgetAll: true }, async () =>
    (await import('./records/consents.ts')).makeConsents(store, secrets, over.now, runtime),
  );
  const passkeys = lazyObject<Passkeys>(
    { openChallenge: true, takeChallenge: true, add: true, find: true, of: true, use: true, rename: true, remove: true, removeAll: true },
    () => load.passkeys(over),
  );
  const totps = lazyObject<Totps>(
    { statusOf: true, offer: true, openOffer: true, confirm: true, useCode: true, useRecovery: true, renewRecovery: true, remove: true },
    () => load.totps(parts),
  );
  const links = lazyObject<Links>({ make: true, find: true, take: true }, () => load.links(over));
  const vault = lazyVault(parts, load);
  const accounts = lazyObject<Accounts>(
    {
      create: true, seed: true, find: true, findByUsername: true, findByEmail: true, checkPassword: true, removeSecondFactor: true, setPassword: true,
      setEmail: true, invite: true, setPermissions: true, permissionsOf: true, remove: true,
    }, // prettier-ignore
    () => load.accounts({ ...parts, consents, vault, passkeys, totps, links }),
  );
  return { accounts, consents, passkeys, totps, links, vault };
}

function lazyVault(parts: UserServicesParts, load: CoreParts): Vault {
  const { once } = memoize(() => load.vault(parts));
  return {
    ...lazyObject<Omit<Vault, 'upstreamsOf'>>({ keep: true, allExist: true, release: true, releaseAll: true }, once),
    upstreamsOf: (grantId, open) => (provider, options) =>
      lazyObject<ReturnType<Upstreams>>({ token: true, scopes: true, accounts: true }, async () =>
        (await once()).upstreamsOf(grantId, open)(provider, options),
      ),
  };
}

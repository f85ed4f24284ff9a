/**
 * People: the verbs over those who sign in, over what they allowed and over what other sites let them do here. A guarded call needs
 * none of them, so each comes with its first use.
 */
import { lateVerbs, remembered } from '../lib/lazy.ts';
import type { Accounts } from '../model/account.ts';
import type { NewEvent } from '../model/event.ts';
import type { Links } from '../model/links.ts';
import type { Passkeys } from '../model/passkey.ts';
import type { Runtime } from '../model/runtime.ts';
import type { Settings } from '../model/settings.ts';
import type { Store } from '../model/store.ts';
import type { Totps } from '../model/totp.ts';
import type { Upstreams } from '../model/upstream.ts';
import type { Consents } from './records/consents.ts';
import type { Keyring } from './records/keyring.ts';
import type { Keys } from './records/secrets.ts';
import type { Records } from './records/records.ts';
import type { Vault } from './vault/vault.ts';

/** What they are made over. */
export interface PeopleParts {
  readonly settings: Settings;
  readonly runtime: Runtime;
  readonly store: Store;
  readonly records: Records;
  readonly keys: Keys;
  readonly keyring: Keyring | null;
  /** Where providers find their secrets. */
  readonly env: unknown;
  /** Where people sign up; null where they cannot. */
  readonly signUpUrl: string | null;
  readonly emit: (event: NewEvent) => void;
}

/** The verbs. */
export interface People {
  readonly accounts: Accounts;
  readonly consents: Consents;
  readonly passkeys: Passkeys;
  readonly totps: Totps;
  readonly links: Links;
  /** Tokens of other sites. */
  readonly vault: Vault;
}

/** Makes the verbs; nothing of them is loaded yet. */
export function makePeople(parts: PeopleParts): People {
  const { runtime, store, records, keys, signUpUrl } = parts;
  const over = { ...parts, now: () => runtime.now() };
  const consents = lateVerbs<Consents>({ find: true, keep: true, forget: true, forgetAll: true }, async () =>
    (await import('./records/consents.ts')).makeConsents(store, keys, over.now, runtime),
  );
  const passkeys = lateVerbs<Passkeys>(
    { openChallenge: true, takeChallenge: true, add: true, find: true, of: true, use: true, rename: true, remove: true, removeAll: true },
    async () => (await import('./users/passkeys.ts')).makePasskeys(over),
  );
  const totps = lateVerbs<Totps>(
    { statusOf: true, offer: true, openOffer: true, confirm: true, useCode: true, useRecovery: true, renewRecovery: true, remove: true },
    async () => (await import('./users/totp.ts')).makeTotps(parts),
  );
  const links = lateVerbs<Links>({ make: true, find: true, take: true }, async () => (await import('./users/links.ts')).makeLinks(over));
  const vault = lateVault(parts);
  const accounts = lateVerbs<Accounts>(
    {
      create: true, seed: true, find: true, findByUsername: true, findByEmail: true, checkPassword: true, removeSecondFactor: true, setPassword: true,
      setEmail: true, invite: true, setPermissions: true, permissionsOf: true, remove: true,
    }, // prettier-ignore
    async () => {
      const [{ makeAccounts }, { makeEmails }, { makeNewAccounts }] = await Promise.all([
        import('./users/accounts.ts'),
        import('./users/emails.ts'),
        import('./users/account-names.ts'),
      ]);
      const emails = makeEmails(store, keys, runtime);
      const newAccounts = makeNewAccounts(store, keys, records, emails, () => runtime.now(), runtime);
      const { emit } = parts;
      return makeAccounts({ store, records, consents, vault, keys, runtime, passkeys, totps, links, signUpUrl, emails, newAccounts, emit });
    },
  );
  return { accounts, consents, passkeys, totps, links, vault };
}

function lateVault(parts: PeopleParts): Vault {
  const { once } = remembered(async () => (await import('./vault/vault.ts')).makeVault(parts));
  return {
    ...lateVerbs<Omit<Vault, 'upstreamsOf'>>({ keep: true, stand: true, release: true, releaseAll: true }, once),
    upstreamsOf: (grantId, open) => (provider, options) =>
      lateVerbs<ReturnType<Upstreams>>({ token: true, scopes: true, accounts: true }, async () =>
        (await once()).upstreamsOf(grantId, open)(provider, options),
      ),
  };
}

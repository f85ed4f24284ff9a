/**
 * Parts of a server that it can be built without: what only logins of ours need. They are passed in, because the one file of a Worker holds what an
 * import reaches (docs/decisions/0004): `coreParts`, where each is loaded on first use, or `noParts` of `portcullis/own-pages` (`no-parts.ts`).
 */
import { lazy } from '../lib/async.ts';
import type { Accounts } from '../model/account.ts';
import type { NewEvent } from '../model/event.ts';
import type { Links } from '../model/login-services.ts';
import type { Passkeys } from '../model/passkey.ts';
import type { Totps } from '../model/totp.ts';
import type { recheck } from './recheck.ts';
import type { AccountParts } from './users/accounts.ts';
import type { LinkParts } from './users/links.ts';
import type { PasskeyParts } from './users/passkeys.ts';
import type { SecurityMailParts } from './users/security-mail.ts';
import type { TotpParts } from './users/totp.ts';
import type { makeConnect } from './vault/connections.ts';
import type { Vault, VaultParts } from './vault/vault.ts';

/** The parts. */
export interface CoreParts {
  accounts(over: Omit<AccountParts, 'emails' | 'newAccounts'>): Promise<Accounts>;
  passkeys(over: PasskeyParts): Promise<Passkeys>;
  totps(over: TotpParts): Promise<Totps>;
  links(over: LinkParts): Promise<Links>;
  vault(over: VaultParts): Promise<Vault>;
  /** `auth.connect` of a grant. */
  connect(...over: Parameters<typeof makeConnect>): Promise<ReturnType<typeof makeConnect>>;
  /** At a refresh of a grant that a login opened. */
  readonly recheck: typeof recheck;
  /** Sends the message for an event of `securityEmails`. */
  notice(over: SecurityMailParts, event: NewEvent): Promise<void>;
}

/** The parts. */
export const coreParts: CoreParts = {
  async accounts(over) {
    const [{ makeAccounts }, { makeEmails, makeAccountNames }] = await Promise.all([
      import('./users/accounts.ts'),
      import('./users/new-accounts.ts'),
    ]);
    const { store, secrets, records, runtime } = over;
    const emails = makeEmails(store, secrets, runtime);
    return makeAccounts({ ...over, emails, newAccounts: makeAccountNames(store, secrets, records, emails, () => runtime.now(), runtime) });
  },
  passkeys: async (over) => (await import('./users/passkeys.ts')).makePasskeys(over),
  totps: async (over) => (await import('./users/totp.ts')).makeTotps(over),
  links: async (over) => (await import('./users/links.ts')).makeLinks(over),
  vault: async (over) => (await import('./vault/vault.ts')).makeVault(over),
  connect: async (...over) => (await import('./vault/connections.ts')).makeConnect(...over),
  recheck: lazy(async () => (await import('./recheck.ts')).recheck), // at each refresh, and importing again costs time on Node
  notice: async (...over) => (await import('./users/security-mail.ts')).sendEventNotice(...over),
};

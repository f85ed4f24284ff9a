/** Every part, each loaded on first use. */
import { lazy } from '../lib/lazy.ts';
import type { CoreParts } from './parts.ts';

/** The parts. */
export const coreParts: CoreParts = {
  async accounts(over) {
    const [{ makeAccounts }, { makeEmails, makeAccountNames }] = await Promise.all([
      import('./users/accounts.ts'),
      import('./users/account-names.ts'),
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

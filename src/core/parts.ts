/**
 * Parts of a server that it can be built without: what only logins of ours need. They are passed in, because the one file of a Worker holds what an
 * import reaches (docs/decisions/0004): `all-parts.ts`, where each is loaded on first use, or `no-parts.ts` of `portcullis/own-pages`.
 */
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

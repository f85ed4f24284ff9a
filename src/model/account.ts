/**
 * Accounts of the built-in login. An account's id is the subject of its identity; user name and password may change.
 */
import type { Identity } from './identity.ts';
import type { Waiter } from './runtime.ts';
import type { Json, Seconds } from './store.ts';

/** An account as applications see it, without the password hash. */
export type Account = {
  readonly id: string;
  /** User name for sign-in: lower case, Unicode NFKC. Look-alike names count as the same name. */
  readonly username: string;
  readonly name?: string;
  readonly email?: string;
  /** Whether a person who reads mail to `email` may sign in as this account: the address was verified, or the operator vouches for it. */
  readonly emailVerified?: boolean;
  /** What the user may do; looked up on each request, never stored in a token. */
  readonly permissions: readonly string[];
  /** Changes with the password, so that a proof made with the old password no longer counts. */
  readonly stamp: string;
  /** Set if the account has no password: the user signs in with a passkey or an e-mailed code. */
  readonly withoutPassword?: true;
  /** Set while an administrator has disabled the user, who then cannot sign in. */
  readonly disabled?: true;
  readonly createdAt: Seconds;
};

/** A new account. */
export interface NewAccount {
  /** User name for sign-in; compared in Unicode NFKC and lower case, unique. */
  readonly username: string;
  /** 8 to 1,024 characters. Without one, password sign-in is off until one is set. */
  readonly password?: string;
  /** Display name, for pages and `claims.name`. */
  readonly name?: string | undefined;
  /** E-mail address; unverified unless `emailVerified` is set. */
  readonly email?: string | undefined;
  /** True only if you know that the address is this user's: anyone who reads mail there may sign in as them. Unique among accounts. */
  readonly emailVerified?: boolean | undefined;
  /** What the user may do; looked up on each request. Default: nothing. */
  readonly permissions?: readonly string[] | undefined;
}

/** Result of seeding an account. */
export type Seeded =
  | 'made'
  /** Nothing to do. */
  | 'same'
  /** The configured password has changed: the account has it now, and its sessions and grants have ended. */
  | 'renewed'
  /** The configured password was replaced by a newer one before, and is not restored. */
  | 'stale'
  /** An account with that name exists and was not seeded; it is unchanged. */
  | 'taken';

/** An invitation to sign up. */
export interface Invitation {
  /** User name and verified address of the account, since the holder of the link can read mail there. Without it, the user chooses a name. */
  readonly email?: string;
  readonly name?: string;
  /** What the account may do. */
  readonly permissions?: readonly string[];
  /** Seconds; 7 days by default. */
  readonly ttl?: Seconds;
}

/** Operations on accounts. `who` is for those that hash a password: networks take turns, and an aborted request is dropped from the queue. */
export interface Accounts {
  /** @param id a random one by default. @throws {TypeError} if the user name is taken, or a value is out of bounds. */
  create(account: NewAccount, id?: string, who?: Waiter): Promise<Account>;
  /** Creates an account that your configuration names, or sets its configured password if that has changed. @throws {TypeError} like `create`. */
  seed(account: NewAccount): Promise<Seeded>;
  /** By id; null if there is none. */
  find(id: string): Promise<Account | null>;
  /** By user name; null if there is none. */
  findByUsername(username: string): Promise<Account | null>;
  /** By verified address; null if no account has verified it. */
  findByEmail(address: string): Promise<Account | null>;
  /**
   * The account if the password is right; null for a wrong one or an unknown name, after the same work.
   *
   * @param tell gets the reason and the account's id, for the operator. @param allowed asked before the password is hashed, after the account was read: null if it is false.
   */
  checkPassword(
    username: string,
    password: string,
    who?: Waiter,
    tell?: (reason: string, userId: string | undefined) => void,
    allowed?: () => Promise<boolean>,
  ): Promise<Account | null>;
  /** For a user who has lost the app and the recovery codes; verify their identity first. False if there was no second factor. */
  removeSecondFactor(id: string): Promise<boolean>;
  /**
   * Sets the password, and ends every session and grant of the user.
   *
   * @param ifStamp set it only if the account still has this stamp; otherwise returns null and changes nothing.
   */
  setPassword(id: string, password: string, ifStamp?: string, who?: Waiter): Promise<Account | null>;
  /**
   * Sets or removes the address. Links that were sent to the old one stop working.
   *
   * @param options `verified` only if you know that the address is this user's: anyone who reads mail there may sign in as them.
   * @throws {TypeError} if the address is invalid, or verified and another account's.
   */
  setEmail(id: string, email: string | null, options?: { readonly verified?: boolean }): Promise<void>;
  /** Makes a link for one sign-up. Deliver it yourself. @throws {TypeError} if sign-up is off. */
  invite(invitation?: Invitation): Promise<{ readonly url: string; readonly expiresAt: Seconds }>;
  /** Sets the permissions, effective from the user's next request. */
  setPermissions(id: string, permissions: readonly string[]): Promise<void>;
  /** The current permissions; none for an unknown account. */
  permissionsOf(id: string): Promise<readonly string[]>;
  /**
   * Removes an account with its linked identities, passkeys, second factor, sessions, grants, consents and upstream tokens. The id is never
   * used again. Safe to call again after an interruption.
   */
  remove(id: string): Promise<void>;
}

/** Characters that are invisible on pages: controls, formats, fillers, unassigned and private ones. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** Whether a text can be a user name: 1 to 256 visible characters. */
export function isUsername(username: string): boolean {
  const folded = foldUsername(username);
  return /[\p{L}\p{N}\p{P}\p{S}]/u.test(folded) && folded.length <= 256 && !UNSEEN.test(folded);
}

/** Whether a user may choose this name without proof: a name with an `@` would pass for an address that was never verified. */
export function isOpenUsername(username: string): boolean {
  return isUsername(username) && !foldUsername(username).includes('@');
}

/** The identity that an account proves, with our own issuer. */
export function identityOf({ id, username, name, email, emailVerified }: Account, issuer: string): Identity {
  const claims: { [claim: string]: Json } = { sub: id, preferred_username: username };
  if (name !== undefined) claims['name'] = name;
  if (email !== undefined) claims['email'] = email;
  if (email !== undefined && emailVerified) claims['email_verified'] = true;
  return { issuer, subject: id, claims };
}

/** A user name as it is stored and shown: Unicode NFKC, lower case, single spaces. */
export function foldUsername(username: string): string {
  return username
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/\p{Zs}+/gu, ' ')
    .replaceAll(/^ | $/g, '');
}

/** Letters that look like Latin ones, from the confusables of UTS #39; each pair is the look-alike and the letter it passes for. */
const LOOK_ALIKES = new Map(
  "аaαaɑaԁdеeɡgցgһhհhіiιiıiɩiјjкkκkӏlοoоoօoσoոnрpρpԛqզqгrѕsυuսuνvѵvԝwхxχxуyγyүyʏyɪiᴄcᴏoꜱsᴜuᴠvᴡwᴢzⲟoⲥcⲣp‐-‑-‒-–-—-−-’'ʼ'"
    .match(/../gu)
    ?.map((pair) => Array.from(pair) as [string, string]),
);

/** Equal for two user names that look the same, such as `admin` with a Latin and with a Cyrillic `а` (UTS #39 §4). */
export function usernameKey(username: string): string {
  const folded = foldUsername(username).replaceAll(/([ij])\u0307/gu, '$1');
  return folded.replaceAll(/./gsu, (letter) => LOOK_ALIKES.get(letter) ?? letter);
}

/** Whether a text can be a password: 8 to 1,024 characters, without NUL. */
export function canBePassword(password: string): boolean {
  return password.length >= 8 && password.length <= 1024 && !password.includes('\0');
}

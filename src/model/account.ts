/**
 * Account: a user of our own login. Its id is the subject of the Identity; names and passwords may change.
 */
import type { Identity } from './identity.ts';
import type { Waiter } from './runtime.ts';
import type { Json, Seconds } from './store.ts';

/** An account as applications see it; the password's hash never leaves the core. */
export type Account = {
  readonly id: string;
  /** The name to sign in with: in lower case and Unicode NFKC. Names that look alike are one name. */
  readonly username: string;
  readonly name?: string;
  readonly email?: string;
  /** Whether somebody who reads what is sent to `email` may sign in as this account: it was proven, or the operator vouches for it. */
  readonly emailVerified?: boolean;
  /** What the user may do; looked up live, never kept in a token. */
  readonly permissions: readonly string[];
  /** Changes with the password: tells whether what was proven with the old one still counts. */
  readonly stamp: string;
  /** Set where the account has no password: it is entered with a passkey, or by a code sent to it. */
  readonly withoutPassword?: true;
  readonly createdAt: Seconds;
};

/** What an account is made of. */
export interface NewAccount {
  readonly username: string;
  /** 8 to 1,024 characters. Without one, nobody signs in by password until one is set. */
  readonly password?: string;
  readonly name?: string;
  readonly email?: string;
  /** True only if you know that the address is this person's: who reads mail there may sign in as them. One account for each address. */
  readonly emailVerified?: boolean;
  readonly permissions?: readonly string[];
}

/** What seeding an account came to. */
export type Seeded =
  | 'made'
  /** Nothing was to be done. */
  | 'same'
  /** The seed has another password than before: the account has it now, and its sessions and grants have ended. */
  | 'renewed'
  /** The seed's password was replaced by a newer one before, and does not come back. */
  | 'stale'
  /** The name is an account's that was not seeded; it was left alone. */
  | 'taken';

/** Whom an operator lets in. */
export interface Invitation {
  /** Becomes user name and address of the account; whoever holds the link is believed to read what is sent there. Without it, a name is chosen. */
  readonly email?: string;
  readonly name?: string;
  /** What the account may do. */
  readonly permissions?: readonly string[];
  /** Seconds; default 7 days. */
  readonly ttl?: Seconds;
}

/** The verbs over own accounts. Those that hash a password take `who` waits for it: networks take turns, and who has left is waited for no more. */
export interface Accounts {
  /** @param id a random one, for who had to know it before. @throws {TypeError} when the name is taken, or a value is out of bounds. */
  create(account: NewAccount, id?: string, who?: Waiter): Promise<Account>;
  /** Makes an account that your configuration names, or gives it the configured password where that has changed. @throws {TypeError} as `create`. */
  seed(account: NewAccount): Promise<Seeded>;
  /** By id; null if there is none. */
  find(id: string): Promise<Account | null>;
  /** By the name used to sign in; null if there is none. */
  findByUsername(username: string): Promise<Account | null>;
  /** By an address that was proven, or that you vouched for; null if it belongs to nobody. */
  findByEmail(address: string): Promise<Account | null>;
  /** The account, if the password is right; null for a wrong one and for an unknown name, after the same work. @param tell takes which it was, for the operator alone. */
  checkPassword(username: string, password: string, who?: Waiter, tell?: (reason: string) => void): Promise<Account | null>;
  /** For somebody who has lost the app and the recovery codes, once you know who it is. False if there was none. */
  removeSecondFactor(id: string): Promise<boolean>;
  /**
   * Sets it, and ends every session and every grant of the user.
   *
   * @param ifStamp set it only on that very state of the account; null, and nothing changed, where it is another by now.
   */
  setPassword(id: string, password: string, ifStamp?: string, who?: Waiter): Promise<Account | null>;
  /**
   * Sets or removes the address; links that were sent to the old one are dead.
   *
   * @param options `verified` only if you know that the address is this person's: who reads mail there may sign in as them.
   * @throws {TypeError} for what is no address, and for a verified one that is another account's.
   */
  setEmail(id: string, email: string | null, options?: { readonly verified?: boolean }): Promise<void>;
  /** Makes a link that lets one person sign up, once. Hand it over yourself. @throws {TypeError} where nobody can sign up. */
  invite(invitation?: Invitation): Promise<{ readonly url: string; readonly expiresAt: Seconds }>;
  /** Takes effect on the user's next request. */
  setPermissions(id: string, permissions: readonly string[]): Promise<void>;
  /** The live permissions; none for an unknown account. */
  permissionsOf(id: string): Promise<readonly string[]>;
  /**
   * Removes an account with every way in (identities at other sites, passkeys, second factor), every session and grant, what was allowed
   * before, and tokens of other sites; its id is never anybody's again. Interrupted, do it again.
   */
  remove(id: string): Promise<void>;
}

/** What no page shows, though it is there: controls, formats, fillers, unassigned and private characters. */
const UNSEEN = /[\p{C}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u;

/** Whether a text can be a user name: 1 to 256 characters that can be seen. */
export function isUsername(username: string): boolean {
  const folded = foldUsername(username);
  return /[\p{L}\p{N}\p{P}\p{S}]/u.test(folded) && folded.length <= 256 && !UNSEEN.test(folded);
}

/** Whether somebody may choose a name without proving anything: one with an `@` would pass for an address that they never proved. */
export function isOpenUsername(username: string): boolean {
  return isUsername(username) && !foldUsername(username).includes('@');
}

/** What an account proves: an identity that our own issuer vouches for. */
export function identityOf({ id, username, name, email, emailVerified }: Account, issuer: string): Identity {
  const claims: { [claim: string]: Json } = { sub: id, preferred_username: username };
  if (name !== undefined) claims['name'] = name;
  if (email !== undefined) claims['email'] = email;
  if (email !== undefined && emailVerified) claims['email_verified'] = true;
  return { issuer, subject: id, claims };
}

/** A user name in the one spelling that is kept and shown: Unicode NFKC, lower case, single spaces. */
export function foldUsername(username: string): string {
  return username
    .normalize('NFKC')
    .toLowerCase()
    .replaceAll(/\p{Zs}+/gu, ' ')
    .replaceAll(/^ | $/g, '');
}

/** Letters that look like those of the Latin alphabet, from the confusables of UTS #39, each before the one that it passes for. */
const LOOK_ALIKES = new Map(
  "аaαaɑaԁdеeɡgցgһhհhіiιiıiɩiјjкkκkӏlοoоoօoσoոnрpρpԛqզqгrѕsυuսuνvѵvԝwхxχxуyγyүy‐-‑-‒-–-—-−-’'ʼ'"
    .match(/../gu)
    ?.map((pair) => Array.from(pair) as [string, string]),
);

/** What two user names have in common that look the same: `admin` in Latin letters, and with a Cyrillic `а` (UTS #39 §4). */
export function usernameKey(username: string): string {
  const folded = foldUsername(username).replaceAll(/([ij])\u0307/gu, '$1');
  return folded.replaceAll(/./gsu, (letter) => LOOK_ALIKES.get(letter) ?? letter);
}

/** Whether a text can be a password: 8 to 1,024 characters, without NUL. */
export function canBePassword(password: string): boolean {
  return password.length >= 8 && password.length <= 1024 && !password.includes('\0');
}

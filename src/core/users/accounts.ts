/**
 * Accounts of the built-in login: names, passwords, permissions. Passwords are hashed with scrypt (RFC 7914) and stored in PHC format, so
 * that the cost can be raised without new passwords.
 */
import { base64url, equalTexts, fromBase64url } from '../../lib/bytes.ts';
import { defined } from '../../lib/json.ts';
import { type Account, type Accounts, canBePassword, foldUsername, isUsername, type NewAccount, usernameKey } from '../../model/account.ts';
import { foldAddress } from '../../model/email.ts';
import type { NewEvent } from '../../model/event.ts';
import type { Links } from '../../model/login-services.ts';
import type { Passkeys } from '../../model/passkey.ts';
import type { Runtime, ScryptCost, Waiter } from '../../model/runtime.ts';
import type { Store } from '../../model/store.ts';
import type { Totps } from '../../model/totp.ts';
import { type AccountNames, type Emails, publicOf, type Seed, seedAccount } from './new-accounts.ts';
import type { Consents } from '../records/consents.ts';
import type { Secrets } from '../records/secrets.ts';
import type { AccountRecord, Records } from '../records/records.ts';
import { isRemoved, markRemoved } from './removed-users.ts';
import { signOut, type SignOutParts } from './sign-out.ts';
import { makeLinkedLogins } from './identities.ts';
import type { Vault } from '../vault/vault.ts';

/** N = 2^14, r = 8, p = 5: 16 MiB, so that it also runs in a Worker. */
const COST: ScryptCost = { ln: 14, r: 8, p: 5 };
const PHC = /^\$scrypt\$ln=(\d{1,2}),r=(\d{1,2}),p=(\d{1,2})\$([\w-]+)\$([\w-]+)$/;

/** What accounts are made over. */
export interface AccountParts extends SignOutParts {
  readonly records: Records;
  readonly consents: Consents;
  readonly vault: Pick<Vault, 'release' | 'releaseAll'>;
  readonly store: Store;
  readonly secrets: Secrets;
  readonly runtime: Runtime;
  readonly passkeys: Passkeys;
  readonly emails: Emails;
  readonly newAccounts: AccountNames;
  readonly totps: Totps;
  readonly links: Links;
  /** URL of the sign-up page; null if there is none. */
  readonly signUpUrl: string | null;
  readonly emit: (event: NewEvent) => void;
}

/** Makes the operations on accounts. */
export function makeAccounts(parts: AccountParts): Accounts {
  const { store, records, vault, secrets, runtime, passkeys, emails, newAccounts, totps, links, signUpUrl, emit } = parts;
  const hashPassword = async (password: string, who?: Waiter, salt = runtime.random(16), cost = COST): Promise<string> => {
    if (!runtime.scrypt) throw new TypeError('This runtime has no scrypt; serve with portcullis/node or portcullis/worker.');
    const key = await runtime.scrypt(password.normalize('NFKC'), salt, cost, who);
    return `$scrypt$ln=${cost.ln},r=${cost.r},p=${cost.p}$${base64url(salt)}$${base64url(key)}`;
  };
  const isRight = async (password: string, storedHash: string, who?: Waiter): Promise<boolean> => {
    const [, ln, r, p, salt] = PHC.exec(storedHash) ?? [];
    const bytes = fromBase64url(salt ?? '');
    if (!bytes || !salt) throw new TypeError('A stored password hash is not in PHC form.');
    return equalTexts(storedHash, await hashPassword(password, who, bytes, { ln: Number(ln), r: Number(r), p: Number(p) }));
  };
  const change = (id: string, edit: (account: AccountRecord) => AccountRecord | null): Promise<AccountRecord | null> =>
    records.changeAccount(id, (account) => {
      if (!account) throw new TypeError('There is no account with this id.');
      return edit(account);
    });
  const findByUsername = async (username: string): Promise<AccountRecord | null> => {
    const id = await records.findAccountId(await secrets.hash(usernameKey(username)));
    return (await newAccounts.find(id ?? 'none'))?.value ?? null; // the same number of reads, so that timing does not tell which names exist
  };
  const create = async (account: NewAccount, id: string, seed?: (hash: string | null) => Seed, who?: Waiter): Promise<Account> => {
    checkNew(account);
    const { username, password, ...rest } = account;
    const passwordHash = password === undefined ? null : await hashPassword(password, who);
    const made: AccountRecord = {
      v: 1,
      permissions: [],
      ...defined(rest),
      id,
      username: foldUsername(username),
      stamp: secrets.id(),
      createdAt: runtime.now(),
      ...(passwordHash === null ? {} : { passwordHash }),
      ...(seed ? { seed: seed(passwordHash) } : {}),
    };
    const opened = await newAccounts.open(made);
    if (opened === 'open') return publicOf(made);
    throw new TypeError(opened === 'email_taken' ? 'This e-mail address belongs to another account.' : 'This user name is taken.');
  };
  /** Sets the password if the account still has the given stamp; null if it was changed meanwhile. */
  const renew = async (
    id: string,
    passwordHash: string,
    ifStamp?: string,
    more: Partial<AccountRecord> = {},
  ): Promise<AccountRecord | null> => {
    const stamp = secrets.id();
    const found = await records.findAccount(id);
    if (found && ifStamp !== undefined && found.value.stamp !== ifStamp) return null;
    // Before and after: if this is interrupted in between, nothing that the old password opened survives the new one.
    await signOut(parts, id, runtime.now());
    const set = await change(id, (account) =>
      ifStamp !== undefined && account.stamp !== ifStamp ? null : { ...account, ...more, passwordHash, stamp },
    );
    if (set === null) return null;
    await signOut(parts, id, runtime.now());
    emit({ kind: 'factor.changed', factor: 'password', userId: id, what: 'changed' });
    return set;
  };
  return {
    async create(account, id, who) {
      if (id !== undefined && (await isRemoved(store, id))) throw new TypeError('The account of this id was removed.');
      return create(account, id ?? secrets.id(), undefined, who);
    },
    seed: (account) =>
      seedAccount(
        {
          find: findByUsername,
          create: (one, seed) => create(one, secrets.id(), seed),
          isRight: (password, hash) => isRight(password, hash),
          async renew({ id, stamp }, password, seed) {
            const hash = await hashPassword(password);
            return (await renew(id, hash, stamp, { seed: seed(hash) })) !== null;
          },
        },
        account,
      ),
    find: async (id) => publicOrNull((await newAccounts.find(id))?.value ?? null),
    findByUsername: async (username) => publicOrNull(await findByUsername(username)),
    async findByEmail(address) {
      const id = await emails.ownerOf(address);
      const stored = await newAccounts.find(id ?? 'none'); // as many reads for an unknown address
      // Accounts are written before their addresses: without an account, a removal was interrupted here, and the address is free.
      if (id !== null && !stored) await emails.free(address, id);
      return stored?.value.email !== undefined && foldAddress(stored.value.email) === foldAddress(address) ? publicOf(stored.value) : null;
    },
    async checkPassword(username, password, who, tell, allowed) {
      const [account, isAllowed] = await Promise.all([findByUsername(username), allowed?.() ?? true]);
      if (!isAllowed) {
        tell?.('limited', account?.id);
        return null;
      }
      const right = await isRight(password, account?.passwordHash ?? DUMMY_HASH, who); // the same work if there is no account
      if (account?.passwordHash !== undefined && right) return publicOf(account);
      tell?.(
        account === null ? 'username_unknown' : account.passwordHash === undefined ? 'password_not_set' : 'password_wrong',
        account?.id,
      );
      return null;
    },
    async setPassword(id, password, ifStamp, who) {
      checkPassword(password);
      return publicOrNull(await renew(id, await hashPassword(password, who), ifStamp));
    },
    removeSecondFactor: (id) => totps.remove(id),
    async setEmail(id, email, { verified = false } = {}) {
      if (email !== null && foldAddress(email) === null) throw new TypeError('accounts.setEmail: this is not an e-mail address.');
      const old = (await records.findAccount(id))?.value;
      if (email !== null && verified && old && !(await emails.claim(email, id)))
        throw new TypeError('This e-mail address belongs to another account.');
      let former = old?.email;
      await change(id, ({ email: was, emailVerified: _verified, ...account }) => {
        former = was; // that of another change at the same moment, which nothing else would free
        return { ...account, ...(email === null ? {} : { email, emailVerified: verified }), stamp: secrets.id() };
      });
      const isSame = email !== null && verified && foldAddress(email) === foldAddress(former ?? '');
      if (former !== undefined && !isSame) await emails.free(former, id);
    },
    async invite({ ttl = INVITATION_TTL, email: given, permissions = [], ...invitation } = {}) {
      if (signUpUrl === null) throw new TypeError("accounts.invite: sign-up is off. Set password({ signUp: 'invited' }), or 'open'.");
      const email = given === undefined ? undefined : foldAddress(given);
      if (email === null) throw new TypeError('accounts.invite: `email` is not an e-mail address.');
      const carries = { ...invitation, ...(email === undefined ? {} : { email }), permissions: [...permissions], accountId: secrets.id() };
      return { url: `${signUpUrl}?token=${await links.make('invitation', carries, ttl)}`, expiresAt: runtime.now() + ttl };
    },
    setPermissions: async (id, permissions) => void (await change(id, (account) => ({ ...account, permissions: [...permissions] }))),
    permissionsOf: async (id) => (await records.findAccount(id))?.value.permissions ?? [],
    async remove(id) {
      await markRemoved(store, id, runtime.now()); // first: pending sign-ins, and leftovers of an interrupted removal, then find no user
      const stored = await newAccounts.find(id);
      // The name first: if this is interrupted, the account can still be removed again.
      if (stored) await records.freeUsername(await secrets.hash(usernameKey(stored.value.username)), id);
      if (stored?.value.email !== undefined) await emails.free(stored.value.email, id);
      await records.removeAccount(id);
      await makeLinkedLogins({ store, passkeys, totps, emit }).removeAll(id);
      await signOut(parts, id, runtime.now());
      await vault.releaseAll(id);
    },
  };
}

const INVITATION_TTL = 7 * 86_400;

/** Dummy hash of the current cost, so that an unknown user takes as long as a wrong password. */
const DUMMY_HASH = `$scrypt$ln=${COST.ln},r=${COST.r},p=${COST.p}$AAAAAAAAAAAAAAAAAAAAAA$${'A'.repeat(43)}`;

function checkNew(account: NewAccount): void {
  const { username, password, email, emailVerified } = account;
  if (!isUsername(username)) throw new TypeError('A user name has 1 to 256 characters that can be seen.');
  if (password === undefined && 'password' in account)
    throw new TypeError(
      `The password of "${username}" is undefined, as of a secret that is not set. Leave \`password\` out for an account without one.`,
    );
  if (password !== undefined) checkPassword(password);
  if (emailVerified && foldAddress(email ?? '') === null)
    throw new TypeError('A verified e-mail address is one plain address, such as ada@example.com.');
}

function checkPassword(password: string): void {
  if (!canBePassword(password)) throw new TypeError('A password has 8 to 1,024 characters.');
}

function publicOrNull(account: AccountRecord | null): Account | null {
  return account && publicOf(account);
}

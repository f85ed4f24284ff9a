/**
 * Linked logins: what a user can sign in with besides a password (upstream identities, passkeys) and the second factor. Operators list
 * and remove them, and so do users who recovered an account that an intruder may share.
 */
import type { NewEvent } from '../../model/event.ts';
import type { Passkeys } from '../../model/passkey.ts';
import { type SignInKind, type SignIns, SIGN_IN_KINDS } from '../../model/login-services.ts';
import type { Store } from '../../model/store.ts';
import type { Totps } from '../../model/totp.ts';
import { identitiesOf, removeIdentity } from './identities.ts';

/** What the operations are made over. */
interface LinkedLoginsParts {
  readonly store: Store;
  readonly passkeys: Passkeys;
  readonly totps: Totps;
  readonly emit: (event: NewEvent) => void;
}

/** Makes the operations. */
export function makeLinkedLogins(as: LinkedLoginsParts): SignIns {
  const signIns: SignIns = {
    async list(userId) {
      const [identities, passkeys, secondFactor] = await Promise.all([
        identitiesOf(as, userId),
        as.passkeys.of(userId),
        as.totps.statusOf(userId),
      ]);
      return {
        identities: identities.map(({ hash: id, issuer, account, createdAt }) => ({ id, issuer, account, createdAt })),
        passkeys: passkeys.map(({ id, name, createdAt, usedAt = null }) => ({ id, name, createdAt, usedAt })),
        secondFactor,
      };
    },
    async removeIdentity(userId, id) {
      const removed = await removeIdentity(as, userId, id);
      if (removed) as.emit({ kind: 'factor.changed', factor: 'identity', userId, what: 'removed' });
      return removed;
    },
    removePasskey: async (userId, id) => (await as.passkeys.remove(userId, id)) === 'removed',
    removeSecondFactor: (userId) => as.totps.remove(userId),
    async removeAll(userId, kinds: readonly SignInKind[] = SIGN_IN_KINDS) {
      if (kinds.includes('identities')) for (const { hash } of await identitiesOf(as, userId)) await signIns.removeIdentity(userId, hash);
      if (kinds.includes('passkeys')) await as.passkeys.removeAll(userId);
      if (kinds.includes('secondFactor')) await as.totps.remove(userId);
    },
  };
  return signIns;
}

/**
 * Disables and enables users. A disabled user has no session, grant or key, and cannot sign in or be granted anything; what belongs to the
 * account stays.
 */
import type { AuthServer } from '../auth-server.ts';
import { signOut } from './sign-out.ts';
import { isShutOut, markDisabled } from './removed-users.ts';

/**
 * Disables a user. The marks come first: a sign-in in progress then either meets one of them or is found and ended. Safe to call again after
 * an interruption.
 */
export async function disableUser(as: AuthServer, userId: string): Promise<void> {
  await mark(as, userId, true);
  await signOut(as, userId, as.now());
}

/** Lets a disabled user sign in again; what ended stays ended. */
export async function enableUser(as: AuthServer, userId: string): Promise<void> {
  await mark(as, userId, false);
}

/** Whether a user is disabled or removed. */
export async function isUserShutOut({ store }: AuthServer, userId: string): Promise<boolean> {
  return isShutOut(store, userId);
}

async function mark(as: AuthServer, userId: string, disabled: boolean): Promise<void> {
  await markDisabled(as, userId, disabled, as.now());
  await as.records.changeAccount(userId, (account) => {
    if (!account || (account.disabled === true) === disabled) return null;
    const { disabled: _disabled, ...rest } = account;
    return { ...rest, ...(disabled ? { disabled: true } : {}), stamp: as.secrets.id() }; // a proof from before no longer counts
  });
}

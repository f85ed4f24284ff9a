/**
 * Keeps an administrator: the administration API never leaves a server without one. An administrator cannot shut themselves out, and
 * two who shut each other out at the same moment do not both succeed: each announces whom they shut out in one record first.
 */
import { has, versioned } from '../core/records/record.ts';
import { changeRecord } from '../model/change-record.ts';
import { OAuthError } from '../model/error.ts';
import type { Key, Seconds } from '../model/store.ts';
import type { Admin } from './act.ts';

const KEY: Key = 'admins-leaving:all';
/** Longer than any act takes. */
const ANNOUNCED: Seconds = 600;

type Leaving = { readonly v: 1; readonly users: readonly { readonly id: string; readonly at: Seconds }[] };

/** Runs an act that may take away that a user is an administrator. @throws {OAuthError} 409 for oneself, and for one of two who shut each other out. */
export async function shuttingOut<T>(admin: Admin, userId: string, work: () => Promise<T>): Promise<T> {
  if (userId === admin.userId)
    throw new OAuthError('access_denied', 'admin_own_account', {
      status: 409,
      hint: 'An administrator cannot do this to their own account; another administrator can.',
    });
  await change(admin, (users) => {
    if (users.some(({ id }) => id === admin.userId))
      throw new OAuthError('access_denied', 'admin_last', { status: 409, hint: 'Another administrator is removing you at this moment.' });
    return [...users.filter(({ id }) => id !== userId), { id: userId, at: admin.as.now() }];
  });
  try {
    return await work();
  } catch (error) {
    await stays(admin, userId);
    throw error;
  }
}

/** Takes an announcement back: the user stays, or is an administrator again. */
export async function stays(admin: Admin, userId: string): Promise<void> {
  await change(admin, (users) => users.filter(({ id }) => id !== userId));
}

async function change({ as }: Admin, edit: (users: Leaving['users']) => Leaving['users']): Promise<void> {
  const now = as.now();
  await changeRecord(as, KEY, isLeaving, (old) => {
    const users = (old?.users ?? []).filter(({ at }) => now - at < ANNOUNCED);
    return { write: { v: 1, users: edit(users) }, until: now + ANNOUNCED, result: undefined };
  });
}

const isLeaving = (value: unknown): value is Leaving => versioned(value) && has(value, 'users');

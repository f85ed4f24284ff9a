/**
 * Paths: where the pages stand that logins bring along. What answers there is loaded when somebody comes.
 */
import type { AccountSection } from '../model/login.ts';
import type { Settings } from '../model/settings.ts';

/** Where a site sends the browser back to. */
export function callbackPath(authorize: string, login: string): string {
  return `${authorize}/callback/${login}`;
}

/** Where people see the sites that they sign in with. */
export function signInsPath(account: string): string {
  return `${account}/sign-ins`;
}

/** Where a part of the account page stands. */
export function sectionPath(account: string, { id }: AccountSection): string {
  return `${account}/${id}`;
}

/** The parts of the account page that logins and the second factor bring along. */
export function sectionsOf({ logins, secondFactor }: Settings): readonly AccountSection[] {
  return [...logins.flatMap((login) => login.account ?? []), ...(secondFactor?.account ?? [])];
}

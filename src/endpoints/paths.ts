/**
 * Paths: where the metadata document stands, and the pages that logins bring along. What answers there is loaded when somebody comes.
 */
import { type AccountSection, isForm, type LoginPage } from '../model/login.ts';
import type { Settings } from '../model/settings.ts';

const OAUTH = '/.well-known/oauth-authorization-server';
const OPENID = '/.well-known/openid-configuration';

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

/**
 * Where the metadata document stands, and its aliases for clients that only know OpenID Connect Discovery. An issuer's path comes after the
 * well-known name (RFC 8414 §3.1), and in one alias before it (OpenID Connect Discovery §4.1).
 */
export function metadataPathsOf(issuer: string): readonly string[] {
  const { pathname } = new URL(issuer);
  return pathname === '/' ? [OAUTH, OPENID] : [OAUTH + pathname, OPENID + pathname, pathname + OPENID];
}

/** The pages of all logins, with the login whose they are. */
export function loginPagesOf({ logins }: Settings): readonly { readonly login: string; readonly page: LoginPage }[] {
  return logins.filter(isForm).flatMap(({ id, pages = [] }) => pages.map((page) => ({ login: id, page })));
}

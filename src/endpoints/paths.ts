/**
 * Paths of the metadata document and of the pages that logins add. The endpoints behind them are imported on the first request.
 */
import { type AccountSection, isForm, type LoginPage } from '../model/login.ts';
import type { Settings } from '../model/settings.ts';

const OAUTH = '/.well-known/oauth-authorization-server';
const OPENID = '/.well-known/openid-configuration';

/** The path of an upstream login's callback. */
export function callbackPath(authorize: string, login: string): string {
  return `${authorize}/callback/${login}`;
}

/** The path of the page with linked logins. */
export function signInsPath(account: string): string {
  return `${account}/sign-ins`;
}

/** The path of the page of personal access tokens. */
export function keysPath(account: string): string {
  return `${account}/keys`;
}

/** The path of a section of the account page. */
export function sectionPath(account: string, { id }: AccountSection): string {
  return `${account}/${id}`;
}

/** The sections of the account page that logins and the second factor add. */
export function sectionsOf({ logins, secondFactor }: Settings): readonly AccountSection[] {
  return [...logins.flatMap((login) => login.account ?? []), ...(secondFactor?.account ?? [])];
}

/**
 * The path of the metadata document, and its aliases for clients that only know OpenID Connect Discovery. An issuer's path comes after the
 * well-known name (RFC 8414 §3.1), and in one alias before it (OpenID Connect Discovery §4.1).
 */
export function metadataPathsOf(issuer: string): readonly string[] {
  const { pathname } = new URL(issuer);
  return pathname === '/' ? [OAUTH, OPENID] : [OAUTH + pathname, OPENID + pathname, pathname + OPENID];
}

/** The pages of all logins, each with its login. */
export function loginPagesOf({ logins }: Settings): readonly { readonly login: string; readonly page: LoginPage }[] {
  return logins.filter(isForm).flatMap(({ id, pages = [] }) => pages.map((page) => ({ login: id, page })));
}

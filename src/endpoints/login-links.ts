/**
 * Login links: where the pages beside the sign-in page stand, and the way to them from wherever people sign in.
 */
import { isForm, type LoginPage } from '../model/login.ts';
import type { Settings } from '../model/settings.ts';
import type { LinkView } from '../pages/sign-in.ts';
import type { Words } from '../pages/words/words.ts';

/** The pages of all logins, with the login whose they are. */
export function loginPagesOf({ logins }: Settings): readonly { readonly login: string; readonly page: LoginPage }[] {
  return logins.filter(isForm).flatMap(({ id, pages = [] }) => pages.map((page) => ({ login: id, page })));
}

/** Whether there are links to any. */
export function hasLinks(settings: Settings): boolean {
  return loginPagesOf(settings).some(({ page }) => page.link);
}

/** The links to them, for where people sign in. @param returnTo where they want to get to. */
export function linksFor(settings: Settings, words: Words, returnTo: string): readonly LinkView[] {
  return loginPagesOf(settings).flatMap(({ page }) =>
    page.link ? [{ href: `${settings.paths.login}/${page.id}?return_to=${encodeURIComponent(returnTo)}`, text: page.link(words) }] : [],
  );
}

/**
 * Login links: the logins as pages offer them, where the pages beside the sign-in page stand, and the way to these from
 * wherever people sign in.
 */
import { html } from '../lib/html.ts';
import type { FormLogin } from '../model/login.ts';
import type { Settings } from '../model/settings.ts';
import type { LinkView, LoginView } from '../pages/sign-in.ts';
import { say, type Words } from '../words/words.ts';
import { loginPagesOf } from './paths.ts';

/** A login as a page offers it. */
export function loginView(login: FormLogin, typed: { readonly [name: string]: string }, words: Words): LoginView {
  const { id, label, button } = login;
  if (button !== undefined) return { id, button: say(button, words), fields: html`` };
  return { id, label: say(label, words), fields: login.fields(typed, words) };
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

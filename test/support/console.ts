/** The admin page in tests: an administrator's browser, and the forms of a page by the act that they run. */
import { adminApi } from '../../src/admin/index.ts';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import type { Browser, BrowserPage } from '../../src/testing/browser.ts';
import { tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, type App, ISSUER, makeApp } from './app.ts';

export const CONSOLE: Partial<OAuthProviderOptions> = {
  admin: adminApi({ permission: 'admin' }),
  clientPolicy: { newClients: 'allow' },
  accessKeys: {},
};
export const BOB = { username: 'bob', password: 'another horse battery' };

/** Signs in with a fresh browser. */
export async function signIn(app: App, who: { username: string; password: string } = ALICE): Promise<Browser> {
  const browser = app.browser();
  await browser.submit(await browser.get(`${ISSUER}/login`), who);
  return browser;
}

/** A server with a second user, and an administrator who is signed in. */
export async function makeConsole(
  store: string,
  more: Partial<OAuthProviderOptions> = {},
): Promise<App & { readonly bobId: string; readonly admin: Browser }> {
  const app = await makeApp(store, { ...CONSOLE, ...more } as Partial<OAuthProviderOptions>);
  const { id } = await app.provider
    .helpers(app.env)
    .accounts.create({ ...BOB, name: 'Bob', email: 'bob@acme.example', emailVerified: true, permissions: ['reader'] });
  return { ...app, bobId: id, admin: await signIn(app) };
}

/** Connects an app for Bob. */
export async function connected(app: App, name = 'Notes'): Promise<{ readonly access: string; readonly clientId: string }> {
  const client = await app.client({ client_name: name });
  const { access } = tokensOf(await client.redeem(await client.signIn(app.browser(), BOB)));
  return { access, clientId: client.id };
}

/** Opens a page of the console. */
export function open(browser: Browser, path = ''): Promise<BrowserPage> {
  return browser.get(`${ISSUER}/admin${path}`, { 'sec-fetch-mode': 'navigate' });
}

/** Presses the button of an act on a page. @param holding what the form of it contains, if there are several. */
export function press(
  browser: Browser,
  page: BrowserPage,
  act: string,
  fields: Record<string, string | readonly string[] | null> = {},
  holding = '',
  headers: Record<string, string> = {},
): Promise<BrowserPage> {
  const forms = [...page.text.matchAll(/<form\b.*?<\/form>/gs)].map(([text]) => text);
  const text = forms.find((form) => form.includes(`name="act" value="${act}"`) && form.includes(holding));
  if (text === undefined) throw new Error(`There is no button of ${act} on ${page.url}.`);
  return browser.submit({ ...page, text }, { act, ...fields }, headers);
}

/** The same, and the page that follows. */
export async function done(...all: Parameters<typeof press>): Promise<BrowserPage> {
  const { status, location, text } = await press(...all);
  if (status !== 303 || location === null) throw new Error(`It answered ${status}: ${wordsOf(text)}`);
  return all[0].get(new URL(location, ISSUER).href);
}

/** The words of a page. */
export function wordsOf(text: string): string {
  return text
    .replaceAll(/<(style|head)\b.*?<\/\1>/gs, '')
    .replaceAll(/<[^>]*>/g, ' ')
    .replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replaceAll(/\s+/g, ' ');
}

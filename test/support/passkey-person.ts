/** A person with a device: reads from a page what the browser would ask the device, and posts what it answers. */
import type { Browser, BrowserPage } from '../../src/testing/browser.ts';
import type { TestClient } from '../../src/testing/oauth-client.ts';
import type { Authenticator, Lie } from './authenticator.ts';

/** What a page asks of the browser. */
export interface Asked {
  readonly how: 'get' | 'create';
  readonly publicKey: {
    readonly challenge: string;
    readonly user?: { readonly id: string; readonly name: string };
    readonly [option: string]: unknown;
  };
}

/** What the script of a page would find there. */
export function askedBy(page: BrowserPage): Asked {
  const value = /id="passkey-ceremony" value="([^"]*)"/.exec(page.text)?.[1];
  if (value === undefined)
    throw new Error(`The page asks for no passkey: ${page.status} ${page.text.replace(/<[^>]+>/g, ' ').slice(-600)}`);
  return JSON.parse(value.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))) as Asked;
}

/** What the device answers to a page. */
export function answerTo(page: BrowserPage, device: Authenticator, lie?: Lie): Promise<string> {
  const { how, publicKey } = askedBy(page);
  return how === 'get' ? device.get(publicKey.challenge, lie) : device.create(publicKey.challenge, publicKey.user?.id ?? '', lie);
}

/** Touches the device, which sends the form. */
export async function touch(browser: Browser, page: BrowserPage, device: Authenticator, lie?: Lie): Promise<BrowserPage> {
  return browser.submit(page, { decision: 'go', passkey: await answerTo(page, device, lie) });
}

/** Presses the button of the consent page, and comes to the page that asks for a passkey. */
export async function toPasskey(client: TestClient, browser: Browser): Promise<BrowserPage> {
  return browser.submit(await browser.get(await client.authorizeUrl()), { with: 'passkey' });
}

/** Follows the link of the consent page, and types the name of a new account. */
export async function toNewPasskey(client: TestClient, browser: Browser, username: string): Promise<BrowserPage> {
  const consent = await browser.get(await client.authorizeUrl());
  const link = /href="([^"]*\/login\/passkey\?[^"]*)"/
    .exec(consent.text)?.[1]
    ?.replaceAll('&amp;', '&')
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
  if (link === undefined) throw new Error('The page has no link to an account with a passkey.');
  return browser.submit(await browser.get(new URL(link, consent.url).href), { username });
}

/** The whole way to a new account, and back to the consent page, which says who is there now. */
export async function signUpWithPasskey(
  client: TestClient,
  browser: Browser,
  username: string,
  device: Authenticator,
): Promise<BrowserPage> {
  const made = await touch(browser, await toNewPasskey(client, browser, username), device);
  if (made.location === null) throw new Error(`No account was made: ${made.status}`);
  return browser.get(new URL(made.location, made.url).href);
}

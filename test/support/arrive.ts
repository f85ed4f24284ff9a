/** Where a browser arrives. */
import type { Browser, BrowserPage } from '../../src/testing/browser.ts';

/** Opens a page of a server and follows its redirects. */
export async function arrive(browser: Browser, url: string): Promise<BrowserPage> {
  let page = await browser.get(url);
  for (let left = 5; page.location !== null && left > 0; left--) page = await browser.get(new URL(page.location, page.url).href);
  return page;
}

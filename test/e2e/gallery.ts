/**
 * The gallery: every page in every look: axe finds nothing, nothing scrolls sideways, what is pressed is big enough, and a picture is
 * kept in artifacts/screenshots. A new page joins with one line of PAGES. It is found by names of fields, as it is seen in Arabic too.
 */
import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { registerClient } from '../../src/testing/oauth-client.ts';
import { ALICE } from './app.ts';
import { photograph, visit } from './chromium.ts';
import { looksOf } from './looks.ts';
import { check } from './report.ts';
import { checkTree } from './trees.ts';

/** What a page is reached with. */
interface Tour {
  readonly page: Page;
  readonly url: string;
  /** A fresh client's authorization request. */
  authorizeUrl(redirectUri?: string, name?: string): Promise<string>;
}

/** Every page, and how a person gets there. */
const PAGES: { readonly [name: string]: (tour: Tour) => Promise<unknown> } = {
  home: ({ page, url }) => page.goto(url),
  'mcp-in-a-browser': async ({ page, url }) => {
    const answer = await page.goto(`${url}/mcp`);
    assert.equal(answer?.status(), 401);
    await page.getByText('claude mcp add').waitFor();
  },
  error: ({ page, url }) => page.goto(`${url}/authorize?client_id=nobody`),
  'approve-signed-out': async ({ page, authorizeUrl }) => page.goto(await authorizeUrl()),
  'approve-wrong-password': async ({ page, authorizeUrl }) => {
    await page.goto(await authorizeUrl());
    await type(page, 'wrong');
    await page.locator('button[value=approve]').click();
    await page.getByRole('alert').waitFor();
  },
  'approve-long-names': async ({ page, authorizeUrl }) => page.goto(await authorizeUrl(undefined, 'Donaudampfschifffahrt'.repeat(9))),
  'approve-signed-in': async ({ page, url, authorizeUrl }) => {
    await signIn(page, url);
    await page.goto(await authorizeUrl('https://app.example/callback'));
  },
  'approve-details': async ({ page, authorizeUrl }) => {
    await page.goto(await authorizeUrl('https://app.example/callback'));
    await page.locator('summary').click();
  },
  login: ({ page, url }) => page.goto(`${url}/login`),
  'login-signed-in': async ({ page, url }) => {
    await signIn(page, url);
    await page.goto(`${url}/login`);
  },
  account: async ({ page, url, authorizeUrl }) => {
    await signIn(page, url);
    await page.goto(await authorizeUrl('https://app.example/callback'));
    await page.route('https://app.example/**', (route) => route.fulfill({ body: 'The app.' }));
    await page.locator('button[value=approve]').click();
    await page.waitForURL('https://app.example/**');
    await page.goto(`${url}/account`);
  },
  'request-over': async ({ page, url, authorizeUrl }) => {
    await signIn(page, url);
    await page.goto(await authorizeUrl());
    await page.locator('input[name=pending]').evaluate((input) => input.setAttribute('value', 'gone'));
    await page.locator('button[value=deny]').click();
    await page.locator('.mark.alert').waitFor();
  },
};

/** Looks at every page of the server at `url`. */
export async function checkGallery(where: string, url: string, browser: Browser): Promise<void> {
  for (const [look, options] of looksOf(where)) {
    for (const [name, open] of Object.entries(PAGES)) {
      await check(`${where}: ${name}, ${look}: accessible, nothing cut off, photographed`, () =>
        visit(
          browser,
          url,
          async ({ page }) => {
            await open({ page, url, authorizeUrl: (...about) => authorizeUrl(url, ...about) });
            await photograph(page, `${where}-${look}-${name}`);
            if (look === 'desktop' && name !== 'account') await checkTree(page, name); // its apps are those of the checks before it
            assert.equal(await page.locator('html').getAttribute('lang'), look.includes('arabic') ? 'ar' : 'en');
          },
          options,
        ),
      );
    }
  }
}

async function authorizeUrl(url: string, redirectUri = 'http://localhost:33418/callback', name = 'Claude Desktop'): Promise<string> {
  const client = await registerClient({ send: (request) => fetch(request), issuer: url, redirectUri, metadata: { client_name: name } });
  return client.authorizeUrl();
}

async function type(page: Page, password: string = ALICE.password): Promise<void> {
  await page.locator('input[name=username]').fill(ALICE.username);
  await page.locator('input[name=password]').fill(password);
}

async function signIn(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/login`);
  await type(page);
  await page.locator('button[value=sign-in]').click();
  await page.locator('input[name=password]').waitFor({ state: 'detached' });
}

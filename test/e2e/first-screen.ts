/**
 * The consent page with everything on it: five logins and four scopes. A person finds a way in on the first screen of a phone, walks through
 * the page by keyboard alone, and at a zoom of 400 % scrolls in one direction only (WCAG 2.2 §1.4.10, §2.1.1, §2.4.7).
 */
import assert from 'node:assert/strict';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { consoleMailer, emailCode, OAuthProvider, password, upstream } from '../../src/node/main.ts';
import { serve } from '../../src/node/serve.ts';
import { passkeys } from '../../src/logins/passkey.ts';
import { registerClient } from '../../src/testing/oauth-client.ts';
import { github, google } from '../../src/upstreams/index.ts';
import { allLanguages } from '../../src/words/index.ts';
import { ALICE, options } from './app.ts';
import { checkAccessible, photograph, shoot, visit } from './chromium.ts';
import { leave } from './person.ts';
import { freshFolder } from './processes.ts';
import { check } from './report.ts';
import { checkTree } from './trees.ts';

const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true };
const SITE = { clientId: 'id', clientSecret: 'secret' };

/** Every check of the first screen. */
export async function checkFirstScreen(browser: Browser): Promise<void> {
  const own = [
    passkeys(),
    password({ accounts: () => [{ ...ALICE, email: 'alice@mail.example', emailVerified: true }] }),
    emailCode({ sendEmail: consoleMailer(() => undefined) }),
  ];
  const links: string[] = [];
  const provider = new OAuthProvider({
    ...options,
    pages: { languages: allLanguages },
    logins: [upstream(google(SITE)), upstream(github(SITE)), ...own],
    securityEmails: ({ url: link = '' }) => void links.push(link),
    scopesSupported: {
      'notes:read': 'Read your notes',
      'notes:write': 'Change your notes',
      'calendar:read': 'See your calendar',
      'notes:delete': { text: 'Delete your notes', sensitive: true },
    },
  });
  const { url, stop } = await serve(provider, { port: 0, data: freshFolder('first-screen') });
  const consent = async (redirectUri = 'https://app.example/callback'): Promise<string> =>
    (
      await registerClient({ send: (request) => fetch(request), issuer: url, redirectUri, metadata: { client_name: 'Claude' } })
    ).authorizeUrl();
  const once = (name: string, body: (page: Page) => Promise<void>, how?: BrowserContextOptions): Promise<void> =>
    check(`first screen: ${name}`, () => visit(browser, url, ({ page }) => body(page), how));

  for (const locale of ['en', 'de', 'ar', 'ja']) {
    for (const redirect of ['https://app.example/callback', 'http://localhost:33418/callback']) {
      await once(
        `the first way in is above the fold of a phone, ${locale}, for ${redirect}`,
        async (page) => {
          await page.goto(await consent(redirect));
          const way = await page.locator('button[name=with]').first().boundingBox();
          assert.ok(way && way.y + way.height <= 844, `It ends at ${way && way.y + way.height} of 844 pixels.`);
          await shoot(page, `first-screen-${locale}-${redirect.startsWith('https') ? 'site' : 'loopback'}`);
          await checkAccessible(page);
        },
        { ...PHONE, locale },
      );
    }
  }

  await once('at a zoom of 400 % the page scrolls in one direction only', async (page) => {
    for (const where of [await consent(), `${url}/login`, url, `${url}/account`]) {
      await page.goto(where);
      const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.equal(wider, 0, where);
    }
  }, { viewport: { width: 320, height: 256 } }); // prettier-ignore

  await once('the keyboard reaches everything, in the order of the page, and shows where it is', async (page) => {
    await page.goto(await consent());
    await checkTree(page, 'approve-many-ways');
    const all = await page.evaluate(() =>
      [...document.querySelectorAll<HTMLElement>('button,input:not([type=hidden]),a[href],summary')]
        .filter((one) => one.tabIndex >= 0 && one.checkVisibility() && !(one instanceof HTMLInputElement && one.type === 'radio' && !one.checked))
        .map((one) => one.outerHTML.slice(0, 60)),
    );
    const walked: string[] = [];
    for (let at = 0; at < all.length; at++) {
      await page.keyboard.press('Tab');
      const seen = await page.evaluate(() => {
        const one = document.activeElement as HTMLElement;
        return { html: one.outerHTML.slice(0, 60), outline: getComputedStyle(one).outlineStyle };
      });
      assert.notEqual(seen.outline, 'none', seen.html);
      walked.push(seen.html);
    }
    assert.deepEqual(walked, all);
  }); // prettier-ignore

  await once('Enter in a field signs in with what was typed, although other sites stand above it', async (page) => {
    await page.goto(await consent());
    await page.locator('input[name=identifier]').focus();
    await page.keyboard.type(ALICE.username);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Enter your password' }).waitFor();
    await checkAccessible(page);
    await shoot(page, 'first-screen-password');
    await checkTree(page, 'password-step');
    await page.keyboard.type('wrong'); // the field has the focus
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    await checkTree(page, 'password-step-wrong');
    await page.getByLabel('Password').fill(ALICE.password);
    const came = await leave(page, () => page.keyboard.press('Enter'));
    assert.match(came.searchParams.get('code') ?? '', /^code_/);
    const own = await page.context().newPage();
    await own.goto(`${url}/account`);
    await checkTree(own, 'account');
    for (let waits = 0; links.length === 0 && waits < 1800; waits++) await own.waitForTimeout(100);
    await own.goto(links[0] ?? ''); // the message about the new app
    await own.getByRole('heading', { name: 'Wasn’t this you?' }).waitFor();
    await photograph(own, 'first-screen-not-me');
    await own.locator('button.main').click();
    await own.getByRole('heading', { name: 'Signed out everywhere' }).waitFor();
    await photograph(own, 'first-screen-not-me-done');
  });

  await once('Enter on a tick box allows nothing', async (page) => {
    await page.goto(await consent());
    await page.getByLabel('Delete your notes').focus();
    await page.keyboard.press('Enter');
    await page.waitForLoadState();
    assert.equal(new URL(page.url()).origin, url);
  });
  await stop();

  const careful = new OAuthProvider({ ...options, clientPolicy: { newClients: 'approve', contact: 'it@mcp.example' } });
  const waiting = await serve(careful, { port: 0, data: freshFolder('first-screen-waiting') });
  await check('first screen: an app that waits for approval says whom to ask', () =>
    visit(browser, waiting.url, async ({ page }) => {
      const client = await registerClient({
        send: (request) => fetch(request),
        issuer: waiting.url,
        redirectUri: 'https://app.example/callback',
      });
      await page.goto(await client.authorizeUrl());
      await page.getByRole('heading', { name: 'This app is waiting for approval' }).waitFor();
      await page.getByText('it@mcp.example').first().waitFor();
      await photograph(page, 'first-screen-waiting');
    }),
  );
  await waiting.stop();
}

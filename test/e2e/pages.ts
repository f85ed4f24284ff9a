/** Our pages in a real browser: what the policy lets through, what a person can do, how it looks, and that it is accessible. */
import assert from 'node:assert/strict';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { registerClient } from '../../src/testing/oauth-client.ts';
import { ALICE } from './app.ts';
import { checkAccessible, shoot, visit, type Visit } from './chromium.ts';
import { allow, deny, fillIn, leave } from './person.ts';
import { check } from './report.ts';

/** Breaks out of text, attributes, comments, styles and scripts, if anything does (CWE-79). */
const POLYGLOT = `jaVasCript:/*-/*\`/*\\\`/*'/*"/**/(/* */oNcliCk=alert() )//</stYle/</titLe/</teXtarEa/</scRipt/--!><img src=x onerror=alert(1)>`;

const REDIRECTS = [
  'http://localhost:33418/callback',
  'http://127.0.0.1:33418/callback',
  'http://[::1]:33418/callback',
  'https://app.example/callback',
];
const LOOKS: readonly (readonly [string, BrowserContextOptions])[] = [
  ['desktop', { viewport: { width: 1280, height: 900 } }],
  ['desktop-dark', { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' }],
  ['phone', { viewport: { width: 360, height: 740 }, isMobile: true, deviceScaleFactor: 2 }],
  ['phone-dark', { viewport: { width: 360, height: 740 }, isMobile: true, deviceScaleFactor: 2, colorScheme: 'dark' }],
];

/** Every check of the pages of the server at `url`. */
export async function checkPages(where: string, url: string, browser: Browser): Promise<void> {
  const authorizeUrl = async (redirectUri: string, name = 'Claude Desktop'): Promise<string> => {
    const client = await registerClient({ send: (request) => fetch(request), issuer: url, redirectUri, metadata: { client_name: name } });
    return client.authorizeUrl();
  };
  const once = (name: string, body: (one: Visit) => Promise<void>, options?: BrowserContextOptions): Promise<void> =>
    check(`${where}: ${name}`, () => visit(browser, url, body, options));

  for (const redirectUri of REDIRECTS) {
    await once(`Chromium follows the answer to ${redirectUri} (SEC-130)`, async ({ page }) => {
      const came = await allow(page, await authorizeUrl(redirectUri));
      assert.equal(came.origin + came.pathname, redirectUri);
      assert.match(came.searchParams.get('code') ?? '', /^code_/);
      assert.deepEqual([came.searchParams.get('state'), came.searchParams.get('iss')], ['st4te', url]);
    });
  }

  await once('Deny goes back with access_denied, without typing anything (SEC-132)', async ({ page }) => {
    const came = await deny(page, await authorizeUrl(REDIRECTS[0]!));
    assert.equal(came.searchParams.get('error'), 'access_denied');
  });

  await once('a wrong password stays on the page, says so, and the next try gets through', async ({ page }) => {
    await page.goto(await authorizeUrl(REDIRECTS[0]!));
    await page.getByLabel('Change and delete your notes').uncheck();
    await fillIn(page, 'wrong');
    await page.locator('button[value=approve]').click();
    await page.getByRole('alert').waitFor();
    assert.match(await page.getByRole('alert').innerText(), /do not go together/);
    assert.equal(await page.getByLabel('User name').inputValue(), ALICE.username);
    assert.equal(await page.getByLabel('Password').inputValue(), '');
    assert.equal(await page.getByLabel('Change and delete your notes').isChecked(), false);
    const came = await leave(page, async () => {
      await fillIn(page);
      await page.keyboard.press('Enter');
    });
    assert.match(came.searchParams.get('code') ?? '', /^code_/);
  });

  await once('two tabs do not break each other (SEC-128)', async ({ page, context }) => {
    const other = await context.newPage();
    await other.goto(await authorizeUrl(REDIRECTS[0]!));
    await allow(page, await authorizeUrl(REDIRECTS[1]!));
    await fillIn(other);
    await other.locator('button[value=approve]').click();
    await other.getByText(`You are now signed in as ${ALICE.name}`).waitFor();
    const came = await leave(other, () => other.getByRole('button', { name: 'Allow' }).click());
    assert.match(came.searchParams.get('code') ?? '', /^code_/);
  });

  await once('a person can sign in, see who they are, and sign out', async ({ page }) => {
    await page.goto(`${url}/login`);
    await fillIn(page);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText(ALICE.name).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Password').waitFor();
  });

  await once(
    'everything works with scripts off',
    async ({ page }) => {
      const came = await allow(page, await authorizeUrl(REDIRECTS[1]!));
      assert.match(came.searchParams.get('code') ?? '', /^code_/);
    },
    { javaScriptEnabled: false },
  );

  await once('a hostile client name is text and nothing else (SEC-165)', async ({ page }) => {
    const dialogs: string[] = [];
    page.on('dialog', (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    await page.goto(await authorizeUrl(REDIRECTS[0]!, POLYGLOT));
    assert.equal(await page.locator('strong bdi').textContent(), POLYGLOT);
    await page.locator('strong bdi').click();
    await shoot(page, `${where}-approve-hostile`);
    assert.deepEqual(dialogs, []);
    assert.equal(await page.locator('img[src=x]').count(), 0);
  });

  for (const [look, options] of LOOKS) {
    await once(
      `all pages are accessible and were photographed: ${look}`,
      (one) => gallery(one, `${where}-${look}`, url, authorizeUrl),
      options,
    );
  }
}

/** Every page once: axe looks at it, and a picture is kept. */
async function gallery(
  { page, context }: Visit,
  name: string,
  url: string,
  authorizeUrl: (redirect: string) => Promise<string>,
): Promise<void> {
  const look = async (what: string, at: Page = page): Promise<void> => {
    await shoot(at, `${name}-${what}`);
    await checkAccessible(at);
    const wider = await at.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.equal(wider, 0, `${what} scrolls sideways`);
  };
  const [loopback = ''] = REDIRECTS;
  await page.goto(`${url}/authorize?client_id=nobody`);
  await look('error');
  await page.goto(await authorizeUrl(loopback));
  await look('approve-signed-out');
  await fillIn(page, 'wrong');
  await page.locator('button[value=approve]').click();
  await page.getByRole('alert').waitFor();
  await look('approve-wrong-password');
  await page.goto(`${url}/login`);
  await look('login');
  await fillIn(page);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText(ALICE.name).waitFor();
  await look('login-signed-in');
  await page.goto(await authorizeUrl('https://app.example/callback'));
  await look('approve-signed-in');
  const ticket = await page.locator('input[name=ticket]').getAttribute('value');
  await leave(page, () => page.getByRole('button', { name: 'Deny' }).click());
  const late = await context.newPage();
  await late.goto(await authorizeUrl(loopback));
  await late.locator('input[name=ticket]').evaluate((input, old) => input.setAttribute('value', old ?? ''), ticket);
  await late.getByRole('button', { name: 'Allow' }).click();
  await late.getByText('no longer open').waitFor();
  await look('request-over', late);
}

/** Our pages in a real browser: what the policy lets through, and what a person can do. How they look is `gallery.ts`. */
import assert from 'node:assert/strict';
import type { Browser, BrowserContextOptions } from 'playwright-core';
import { registerClient } from '../../src/testing/oauth-client.ts';
import { ALICE } from './app.ts';
import { shoot, visit, type Visit } from './chromium.ts';
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
    assert.match(await page.getByRole('alert').innerText(), /Wrong username or password/);
    assert.equal(await page.getByLabel('Username').inputValue(), ALICE.username);
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
}

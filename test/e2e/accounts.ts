/**
 * Accounts in a real browser: sign-up and reset by links that were mailed, a new password, a passkey, apps and browsers on the account
 * page, sign-out everywhere; on Node and in workerd. Every page in several looks: axe finds nothing, nothing scrolls sideways.
 */
import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { registerClient } from '../../src/testing/oauth-client.ts';
import { photograph, visit, type Visit } from './chromium.ts';
import { journeyLooks } from './looks.ts';
import { leave, pressTwice } from './person.ts';
import type { RunningServer } from './processes.ts';
import { check } from './report.ts';

const FIRST = 'a first password of eight words';
const SECOND = 'a second password of eight words';
const THIRD = 'a third password of eight words';

/** Every check of accounts, against a server that `accounts` serves. */
export async function checkAccounts(where: string, server: RunningServer, browser: Browser): Promise<void> {
  for (const [look, context] of journeyLooks(where))
    await check(`accounts: ${where}: sign-up, reset, new password, apps and browsers; all pages are accessible: ${look}`, () =>
      visit(browser, server.url, (one) => journey(one, { where, look, server }), context),
    );
  for (const [look, context] of journeyLooks(where))
    await check(`accounts: ${where}: a personal access token; all pages are accessible: ${look}`, () =>
      visit(browser, server.url, (one) => keys(one, { where, look, server }), context),
    );
  await check(`accounts: ${where}: signing out everywhere ends the other browser too`, () =>
    visit(browser, server.url, async ({ page }) => {
      const address = `everywhere-${where}@mail.example`;
      await signUp(page, server, address);
      await visit(browser, server.url, async ({ page: other }) => {
        await signIn(other, server.url, address, FIRST);
        await page.goto(`${server.url}/account`);
        await pressTwice(page, 'button[value=sign-out-everywhere]');
        await page.locator('input[name=identifier]').waitFor();
        await other.goto(`${server.url}/account`);
        assert.equal(new URL(other.url()).pathname, '/login');
      });
    }),
  );
}

interface Walk {
  readonly where: string;
  readonly look: string;
  readonly server: RunningServer;
}

/** Labels differ by language: fields are found by name, buttons by value. */
async function journey({ page: first, context }: Visit, { where, look, server }: Walk): Promise<void> {
  const { url } = server;
  let page = first;
  const address = `ada.${look}@mail.example`;
  const show = (name: string): Promise<void> => photograph(page, `${where}-${look}-${name}`);
  await page.goto(`${url}/login`);
  await show('login-several');
  await signUp(page, server, address, show);

  await context.clearCookies();
  await page.goto(`${url}/login/forgot`);
  await show('forgot');
  await page.locator('input[name=username]').fill(address);
  await page.keyboard.press('Enter');
  await page.locator('input[name=username]').waitFor({ state: 'detached' });
  await show('forgot-sent');
  const link = await server.mailed(address, /https?:\/\/\S+\/login\/reset\?\S+/);
  await page.goto(link);
  await show('reset');
  await page.locator('input[name=new-password]').fill('short');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').waitFor();
  await show('reset-unfit');
  await page.locator('input[name=new-password]').fill(SECOND);
  await page.keyboard.press('Enter');
  await page.locator('input[name=new-password]').waitFor({ state: 'detached' });
  await show('reset-done');
  await page.goto(link);
  await show('reset-over');
  await signIn(page, url, address, SECOND);

  for (const name of ['Claude Desktop', 'Notes for Everybody']) {
    const client = await registerClient({ send: (request) => fetch(request), issuer: url, redirectUri: 'https://app.example/callback', metadata: { client_name: name } }); // prettier-ignore
    page = await context.newPage(); // no one listens at the client, and Chromium is still busy with that
    await page.goto(await client.authorizeUrl());
    assert.match((await leave(page, () => page.locator('button[value=approve]').click())).searchParams.get('code') ?? '', /^code_/);
  }
  page = await context.newPage();
  await page.goto(`${url}/account`);
  await show('account-full');
  await pressTwice(page, 'button[value=disconnect]');
  await page.waitForFunction(() => document.querySelectorAll('button[value=disconnect]').length === 1);

  await page.goto(`${url}/account/password`);
  await show('password');
  await page.locator('input[name=password]').fill('wrong');
  await page.locator('input[name=new-password]').fill(THIRD);
  await page.keyboard.press('Enter');
  await page.getByRole('alert').waitFor();
  await show('password-wrong');
  await page.locator('input[name=password]').fill(SECOND);
  await page.locator('input[name=new-password]').fill(THIRD);
  await page.keyboard.press('Enter');
  await page.waitForURL(`${url}/account`);
  await page.goto(`${url}/account/passkeys`);
  await show('passkeys-none');
}

/** Personal access tokens: made, shown once, listed, revoked. */
async function keys({ page }: Visit, { where, look, server }: Walk): Promise<void> {
  const { url } = server;
  const show = (name: string): Promise<void> => photograph(page, `${where}-${look}-${name}`);
  await signUp(page, server, `keys.${look}@mail.example`);
  await page.goto(`${url}/account/keys`);
  await show('keys-none');
  await page.locator('a.main').click();
  await page.locator('input[name=name]').fill('Backup');
  await page.locator('input[name=scope]').first().check();
  await show('key-new');
  await page.locator('button[value=make]').click();
  await page.locator('code').first().waitFor();
  await show('key-made');
  assert.match((await page.locator('code').first().textContent()) ?? '', /^pcl_[\w-]{71}$/);
  await page.locator('a.main').click();
  await page.locator('summary').first().click();
  await page.locator('button[value=revoke]').waitFor();
  await show('keys');
  await page.locator('button[value=revoke]').click();
  await page.locator('button[value=revoke]').waitFor({ state: 'detached' });
}

async function signUp(
  page: Page,
  server: RunningServer,
  address: string,
  show = async (_name: string): Promise<void> => {},
): Promise<void> {
  await page.goto(`${server.url}/login/sign-up`);
  await show('sign-up');
  await page.locator('input[name=email]').fill(address);
  await page.keyboard.press('Enter');
  await page.locator('input[name=email]').waitFor({ state: 'detached' });
  await show('sign-up-sent');
  await page.goto(await server.mailed(address, /https?:\/\/\S+\/login\/sign-up\?\S+/));
  await show('sign-up-last');
  await page.locator('input[name=name]').fill('Ada Lovelace');
  await page.locator('input[name=new-password]').fill(FIRST);
  await page.keyboard.press('Enter');
  await page.locator('input[name=new-password]').waitFor({ state: 'detached' });
}

async function signIn(page: Page, url: string, address: string, password: string): Promise<void> {
  await page.goto(`${url}/login`);
  await page.locator('input[name=identifier]').fill(address);
  await page.keyboard.press('Enter');
  await page.locator('input[name=password]').fill(password);
  await page.keyboard.press('Enter');
  await page.locator('input[name=password]').waitFor({ state: 'detached' });
}

/**
 * An administrator's day in a real browser, in at most 20 clicks, before clients of the MCP SDK that feel it at their next call; and every page
 * of the console in several looks.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Browser, Locator, Page } from 'playwright-core';
import { oneTimeCode, PERIOD } from '../../src/model/totp.ts';
import { fromBase32 } from '../support/base32.ts';
import { ALICE, BOB, CAROL, DORA } from './app.ts';
import { photograph, visit, type Visit } from './chromium.ts';
import { freshClient } from './here.ts';
import { journeyLooks } from './looks.ts';
import type { RunningServer } from './processes.ts';
import { check } from './report.ts';
import { type KeptClient, keepSdkClient } from './sdk-clients.ts';
import { checkTree } from './trees.ts';

/** What an administrator's day may take. */
const MAX_CLICKS = 20;

/** Every check of the console, against a server that `admin` serves. */
export async function checkAdmin(where: string, { url }: RunningServer, browser: Browser): Promise<void> {
  await check(`admin: ${where}: two apps wait for the pictures`, () => twoApps(url, browser));
  for (const [look, context] of journeyLooks(where))
    await check(`admin: ${where}: all pages are accessible, nothing cut off, photographed: ${look}`, () =>
      visit(browser, url, (one) => gallery(one, where, look, url), context),
    );
  await check(`admin: ${where}: an administrator's day in at most ${MAX_CLICKS} clicks, felt by clients of the MCP SDK`, () =>
    day(where, url, browser),
  );
  await check(`admin: ${where}: everything works with scripts off`, () =>
    visit(
      browser,
      url,
      async ({ page }) => {
        await signIn(page, url, ALICE);
        await find(page, url, DORA.email);
        await page.locator('summary', { hasText: 'Disable' }).click();
        await page.locator('button[value="users/disable"]').click();
        await page.getByRole('status').getByText('Done.').waitFor();
        await page.locator('button[value="users/enable"]').click();
        await page.getByText('Active', { exact: true }).waitFor();
      },
      { javaScriptEnabled: false },
    ),
  );
}

async function signIn(
  page: Page,
  url: string,
  { username, password }: { readonly username: string; readonly password: string },
): Promise<void> {
  if (!page.url().startsWith(`${url}/login`)) await page.goto(`${url}/login`);
  await page.locator('input[name=username]').fill(username);
  await page.locator('input[name=password]').fill(password);
  await page.locator('button[value=sign-in]').click();
  await page.locator('button[value=sign-in]').waitFor({ state: 'detached' });
}

async function find(page: Page, url: string, who: string): Promise<void> {
  await page.goto(`${url}/admin`);
  await page.locator('input[type=search]').fill(who);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/admin/user?*');
}

/** One is connected for Carol, and one that she wants waits. */
async function twoApps(url: string, browser: Browser): Promise<void> {
  await visit(browser, url, async ({ page }) => {
    await signIn(page, url, CAROL);
    await page.route('https://app.example/**', (route) => route.fulfill({ body: 'The app.' }));
    const client = await freshClient(url, 'Notes for Everybody');
    await page.goto(await client.authorizeUrl());
    await page.locator('button[value=approve]').click();
    await page.waitForURL('https://app.example/**');
    await client.redeem(new URL(page.url()).searchParams.get('code') ?? '');
    await visit(browser, url, ({ page: admin }) => setNewClients(admin, url, 'approve'));
    await page.goto(await (await freshClient(url, 'Weekly Report', 'http://localhost:33418/callback')).authorizeUrl());
  });
}

async function setNewClients(page: Page, url: string, mode: string): Promise<void> {
  await signIn(page, url, ALICE);
  await page.goto(`${url}/admin/clients`);
  await page.locator('select[name=newClients]').selectOption(mode);
  await page.locator('button[value="clients/set-new"]').click();
  await page.getByRole('status').waitFor();
}

/** Labels differ by language: fields are found by name, buttons by value. */
async function gallery({ page }: Visit, where: string, look: string, url: string): Promise<void> {
  await page.goto(`${url}/admin/users`);
  await signIn(page, url, ALICE);
  assert.equal(page.url(), `${url}/admin/users`);
  const show = async (name: string, path?: string, isSame = true): Promise<void> => {
    if (path !== undefined) await page.goto(`${url}/admin${path}`);
    await photograph(page, `${where}-${look}-admin-${name}`);
    if (look === 'desktop' && isSame) await checkTree(page, `admin-${name}`);
  };
  await show('home', '', false); // the figures of the checks before it
  for (const details of await page.locator('details').all()) await details.locator('summary').first().click();
  await show('home-table', undefined, false);
  await show('users', '/users');
  await page.locator('.make summary').click();
  await show('user-new');
  await show('user', `/search?q=${DORA.username}`);
  for (const question of await page.locator('details.ask').all()) await question.locator('summary').click();
  await show('user-asks', undefined, false);
  await show('clients', '/clients');
  await show('clients-waiting', '/clients?status=waiting', false);
  await show('client', '/search?q=notes+for');
  await show('grants', `/grants?user=${CAROL.username}`, false);
  await show('keys', '/keys');
  await page.locator('.make summary').click();
  await page.locator('input[name=name]').fill('Nightly copy');
  await page.locator('input[name=scope]').first().check();
  await show('key-new', undefined, false);
  await page.locator('button[value="keys/create"]').click();
  await page.locator('code').first().waitFor();
  await show('key-made', undefined, false);
  await page.locator('a.main').click();
  await page.locator('summary').first().click();
  await page.locator('button[value="keys/revoke"]').click();
  await page.getByRole('status').waitFor();
  await show('key-revoked', undefined, false);
  await show('audit', '/audit', false);
  await show('health', '/health', false);
  await show('nothing', '/user?id=nobody', false);
  await show('search', '/search?q=e', false);
}

async function day(where: string, url: string, browser: Browser): Promise<void> {
  await visit(browser, url, ({ page }) => setNewClients(page, url, 'allow'));
  const mcp = `${url}/mcp`;
  const asBob = (to: string): Promise<unknown> => visit(browser, url, ({ page }) => allowAs(page, to, BOB));
  const [summaries, chatter] = [await keepSdkClient(mcp, 'Summaries', asBob), await keepSdkClient(mcp, 'Chatter', asBob)];
  await visit(browser, url, async ({ page, context }) => {
    await signIn(page, url, BOB);
    await setUpFactor(page, url);
    await context.clearCookies();
  });
  await visit(browser, url, ({ page }) => setNewClients(page, url, 'approve'));
  for (const client of [summaries, chatter]) assert.equal(await client.call(), `Hello, ${BOB.name}!`);

  await visit(browser, url, async ({ page: carol }) => {
    const waits = Promise.withResolvers<void>();
    const planner = keepSdkClient(mcp, 'Planner', async (to) => {
      await signIn(carol, url, CAROL);
      await carol.goto(to);
      await carol.getByText('waiting for approval').waitFor();
      waits.resolve();
    });
    planner.catch(waits.reject);
    await waits.promise;
    await visit(browser, url, async ({ page }) => {
      await page.goto(`${url}/admin`);
      await signIn(page, url, ALICE);
      const clicks = await work(page, { summaries, chatter });
      assert.ok(clicks <= MAX_CLICKS, `It took ${clicks} clicks.`);
      process.stdout.write(`      ${where}: ${clicks} clicks\n`);
    });
    await carol.getByRole('link', { name: 'Try again' }).click();
    await carol.locator('button[value=approve]').click();
    const client = await planner;
    assert.equal(await client.call(), `Hello, ${CAROL.name}!`); // approved while its user waited
    await client.close();
  });
  await visit(browser, url, ({ page }) => signIn(page, url, BOB)); // without a second factor
  for (const client of [summaries, chatter]) await client.close();
}

/** Its next call is a 401, and it has to ask its user again. */
async function isOut(client: KeptClient): Promise<void> {
  assert.equal(await client.status(), 401);
  await assert.rejects(client.call());
}

/** The day itself, from the first page of the console on. Typing is no click; Enter is one. */
async function work(page: Page, { summaries, chatter }: { readonly summaries: KeptClient; readonly chatter: KeptClient }): Promise<number> {
  let clicks = 0;
  const click = async (what: Locator): Promise<void> => {
    clicks++;
    await what.click();
  };
  const search = async (who: string): Promise<void> => {
    clicks++;
    await page.locator('input[type=search]').fill(who);
    await page.keyboard.press('Enter');
    await page.waitForURL('**/admin/user?*');
  };
  await search(BOB.email); // finds a user by mail
  const grant = page.locator('tr', { hasText: 'Summaries' });
  assert.match(await grant.innerText(), /notes:read/); // and sees what an app may do
  await click(grant.locator('summary'));
  await click(grant.locator('button[value="grants/revoke"]'));
  await grant.waitFor({ state: 'detached' });
  await isOut(summaries);

  await click(page.getByRole('link', { name: 'Chatter' })); // blocks a client
  assert.equal(await chatter.call(), `Hello, ${BOB.name}!`);
  await click(page.locator('summary', { hasText: 'Block' }));
  await click(page.locator('button[value="clients/block"]'));
  await page.getByText('Blocked', { exact: true }).waitFor();
  await isOut(chatter);

  await click(page.getByRole('link', { name: 'Overview' })); // approves another
  const waiting = page.locator('tr', { hasText: 'Planner' });
  await click(waiting.locator('button[value="clients/approve"]'));
  await waiting.waitFor({ state: 'detached' });

  await search(BOB.username); // resets a second factor
  const factor = page.locator('tr', { hasText: 'Authenticator app' });
  await click(factor.locator('summary'));
  await click(factor.locator('button[value="users/remove-second-factor"]'));
  await factor.waitFor({ state: 'detached' });

  await click(page.getByRole('link', { name: 'Audit' })); // reads the audit, and exports it
  for (const act of ['users/remove-second-factor', 'clients/approve', 'clients/block', 'grants/revoke'])
    await page.getByText(act, { exact: true }).first().waitFor();
  const arriving = page.waitForEvent('download');
  await click(page.getByRole('link', { name: 'Export' }));
  const lines = readFileSync(await (await arriving).path(), 'utf8')
    .trimEnd()
    .split('\n');
  const last = lines.slice(-4).map((line) => JSON.parse(line) as { act: string; outcome: string });
  assert.deepEqual(last.map(({ act, outcome }) => `${act} ${outcome}`).toSorted(), [
    'clients/approve done',
    'clients/block done',
    'grants/revoke done',
    'users/remove-second-factor done',
  ]);
  return clicks;
}

async function allowAs(
  page: Page,
  to: string,
  { username, password }: { readonly username: string; readonly password: string },
): Promise<void> {
  await page.goto(to);
  await page.locator('input[name=username]').fill(username);
  await page.locator('input[name=password]').fill(password);
  await page.locator('button[value=approve]').click();
  await page.getByText('You can close this page').waitFor();
}

async function setUpFactor(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/account/totp`);
  const app = new URL((await page.locator('a[href^="otpauth:"]').getAttribute('href')) ?? '');
  const secret = fromBase32(app.searchParams.get('secret') ?? '');
  await page.locator('input[name=code]').fill(await oneTimeCode(secret, Math.floor(Date.now() / 1000 / PERIOD)));
  await page.locator('button[value=confirm]').click();
  await page.locator('li code').first().waitFor();
}

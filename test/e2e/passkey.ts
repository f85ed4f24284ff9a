/** Passkeys in a real browser with a virtual authenticator: made, used, cancelled, missing; and how their pages look. */
import assert from 'node:assert/strict';
import type { Browser, BrowserContextOptions, CDPSession, Page } from 'playwright-core';
import { registerClient } from '../../src/testing/oauth-client.ts';
import { ALICE } from './app.ts';
import { checkAccessible, photograph, shoot, visit, type Visit } from './chromium.ts';
import { IN_ENGLISH } from './looks.ts';
import { leave, pressTwice } from './person.ts';
import { check } from './report.ts';

const REDIRECT = 'http://localhost:33418/callback';

/** A device that belongs to a page. */
interface Device {
  readonly cdp: CDPSession;
  readonly id: string;
}

/** Every check of passkeys at the server at `url`. */
export async function checkPasskeys(where: string, url: string, browser: Browser): Promise<void> {
  const authorizeUrl = async (): Promise<string> => {
    const metadata = { client_name: 'Claude Desktop' };
    return (await registerClient({ send: (request) => fetch(request), issuer: url, redirectUri: REDIRECT, metadata })).authorizeUrl();
  };
  const once = (name: string, body: (one: Visit) => Promise<void>, options?: BrowserContextOptions): Promise<void> =>
    check(`${where}: ${name}`, () => visit(browser, url, body, options));
  const codeCame = (came: URL): void => assert.match(came.searchParams.get('code') ?? '', /^code_/);

  await once('a passkey makes an account and signs in to it, without a name or a password', async ({ page, context }) => {
    const { cdp, id } = await plugIn(page);
    await page.goto(await authorizeUrl());
    codeCame(await signUp(page, 'grace'));
    const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId: id });
    assert.deepEqual(
      credentials.map((one) => [one.rpId, one.isResidentCredential, one.userName]),
      [['localhost', true, 'grace']],
    );
    await context.clearCookies();
    await page.goto(await authorizeUrl());
    codeCame(await arrive(page, () => choose(page)));
    await page.goto(`${url}/login`);
    await page.getByText('grace').waitFor();
  });

  await once('who cancels is told, stays on the page, and can try again', async ({ page, context }) => {
    const { cdp, id } = await plugIn(page);
    await page.goto(await authorizeUrl());
    codeCame(await signUp(page, 'heidi'));
    await context.clearCookies();
    await cdp.send('WebAuthn.setUserVerified', { authenticatorId: id, isUserVerified: false });
    await page.goto(await authorizeUrl());
    await choose(page);
    const go = page.getByRole('button', { name: 'Use your passkey' });
    await go.click();
    await page.getByText('Passkey sign-in was cancelled').waitFor();
    await onlyNote(page);
    await shoot(page, `${where}-passkey-cancelled`);
    await checkAccessible(page);
    await cdp.send('WebAuthn.setUserVerified', { authenticatorId: id, isUserVerified: true });
    codeCame(await arrive(page, () => go.click()));
  });

  await once('a browser that knows no passkeys is told so, and the password still works', async ({ page, context }) => {
    await context.addInitScript('delete window.PublicKeyCredential');
    await page.goto(await authorizeUrl());
    await choose(page);
    await page.getByText('This browser cannot use passkeys').waitFor();
    await onlyNote(page);
    await page.getByRole('button', { name: 'Use your passkey' }).click();
    await checkAccessible(page);
    await page.goto(await authorizeUrl());
    codeCame(await arrive(page, () => byPassword(page)));
  });

  await once(
    'without scripts the page says what to do, and the password still works',
    async ({ page }) => {
      await page.goto(await authorizeUrl());
      await choose(page);
      await page.getByText('Passkeys need JavaScript').waitFor();
      await onlyNote(page);
      await page.getByRole('button', { name: 'Use your passkey' }).click();
      await page.getByText('must support passkeys and allow JavaScript').waitFor();
      await page.goto(await authorizeUrl());
      codeCame(await arrive(page, () => byPassword(page)));
    },
    { javaScriptEnabled: false },
  );

  await once('passkeys are added, renamed and removed on the account page', async ({ page, context }) => {
    const { cdp, id } = await plugIn(page);
    const count = async (): Promise<number> => (await cdp.send('WebAuthn.getCredentials', { authenticatorId: id })).credentials.length;
    await page.goto(`${url}/login`);
    await byPassword(page, 'sign-in');
    await page.getByRole('button', { name: 'Sign out' }).waitFor();
    await page.goto(`${url}/account`);
    await page.getByRole('link', { name: 'Passkeys' }).click();
    await page.getByLabel('Name of a new passkey').fill('My laptop');
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.getByRole('heading', { name: 'My laptop' }).waitFor();
    assert.equal(await count(), 1);
    await page.getByRole('button', { name: 'Add a passkey' }).click(); // the same device
    await page.getByRole('button', { name: 'Create the passkey' }).click();
    await page.getByText('This device already has a passkey for this account').waitFor();
    await onlyNote(page);
    await page.getByRole('link', { name: 'Back to your passkeys' }).click();
    await page.getByText('Rename or remove').click();
    await page.getByLabel('Name', { exact: true }).fill('Old laptop');
    await page.getByRole('button', { name: 'Rename' }).click();
    await page.getByRole('heading', { name: 'Old laptop' }).waitFor();
    for (const [look, size] of [
      ['desktop', { width: 1280, height: 900 }],
      ['phone', { width: 360, height: 740 }],
    ] as const) {
      // prettier-ignore
      await page.setViewportSize(size);
      await page.getByText('Rename or remove').click();
      await shoot(page, `${where}-${look}-passkeys-account`);
      await checkAccessible(page);
    }
    await page.goto(`${url}/account/passkeys`);
    await context.clearCookies();
    await page.goto(`${url}/login`);
    await choose(page);
    await page.getByText(ALICE.name).first().waitFor();
    await page.goto(`${url}/account/passkeys`);
    await page.getByText('Rename or remove').click();
    await pressTwice(page, 'button:has-text("Remove Old laptop")');
    await page.getByText('You have no passkeys yet').waitFor();
  });

  for (const [look, options] of where === 'worker' ? IN_ENGLISH.slice(0, 1) : IN_ENGLISH) {
    await once(
      `the pages of passkeys are accessible and were photographed: ${look}`,
      async ({ page }) => {
        const show = (name: string): Promise<void> => photograph(page, `${where}-${look}-passkey-${name}`);
        await page.goto(await authorizeUrl());
        await show('choice');
        await choose(page); // no device: the page waits
        await page.getByRole('button', { name: 'Use your passkey' }).waitFor();
        await show('use');
        await page.goto(await authorizeUrl());
        await page.getByRole('link', { name: 'Create an account with a passkey' }).click();
        await page.getByLabel('Username').waitFor();
        await show('sign-up');
        await page.getByLabel('Username').fill('ivan');
        await page.keyboard.press('Enter');
        await page.getByRole('heading', { name: 'Create your passkey' }).waitFor();
        await show('make');
        await plugIn(page);
        await page.goto(await authorizeUrl());
        await signUp(page, `judy-${look}`);
        await page.goto(`${url}/account/passkeys`);
        await page.getByText('Rename or remove').click();
        await page.getByRole('button', { name: /^Remove/ }).click();
        await page.getByRole('alert').waitFor();
        await show('last');
        await page.getByRole('button', { name: 'Add a passkey' }).click();
        await page.getByRole('heading', { name: 'Add a passkey' }).waitFor();
        await show('add');
      },
      options,
    );
  }
}

/** Gives the page a device that verifies its user at once. */
async function plugIn(page: Page): Promise<Device> {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId: id } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  return { cdp, id };
}

/** Presses the button for a passkey, which stands beside the password. */
async function choose(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Sign in with a passkey' }).click();
}

/** Makes an account with a passkey from the consent page, comes back to it, and presses Allow. */
async function signUp(page: Page, username: string): Promise<URL> {
  await page.getByRole('link', { name: 'Create an account with a passkey' }).click();
  await page.getByLabel('Username').fill(username);
  await page.keyboard.press('Enter');
  await page.getByText('Signed in as').waitFor();
  return arrive(page, () => page.getByRole('button', { name: 'Allow' }).click());
}

/** Does something that ends at the client, and sees it arrive there: so the page is free to go on. */
async function arrive(page: Page, act: () => Promise<void>): Promise<URL> {
  await page.route(`${REDIRECT}**`, (route) => route.fulfill({ contentType: 'text/html', body: '<title>Client</title>Arrived' }));
  const came = await leave(page, act);
  await page.getByText('Arrived').waitFor();
  return came;
}

async function byPassword(page: Page, decision = 'approve'): Promise<void> {
  await page.locator('#password-username').fill(ALICE.username);
  await page.locator('#password-password').fill(ALICE.password);
  await page.locator(`button[value=${decision}]`).click();
}

/** One thing is said at a time. */
async function onlyNote(page: Page): Promise<void> {
  assert.equal(await page.locator('.note:visible').count(), 1);
}

/** What a person does on our pages. */
import type { Page } from 'playwright-core';
import { ALICE } from './app.ts';

/** Opens the consent page, fills in what it asks for, presses Allow, and waits until the client has the answer. */
export async function allow(page: Page, url: string): Promise<URL> {
  await page.goto(url);
  return leave(page, async () => {
    await fillIn(page);
    await page.locator('button[value=approve]').click();
  });
}

/** Presses a button that asks first: opens its question, and presses it there. @param button a selector. */
export async function pressTwice(page: Page, button: string): Promise<void> {
  const asking = page.locator('details.ask', { has: page.locator(button) }).first();
  await asking.locator('summary').click();
  await asking.locator(button).click();
}

/** Opens the consent page and presses Deny. */
export async function deny(page: Page, url: string): Promise<URL> {
  await page.goto(url);
  return leave(page, () => page.getByRole('button', { name: 'Deny' }).click());
}

/** Types user name and password, if the page asks for them. */
export async function fillIn(page: Page, password: string = ALICE.password): Promise<void> {
  await page.waitForLoadState(); // before that, a field that is missing may be still to come
  if ((await page.getByLabel('Password').count()) === 0) return;
  await page.getByLabel('Username').fill(ALICE.username);
  await page.getByLabel('Password').fill(password);
}

/** Does something that ends at the client, and gives the address that the browser asked there. */
export async function leave(page: Page, act: () => Promise<void>): Promise<URL> {
  const { origin } = new URL(page.url());
  const [asked] = await Promise.all([
    page.waitForRequest((request) => request.isNavigationRequest() && new URL(request.url()).origin !== origin),
    act(),
  ]);
  const response = await asked.response().catch(() => null); // no one may be there: what counts is that the browser went
  await response?.finished();
  return new URL(asked.url());
}

/** The development pages of `oidc-provider`: who, and yes. */
export async function signInThere(page: Page): Promise<void> {
  await page.locator('input[name=login]').fill('erika');
  await page.locator('input[name=password]').fill('any');
  await page.locator('button[type=submit]').click();
  await page.locator('button[type=submit]', { hasText: 'Continue' }).click();
}

/** Does something after which the browser asks for the client's address. */
export async function arriving(page: Page, act: () => Promise<void>): Promise<URL> {
  const [asked] = await Promise.all([
    page.waitForRequest((request) => request.isNavigationRequest() && request.url().startsWith('https://app.example/')),
    act(),
  ]);
  return new URL(asked.url());
}

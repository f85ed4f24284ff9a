/** Sign-ins of several pages in a real browser: a code sent by e-mail, an authenticator app, recovery codes; and how their pages look. */
import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { oneTimeCode, PERIOD } from '../../src/model/totp.ts';
import { registerClient } from '../../src/testing/oauth-client.ts';
import { fromBase32 } from '../support/base32.ts';
import { photograph, visit, type Visit } from './chromium.ts';
import { journeyLooks } from './looks.ts';
import { leave } from './person.ts';
import type { RunningServer } from './processes.ts';
import { check } from './report.ts';

/** Every check of e-mail codes and the second factor, against a server that `steps` serves. */
export async function checkSteps(where: string, { url, mailed }: RunningServer, browser: Browser): Promise<void> {
  const codeFor = (address: string): Promise<string> => mailed(address, /\b\d{4} \d{4}\b/);
  for (const [look, context] of journeyLooks(where)) {
    await check(
      `steps: ${where}: e-mail code, authenticator app and recovery code lead to the client; all pages are accessible: ${look}`,
      () => visit(browser, url, (one) => journey(one, `${where}-${look}`, { url, codeFor }), { ...context }),
    );
  }
  await check(`steps: ${where}: everything works with scripts off`, () =>
    visit(browser, url, (one) => journey(one, null, { url, codeFor }), { javaScriptEnabled: false }),
  );
}

interface Served {
  readonly url: string;
  readonly codeFor: (address: string) => Promise<string>;
}

/** Labels differ by language: fields are found by name, buttons by value. @param shots null for no pictures. */
async function journey({ page: first, context }: Visit, shots: string | null, { url, codeFor }: Served): Promise<void> {
  let page = first; // another one after each answer: no one listens at the client, and Chromium is still busy with that
  const address = `ada-${shots ?? 'no-scripts'}@mail.example`;
  const look = async (what: string): Promise<void> => {
    if (shots !== null) await photograph(page, `${shots}-${what}`);
  };
  const client = await registerClient({ send: (request) => fetch(request), issuer: url, redirectUri: 'http://localhost:33418/callback' });
  const mailed = async (): Promise<void> => {
    await page.locator('input[name=code]').fill('1');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    await look('email-code-wrong');
    await page.locator('input[name=code]').fill(await codeFor(address));
  };

  await page.goto(await client.authorizeUrl());
  await page.locator('input[name=email]').fill(address);
  await look('email');
  await page.locator('button[value=approve]').click();
  await page.locator('input[name=code]').waitFor();
  await look('email-code');
  await mailed();
  assert.match((await leave(page, () => page.keyboard.press('Enter'))).searchParams.get('code') ?? '', /^code_/);

  page = await context.newPage();
  await page.goto(`${url}/account/totp`);
  await look('totp-offer');
  const secret = fromBase32(
    new URL((await page.locator('a[href^="otpauth:"]').getAttribute('href')) ?? '').searchParams.get('secret') ?? '',
  );
  await page.locator('input[name=code]').fill(await oneTimeCode(secret, stepNow()));
  await page.locator('button[value=confirm]').click();
  await page.locator('li code').first().waitFor();
  await look('totp-recovery-codes');
  const recovery = await page.locator('li code').allInnerTexts();
  await page.goto(`${url}/account/totp`);
  await look('totp-on');

  for (const way of ['app', 'recovery']) {
    await context.clearCookies();
    page = await context.newPage();
    await page.goto(await client.authorizeUrl());
    await page.locator('input[name=email]').fill(address);
    await page.locator('button[value=approve]').click();
    await page.locator('input[name=code]').fill(await codeFor(address));
    await page.keyboard.press('Enter');
    await page.locator('input[name=recovery]').waitFor({ state: 'attached' });
    if (way === 'app') await look('totp-ask');
    if (way === 'app') await page.locator('input[name=code]').fill(await oneTimeCode(secret, stepNow() + 1)); // the present one set it up
    else await recover(page, recovery[0] ?? '');
    assert.match((await leave(page, () => page.keyboard.press('Enter'))).searchParams.get('code') ?? '', /^code_/);
  }
}

async function recover(page: Page, code: string): Promise<void> {
  await page.locator('summary').first().click();
  await page.locator('input[name=recovery]').fill(code);
}

function stepNow(): number {
  return Math.floor(Date.now() / 1000 / PERIOD);
}

/** A device without a browser, and the person who types its code in theirs; and an account that a tool asks for. How their pages look. */
import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { photograph, visit } from './chromium.ts';
import { startHere } from './here.ts';
import { ALICE } from './app.ts';
import { fewLooks } from './looks.ts';
import { check } from './report.ts';

const GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

/** Every check of devices. */
export async function checkDevices(browser: Browser): Promise<void> {
  const server = await startHere('devices', () => ({
    deviceAuthorizationEndpoint: '/device_authorization',
    clients: [{ id: 'tv', name: 'Living-room television', authMethod: 'none', grantTypes: [GRANT, 'refresh_token'] }],
  }));
  const post = async (path: string, fields: Record<string, string>): Promise<Record<string, string>> =>
    (await (
      await fetch(server.url + path, { method: 'POST', body: new URLSearchParams({ client_id: 'tv', ...fields }) })
    ).json()) as Record<string, string>;
  for (const [look, how] of fewLooks())
    await check(`devices: a typed code leads to a yes, a no and a token; all pages are accessible: ${look}`, () =>
      visit(browser, server.url, ({ page }) => journey(page, server.url, post, look), how),
    );
  await server.stop();
}

type Post = (path: string, fields: Record<string, string>) => Promise<Record<string, string>>;

async function journey(page: Page, url: string, post: Post, look: string): Promise<void> {
  const show = (name: string): Promise<void> => photograph(page, `device-${look}-${name}`);
  const asked = await post('/device_authorization', {});
  const code = asked['user_code'] ?? '';
  await page.goto(asked['verification_uri'] ?? '');
  await show('enter');
  await page.locator('input[name=user_code]').fill('WRONG');
  await page.keyboard.press('Enter');
  await page.getByRole('alert').waitFor();
  await show('wrong');
  await page.locator('input[name=user_code]').fill(code.toLowerCase().replace('-', ''));
  await page.keyboard.press('Enter');
  await page.locator('button[value=approve]').waitFor();
  await page.getByText(code).first().waitFor();
  await show('approve');
  await page.locator('input[name=username]').fill(ALICE.username);
  await page.locator('input[name=password]').fill(ALICE.password);
  await page.locator('button[value=approve]').click();
  await page.waitForURL(/result=done/);
  await show('done');
  const tokens = await post('/token', { grant_type: GRANT, device_code: asked['device_code'] ?? '' });
  assert.equal(tokens['token_type'], 'Bearer');

  const second = await post('/device_authorization', {});
  await page.goto(second['verification_uri_complete'] ?? '');
  assert.equal(await page.locator('input[name=user_code]').inputValue(), second['user_code']);
  await show('compare');
  await page.locator('main button.main').click();
  await page.locator('button[value=deny]').click();
  await page.waitForURL(/result=refused/);
  await show('refused');
  const refused = await post('/token', { grant_type: GRANT, device_code: second['device_code'] ?? '' });
  assert.equal(refused['error'], 'access_denied');
  assert.equal(new URL(page.url()).origin, url);
}

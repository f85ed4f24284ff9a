/** Consent in a real browser: an organization to choose, a wish to be asked no more, and a step-up. */
import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { password } from '../../src/logins/password.ts';
import type { FormLogin } from '../../src/model/login.ts';
import { OAuthProvider } from '../../src/node/main.ts';
import { serve } from '../../src/node/serve.ts';
import { registerClient, type TestClient } from '../../src/testing/oauth-client.ts';
import { ALICE, options } from './app.ts';
import { checkAccessible, shoot, visit } from './chromium.ts';
import { IN_ENGLISH } from './looks.ts';
import { fillIn, leave } from './person.ts';
import { freshFolder } from './processes.ts';
import { check } from './report.ts';

const ORGANIZATIONS = [
  { id: 'acme', name: 'Acme Incorporated' },
  { id: 'globex', name: 'Globex' },
];
const SCOPES = {
  'notes:read': { description: 'Read your notes', unlocks: ['notes_list', 'notes_search'] },
  'notes:write': { description: 'Change and delete your notes', unlocks: ['notes_edit'] },
};

/** The password login, whose people may act for two organizations. */
function manyOrganizations(login: FormLogin): FormLogin {
  return {
    ...login,
    prove: async (read, services) => {
      const result = await login.prove(read, services);
      return result.kind === 'proven' ? { ...result, organizations: ORGANIZATIONS } : result;
    },
  };
}

/** Every check of consent. */
export async function checkConsent(browser: Browser): Promise<void> {
  const start = async (login: FormLogin): Promise<{ url: string; stop(): Promise<void> }> =>
    serve(new OAuthProvider({ ...options, scopesSupported: SCOPES, logins: [login] }), { port: 0, data: freshFolder('consent') });
  const own = password({ accounts: () => [ALICE] });
  const [one, many] = [await start(own), await start(manyOrganizations(own))];
  const clientOf = (url: string): Promise<TestClient> =>
    registerClient({ send: (request) => fetch(request), issuer: url, redirectUri: 'https://app.example/callback' });
  const allow = (page: Page): Promise<URL> => leave(page, () => page.locator('button[value=approve]').click());
  const isCode = (came: URL): void => assert.match(came.searchParams.get('code') ?? '', /^code_/);

  for (const [look, how] of IN_ENGLISH) {
    await check(`consent: an organization is chosen after the login, and on the page by who is signed in: ${look}`, () =>
      visit(
        browser,
        many.url,
        async ({ page: first, context }) => {
          const client = await clientOf(many.url);
          await first.goto(await client.authorizeUrl());
          await fillIn(first);
          await first.locator('button[value=approve]').click();
          await first.getByRole('heading', { name: 'Choose an organization' }).waitFor();
          await shoot(first, `consent-${look}-choose`);
          await checkAccessible(first);
          await first.getByLabel('Acme Incorporated').check();
          isCode(await allow(first));
          const page = await context.newPage(); // no one answers at the client's, and the error page would come in between
          await page.goto(await client.authorizeUrl());
          await page.getByText('It will work for').waitFor();
          await shoot(page, `consent-${look}-signed-in`);
          await checkAccessible(page);
          await page.locator('button[value=approve]').click(); // the browser insists on a choice
          assert.equal(new URL(page.url()).pathname, '/authorize');
          await page.getByLabel('Globex').check();
          isCode(await allow(page));
        },
        how,
      ),
    );
    await check(`consent: a step-up asks for what is new: ${look}`, () =>
      visit(
        browser,
        one.url,
        async ({ page: first, context }) => {
          const client = await clientOf(one.url);
          await first.goto(await client.authorizeUrl({ scope: 'notes:read' }));
          await fillIn(first);
          isCode(await allow(first));
          const page = await context.newPage();
          await page.goto(await client.authorizeUrl());
          await page.getByText('It would also be able to').waitFor();
          assert.equal(await page.getByRole('checkbox', { name: 'Read your notes' }).count(), 0);
          assert.equal(await page.getByRole('checkbox', { name: 'Change and delete your notes' }).count(), 1);
          await shoot(page, `consent-${look}-step-up`);
          await checkAccessible(page);
          isCode(await allow(page));
        },
        how,
      ),
    );
  }

  await check('consent: who ticks it is asked no more, but is asked where another site sends them (SEC-134)', () =>
    visit(browser, one.url, async ({ page: first, context }) => {
      const client = await clientOf(one.url);
      await first.goto(await client.authorizeUrl());
      await fillIn(first);
      await first.getByLabel('Don’t ask me again').check();
      isCode(await allow(first));
      const page = await context.newPage();
      const url = await client.authorizeUrl();
      const [asked] = await Promise.all([
        page.waitForRequest((request) => request.isNavigationRequest() && request.url().startsWith('https://app.example/')),
        page.goto(url).catch(() => null), // no one is at the client's
      ]);
      isCode(new URL(asked.url()));
      const elsewhere = await context.newPage();
      await elsewhere.goto(`data:text/html,<a href="${url.replaceAll('&', '&amp;')}">go</a>`);
      await elsewhere.getByRole('link').click();
      await elsewhere.getByText('wants to use it on your behalf').waitFor();
    }),
  );
  await Promise.all([one.stop(), many.stop()]);
}

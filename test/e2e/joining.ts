/**
 * One person, several ways in, in a real browser: a site that says the same proven address, a site that is joined while signed in, one
 * that is someone else's already; and the application's own session as a way in.
 */
import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { existingSession } from '../../src/logins/own-login.ts';
import { password } from '../../src/logins/password.ts';
import { upstream } from '../../src/logins/upstream.ts';
import { makeFakeGitHub } from '../../src/testing/fake-github.ts';
import { makeFakeStytch } from '../../src/testing/fake-stytch.ts';
import { github } from '../../src/upstreams/github.ts';
import { stytch } from '../../src/upstreams/user-management.ts';
import { CLIENT } from '../support/real-idp.ts';
import { ALICE } from './app.ts';
import { launch, photograph, visit } from './chromium.ts';
import { freshClient, startHere } from './here.ts';
import { fewLooks } from './looks.ts';
import { arriving, leave, pressTwice } from './person.ts';
import { check } from './report.ts';
import { pressedSite, startSites } from './sites.ts';

const STYTCH = 'https://acme.customers.stytch.com';
const ADDRESS = 'octocat@corp.example';
const now = (): number => Math.floor(Date.now() / 1000);
const secure = { ignoreHTTPSErrors: true };

/** Every check of joining. */
export async function checkJoining(executable: string): Promise<void> {
  const sites = await startSites(['github.com', new URL(STYTCH).host]);
  const browser = await launch(executable, sites.rules);
  try {
    for (const [look, how] of fewLooks()) {
      const server = await startHere('joining', async (url) => {
        const gitHub = makeFakeGitHub({ ...CLIENT, redirectUri: `${url}/authorize/callback/github`, now });
        const stytches = await makeFakeStytch({ ...CLIENT, redirectUri: `${url}/authorize/callback/stytch`, domain: STYTCH, now });
        sites.hosts.set('github.com', pressedSite('GitHub', gitHub.visit));
        sites.hosts.set(new URL(STYTCH).host, pressedSite('Stytch', stytches.visit));
        return {
          logins: [
            password({ accounts: () => [{ ...ALICE, email: ADDRESS, emailVerified: true }] }),
            upstream(github({ ...CLIENT, fetch: gitHub.fetch }), { joinByEmail: true }),
            upstream(stytch({ ...CLIENT, projectDomain: STYTCH, fetch: stytches.fetch })),
          ],
        };
      });
      await check(`joining: the same proven address and a site joined by hand lead into one account; another's does not: ${look}`, () =>
        visit(browser, server.url, ({ page }) => join(browser, page, server.url, look), { ...how, ...secure }),
      );
      await server.stop();
    }
    await checkHost(browser);
  } finally {
    await browser.close();
    sites.stop();
  }
}

/** Labels differ by language: buttons are found by value. */
async function join(browser: Browser, page: Page, url: string, look: string): Promise<void> {
  const at = async (path: string): Promise<void> => void (await page.goto(url + path));
  const through = async (site: string): Promise<void> => {
    await page.locator(`button[value=${site}]`).click();
    await page.locator('button[value=yes]').click();
  };
  const byPassword = async (): Promise<void> => {
    await page.locator('input[name=username]').fill(ALICE.username);
    await page.locator('input[name=password]').fill(ALICE.password);
    await page.locator('button[value=sign-in]').click();
    await page.locator('button[value=sign-out]').waitFor();
  };
  await at('/login');
  await photograph(page, `joining-${look}-login`);
  await byPassword();
  const mine = await markOf(page, url);

  await at('/login');
  await page.locator('button[value=sign-out]').click();
  await through('github');
  await page.locator('button[value=sign-out]').waitFor();
  assert.equal(await markOf(page, url), mine, 'the same proven address');

  await visit(
    browser,
    url,
    async ({ page: other }) => {
      await other.goto(`${url}/login`);
      await other.locator('button[value=stytch]').click();
      await other.locator('button[value=yes]').click();
      await other.locator('button[value=sign-out]').waitFor();
      assert.notEqual(await markOf(other, url), mine, 'nobody asked for these two to be one');
      await other.goto(`${url}/account/sign-ins`);
      await photograph(other, `joining-${look}-sign-ins-one`);
      assert.equal(await other.locator('button[name=part]').count(), 0, 'the last way in stays');
    },
    secure,
  );

  await at('/login'); // GitHub does not say when it asked: what follows wants a password
  await page.locator('button[value=sign-out]').click();
  await byPassword();
  await at('/account/sign-ins');
  await page.locator('button[name=join][value=stytch]').click();
  await page.locator('button[value=yes]').click();
  await page.waitForURL(/taken=1/);
  await page.getByRole('alert').waitFor();
  await photograph(page, `joining-${look}-sign-ins-taken`);
  await pressTwice(page, 'button[name=part]');
  await page.locator('button[name=part]').waitFor({ state: 'detached' });
  await photograph(page, `joining-${look}-sign-ins-none`);
  await page.locator('button[name=join][value=github]').click();
  await page.locator('button[value=yes]').click();
  await page.locator('button[name=part]').waitFor({ state: 'attached' });
  await photograph(page, `joining-${look}-sign-ins-joined`);
}

/** What tells one account from another on its page. */
async function markOf(page: Page, url: string): Promise<string> {
  await page.goto(`${url}/account`);
  return page.locator('input[name=account]').first().inputValue();
}

/** An application with sessions of its own, on the same origin. */
async function checkHost(browser: Browser): Promise<void> {
  const signedIn = new Set<string>();
  let isBroken = false;
  const server = await startHere('host', () => ({
    logins: [
      existingSession({
        find: (request) => {
          if (isBroken) throw new Error('the session table is gone');
          const token = /(?:^|; )app=([\w-]+)/.exec(request.headers.get('cookie') ?? '')?.[1];
          return token !== undefined && signedIn.has(token) ? { issuer: 'app', subject: 'u1', claims: { name: 'Hana Host' } } : null;
        },
        signInUrl: '/sign-in',
        label: 'Acme',
      }),
    ],
    defaultHandler: async (request) => {
      const { pathname, searchParams } = new URL(request.url);
      if (pathname !== '/sign-in') return new Response('Not found', { status: 404 });
      if (request.method === 'GET')
        return new Response('<!doctype html><title>Acme</title><form method="post"><button>Sign in to Acme</button></form>', { headers: { 'content-type': 'text/html' } }); // prettier-ignore
      const token = crypto.randomUUID();
      signedIn.add(token);
      const headers = { location: searchParams.get('return_to') ?? '/', 'set-cookie': `app=${token}; Path=/; HttpOnly; SameSite=Lax` };
      return new Response(null, { status: 303, headers });
    },
  }));
  const { url } = server;
  await check(
    "joining: the application's own session signs in after the yes, is shown when it is there, and ends here when it ends there",
    () =>
      visit(browser, url, async ({ page, context }) => {
        const client = await freshClient(url);
        await page.goto(await client.authorizeUrl());
        await photograph(page, 'host-approve');
        await page.getByRole('button', { name: 'Continue with Acme' }).click();
        await page.getByRole('button', { name: 'Sign in to Acme' }).waitFor();
        const came = await arriving(page, () => page.getByRole('button', { name: 'Sign in to Acme' }).click());
        assert.match(came.searchParams.get('code') ?? '', /^code_/);
        const next = await context.newPage();
        await next.goto(await client.authorizeUrl());
        await next.getByText('Hana Host').waitFor();
        await photograph(next, 'host-approve-present');
        assert.match(
          (await leave(next, () => next.getByRole('button', { name: 'Allow' }).click())).searchParams.get('code') ?? '',
          /^code_/,
        );
        const last = await context.newPage();
        await last.goto(await client.authorizeUrl());
        await last.getByText('Hana Host').waitFor();
        signedIn.clear();
        await last.getByRole('button', { name: 'Allow' }).click();
        await last.getByText('You are no longer signed in').waitFor();
        await last.goto(`${url}/account`);
        assert.equal(new URL(last.url()).pathname, '/login');
        isBroken = true;
        await last.goto(`${url}/account`);
        await last.getByText('Something went wrong').waitFor();
        await photograph(last, 'host-broken');
      }),
  );
  await server.stop();
  const silent = await startHere('host-silent', () => ({ logins: [existingSession({ find: () => null })] }));
  await check('joining: where only the application can sign in, the page says so', () =>
    visit(browser, silent.url, async ({ page }) => {
      await page.goto(await (await freshClient(silent.url)).authorizeUrl());
      await page.getByText('Sign in there first').waitFor();
      await photograph(page, 'host-nobody');
    }),
  );
  await silent.stop();
}

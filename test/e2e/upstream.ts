/** Sign-in at another site in a real browser: our server on Node, a real OpenID provider beside it. */
import assert from 'node:assert/strict';
import type { Browser, Route } from 'playwright-core';
import { password } from '../../src/logins/password.ts';
import { upstream } from '../../src/logins/upstream.ts';
import { OAuthProvider } from '../../src/node/main.ts';
import { serve } from '../../src/node/serve.ts';
import { registerClient } from '../../src/testing/oauth-client.ts';
import { github } from '../../src/upstreams/github.ts';
import { google } from '../../src/upstreams/work-accounts.ts';
import { oidc } from '../../src/upstreams/oidc.ts';
import { CLIENT, startRealIdp } from '../support/real-idp.ts';
import { ALICE, options } from './app.ts';
import { checkAccessible, shoot, visit } from './chromium.ts';
import { IN_ENGLISH } from './looks.ts';
import { signInThere } from './person.ts';
import { freshFolder } from './processes.ts';
import { check } from './report.ts';

/** Every check with a provider behind us. */
export async function checkUpstream(browser: Browser): Promise<void> {
  const idp = await startRealIdp();
  const corp = upstream(oidc({ ...CLIENT, issuer: idp.issuer, id: 'corp', label: 'Corp' }));
  const others = [password({ accounts: () => [ALICE] }), upstream(github(CLIENT)), upstream(google(CLIENT)), corp];
  const start = async (logins: typeof others): Promise<{ url: string; close(): Promise<void> }> => {
    const server = await serve(new OAuthProvider({ ...options, logins }), { port: 0, data: freshFolder('upstream') });
    return { url: server.url, close: () => server.stop() };
  };
  const [alone, many] = [await start([corp]), await start(others)];
  await idp.open(`${alone.url}/authorize/callback/corp`);
  const authorizeUrl = async (url: string, redirectUri: string): Promise<string> =>
    (
      await registerClient({ send: (request) => fetch(request), issuer: url, redirectUri, metadata: { client_name: 'Claude Desktop' } })
    ).authorizeUrl();

  for (const redirect of ['http://localhost:33418/callback', 'http://[::1]:33418/callback', 'https://app.example/callback']) {
    await check(`upstream: Chromium goes to the provider and back to ${redirect}, also when it is asked nothing there (SEC-130)`, () =>
      visit(browser, alone.url, async ({ context }) => {
        for (const again of [false, true]) {
          await context.clearCookies({ domain: 'localhost' }); // signed out here, still signed in there
          const page = await context.newPage();
          await page.goto(await authorizeUrl(alone.url, redirect));
          const came = page.waitForRequest((request) => request.isNavigationRequest() && request.url().startsWith(redirect));
          await page.getByRole('button', { name: 'Continue with Corp' }).click();
          if (!again) await signInThere(page);
          assert.match(new URL((await came).url()).searchParams.get('code') ?? '', /^code_/);
        }
      }),
    );
  }

  await check('upstream: a return that is opened twice, and fetched ahead before, brings the code to the client (R-02)', () =>
    visit(browser, alone.url, async ({ page, context }) => {
      await page.goto(await authorizeUrl(alone.url, 'https://app.example/callback'));
      const callback = `${alone.url}/authorize/callback/corp`;
      const came = page.waitForRequest(
        (request) => request.isNavigationRequest() && request.url().startsWith('https://app.example/callback'),
      );
      const returned = page.waitForRequest((request) => request.url().startsWith(callback));
      await page.getByRole('button', { name: 'Continue with Corp' }).click();
      await page.locator('input[name=login]').fill('erika');
      await page.locator('input[name=password]').fill('any');
      await page.locator('button[type=submit]').click();
      await page.locator('button[type=submit]', { hasText: 'Continue' }).click({ noWaitAfter: true });
      const url = (await returned).url();
      const [ahead] = await Promise.all([
        context.request.get(url, { headers: { 'sec-purpose': 'prefetch' }, maxRedirects: 0 }),
        page.goto(url).catch(() => null), // drops the first navigation
      ]);
      assert.equal(ahead.status(), 503);
      assert.match(new URL((await came).url()).searchParams.get('code') ?? '', /^code_/);
    }),
  );

  await check('upstream: what the provider posts back, without our cookies, brings the code to the client (form_post)', () =>
    visit(browser, alone.url, async ({ page }) => {
      const [callback, redirect] = [`${alone.url}/authorize/callback/corp`, 'https://app.example/callback'];
      await page.goto(await authorizeUrl(alone.url, redirect));
      await page.route(/\/approve$/, async (route) => {
        const response = await route.fetch({ maxRedirects: 0 });
        const location = `${response.headers()['location']}&response_mode=form_post`;
        await route.fulfill({ response, headers: { ...response.headers(), location } });
      });
      const posted = page.waitForRequest((request) => request.method() === 'POST' && request.url() === callback);
      const came = page.waitForRequest((request) => request.isNavigationRequest() && request.url().startsWith(redirect));
      await page.getByRole('button', { name: 'Continue with Corp' }).click();
      await signInThere(page);
      assert.equal((await (await posted).allHeaders())['cookie'], undefined);
      assert.match(new URL((await came).url()).searchParams.get('code') ?? '', /^code_/);
    }),
  );

  await check('upstream: only a sign-in that the provider did just now opens what wants a fresh one (F-32)', () =>
    visit(browser, alone.url, async ({ page }) => {
      const again = async (): Promise<void> => {
        await page.goto(`${alone.url}/account/sign-ins`);
        await page.locator('button[name=join]').click();
        await page.waitForURL(/again=1/);
      };
      await page.goto(`${alone.url}/login`);
      await page.locator('button[value=corp]').click();
      await signInThere(page);
      await page.locator('button[value=sign-out]').click(); // signed out here, and in again out of the session there
      await page.locator('button[value=corp]').click();
      await page.locator('button[value=sign-out]').waitFor();
      await again();
      const cutting = async (route: Route): Promise<void> => {
        const response = await route.fetch({ maxRedirects: 0 });
        const cut = new URL(response.headers()['location'] ?? '');
        for (const name of ['prompt', 'max_age']) cut.searchParams.delete(name);
        await route.fulfill({ response, headers: { ...response.headers(), location: cut.href } });
      };
      await page.route(/\/login\?/, cutting);
      await page.locator('button[value=corp]').click();
      assert.match(await page.getByRole('alert').innerText(), /Corp did not confirm that it was you just now/);
      await page.unroute(/\/login\?/, cutting);
      await again();
      await page.locator('button[value=corp]').click();
      await page.locator('input[name=login]').fill('erika'); // asked again, by the provider's own page
      await page.locator('input[name=password]').fill('any');
      await page.locator('button[type=submit]').click();
      await page.waitForURL(/\/account\/sign-ins$/);
      await page.locator('button[name=join]').click();
      await page.waitForURL(/taken=1|\/account\/sign-ins$/); // the site is asked at once, and its identity is this user's already
    }),
  );

  await check('upstream: Enter on a tick box says yes to nothing', () =>
    visit(browser, alone.url, async ({ page }) => {
      await page.goto(await authorizeUrl(alone.url, 'http://localhost:33418/callback'));
      await page.getByRole('checkbox').first().uncheck();
      await Promise.all([page.waitForURL(/\/approve$/), page.getByRole('checkbox').first().press('Enter')]);
      await page.getByRole('button', { name: 'Continue with Corp' }).waitFor();
      assert.equal(await page.getByRole('checkbox').first().isChecked(), false);
    }),
  );

  for (const [look, how] of IN_ENGLISH) {
    await check(`upstream: the consent page is accessible and was photographed: ${look}`, () =>
      visit(
        browser,
        many.url,
        async ({ page }) => {
          for (const [name, url] of [
            ['approve-one-site', alone.url],
            ['approve-sites', many.url],
          ] as const) {
            await page.goto(await authorizeUrl(url, 'http://localhost:33418/callback'));
            await shoot(page, `upstream-${look}-${name}`);
            await checkAccessible(page);
          }
        },
        how,
      ),
    );
  }
  await Promise.all([alone.close(), many.close()]);
  idp.close();
}

/**
 * What people and sites do that no one planned for, in a real browser: a second click, a return that is opened twice, a client's callback
 * that leads on to another scheme or host.
 */
import assert from 'node:assert/strict';
import { createServer as createHttp, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createHttps } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Page } from 'playwright-core';
import { registerClient, type TestClient } from '../../src/testing/oauth-client.ts';
import { CERT, KEY } from '../support/certificate.ts';
import { launch, visit } from './chromium.ts';
import { fillIn } from './person.ts';
import { startNode, startWorker } from './processes.ts';
import { check } from './report.ts';

/** A client's site: what its callback was called with, and what it answers. */
interface Site {
  readonly port: number;
  readonly came: URL[];
  /** Milliseconds before it answers. */
  slow: number;
  /** Where it leads on to; null for a page of its own. */
  onward: string | null;
  close(): void;
}

async function startSite(scheme: 'http' | 'https'): Promise<Site> {
  const answer = async ({ url = '/' }: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (!url.startsWith('/callback')) return void response.end('<h1>You may close this page</h1>');
    site.came.push(new URL(url, 'http://client.example'));
    await new Promise((next) => setTimeout(next, site.slow));
    if (site.onward !== null) response.writeHead(307, { location: site.onward }).end();
    else response.writeHead(200, { 'content-type': 'text/html' }).end('<h1>Connected</h1>');
  };
  const onRequest = (request: IncomingMessage, response: ServerResponse): void => void answer(request, response);
  const server = scheme === 'http' ? createHttp(onRequest) : createHttps({ cert: CERT, key: KEY }, onRequest);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const site: Site = { port, came: [], slow: 0, onward: null, close: () => void server.close() };
  return site;
}

/** Presses a button twice, so many milliseconds apart. */
async function twice(page: Page, button: string, apart: number): Promise<void> {
  await page.locator(button).scrollIntoViewIfNeeded();
  const box = await page.locator(button).boundingBox();
  if (!box) throw new Error(`There is no ${button} on the page.`);
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  await page.mouse.click(x, y);
  await new Promise((next) => setTimeout(next, apart));
  await page.mouse.click(x, y);
}

/** Waits until the client's site was asked. */
async function came(site: Site): Promise<void> {
  for (let tries = 0; site.came.length === 0 && tries < 1800; tries++) await new Promise((next) => setTimeout(next, 100));
}

/** Every check, before a server on Node or in workerd. */
export async function checkClicks(where: 'node' | 'worker', chromium: string): Promise<void> {
  const server = await (where === 'node' ? startNode() : startWorker());
  const [web, local] = [await startSite('https'), await startSite('http')];
  const rules = [`MAP client.example 127.0.0.1:${web.port}`, `MAP private.example 127.0.0.1:${local.port}`];
  const browser = await launch(chromium, rules);
  const redirects = [
    { name: 'https', site: web, redirectUri: 'https://client.example/callback' },
    { name: 'loopback', site: local, redirectUri: `http://127.0.0.1:${local.port}/callback` },
  ];
  const clientOf = (redirectUri: string): Promise<TestClient> =>
    registerClient({ send: (request) => fetch(request), issuer: server.url, redirectUri });
  const opening = { ignoreHTTPSErrors: true };

  for (const { name, site, redirectUri } of redirects)
    for (const onward of ['claude://connected', 'http://private.example/done'])
      for (const decision of ['approve', 'deny'])
        await check(`${where}: after ${decision} a ${name} callback may lead on to ${onward} (R-01)`, () =>
          visit(
            browser,
            server.url,
            async ({ page, context }) => {
              Object.assign(site, { came: [], onward, slow: 0 });
              const refused: string[] = [];
              context.on('console', (message) => message.text().includes('form-action') && refused.push(message.text()));
              await page.goto(await (await clientOf(redirectUri)).authorizeUrl());
              if (decision === 'approve') await fillIn(page);
              const followed = page
                .waitForRequest((request) => request.isNavigationRequest() && request.url() === onward)
                .catch(() => null);
              await page.locator(`button[value=${decision}]`).click();
              if (onward.startsWith('http:')) {
                await page.getByText('You may close this page').waitFor();
                assert.equal((await followed)?.url(), onward);
              } else {
                await came(site);
                await new Promise((next) => setTimeout(next, 500)); // no program of that scheme is here: only a refusal is to be seen
              }
              assert.deepEqual([refused, site.came.length], [[], 1]);
              assert.equal(site.came[0]?.searchParams.has(decision === 'approve' ? 'code' : 'error'), true);
            },
            opening,
          ),
        );

  for (const { name, site, redirectUri } of redirects)
    for (const apart of [20, 120, 350, 700])
      await check(`${where}: a second click on Allow after ${apart} ms brings the code to a ${name} callback (R-02)`, () =>
        visit(
          browser,
          server.url,
          async ({ page }) => {
            Object.assign(site, { came: [], onward: null, slow: 1000 });
            const client = await clientOf(redirectUri);
            await page.goto(await client.authorizeUrl());
            await fillIn(page);
            await twice(page, 'button[value=approve]', apart);
            await page.getByText('Connected').waitFor();
            const codes = site.came.map(({ searchParams }) => searchParams.get('code'));
            assert.equal(new Set(codes).size, 1);
            assert.equal((await client.redeem(codes.at(-1) ?? '')).status, 200);
          },
          opening,
        ),
      );

  await check(`${where}: a second click on Deny brings the no to the client (R-02)`, () =>
    visit(
      browser,
      server.url,
      async ({ page }) => {
        Object.assign(web, { came: [], onward: null, slow: 1000 });
        await page.goto(await (await clientOf('https://client.example/callback')).authorizeUrl());
        await twice(page, 'button[value=deny]', 200);
        await page.getByText('Connected').waitFor();
        assert.deepEqual([...new Set(web.came.map(({ searchParams }) => searchParams.get('error')))], ['access_denied']);
      },
      opening,
    ),
  );

  await check(`${where}: a client that no site vouches for hears of an error by a link only, while no user is signed in (F-38)`, () =>
    visit(
      browser,
      server.url,
      async ({ page }) => {
        Object.assign(web, { came: [], onward: null, slow: 0 });
        await page.goto(await (await clientOf('https://client.example/callback')).authorizeUrl({ prompt: 'none' }));
        assert.equal(web.came.length, 0);
        await page.getByRole('link', { name: 'Back to client.example' }).click();
        await page.getByText('Connected').waitFor();
        assert.equal(web.came[0]?.searchParams.get('error'), 'login_required');
      },
      opening,
    ),
  );

  await browser.close();
  for (const site of [web, local]) site.close();
  await server.stop();
}

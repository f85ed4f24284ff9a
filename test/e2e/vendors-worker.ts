/** Other sites in Chromium with our server in workerd: a real OpenID provider beside it, and the fake GitHub. */
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type FakeGitHub, makeFakeGitHub } from '../../src/testing/fake-github.ts';
import { tokensOf } from '../../src/testing/oauth-client.ts';
import { CLIENT, startRealIdp } from '../support/real-idp.ts';
import { launch, visit } from './chromium.ts';
import { freshClient } from './here.ts';
import { arriving, signInThere } from './person.ts';
import { startWorker } from './processes.ts';
import { check } from './report.ts';
import { pressedSite, startSites } from './sites.ts';

/** Every check of other sites in workerd. */
export async function checkVendorsOnWorker(executable: string): Promise<void> {
  const sites = await startSites(['github.com']);
  const idp = await startRealIdp();
  const hubs: FakeGitHub[] = []; // made when our address is known
  const hub = createServer((message, response) => {
    const isBare = message.method === 'GET';
    void text(message).then(async (body) => {
      const headers = new Headers(Object.entries(message.headers).map(([name, value]): [string, string] => [name, String(value)]));
      const to = `https://${headers.get('x-host')}${message.url}`;
      const answer = await hubs[0]?.fetch(to, { method: message.method ?? 'GET', headers, ...(isBare ? {} : { body }) });
      response.writeHead(answer?.status ?? 503, Object.fromEntries(answer?.headers ?? []));
      response.end(await answer?.text());
    });
  });
  await new Promise<void>((resolve) => hub.listen(0, '127.0.0.1', resolve));
  const { port } = hub.address() as AddressInfo;
  const browser = await launch(executable, sites.rules);
  const server = await startWorker('upstream', {
    IDP: idp.issuer,
    HUB: `http://127.0.0.1:${port}`,
    CLIENT_ID: CLIENT.clientId,
    CLIENT_SECRET: CLIENT.clientSecret,
  });
  const callback = (id: string): string => `${server.url}/authorize/callback/${id}`;
  const gitHub = makeFakeGitHub({ ...CLIENT, redirectUri: callback('github') });
  hubs.push(gitHub);
  await idp.open(callback('corp'));
  sites.hosts.set('github.com', pressedSite('GitHub', gitHub.visit));
  const secure = { ignoreHTTPSErrors: true };
  try {
    await check('vendors: worker: there and back in Chromium: oidc-provider', () =>
      visit(browser, server.url, async ({ page }) => {
        const client = await freshClient(server.url);
        await page.goto(await client.authorizeUrl());
        await page.getByRole('button', { name: 'Continue with Corp' }).click();
        const came = await arriving(page, () => signInThere(page));
        tokensOf(await client.redeem(came.searchParams.get('code') ?? ''));
      }),
    );
    await check('vendors: worker: there and back in Chromium, and a no there: the fake GitHub', () =>
      visit(
        browser,
        server.url,
        async ({ page, context }) => {
          const client = await freshClient(server.url);
          for (const [answer, name] of [
            ['Authorize', 'code'],
            ['Cancel', 'error'],
          ] as const) {
            const tab = answer === 'Cancel' ? await context.newPage() : page;
            await context.clearCookies();
            await tab.goto(await client.authorizeUrl());
            await tab.getByRole('button', { name: 'Continue with GitHub' }).click();
            const came = await arriving(tab, () => tab.getByRole('button', { name: answer }).click());
            assert.match(came.searchParams.get(name) ?? '', /^code_|^access_denied$/);
            if (name === 'code') tokensOf(await client.redeem(came.searchParams.get('code') ?? ''));
          }
        },
        secure,
      ),
    );
  } finally {
    await browser.close();
    await server.stop();
    sites.stop();
    idp.close();
    hub.close();
    hub.closeAllConnections();
  }
}

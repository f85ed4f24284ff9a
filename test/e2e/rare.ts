/**
 * Pages that people rarely see, in every look: a sign-in to be proven once more, less allowed than was ticked, a form that was sent
 * twice, an account that a tool asks for, a link that is another's, an invitation.
 */
import assert from 'node:assert/strict';
import { McpServer } from '@modelcontextprotocol/server';
import type { Browser, Page } from 'playwright-core';
import { password } from '../../src/logins/password.ts';
import { upstream } from '../../src/logins/upstream.ts';
import { accessOf, mcpHandler } from '../../src/mcp/index.ts';
import type { ProviderServer } from '../../src/node/serve.ts';
import { makeFakeGitHub } from '../../src/testing/fake-github.ts';
import { tokensOf } from '../../src/testing/oauth-client.ts';
import { github } from '../../src/upstreams/github.ts';
import { CLIENT } from '../support/real-idp.ts';
import { ALICE } from './app.ts';
import { launch, photograph, visit, type Visit } from './chromium.ts';
import { freshClient, startHere } from './here.ts';
import { fewLooks } from './looks.ts';
import { leave } from './person.ts';
import { check } from './report.ts';
import { pressedSite, startSites } from './sites.ts';

const BOB = { username: 'bob', password: 'another horse battery', name: 'Bob Example' };

/** Every check of them. */
export async function checkRare(executable: string): Promise<void> {
  const sites = await startSites(['github.com']);
  const browser = await launch(executable, sites.rules);
  const server = await startHere('rare', (url) => {
    const gitHub = makeFakeGitHub({ ...CLIENT, redirectUri: `${url}/authorize/callback/github`, now: () => Math.floor(Date.now() / 1000) });
    sites.hosts.set('github.com', pressedSite('GitHub', gitHub.visit));
    return {
      apiHandler: files as never,
      secret: 'a secret of the end-to-end suite, 32 bytes long',
      logins: [
        password({ accounts: () => [ALICE, BOB], signUp: 'invited' }),
        upstream(github({ ...CLIENT, fetch: gitHub.fetch }), { keepTokens: true }),
      ],
      grantableScopes: ({ claims }) => (claims['preferred_username'] === 'bob' ? ['notes:read'] : ['notes:read', 'notes:write']),
    };
  });
  try {
    for (const [look, how] of fewLooks())
      await check(`rare: pages that people rarely see are accessible, and were photographed: ${look}`, () =>
        visit(browser, server.url, (one) => journey(browser, one, server, look), { ...how, ignoreHTTPSErrors: true }),
      );
  } finally {
    await browser.close();
    await server.stop();
    sites.stop();
  }
}

/** A tool that needs the person's account at GitHub. */
const files = mcpHandler(
  () => {
    const mcp = new McpServer({ name: 'files', version: '1.0.0' });
    mcp.registerTool('files', {}, async (context) => {
      await accessOf(context)!.connect('github', ['repo', 'gist']);
      return { content: [] };
    });
    return mcp;
  },
  { onError: () => undefined },
);

async function journey(browser: Browser, { page, context }: Visit, { url, helpers }: ProviderServer, look: string): Promise<void> {
  const show = (what: Page, name: string): Promise<void> => photograph(what, `rare-${look}-${name}`);
  const type = async (what: Page, who: typeof BOB | typeof ALICE): Promise<void> => {
    await what.locator('input[name=username]').fill(who.username);
    await what.locator('input[name=password]').fill(who.password);
  };
  const client = await freshClient(url);

  await page.goto(await client.authorizeUrl());
  await type(page, BOB);
  await page.locator('button[value=approve]').click();
  await page.locator('input[name=password]').waitFor({ state: 'detached' });
  await show(page, 'confirm');
  assert.match((await leave(page, () => page.locator('button[value=approve]').click())).searchParams.get('code') ?? '', /^code_/);
  const bob = await context.newPage();
  await bob.goto(await client.authorizeUrl());
  await show(bob, 'approve-unavailable');

  await bob.goto(`${url}/login?again&return_to=%2Faccount%2Fpassword`);
  await show(bob, 'again');
  await context.clearCookies();

  const alice = await context.newPage();
  await alice.goto(`${url}/login`);
  await type(alice, ALICE);
  await alice.locator('button[value=sign-in]').click();
  await alice.locator('button[value=sign-out]').waitFor();
  await alice.goto(await client.authorizeUrl());
  const fields = await alice.locator('form').evaluate((form: HTMLFormElement) => [...new FormData(form)] as [string, string][]);
  const body = new URLSearchParams([...fields, ['decision', 'approve']]).toString();
  const cookie = (await context.cookies(url)).map(({ name, value }) => `${name}=${value}`).join('; '); // a double click: both with the same
  const headers = { cookie, origin: url, 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' };
  const first = await fetch(`${url}/authorize/approve`, { method: 'POST', body, headers, redirect: 'manual' });
  const code = new URL(first.headers.get('location') ?? '').searchParams.get('code') ?? '';
  const { access } = tokensOf(await client.redeem(code));
  await alice.waitForTimeout(11_000); // for ten seconds after its first answer the same redirect comes again, used or not
  await alice.locator('button[value=approve]').click();
  await alice.locator('.mark.done').waitFor();
  await show(alice, 'twice');

  const link = await linkFrom(url, access);
  await alice.goto(link);
  await show(alice, 'connect');
  await visit(
    browser,
    url,
    async ({ page: other }) => {
      await other.goto(`${url}/login`);
      await type(other, BOB);
      await other.locator('button[value=sign-in]').click();
      await other.locator('button[value=sign-out]').waitFor();
      await other.goto(link);
      await other.locator('.mark.alert').waitFor();
      await show(other, 'connect-another');
    },
    look.includes('arabic') ? { locale: 'ar' } : {},
  );
  await alice.locator('button.main').click();
  await alice.locator('button[value=yes]').click();
  await alice.waitForURL(/[?&]done=1/);
  await show(alice, 'connect-done');

  await context.clearCookies();
  await alice.goto(`${url}/login/sign-up`);
  await show(alice, 'invited-only');
  await alice.goto((await helpers.accounts.invite({ email: `eve.${look}@mail.example`, name: 'Eve Example' })).url);
  await show(alice, 'invitation');
}

/** The link that a tool call answers with. */
async function linkFrom(url: string, token: string): Promise<string> {
  const version = '2025-11-25';
  const message = (id: number | undefined, method: string, params: object): string =>
    JSON.stringify({ jsonrpc: '2.0', id, method, params });
  const answer = await fetch(`${url}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': version,
    },
    body: message(1, 'tools/call', { name: 'files', arguments: {} }),
  });
  const said = await answer.text();
  const found = /"url":"(http[^"]+)"/.exec(said)?.[1];
  if (found === undefined) throw new Error(`The tool gave no link: ${answer.status} ${said.slice(0, 500)}`);
  return found;
}

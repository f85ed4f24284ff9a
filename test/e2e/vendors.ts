/**
 * Every upstream pressed through in Chromium, with our server on Node: a real OpenID provider in the shapes of Google, Auth0, AuthKit,
 * Entra, Keycloak and Okta, fakes of GitHub, Slack and Stytch; two tabs, a stolen callback, and what people are told when it fails.
 */
import assert from 'node:assert/strict';
import type { Browser, Page } from 'playwright-core';
import { upstream } from '../../src/logins/upstream.ts';
import type { Identity } from '../../src/model/identity.ts';
import type { ProviderServer } from '../../src/node/serve.ts';
import { makeFakeGitHub, type FakeGitHub } from '../../src/testing/fake-github.ts';
import { makeFakeSlack } from '../../src/testing/fake-slack.ts';
import { makeFakeStytch } from '../../src/testing/fake-stytch.ts';
import { tokensOf } from '../../src/testing/oauth-client.ts';
import { github } from '../../src/upstreams/github.ts';
import { slack } from '../../src/upstreams/work-accounts.ts';
import { stytch } from '../../src/upstreams/user-management.ts';
import { CLIENT, startRealIdp } from '../support/real-idp.ts';
import { VENDORS } from '../support/vendor-shapes.ts';
import { launch, photograph, visit } from './chromium.ts';
import { freshClient, startHere } from './here.ts';
import { fewLooks } from './looks.ts';
import { arriving, leave, signInThere } from './person.ts';
import { check } from './report.ts';
import { pressedSite, shapedSite, type Sites, startSites } from './sites.ts';

const STYTCH = 'https://acme.customers.stytch.com';
const FAKES = ['github.com', 'slack.com', new URL(STYTCH).host];
const now = (): number => Math.floor(Date.now() / 1000);

interface There {
  readonly sites: Sites;
  readonly server: ProviderServer;
  readonly browser: Browser;
  readonly gitHub: FakeGitHub;
  /** Who came, as the mapping saw it, by provider. */
  readonly seen: Map<string, Identity>;
  /** Reasons of sign-ins that failed. */
  readonly failed: string[];
}

/** Every check of vendors. */
export async function checkVendors(executable: string): Promise<void> {
  const sites = await startSites([...Object.values(VENDORS).map(({ issuer }) => new URL(issuer).host), ...FAKES]);
  const browser = await launch(executable, sites.rules);
  const { there, close } = await open(sites, browser);
  try {
    for (const [name, { subject }] of Object.entries(VENDORS)) await shape(there, name, subject);
    for (const [name, subject] of [['GitHub', '583231'], ['Slack', 'T0R7GR:U0R7JM'], ['Stytch', 'user-live-1']] as const) await fake(there, name, subject); // prettier-ignore
    await together(there);
    await trouble(there);
  } finally {
    await browser.close();
    await close();
    sites.stop();
  }
}

async function open(sites: Sites, browser: Browser): Promise<{ there: There; close(): Promise<void> }> {
  const seen = new Map<string, Identity>();
  const failed: string[] = [];
  const closing: (() => void)[] = [];
  let gitHub: FakeGitHub | undefined;
  const server = await startHere('vendors', async (url) => {
    const callback = (id: string): string => `${url}/authorize/callback/${id}`;
    const seeing = (id: string) => ({ mapIdentity: (identity: Identity) => (seen.set(id, identity), {}) });
    const shapes = await Promise.all(
      Object.entries(VENDORS).map(async ([name, { make, namesItself, ...about }]) => {
        const idp = await startRealIdp(about);
        closing.push(() => idp.close());
        await idp.open(callback(name.toLowerCase()));
        sites.hosts.set(new URL(about.issuer).host, shapedSite(idp, namesItself === true));
        return upstream(make({ ...CLIENT, id: name.toLowerCase(), label: name, fetch: idp.fetch }), seeing(name));
      }),
    );
    gitHub = makeFakeGitHub({ ...CLIENT, redirectUri: callback('github'), now });
    const slacks = await makeFakeSlack({ ...CLIENT, redirectUri: callback('slack'), now });
    const stytches = await makeFakeStytch({ ...CLIENT, redirectUri: callback('stytch'), domain: STYTCH, now });
    sites.hosts.set('github.com', pressedSite('GitHub', gitHub.visit));
    sites.hosts.set('slack.com', pressedSite('Slack', slacks.visit));
    sites.hosts.set(new URL(STYTCH).host, pressedSite('Stytch', stytches.visit));
    return {
      on: (event) => void (event.kind === 'login.failed' && failed.push(event.reason)),
      logins: [
        ...shapes,
        upstream(github({ ...CLIENT, fetch: gitHub.fetch }), { ...seeing('GitHub'), emailDomains: ['corp.example'] }),
        upstream(slack({ ...CLIENT, fetch: slacks.fetch }), seeing('Slack')),
        upstream(stytch({ ...CLIENT, projectDomain: STYTCH, fetch: stytches.fetch }), seeing('Stytch')),
      ],
    };
  });
  if (!gitHub) throw new Error('The server began without GitHub.');
  return {
    there: { sites, server, browser, gitHub, seen, failed },
    async close() {
      await server.stop();
      for (const one of closing) one();
    },
  };
}

const secure = { ignoreHTTPSErrors: true };
const go = (page: Page, name: string): Promise<void> => page.getByRole('button', { name: `Continue with ${name}` }).click();
const press = (page: Page, text: string): Promise<void> => page.getByRole('button', { name: text }).click();
const isCode = (came: URL): void => assert.match(came.searchParams.get('code') ?? '', /^code_/);

async function shape({ server: { url }, browser, seen }: There, name: string, subject: string): Promise<void> {
  await check(`vendors: there and back in Chromium: oidc-provider as ${name}`, () =>
    visit(
      browser,
      url,
      async ({ page }) => {
        const client = await freshClient(url);
        await page.goto(await client.authorizeUrl());
        await go(page, name);
        const came = await arriving(page, () => signInThere(page));
        isCode(came);
        tokensOf(await client.redeem(came.searchParams.get('code') ?? ''));
        assert.equal(seen.get(name)?.subject, subject);
      },
      secure,
    ),
  );
}

async function fake({ server: { url }, browser, seen }: There, name: string, subject: string): Promise<void> {
  await check(`vendors: there and back in Chromium, and a no there: the fake ${name}`, () =>
    visit(
      browser,
      url,
      async ({ page, context }) => {
        const client = await freshClient(url);
        await page.goto(await client.authorizeUrl());
        await go(page, name);
        const came = await arriving(page, () => press(page, 'Authorize'));
        isCode(came);
        tokensOf(await client.redeem(came.searchParams.get('code') ?? ''));
        assert.equal(seen.get(name)?.subject, subject);
        await context.clearCookies();
        const other = await context.newPage();
        await other.goto(await client.authorizeUrl());
        await go(other, name);
        assert.equal((await arriving(other, () => press(other, 'Cancel'))).searchParams.get('error'), 'access_denied');
      },
      secure,
    ),
  );
}

async function together(there: There): Promise<void> {
  const { browser, server } = there;
  const { url } = server;
  await check('vendors: two tabs sign in at two sites at once, and both arrive', () =>
    visit(
      browser,
      url,
      async ({ page: one, context }) => {
        const two = await context.newPage();
        const client = await freshClient(url);
        for (const page of [one, two]) await page.goto(await client.authorizeUrl());
        await go(one, 'GitHub');
        await go(two, 'Slack');
        isCode(await arriving(two, () => press(two, 'Authorize')));
        isCode(await arriving(one, () => press(one, 'Authorize')));
      },
      secure,
    ),
  );

  await check('vendors: a callback stolen into another browser opens nothing there, and still works at home (SEC-139)', () =>
    visit(
      browser,
      url,
      async ({ page }) => {
        const client = await freshClient(url);
        await page.goto(await client.authorizeUrl());
        await go(page, 'GitHub');
        await page.getByRole('button', { name: 'Authorize' }).waitFor();
        const home = await held(there, page);
        await visit(
          browser,
          url,
          async ({ page: thief, context }) => {
            const answer = await thief.goto(home);
            assert.equal(answer?.status(), 403);
            await thief.getByText('This page was opened in another browser').waitFor();
            await photograph(thief, 'vendors-stolen');
            await thief.goto(`${url}/account`);
            assert.equal(new URL(thief.url()).pathname, '/login');
            assert.deepEqual(
              (await context.cookies()).filter(({ name }) => name.includes('session')),
              [],
            );
          },
          secure,
        );
        const [asked] = await Promise.all([page.waitForRequest(/^https:\/\/app\.example\//), page.goto(home).catch(() => null)]);
        isCode(new URL(asked.url()));
      },
      secure,
    ),
  );

  await check('vendors: with an open session at the site, a link to our consent page alone sends nobody there (SEC-136)', () =>
    visit(
      browser,
      url,
      async ({ page, context }) => {
        const [honest, evil] = [await freshClient(url), await freshClient(url, 'Claude Desktop', 'https://evil.example/callback')];
        await page.goto(await honest.authorizeUrl());
        await go(page, 'Google');
        isCode(await arriving(page, () => signInThere(page)));
        await context.clearCookies({ domain: 'localhost' });
        const lured = await context.newPage();
        const asked: string[] = [];
        lured.on('request', (request) => asked.push(new URL(request.url()).origin));
        await lured.goto(await evil.authorizeUrl());
        await lured.getByText('evil.example', { exact: true }).first().waitFor();
        assert.deepEqual([...new Set(asked)], [url]);
        assert.equal((await leave(lured, () => press(lured, 'Deny'))).searchParams.get('error'), 'access_denied');
      },
      secure,
    ),
  );
}

/** Goes as far as GitHub's answer, which the browser does not follow yet: where it leads. */
async function held({ sites }: There, page: Page): Promise<string> {
  const site = sites.hosts.get('github.com');
  let home = '';
  sites.hosts.set('github.com', async (request) => {
    const answer = await site!(request);
    home = answer.headers.get('location') ?? home;
    return new Response('<!doctype html><title>Held</title>Held', { headers: { 'content-type': 'text/html' } });
  });
  await press(page, 'Authorize');
  await page.getByText('Held').waitFor();
  sites.hosts.set('github.com', site!);
  return home;
}

async function trouble({ server: { url }, browser, gitHub, failed }: There): Promise<void> {
  const CASES = {
    'secret-wrong': [' failed', () => gitHub.faults.set('/login/oauth/access_token', { status: 200, body: { error: 'incorrect_client_credentials' } })],
    'app-revoked': [' failed', () => gitHub.faults.set('/login/oauth/access_token', { status: 200, body: { error: 'application_suspended' } })],
    down: ['is not responding right now', () => gitHub.faults.set('/user', 'down')],
    'without-address': ['Only people with a verified', () => void (gitHub.emails = [])],
  } as const; // prettier-ignore
  for (const [look, options] of fewLooks())
    await check(`vendors: the consent page with nine sites, and what is said when a sign-in there fails: ${look}`, () =>
      visit(
        browser,
        url,
        async ({ page }) => {
          const { emails } = gitHub;
          for (const [name, [text, spoil]] of Object.entries(CASES)) {
            await page.goto(await (await freshClient(url)).authorizeUrl());
            if (name === 'down') await photograph(page, `vendors-${look}-nine-sites`);
            spoil();
            await page.locator('button[value=github]').click();
            await page.locator('button[value=yes]').click();
            await page.getByRole('alert').waitFor();
            if (!look.includes('arabic')) assert.match(await page.getByRole('alert').innerText(), new RegExp(text));
            if (name !== 'app-revoked') await photograph(page, `vendors-${look}-${name}`); // it says what `secret-wrong` says
            gitHub.faults.clear();
            gitHub.emails = emails;
          }
          assert.deepEqual(failed.slice(-4), [
            'token_incorrect_client_credentials',
            'token_application_suspended',
            'network',
            'email_domain_not_allowed',
          ]);
        },
        { ...options, ...secure },
      ),
    );
}

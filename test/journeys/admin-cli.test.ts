/** The sign-in of a command line: what the administrator sees, what the code is good for, and what its session opens, on every store of both runtimes. */
import { describe, expect, it } from 'vitest';
import { adminApi } from '../../src/admin/index.ts';
import { compareCode } from '../../src/model/pkce.ts';
import { base64url, utf8 } from '../../src/lib/bytes.ts';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import type { Browser, BrowserPage } from '../../src/testing/browser.ts';
import { ALICE, type App, ISSUER, makeApp, storeNames } from '../support/app.ts';
import { expectPage, lastReason } from '../support/verdicts.ts';

const ADMIN: Partial<OAuthProviderOptions> = { admin: adminApi({ permission: 'admin' }), accessKeys: {} };
const BOB = { username: 'bob', password: 'another horse battery' };
const VERIFIER = 'v'.repeat(43);
const OWN = { origin: ISSUER, 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' };
const PORT = 51_234;

interface Known {
  readonly cookie: string;
  readonly session: string;
  readonly expiresAt: number;
  readonly userId: string;
}

async function challengeOf(verifier = VERIFIER): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(verifier))));
}

async function pageUrl(port: number | string = PORT, challenge?: string): Promise<string> {
  return `${ISSUER}/admin/cli?${new URLSearchParams({ port: String(port), challenge: challenge ?? (await challengeOf()) })}`;
}

async function signIn(app: App, who: { username: string; password: string } = ALICE): Promise<Browser> {
  const browser = app.browser();
  await browser.submit(await browser.get(`${ISSUER}/login`), who);
  return browser;
}

/** Presses the button. @returns where the browser is sent. */
async function press(browser: Browser, page: BrowserPage, decision = 'allow'): Promise<URL> {
  const answer = await browser.submit(page, { decision });
  expect(answer.status).toBe(303);
  return new URL(answer.location ?? '');
}

async function post(
  app: App,
  path: string,
  body: unknown,
  headers: Record<string, string> = OWN,
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await app.ask('POST', path, JSON.stringify(body), headers);
  const text = await response.text();
  return { status: response.status, body: text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {} };
}

const exchange = (app: App, code: string | null, verifier = VERIFIER, headers?: Record<string, string>): ReturnType<typeof post> =>
  post(app, '/admin/api/cli/token', { code, verifier }, headers);

async function codeFor(app: App, browser: Browser): Promise<string> {
  const url = await press(browser, await browser.get(await pageUrl()));
  return url.searchParams.get('code') ?? '';
}

async function cliOf(app: App, browser: Browser): Promise<Known> {
  const { status, body } = await exchange(app, await codeFor(app, browser));
  expect(status).toBe(200);
  return body as unknown as Known;
}

/** A request of the command line. */
async function act(app: App, { cookie, session }: Known, name: string, body?: unknown): Promise<number> {
  const headers = { ...OWN, cookie: `${cookie}=${session}` };
  const path = `/admin/api/${name}`;
  return body === undefined ? (await app.ask('GET', path, null, headers)).status : (await post(app, path, body, headers)).status;
}

async function make(store: string, more: Partial<OAuthProviderOptions> = {}): Promise<App & { bobId: string; admin: Browser }> {
  const app = await makeApp(store, { ...ADMIN, ...more } as Partial<OAuthProviderOptions>);
  const bob = await app.provider.helpers(app.env).accounts.create(BOB);
  return { ...app, bobId: bob.id, admin: await signIn(app) };
}

describe.each(storeNames)('the sign-in of a command line on %s', (store) => {
  it('shows the code of the terminal, and sends a one-time code to this computer when the administrator allows it', async () => {
    const app = await make(store);
    const page = await app.admin.get(await pageUrl());
    expectPage(page, { status: 200 });
    for (const text of [compareCode(await challengeOf()), `127.0.0.1:${PORT}`, 'Alice', 'one hour']) expect(page.text).toContain(text);
    expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'none'"); // no clickjacking
    expect(page.headers.get('x-frame-options')).toBe('DENY');
    expect(page.headers.get('content-security-policy')).not.toContain('form-action'); // Chromium would stop the redirect
    const back = await press(app.admin, page);
    expect([back.origin, back.pathname, back.searchParams.get('state')]).toEqual([
      `http://127.0.0.1:${PORT}`,
      '/callback',
      await challengeOf(),
    ]);
    const { status, body } = await exchange(app, back.searchParams.get('code'));
    expect([status, body['userId'], body['expiresAt']]).toEqual([200, app.aliceId, app.clock.now() + 3600]);
    const cli = body as unknown as Known;
    expect([await act(app, cli, 'users'), await act(app, cli, 'users/disable', { id: app.bobId })]).toEqual([200, 200]);
    const denied = await press(app.admin, await app.admin.get(await pageUrl()), 'deny');
    expect([denied.searchParams.get('error'), denied.searchParams.get('code')]).toEqual(['access_denied', null]);
    const told = JSON.stringify(app.events);
    for (const secret of [cli.session, back.searchParams.get('code') ?? '-']) expect(told).not.toContain(secret);
    expect(told).toContain('cli/sign-in');
  });

  it('gives the session for a code once, to the program that asked, within a minute; a refusal uses nothing up', async () => {
    const app = await make(store);
    const code = await codeFor(app, app.admin);
    const refused = async (reason: string, ...sent: Parameters<typeof exchange> extends [App, ...infer R] ? R : never): Promise<void> => {
      const { status, body } = await exchange(app, ...sent);
      expect([status, body['error'], lastReason(app)]).toEqual([400, 'invalid_grant', reason]);
    };
    await refused('cli_verifier_wrong', code, 'w'.repeat(43)); // another program on this computer read the code
    await refused('cli_code_unknown', 'x'.repeat(43));
    await refused('cli_code_unknown', 'no code');
    await refused('verifier_malformed', code, 'short');
    expect((await exchange(app, code, VERIFIER, { ...OWN, origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' })).status).toBe(
      403,
    );
    expect((await exchange(app, code)).status).toBe(200);
    await refused('cli_code_unknown', code);
    const late = await codeFor(app, app.admin);
    app.clock.pass(61);
    await refused('cli_code_unknown', late);
    const raced = await codeFor(app, app.admin);
    const answers = await Promise.all(Array.from({ length: 5 }, () => exchange(app, raced)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  });

  it('asks no one but a signed-in administrator with a sign-in of the last ten minutes', async () => {
    const app = await make(store);
    const url = await pageUrl();
    const stranger = await app.browser().get(url);
    expect(new URL(stranger.location ?? '', ISSUER).searchParams.get('return_to')).toBe(url.slice(ISSUER.length));
    const bob = await signIn(app, BOB);
    expect([(await bob.get(url)).status, lastReason(app)]).toEqual([403, 'admin_permission_missing']);
    const page = await app.admin.get(url);
    app.clock.pass(601);
    for (const answer of [await app.admin.get(url), await app.admin.submit(page, { decision: 'allow' })]) {
      expect(answer.status).toBe(303);
      expect(answer.location).toMatch(/^\/login\?return_to=.*&again=1$/);
    }
    await app.provider.helpers(app.env).accounts.setPermissions(app.aliceId, []);
    expect((await app.admin.submit(page, { decision: 'allow' })).status).toBe(403);
  });

  it('takes the answer from its own page alone, and sends the code to no other place than a port of this computer', async () => {
    const app = await make(store);
    const page = await app.admin.get(await pageUrl());
    for (const headers of [
      { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' },
      { origin: 'null', 'sec-fetch-site': '' },
    ]) {
      expect((await app.admin.submit(page, { decision: 'allow' }, headers)).status).toBe(403);
      expect(lastReason(app)).toBe('cross_site');
    }
    for (const port of ['', '80', '1023', '65536', '99999', '051234', '5e3', '4444@evil.example', '4444/x', ' 4444', '4444 ', '-4444']) {
      expect([(await app.admin.get(await pageUrl(port))).status, lastReason(app)]).toEqual([400, 'cli_port']);
      expect((await app.admin.submit(page, { decision: 'allow', port })).status).toBe(400);
    }
    for (const challenge of ['', 'x', 'y'.repeat(44), `${'y'.repeat(42)}!`])
      expect((await app.admin.get(await pageUrl(PORT, challenge))).status).toBe(400);
    expect((await app.admin.submit(page, { decision: 'maybe' })).location).toContain('error=access_denied');
    expect((await app.ask('HEAD', '/admin/cli')).status).toBe(405);
  });

  it('opens the administration API alone: no account page, no consent, no second command line', async () => {
    const app = await make(store);
    const cli = await cliOf(app, app.admin);
    const browser = app.browser();
    browser.cookies.set(cli.cookie, cli.session);
    for (const path of ['/account', '/account/keys']) expect((await browser.get(ISSUER + path)).location).toMatch(/^\/login/);
    expect((await browser.get(await pageUrl())).location).toMatch(/^\/login/);
    const own = { origin: ISSUER, 'sec-fetch-site': 'same-origin' };
    const form = new URLSearchParams({ port: String(PORT), challenge: await challengeOf(), decision: 'allow' });
    const asked = await app.ask('POST', '/admin/cli', form, { ...own, cookie: `${cli.cookie}=${cli.session}` });
    expect(asked.headers.get('location')).toMatch(/^\/login/);
    expect(await act(app, cli, 'users')).toBe(200);
  });

  it('is fresh for as long as the sign-in in the browser: changes for ten minutes, reads for an hour', async () => {
    const app = await make(store);
    app.clock.pass(300);
    const cli = await cliOf(app, app.admin);
    app.clock.pass(300);
    expect(await act(app, cli, 'users/enable', { id: app.bobId })).toBe(200);
    app.clock.pass(1);
    expect([await act(app, cli, 'users/enable', { id: app.bobId }), await act(app, cli, 'users')]).toEqual([401, 200]);
    app.clock.pass(2999);
    expect(await act(app, cli, 'users')).toBe(200);
    app.clock.pass(1);
    expect(await act(app, cli, 'users')).toBe(401);
  });

  it('ends like every session, and with that of the browser that allowed it', async () => {
    const app = await make(store);
    const { accounts, ...helpers } = app.provider.helpers(app.env);
    const listed = async (cli: Known): Promise<{ id: string; agent: { browser?: string } }[]> => {
      const shown = await app.ask('GET', `/admin/api/users/show?id=${app.aliceId}`, null, {
        ...OWN,
        cookie: `${cli.cookie}=${cli.session}`,
      });
      return ((await shown.json()) as { sessions: { id: string; agent: { browser?: string } }[] }).sessions;
    };
    const one = await cliOf(app, app.admin);
    const own = (await listed(one)).find(({ agent }) => agent.browser === 'Portcullis CLI');
    expect(await act(app, one, 'users/end-session', { id: app.aliceId, session: own?.id })).toBe(200);
    expect(await act(app, one, 'users')).toBe(401);
    const two = await cliOf(app, app.admin);
    const code = await codeFor(app, app.admin);
    await app.admin.submit({ ...(await app.admin.get(`${ISSUER}/login`)), text: `<form action="/login">` }, { decision: 'sign-out' });
    expect(await act(app, two, 'users')).toBe(401);
    expect([(await exchange(app, code)).status, lastReason(app)]).toEqual([400, 'cli_browser_signed_out']);
    for (const end of [
      () => helpers.signOut(app.aliceId),
      () => accounts.setPassword(app.aliceId, ALICE.password),
      () => helpers.disableUser(app.aliceId),
    ]) {
      const cli = await cliOf(app, await signIn(app));
      expect(await act(app, cli, 'users')).toBe(200);
      await end();
      expect(await act(app, cli, 'users')).toBe(401);
    }
    await helpers.enableUser(app.aliceId);
    const last = await cliOf(app, await signIn(app));
    const headers = { ...OWN, cookie: `${last.cookie}=${last.session}` };
    expect((await post(app, '/admin/api/cli/end', {}, { ...headers, origin: 'https://evil.example' })).status).toBe(403);
    expect((await post(app, '/admin/api/cli/end', {}, headers)).status).toBe(200);
    expect(await act(app, last, 'users')).toBe(401);
  });
});

describe('the sign-in of a command line', () => {
  it('is not there without the administration API', async () => {
    const app = await makeApp('memory');
    const browser = await signIn(app);
    expect((await browser.get(await pageUrl())).status).toBe(404);
    expect((await exchange(app, 'x'.repeat(43))).status).toBe(404);
  });

  it('ends no browser: a browser that calls the end of a command line stays signed in', async () => {
    const app = await make('memory');
    const cookie = [...app.admin.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    expect((await post(app, '/admin/api/cli/end', {}, { ...OWN, cookie })).status).toBe(200);
    expect((await app.admin.get(`${ISSUER}/account`)).status).toBe(200);
  });

  it('has a code of letters to compare, which follows from the challenge', async () => {
    expect(compareCode(await challengeOf())).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    expect(compareCode(await challengeOf('a'.repeat(43)))).not.toBe(compareCode(await challengeOf()));
    expect(compareCode('AAAA_wAAAAAA')).toBe('BBBT-BBBB');
  });
});

/** The sign-in of a command line, rule by rule; test/journeys/admin-cli has the whole way on every store. */
import { describe, expect, it } from 'vitest';
import { adminApi } from '../../src/admin/index.ts';
import { base64url, utf8 } from '../../src/lib/bytes.ts';
import { html } from '../../src/lib/html.ts';
import { compareCode } from '../../src/model/pkce.ts';
import type { Session } from '../../src/core/records/records.ts';
import type { Authenticated, FormLogin } from '../../src/model/login.ts';
import type { Browser } from '../../src/testing/browser.ts';
import { type AccountWorld, lastRefusal, makeAccountWorld } from '../support/account-views.ts';
import { ISSUER } from '../support/app.ts';
import { expectPage } from '../support/verdicts.ts';

const VERIFIER = 'v'.repeat(43);
const COOKIE = '__Host-portcullis-session';
const OWN = { origin: ISSUER, 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' };
const LINUX = { 'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0' };

async function challengeOf(verifier = VERIFIER): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(verifier))));
}

interface World extends AccountWorld {
  readonly path: (port?: string) => Promise<string>;
  /** Allows a command line; its code. */
  readonly allow: (browser: Browser) => Promise<string>;
  readonly send: AccountWorld['send'];
  readonly api: (
    name: string,
    body: object,
    headers?: Record<string, string>,
  ) => Promise<{ status: number; body: Record<string, unknown> }>;
}

/** A server whose users come with these rights. */
async function makeWorld(proven: Partial<Authenticated> = { permissions: ['admin'] }): Promise<World> {
  const identity = { issuer: 'https://door.example', subject: 'ada', claims: { name: 'Ada' } };
  const door: FormLogin = { id: 'door', fields: () => html``, prove: async () => ({ kind: 'proven', identity, ...proven }) };
  const world = await makeAccountWorld({ admin: adminApi({ permission: 'admin' }), logins: [door] });
  const path = async (port = '51234'): Promise<string> => `/admin/cli?${new URLSearchParams({ port, challenge: await challengeOf() })}`;
  return {
    ...world,
    path,
    async allow(browser) {
      const back = await browser.submit(await browser.get(ISSUER + (await path())), { decision: 'allow' });
      return new URL(back.location ?? '').searchParams.get('code') ?? 'none';
    },
    async api(name, body, headers = OWN) {
      const response = await world.ask('POST', `/admin/api/cli/${name}`, JSON.stringify(body), headers);
      return { status: response.status, body: (await response.json()) as Record<string, unknown> };
    },
  };
}

/** The session in the store that a cookie opens. */
async function sessionOf({ as }: AccountWorld, token: unknown): Promise<Session | null> {
  return as.records.findSession(await as.secrets.recordId(String(token)));
}

describe('admin/cli, the page', () => {
  it('sends a browser to the sign-in, and to a new one where the last is older than ten minutes', async () => {
    const world = await makeWorld();
    const path = await world.path();
    const to = `/login?return_to=${encodeURIComponent(path)}`;
    expect((await world.browser().get(ISSUER + path)).location).toBe(to);
    const browser = await world.enter();
    const page = await browser.get(ISSUER + path);
    expect([page.status, page.text.includes('class="mark alert"')]).toEqual([200, true]);
    world.clock.pass(601);
    expect([(await browser.get(ISSUER + path)).location, (await browser.submit(page, { decision: 'allow' })).location]).toEqual([`${to}&again=1`, `${to}&again=1`]);
  }); // prettier-ignore

  it('shows the code of the terminal, who allows what on which server, and where the answer goes, each apart from the text around it', async () => {
    const world = await makeWorld();
    const browser = await world.enter();
    const page = await browser.get(ISSUER + (await world.path()));
    for (const text of ['\u2068127.0.0.1:51234\u2069', '\u2068Ada\u2069', '\u2068mcp.example\u2069', compareCode(await challengeOf())]) expect(page.text).toContain(text);
    expect(page.headers.get('content-security-policy')).not.toContain('form-action'); // Chromium would stop the redirect
    for (const fields of [{ decision: 'deny' }, { decision: 'x' }, {}]) {
      const back = await browser.submit(page, fields as Record<string, string>);
      expect(back.location).toBe(`http://127.0.0.1:51234/callback?error=access_denied&state=${await challengeOf()}`);
    }
  }); // prettier-ignore

  it('takes the form of its own page alone, also where nothing says from which page it comes', async () => {
    const world = await makeWorld();
    const browser = await world.enter();
    const page = await browser.get(ISSUER + (await world.path()));
    for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }] as Record<string, string>[])
      expectPage(await browser.submit(page, { decision: 'allow' }, headers), { status: 403 });
    const cookie = [...browser.cookies].map((one) => one.join('=')).join('; ');
    const form = new URLSearchParams({ port: '51234', challenge: await challengeOf(), decision: 'allow' });
    const silent = await world.ask('POST', '/admin/cli', form, { cookie, 'content-type': 'application/x-www-form-urlencoded' });
    expect([silent.status, lastRefusal(world)]).toEqual([403, ['access_denied', 'cross_site']]);
  });

  it('sends a code to a port that a program of a user can listen on, and to no other', async () => {
    const world = await makeWorld();
    const browser = await world.enter();
    for (const port of ['1024', '65535']) {
      const back = await browser.submit(await browser.get(ISSUER + (await world.path(port))), { decision: 'allow' });
      expect(back.location).toMatch(new RegExp(`^http://127\\.0\\.0\\.1:${port}/callback\\?code=`));
    }
    for (const port of ['1023', '65536', '', '0', '080', '99999', '1e4', '51234@evil.example', ' 51234', '51234 ', '1024.5']) {
      expectPage(await browser.get(ISSUER + (await world.path(port))));
      expect(lastRefusal(world)).toEqual(['invalid_request', 'cli_port']);
    }
    expectPage(await browser.get(`${ISSUER}/admin/cli?challenge=${await challengeOf()}`));
    expect(lastRefusal(world)).toEqual(['invalid_request', 'cli_port']);
  });
});

describe('admin/cli, the session', () => {
  it('has the rights of the browser that allowed it, its sign-in, its system and its network, for an hour', async () => {
    const organizations = [{ id: 'acme', name: 'Acme' }];
    const world = await makeWorld({ permissions: ['admin'], organizations });
    const browser = await world.enter(LINUX);
    const parent = await sessionOf(world, browser.cookies.get(COOKIE));
    world.clock.pass(60);
    const { body } = await world.api('token', { code: await world.allow(browser), verifier: VERIFIER });
    const now = world.clock.now();
    expect(body).toEqual({ cookie: COOKIE, session: expect.stringMatching(/^[\w-]{43}$/), expiresAt: now + 3600, userId: parent?.userId, name: 'Ada' });
    expect(await sessionOf(world, body['session'])).toStrictEqual({
      v: 1, userId: parent?.userId, claims: parent?.claims, permissions: ['admin'], organizations, provenAt: now - 60, createdAt: now, expiresAt: now + 3600, seenAt: now,
      agent: { browser: 'Portcullis CLI', system: 'Linux' }, network: '192.0.2.0/24', cliOf: await world.as.secrets.recordId(browser.cookies.get(COOKIE) ?? ''),
    });
    expect(world.events.at(-1)).toMatchObject({ kind: 'admin.acted', act: 'cli/sign-in', by: parent?.userId, outcome: 'done' });
    const headers = { ...OWN, cookie: `${COOKIE}=${String(body['session'])}` };
    expect((await world.ask('GET', '/admin/api/users', null, headers)).status).toBe(200);
    expect((await world.ask('GET', '/account', null, headers)).status).toBe(303); // it opens the API alone
    world.clock.pass(541); // ten minutes after the sign-in of the browser
    expect((await world.ask('POST', '/admin/api/sweep', '{}', headers)).status).toBe(401);
  }); // prettier-ignore

  it('ends with that of the browser, and says nothing of it that is not known', async () => {
    const world = await makeAccountWorld({ admin: adminApi({ permission: 'admin' }) });
    const [token, now] = ['t'.repeat(43), world.clock.now()];
    const plain = { v: 1, userId: world.aliceId, claims: { name: 'Alice' }, createdAt: now, provenAt: now, expiresAt: now + 600 } as const;
    const hash = await world.as.secrets.recordId(token);
    await world.as.records.openSession(hash, plain);
    const code = await world.as.links.make('cli', { challenge: await challengeOf(), parent: hash }, 60);
    const response = await world.ask('POST', '/admin/api/cli/token', JSON.stringify({ code, verifier: VERIFIER }), OWN);
    const { session } = (await response.json()) as { session: string };
    expect(await sessionOf(world, session)).toStrictEqual({ ...plain, seenAt: now, agent: { browser: 'Portcullis CLI' }, cliOf: hash });
    const headers = { ...OWN, cookie: `${COOKIE}=${session}` };
    expect((await world.ask('GET', '/admin/api/users', null, headers)).status).toBe(200);
    await world.as.records.endSession(hash);
    expect((await world.ask('GET', '/admin/api/users', null, headers)).status).toBe(401);
  });

  it('is refused with a reason of its own, told to the operator alone', async () => {
    const world = await makeWorld();
    const browser = await world.enter();
    const refused = async (sent: object, reason: string): Promise<void> => {
      const { status, body } = await world.api('token', sent);
      expect([status, body, lastRefusal(world)]).toEqual([400, { error: 'invalid_grant', error_description: 'This sign-in is over. Start it again.' }, ['invalid_grant', reason]]);
    };
    const code = await world.allow(browser);
    await refused({ code, verifier: 'w'.repeat(43) }, 'cli_verifier_wrong');
    await refused({ code: 'x'.repeat(43), verifier: VERIFIER }, 'cli_code_unknown');
    const { remove } = world.inner;
    world.inner.remove = (key, ...rest) => (key.startsWith('link:') ? Promise.resolve(false) : remove(key, ...rest)); // another request was faster
    await refused({ code, verifier: VERIFIER }, 'cli_code_replayed');
    world.inner.remove = remove;
    await world.as.records.endSession(await world.as.secrets.recordId(browser.cookies.get(COOKIE) ?? ''));
    await refused({ code, verifier: VERIFIER }, 'cli_browser_signed_out');
  }); // prettier-ignore

  it('is given to no page of another site, nor where nothing says who asks', async () => {
    const world = await makeWorld();
    const code = await world.allow(await world.enter());
    const type = { 'content-type': 'application/json' };
    for (const headers of [type, { ...type, origin: 'https://evil.example' }, { ...type, 'sec-fetch-site': 'cross-site' }])
      for (const [name, sent] of [['token', { code, verifier: VERIFIER }], ['end', {}]] as const) {
        const { status, body } = await world.api(name, sent, headers);
        expect([status, body, lastRefusal(world)]).toEqual([403, { error: 'access_denied', error_description: 'The request came from another site.' }, ['access_denied', 'cross_site']]);
      }
    expect((await world.api('token', { code, verifier: VERIFIER })).status).toBe(200);
  }); // prettier-ignore

  it('is ended by itself, and ends neither that of a browser nor one that is not there', async () => {
    const world = await makeWorld();
    const browser = await world.enter();
    const { body } = await world.api('token', { code: await world.allow(browser), verifier: VERIFIER });
    const of = (token: unknown) => ({ ...OWN, cookie: `${COOKIE}=${String(token)}` });
    for (const headers of [OWN, of('x'.repeat(43)), of(browser.cookies.get(COOKIE)), of(body['session'])])
      expect(await world.api('end', {}, headers)).toEqual({ status: 200, body: {} });
    expect([await sessionOf(world, body['session']), (await sessionOf(world, browser.cookies.get(COOKIE)))?.v]).toEqual([null, 1]);
  });
});

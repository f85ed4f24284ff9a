/** A device without a browser (RFC 8628), from its two codes to a call. */
import { describe, expect, it } from 'vitest';
import { password } from '../../src/logins/password.ts';
import type { BrowserPage } from '../../src/testing/browser.ts';
import { type JsonAnswer, tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, type App, ISSUER, makeApp, RESOURCE, storeNames } from '../support/app.ts';
import { answerOf, expectJson, expectPage } from '../support/verdicts.ts';

const GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const SECRET = 'a-secret-of-enough-characters-to-pass';
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const options = {
  deviceAuthorizationEndpoint: '/device_authorization',
  clients: [
    { id: 'tv', name: 'Television', authMethod: 'none', grantTypes: [GRANT, 'refresh_token'] },
    { id: 'box', authMethod: 'client_secret_post', secret: SECRET, grantTypes: [GRANT] },
    { id: 'robot', secret: SECRET, authMethod: 'client_secret_post' },
  ],
} as const;
const post = async (app: App, path: string, fields: Record<string, string>): Promise<JsonAnswer> =>
  answerOf(await app.ask('POST', path, new URLSearchParams(fields), FORM));
const ask = (app: App, fields: Record<string, string> = {}): Promise<JsonAnswer> =>
  post(app, '/device_authorization', { client_id: 'tv', ...fields });
const poll = (app: App, { body }: JsonAnswer, fields: Record<string, string> = {}): Promise<JsonAnswer> =>
  post(app, '/token', { grant_type: GRANT, client_id: 'tv', device_code: String(body['device_code']), ...fields });
/** The consent page that a person comes to who types the code. */
async function typed(app: App, { body }: JsonAnswer, browser = app.browser()): Promise<BrowserPage> {
  return browser.submit(await browser.get(`${ISSUER}/device`), { user_code: String(body['user_code']) });
}

describe.each(storeNames)('a device on %s', (store) => {
  it('gets tokens after the user has typed and compared its code, approved and signed in (RFC 8628 §3)', async () => {
    const app = await makeApp(store, options);
    const asked = await ask(app, { scope: 'read', resource: RESOURCE });
    expect(asked.body).toMatchObject({ verification_uri: `${ISSUER}/device`, expires_in: 600, interval: 5 });
    expect(asked.body['user_code']).toMatch(/^[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}$/);
    expectJson(await poll(app, asked), 'authorization_pending');
    const browser = app.browser();
    const page = await typed(app, asked, browser);
    expect(page.text).toContain('Television');
    expect(page.text).toContain(String(asked.body['user_code']));
    expect(page.text).not.toContain('Change your notes');
    const back = await browser.submit(page, { decision: 'approve', ...ALICE });
    expect(back.location).toBe('/device?result=done');
    expect((await browser.get(`${ISSUER}/device?result=done`)).text).toContain('Device connected');
    app.clock.pass(5);
    const given = await poll(app, asked);
    expect(given.body).toMatchObject({ token_type: 'Bearer', scope: 'read', resource: RESOURCE });
    const { access, refresh } = tokensOf(given);
    expect((await app.call(access)).access).toMatchObject({ userId: app.aliceId, clientId: 'tv', props: { claims: { name: 'Alice' } } });
    expect((await post(app, '/token', { grant_type: 'refresh_token', client_id: 'tv', refresh_token: refresh })).status).toBe(200);
    expectJson(await poll(app, asked), 'invalid_grant');
    expect((await app.call(access)).status).toBe(200);
  });

  it('leads who leaves its consent page to sign up back to the page of the code, with no request in the URL', async () => {
    const app = await makeApp(store, { ...options, logins: [password({ signUp: 'open' })] });
    const page = await typed(app, await ask(app));
    expect(/href="(\/login\/sign-up\?[^"]*)"/.exec(page.text)?.[1]).toBe('/login/sign-up?return_to=%2Fdevice');
  });

  it('has its code guessed a hundred times in ten minutes from an IPv6 /48, whose every /64 is another network (SEC-154, SEC-220)', async () => {
    const app = await makeApp(store, options);
    const guess = async (at: number, prefix = '2001:db8:7'): Promise<number> => {
      const headers = { ...FORM, origin: ISSUER, 'x-test-address': `${prefix}:${at.toString(16)}::1` };
      return (await app.ask('POST', '/device', new URLSearchParams({ user_code: 'BCDF-GHJK' }), headers)).status;
    };
    for (let at = 0; at < 100; at++) expect(await guess(at)).toBe(400);
    expect([await guess(100), await guess(100, '2001:db8:8')]).toEqual([429, 400]);
  });

  it('is connected once, for any number of clicks on Allow (R-02)', async () => {
    const app = await makeApp(store, options);
    const [asked, browser] = [await ask(app), app.browser()];
    const page = await typed(app, asked, browser);
    const press = (): Promise<BrowserPage> => browser.submit(page, { decision: 'approve', ...ALICE });
    const answers = [...(await Promise.all([press(), press(), press()])), await press()];
    expect(answers.map(({ location }) => location)).toEqual(answers.map(() => '/device?result=done'));
    expect(app.events.filter(({ kind }) => kind === 'grant.opened')).toHaveLength(1);
    app.clock.pass(5);
    expect((await app.call(tokensOf(await poll(app, asked)).access)).status).toBe(200);
  });

  it('SEC-220 accepts a typed code in any case and with any dashes, and only fills in one from the link', async () => {
    const app = await makeApp(store, options);
    const asked = await ask(app);
    const code = String(asked.body['user_code']);
    const browser = app.browser();
    const before = app.counts.writes;
    const filled = await browser.get(String(asked.body['verification_uri_complete']));
    expect([filled.text.includes(code), filled.text.includes('Does your device show this code?'), app.counts.writes]).toEqual([true, true, before]);
    expect((await browser.submit(filled, { user_code: ` ${code.toLowerCase().replace('-', ' ')} ` })).text).toContain('Television');
    expect((await browser.get(`${ISSUER}/device?user_code=%22%3E%3Cscript%3E`)).text).not.toContain('<script>');
  }); // prettier-ignore

  it('SEC-220 limits guessing, reveals nothing about a wrong code, and accepts the decision only from the session that typed the code', async () => {
    const app = await makeApp(store, options);
    const asked = await ask(app);
    const page = await typed(app, asked);
    expectPage(await app.browser().submit(page, { decision: 'approve', ...ALICE }), { status: 403 });
    const guesser = app.browser();
    const form = await guesser.get(`${ISSUER}/device`);
    const statuses: number[] = [];
    for (let at = 0; at < 21; at++) statuses.push((await guesser.submit(form, { user_code: 'BBBB-BBBB' })).status);
    expect([statuses.slice(0, 19).every((status) => status === 400), statuses.at(-1)]).toEqual([true, 429]);
    expectJson(await poll(app, asked), 'authorization_pending');
    const foreign = await app.ask('POST', '/device', new URLSearchParams({ user_code: 'BBBB-BBBB' }), { ...FORM, origin: 'https://evil.example' });
    expect(foreign.status).toBe(403);
  }); // prettier-ignore

  it('SEC-220 tells a device that polls too often to slow down, each time by five seconds', async () => {
    const app = await makeApp(store, options);
    const asked = await ask(app);
    expectJson(await poll(app, asked), 'authorization_pending');
    expectJson(await poll(app, asked), 'slow_down');
    app.clock.pass(9);
    expectJson(await poll(app, asked), 'slow_down');
    app.clock.pass(15);
    expectJson(await poll(app, asked), 'authorization_pending');
  });

  it('SEC-220 issues nothing to another client, an unauthenticated client, or for an unknown code', async () => {
    const app = await makeApp(store, options);
    const box = { client_id: 'box', client_secret: SECRET };
    const asked = await ask(app, box);
    expectJson(await poll(app, asked), 'invalid_grant');
    expectJson(await poll(app, asked, { client_id: 'box' }), 'invalid_client', 401);
    expectJson(await poll(app, asked, box), 'authorization_pending');
    expectJson(await poll(app, asked, { device_code: `device_${'A'.repeat(43)}` }), 'invalid_grant');
    expectJson(await poll(app, asked, { device_code: '__proto__' }), 'invalid_grant');
    expectJson(await ask(app, { client_id: 'robot', client_secret: SECRET }), 'unauthorized_client');
    expectJson(await ask(app, { client_id: 'box' }), 'invalid_client', 401);
    expectJson(await ask(app, { client_id: 'nobody' }), 'invalid_client', 401);
    expectJson(await ask(app, { scope: 'a"b' }), 'invalid_scope');
    expectJson(await ask(app, { resource: 'https://other.example/' }), 'invalid_target');
  });

  it('SEC-220 FLT-14 gives the tokens to one of several polls at once, and its grant lives', async () => {
    const app = await makeApp(store, options);
    const asked = await ask(app);
    const browser = app.browser();
    await browser.submit(await typed(app, asked, browser), { decision: 'approve', ...ALICE });
    const all = await Promise.all([1, 2, 3, 4].map(() => poll(app, asked)));
    const good = all.filter(({ status }) => status === 200);
    expect(good).toHaveLength(1);
    expect((await app.call(tokensOf(good[0]!).access)).status).toBe(200);
  });

  it('is told of a denial and of its expiry; the first of two answers counts', async () => {
    const app = await makeApp(store, options);
    const [refused, late, twice] = [await ask(app), await ask(app), await ask(app)];
    const browser = app.browser();
    const no = await browser.submit(await typed(app, refused, browser), { decision: 'deny' });
    expect(no.location).toBe('/device?result=refused');
    expectJson(await poll(app, refused), 'access_denied');

    const [first, second] = [app.browser(), app.browser()];
    const pages = [await typed(app, twice, first), await typed(app, twice, second)] as const;
    await first.submit(pages[0], { decision: 'deny' });
    expect((await second.submit(pages[1], { decision: 'approve', ...ALICE })).status).toBe(400);
    expectJson(await poll(app, twice), 'access_denied');

    app.clock.pass(600);
    expect((await typed(app, late)).status).toBe(400);
    expectJson(await poll(app, late), 'expired_token');
  });

  it('stores nothing from which the tokens could be obtained', async () => {
    const app = await makeApp(store, options);
    const asked = await ask(app);
    const browser = app.browser();
    await browser.submit(await typed(app, asked, browser), { decision: 'approve', ...ALICE });
    const kept = app.inner.all ? JSON.stringify(await app.inner.all()) : '';
    expect(kept).not.toContain(String(asked.body['device_code']));
    expect(kept).not.toContain('code_');
  });
});

describe('the device endpoint', () => {
  it('is there only where it was asked for, and in the metadata then', async () => {
    const plain = await makeApp('memory');
    expect((await plain.ask('GET', '/device')).status).toBe(404);
    const app = await makeApp('memory', options);
    const metadata = (await (await app.ask('GET', '/.well-known/oauth-authorization-server')).json()) as Record<string, unknown>;
    expect(metadata).toMatchObject({ device_authorization_endpoint: `${ISSUER}/device_authorization` });
    expect(metadata['grant_types_supported']).toContain(GRANT);
  });
});

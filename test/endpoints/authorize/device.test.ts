/** The page where a person types the code of a device: who may post it, how many guesses there are, and for which clients it goes on. */
import { describe, expect, it } from 'vitest';
import type { OAuthProviderOptions } from '../../../src/options/options.ts';
import { ALICE, type App, appOn, ISSUER, makeApp } from '../../support/app.ts';
import { expectPage, lastReason } from '../../support/verdicts.ts';

const GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const OPTIONS: Partial<OAuthProviderOptions> = { deviceAuthorizationEndpoint: '/device_authorization' };
const TV: Partial<OAuthProviderOptions> = {
  ...OPTIONS,
  clients: [{ id: 'tv', name: 'Television', authMethod: 'none', grantTypes: [GRANT] }],
};
const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const from = (at: number): Record<string, string> => ({ 'x-test-address': `198.51.${at >> 8}.${at & 255}` });

const codeFor = async (app: App, clientId = 'tv'): Promise<string> => {
  const response = await app.ask('POST', '/device_authorization', new URLSearchParams({ client_id: clientId }), FORM);
  return ((await response.json()) as { user_code: string }).user_code;
};
const type = (app: App, code: string, headers: Record<string, string> = {}): Promise<Response> =>
  app.ask('POST', '/device', new URLSearchParams({ user_code: code }), { ...FORM, 'sec-fetch-site': 'same-origin', ...headers });
const fieldOf = (text: string): string | undefined => /<input[^>]*name="user_code"[^>]*>/.exec(text)?.[0].match(/value="([^"]*)"/)?.[1];
const signedIn = async (app: App): Promise<Record<string, string>> => {
  const browser = app.browser();
  await browser.submit(await browser.get(`${ISSUER}/login`), ALICE);
  return { cookie: [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ') };
};

describe('endpoints/authorize/device: the page', () => {
  it('shows the code of a link for comparison, cut to what fits, and an empty field without one', async () => {
    const app = await makeApp('memory', TV);
    const shown = async (query: string): Promise<string | undefined> => fieldOf(await (await app.ask('GET', `/device${query}`)).text());
    expect([await shown('?user_code=BCDF-GHJK'), await shown(`?user_code=${'X'.repeat(21)}`), (await shown('')) ?? '']).toEqual(['BCDF-GHJK', 'X'.repeat(20), '']); // prettier-ignore
    const typed = await type(app, 'X'.repeat(21));
    expect([typed.status, fieldOf(await typed.text())]).toEqual([400, 'X'.repeat(20)]);
  });

  it('tells the person how it ended, and looks different for a denial', async () => {
    const app = await makeApp('memory', TV);
    const ended = async (result: string): Promise<string> => (await app.ask('GET', `/device?result=${result}`)).text();
    const [done, refused, other] = [await ended('done'), await ended('refused'), await ended('other')];
    const markOf = (text: string): string | undefined => /<svg[^]*?<\/svg>/.exec(text)?.[0];
    expect([done.includes('Device connected'), refused.includes('Device connected'), fieldOf(done), fieldOf(refused)]).toEqual([true, false, undefined, undefined]); // prettier-ignore
    expect(/<h1>([^<]+)</.exec(refused)?.[1]).toBe('Device denied');
    const error = await (await type(app, '', { 'sec-fetch-site': 'cross-site' })).text();
    expect([markOf(refused) === markOf(error), markOf(refused) === markOf(done)]).toEqual([true, false]);
    expect(fieldOf(other)).toBeDefined();
  });

  it('takes a code from a page of ours, and from an old browser that says nothing of where the form is', async () => {
    const app = await makeApp('memory', TV);
    const code = await codeFor(app);
    const evil = await type(app, code, { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' });
    expect([evil.status, lastReason(app)]).toEqual([403, 'cross_site']);
    const old = await app.ask('POST', '/device', new URLSearchParams({ user_code: code }), FORM);
    expect([old.status, (await old.text()).includes('Television')]).toEqual([200, true]);
  });

  it('shows itself again for a form without a code', async () => {
    const app = await makeApp('memory', TV);
    const response = await app.ask('POST', '/device', new URLSearchParams({ decision: 'go' }), {
      ...FORM,
      'sec-fetch-site': 'same-origin',
    });
    expect([response.status, fieldOf(await response.text()) ?? '']).toEqual([400, '']);
  });
});

describe('endpoints/authorize/device: guesses (RFC 8628 §5.1)', () => {
  it('are twenty in ten minutes for a network, and no other network is refused for them', async () => {
    const app = await makeApp('memory', TV);
    const code = await codeFor(app);
    for (let at = 0; at < 20; at++) expect((await type(app, 'BBBB-BBBB', from(1))).status).toBe(400);
    const refused = await type(app, code, from(1));
    expect([refused.status, refused.headers.get('retry-after'), fieldOf(await refused.text())]).toEqual([429, '600', code]);
    expect((await type(app, code, from(2))).status).toBe(200);
    app.clock.pass(599);
    expect((await type(app, code, from(1))).status).toBe(429);
  });

  it('are a hundred for an IPv6 /48, which keep out neither its signed-in users nor any IPv4 network (SEC-154)', async () => {
    const app = await makeApp('memory', TV);
    const [code, alice] = [await codeFor(app), await signedIn(app)];
    const inside = (at: number): Record<string, string> => ({ 'x-test-address': `2001:db8:7:${at.toString(16)}::1` });
    for (let at = 0; at < 100; at++) for (const where of [inside(at), from(at)]) expect((await type(app, 'BBBB-BBBB', where)).status).toBe(400);
    expect((await type(app, code, inside(100))).status).toBe(429);
    expect((await type(app, code, { ...alice, ...inside(100) })).status).toBe(200);
    expect((await type(app, code, from(100))).status).toBe(200);
  }); // prettier-ignore

  it('are counted by user where one is signed in, whatever network they come from', async () => {
    const app = await makeApp('memory', TV);
    const [code, alice] = [await codeFor(app), await signedIn(app)];
    for (let at = 0; at < 20; at++) await type(app, 'BBBB-BBBB', from(1));
    expect((await type(app, code, { ...alice, ...from(1) })).status).toBe(200); // a flood from their network does not lock them out
    for (let at = 0; at < 19; at++) await type(app, 'BBBB-BBBB', { ...alice, ...from(2 + at) });
    expect((await type(app, code, { ...alice, ...from(30) })).status).toBe(429);
    const { accounts } = app.provider.helpers(app.env);
    await accounts.create({ username: 'bob', password: ALICE.password });
    const browser = app.browser();
    await browser.submit(await browser.get(`${ISSUER}/login`), { ...ALICE, username: 'bob' });
    const bob = { cookie: [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ') };
    expect((await type(app, code, { ...bob, ...from(30) })).status).toBe(200);
  });
});

describe('endpoints/authorize/device: the client', () => {
  it('must still be there', async () => {
    const app = await makeApp('memory', TV);
    const code = await codeFor(app);
    const without = await appOn(app.inner, app.clock, OPTIONS);
    const page = await type(without, code);
    expect([page.status, fieldOf(await page.text())]).toEqual([400, code]);
    expect((await type(app, code)).status).toBe(200);
  });

  it('waits for its approval, and goes on from the link of that page', async () => {
    const app = await makeApp('memory', { ...OPTIONS, clientPolicy: { newClients: 'approve' } });
    const client = await app.client({ grant_types: [GRANT], redirect_uris: [] });
    const code = await codeFor(app, client.id);
    const browser = app.browser();
    const typed = await browser.submit(await browser.get(`${ISSUER}/device`), { user_code: code });
    expectPage(typed, { status: 403 });
    expect(typed.text).toContain(`href="/device?user_code=${code}"`);
    expect(app.events.filter(({ kind }) => kind === 'client.waiting')).toMatchObject([{ clientId: client.id }]);
    await app.provider.helpers(app.env).clients.approve(client.id);
    expect((await type(app, code)).status).toBe(200);
  });

  it('goes on at once where the operator lets every client in', async () => {
    const app = await makeApp('memory', TV);
    const page = await type(app, await codeFor(app));
    expect([page.status, (await page.text()).includes('Television')]).toEqual([200, true]);
    expect(page.headers.getSetCookie().join()).toMatch(/portcullis-flow-[\w-]{16}=[\w-]{43}; /);
    expect(app.events).toEqual([]);
  });
});

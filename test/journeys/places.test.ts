/** Records near their caller: which place each kind of record is in, for callers who are in several places and travel. */
import { describe, expect, it } from 'vitest';
import type { OAuthHelpers } from '../../src/index.ts';
import { placeOf, placeOfKey } from '../../src/model/token.ts';
import type { Store } from '../../src/model/store.ts';
import { makeBrowser, type Send } from '../../src/testing/browser.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { registerClient, type TestClient, tokensOf } from '../../src/testing/oauth-client.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { ALICE, type App, appOn, ISSUER, makeApp, RESOURCE, storeNames } from '../support/app.ts';
import { makeProver } from '../support/prover.ts';

/** Requests that come from a place. */
const from =
  (app: App, place: string): Send =>
  (request) => {
    const placed = new Request(request);
    placed.headers.set('x-test-place', place);
    return app.send(placed);
  };

/** A server on a store that notes each key that was written. */
async function watchedApp(): Promise<{ app: App; written: Set<string> }> {
  const [clock, written] = [makeClock(), new Set<string>()];
  const inner = Object.assign(memoryStore(clock), { placed: true });
  const write = inner.write.bind(inner);
  const increment = inner.increment?.bind(inner) as NonNullable<Store['increment']>;
  const store: Store = Object.assign(inner, {
    write: (...all: Parameters<Store['write']>) => (written.add(all[0]), write(...all)),
    increment: (...all: Parameters<NonNullable<Store['increment']>>) => (written.add(all[0]), increment(...all)),
  });
  const app = await appOn(store, clock);
  written.clear();
  return { app, written };
}

describe('where records are kept', () => {
  it('stores the records of a sign-in near the browser, and shared records at home', async () => {
    const { app, written } = await watchedApp();
    const browser = makeBrowser(from(app, 'oc'));
    const client = await registerClient({ send: from(app, 'oc'), issuer: ISSUER });
    tokensOf(await client.redeem(await client.signIn(browser, ALICE)));
    const places = new Map([...written].map((key) => [key.split(':', 1)[0], placeOfKey(key)]));
    expect(Object.fromEntries(places)).toMatchObject({
      pending: 'oc', session: 'oc', grant: 'oc', answered: 'oc', client: 'oc', consent: null,
    }); // prettier-ignore
  });

  it('counts floods of a network near the browser, and guesses at home, wherever they come from (SEC-152)', async () => {
    const { app, written } = await watchedApp();
    const client = await registerClient({ send: from(app, 'oc'), issuer: ISSUER });
    const near = [...written].filter((key) => key.startsWith('limit:'));
    expect(near.map(placeOfKey)).toEqual(['oc']); // register
    const url = await client.authorizeUrl();
    let guesses = 0;
    for (const place of ['oc', 'weur', 'enam', 'me', 'oc', 'weur', 'enam', 'me', 'sam', 'afr', 'apac']) {
      const browser = makeBrowser(from(app, place));
      const { status } = await browser.submit(await browser.get(url), { decision: 'approve', ...ALICE, password: 'wrong horse battery' });
      if (status === 403) guesses++;
    }
    expect(guesses).toBe(10);
    const limits = [...written].filter((key) => key.startsWith('limit:')).map(placeOfKey);
    expect(limits.filter((place) => place === null)).not.toEqual([]);
    expect(new Set(limits.filter((place) => place !== null))).toEqual(new Set(['oc', 'weur', 'enam', 'me', 'sam', 'afr', 'apac']));
  });

  it('finds from everywhere that the application had an approval noted', async () => {
    const { app, written } = await watchedApp();
    const client = await registerClient({ send: from(app, 'oc'), issuer: ISSUER });
    const oauth = app.provider.helpers(app.env); // for a request from nowhere
    const request = await oauth.parseAuthRequest(new Request(await client.authorizeUrl()));
    const { handle, headers } = await oauth.beginConsent(request);
    const cookie = headers.getSetCookie()[0]?.split(';')[0] ?? '';
    const form = new Request(`${ISSUER}/authorize`, {
      method: 'POST',
      headers: { origin: ISSUER, 'sec-fetch-site': 'same-origin', cookie },
    });
    const { request: approved } = await oauth.approveConsent(form, handle);
    expect([...written].filter((key) => key.startsWith('approved:')).map(placeOfKey)).toEqual(['oc']);
    expect((await app.provider.helpers(app.env).beginUpstream(approved)).state).not.toBe('');
  });

  it('writes ids without a place where the runtime knows none', async () => {
    const app = await makeApp('memory');
    const { tokens } = await app.signedIn();
    expect(tokens.access).toMatch(/^access_[\w-]{21}[AQgw]\./);
  });

  it('says the region in events, and in none where it is unknown', async () => {
    const { app } = await watchedApp();
    const browser = makeBrowser(from(app, 'me'));
    const client = await registerClient({ send: from(app, 'weur'), issuer: ISSUER });
    const { access } = tokensOf(await client.redeem(await client.signIn(browser, ALICE)));
    const regions = Object.fromEntries(app.events.map((event) => [event.kind, event.region]));
    expect(regions).toMatchObject({ 'client.registered': 'weur', 'grant.opened': 'me', 'grant.redeemed': 'weur', 'login.succeeded': 'me' });
    app.events.length = 0;
    await app.call(`${access}x`, '/mcp', { 'x-test-place': 'sam' });
    expect(app.events).toMatchObject([{ kind: 'request.refused', endpoint: 'guard', region: 'sam' }]);
    const plain = await makeApp('memory');
    await plain.signedIn();
    expect(plain.events.filter((event) => 'region' in event)).toEqual([]);
  });

  it('asks where a guarded call comes from only for an event', async () => {
    const clock = makeClock();
    let asked = 0;
    const app = await appOn(Object.assign(memoryStore(clock), { placed: true }), clock, {}, {}, {}, () => (asked++, 'oc'));
    const { tokens } = await app.signedIn();
    asked = 0;
    expect((await app.call(tokens.access)).status).toBe(200);
    expect(asked).toBe(0);
    expect((await app.call(`${tokens.access}x`)).status).toBe(401);
    expect(asked).toBe(1);
  });
});

describe('where the use of a DPoP proof is noted', () => {
  it('is where the grant of its token was made, so that no other place takes it again', async () => {
    const { app, written } = await watchedApp();
    const prover = await makeProver(app.clock);
    const client = await registerClient({ send: from(app, 'oc'), issuer: ISSUER });
    const code = await client.signIn(makeBrowser(from(app, 'oc')), ALICE);
    const { access } = tokensOf(
      await client.token(
        { grant_type: 'authorization_code', code, client_id: client.id, redirect_uri: client.redirectUri, code_verifier: client.verifier },
        { dpop: await prover.proof('POST', `${ISSUER}/token`) },
      ),
    );
    const noted = (): (string | null)[] => [...written].filter((key) => key.startsWith('replay:')).map(placeOfKey);
    expect(noted()).toEqual([null]);
    written.clear();
    const dpop = await prover.proof('POST', RESOURCE, { token: access });
    const call = async (place: string): Promise<number> =>
      (await app.call(null, '/mcp', { authorization: `DPoP ${access}`, dpop, 'x-test-place': place })).status;
    expect([await call('weur'), await call('weur'), await call('oc'), await call('none')]).toEqual([200, 401, 401, 401]);
    expect(noted()).toEqual(['oc']);
  });
});

describe('where the grants of hosted clients are kept', () => {
  const hosted = { redirectUri: 'https://claude.example/api/callback' };
  const placeOfToken = (token: string): string | null => placeOf(/_([\w-]{22})/.exec(token)?.[1] ?? '');

  it('opens a grant where the last token request of a client of the same host came from, else at the browser', async () => {
    const { app } = await watchedApp();
    let send = from(app, 'oc');
    const enter = (): Promise<TestClient> => registerClient({ ...hosted, send: (request) => send(request), issuer: ISSUER });
    const first = await enter();
    const code = await first.signIn(makeBrowser(from(app, 'oc')), ALICE);
    expect(placeOfToken(code)).toBe('oc');
    send = from(app, 'enam');
    tokensOf(await first.redeem(code));
    const second = await enter();
    const next = await second.signIn(makeBrowser(from(app, 'oc')), ALICE);
    expect(placeOfToken(next)).toBe('enam');
    const { access } = tokensOf(await second.redeem(next));
    expect((await app.call(access, '/mcp', { 'x-test-place': 'enam' })).status).toBe(200);
  });

  it('keeps the grant of a client on the own machine of a person at the browser', async () => {
    const { app } = await watchedApp();
    for (const redirectUri of ['http://localhost:3334/callback', 'cursor://anysphere.cursor-retrieval/oauth/callback']) {
      let send = from(app, 'me');
      const client = await registerClient({
        redirectUri,
        send: (request) => send(request),
        issuer: ISSUER,
        metadata: { application_type: 'native' },
      });
      const code = await client.signIn(makeBrowser(from(app, 'oc')), ALICE);
      send = from(app, 'enam');
      tokensOf(await client.redeem(code));
      expect(placeOfToken(await client.signIn(makeBrowser(from(app, 'oc')), ALICE))).toBe('oc');
    }
  });

  it('tells every process, and writes it down once', async () => {
    const { app, written } = await watchedApp();
    const client = await registerClient({ ...hosted, send: from(app, 'weur'), issuer: ISSUER });
    let { refresh } = tokensOf(await client.redeem(await client.signIn(makeBrowser(from(app, 'oc')), ALICE)));
    const notes = (): string[] => [...written].filter((key) => key.startsWith('place:'));
    await expect.poll(notes).toHaveLength(1);
    written.clear();
    for (let n = 0; n < 3; n++) ({ refresh } = tokensOf(await client.refresh(refresh)));
    expect(notes()).toEqual([]);
    const other = await appOn(app.inner, app.clock);
    const elsewhere = await registerClient({ ...hosted, send: from(other, 'weur'), issuer: ISSUER });
    expect(placeOfToken(await elsewhere.signIn(makeBrowser(from(other, 'oc')), ALICE))).toBe('weur');
  });

  it('notes nothing on a store that has one place, or for a request from nowhere', async () => {
    for (const [placed, at] of [
      [false, 'weur'],
      [true, 'none'],
    ] as const) {
      // prettier-ignore
      const clock = makeClock();
      const inner = Object.assign(memoryStore(clock), { placed });
      const app = await appOn(inner, clock);
      const client = await registerClient({ ...hosted, send: from(app, at), issuer: ISSUER });
      tokensOf(await client.redeem(await client.signIn(makeBrowser(from(app, at)), ALICE)));
      const { records } = await inner.all!();
      expect(records.filter(({ key }) => key.startsWith('place:'))).toEqual([]);
    }
  });
});

describe.each(storeNames)('a person and a client in several places, on %s', (store) => {
  it('stays signed in on a journey around the world', async () => {
    const app = await makeApp(store);
    const client = await registerClient({ send: from(app, 'weur'), issuer: ISSUER });
    let send = from(app, 'weur');
    const browser = makeBrowser((request) => send(request));
    await client.signIn(browser, ALICE);
    for (const place of ['enam', 'oc', 'afr']) {
      send = from(app, place);
      const page = await browser.get(`${ISSUER}/account`);
      expect(page.status).toBe(200);
      expect(page.text).toContain('Test client');
    }
  });

  it('finishes in one place a sign-in that was begun in another', async () => {
    const app = await makeApp(store);
    const client = await registerClient({ send: from(app, 'enam'), issuer: ISSUER });
    let send = from(app, 'apac');
    const browser = makeBrowser((request) => send(request));
    const page = await browser.get(await client.authorizeUrl());
    send = from(app, 'sam');
    const answer = await browser.submit(page, { decision: 'approve', ...ALICE });
    const code = new URL(answer.location ?? '').searchParams.get('code') ?? '';
    const { access } = tokensOf(await client.redeem(code));
    expect((await app.call(access, '/mcp', { 'x-test-place': 'me' })).status).toBe(200);
  });

  it('treats a token, cookie or form with a changed place as unknown', async () => {
    const app = await makeApp(store);
    const { client, browser, tokens } = await app.signedIn();
    for (const sign of ['B', 'E', 'I', 'P', '_', 'A']) {
      const moved = (token: string): string => token.replace(/^(\w+_[\w-]{21})./, `$1${sign}`);
      if (moved(tokens.access) === tokens.access) continue;
      expect((await app.call(moved(tokens.access))).status).toBe(401);
      expect((await client.refresh(moved(tokens.refresh))).body['error']).toBe('invalid_grant');
    }
    const [name = '', cookie = ''] = [...browser.cookies].find(([one]) => one.endsWith('session')) ?? [];
    expect(cookie).not.toBe('');
    for (const sign of ['B', 'F', 'l', '_', 'A'].filter((one) => !cookie.endsWith(one))) {
      browser.cookies.set(name, cookie.slice(0, -1) + sign);
      expect((await browser.get(`${ISSUER}/account`)).location).toMatch(/\/login\?/);
    }
    expect((await app.call(tokens.access)).status).toBe(200); // none of it ended the grant
  });

  it('ends what a user allowed in every place at once', async () => {
    const app = await makeApp(store);
    const tokens: string[] = [];
    for (const place of ['weur', 'oc', 'sam', 'me']) {
      const client = await registerClient({ send: from(app, place), issuer: ISSUER });
      const code = await client.signIn(makeBrowser(from(app, place)), ALICE);
      tokens.push(tokensOf(await client.redeem(code)).access);
    }
    const helpers = app.provider.helpers(app.env);
    expect((await helpers.listGrants({ userId: app.aliceId })).grants).toHaveLength(4);
    expect(await helpers.revokeGrants({ userId: app.aliceId })).toBe(4);
    for (const token of tokens) expect((await app.call(token)).status).toBe(401);
  });

  it('says in the health check where it was asked from', async () => {
    const app = await makeApp(store, {
      defaultHandler: async (_request, env) => Response.json(await (env as { OAUTH_PROVIDER: OAuthHelpers }).OAUTH_PROVIDER.health()),
    });
    const health = await app.ask('GET', '/health', null, { 'x-test-place': 'afr' });
    expect(await health.json()).toEqual({ ok: true, region: 'afr' });
    expect(await app.provider.helpers(app.env).health()).toEqual({ ok: true });
  });
});

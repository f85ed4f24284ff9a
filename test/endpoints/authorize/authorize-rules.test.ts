/** Who is counted at the authorization endpoint, which record of a client it reads, and what its refusals say. */
import { describe, expect, it } from 'vitest';
import type { Key } from '../../../src/model/store.ts';
import { memoryStore } from '../../../src/stores/memory.ts';
import type { Browser } from '../../../src/testing/browser.ts';
import { makeClock } from '../../../src/testing/clock.ts';
import { ALICE, type App, appOn, ISSUER, makeApp } from '../../support/app.ts';
import { expectPage, expectRedirect } from '../../support/verdicts.ts';

const BOB = { username: 'bob', password: 'bobby horse battery' };
async function signedIn(app: App, who: { username: string; password: string }): Promise<Browser> {
  const browser = app.browser();
  await browser.submit(await browser.get(`${ISSUER}/login`), { ...who });
  return browser;
}

describe('endpoints/authorize/authorize: rules', () => {
  it('answers HEAD with the headers of the page', async () => {
    const app = await makeApp('memory');
    const url = await (await app.client()).authorizeUrl();
    const { headers } = await app.ask('HEAD', url.slice(ISSUER.length));
    expect([headers.get('content-type'), headers.get('cache-control')]).toEqual(['text/html; charset=utf-8', 'no-store']);
  });

  it('refuses a query that is no UTF-8', async () => {
    const app = await makeApp('memory');
    expectPage(await app.browser().get(`${await (await app.client()).authorizeUrl()}&scope=%ff`));
    expect(app.events.at(-1)).toMatchObject({ code: 'invalid_request', reason: 'query_malformed' });
  });

  it('counts a signed-in user by the user: neither another user nor a stranger of the same network has to wait (SEC-228)', async () => {
    const app = await makeApp('memory');
    await app.provider.helpers(app.env).accounts.create(BOB);
    const [client, alice, bob] = [await app.client(), await signedIn(app, ALICE), await signedIn(app, BOB)];
    const url = await client.authorizeUrl();
    for (let at = 0; at < 300; at++) await alice.get(url);
    expectPage(await alice.get(url), { status: 429 });
    expect(app.events.at(-1)).toMatchObject({ code: 'temporarily_unavailable', reason: 'authorize_limited' });
    expect([(await bob.get(url)).status, (await app.browser().get(url)).status]).toEqual([200, 200]);
  });

  it('leaves nothing of a sign-in that is one too many, and asks the store for nothing more until the time is over', async () => {
    const app = await makeApp('memory');
    const [client, stranger] = [await app.client(), app.browser()];
    const url = await client.authorizeUrl();
    const pendings = async () => ((await app.inner.all?.())?.records ?? []).filter(({ key }) => key.startsWith('pending:')).length;
    for (let at = 0; at < 300; at++) await stranger.get(url);
    const before = await pendings();
    expectPage(await stranger.get(url), { status: 429 });
    expect([await pendings(), app.counts.removes]).toEqual([before, 1]);
    const asked = { ...app.counts };
    const { status, headers } = await app.ask('GET', url.slice(ISSUER.length));
    expect([status, Number(headers.get('retry-after'))]).toEqual([429, 600]);
    expect(app.counts).toEqual({ ...asked, reads: asked.reads + 1 }); // of the client
    app.clock.pass(600);
    expect((await stranger.get(url)).status).toBe(200);
  });

  it('refuses it also if its record cannot be removed again, and says 503 if it cannot be counted', async () => {
    const app = await makeApp('memory');
    const url = (await (await app.client()).authorizeUrl()).slice(ISSUER.length);
    for (let at = 0; at < 300; at++) await app.ask('GET', url);
    const down = async (): Promise<never> => Promise.reject(new Error('the store is down'));
    const remove = app.inner.remove;
    Object.assign(app.inner, { remove: down });
    expect((await app.ask('GET', url)).status).toBe(429);
    Object.assign(app.inner, { remove, increment: down });
    app.clock.pass(600);
    expect((await app.ask('GET', url)).status).toBe(503);
  });

  it('asks for a sign-in of the same moment where the client asks for one (OpenID Connect Core §3.1.2.1)', async () => {
    const app = await makeApp('memory');
    const [client, alice] = [await app.client(), await signedIn(app, ALICE)];
    const pendings = async () => ((await app.inner.all?.())?.records ?? []).filter(({ key }) => key.startsWith('pending:')).map(({ value }) => value); // prettier-ignore
    await alice.get(await client.authorizeUrl());
    expect((await pendings())[0]).not.toHaveProperty('mustProve');
    await alice.get(await client.authorizeUrl({ prompt: 'login' }));
    expect(await pendings()).toContainEqual(expect.objectContaining({ mustProve: true, staleSession: expect.any(String) }));
  });

  it('tells a client that waits for its approval and wants no page that there would be one', async () => {
    const app = await makeApp('memory', { clientPolicy: { newClients: 'approve', contact: 'it@acme.example' } });
    const [client, alice] = [await app.client(), await signedIn(app, ALICE)];
    expectPage(await alice.get(await client.authorizeUrl()), { status: 403 });
    expectRedirect(await alice.get(await client.authorizeUrl({ prompt: 'none' })), 'consent_required');
  });

  it('keeps no sign-in for a client that waits for its approval, with or without a session', async () => {
    const app = await makeApp('memory', { clientPolicy: { newClients: 'approve' } });
    const [client, alice] = [await app.client(), await signedIn(app, ALICE)];
    for (const browser of [alice, app.browser()]) expectPage(await browser.get(await client.authorizeUrl()), { status: 403 });
    expect(((await app.inner.all?.())?.records ?? []).filter(({ key }) => key.startsWith('pending:'))).toEqual([]);
  });
});

describe('endpoints/authorize/authorize: a store with slightly outdated records', () => {
  /** The keys of clients that were read, and how. */
  async function readingApp(isStale: boolean) {
    const clock = makeClock();
    const inner = memoryStore(clock);
    const reads: string[] = [];
    const read = inner.read.bind(inner);
    inner.read = (key, ...all) => (key.startsWith('client:') && reads.push('read'), read(key, ...all));
    if (isStale) Object.assign(inner, { readStale: (key: Key) => (key.startsWith('client:') && reads.push('stale'), read(key)) });
    const app = await appOn(inner, clock);
    const [client, alice] = [await app.client(), await signedIn(app, ALICE)];
    return {
      async by(who: 'alice' | 'no one', changes: Record<string, string> = {}) {
        const url = await client.authorizeUrl(changes);
        reads.length = 0;
        const { status } = await (who === 'alice' ? alice : app.browser()).get(url);
        return [status, [...new Set(reads)]];
      },
    };
  }

  it('takes them for a page before anyone has signed in, and for nothing that redirects or grants', async () => {
    const { by } = await readingApp(true);
    expect(await by('no one')).toEqual([200, ['stale']]);
    expect(await by('no one', { prompt: 'login' })).toEqual([200, ['stale', 'read']]);
    expect((await by('no one', { response_type: 'token' }))[1]).toEqual(['stale', 'read']);
    expect(await by('alice')).toEqual([200, ['read']]);
  });

  it('reads the record itself where the store has no others', async () => {
    const { by } = await readingApp(false);
    expect([await by('no one'), await by('alice')]).toEqual([[200, ['read']], [200, ['read']]]); // prettier-ignore
  });
});

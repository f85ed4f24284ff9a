/** Clients that no one registered, from their document to their tokens; the world outside is a table of answers. */
import { makeRuntime, makeStores } from '#under-test';
import { describe, expect, it, vi } from 'vitest';
import type { Event } from '../../src/model/event.ts';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import { OAuthProvider } from '../../src/provider/oauth-provider.ts';
import type { BrowserPage } from '../../src/testing/browser.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { codeOf, registerClient, type TestClient, tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, type App, appOn, ISSUER, optionsFor, storeNamed, storeNames } from '../support/app.ts';
import { arrivals } from '../support/arrivals.ts';
import { whileTimeStands } from '../support/standing-clock.ts';
import { expectJson, expectNothingWritten, expectPage } from '../support/verdicts.ts';

const ID = 'https://client.example/app.json';
const REDIRECT = 'http://localhost:3334/callback';
type Answer = () => Promise<Response> | Response;

/** A document as a good client publishes it. */
const documentOf = (id: string = ID, changes: Record<string, unknown> = {}, headers: Record<string, string> = {}): Answer => {
  const text = JSON.stringify({ client_id: id, client_name: 'Notes app', redirect_uris: ['http://localhost/callback'], ...changes });
  return () => new Response(text, { headers: { 'content-type': 'application/json', ...headers } });
};

interface World extends App {
  /** URLs in the order in which they were fetched. */
  readonly fetched: string[];
  /** What stands where; everything else is unreachable. */
  readonly answers: Map<string, Answer>;
  known(id?: string): Promise<TestClient>;
}

async function worldOn(storeName: string, more: Partial<OAuthProviderOptions> = {}): Promise<World> {
  const clock = makeClock();
  const store = await storeNamed(storeName, clock.now);
  const [fetched, answers]: [string[], Map<string, Answer>] = [[], new Map([[ID, documentOf()]])];
  const fetchPublic = async (url: string): Promise<Response> => {
    fetched.push(url);
    return (answers.get(url) ?? (() => Promise.reject(new Error('unreachable'))))();
  };
  const app = await appOn(store, clock, more, { fetchPublic });
  const known = (id = ID): Promise<TestClient> =>
    registerClient({ send: app.send, issuer: more.issuer ?? ISSUER, redirectUri: REDIRECT, id });
  return { ...app, fetched, answers, known };
}
const world = (more?: Partial<OAuthProviderOptions>): Promise<World> => worldOn('memory', more);
const ask = async (app: World, id = ID, changes: Record<string, string | null> = {}): Promise<BrowserPage> =>
  app.browser().get(await (await app.known(id)).authorizeUrl(changes));
const reasonsOf = (events: readonly Event[]): string[] => events.flatMap((one) => (one.kind === 'request.refused' ? [one.reason] : []));
const metadataOf = async (app: App): Promise<Record<string, unknown>> =>
  (await (await app.ask('GET', '/.well-known/oauth-authorization-server')).json()) as Record<string, unknown>;

describe.each(storeNames)('a client known by its document, on %s', (storeName) => {
  it('signs a user in, refreshes and revokes with one fetch, and registers nothing (S-080, S-082, S-086)', async () => {
    const app = await worldOn(storeName);
    const client = await app.known();
    const tokens = tokensOf(await client.redeem(await client.signIn(app.browser(), ALICE)));
    const { access, status } = await app.call(tokens.access);
    expect([status, access?.clientId]).toEqual([200, ID]);
    app.clock.pass(3000); // the document is no longer kept
    const again = tokensOf(await client.refresh(tokens.refresh));
    expect((await client.revoke(again.refresh)).status).toBe(200);
    expect((await app.call(again.access)).status).toBe(401);
    expect(app.fetched).toEqual([ID]);
    expect(app.events.filter((event) => event.kind === 'client.registered')).toEqual([]);
  });
});

describe('a client known by its document: how often it is fetched', () => {
  it('fetches a new document once for a hundred requests at once, and counts it once (F-45)', async () => {
    const app = await world();
    app.answers.set(ID, async () => {
      await new Promise((next) => setTimeout(next, 20));
      return documentOf()();
    });
    const client = await app.known();
    const url = await client.authorizeUrl();
    const pages = await whileTimeStands(() => Promise.all(Array.from({ length: 100 }, () => app.browser().get(url))));
    expect([pages.filter(({ status }) => status === 200).length, app.fetched]).toEqual([100, [ID]]);
    for (let at = 0; at < 59; at++) await ask(app, `https://other${at}.example/app.json`);
    expect(app.fetched).toHaveLength(60); // 59 more within the limit of that network
  });

  it('is not refused because another network, which has looked up too much, asks at the same time (F-45)', async () => {
    const app = await world();
    for (let at = 0; at < 60; at++) await ask(app, `https://other${at}.example/app.json`);
    const url = await (await app.known()).authorizeUrl();
    const [limited, other] = await Promise.all([app.browser().get(url), app.browser().get(url, { 'x-test-address': '198.51.100.1' })]);
    expect([limited.status, other.status]).toEqual([429, 200]);
  });

  it('limits fetches from one host, for all callers together (F-45)', async () => {
    const app = await world();
    let last = await ask(app, 'https://victim.example/0');
    for (let at = 1; at <= 120; at++) {
      const url = await (await app.known(`https://victim.example/${at}`)).authorizeUrl();
      last = await app.browser().get(url, { 'x-test-address': `198.51.100.${at}` });
    }
    expect([last.status, app.fetched.length, reasonsOf(app.events).at(-1)]).toEqual([429, 120, 'document_host_limited']);
    expect((await ask(app)).status).toBe(200); // another host
  });
});

describe('a client known by its document: what is said of it', () => {
  it('advertises documents exactly where they work (S-007)', async () => {
    expect((await metadataOf(await world()))['client_id_metadata_document_supported']).toBe(true);
    const off = await world({ clientIdMetadataDocumentEnabled: false });
    const unable = await appOn((await makeStores(() => 0))[0]!.store, makeClock());
    for (const app of [off, unable]) expect(await metadataOf(app)).not.toHaveProperty('client_id_metadata_document_supported');
    expectPage(await ask(off));
    expect(off.fetched).toEqual([]);
  });

  it('refuses to start with documents on a runtime that cannot fetch safely, and names the fix', () => {
    const { fetchPublic: _, ...runtime } = makeRuntime();
    const start = (enabled: boolean): OAuthProvider =>
      new OAuthProvider(optionsFor([], { clientIdMetadataDocumentEnabled: enabled }), { runtime, address: () => undefined });
    expect(() => start(true)).toThrow('`clientIdMetadataDocumentEnabled` needs a fetch that reaches public addresses only: on Workers add');
    expect(() => start(false)).not.toThrow();
  });

  it('SEC-101 always asks the user, also with a session, names the host, and warns of the loopback redirect', async () => {
    const app = await world();
    const [client, browser] = [await app.known(), app.browser()];
    for (let time = 0; time < 2; time++) {
      const page = await browser.get(await client.authorizeUrl());
      expect(page.status).toBe(200);
      expect(page.text).toMatch(/Says it is from<\/dt>\s*<dd class="host"><bdi>client\.example<\/bdi>/);
      expect(page.text).toContain('any program here could be listening');
      codeOf(await browser.submit(page, { decision: 'approve', ...(time === 0 ? ALICE : {}) }));
    }
    const registered = await browser.get(await (await app.client()).authorizeUrl());
    expect(registered.text).not.toContain('Says it is from');
  });

  it('shows no picture from the document, and fetches none (S-090)', async () => {
    const app = await world();
    app.answers.set(ID, documentOf(ID, { logo_uri: 'https://client.example/logo.svg', jwks_uri: 'https://client.example/keys' }));
    expect((await ask(app)).text).not.toContain('logo.svg');
    expect(app.fetched).toEqual([ID]);
  });

  it('SEC-095 lets a document without refresh in its grant types have none', async () => {
    const app = await world();
    app.answers.set(ID, documentOf(ID, { grant_types: ['authorization_code'] }));
    const client = await app.known();
    expect((await client.redeem(await client.signIn(app.browser(), ALICE))).body).not.toHaveProperty('refresh_token');
  });
});

describe('a client known by its document: when it is fetched', () => {
  it.each([
    'http://client.example/app.json', 'https://client.example', 'https://client.example/a#f', 'https://u@client.example/a', 'https://client.example/a/../b',
    'https://client.example/%2e%2e/b', 'https://client.example/a\tb', 'https://CLIENT.example/a', 'https://client.example:443/a', 'http://localhost:3334/app.json',
  ])('SEC-086 opens no socket for %j, and says that it does not know the app (S-081)', async (id) => {
    const app = await world();
    expectPage(await expectNothingWritten(app, () => ask(app, id)));
    const client = await app.known(id);
    expectJson(await client.token({ grant_type: 'refresh_token', refresh_token: 'x', client_id: id }), 'invalid_client', 401);
    expect([app.fetched, reasonsOf(app.events)]).toEqual([[], ['client_id_malformed', 'client_unknown']]);
  }); // prettier-ignore

  it.each([
    { response_type: null }, { response_type: 'token' }, { code_challenge: null }, { code_challenge_method: 'plain' }, { redirect_uri: null }, { redirect_uri: 'http://evil.example/cb' },
    { resource: 'https://other.example' }, { scope: 'a"b' }, { response_mode: 'fragment' }, { request_uri: 'https://internal.example/' },
  ] as Record<string, string | null>[])('SEC-099 makes no fetch for a request that leads nowhere: %j', async (changes) => {
    const app = await world();
    expectPage(await expectNothingWritten(app, () => ask(app, ID, changes)));
    expect(app.fetched).toEqual([]);
    await ask(app); // once it is known, the client hears of it as any other
    if (!('redirect_uri' in changes)) expect((await ask(app, ID, changes)).location).toMatch(/^http:\/\/localhost:3334\/callback\?error=/);
  }); // prettier-ignore

  it('fetches nothing at the token endpoint, at revocation, or to explain a failure (S-082)', async () => {
    const app = await world();
    const client = await app.known();
    const code = await client.signIn(app.browser(), ALICE);
    app.clock.pass(3000);
    expectJson(await client.redeem(code), 'invalid_grant');
    expectJson(await client.refresh('x'), 'invalid_grant');
    expect((await client.revoke('x')).status).toBe(200);
    const asked = { grant_type: 'refresh_token', refresh_token: 'x', client_id: ID, client_secret: 'guess' };
    expectJson(await client.token(asked), 'invalid_client', 401);
    expect(app.fetched).toEqual([ID]);
  });

  it('fetches once for simultaneous requests, and again after a failure', async () => {
    const app = await world();
    const all = arrivals(app.inner, 'document', 5 + 1); // the one that fetches looks twice
    app.answers.set(ID, () => all.then(() => new Response('', { status: 404 })));
    const pages = await whileTimeStands(() => Promise.all(Array.from({ length: 5 }, () => ask(app))));
    for (const page of pages) expectPage(page);
    expect(app.fetched).toEqual([ID]);
    app.answers.set(ID, documentOf());
    expect((await ask(app)).status).toBe(200);
  });

  it('counts fetches by network, and refuses more than it should make', async () => {
    const app = await world();
    for (let at = 0; at < 60; at++) await ask(app, `https://client.example/${at}`);
    const page = await ask(app);
    expectPage(page, { status: 429 });
    expect([page.headers.get('retry-after'), app.fetched.length]).toEqual(['600', 60]);
    const elsewhere = await app.browser().get(await (await app.known()).authorizeUrl(), { 'x-test-address': '198.51.100.7' });
    expect(elsewhere.status).toBe(200);
  });

  it('SEC-100 lets a stored client win over the document of the same name, and overwrites neither (S-094)', async () => {
    const app = await world();
    const stored = { id: ID, name: 'Entered by the operator', redirectUris: [REDIRECT], applicationType: 'native', grantTypes: ['authorization_code'], authMethod: 'none', createdAt: 0 } as const;
    await app.store.write(`client:${ID}`, stored, 'any');
    const page = await ask(app);
    expect([page.text.includes('Entered by the operator'), page.text.includes('Says it is from'), app.fetched]).toEqual([true, false, []]);
    expect((await app.store.read(`client:${ID}`))?.value).toEqual(stored);
  }); // prettier-ignore

  it.each([`${ISSUER}/client.json`, 'https://mcp.example:8443/client.json', `${ISSUER}/authorize?client_id=${encodeURIComponent(ID)}`])(
    'SEC-103 does not fetch from itself: %s',
    async (id) => {
      const app = await world();
      app.answers.set(id, documentOf(id));
      expectPage(await ask(app, id));
      expect([app.fetched, reasonsOf(app.events)]).toEqual([[], ['document_unwelcome']]);
    },
  );

  it.each(['https://evilexample.com/a', 'https://example.com.evil/a', 'https://example.co/a', 'https://example.com./a', 'https://xexample.com/a'])('SEC-105 keeps to the hosts of the policy: not %s (S-092)', async (id) => {
    const app = await world({ clientIdMetadataPolicy: ['example.com'] });
    app.answers.set(id, documentOf(id));
    expectPage(await ask(app, id));
    expect(app.fetched).toEqual([]);
  }); // prettier-ignore

  it('SEC-105 takes the hosts of the policy and what is below them, or asks a function, before each use (S-092)', async () => {
    const named = await world({ clientIdMetadataPolicy: ['example.com'] });
    for (const id of ['https://example.com/a', 'https://apps.example.com/a']) {
      named.answers.set(id, documentOf(id));
      expect((await ask(named, id)).status).toBe(200);
    }
    let welcome = true;
    const asked = await world({ clientIdMetadataPolicy: async (url) => welcome && url.hostname === 'client.example' });
    expect((await ask(asked)).status).toBe(200);
    welcome = false; // also what is kept goes by it
    expectPage(await ask(asked));
    expect(asked.fetched).toEqual([ID]);
  });
});

describe('a client known by its document: what is kept, and for how long', () => {
  it('SEC-096 keeps a good document as its headers say, and fetches again after that (S-087)', async () => {
    const app = await world();
    app.answers.set(ID, documentOf(ID, {}, { 'cache-control': 'max-age=100' }));
    await ask(app);
    app.clock.pass(99);
    await ask(app);
    expect(app.fetched.length).toBe(1);
    app.clock.pass(1);
    await ask(app);
    expect(app.fetched.length).toBe(2);
  });

  it.each(['no-store', 'private', 'max-age=0'])('SEC-096 keeps nothing that says %s, and still completes the sign-in (S-087)', async (control) => {
    const app = await world();
    app.answers.set(ID, documentOf(ID, {}, { 'cache-control': control }));
    const client = await app.known();
    tokensOf(await client.redeem(await client.signIn(app.browser(), ALICE)));
    await ask(app);
    expect(app.fetched.length).toBe(2);
  }); // prettier-ignore

  it('SEC-096 keeps no error, no bad document and no redirect; the next one may be good (S-087, S-083)', async () => {
    const app = await world();
    const bad: Answer[] = [
      () => Promise.reject(new Error('down')), () => new Response('{}', { status: 500 }), () => new Response(null, { status: 304 }),
      () => new Response(null, { status: 301, headers: { location: `${ID}2` } }), documentOf(`${ID}2`), documentOf(ID, { client_name: undefined }),
    ]; // prettier-ignore
    for (const answer of bad) {
      app.answers.set(ID, answer);
      expectPage(await ask(app));
    }
    app.answers.set(ID, documentOf());
    expect([(await ask(app)).status, app.fetched.length]).toEqual([200, bad.length + 1]);
  });

  it('SEC-096 fetches again where what was kept is not what it should be', async () => {
    const app = await world();
    await ask(app);
    const [key] = [`document:${await hashOf(ID)}`] as const;
    const kept = (await app.store.read(key))?.value as Record<string, string>;
    for (const damaged of [{}, { ...kept, id: `${ID}2` }, 'x']) {
      await app.store.write(key, damaged, 'any');
      expect((await ask(app)).status).toBe(200);
    }
    expect(app.fetched.length).toBe(4);
  });

  it('SEC-097 sends the code where the page said, though the document changed meanwhile; the next request goes by the new one', async () => {
    const app = await world();
    app.answers.set(ID, documentOf(ID, {}, { 'cache-control': 'no-store' }));
    const [client, browser] = [await app.known(), app.browser()];
    const page = await browser.get(await client.authorizeUrl());
    app.answers.set(ID, documentOf(ID, { client_name: 'Other', redirect_uris: ['https://other.example/cb'] }));
    const answer = await browser.submit(page, { decision: 'approve', ...ALICE });
    expect(answer.location).toMatch(/^http:\/\/localhost:3334\/callback\?code=/);
    tokensOf(await client.redeem(codeOf(answer)));
    const next = await browser.get(await client.authorizeUrl());
    expectPage(next, { never: ['https://other.example/cb'] });
    const moved = await browser.get(await client.authorizeUrl({ redirect_uri: 'https://other.example/cb' }));
    expect([moved.status, moved.text.includes('Other')]).toEqual([200, true]); // and the user is asked anew
  });
});

describe('a client known by its document: what a failure tells', () => {
  it('SEC-104 shows the same page for every failure: no address, no status, no body (S-082)', async () => {
    const failures: Answer[] = [
      () => Promise.reject(new Error('connect ECONNREFUSED 10.0.0.7:443')), () => Promise.reject(new Error('The name has an address that is not public.')),
      () => Promise.reject(new Error('self-signed certificate')), () => new Response('secret body', { status: 404 }), () => new Response('secret body', { status: 200 }),
      () => new Response(`{"x":"${'y'.repeat(6000)}"}`, { headers: { 'content-type': 'application/json' } }), documentOf('https://secret.example/'), documentOf(ID, { client_secret: 'x' }),
    ]; // prettier-ignore
    const app = await world();
    const pages: string[] = [];
    for (const answer of failures) {
      app.answers.set(ID, answer);
      const page = await ask(app);
      expectPage(page, { never: ['10.0.0.7', 'secret', '404', 'certificate', 'client.example'] });
      pages.push(page.text.replace(/nonce-?="?[\w-]+|nonce="[^"]*"/g, ''));
    }
    expect(new Set(pages).size).toBe(1);
    expect(new Set(reasonsOf(app.events)).size).toBeGreaterThan(4); // the operator knows
  });
});

describe('a client known by its document, with pages of the application', () => {
  it('finds the client in every helper, and tells failures as errors for a page (S-082)', async () => {
    const seen: unknown[] = [];
    const app = await world({
      logins: [],
      defaultHandler: async (request: Request, env: unknown) => {
        const { OAUTH_PROVIDER } = env as { OAUTH_PROVIDER: ReturnType<OAuthProvider['helpers']> };
        const asked = await OAUTH_PROVIDER.parseAuthRequest(request);
        seen.push((await OAUTH_PROVIDER.lookupClient(asked.clientId))?.name);
        const { redirectTo } = await OAUTH_PROVIDER.completeAuthorization({ request: asked, userId: 'u', scope: asked.scope, props: {} });
        return new Response(null, { status: 303, headers: { location: redirectTo } });
      },
    });
    const client = await app.known();
    tokensOf(await client.redeem(codeOf(await app.browser().get(await client.authorizeUrl()))));
    expect([seen[0], app.fetched]).toEqual(['Notes app', [ID]]);
    await expect(ask(app, 'https://gone.example/a')).rejects.toMatchObject({ name: 'AuthorizationError', code: 'invalid_client' });
  });
});

describe('a client known by its document, in development', () => {
  const LOCAL = 'http://localhost:8787';
  it('fetches a document on this computer where the issuer is this computer, and never with the public fetch (S-088)', async () => {
    const id = 'http://localhost:4000/app.json';
    const app = await world({ issuer: LOCAL });
    const local = vi.spyOn(globalThis, 'fetch').mockImplementation(() => Promise.resolve(documentOf(id)() as Response));
    try {
      const client = await app.known(id);
      const page = await app.browser().get(await client.authorizeUrl());
      expect([page.status, page.text.includes('<bdi>localhost:4000</bdi>'), app.fetched]).toEqual([200, true, []]);
      expect(local.mock.calls.map(([url, init]) => [url, init?.redirect])).toEqual([[id, 'manual']]);
      expectPage(await app.browser().get(await (await app.known('http://127.0.0.1:8787/app.json')).authorizeUrl())); // ourselves
      expectPage(await app.browser().get(await (await app.known('http://intranet.example/app.json')).authorizeUrl()));
      expect(local.mock.calls.length).toBe(1);
    } finally {
      local.mockRestore();
    }
  });
});

async function hashOf(text: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return btoa(String.fromCharCode(...bytes))
    .replace(/\+/g, '-')
    .replace(/\//g, '_')
    .replace(/=+$/, '');
}

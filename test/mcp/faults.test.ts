/**
 * Faults that are known of other implementations, one by one: of the demos that everyone copies their sign-in from, and of the agents that
 * keep sessions. Each test is named by what went wrong there.
 */
import { McpServer as OldServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { McpServer } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { McpAgent, mcpHandler, policy, sessions } from '../../src/mcp/index.ts';
import type { AuthContext } from '../../src/model/access.ts';
import type { Handler } from '../../src/model/context.ts';
import type { BrowserPage } from '../../src/testing/browser.ts';
import { codeOf, registerClient, tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, type App, appOn, ISSUER, makeApp, storeNames } from '../support/app.ts';
import { atConsent, awayTo, makeUpstreamApp, throughCorp } from '../support/upstream-app.ts';
import { expectRedirect } from '../support/verdicts.ts';
import { callOf, text } from './clients.ts';

const STORE = storeNames[0] ?? '';
const BOB = { username: 'bob', password: 'another passphrase' };

class Notes extends McpAgent<unknown, { readonly notes: readonly string[] }, AuthContext> {
  server = new McpServer({ name: 'notes', version: '1.0.0' });
  override initialState = { notes: [] };
  init(): void {
    const permissions = this.props.permissions ?? [];
    this.server.registerTool('whoami', {}, () => text(`${this.props.claims.sub} ${permissions.join()}`));
    if (permissions.includes('admin')) this.server.registerTool('wipe', {}, () => text('wiped'));
    this.server.registerTool('note', {}, async () => {
      await this.setState(({ notes }) => ({ notes: [...notes, 'milk'] }));
      return text(String(this.state.notes.length));
    });
  }
}

interface Session {
  readonly token: string;
  readonly id?: string;
}

async function post(app: App, { token, id }: Session, body: string, more: Record<string, string> = {}): Promise<Response> {
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    ...(id !== undefined && { 'mcp-session-id': id }),
    ...more,
  };
  return app.send(new Request(`${ISSUER}/mcp`, { method: 'POST', headers, body }));
}

const said = async (answer: Promise<Response>): Promise<string> => /"text":"([^"]*)"/.exec(await (await answer).text())?.[1] ?? '';
const serving = (more: object = {}): Promise<App> =>
  makeApp(STORE, { apiHandler: Notes.serve('/mcp', { sessions: sessions() }) as Handler, ...more });

async function begun(app: App, token: string): Promise<Session> {
  const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 't', version: '1' } };
  const response = await post(app, { token }, JSON.stringify({ jsonrpc: '2.0', id: 0, method: 'initialize', params }));
  await response.text();
  return { token, id: response.headers.get('mcp-session-id') ?? '' };
}

describe('agents that keep sessions', () => {
  it('kept the props of the first token: here a warm session has those of the present one', async () => {
    let permissions = ['admin'];
    const app = await serving({ permissions: () => permissions });
    const { client, tokens } = await app.signedIn();
    const session = await begun(app, tokens.access);
    expect(await said(post(app, session, callOf(1, 'whoami')))).toBe(`${app.aliceId} admin`);
    permissions = ['guest'];
    const fresh = tokensOf(await client.refresh(tokens.refresh));
    expect(await said(post(app, { ...session, token: fresh.access }, callOf(2, 'whoami')))).toBe(`${app.aliceId} guest`);
  });

  it('ran init() once: here a right that was taken away takes its tool along in the same session', async () => {
    let permissions = ['admin'];
    const app = await serving({ permissions: () => permissions });
    const session = await begun(app, (await app.signedIn()).tokens.access);
    expect(await said(post(app, session, callOf(1, 'wipe')))).toBe('wiped');
    permissions = [];
    expect(await (await post(app, session, callOf(2, 'wipe'))).text()).toContain('not found');
  });

  it("ran another user's call with a stolen session id as the owner of the session: here it is a 404", async () => {
    const app = await serving();
    await app.provider.helpers(app.env).accounts.create({ ...BOB });
    const session = await begun(app, (await app.signedIn()).tokens.access);
    const client = await app.client();
    const { access } = tokensOf(await client.redeem(await client.signIn(app.browser(), BOB)));
    expect((await post(app, { ...session, token: access }, callOf(1, 'note'))).status).toBe(404);
    expect(await said(post(app, session, callOf(1, 'note')))).toBe('1');
  });

  it('kept props in the clear: here nothing at rest holds them, though the server has no secret', async () => {
    const app = await serving({ permissions: () => ['a-very-telling-permission'] });
    const written: string[] = [];
    const write = app.store.write.bind(app.store);
    app.store.write = (key, value, ...rest) => (written.push(JSON.stringify(value)), write(key, value, ...rest));
    const session = await begun(app, (await app.signedIn()).tokens.access);
    expect(await said(post(app, session, callOf(1, 'whoami')))).toContain('a-very-telling-permission');
    expect(written.join()).not.toContain('a-very-telling-permission');
  });

  it('looked at no Origin: here a foreign page gets a 403 before anything is read, in a session as well', async () => {
    const app = await serving();
    const session = await begun(app, (await app.signedIn()).tokens.access);
    const foreign = await post(app, session, callOf(1, 'note'), { origin: 'https://evil.example' });
    expect([foreign.status, foreign.headers.get('access-control-allow-origin')]).toEqual([403, null]);
    expect(await said(post(app, session, callOf(1, 'note')))).toBe('1');
  });

  it('sent errors that pages could not read: here they are as readable as answers are', async () => {
    const app = await serving({ allowedOrigins: ['https://page.example'] });
    const { access } = (await app.signedIn()).tokens;
    const origin = { origin: 'https://page.example' };
    const lost = await post(app, { token: access, id: 'x'.repeat(43) }, callOf(1, 'note'), origin);
    const nobody = await post(app, { token: 'wrong' }, callOf(1, 'note'), origin);
    for (const response of [lost, nobody]) expect(response.headers.get('access-control-allow-origin')).toBe('https://page.example');
    expect([lost.status, nobody.status]).toEqual([404, 401]);
  });

  it('skipped every scope check for tokens without a client: here no token passes for what it has no scope for', async () => {
    const tools = { secret: { scopes: ['admin'] } };
    const handler = mcpHandler(
      () => {
        const server = new McpServer({ name: 's', version: '1' });
        server.registerTool('secret', {}, () => text('secret'));
        return server;
      },
      { policy: policy({ tools }) },
    );
    const verify = (_token: string, resource: string): object => ({
      userId: 'u',
      clientId: '',
      grantId: '',
      scope: [],
      resource,
      expiresAt: 2 ** 40,
      props: {},
      issuer: 'https://idp.example',
    });
    const app = await makeApp(STORE, {
      apiHandler: handler as Handler,
      externalTokens: { authorizationServers: ['https://idp.example'], verify } as never,
    });
    const answer = await post(app, { token: 'eyJ.of.elsewhere' }, callOf(1, 'secret'));
    expect([answer.status, answer.headers.get('www-authenticate')?.includes('scope="admin"')]).toEqual([403, true]);
  });

  it("lost state with its session, and kept abandoned sessions for ever: here state is the user's, and sessions end", async () => {
    const app = await serving({ apiHandler: Notes.serve('/mcp', { sessions: sessions({ idle: 60 }) }) as Handler });
    const { access } = (await app.signedIn()).tokens;
    const first = await begun(app, access);
    expect(await said(post(app, first, callOf(1, 'note')))).toBe('1');
    app.clock.pass(61);
    expect((await post(app, first, callOf(2, 'note'))).status).toBe(404);
    expect(await said(post(app, await begun(app, access), callOf(1, 'note')))).toBe('2');
  });

  it('carried what was said in a header, so that a long call broke: here a megabyte arrives whole, in a session and without', async () => {
    const long = 'ü'.repeat(500_000);
    class Long extends McpAgent<unknown, unknown, AuthContext> {
      server = new McpServer({ name: 'long', version: '1.0.0' });
      init(): void {
        this.server.registerTool('length', { inputSchema: z.object({ words: z.string() }) }, ({ words }) => text(String(words === long)));
      }
    }
    const app = await serving({ apiHandler: Long.serve('/mcp', { sessions: sessions() }) as Handler });
    const { access } = (await app.signedIn()).tokens;
    for (const session of [{ token: access }, await begun(app, access)])
      expect(await said(post(app, session, callOf(1, 'length', { words: long })))).toBe('true');
  });

  it('refused servers of the other line of the SDK: here both are served, in sessions too', async () => {
    class Old extends McpAgent<unknown, unknown, AuthContext> {
      server = new OldServer({ name: 'old', version: '1.0.0' });
      init(): void {
        this.server.registerTool('hello', {}, () => text(`Hello, ${this.props.claims.sub}`));
      }
    }
    const app = await serving({ apiHandler: Old.serve('/mcp', { sessions: sessions() }) as Handler });
    const session = await begun(app, (await app.signedIn()).tokens.access);
    expect(await said(post(app, session, callOf(1, 'hello')))).toBe(`Hello, ${app.aliceId}`);
  });
});

describe('demos that are copied', () => {
  it('lost the cookie of remembered consent among several: here each cookie comes in a line of its own, and consent is remembered', async () => {
    const app = await makeApp(STORE);
    const [client, browser] = [
      await registerClient({ send: app.send, issuer: ISSUER, redirectUri: 'https://app.example/callback' }),
      app.browser(),
    ];
    const url = await client.authorizeUrl();
    const back = await browser.submit(await browser.get(url), { decision: 'approve', ...ALICE, remember: 'yes' });
    expect(back.headers.getSetCookie().every((line) => !line.includes(', __'))).toBe(true);
    expect(codeOf(await browser.get(await client.authorizeUrl()))).not.toBe('');
  });

  it('carried the request in the form, unsigned: here the form holds nothing that decides, and a field more changes nothing', async () => {
    const app = await makeApp(STORE);
    const client = await app.client({ client_name: 'Notizbuch für Ærø — 日本語 🎒' });
    const browser = app.browser();
    const page = await browser.get(await client.authorizeUrl({ scope: 'read' }));
    expect(page.text).toContain('Notizbuch für Ærø — 日本語 🎒');
    const fields = [...page.text.matchAll(/<input\b[^>]*name="([^"]+)"/g)].map(([, name]) => name);
    expect(fields.filter((name) => /redirect|client_id|state|challenge|resource/.test(name ?? ''))).toEqual([]);
    const other = await app.client({ client_name: 'Other' });
    // `client` lets the server read two records at once, and decides nothing.
    const forged = { redirect_uri: 'https://evil.example/', client_id: 'other', client: other.id, state: 'forged' };
    const back = await browser.submit(page, { decision: 'approve', ...ALICE, ...forged });
    expect(back.location?.startsWith(client.redirectUri)).toBe(true);
    expect(new URL(back.location ?? '').searchParams.get('state')).not.toBe('forged');
  });

  it('compared a field with a cookie that an attacker can set both, and never removed the cookie: here only the pending authorization of this browser counts, once', async () => {
    const app = await makeApp(STORE);
    const [client, browser, stranger] = [await app.client(), app.browser(), app.browser()];
    const page = await browser.get(await client.authorizeUrl());
    const pending = /name="pending" value="([^"]+)"/.exec(page.text)?.[1] ?? '';
    await stranger.get(await client.authorizeUrl());
    for (const planted of ['planted', pending]) {
      for (const name of stranger.cookies.keys()) stranger.cookies.set(name, planted);
      expect((await stranger.submit(page, { decision: 'approve', ...ALICE, pending: planted })).location).toBeNull();
    }
    const flows = (): string[] => [...browser.cookies.keys()].filter((name) => name.includes('flow'));
    expect(flows()).toHaveLength(1);
    const code = codeOf(await browser.submit(page, { decision: 'approve', ...ALICE }));
    expect(flows()).toEqual([]);
    expect(codeOf(await browser.submit(page, { decision: 'approve', ...ALICE })), 'a second click gets the same answer (R-02)').toBe(code);
    expect((await stranger.submit(page, { decision: 'approve', ...ALICE })).location).toBeNull();
  });

  it('gave an app all that it asked for, or nothing: here a person takes a scope away, and the app is told', async () => {
    const app = await makeApp(STORE);
    const [client, browser] = [await app.client(), app.browser()];
    const page = await browser.get(await client.authorizeUrl({ scope: 'read write' }));
    const back = await browser.submit(page, { decision: 'approve', ...ALICE, scope: ['read'] });
    expect((await client.redeem(codeOf(back))).body['scope']).toBe('read');
  });

  it('remembered an approval for the browser: here it is for one user, one redirect URI and these scopes', async () => {
    const app = await makeApp(STORE);
    await app.provider.helpers(app.env).accounts.create({ ...BOB });
    const website = { send: app.send, issuer: ISSUER, redirectUri: 'https://app.example/callback' };
    const [client, browser] = [await registerClient(website), app.browser()];
    const at = async (changes: Record<string, string>): Promise<BrowserPage> => browser.get(await client.authorizeUrl(changes));
    codeOf(await browser.submit(await at({ scope: 'read' }), { decision: 'approve', ...ALICE, remember: 'yes' }));
    codeOf(await at({ scope: 'read' }));
    expect((await at({ scope: 'read write' })).location).toBeNull();
    await browser.submit(await browser.get(`${ISSUER}/login`), { decision: 'sign-out' });
    await browser.submit(await browser.get(`${ISSUER}/login`), BOB);
    expect((await at({ scope: 'read' })).location).toBeNull();
  });

  it("left the site's tokens alive when an app was cut off: here the site is told", async () => {
    const app = await makeUpstreamApp(STORE, { login: { keepTokens: true } });
    const at = await atConsent(app);
    const { refresh } = tokensOf(await at.client.redeem(codeOf(await throughCorp(app, at))));
    await at.client.revoke(refresh);
    await expect.poll(() => app.events).toContainEqual(expect.objectContaining({ kind: 'upstream.disconnected', told: 'revoked' }));
  });

  it('advertised scopes that nothing asked for: here a token without a required one is sent for it', async () => {
    const before = await makeApp(STORE);
    const client = await before.client();
    const { access } = tokensOf(await client.redeem(await client.signIn(before.browser(), ALICE, { scope: 'read' })));
    const app = await appOn(before.inner, before.clock, { requiredScopes: ['write'] });
    const metadata = await (await app.ask('GET', '/.well-known/oauth-protected-resource/mcp')).json();
    expect(metadata).toMatchObject({ scopes_supported: ['write'] });
    const { status, response } = await app.call(access);
    expect([status, response.headers.get('www-authenticate')?.includes('scope="write"')]).toEqual([403, true]);
    expect((await before.call(access)).status).toBe(200);
  });

  it('showed neither scopes nor where the answer goes: here the page shows both, and warns of a program on this computer', async () => {
    const app = await makeApp(STORE);
    const redirects = ['https://used.example/callback', 'https://unused.example/callback'];
    const client = await registerClient({
      send: app.send,
      issuer: ISSUER,
      redirectUri: redirects[0] ?? '',
      metadata: { redirect_uris: redirects },
    });
    const { text: shown } = await app.browser().get(await client.authorizeUrl({ scope: 'read write' }));
    expect([shown.includes('Read your notes'), shown.includes('Change your notes'), shown.includes('used.example')]).toEqual([
      true,
      true,
      true,
    ]);
    expect(shown).not.toContain('unused.example');
    const local = await app.browser().get(await (await app.client()).authorizeUrl());
    expect(local.text).toContain('any program here could be listening');
  });

  it('knew no way to say no: here the client is told access_denied, with its state and our name', async () => {
    const app = await makeApp(STORE);
    const [client, browser] = [await app.client(), app.browser()];
    const back = await browser.submit(await browser.get(await client.authorizeUrl({ state: 'exact' })), { decision: 'deny' });
    const { searchParams } = new URL(back.location ?? '');
    expect(['error', 'state', 'iss'].map((name) => searchParams.get(name))).toEqual(['access_denied', 'exact', ISSUER]);
  });

  it("did not handle the error of the site: here the client is told, and nothing of the site's own words", async () => {
    const app = await makeUpstreamApp(STORE);
    const back = await throughCorp(app, await atConsent(app), { error: 'access_denied' } as never);
    expectRedirect(back, 'access_denied');
  });

  it('let one tab break the other: here two ways to a site come back, in any order', async () => {
    const app = await makeUpstreamApp(STORE);
    const browser = app.browser();
    const [one, two] = [await atConsent(app, browser), await atConsent(app, browser)];
    const [first, second] = [await awayTo('corp', one), await awayTo('corp', two)];
    for (const [at, away] of [
      [two, second],
      [one, first],
    ] as const) {
      const code = codeOf(await browser.get(await app.idp.visit(away)));
      expect(tokensOf(await at.client.redeem(code)).access).not.toBe('');
    }
  });

  it('sent neither nonce nor PKCE to the site: here both, and a state that is not what the client sent', async () => {
    const app = await makeUpstreamApp(STORE);
    const { searchParams } = new URL(await awayTo('corp', await atConsent(app)));
    for (const name of ['nonce', 'code_challenge', 'state']) expect(searchParams.get(name)?.length).toBeGreaterThan(20);
    expect(searchParams.get('code_challenge_method')).toBe('S256');
    expect(searchParams.has('resource')).toBe(false);
  });

  it('ignored prompt and login_hint: here a client can request a new sign-in, and name the user', async () => {
    const app = await makeUpstreamApp(STORE);
    const [client, browser] = [await app.client(), app.browser()];
    codeOf(await throughCorp(app, { client, browser, page: await browser.get(await client.authorizeUrl()) }));
    const page = await browser.get(await client.authorizeUrl({ prompt: 'login', login_hint: 'ada@example.com' }));
    const { searchParams } = new URL(await awayTo('corp', { client, browser, page }));
    expect(['prompt', 'max_age', 'login_hint'].map((name) => searchParams.get(name))).toEqual(['login', '0', 'ada@example.com']);
  });

  it('set cookies that a browser drops on http://localhost: here such a host gets names without a prefix', async () => {
    const origin = 'http://localhost:8787';
    const app = await makeApp(STORE, { issuer: origin });
    const client = await registerClient({ send: app.send, issuer: origin });
    const page = await app.browser().get(await client.authorizeUrl({ resource: `${origin}/mcp` }));
    const cookies = page.headers.getSetCookie();
    expect(cookies.length).toBeGreaterThan(0);
    expect(cookies.filter((line) => line.startsWith('__Host-') || /;\s*secure/i.test(line))).toEqual([]);
  });
});

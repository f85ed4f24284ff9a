/** An account of another site that a tool asks for while it runs, with clients of both lines of the protocol and a person's browser. */
import { McpServer } from '@modelcontextprotocol/server';
import { describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { password } from '../../src/logins/password.ts';
import { connection, upstream } from '../../src/logins/upstream.ts';
import { accessOf, mcpHandler } from '../../src/mcp/index.ts';
import type { Browser, BrowserPage } from '../../src/testing/browser.ts';
import { type Decision, type FakeUpstream, makeFakeUpstream } from '../../src/testing/fake-upstream.ts';
import { type TestClient, tokensOf } from '../../src/testing/oauth-client.ts';
import { oidc } from '../../src/upstreams/oidc.ts';
import { ALICE, type App, ISSUER, makeApp, storeNames } from '../support/app.ts';
import { altered } from '../support/altered.ts';

const SECRET = 'c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXNlYzE';
const MODERN = '2026-07-28';
const BOB = { username: 'bob', password: 'another passphrase' };

const given: string[] = [];
const handler = mcpHandler(
  () => {
    const server = new McpServer({ name: 'files', version: '1.0.0' });
    server.registerTool('files', { inputSchema: z.object({ folder: z.string() }) }, async ({ folder }, context) => {
      const corp = await accessOf(context)!.connect('corp', ['files.read']);
      given.push(await corp.token());
      return { content: [{ type: 'text', text: `${folder} with ${given.at(-1)?.slice(0, 9)}` }] };
    });
    return server;
  },
  { onError: () => undefined },
);

interface Message {
  readonly result?: {
    readonly resultType?: string;
    readonly isError?: boolean;
    readonly content?: { text: string }[];
    readonly inputRequests?: { connect: { method: string; params: { mode: string; url: string; message: string } } };
    readonly requestState?: string;
  };
  readonly error?: { code: number; message: string; data?: { elicitations: { mode: string; url: string; elicitationId: string }[] } };
}

interface World extends App {
  readonly idp: FakeUpstream;
  readonly alice: { readonly client: TestClient; readonly browser: Browser; readonly token: string; readonly refresh: string };
  bob(): Promise<World['alice']>;
  /** Calls the tool as a client of that version; with `more` in the parameters. */
  files(
    version: string,
    options?: { token?: string; folder?: string; more?: object; capabilities?: object },
  ): Promise<Message & { status: number }>;
  /** What the person does with a link; the last page. */
  visit(url: string, browser?: Browser, decision?: Decision): Promise<BrowserPage>;
}

async function makeWorld(store: string, only = false): Promise<World> {
  let now = (): number => 0;
  const credentials = { clientId: 'portcullis', clientSecret: 'upstream-client-secret' };
  const redirectUri = `${ISSUER}/authorize/callback/corp`;
  const idp = await makeFakeUpstream({ ...credentials, redirectUri, now: () => now() });
  const corp = oidc({ ...credentials, issuer: idp.issuer, id: 'corp', label: 'Corp', fetch: idp.fetch });
  const app = await makeApp(store, {
    apiHandler: handler as never,
    logins: [password(), only ? connection(corp) : upstream(corp, { keepTokens: true })],
    secret: SECRET,
  });
  now = app.clock.now;
  const enter = async (who: typeof BOB): Promise<World['alice']> => {
    const [client, browser] = [await app.client({ client_name: 'File <b>browser</b>' }), app.browser()];
    const { access: token, refresh } = tokensOf(await client.redeem(await client.signIn(browser, who)));
    return { client, browser, token, refresh };
  };
  const alice = await enter(ALICE);
  return {
    ...app,
    idp,
    alice,
    async bob() {
      await app.provider.helpers(app.env).accounts.create({ ...BOB });
      return enter(BOB);
    },
    async files(version, { token = alice.token, folder = 'docs', more = {}, capabilities = { elicitation: { url: {} } } } = {}) {
      const _meta = {
        'io.modelcontextprotocol/protocolVersion': version,
        'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' },
        'io.modelcontextprotocol/clientCapabilities': capabilities,
      };
      const params = { name: 'files', arguments: { folder }, ...(version === MODERN && { _meta }), ...more };
      const headers = {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': version,
        ...(version === MODERN && { 'mcp-method': 'tools/call', 'mcp-name': 'files' }),
      };
      const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params });
      const response = await app.send(new Request(`${ISSUER}/mcp`, { method: 'POST', headers, body }));
      const text = await response.text();
      const data = text.split('\n').findLast((line) => line.startsWith('data: {'));
      return { ...(JSON.parse(data ? data.slice(6) : text) as Message), status: response.status };
    },
    async visit(url, browser = alice.browser, decision) {
      const page = await browser.get(url);
      if (page.status !== 200 || !page.text.includes('<form')) return page;
      const gone = await browser.submit(page, {});
      const back = await browser.get(await idp.visit(gone.location ?? '', decision));
      return back.location ? browser.get(new URL(back.location, ISSUER).href) : back;
    },
  };
}

const textOf = ({ result }: Message): string => result?.content?.[0]?.text ?? '';

describe.each(storeNames)('an account that a tool asks for, on %s', (store) => {
  it('2026-07-28: the call asks for input, the user connects the account on our page, and the retry gets the token', async () => {
    const world = await makeWorld(store);
    const asked = await world.files(MODERN);
    expect(asked.result).toMatchObject({ resultType: 'input_required', inputRequests: { connect: { method: 'elicitation/create' } } });
    const { mode, url, message } = asked.result!.inputRequests!.connect.params;
    expect([mode, message]).toEqual(['url', 'Connect your Corp account, so that this tool can use it.']);

    const page = await world.alice.browser.get(url);
    expect(page.text).toContain('File &#60;b&#62;browser');
    expect(page.text).toContain('files.read');
    const gone = await world.alice.browser.submit(page, {});
    expect(new URL(gone.location!).searchParams.get('scope')?.split(' ')).toContain('files.read');

    const accept = { requestState: asked.result!.requestState, inputResponses: { connect: { action: 'accept' } } };
    const early = await world.files(MODERN, { more: accept });
    expect(early.result).toEqual(expect.objectContaining({ resultType: 'input_required', requestState: asked.result!.requestState }));
    expect(early.result!.inputRequests).toBeUndefined(); // no one is asked twice

    expect((await world.visit(url)).text).toContain('Connected');
    expect(world.events).toContainEqual(
      expect.objectContaining({ kind: 'upstream.connected', provider: 'corp', userId: world.aliceId, clientId: world.alice.client.id }),
    );
    const retried = await world.files(MODERN, { more: accept });
    expect([textOf(retried), retried.result?.isError]).toEqual(['docs with upstream-', undefined]);
    expect(textOf(await world.files('2025-11-25', { folder: 'other' }))).toBe('other with upstream-'); // it stays, for every line
    expect((await world.visit(url)).status).toBe(400); // the link is good once
  });

  it('2025-11-25: the call is the error -32042 with the link; older clients, and those that show no links, get it in words', async () => {
    const world = await makeWorld(store);
    const { error } = await world.files('2025-11-25');
    expect(error).toMatchObject({ code: -32042, data: { elicitations: [{ mode: 'url', elicitationId: expect.any(String) }] } });
    const old = await world.files('2025-06-18');
    expect([old.result?.isError, textOf(old)]).toEqual([true, expect.stringContaining(`${ISSUER}/account/connect?link=`)]);
    const blind = await world.files(MODERN, { capabilities: {} });
    expect([blind.result?.isError, textOf(blind)]).toEqual([true, expect.stringContaining('open this address')]);
    await world.visit(error!.data!.elicitations[0]!.url);
    expect(textOf(await world.files('2025-11-25'))).toBe('docs with upstream-');
  });

  it('works for the user of the tool only: another user who opens the link, or is signed in at the return, connects nothing (SEC-193, S-179)', async () => {
    const world = await makeWorld(store);
    const bob = await world.bob();
    const { url } = (await world.files('2025-11-25')).error!.data!.elicitations[0]!;
    const turnedAway = await world.visit(url, bob.browser);
    expect([turnedAway.status, turnedAway.text.includes('for another user')]).toEqual([403, true]);

    const gone = await world.alice.browser.submit(await world.alice.browser.get(url), {});
    const back = await world.idp.visit(gone.location ?? '');
    expect((await bob.browser.get(back)).status).toBe(403); // another browser
    const again = await world.alice.browser.submit(await world.alice.browser.get(url), {});
    const session = world.alice.browser.cookies.get('__Host-portcullis-session')!;
    world.alice.browser.cookies.delete('__Host-portcullis-session');
    expect((await world.alice.browser.get(await world.idp.visit(again.location ?? ''))).status).toBe(400); // signed out meanwhile
    world.alice.browser.cookies.set('__Host-portcullis-session', session);
    world.alice.browser.cookies.set('__Host-portcullis-session', bob.browser.cookies.get('__Host-portcullis-session')!);
    expect((await world.alice.browser.get(back)).status).toBe(400); // another person in the same browser
    for (const token of [world.alice.token, bob.token]) expect((await world.files('2025-11-25', { token })).error?.code).toBe(-32042);
    expect(world.events.some(({ kind }) => kind === 'upstream.connected')).toBe(false);
  });

  it('sends a user without a session to the sign-in, and back to the page afterwards', async () => {
    const world = await makeWorld(store);
    const { url } = (await world.files('2025-11-25')).error!.data!.elicitations[0]!;
    const login = await world.browser().get(url);
    expect([login.status, decodeURIComponent(login.location ?? '')]).toEqual([303, expect.stringContaining('/account/connect?link=')]);
  });

  it('may be of a provider without a login: no page offers it, and it signs in no user', async () => {
    const world = await makeWorld(store, true);
    const { url } = (await world.files('2025-11-25')).error!.data!.elicitations[0]!;
    expect((await world.visit(url)).text).toContain('Connected');
    expect(textOf(await world.files('2025-11-25'))).toBe('docs with upstream-');

    const [client, stranger] = [await world.client(), world.browser()];
    const pages = [await stranger.get(await client.authorizeUrl()), await world.browser().get(`${ISSUER}/login`), await world.alice.browser.get(`${ISSUER}/account`)];
    for (const page of pages) expect([page.status, /Continue with Corp|name="with"|sign-ins/.test(page.text)]).toEqual([200, false]);
    const forms: [string, BrowserPage][] = [['/authorize/approve', await stranger.submit(pages[0]!, { decision: 'approve', with: 'corp' })], ['/login', await stranger.submit(pages[1]!, { with: 'corp' })]];
    for (const [path, answer] of forms) expect([path, answer.status, answer.location]).toEqual([path, 400, null]);
    expect((await world.alice.browser.get(`${ISSUER}/account/sign-ins`)).status).toBe(404);
    expect((await stranger.get(`${ISSUER}/authorize/callback/corp?code=x&state=${'A'.repeat(43)}`)).status).toBe(400);
    await expect(makeApp(store, { logins: [connection(oidc({ issuer: world.idp.issuer, clientId: 'a', clientSecret: 'b' }))] })).rejects.toThrow(/connections only/);
  }); // prettier-ignore

  it('S-183: takes no for an answer: declined, cancelled, turned back at the site, or not done in time', async () => {
    const world = await makeWorld(store);
    const asked = await world.files(MODERN);
    const { requestState } = asked.result!;
    const answered = (action: string): object => ({ more: { requestState, inputResponses: { connect: { action } } } });
    expect(textOf(await world.files(MODERN, answered('decline')))).toContain('does not want to connect Corp');
    expect(textOf(await world.files(MODERN, answered('cancel')))).toContain('has not connected Corp');
    const { url } = asked.result!.inputRequests!.connect.params;
    const back = await world.visit(url, world.alice.browser, { error: 'access_denied' });
    expect([back.status, back.text.includes('role="alert"')]).toEqual([200, true]);
    world.clock.pass(601);
    expect(textOf(await world.files(MODERN, answered('accept')))).toContain('was not connected in time');
    expect((await world.visit(url)).status).toBe(400);
  });

  it('SEC-192: a request state that was changed, or comes from another user, client, tool or other arguments, is refused', async () => {
    const world = await makeWorld(store);
    const bob = await world.bob();
    const { requestState = '' } = (await world.files(MODERN)).result!;
    const more = { requestState, inputResponses: { connect: { action: 'accept' } } };
    const other = await world.client();
    const token = tokensOf(await other.redeem(await other.signIn(world.alice.browser, {}))).access;
    const forged = { ...more, requestState: altered(requestState) };
    for (const wrong of [{ more: forged }, { more, token: bob.token }, { more, token }, { more, folder: 'secret' }])
      expect(await world.files(MODERN, wrong)).toMatchObject({ status: 400, error: { code: -32602, message: 'Invalid requestState' } });
  });

  it('S-184: stores the tokens for this user, encrypted, and revokes them with the grant', async () => {
    const world = await makeWorld(store);
    const written: string[] = [];
    const write = world.store.write.bind(world.store);
    world.store.write = (key, value, ...rest) => (written.push(JSON.stringify(value)), write(key, value, ...rest));
    const { url } = (await world.files('2025-11-25')).error!.data!.elicitations[0]!;
    await world.visit(url);
    const token = textOf(await world.files('2025-11-25'));
    expect(token).toContain('upstream-');
    expect(written.some((line) => line.includes('upstream-'))).toBe(false);
    await world.alice.client.revoke(world.alice.refresh);
    await vi.waitFor(
      () => expect(world.events.filter(({ kind }) => kind === 'upstream.disconnected')).toMatchObject([{ told: 'revoked' }]),
      { timeout: 120_000 },
    );
    expect(world.idp.calls).toContain('revoke');
    expect((await world.files('2025-11-25')).status).toBe(401);
  });

  it('is of one grant: another app of the same user is asked for itself', async () => {
    const world = await makeWorld(store);
    await world.visit((await world.files('2025-11-25')).error!.data!.elicitations[0]!.url);
    expect(textOf(await world.files('2025-11-25'))).toBe('docs with upstream-');
    const other = await world.client();
    const { access: token } = tokensOf(await other.redeem(await other.signIn(world.alice.browser, {})));
    expect((await world.files('2025-11-25', { token })).error?.code).toBe(-32042);
  });

  it('names the scopes that the user did not allow, once and with one link, and continues when they are allowed (R-35)', async () => {
    const world = await makeWorld(store);
    const asked = await world.files(MODERN);
    const accept = { requestState: asked.result!.requestState, inputResponses: { connect: { action: 'accept' } } };
    const { url } = asked.result!.inputRequests!.connect.params;
    expect((await world.visit(url, world.alice.browser, { scope: ['openid', 'email', 'profile'] })).text).toContain('Connected');
    const told = [await world.files(MODERN, { more: accept }), await world.files(MODERN), await world.files('2025-11-25'), await world.files('2025-06-18')];
    const links = told.map((one) => /https:\S+$/.exec(textOf(one))?.[0] ?? '');
    for (const one of told) expect([one.result?.isError, textOf(one)]).toEqual([true, expect.stringContaining('did not allow: files.read')]);
    expect([new Set(links).size, links[0] === url]).toEqual([1, false]); // another link than the one that was used
    expect((await world.visit(links[0] ?? '')).text).toContain('Connected');
    expect(textOf(await world.files(MODERN))).toBe('docs with upstream-');
  }); // prettier-ignore

  it('gives the same link until it is used or ends, so that no call makes another one (R-35)', async () => {
    const world = await makeWorld(store);
    const linkOf = async (): Promise<string> => (await world.files('2025-11-25')).error!.data!.elicitations[0]!.url;
    const first = await linkOf();
    for (let calls = 0; calls < 40; calls++) expect(await linkOf()).toBe(first);
    world.clock.pass(301);
    expect(await linkOf()).not.toBe(first);
    expect((await world.visit(first)).text).toContain('Connected'); // the older one is still good
    expect(textOf(await world.files('2025-11-25'))).toBe('docs with upstream-');
  });

  it('asks again if the provider has ended the connection, and the grant stays', async () => {
    const world = await makeWorld(store);
    world.idp.ways.lifetime = 300;
    await world.visit((await world.files('2025-11-25')).error!.data!.elicitations[0]!.url);
    expect(textOf(await world.files('2025-11-25'))).toBe('docs with upstream-');
    world.idp.tokens.revoke(given.at(-1) ?? '');
    world.clock.pass(400);
    const ended = await world.files('2025-11-25');
    expect([ended.status, ended.error?.code]).toEqual([200, -32042]);
  });
});

/**
 * A catalogue of tools behind the whole server, before the SDK's own client: what a declaration says of scopes reaches the consent
 * page, the metadata and the challenge, and the client comes back by itself with what it was asked for.
 */
import { Client, type OAuthClientProvider, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';
import { McpServer } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { catalogue, mcpHandler, resource, tool } from '../../src/mcp/index.ts';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import { type Browser, type BrowserPage, codeOf } from '../../src/testing/index.ts';
import { ALICE, type App, makeApp, RESOURCE, storeNames } from '../support/app.ts';
import { makeKeeping } from '../support/papers.ts';

const said = (text: string): object => ({ content: [{ type: 'text', text }] });
const ran: string[] = [];
const notes = catalogue(
  [
    tool({ name: 'readNote', scopes: ['read'], handler: () => (ran.push('readNote'), said('read')) }),
    tool({ name: 'saveNote', scopes: ['read', 'write'], handler: () => (ran.push('saveNote'), said('saved')) }),
    tool({ name: 'wipe', scopes: ['write'], permissions: ['owner'], handler: () => (ran.push('wipe'), said('wiped')) }),
    resource({ name: 'all', uri: 'notes://all', scopes: ['write'], read: (uri) => ({ contents: [{ uri: uri.href, text: 'all' }] }) }),
  ],
  { hierarchy: { write: ['read'] }, strict: true },
);
const OPTIONS: Partial<OAuthProviderOptions> = {
  apiHandler: mcpHandler(
    (access) => {
      const server = new McpServer({ name: 'notes', version: '1.0.0' });
      notes.register(server, access);
      return server;
    },
    { policy: notes },
  ) as NonNullable<OAuthProviderOptions['apiHandler']>,
  scopesSupported: notes.scopes({ read: 'Read your notes', write: 'Change your notes' }),
  requiredScopes: ['read'],
};

/** The SDK's client with a person at a browser, who allows whatever the page asks. */
interface Person {
  readonly papers: OAuthClientProvider & { readonly scope: string | undefined };
  readonly pages: BrowserPage[];
  readonly asked: URL[];
  /** Where the browser was sent at last. */
  arrived: URLSearchParams;
}

function person(browser: Browser): Person {
  const { kept, keeping } = makeKeeping();
  const redirectUrl = 'http://localhost:3334/callback';
  const who: Person = {
    pages: [],
    asked: [],
    arrived: new URLSearchParams(),
    papers: {
      redirectUrl,
      clientMetadata: { client_name: 'Step-up client', redirect_uris: [redirectUrl], token_endpoint_auth_method: 'none' },
      ...keeping,
      async redirectToAuthorization(url) {
        who.asked.push(url);
        const page = await browser.get(url.href);
        who.pages.push(page);
        const scope = (url.searchParams.get('scope') ?? '').split(' ');
        const signIn = page.text.includes('name="username"') ? ALICE : {};
        const done = await browser.submit(page, { decision: 'approve', scope, ...signIn });
        codeOf(done);
        who.arrived = new URL(done.location ?? '').searchParams;
      },
      get scope() {
        return (kept.get('tokens') as { scope?: string } | undefined)?.scope;
      },
    },
  };
  return who;
}

interface Connected {
  readonly who: Person;
  readonly client: Client;
  readonly statuses: number[];
  readonly transport: StreamableHTTPClientTransport;
}

/** Connects with what the server asks for at first, which is `read`. */
async function connect(app: App, mode: 'auto' | 'default'): Promise<Connected> {
  const who = person(app.browser());
  const statuses: number[] = [];
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input as string | URL, init);
    const response = await app.send(request);
    if (request.url === RESOURCE && request.method === 'POST') statuses.push(response.status);
    return response;
  };
  const make = (): StreamableHTTPClientTransport =>
    new StreamableHTTPClientTransport(new URL(RESOURCE), { authProvider: who.papers, fetch });
  const client = (): Client => new Client({ name: 't', version: '1' }, mode === 'auto' ? { versionNegotiation: { mode: 'auto' } } : {});
  const first = make();
  await expect(client().connect(first)).rejects.toThrow(UnauthorizedError);
  await first.finishAuth(who.arrived);
  const [connected, transport] = [client(), make()];
  await connected.connect(transport);
  return { who, client: connected, statuses, transport };
}

const textOf = (result: unknown): string | undefined => (result as { content: { text?: string }[] }).content[0]?.text;
const plain = (page: BrowserPage | undefined): string => (page?.text ?? '').replace(/<style>.*?<\/style>/gs, '').replace(/<[^>]+>/g, '');

describe.each(storeNames)('step-up on %s', (store) => {
  it('S-115 tells with the metadata the scopes of basic use alone, and with the consent page what each opens', async () => {
    const app = await makeApp(store, OPTIONS);
    const resourceMetadata = await (await app.ask('GET', '/.well-known/oauth-protected-resource/mcp')).json();
    expect(resourceMetadata).toMatchObject({ scopes_supported: ['read'] });
    const serverMetadata = await (await app.ask('GET', '/.well-known/oauth-authorization-server')).json();
    expect(serverMetadata).toMatchObject({ scopes_supported: ['read', 'write', 'offline_access'] });
    expect((await app.ask('POST', '/mcp', '{}')).headers.get('www-authenticate')).toContain('scope="read"');
    const client = await app.client();
    const page = plain(await app.browser().get(await client.authorizeUrl({ scope: 'read write' })));
    expect(page).toMatch(/Read your notes.*readNote, saveNote.*Change your notes/s);
    // `write` brings `read` along, so it opens what that opens.
    expect(page.slice(page.indexOf('Change your notes'))).toMatch(/saveNote, wipe, readNote/);
  });

  it.each(['auto', 'default'] as const)(
    'S-120 S-136 a client (%s) that may read is asked once, for all scopes of the call, and then writes',
    async (mode) => {
      ran.length = 0;
      const app = await makeApp(store, OPTIONS);
      const { who, client, statuses, transport } = await connect(app, mode);
      expect(who.asked[0]?.searchParams.get('scope')).toBe('read');
      expect(textOf(await client.callTool({ name: 'readNote', arguments: {} }))).toBe('read');
      statuses.length = 0;
      await expect(client.callTool({ name: 'saveNote', arguments: {} })).rejects.toThrow(UnauthorizedError);
      expect([statuses, ran]).toEqual([[403], ['readNote']]);
      expect(new Set(who.asked[1]?.searchParams.get('scope')?.split(' '))).toEqual(new Set(['read', 'write']));
      expect(plain(who.pages[1])).toContain('Change your notes');
      await transport.finishAuth(who.arrived);
      expect(textOf(await client.callTool({ name: 'saveNote', arguments: {} }))).toBe('saved');
      expect((await client.readResource({ uri: 'notes://all' })).contents).toMatchObject([{ text: 'all' }]);
      expect(new Set(who.papers.scope?.split(' '))).toEqual(new Set(['read', 'write']));
      expect([who.asked.length, ran]).toEqual([2, ['readNote', 'saveNote']]);
      await client.close();
    },
  );

  it('never challenges a user without the role, who could get no further scope', async () => {
    ran.length = 0;
    const app = await makeApp(store, OPTIONS);
    const { who, client, statuses } = await connect(app, 'auto');
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(['readNote', 'saveNote']);
    statuses.length = 0;
    const refused = await client.callTool({ name: 'wipe', arguments: {} });
    expect([refused.isError, textOf(refused)]).toEqual([true, 'You do not have permission to use this tool.']);
    expect([statuses, who.asked.length, ran]).toEqual([[200], 1, []]);
    await client.close();
  });

  it('grants no more at a step-up than was asked for (SEC-194)', async () => {
    const app = await makeApp(store, OPTIONS);
    const client = await app.client();
    const browser = app.browser();
    const code = await client.signIn(browser, { ...ALICE, scope: ['read', 'write'] }, { scope: 'read' });
    expect((await client.redeem(code)).body['scope']).toBe('read');
  });
});

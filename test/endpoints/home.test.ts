/** The home page, and the 401 of an MCP endpoint for a person (N-17). */
import { makeRuntime } from '#under-test';
import { describe, expect, it } from 'vitest';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import { OAuthProvider } from '../../src/provider/oauth-provider.ts';
import { allLanguages } from '../../src/words/index.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { type App, ISSUER, makeApp, optionsFor } from '../support/app.ts';
import { shownText } from '../pages/markup.ts';

const BROWSER = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' };
const PROGRAMS = [{}, { accept: '*/*' }, { accept: 'application/json, text/event-stream' }, { accept: 'text/event-stream' }];
const appWith = (more: Partial<OAuthProviderOptions> = {}): Promise<App> => makeApp('memory', more);
const textOf = async (answer: Response): Promise<string> => shownText(await answer.text()).replace(/\s+/g, ' ');

describe('endpoints/home', () => {
  it('shows what the server is and the command to connect each client (N-17)', async () => {
    const app = await appWith({ name: 'Acme Notes' });
    const answer = await app.ask('GET', '/', null, BROWSER);
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'");
    const text = await textOf(answer);
    const lines = [
      `claude mcp add --transport http acme-notes ${ISSUER}/mcp`,
      `codex mcp add acme-notes --url ${ISSUER}/mcp`,
      `{"mcpServers":{"acme-notes":{"url":"${ISSUER}/mcp"}}}`,
      `code --add-mcp '{"name":"acme-notes","type":"http","url":"${ISSUER}/mcp"}'`,
      `npx mcp-remote ${ISSUER}/mcp`,
      'Settings → Connectors → Add custom connector',
      'Developer mode',
    ];
    for (const line of lines) expect(text).toContain(line);
  });

  it('answers a browser at the MCP URL with that page, and still with 401 and the challenge (N-17)', async () => {
    const app = await appWith();
    const [page, plain] = [await app.ask('GET', '/mcp', null, BROWSER), await app.ask('GET', '/mcp', null)];
    expect(page.status).toBe(401);
    expect(page.headers.get('www-authenticate')).toBe(plain.headers.get('www-authenticate'));
    expect(page.headers.get('www-authenticate')).toContain('resource_metadata=');
    expect([page.headers.get('vary'), page.headers.get('cache-control')]).toEqual(['Accept', 'no-store']);
    expect(await textOf(page)).toContain(`npx mcp-remote ${ISSUER}/mcp`);
  });

  it.each(PROGRAMS)('answers a program that sends %j with JSON and 404, as before', async (headers) => {
    const app = await appWith();
    const refused = await app.ask('GET', '/mcp', null, headers as Record<string, string>);
    expect([refused.status, refused.headers.get('content-type')]).toEqual([401, 'application/json']);
    expect((await app.ask('GET', '/', null, headers as Record<string, string>)).status).toBe(404);
  });

  it('answers nothing but GET with a page', async () => {
    const app = await appWith();
    const refused = await app.ask('POST', '/mcp', '{}', { ...BROWSER, 'content-type': 'application/json' });
    expect([refused.status, refused.headers.get('content-type')]).toEqual([401, 'application/json']);
    expect((await app.ask('POST', '/', '', BROWSER)).status).toBe(404);
  });

  it('leaves `/` to the handler of the application, and calls it once', async () => {
    let calls = 0;
    const app = await appWith({ defaultHandler: () => new Response(`ours ${++calls}`) });
    expect(await (await app.ask('GET', '/', null, BROWSER)).text()).toBe('ours 1');
  });

  it('answers 404 on other paths, and shows the page only for a missing or wrong token', async () => {
    const app = await appWith();
    expect((await app.ask('GET', '/nowhere', null, BROWSER)).status).toBe(404);
    const { tokens } = await app.signedIn();
    const allowed = await app.ask('GET', '/mcp', null, { ...BROWSER, authorization: `Bearer ${tokens.access}` });
    expect([allowed.status, (await allowed.text()).includes('mcp-remote')]).toEqual([200, false]);
  });

  it('is served below the path of the issuer, names each route, and uses the language of the browser', async () => {
    const { apiRoute: _route, apiHandler: _handler, ...rest } = optionsFor([]);
    const handler = (): Response => new Response('ok');
    const provider = new OAuthProvider(
      {
        ...rest,
        issuer: `${ISSUER}/base`,
        apiHandlers: { '/mcp': handler, '/files': handler },
        resources: { '/files': { name: 'Files <b>' } },
        pages: { languages: allLanguages },
      },
      { runtime: makeRuntime(), address: () => undefined },
    );
    const ask = (path: string): Promise<Response> =>
      provider.fetch(new Request(ISSUER + path, { headers: { ...BROWSER, 'accept-language': 'de' } }), { PORTCULLIS: memoryStore() });
    const text = await (await ask('/base')).text();
    for (const part of ['lang="de"', `${ISSUER}/base/mcp`, `${ISSUER}/base/files`, 'add files-b ']) expect(text).toContain(part);
    expect(text).not.toContain('Files <b>');
    expect([(await ask('/base/')).status, (await ask('/')).status]).toEqual([200, 404]);
  });
});

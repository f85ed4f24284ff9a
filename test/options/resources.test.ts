import { describe, expect, it } from 'vitest';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import { parseOptions } from '../../src/options/parse.ts';
import { settingsOf } from '../../src/provider/host.ts';
import { codeOf, tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, makeApp, optionsFor } from '../support/app.ts';

const settings = (more: Partial<OAuthProviderOptions>) =>
  settingsOf(parseOptions(optionsFor([], more)), { issuer: 'https://mcp.example' }, true, {});

describe('options/resources', () => {
  it('completes a route and a resource of another server with their settings', () => {
    const { resources, defaultResource } = settings({
      name: 'Notes',
      apiRoute: ['/mcp', '/files'],
      requiredScopes: ['read'],
      resources: { '/files': { name: 'Files', requiredScopes: ['write'], accessTokenTTL: 300 }, 'HTTPS://API.example/': {} },
      defaultResource: '/mcp',
    });
    expect(
      resources.map(({ uri, path, name, requiredScopes, accessTokenTTL }) => [uri, path, name, requiredScopes, accessTokenTTL]),
    ).toEqual([
      ['https://mcp.example/files', '/files', 'Files', ['write'], 300],
      ['https://mcp.example/mcp', '/mcp', 'Notes', ['read'], undefined],
      ['https://api.example', null, 'Notes', ['read'], undefined],
    ]);
    expect(defaultResource).toBe('https://mcp.example/mcp');
  });

  it.each([
    ['`resources` names "/nope", which is no route', { resources: { '/nope': {} } }],
    ['`resources` names "mcp"; name a route', { resources: { mcp: {} } }],
    ['`resources["/mcp"]`: `scopes` is not an option; there are name, requiredScopes', { resources: { '/mcp': { scopes: [] } } }],
    ['`resources` names https://mcp.example/mcp twice', { resources: { 'https://mcp.example/mcp': {} } }],
    ['accessTokenTTL` must be a whole number', { resources: { '/mcp': { accessTokenTTL: 5 } } }],
    ['`defaultResource` must be a route', { defaultResource: '/nope' }],
    ['`unknownScopes` must be', { unknownScopes: 'drop' }],
    ['lets write include "raed"', { scopesSupported: { read: 'r', write: { description: 'w', includes: ['raed'] } } }],
    ['lets a include itself, by way of b', { scopesSupported: { a: { description: 'a', includes: ['b'] }, b: { description: 'b', includes: ['a'] } } }],
  ])('refuses to start: %s', (line, more) => {
    expect(() => settings(more as never)).toThrow(line);
  }); // prettier-ignore
});

const parsed = (scopesSupported: unknown): ReturnType<typeof parseOptions>['settings']['scopesSupported'] =>
  parseOptions(optionsFor([], { scopesSupported } as Partial<OAuthProviderOptions>)).settings.scopesSupported;
const SCOPES = { 'notes:read': 'Read your notes', 'notes:delete': { text: 'Delete your notes', sensitive: true } } as const;
const boxOf = (text: string, scope: string): string => new RegExp(`<input[^>]*value="${scope}"[^>]*>`).exec(text)?.[0] ?? '';

describe('options/resources, scopes', () => {
  it('takes a text, and a text with more', () => {
    expect(parsed(SCOPES)).toEqual([
      { name: 'notes:read', description: 'Read your notes' },
      { name: 'notes:delete', description: 'Delete your notes', sensitive: true },
    ]);
    expect(parsed({ a: { description: 'A', unlocks: ['t'] } })).toEqual([{ name: 'a', description: 'A', unlocks: ['t'] }]);
  });

  it('makes a scope sensitive that includes a sensitive one', () => {
    const [admin] = parsed({ admin: { text: 'Everything', includes: ['notes:delete'] }, ...SCOPES });
    expect(admin).toMatchObject({ name: 'admin', sensitive: true });
  });

  it.each([
    [{ a: { sensitiv: true } }, 'scopesSupported["a"]: `sensitiv` is not an option; did you mean `sensitive`'],
    [{ a: { sensitive: 'yes' } }, '`scopesSupported["a"].sensitive` must be true or false; it is "yes"'],
    [{ a: { text: 7 } }, '`scopesSupported["a"].text` must be a string'],
    [{ a: null }, '`scopesSupported["a"]` must be its words, or { text:'],
    [{ a: ['x'] }, '`scopesSupported["a"]` must be its words, or { text:'],
  ])('refuses %j at start-up, and says what to write', (given, message) => {
    expect(() => parsed(given)).toThrow(message);
  });

  it('does not select a sensitive scope in advance, and grants it only if the user selects it', async () => {
    const app = await makeApp('memory', { scopesSupported: SCOPES });
    const client = await app.client();
    const browser = app.browser();
    const page = await browser.get(await client.authorizeUrl({ scope: 'notes:read notes:delete' }));
    expect([boxOf(page.text, 'notes:read').includes('checked'), boxOf(page.text, 'notes:delete').includes('checked')]).toEqual([
      true,
      false,
    ]);
    const tokens = tokensOf(await client.redeem(codeOf(await browser.submit(page, { decision: 'approve', ...ALICE }))));
    expect((await app.call(tokens.access)).access?.scope).toEqual(['notes:read']);
  });

  it('keeps what the user selected when the page is shown again', async () => {
    const app = await makeApp('memory', { scopesSupported: SCOPES });
    const browser = app.browser();
    const page = await browser.get(await (await app.client()).authorizeUrl({ scope: 'notes:read notes:delete' }));
    const again = await browser.submit(page, { decision: 'approve', username: 'alice', password: 'wrong', scope: 'notes:delete' });
    expect([boxOf(again.text, 'notes:read').includes('checked'), boxOf(again.text, 'notes:delete').includes('checked')]).toEqual([
      false,
      true,
    ]);
  });
});

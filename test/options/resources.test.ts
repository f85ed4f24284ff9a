import { describe, expect, it } from 'vitest';
import { optionsFor } from '../support/app.ts';
import { parseOptions } from '../../src/options/parse.ts';
import { settingsOf } from '../../src/options/settings.ts';
import type { OAuthProviderOptions } from '../../src/options/options.ts';

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

import { describe, expect, it } from 'vitest';
import { scopeRulesOf, scopeWithin } from '../../src/grants/token-request.ts';
import type { Settings } from '../../src/model/settings.ts';

const settings = {
  scopesSupported: [{ name: 'read' }, { name: 'write' }, { name: 'list' }],
  unknownScopes: 'ignore',
  resources: [
    { uri: 'https://mcp.example/mcp', requiredScopes: ['read'] },
    { uri: 'https://mcp.example/tools', requiredScopes: [] },
  ],
  everyRoute: { uri: 'https://mcp.example', requiredScopes: ['list'] },
  expandScopes: (scope: readonly string[]) => (scope.includes('write') ? [...scope, 'read'] : scope),
} as unknown as Settings;
const within = (text: string | undefined, most: readonly string[], resource = 'https://mcp.example/tools'): readonly string[] =>
  scopeWithin(settings, resource, text, most);

describe('grants/token-request', () => {
  it('knows the scopes of the server, and those that each resource needs', () => {
    const known = ['read', 'write', 'list'];
    const rules = scopeRulesOf(settings);
    expect(rules('https://mcp.example/mcp')).toEqual({ known, strict: false, required: ['read'] });
    expect(rules('https://mcp.example/tools')).toEqual({ known, strict: false, required: [] });
    expect(rules('https://mcp.example')).toEqual({ known, strict: false, required: ['list'] });
    expect(rules('https://other.example/')).toEqual({ known, strict: false, required: [] });
    expect(scopeRulesOf({ ...settings, everyRoute: null } as unknown as Settings)('https://mcp.example').required).toEqual([]);
    expect(scopeRulesOf({ ...settings, unknownScopes: 'refuse' } as unknown as Settings)('x').strict).toBe(true);
    const open = scopeRulesOf({ ...settings, unknownScopes: 'grant' } as unknown as Settings)('x');
    expect([open, 'known' in open]).toEqual([{ strict: false, required: [] }, false]);
  });

  it('gives all where nothing known is asked for, what is within of the rest, and refuses what is not', () => {
    expect(within(undefined, ['read', 'write'])).toEqual(['read', 'write']);
    expect(within('openid', ['read', 'write'])).toEqual(['read', 'write']);
    expect(within('write list', ['write'])).toEqual(['write']);
    expect(within('read', ['write'])).toEqual(['read']); // which is a part of it
    expect(within(undefined, ['read', 'offline_access'])).toEqual(['read']);
    expect(() => within('list', ['write'])).toThrow(expect.objectContaining({ code: 'invalid_scope' }));
  });
});

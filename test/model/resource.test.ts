import { describe, expect, it } from 'vitest';
import { canonicalResource, covers, findResource, type Resource } from '../../src/model/resource.ts';

const resource = (uri: string): Resource => ({ uri, path: new URL(uri).pathname, metadataPath: '', scopes: [] });
const [mcp, other] = [resource('https://mcp.example/mcp'), resource('https://mcp.example/mcp2')];

describe('model/resource', () => {
  it.each([
    ['https://mcp.example', 'https://mcp.example'], ['https://mcp.example/', 'https://mcp.example'], ['HTTPS://MCP.Example/MCP', 'https://mcp.example/MCP'],
    ['https://mcp.example/mcp/', 'https://mcp.example/mcp/'], ['https://mcp.example:8443/mcp?x=Y', 'https://mcp.example:8443/mcp?x=Y'],
  ])('SEC-115 writes %s as %s (S-072)', (text, canonical) => {
    expect(canonicalResource(text)).toBe(canonical);
  }); // prettier-ignore

  it.each([
    '',
    'mcp',
    '/mcp',
    '//mcp.example',
    'https://',
    'https://mcp.example/#x',
    'https://mcp.example/mcp#',
    'https://u@mcp.example/',
    'ftp://mcp.example',
    'https://mcp.example/a b',
    'https:\\\\mcp.example',
    'https://mcp.example\\x',
    'https://mcp.example:x/',
  ])('SEC-111 finds no resource in %j', (text) => {
    expect(canonicalResource(text)).toBeNull();
  });

  it('SEC-111 SEC-113 finds the one that is meant, or refuses (S-070, S-073)', () => {
    expect(findResource(['HTTPS://mcp.example/mcp'], [mcp, other])).toBe(mcp);
    expect(findResource([], [mcp])).toBe(mcp);
    for (const [asked, known] of [
      [[], [mcp, other]],
      [
        [mcp.uri, other.uri],
        [mcp, other],
      ],
      [[mcp.uri, mcp.uri], [mcp]],
      [['https://mcp.example/mc'], [mcp]],
      [['x'], [mcp]],
      [[''], [mcp]],
      [[], []],
    ] as const)
      expect(() => findResource(asked, known)).toThrow(expect.objectContaining({ code: 'invalid_target' }));
  });

  it('SEC-112 covers a path and what lies below it, on whole segments', () => {
    expect(['/mcp', '/mcp/', '/mcp/x'].map((path) => covers('/mcp', path))).toEqual([true, true, true]);
    expect(['/mcp2', '/mc', '/MCP', '/', '/mcp-v2', '/x/mcp'].map((path) => covers('/mcp', path))).toEqual([
      false,
      false,
      false,
      false,
      false,
      false,
    ]);
    expect([covers('/', '/'), covers('/', '/x')]).toEqual([true, false]);
  });
});

import { describe, expect, it } from 'vitest';
import { areOrigins, checkOrigin } from '../../src/guard/answers.ts';

const at = (url: string, origin?: string): Request => new Request(url, origin === undefined ? {} : { headers: { origin } });
const status = (url: string, origin: string, allowed?: readonly string[], own?: string): number | undefined =>
  checkOrigin(at(url, origin), allowed, own)?.status;

describe('guard/answers, origin', () => {
  it('lets pass what comes from no page, and from our own', () => {
    expect(checkOrigin(at('https://mcp.example/mcp'))).toBeNull();
    expect(status('https://mcp.example/mcp', 'https://mcp.example')).toBeUndefined();
  });

  it.each([
    'https://evil.example',
    'http://mcp.example',
    'https://mcp.example:8443',
    'https://mcp.example.evil.example',
    'http://localhost',
    'null',
    '',
    'x',
  ])('refuses the origin %j at a public server (SEC-196)', (origin) => {
    expect(status('https://mcp.example/mcp', origin)).toBe(403);
  });

  it.each(['http://localhost:6274', 'http://127.0.0.1:3000', 'http://[::1]:3000', 'https://app.localhost'])(
    'lets the loopback origin %j reach a server on loopback',
    (origin) => {
      for (const home of ['http://localhost:8787/mcp', 'http://127.0.0.1:8787/mcp', 'http://[::1]:8787/mcp']) {
        expect(status(home, origin)).toBeUndefined();
      }
    },
  );

  it.each([
    'https://evil.example',
    'http://localhost.evil.example',
    'http://127.0.0.1.evil.example',
    'null',
    'file://',
    'chrome-extension://abc',
    'chrome-extension://localhost',
    'http://xlocalhost',
    'xhttp://localhost',
    'http://127.0.0.2',
  ])('refuses the origin %j at a server on loopback (SEC-196)', (origin) => {
    expect(status('http://localhost:8787/mcp', origin)).toBe(403);
  });

  it('lets pass what is allowed by name, letter by letter, or all with "*"', () => {
    expect(status('https://mcp.example/mcp', 'https://app.example', ['https://app.example'])).toBeUndefined();
    expect(status('https://mcp.example/mcp', 'vscode-webview://abc', ['vscode-webview://abc'])).toBeUndefined();
    expect(status('https://mcp.example/mcp', 'https://app.example.evil', ['https://app.example'])).toBe(403);
    expect(status('https://mcp.example/mcp', 'https://evil.example', ['*'])).toBeUndefined();
  });

  it('takes a list of whole origins, and no other text', () => {
    expect(areOrigins(['https://app.example', 'tauri://localhost', 'null', '*'])).toBe(true);
    for (const wrong of ['https://app.example', ['https://app.example/'], ['x:https://app.example'], ['app.example']])
      expect([wrong, areOrigins(wrong)]).toEqual([wrong, false]);
  });

  it('goes by the configured address where one is given: a rebound Host header makes no home (SEC-196)', () => {
    expect(status('http://evil.example:8787/mcp', 'http://evil.example:8787', [], 'http://localhost:8787')).toBe(403);
    expect(status('http://10.0.0.7/mcp', 'https://mcp.example', [], 'https://mcp.example/mcp')).toBeUndefined();
  });

  it('answers in JSON-RPC without naming allowed origins', async () => {
    const response = checkOrigin(at('https://mcp.example/mcp', 'https://evil.example'), ['https://app.example']);
    expect(response?.headers.get('cache-control')).toBe('no-store');
    expect(await response?.json()).toEqual({
      jsonrpc: '2.0',
      id: null,
      error: { code: -32000, message: 'This origin may not call this server.' },
    });
  });
});

import { describe, expect, it } from 'vitest';
import { isDocumentUrl, isSameServer } from '../../src/lib/document-url.ts';

const URL_OK = 'https://client.example/app.json';

describe('lib/document-url: which texts may name a document', () => {
  it.each([URL_OK, 'https://client.example:8443/a', 'https://client.example/a?v=1', 'https://xn--bcher-kva.example/.well-known/x', 'https://client.example/a%2Fb/'])(
    'takes %s (S-081)',
    (url) => expect([isDocumentUrl(url, false), isDocumentUrl(url, true)]).toEqual([true, true]),
  ); // prettier-ignore

  it.each([
    'http://client.example/app.json', 'https://client.example', 'https://client.example/', 'https://client.example/a#', 'https://client.example/a#f',
    'https://u@client.example/a', 'https://u:p@client.example/a', 'https://@client.example/a', 'https://client.example/./a', 'https://client.example/a/../b',
    'https://client.example/a/%2e%2e/b', 'https://client.example/%2E/b', 'https://client.example/.%2e/b', 'https://client.example/\ta', 'https://client.example/a\r\nb',
    'https://client.example/a b', ' https://client.example/a', 'https://client.example/a ', 'HTTPS://client.example/a', 'https://Client.example/a', 'https://client.example:443/a',
    'https:client.example/a', 'https:///client.example/a', 'https://client.example\\a', 'https:\\\\client.example\\a', 'https://bücher.example/a', 'https://client.example/ü',
    'https://0x7f.1/a', 'https://127.1/a', 'https://2130706433/a', 'https://[::ffff:127.0.0.1]/a', 'https://client.example./a', 'ftp://client.example/a', 'javascript:alert(1)', 'x',
    `https://client.example/${'a'.repeat(2048)}`,
  ])('SEC-086 refuses %j (S-081)', (url) => {
    expect([isDocumentUrl(url, false), isDocumentUrl(url, true)]).toEqual([false, false]);
  }); // prettier-ignore

  it('takes plain http on this very computer in development only (S-088)', () => {
    for (const url of ['http://localhost:1/a', 'http://127.0.0.1:8080/a', 'http://[::1]/a'])
      expect([isDocumentUrl(url, true), isDocumentUrl(url, false)]).toEqual([true, false]);
    for (const url of ['http://localhost/', 'http://localhost.evil.example/a', 'http://127.0.0.2/a', 'http://u@localhost/a'])
      expect(isDocumentUrl(url, true)).toBe(false);
  });

  it('SEC-103 knows our own server, whatever the port; on loopback the port tells servers apart', () => {
    const same = (a: string, b: string): boolean => isSameServer(new URL(a), new URL(b));
    expect(same('https://mcp.example/a', 'https://mcp.example:8443')).toBe(true);
    expect(same('https://mcp.example.evil/a', 'https://mcp.example')).toBe(false);
    expect(same('http://localhost:1/a', 'http://127.0.0.1:1')).toBe(true);
    expect(same('http://localhost:1/a', 'http://localhost:2')).toBe(false);
  });
});

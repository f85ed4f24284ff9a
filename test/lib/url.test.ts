import { describe, expect, it } from 'vitest';
import { isDocumentUrl, isLoopbackHost, isSameServer, isSpecialHost, parseLoopback, parseUrl } from '../../src/lib/url.ts';

describe('lib/url', () => {
  it('takes a loopback URL apart, with the slash of an empty path', () => {
    expect(parseLoopback('http://localhost:3334/cb?x=1')).toEqual({ host: 'localhost', port: '3334', rest: '/cb?x=1' });
    expect(parseLoopback('http://[::1]')).toEqual({ host: '[::1]', port: '', rest: '/' });
    expect(parseLoopback('http://localhost?x=1')?.rest).toBe('/?x=1');
  });

  it.each([
    'https://localhost/',
    'http://LOCALHOST/',
    'http://localhost./',
    'http://127.1/',
    'http://0x7f.1/',
    'http://2130706433/',
    'http://[::ffff:127.0.0.1]/',
    'http://localhost.evil/',
    'http://localhost@evil/',
    'http://localhost:1:2/',
    'http://localhost#x',
    'http://localhost\\x',
    'http://127.0.0.2/',
  ])('SEC-010 takes %s for no loopback', (text) => {
    expect(parseLoopback(text)).toBeNull();
  });

  it('knows loopback hosts, and gives null for what is no URL', () => {
    expect(['localhost', '127.0.0.1', '[::1]', 'localhost.evil', '::1', ''].map(isLoopbackHost)).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
    expect([parseUrl('x'), parseUrl('https://a')?.host]).toEqual([null, 'a']);
  });
});

const URL_OK = 'https://client.example/app.json';

describe('lib/url: which texts may name a document', () => {
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

const hostOf = (text: string): string => new URL(`https://${text}/`).hostname;

describe('lib/url: special hosts', () => {
  it.each([
    '127.0.0.1', '127.255.1.2', '0.0.0.0', '10.1.2.3', '100.64.0.1', '169.254.169.254', '172.16.0.1', '172.31.255.255', '192.0.0.8', '192.0.2.1',
    '192.88.99.1', '192.168.1.1', '198.18.0.1', '198.19.255.255', '198.51.100.7', '203.0.113.9', '224.0.0.1', '255.255.255.255',
    '[::1]', '[::]', '[::ffff:127.0.0.1]', '[::ffff:8.8.8.8]', '[64:ff9b::7f00:1]', '[fc00::1]', '[fd12::1]', '[fe80::1]', '[ff02::1]', '[2001:db8::1]',
    '[2001::1]', '[2001:1ff::1]', '[2002:7f00:1::]', '[3fff::1]', '[3fff:fff::1]', 'localhost', 'a.localhost',
  ])('refuses %s by its text (F-46, SEC-088)', (text) => {
    expect(isSpecialHost(hostOf(text))).toBe(true);
    expect([isDocumentUrl(`https://${hostOf(text)}/a`, false), isDocumentUrl(`https://${hostOf(text)}/a`, true)]).toEqual([false, false]);
  }); // prettier-ignore

  it.each(['8.8.8.8', '1.1.1.1', '100.63.255.255', '172.32.0.1', '192.0.1.1', '198.20.0.1', '223.255.255.255', '[2606:4700::1111]', '[2001:4860:4860::8888]', '[2a00::1]', 'client.example', 'localhost.example'])(
    'takes %s',
    (text) => expect([isSpecialHost(hostOf(text)), isDocumentUrl(`https://${hostOf(text)}/a`, false)]).toEqual([false, true]),
  ); // prettier-ignore
});

import { describe, expect, it } from 'vitest';
import { agentOf, coarseNetwork, isLoopbackNetwork, json, mediaType, networkOf, quoted, readBody } from '../../src/lib/http.ts';

const post = (body: BodyInit, headers: Record<string, string> = {}): Request =>
  new Request('https://x.example', { method: 'POST', body, headers });

describe('lib/http', () => {
  it('reads a body up to its limit, to the byte', async () => {
    expect(await readBody(post('ünï'), 5)).toEqual({ text: 'ünï' });
    expect(await readBody(post('ünïc'), 5)).toEqual({ problem: 'too-large' });
    expect(await readBody(new Request('https://x.example', { method: 'POST' }), 5)).toEqual({ text: '' });
    expect(await readBody(post('x', { 'content-length': '6' }), 5)).toEqual({ problem: 'too-large' });
  });

  it('reads UTF-8 alone, and leaves a byte order mark where it is', async () => {
    expect(await readBody(post(new Uint8Array([0xff])), 5)).toEqual({ problem: 'malformed' });
    expect(await readBody(post('\ufeffx'), 5)).toEqual({ text: '\ufeffx' });
  });

  it('tells a compressed body from one that is not UTF-8', async () => {
    const gzip = new Uint8Array([0x1f, 0x8b, 8]);
    for (const name of ['gzip', 'GZIP', 'identity, br', 'zstd'])
      expect(await readBody(post(gzip, { 'content-encoding': name }), 5)).toEqual({ problem: 'encoded' });
    expect(await readBody(post(gzip), 5)).toEqual({ problem: 'malformed' });
    expect(await readBody(post('x', { 'content-encoding': 'utf-8' }), 5)).toEqual({ text: 'x' }); // some clients name the charset here
  });

  it('names a media type without its parameters, and two for neither (SEC-168)', () => {
    expect(mediaType(post('x', { 'content-type': 'Application/JSON ; charset=utf-8' }))).toBe('application/json');
    expect(mediaType(post('x', { 'content-type': 'application/json, text/plain' }))).toBe('application/json, text/plain');
    expect(mediaType(post(new Uint8Array(1)))).toBe('');
  });

  it('lets no cache keep JSON, and no sign split a header (SEC-166)', () => {
    expect(json({}).headers.get('cache-control')).toBe('no-store');
    expect(quoted('a"b\\c\r\nd\te\u00e9\0 f')).toBe('"abcde f"');
  });
});

describe('lib/http, network', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'], ['::ffff:192.0.2.7', '192.0.2.7'], ['::FFFF:192.0.2.7', '192.0.2.7'], ['::ffff:c000:207', '192.0.2.7'], ['0:0:0:0:0:ffff:c000:0207', '192.0.2.7'],
    ['2001:db8::1', '2001:db8:0:0::/64'], ['2001:DB8:0:0:ffff::1', '2001:db8:0:0::/64'], ['2001:0db8:0000:0000:1:2:3:4', '2001:db8:0:0::/64'], ['2001:db8:0:1::1', '2001:db8:0:1::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'], ['::1', '0:0:0:0::/64'], [' 192.0.2.7 ', '192.0.2.7'],
  ])('SEC-154 puts %s into the network %s', (address, network) => {
    expect(networkOf(address)).toBe(network);
  }); // prettier-ignore

  it.each([
    ['127.0.0.1', true], ['127.9.8.7', true], ['::1', true], ['::ffff:127.0.0.1', true],
    ['128.0.0.1', false], ['10.127.0.1', false], ['0:0:1::1', false], ['2001:db8::1', false], ['x', false],
  ])('knows whether %s is this computer: %j', (address, expected) => {
    const network = networkOf(address);
    expect([isLoopbackNetwork(network), isLoopbackNetwork(coarseNetwork(network))]).toEqual([expected, expected]);
  }); // prettier-ignore

  it.each([undefined, '', 'x', '10.0.0.1, 192.0.2.7', 'http://x', '[::1]', '::1::2', '192.0.2', '../x', 'a'.repeat(10_000)])(
    'knows no network in %j',
    (address) => {
      expect(networkOf(address)).toBe('unknown');
    },
  );
});

const MOZILLA = 'Mozilla/5.0';
const KIT = 'AppleWebKit/537.36 (KHTML, like Gecko)';

describe('lib/http, network', () => {
  it.each([
    [`${MOZILLA} (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0`, 'Firefox', 'Linux'],
    [`${MOZILLA} (Windows NT 10.0; Win64; x64) ${KIT} Chrome/140.0.0.0 Safari/537.36`, 'Chrome', 'Windows'],
    [`${MOZILLA} (Windows NT 10.0; Win64; x64) ${KIT} Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0`, 'Edge', 'Windows'],
    [`${MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15`, 'Safari', 'macOS'],
    [`${MOZILLA} (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0 Mobile/15E148 Safari/604.1`, 'Chrome', 'iPhone'],
    [`${MOZILLA} (Linux; Android 15; SM-S921B) ${KIT} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36`, 'Samsung Internet', 'Android'],
  ])('knows %s', (header, browser, system) => {
    expect(agentOf(header)).toEqual({ browser, system });
  }); // prettier-ignore

  it('says nothing of what it does not know, and keeps nothing of what was sent', () => {
    for (const header of [null, '', 'curl/8.0', '<script>alert(1)</script>', 'x'.repeat(100_000)]) expect(agentOf(header)).toEqual({});
  });
});

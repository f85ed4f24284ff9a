import { describe, expect, it } from 'vitest';
import { isLoopbackHost, parseLoopback, parseUrl } from '../../src/lib/url.ts';

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

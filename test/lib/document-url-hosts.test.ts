import { describe, expect, it } from 'vitest';
import { isDocumentUrl, isSpecialHost } from '../../src/lib/document-url.ts';

const hostOf = (text: string): string => new URL(`https://${text}/`).hostname;

describe('lib/document-url: special hosts', () => {
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

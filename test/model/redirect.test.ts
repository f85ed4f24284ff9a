import { describe, expect, it } from 'vitest';
import { answerTo, checkRedirectUri, findRedirect, type Redirecting, type ValidRedirect } from '../../src/model/redirect.ts';

const native = (...redirectUris: string[]): Redirecting => ({ redirectUris, applicationType: 'native' });
const web = (...redirectUris: string[]): Redirecting => ({ redirectUris, applicationType: 'web' });
const found = (client: Redirecting, uri?: string): string | null => {
  try {
    return findRedirect(client, uri);
  } catch {
    return null;
  }
};

describe('model/redirect', () => {
  it.each([
    ['https://app.example/cb', 'https'], ['https://app.example', 'https'], ['https://app.example:8443/cb?x=1', 'https'], ['https://xn--80ak6aa92e.com/cb', 'https'],
    ['http://localhost:3334/cb', 'loopback'], ['http://localhost/cb', 'loopback'], ['http://127.0.0.1:1/cb', 'loopback'], ['http://[::1]:65535/cb', 'loopback'],
    ['http://localhost', 'loopback'], ['com.app:/cb', 'private-use'], ['cursor://anysphere.cursor-mcp/cb', 'private-use'],
  ])('tells what kind of URI %j is (S-021)', (uri, kind) => {
    expect(checkRedirectUri(uri)).toBe(kind);
  }); // prettier-ignore

  it.each([
    'http://localhost:99999/cb',
    'https:///cb',
    'https:app.example/cb',
    'HTTPS://app.example/cb',
    'https://',
    'https://?x',
    'Cursor://x/y',
    '//app.example/cb',
    'urn',
    'mailto:x@y',
    'wss://app.example',
  ])('SEC-007 SEC-008 refuses %j', (uri) => {
    expect(() => checkRedirectUri(uri)).toThrow(expect.objectContaining({ code: 'invalid_redirect_uri' }));
  });

  it('lets the port of a loopback URI differ for a native client, and nothing else (S-041)', () => {
    const client = native('http://127.0.0.1:3334/cb?x=1', 'https://app.example/cb');
    expect(found(client, 'http://127.0.0.1:49152/cb?x=1')).not.toBeNull();
    for (const uri of [
      'http://127.0.0.1:49152/cb',
      'http://127.0.0.1:49152/cb?x=2',
      'http://localhost:3334/cb?x=1',
      'https://app.example:1/cb',
      'http://127.0.0.1:3334/CB?x=1',
    ])
      expect([uri, found(client, uri)]).toEqual([uri, null]);
  });

  it('SEC-011 gives a web client neither another port nor loopback at all', () => {
    expect(found(web('http://localhost:3334/cb'), 'http://localhost:1/cb')).toBeNull();
    expect(found(web('http://localhost:3334/cb'), 'http://localhost:3334/cb')).toBeNull();
  });

  it('SEC-015 needs a redirect URI where several are registered, or none (S-045)', () => {
    expect(found(native('https://app.example/cb'))).toBe('https://app.example/cb');
    expect([found(native('https://app.example/1', 'https://app.example/2')), found(native())]).toEqual([null, null]);
  });

  it('SEC-017 SEC-166 adds parameters to a query that is there, each encoded', () => {
    const to = (uri: string): string => answerTo(uri as ValidRedirect, { code: 'a b&c', state: 'x\r\ny', iss: undefined });
    expect(to('https://app.example/cb')).toBe('https://app.example/cb?code=a%20b%26c&state=x%0D%0Ay');
    expect(to('https://app.example/cb?')).toBe('https://app.example/cb?code=a%20b%26c&state=x%0D%0Ay');
    expect(to('https://app.example/cb?x=%20&y')).toBe('https://app.example/cb?x=%20&y&code=a%20b%26c&state=x%0D%0Ay');
    expect(to('https://app.example/cb?x=1&')).toBe('https://app.example/cb?x=1&code=a%20b%26c&state=x%0D%0Ay');
  });
});

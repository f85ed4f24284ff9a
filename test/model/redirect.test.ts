import { describe, expect, it } from 'vitest';
import {
  answerTo,
  checkRedirectUri,
  findRedirect,
  isForbiddenScheme,
  isUsableScheme,
  KNOWN_SCHEMES,
  type RedirectClient,
  redirectLabel,
  type ValidRedirect,
} from '../../src/model/redirect.ts';

const native = (...redirectUris: string[]): RedirectClient => ({ redirectUris, applicationType: 'native' });
const web = (...redirectUris: string[]): RedirectClient => ({ redirectUris, applicationType: 'web' });
const found = (client: RedirectClient, uri?: string): string | null => {
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

  it.each([
    ['redirect_malformed', ['', 'https://app.example/a b', ' https://app.example', 'https://app.example/é', 'http://localhost:99999/cb', `https://app.example/${'x'.repeat(2029)}`]],
    ['redirect_scheme', ['javascript:alert(1)', 'JavaScript://x', 'data:x', 'vbscript:x', 'file:///x', 'blob:x', 'about:blank', 'filesystem:x', 'view-source:x', 'ws://x', 'ftp://x']],
    ['redirect_fragment', ['https://app.example/cb#x', 'https://app.example/cb#']],
    ['redirect_userinfo', ['https://user@app.example/cb', 'https://:secret@app.example/cb', 'https://@app.example/cb', 'HTTPS://:@app.example/cb', 'https:user@app.example', 'vscode-insiders://user@host/cb', 'vscode-insiders://:secret@host/cb']],
    ['redirect_reserved_parameter', ['code', 'state', 'iss', 'error', 'error_description'].map((name) => `https://app.example/cb?x=1&${name}=1`)],
    ['redirect_insecure', ['http://app.example/cb', 'HTTP://localhost/cb', 'https:app.example/cb', 'Cursor://x']],
  ])('says %s of each such redirect URI (SEC-007, SEC-008)', (reason, uris) => {
    for (const uri of uris) expect(() => checkRedirectUri(uri), uri).toThrow(expect.objectContaining({ code: 'invalid_redirect_uri', reason }));
  }); // prettier-ignore

  it('accepts a redirect URI of 2048 characters, with an at sign or a reserved word in a harmless place (SEC-008)', () => {
    for (const uri of [
      `https://app.example/${'x'.repeat(2028)}`,
      'https://app.example/@me',
      'https://app.example?user=a@b',
      'https://app.example/?codes=1',
    ])
      expect(checkRedirectUri(uri)).toBe('https');
    expect(checkRedirectUri('https://app.example/cb?next=https://a@b')).toBe('https');
    for (const uri of ['app.javascript:/cb', 'com.app:/cb?next=https://app.example', 'com.app:/cb?next=http:x'])
      expect(checkRedirectUri(uri)).toBe('private-use');
  });

  it.each([
    ['redirect_missing', native('https://app.example/1', 'https://app.example/2'), undefined],
    ['redirect_unregistered', native('https://app.example/1'), 'https://app.example/2'],
    ['redirect_unregistered', native('app.example:/cb'), 'http://localhost/cb'],
    ['redirect_unregistered', native('http://localhost/cb'), 'app.example:/cb'],
    ['redirect_unregistered', web('http://localhost:1/cb'), 'http://localhost:2/cb'],
    ['redirect_unusable', web('http://localhost:1/cb'), 'http://localhost:1/cb'],
    ['redirect_unusable', native('javascript:x'), 'javascript:x'],
    ['redirect_unusable', native('unknown://x'), 'unknown://x'],
  ])('says %s to listeners (SEC-011, SEC-015)', (reason, client, uri) => {
    expect(() => findRedirect(client, uri)).toThrow(expect.objectContaining({ code: 'invalid_request', reason }));
  });

  it.each([
    ['http://127.0.0.1:33418', 'http://127.0.0.1:33418/'], ['http://localhost/', 'http://localhost:5000'], ['http://[::1]?x=1', 'http://[::1]:1/?x=1'],
  ])('takes %s and %s for one, since an empty path is "/" (R-07)', (registered, requested) => {
    expect([found(native(registered), requested), found(native(requested), registered)]).toEqual([requested, registered]);
  }); // prettier-ignore

  it.each([
    ['http://localhost/cb', 'http://localhost/cb/'], ['http://localhost', 'http://localhost//'], ['http://localhost', 'http://127.0.0.1/'],
    ['https://app.example', 'https://app.example/'], ['cursor://a', 'cursor://a/'],
  ])('takes no other slash of a redirect URI for none: %s, %s (SEC-010)', (registered, requested) => {
    expect([found(native(registered), requested), found(native(requested), registered)]).toEqual([null, null]);
  }); // prettier-ignore

  it('uses the private-use schemes that are known or a domain turned round, and none of the web or of scripts (RFC 8252 §7.1)', () => {
    expect(KNOWN_SCHEMES).toContain('cursor');
    for (const scheme of KNOWN_SCHEMES)
      expect([scheme, found(native(`${scheme}://cb`), `${scheme}://cb`)]).toEqual([scheme, `${scheme}://cb`]);
    const judged = ['com.example.app', 'a-1.b-2', 'com', 'com.', '.com', '1com.example', 'x:com.example', 'com.example_x'];
    expect(judged.map((scheme) => isUsableScheme(`${scheme}:/cb`, ['zed']))).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
      false,
      false,
    ]);
    expect([isUsableScheme('zed:/x', ['zed']), isUsableScheme('zed:/x', []), isUsableScheme('com.example:/x', [])]).toEqual([
      true,
      false,
      false,
    ]);
    const never = ['http', 'https', 'javascript', 'JAVASCRIPT', 'data', 'mailto', 'ws', 'wss', 'ftp'];
    expect([never.every(isForbiddenScheme), ['httpx', 'xhttps', 'httpss', 'xjavascript', 'zed', 'htt'].some(isForbiddenScheme)]).toEqual([
      true,
      false,
    ]);
  });

  it('shows where an answer goes: the host, or the scheme of a program', () => {
    expect(['https://app.example:8443/cb', 'http://localhost:1/cb', 'com.app:/cb', 'cursor://host/cb', 'myhttps://host/cb'].map(redirectLabel)).toEqual([
      'app.example:8443', 'localhost:1', 'com.app:', 'cursor://host', 'myhttps://host',
    ]);
  }); // prettier-ignore

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
    expect(found(web('https://app.example/cb'), 'https://app.example/cb')).not.toBeNull();
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
    expect(to('https://app.example/cb?x=1?')).toBe('https://app.example/cb?x=1?&code=a%20b%26c&state=x%0D%0Ay');
  });
});

/** The spellings of one resource: as it came, as parsed, and the plainest. */
import { describe, expect, it } from 'vitest';
import { fold, foldedSpellingsOf, spellingsOf } from '../../../src/mcp/policy/resource-uri.ts';

describe('mcp/policy/resource-uri (SEC-181)', () => {
  it('compares a URI as received and as the SDK parses it', () => {
    expect(spellingsOf('files://a/b')).toEqual(['files://a/b']);
    expect(spellingsOf('HTTPS://A.example')).toEqual(['HTTPS://A.example', 'https://a.example/']);
    expect(spellingsOf('no url')).toEqual(['no url']);
  });

  it.each([
    ['FILES://Secret/1', 'files://secret/1'],
    ['files:/secret/1', 'files://secret/1'],
    ['files:\\\\secret\\1', 'files://secret/1'],
    ['files:///secret/1', 'files://secret/1'],
    ['a+b.c-1://x/y', 'a+b.c-1://x/y'],
    ['1a://x', '://1a:/x'],
    ['urn:isbn:1', 'urn://isbn:1'],
    ['files://me@Host/Path', 'files://host/Path'],
    ['files://a:b@c@host/x@y', 'files://host/x@y'],
    ['files://{user}@host/x', 'files://{user}@host/x'],
    ['files://a/./b//c/', 'files://a/b/c'],
    ['files://a/b/../c', 'files://a/c'],
    ['files://a/../../b', 'files://b'],
    ['files://a/%2e%2E/b', 'files://b'],
    ['files://a%2Fb', 'files://a/b'],
    ['files://%41/%62', 'files://a/b'],
    ['files://a/%25%36%31', 'files://a/a'],
    ['files://a/%2525252561', 'files://a/%2561'],
    ['files://a/%C3%A4', 'files://a/ä'],
    ['files://a/%E4x%41', 'files://a/%E4xA'],
    ['files://a/%7bid%7D', 'files://a/%7Bid%7D'],
    ['files://a/%zz', 'files://a/%zz'],
    ['', '://'],
  ])('folds %j into %j', (uri, folded) => {
    expect(fold(uri)).toBe(folded);
  });

  it('folds with query and fragment and without, each spelling once', () => {
    expect(foldedSpellingsOf('files://A/b')).toEqual(['files://a/b']);
    expect(foldedSpellingsOf('files://A/b?x=1')).toEqual(['files://a/b?x=1', 'files://a/b']);
    expect(foldedSpellingsOf('files://A/b#x\ny')).toContain('files://a/b');
    expect(foldedSpellingsOf('files://A/b?x#y')).toEqual(['files://a/b?x#y', 'files://a/b']);
  });
});

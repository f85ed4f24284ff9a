import { describe, expect, it } from 'vitest';
import { fold, foldedSpellingsOf, policy, spellingsOf } from '../../../src/mcp/policy/policy.ts';

const GATED = { permissions: ['admin'] };

describe('mcp/policy, resources', () => {
  it.each([
    ['Files://Secret/{id}', 'files://secret/1'],
    ['files://my%20docs/{id}', 'files://my docs/1'],
    ['files://my%20docs/{id}', 'FILES://m%79%20docs/1'],
    ['files://a/./b', 'files://a/b'],
    ['files://a/b', 'files://a//b/'],
    ['https://api.example/data/{id}', 'https://user@API.example:443/x/../data/1'],
  ])('SEC-181 compares the key %j with %j in the plainest spelling of both', (key, uri) => {
    const { needOf } = policy({ resources: { [key]: GATED } });
    expect(needOf('resource', uri)).toMatchObject(GATED);
    expect(needOf('resource', 'files://elsewhere/1')).toEqual({});
  });

  it('SEC-181 takes a folded spelling for more needs, never for fewer', () => {
    const { needOf } = policy({ resources: { 'files://open/{id}': { anonymous: true } }, strict: true });
    expect(needOf('resource', 'files://open/1')).toMatchObject({ anonymous: true });
    for (const uri of ['FILES://open/1', 'files://OPEN/1', 'files://open/%2e', 'files://x/../open/1', 'files://open//1']) expect(needOf('resource', uri)).toBeNull(); // prettier-ignore
  });

  it('keeps braces encoded, which would begin an expression, and what is not UTF-8', () => {
    expect(fold('files://a/%7Bid%7D/%ff/%41')).toBe('files://a/%7Bid%7D/%ff/A');
    expect(fold('no scheme')).toBe('://no scheme');
  });

  it('answers for a long URI in no time', () => {
    const { needOf } = policy({ resources: { 'files://{+a}/{+b}/{c}': GATED } });
    const began = performance.now();
    needOf('resource', `files://${'a/'.repeat(4000)}`);
    expect(performance.now() - began).toBeLessThan(30_000); // with the square of the length it is a quarter of a second, with the cube it would be minutes
  });
});

describe('mcp/policy/policy (SEC-181)', () => {
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

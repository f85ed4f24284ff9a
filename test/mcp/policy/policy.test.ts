import { describe, expect, it } from 'vitest';
import { policy } from '../../../src/mcp/policy/policy.ts';
import { fold } from '../../../src/mcp/policy/resource-uri.ts';

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

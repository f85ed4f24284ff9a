import { describe, expect, it } from 'vitest';
import { parseFields } from '../../src/lib/http.ts';
import { type Params, paramsOf } from '../../src/model/params.ts';

const params = (text: string): Params => paramsOf(parseFields(text)!);
const repeated = expect.objectContaining({ code: 'invalid_request', reason: expect.stringContaining('repeated') }) as unknown as Error;

describe('model/params', () => {
  it('SEC-172 treats an empty value as absent (S-025)', () => {
    expect([params('a=').optional('a'), params('').optional('a'), params('a').all('a')]).toEqual([undefined, undefined, []]);
    expect([params('').all('a'), params('a=1').required('a')]).toEqual([[], '1']);
    expect(() => params('a=').required('a')).toThrow(expect.objectContaining({ code: 'invalid_request', reason: 'missing_a' }));
  });

  it('SEC-169 rejects a repeated parameter, also if one value is empty (S-025)', () => {
    for (const text of ['a=1&a=2', 'a=1&a=1', 'a=&a=1', 'a=1&a', 'a=1&%61=2']) expect(() => params(text).optional('a')).toThrow(repeated);
    expect(() => params('b=1&b=2').once('a', 'b')).toThrow(repeated);
    expect(params('a=1&b=1&b=2').optional('a')).toBe('1');
  });

  it('gives every value of what may stand more than once', () => {
    expect(params('a=1&a=&a=2').all('a')).toEqual(['1', '2']);
  });

  it('says which parameter is missing and never what was sent', () => {
    try {
      params('code=s3cret&code=s3cret').required('code');
    } catch (error) {
      expect(JSON.stringify([(error as Error).message, (error as { reason: string }).reason])).not.toContain('s3cret');
    }
    expect.assertions(1);
  });
});

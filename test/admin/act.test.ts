/** The input of an act is read strictly: what is missing, of another type or not taken is an error that names it. */
import { describe, expect, it } from 'vitest';
import { inputOf, missing, wrong } from '../../src/admin/act.ts';

const TAKES = ['id', 'list', 'count', 'is'];
const input = (all: Record<string, unknown>) => inputOf({ takes: TAKES }, all);
const refusal = (read: () => unknown): unknown => {
  try {
    return ['read', read()];
  } catch (error) {
    const { code, reason, status, message } = error as { code: string; reason: string; status: number; message: string };
    expect([code, reason, status]).toEqual(['invalid_request', 'admin_input', 400]);
    return message;
  }
};

describe('admin/act: an input', () => {
  it('takes the members of its act alone, and says which', () => {
    expect(refusal(() => input({ id: 'a', all: true }))).toBe('This takes id, list, count, is, and no other member.');
    expect(refusal(() => inputOf({ takes: [] }, { id: 'a' }))).toBe('This takes nothing, and no other member.');
    expect(inputOf({ takes: [] }, {}).all).toEqual({});
    expect(input({ id: 'a' }).all).toEqual({ id: 'a' });
  });

  it('has a text that is not empty', () => {
    expect([input({ id: 'a' }).text('id'), input({ id: 'a' }).optional('id'), input({}).optional('id')]).toEqual(['a', 'a', undefined]);
    for (const id of ['', 7, true, ['a'], {}]) expect(refusal(() => input({ id }).optional('id'))).toBe('id must be a non-empty string.');
    for (const all of [{}, { id: null }, { id: undefined }]) expect(refusal(() => input(all).text('id'))).toBe('id is missing.');
    expect(refusal(() => input({}).text('toString'))).toBe('toString is missing.'); // no member of the object's prototype
  });

  it('has a list of texts', () => {
    expect([input({ list: ['a', ''] }).texts('list'), input({ list: [] }).optionalTexts('list'), input({ list: null }).optionalTexts('list')]).toEqual([['a', ''], [], undefined]);
    for (const list of ['a', 7, {}, [7], ['a', null]]) expect(refusal(() => input({ list }).texts('list'))).toBe('list must be a list of strings.');
    expect(refusal(() => input({}).texts('list'))).toBe('list is missing.');
  }); // prettier-ignore

  it('has a whole number, also as the text of a query', () => {
    for (const count of [7, '7', '000000000000007']) expect(input({ count }).number('count')).toBe(7);
    expect([input({ count: 0 }).number('count'), input({ count: -1 }).number('count'), input({}).optionalNumber('count')]).toEqual([0, -1, undefined]);
    for (const count of [1.5, '1.5', '-1', 'x7', '7x', '', '1234567890123456', Infinity, true, [7], {}])
      expect(refusal(() => input({ count }).number('count'))).toBe('count must be a whole number.');
    expect(refusal(() => input({}).number('count'))).toBe('count is missing.');
  }); // prettier-ignore

  it('has a flag that is off where it is left out', () => {
    expect([{}, { is: null }, { is: false }, { is: true }].map((all) => input(all).flag('is'))).toEqual([false, false, false, true]);
    for (const is of ['true', 1, 0, '']) expect(refusal(() => input({ is }).flag('is'))).toBe('is must be true or false.');
  });

  it('is refused in words, and what is not there is 404', () => {
    expect(wrong('No.')).toMatchObject({ code: 'invalid_request', reason: 'admin_input', message: 'No.', status: 400 });
    expect(missing('user')).toMatchObject({
      code: 'invalid_request',
      reason: 'admin_target_unknown',
      message: 'There is no such user.',
      status: 404,
    });
  });
});

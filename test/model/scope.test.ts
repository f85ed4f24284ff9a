import { describe, expect, it } from 'vitest';
import {
  requestedPart,
  isScopeToken,
  makeScopeExpansion,
  narrowScope,
  parseScope,
  requestedScope,
  rightsIn,
  separateScopes,
} from '../../src/model/scope.ts';

const invalid = expect.objectContaining({ code: 'invalid_scope' }) as unknown as Error;

describe('model/scope', () => {
  it('reads each token once, in order, exactly as written (RFC 6749 §3.3)', () => {
    expect(parseScope('write read  write READ')).toEqual(['write', 'read', 'READ']);
    expect([parseScope(undefined), parseScope(''), parseScope('   ')]).toEqual([[], [], []]);
  });

  it('SEC-173 refuses what is too long, too many, or no token', () => {
    const many = Array.from({ length: 300 }, (_, at) => `s${at}`).join(' ');
    for (const text of ['x'.repeat(50_000), many, 'a"b', 'a\\b', 'a\tb', 'a\nb', 'a\u0000', 'é', 'a\u00a0b'])
      expect(() => parseScope(text)).toThrow(invalid);
    expect(['read', 'files:read', 'https://x/y#z', '!', ''].map(isScopeToken)).toEqual([true, true, true, true, false]);
  });

  it('says precisely what is wrong with a scope, at the very bounds (SEC-173)', () => {
    const names = (count: number): string => Array.from({ length: count }, (_, at) => `s${at}`).join(' ');
    const refused = (text: string, reason: string): void => {
      expect(() => parseScope(text)).toThrow(expect.objectContaining({ code: 'invalid_scope', reason }));
    };
    expect([parseScope('x'.repeat(4096)).length, parseScope(names(256)).length]).toEqual([1, 256]);
    refused('x'.repeat(4097), 'scope_too_long');
    refused(names(257), 'scope_too_many');
    for (const text of ['a"b', '"ab', 'ab"', 'read a\\b', 'é']) refused(text, 'scope_malformed');
    expect(['"a', 'a"', 'a b', ' a'].map(isScopeToken)).toEqual([false, false, false, false]);
    for (const [asked, rules, reason] of [[['admin'], {}, 'scope_beyond_grant'], [['admin'], { known: ['read'], strict: true }, 'scope_unknown']] as const)
      expect(() => narrowScope(['read'], asked, ['read'], rules)).toThrow(expect.objectContaining({ code: 'invalid_scope', reason }));
  }); // prettier-ignore

  it('counts offline_access as no right, and carries on only what was asked', () => {
    expect(rightsIn(['read', 'offline_access'])).toEqual(['read']);
    expect(requestedPart({ scope: ['read'] })).toStrictEqual({ scope: ['read'] });
    expect(requestedPart({ scope: [], offline: true, defaulted: true })).toStrictEqual({ scope: [], offline: true, defaulted: true });
    expect(narrowScope(['read'], ['read', 'offline_access']), 'not granted, not given').toEqual(['read']);
    const cover = makeScopeExpansion([{ name: 'read' }]);
    const asked = ['read'];
    expect(cover(asked), 'without a hierarchy').toBe(asked);
  });

  it('asks for the defaults where none is named that is known, and drops what is unknown (S-034, R-13)', () => {
    const catalogue = { known: ['read', 'write'], defaults: ['read'] };
    expect(requestedScope([], catalogue)).toEqual(['read']);
    expect(requestedScope(['offline_access'], catalogue)).toEqual(['read']);
    expect(requestedScope(['write', 'openid'], catalogue)).toEqual(['write']);
    expect(requestedScope(['bread', 'writes', '*'], catalogue)).toEqual(['read']);
    expect(requestedScope(['anything'], { known: [], defaults: [] })).toEqual([]);
  });

  it('separates scopes that a client joined, without empty parts, and leaves a known one whole', () => {
    const asked = [',a,,b+', '%20c%20', 'd,e', ','];
    expect(separateScopes(asked, (scope) => scope === 'd,e')).toEqual(['a', 'b', 'c', 'd,e']);
    const strict = { known: ['read', 'write'], defaults: [], strict: true };
    expect(requestedScope(['read,write,'], strict), 'not refused for what is not there').toEqual(['read', 'write']);
  });

  it('SEC-049 narrows and never widens (S-059)', () => {
    expect([narrowScope(['read', 'write'], []), narrowScope(['read', 'write'], ['write'])]).toEqual([['read', 'write'], ['write']]);
    for (const asked of [['admin'], ['rea'], ['READ'], ['*']]) expect(() => narrowScope(['read', 'write'], asked)).toThrow(invalid);
  });

  it('SEC-049 narrows to scopes that a granted scope includes, never widens', () => {
    const cover = makeScopeExpansion([{ name: 'read' }, { name: 'write', includes: ['read'] }, { name: 'admin', includes: ['write'] }]);
    expect(cover(['admin'])).toEqual(['admin', 'write', 'read']);
    expect([cover(['write']), cover(['read']), cover([])]).toEqual([['write', 'read'], ['read'], []]);
    expect(narrowScope(['write'], ['read'], cover(['write']))).toEqual(['read']);
    expect(narrowScope(['write'], [], cover(['write']))).toEqual(['write']);
    expect(() => narrowScope(['read'], ['write'], cover(['read']))).toThrow(invalid);
  });

  it('ignores unknown scopes, gives the granted ones of the others, and keeps required ones (R-04, R-05)', () => {
    const rules = { known: ['read', 'write', 'admin'], required: ['read'] };
    const narrowed = (granted: string[], asked: string[], more = {}): readonly string[] => narrowScope(granted, asked, granted, { ...rules, ...more });
    expect(narrowed(['read', 'write'], ['openid', 'write', 'offline_access'])).toEqual(['read', 'write']);
    expect(narrowed(['read', 'write'], ['write', 'admin'])).toEqual(['read', 'write']);
    expect(narrowed(['read', 'write', 'offline_access'], ['write', 'offline_access'])).toEqual(['read', 'write', 'offline_access']);
    expect(narrowed(['read', 'write', 'offline_access'], ['write'])).toEqual(['read', 'write']);
    expect(narrowed(['write'], ['write']), 'a scope that was not granted is never added').toEqual(['write']);
    expect(narrowed(['read', 'retired'], ['retired']), 'what has left the catalogue is still what was granted').toEqual(['read', 'retired']);
    expect(narrowed(['read'], ['offline_access'])).toEqual(['read']);
    for (const asked of [['admin'], ['openid'], ['openid', 'admin']]) expect(() => narrowed(['read', 'write'], asked)).toThrow(invalid);
    expect(narrowed(['read'], ['openid'], { defaulted: true })).toEqual(['read']);
    expect(() => narrowed(['read'], ['admin'], { defaulted: true })).toThrow(invalid);
    expect(() => narrowed(['read', 'write'], ['write', 'openid'], { strict: true })).toThrow(invalid);
    expect(narrowed(['read', 'write'], ['write', 'offline_access'], { strict: true })).toEqual(['read', 'write']);
  }); // prettier-ignore

  it('refuses the whole request for an unknown scope where the server is strict', () => {
    const catalogue = { known: ['read', 'write'], defaults: ['read'], strict: true };
    expect(requestedScope(['write', 'offline_access'], catalogue)).toEqual(['write']);
    expect(() => requestedScope(['write', 'openid'], catalogue)).toThrow(invalid);
    expect(() => requestedScope(['openid'], { known: [], defaults: [], strict: true })).toThrow(invalid);
  });
});

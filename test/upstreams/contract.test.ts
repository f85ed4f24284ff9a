/** What is read of an answer, and how a site fails. */
import { describe, expect, it } from 'vitest';
import {
  bodyOf,
  checkProvider,
  identityOf,
  textOf,
  UpstreamError,
  type UpstreamCallback,
  withBoolean,
} from '../../src/upstreams/contract.ts';

describe('upstreams/contract', () => {
  it('takes texts and whole numbers for texts, and nothing else', () => {
    expect([textOf('a', 'x'), textOf(7, 'x'), textOf(0, 'x'), textOf(2 ** 53 - 1, 'x')]).toEqual(['a', '7', '0', '9007199254740991']);
    for (const value of ['', null, undefined, {}, [], true, 1.5, 2 ** 53])
      expect(() => textOf(value, 'id_missing')).toThrow(expect.objectContaining({ failure: 'broken', reason: 'id_missing' }));
  });

  it('reads the members of an object, and none of anything else', () => {
    expect(bodyOf({ a: 1 })).toEqual({ a: 1 });
    for (const value of [null, undefined, 'text', 7, [1]]) expect(bodyOf(value)).toEqual({});
  });

  it('identifies a user by issuer and subject, and the organization by its id', () => {
    const of = (claims: object): unknown => identityOf({ issuer: 'https://idp.example', claims } as UpstreamCallback);
    const known = { issuer: 'https://idp.example', subject: 'u' };
    expect(of({ sub: 'u', org_id: 'o' })).toEqual({ ...known, claims: { sub: 'u', org_id: 'o' }, organization: 'o' });
    for (const org_id of [undefined, '', 7]) expect(of({ sub: 'u', org_id })).toStrictEqual({ ...known, claims: { sub: 'u', org_id } });
    expect(() => of({})).toThrow(expect.objectContaining({ reason: 'sub_missing' }));
  });

  it('names an option that is needed and not there, or empty', () => {
    const options = { clientId: 'a', clientSecret: 'b' };
    for (const domain of [undefined, ''])
      expect(() => checkProvider('auth0', { ...options, domain } as never, 'audience:string domain:string!')).toThrow(
        new TypeError('auth0: `domain` is missing.'),
      );
    expect(() => checkProvider('auth0', { ...options, domain: 'd' } as never, 'audience:string domain:string!')).not.toThrow();
    expect(() => checkProvider('google', { ...options, '': 1 } as never, '')).toThrow('is not an option');
  });

  it('takes the texts `true` and `false` of email_verified for what they say, and no other value', () => {
    expect(withBoolean({ sub: 'u', email_verified: 'true' })).toEqual({ sub: 'u', email_verified: true });
    expect(withBoolean({ sub: 'u', email_verified: 'false' })).toEqual({ sub: 'u', email_verified: false });
    for (const email_verified of [true, false, '', 'TRUE', 'yes', 1, null, undefined]) expect(withBoolean({ sub: 'u', email_verified })).toEqual({ sub: 'u', email_verified });
  }); // prettier-ignore

  it('tells how a site failed, with a hint for the operator', () => {
    expect(new UpstreamError('broken', 'azp')).toMatchObject({ name: 'UpstreamError', message: 'broken: azp', failure: 'broken', reason: 'azp' });
    const error = new UpstreamError('unavailable', 'status_503', { hint: 'wait', retryAfter: 7, text: 'words' });
    expect(error).toMatchObject({ message: 'unavailable: status_503: wait', hint: 'wait', retryAfter: 7, text: 'words' });
  }); // prettier-ignore

  it('refuses options that are none, and says what to give', () => {
    const options = { clientId: 'a', clientSecret: 'b', scope: [], id: 'x', label: 'X', repairAnswer: (answer: object) => answer as never, fetch, timeout: 1 };
    expect(() => checkProvider('github', options, '')).not.toThrow();
    expect(() => checkProvider('github', { ...options, teams: [] } as never, 'organizations teams')).not.toThrow();
    expect(() => checkProvider('github', { ...options, team: [] } as never, 'organizations teams')).toThrow(/^github: `team` is not an option; did you mean `teams`/);
    expect(() => checkProvider('github', { clientid: 'a' } as never, '')).toThrow(/^github: `clientid` is not an option; did you mean `clientId`/);
    expect(() => checkProvider('github', undefined as never, '')).toThrow(/^github: give an object with `clientId`/);
  }); // prettier-ignore
});

import { describe, expect, it } from 'vitest';
import { end, findAccess, type Grant, type GrantAccess, isLive, lifeEndOf, whyNoAccess, whyOver } from '../../src/model/grant.ts';
import { openGrant, START } from '../support/grants.ts';

const access = (hash: string, expiresAt: number): GrantAccess => ({ hash, wrappedKey: 'w', scope: ['read'], expiresAt });
const { code } = openGrant();
const refresh = { hash: 'r', wrappedKey: 'w', familyHash: 'f', expiresAt: START + 3000 };

describe('model/grant', () => {
  it('finds a live access token, and none that is over, of an ended grant or of another hash', () => {
    const grant = openGrant({ access: [access('a', START + 10), access('b', START + 20)], expiresAt: START + 15 });
    expect(findAccess(grant, 'a', START + 9)).toEqual(access('a', START + 10));
    expect(findAccess(grant, 'a', START + 10)).toBeNull();
    expect(findAccess(grant, 'b', START + 14)).toEqual(access('b', START + 20));
    expect(findAccess(grant, 'b', START + 15)).toBeNull();
    expect(findAccess(grant, 'c', START)).toBeNull();
    expect(findAccess({ ...grant, ended: { at: START, reason: 'revoked' } }, 'a', START)).toBeNull();
  });

  it('says why a token is not among the live ones', () => {
    const grant = openGrant({ access: [access('a', START + 10), access('z', START + 5)], expiresAt: START + 15 });
    expect(whyNoAccess(grant, 'a', START + 10)).toBe('token_expired');
    expect(whyNoAccess(grant, 'b', START + 14)).toBe('token_unknown');
    expect(whyNoAccess(grant, 'b', START + 15)).toBe('grant_expired');
    expect(whyNoAccess(end(grant, 'refresh_reused', START), 'a', START)).toBe('grant_refresh_reused');
    expect(whyOver(grant, START + 14)).toBeNull();
  });

  it('expires after the last token that can still be presented', () => {
    const ends = (more: Partial<Grant>): number => lifeEndOf(openGrant({ code: null, ...more })) - START;
    expect(ends({})).toBe(-START);
    expect(ends({ code })).toBe(60);
    expect(ends({ code: code && { ...code, spent: true }, access: [access('a', START + 10)] })).toBe(10);
    expect(ends({ code, refresh })).toBe(3000);
    expect(ends({ refresh, access: [access('a', START + 10), access('b', START + 4000)] })).toBe(4000);
    expect(ends({ refresh, ended: { at: START + 5, reason: 'revoked' } })).toBe(86_405);
  });

  it('lives while something of it can be used, it has not ended and is not over', () => {
    const grant = openGrant({ code: null, refresh });
    expect([isLive(grant, START + 2999), isLive(grant, START + 3000)]).toEqual([true, false]);
    const short = { ...grant, expiresAt: START + 100 };
    expect([isLive(short, START + 99), isLive(short, START + 100)]).toEqual([true, false]);
    expect(isLive(end(grant, 'revoked', START), START)).toBe(false);
  });

  it('keeps no secret when it ends', () => {
    const upstreams = { sealed: 'secret', ids: ['a'] } as unknown as NonNullable<Grant['upstreams']>;
    const grant = openGrant({ refresh, access: [access('a', START + 10)], retired: [{ hash: 'h', sealedSuccessor: 's', until: START }] });
    const over = { code: null, refresh: null, retired: [], access: [], sealedProps: '', ended: { at: START + 1, reason: 'revoked' } };
    expect(end(grant, 'revoked', START + 1)).toEqual({ ...grant, ...over });
    expect(end({ ...grant, upstreams }, 'revoked', START + 1)).toEqual({ ...grant, ...over, upstreams: { ...upstreams, sealed: '' } });
  });
});

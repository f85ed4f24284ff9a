/** Each check and each result of the moves of a grant, at its bounds. */
import { describe, expect, it } from 'vitest';
import { type Grant, MAX_FAILURES, retiredOf } from '../../src/model/grant.ts';
import type { ScopeRules } from '../../src/model/scope.ts';
import { redeem, revoke, revokeAccess, rotate, type Verdict } from '../../src/model/grant-transitions.ts';
import { grantAfter, minted, openGrant, proofOf, reasonOf, redeemed, redemption, rotation, START } from '../support/grants.ts';

describe('model/transition, check by check', () => {
  it('names the code of the error and the reason of each refusal (SEC-030)', () => {
    const said = (verdict: Verdict<unknown>): readonly unknown[] => ('error' in verdict ? [verdict.error.code, verdict.error.reason] : []);
    const grant = redeemed();
    expect(said(redeem(redemption({ code: proofOf('x') }), minted(1))(openGrant()))).toEqual(['invalid_grant', 'code_unknown']);
    expect(said(redeem(redemption({ resource: 'https://x.example' }), minted(1))(openGrant()))).toEqual(['invalid_target', 'resource_beyond_grant']);
    expect(said(rotate(rotation('refresh-1', 2, START, { clientId: 'x' }), minted(2))(grant))).toEqual(['invalid_grant', 'refresh_of_another_client']);
    expect(said(rotate(rotation('refresh-1', 2, START, { resource: 'https://x.example' }), minted(2))(grant))).toEqual(['invalid_target', 'resource_beyond_grant']);
    expect(said(rotate(rotation('refresh-1', 2, START, { scope: ['admin'] }), minted(2))(grant))).toEqual(['invalid_scope', 'scope_beyond_grant']);
    expect(said(rotate(rotation('refresh-0', 2, START), minted(2))(grant))).toEqual(['invalid_grant', 'refresh_reused']);
    for (const resource of ['https://mcp.example/mcp', undefined]) {
      expect(said(redeem(redemption({ resource, redirectUri: 'https://app.example/cb' }), minted(1))(openGrant()))).toEqual([]);
      expect(said(rotate(rotation('refresh-1', 2, START, { resource }), minted(2))(grant))).toEqual([]);
    }
  }); // prettier-ignore

  it('tells listeners that the grant has ended, and from a grant that never had the thing', () => {
    const reason = 'user_signed_out';
    const spent = redeemed();
    const verdictsOf = (grant: Grant): readonly unknown[] => [
      reasonOf(redeem(redemption(), minted(1))(grant)),
      reasonOf(rotate(rotation('refresh-1', 2, START), minted(2))(grant)),
    ];
    const ended = { ...spent, ended: { at: START, reason } } as const;
    expect(verdictsOf(ended), 'whatever it still holds').toEqual([`grant_${reason}`, `grant_${reason}`]);
    expect(verdictsOf({ ...spent, code: null, refresh: null })).toEqual(['code_unknown', 'refresh_not_given']);
  });

  it('ends a refresh token at its very second, and with its grant', () => {
    const grant = redeemed();
    expect(reasonOf(rotate(rotation('refresh-1', 2, START + 2999), minted(2))(grant))).toBeNull();
    expect(reasonOf(rotate(rotation('refresh-1', 2, START + 3000), minted(2))(grant))).toBe('refresh_expired');
    const short = { ...grant, expiresAt: START + 50 };
    expect(reasonOf(rotate(rotation('refresh-1', 2, START + 49), minted(2))(short))).toBeNull();
    expect(reasonOf(rotate(rotation('refresh-1', 2, START + 50), minted(2))(short))).toBe('grant_expired');
    const last = grantAfter(rotate(rotation('refresh-1', 2, START + 49), minted(2))(short));
    expect([last.access.at(-1)?.expiresAt, last.refresh?.expiresAt]).toEqual([START + 50, START + 50]);
  });

  it('accepts a retired token up to the last second of its grace period, and then treats it as stolen', () => {
    const grant = grantAfter(rotate(rotation('refresh-1', 2, START), minted(2))(redeemed()));
    expect(rotate(rotation('refresh-1', 3, START + 119), minted(3))(grant)).toMatchObject({ result: { kind: 'repeated' } });
    expect(reasonOf(rotate(rotation('refresh-1', 3, START + 120), minted(3))(grant))).toBe('refresh_reused');
    const strict = redeemed();
    const next = grantAfter(
      rotate(rotation('refresh-1', 2, START), minted(2))({ ...strict, lifetimes: { ...strict.lifetimes, grace: 0 } }),
    );
    expect(next.retired).toEqual([]);
    const cleared = grantAfter(rotate(rotation('refresh-2', 3, START + 120), minted(3))(grant));
    expect(retiredOf(cleared).map(({ hash }) => hash)).toEqual(['refresh-2']);
    const second = grantAfter(rotate(rotation('refresh-2', 3, START + 60), minted(3))(grant));
    const third = grantAfter(rotate(rotation('refresh-3', 4, START + 150), minted(4))(second));
    expect(retiredOf(third).map(({ hash }) => hash)).toEqual(['refresh-2', 'refresh-3']);
  });

  it('counts wrong verifiers, and ends the grant with the fifth (SEC-024)', () => {
    let grant = openGrant();
    for (let failures = 1; failures < MAX_FAILURES; failures++) {
      const verdict = redeem(redemption({ challenge: 'x' }), minted(1))(grant);
      expect([reasonOf(verdict), verdict.grant?.code?.failures, verdict.grant?.ended]).toEqual(['verifier_wrong', failures, null]);
      expect(verdict).toMatchObject({ error: { code: 'invalid_grant' } });
      grant = grantAfter(verdict);
    }
    expect(reasonOf(redeem(redemption(), minted(1))(grant)), 'the right one still counts').toBeNull();
    const last = redeem(redemption({ challenge: 'x', now: START + 9 }), minted(1))(grant);
    expect(last).toMatchObject({ error: { code: 'invalid_grant', reason: 'code_guessed' }, grant: { ended: { reason: 'code_guessed', at: START + 9 }, code: null } });
  }); // prettier-ignore

  it('revokes one access token and leaves the rest (RFC 7009 §2.1)', () => {
    const grant = grantAfter(rotate(rotation('refresh-1', 2, START), minted(2))(redeemed()));
    const verdict = revokeAccess('access-1')(grant);
    expect(verdict).toEqual({ result: true, grant: { ...grant, access: [grant.access[1]] } });
    expect(revokeAccess('access-9')(grant)).toStrictEqual({ result: false });
    expect(revoke('revoked', START)(grant)).toMatchObject({ result: true, grant: { ended: { reason: 'revoked' } } });
  });

  it('says what was issued, forgets access tokens at their end, and ends none early', () => {
    const first = redeem(redemption(), minted(1))(openGrant());
    expect(first).toMatchObject({
      result: { kind: 'issued', access: { hash: 'access-1', scope: ['read', 'write'], expiresAt: START + 600 } },
    });
    const second = rotate(rotation('refresh-1', 2, START + 599), minted(2))(grantAfter(first));
    expect(second).toMatchObject({ result: { kind: 'issued', access: { hash: 'access-2' } } });
    expect(grantAfter(second).access.map(({ hash }) => hash)).toEqual(['access-1', 'access-2']);
    const third = rotate(rotation('refresh-1', 2, START + 600), minted(2))(grantAfter(first));
    expect(grantAfter(third).access.map(({ hash }) => hash)).toEqual(['access-2']);
  });

  it('binds tokens to the key that was proven: a refresh token only for a public client (RFC 9449 §5)', () => {
    const bound = grantAfter(redeem(redemption({ jkt: 'key' }), minted(1))(openGrant()));
    expect([bound.access[0]?.jkt, bound.refresh?.jkt, bound.code?.jkt]).toEqual(['key', 'key', 'key']);
    const confidential = grantAfter(redeem(redemption({ jkt: 'key' }), minted(1))(openGrant({ clientAuth: 'confidential' })));
    expect([confidential.access[0]?.jkt, confidential.refresh !== null && 'jkt' in confidential.refresh]).toEqual(['key', false]);
    const free = redeemed();
    for (const one of [free.access[0], free.refresh, free.code]) expect(one && 'jkt' in one).toBe(false);
    const open = openGrant();
    const wants = { ...open, code: { ...open.code!, jkt: 'key' } };
    expect(reasonOf(redeem(redemption({ jkt: 'key' }), minted(1))(wants)), 'the key that it was asked for with').toBeNull();
  });

  it('narrows by the rules of the resource, and repeats the default scopes only for a grant that got them (R-04)', () => {
    const rules = (uri: string): ScopeRules => (uri === 'https://mcp.example/mcp' ? { known: ['read', 'write'], required: ['read'] } : {});
    const scopeOf = (verdict: Verdict<unknown>): unknown => verdict.grant?.access.at(-1)?.scope;
    expect(scopeOf(redeem(redemption({ scope: ['write'], rules }), minted(1))(openGrant()))).toEqual(['read', 'write']);
    expect(reasonOf(redeem(redemption({ scope: ['openid'], rules }), minted(1))(openGrant()))).toBe('scope_beyond_grant');
    expect(scopeOf(redeem(redemption({ scope: ['openid'], rules }), minted(1))(openGrant({ defaulted: true })))).toEqual(['read', 'write']);
    const failing = redemption({ expandScopes: () => { throw new RangeError('a fault of ours'); } });
    expect(() => redeem(failing, minted(1))(openGrant()), 'no refusal').toThrow(RangeError);
  }); // prettier-ignore

  it('says so where a stored key is damaged, in place of giving a key that opens nothing', () => {
    const open = openGrant();
    expect(() => redeem(redemption(), minted(1))({ ...open, code: { ...open.code!, wrappedKey: '!' } })).toThrow(/not base64url/);
  });
});

import { describe, expect, it } from 'vitest';
import { attempted, type GrantAttempt } from '../../src/core/grant-attempt.ts';
import type { Grant } from '../../src/model/grant.ts';
import { noteUnanswered } from '../../src/grants/repeated-answer.ts';
import { redeem, revoke, rotate } from '../../src/model/grant-transitions.ts';
import { minted, openGrant, redeemed, redemption, rotation, START } from '../support/grants.ts';

const circumstances = { now: START, clientAuth: 'public', isConfigured: false, settled: ['password'], minted: minted(2) } as const;
const redeeming = (more: Partial<GrantAttempt> = {}): GrantAttempt =>
  ({ ...circumstances, kind: 'redeem', proof: redemption(), ...more }) as GrantAttempt;
const rotating = (token = 'refresh-1', more: Partial<GrantAttempt> = {}): GrantAttempt =>
  ({ ...circumstances, kind: 'rotate', proof: rotation(token, 2, START), ...more }) as GrantAttempt;

describe('core/grant-attempt', () => {
  it('issues what the transition issues', () => {
    expect(attempted(openGrant(), redeeming())).toEqual(redeem(redemption(), minted(2))(openGrant()).grant);
    expect(attempted(redeemed(), rotating())).toEqual(rotate(rotation('refresh-1', 2, START), minted(2))(redeemed()).grant);
  });

  it('gives a grant without refresh tokens none', () => {
    const { lifetimes } = openGrant();
    expect(attempted(openGrant({ lifetimes: { ...lifetimes, refresh: 0 } }), redeeming())?.refresh).toBeNull();
    expect(attempted(openGrant(), redeeming())?.refresh).toMatchObject({ hash: 'refresh-2' });
  });

  it('changes nothing where the request is refused, repeated, or would end the grant', () => {
    const rotated = attempted(redeemed(), rotating()) as Grant;
    const ended = revoke('revoked', START)(redeemed()).grant;
    const wrong = { ...redemption(), challenge: 'wrong' };
    for (const [grant, attempt] of [
      [openGrant(), redeeming({ proof: wrong } as Partial<GrantAttempt>)], // counts a failure
      [redeemed(), redeeming()],
      [rotated, rotating()], // repeated
      [redeemed(), rotating('refresh-9')], // reused
      [ended, rotating()],
      [openGrant({ clientId: 'another' }), redeeming()],
    ] as const)
      expect(attempted(grant, attempt)).toBeNull();
  });

  it('changes no record that is not the grant: a signpost, an arriving copy, something unknown', () => {
    for (const value of [null, 7, { v: 1, movedTo: 'x', move: 'm' }, { v: 1, move: 'm', from: 'x', over: 1, arriving: redeemed() }])
      expect(attempted(value, rotating())).toBeNull();
  });

  it('leaves to the server what the client must prove', () => {
    const now = { ...openGrant(), clientAuth: 'confidential' } as const;
    expect(attempted(now, redeeming()), 'a secret').toBeNull();
    expect(attempted(now, redeeming({ clientAuth: 'confidential' }))?.clientAuth).toBe('confidential');
    expect(attempted(openGrant(), redeeming({ clientAuth: 'confidential' }))?.clientAuth).toBe('confidential');
    expect(attempted(openGrant({ configured: true }), redeeming()), 'a client that left the options').toBeNull();
    expect(attempted(openGrant({ configured: true }), redeeming({ isConfigured: true }))).not.toBeNull();
    expect(attempted(openGrant({ dpopBound: true }), redeeming()), 'a key').toBeNull();
    expect(attempted(openGrant({ dpopBound: true }), redeeming({ isConfigured: true })), 'the options decide').not.toBeNull();
  });

  it('leaves to the server a sign-in that is rechecked, or whose login was removed', () => {
    const from = (login: string): Grant => ({ ...redeemed(), origin: { login } as never });
    expect(attempted(from('password'), rotating())).not.toBeNull();
    expect(attempted(from('google'), rotating())).toBeNull();
  });

  it('leaves to conditional writes a code whose redemption may still arrive (F-17)', () => {
    const noted = noteUnanswered('code', 'access-1', 'sealed')(openGrant()).grant as Grant;
    expect(attempted(noted, redeeming())).toBeNull();
    expect(redeem(redemption(), minted(2))(noted)).toMatchObject({ result: { kind: 'issued' } });
  });
});

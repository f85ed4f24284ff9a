import { describe, expect, it } from 'vitest';
import { findAccess, type Grant, isLive, lifeEndOf, MAX_ACCESS_TOKENS, MAX_RETIRED, retiredOf } from '../../src/model/grant.ts';
import { followSuccessors, noteUnanswered } from '../../src/grants/repeated-answer.ts';
import { redeem, type Redemption, revoke, revokeAccess, rotate, type Rotation, type Verdict } from '../../src/model/grant-transitions.ts';
import {
  grantAfter,
  KEY,
  minted,
  openGrant,
  proofOf,
  reasonOf,
  redeemed,
  redemption,
  refreshOf,
  rotation,
  START,
} from '../support/grants.ts';
import { type Chance, chance } from '../support/random.ts';
import { unwrap } from '../../src/model/token.ts';

describe('model/grant-transitions', () => {
  it.each([
    ['code_unknown', { code: proofOf('codx') }], ['code_of_another_client', { clientId: 'other' }], ['redirect_differs', { redirectUri: 'https://app.example/CB' }],
    ['resource_beyond_grant', { resource: 'https://mcp.example/mcp2' }], ['scope_beyond_grant', { scope: ['admin'] }], ['code_expired', { now: START + 60 }],
  ] as [string, Partial<Redemption>][])('refuses a code with %s and changes nothing', (reason, more) => {
    const verdict = redeem(redemption(more), minted(1))(openGrant());
    expect([reasonOf(verdict), verdict.grant]).toEqual([reason, undefined]);
  }); // prettier-ignore

  it('reveals no later check to a request that fails an earlier one', () => {
    const spent = redeemed();
    const wrong = { clientId: 'other', redirectUri: 'x', challenge: 'x', resource: 'x', scope: ['x'], now: START + 99 };
    expect(reasonOf(redeem(redemption({ ...wrong, code: proofOf('x') }), minted(2))(spent))).toBe('code_unknown');
    expect(reasonOf(redeem(redemption(wrong), minted(2))(spent))).toBe('code_of_another_client');
    expect(reasonOf(redeem(redemption({ ...wrong, clientId: 'client' }), minted(2))(spent))).toBe('redirect_differs');
    expect(reasonOf(redeem(redemption({ ...wrong, clientId: 'client', redirectUri: undefined }), minted(2))(spent))).toBe('verifier_wrong');
    expect(reasonOf(redeem(redemption({ now: START + 99 }), minted(2))(spent))).toBe('code_replayed');
  });

  it('wraps the key of the grant for each token only', () => {
    const grant = redeemed();
    expect(unwrap(grant.access[0]!, proofOf('access-1').pad)).toEqual(KEY);
    expect(unwrap(grant.refresh!, proofOf('refresh-1').pad)).toEqual(KEY);
    expect(unwrap(grant.access[0]!, proofOf('access-2').pad)).not.toEqual(KEY);
    const next = grantAfter(rotate(rotation('refresh-1', 2, START), minted(2))(grant));
    expect(unwrap(next.access[1]!, proofOf('access-2').pad)).toEqual(KEY);
  });

  it('removes every secret from an ended grant, and ends it once', () => {
    const ended = grantAfter(revoke('revoked', START)(redeemed()));
    expect(ended).toMatchObject({ code: null, refresh: null, retired: [], access: [], sealedProps: '', ended: { reason: 'revoked' } });
    expect(revoke('user_signed_out', START)(ended)).toEqual({ result: false });
    expect([isLive(ended, START), lifeEndOf(ended)]).toEqual([false, START + 86_400]);
  });

  it('keeps a record only as long as something of it can be presented', () => {
    expect(lifeEndOf(openGrant())).toBe(START + 60);
    expect(lifeEndOf(redeemed())).toBe(START + 3000);
    expect(lifeEndOf(grantAfter(redeem(redemption(), { ...minted(1), refresh: null })(openGrant())))).toBe(START + 600);
  });
});

/** One run of the machine: what was issued, in order, and what was given as whose successor. */
interface Run {
  grant: Grant;
  now: number;
  issued: number;
  readonly successors: Map<string, string>;
  redeemed: number;
}

type Move = (run: Run, random: Chance) => void;

/** Runs a move, takes over what it wrote, and holds hostile ones to writing nothing. */
function apply(run: Run, verdict: Verdict<unknown>, mayWrite = true): boolean {
  if (verdict.grant && !mayWrite) throw new Error('A forged or foreign secret changed the record.');
  if (verdict.grant && run.grant.ended) throw new Error('An ended grant changed.');
  if (verdict.grant) run.grant = verdict.grant;
  return !('error' in verdict);
}

const turn = (run: Run, token: string, more: Partial<Rotation> = {}, mayWrite = true): void => {
  const next = run.issued + 1;
  const verdict = rotate(rotation(token, next, run.now, more), minted(next))(run.grant);
  if (!apply(run, verdict, mayWrite) || 'error' in verdict) return;
  if (verdict.result.kind === 'repeated') {
    if (verdict.result.sealedSuccessor !== run.successors.get(token)) throw new Error('A retry got another successor.');
    return;
  }
  if (run.successors.has(token)) throw new Error('A token was traded twice.');
  run.successors.set(token, `refresh-${next}`);
  run.issued = next;
};

const MOVES: readonly Move[] = [
  (run) => {
    const verdict = redeem(redemption({ now: run.now }), minted(run.issued + 1))(run.grant);
    if (!apply(run, verdict)) return;
    run.redeemed++;
    run.issued++;
  },
  (run, random) => apply(run, redeem(redemption({ now: run.now, code: proofOf(`forged-${random.below(9)}`) }), minted(99_999))(run.grant), false),
  (run) => apply(run, redeem(redemption({ now: run.now, clientId: 'other' }), minted(99_999))(run.grant), false),
  (run) => turn(run, run.grant.refresh?.hash ?? 'refresh-1'),
  (run) => turn(run, run.grant.refresh?.hash ?? 'refresh-1'),
  (run) => turn(run, run.grant.refresh?.hash ?? 'refresh-1', { scope: ['read'] }),
  (run, random) => turn(run, `refresh-${Math.max(1, run.issued - random.below(3))}`), // a lost answer, most often
  (run, random) => turn(run, `refresh-${random.below(run.issued + 3)}`, { refresh: refreshOf(`refresh-${random.below(run.issued + 3)}`, 'forged family') }, false),
  (run, random) => turn(run, `refresh-${1 + random.below(run.issued + 1)}`, { clientId: 'other' }, false),
  (run, random) => apply(run, revokeAccess(`access-${random.below(run.issued + 2)}`)(run.grant)),
  (run, random) => void (run.now += random.pick([0, 1, 30, 119, 120, 700])),
  (run, random) => void (random.below(12) === 0 && apply(run, revoke('revoked', run.now)(run.grant))),
]; // prettier-ignore

/** The promises that do not hold, of everything that was ever issued, asked without writing. */
function broken({ grant, now, issued, redeemed: times, successors }: Run): readonly string[] {
  const tokens = Array.from({ length: issued }, (_, at) => at + 1);
  const verdicts = tokens.map((n) => rotate(rotation(`refresh-${n}`, 0, now), minted(0))(grant));
  const heads = verdicts.filter((verdict) => !('error' in verdict) && verdict.result.kind === 'issued');
  const promises: { readonly [promise: string]: boolean } = {
    'at most one live chain': heads.length <= 1,
    'a code is redeemed at most once': times <= 1,
    'the record stays bounded': grant.access.length <= MAX_ACCESS_TOKENS && grant.retired.length <= MAX_RETIRED,
    'no access token outlives or outgrows its grant': grant.access.every(
      (one) => one.expiresAt <= grant.expiresAt && one.scope.every((name) => grant.scope.includes(name)),
    ),
    'nothing forks': new Set(successors.values()).size === successors.size,
    'no token of an ended grant works':
      grant.ended === null ||
      (tokens.every((n) => findAccess(grant, `access-${n}`, now) === null) &&
        verdicts.every((verdict) => 'error' in verdict && !verdict.grant) &&
        'error' in redeem(redemption(), minted(0))(grant)),
  };
  return Object.keys(promises).filter((promise) => !promises[promise]);
}

describe('model/transition, in any order', () => {
  it.each([120, 0])('keeps its promises over random histories with a grace of %i seconds (I1, I2, I4; S-053, S-058)', (grace) => {
    let [ended, long] = [0, 0];
    for (let seed = 1; seed <= 150; seed++) {
      const random = chance(seed * 7919 + grace);
      const run: Run = {
        grant: openGrant({ lifetimes: { access: 600, refresh: 3000, grace } }),
        now: START,
        issued: 0,
        successors: new Map(),
        redeemed: 0,
      };
      for (let step = 0; step < 60; step++) {
        random.pick(MOVES)(run, random);
        const promises = broken(run);
        if (promises.length > 0) throw new Error(`Seed ${seed}, step ${step}: ${promises.join(', ')}.`);
      }
      ended += run.grant.ended ? 1 : 0;
      long += run.issued > 5 ? 1 : 0;
    }
    expect([ended > 30, long > 5], 'the histories are worth something').toEqual([true, true]);
  });

  it('answers a forged family and a foreign client the same way at every moment, and writes nothing', () => {
    const grant = redeemed();
    for (const now of [START, START + 119, START + 5000, START + 20_000]) {
      for (const [one, reason] of [
        [grant, 'refresh_unknown'],
        [grantAfter(revoke('revoked', START)(grant)), 'grant_revoked'], // for the operator alone: the code is the same
      ] as const) {
        const forged = rotate(rotation('refresh-1', 2, now, { refresh: refreshOf('refresh-1', 'forged') }), minted(2))(one);
        expect([reasonOf(forged), forged.grant]).toEqual([reason, undefined]);
      }
    }
  });

  it('keeps sixteen access tokens, the newest, and forgets no retired one within its grace (S-058, F-13)', () => {
    let grant = redeemed();
    for (let n = 2; n <= MAX_RETIRED + 1; n++) grant = grantAfter(rotate(rotation(`refresh-${n - 1}`, n, START), minted(n))(grant));
    expect([grant.access.length, grant.retired.length]).toEqual([MAX_ACCESS_TOKENS, MAX_RETIRED]);
    expect([50, 49].map((n) => findAccess(grant, `access-${n}`, START) !== null)).toEqual([true, false]);

    const kept = rotate(rotation('refresh-65', 66, START + 119), minted(66))(grant);
    expect(kept).toMatchObject({ result: { kind: 'kept' }, grant: { refresh: { hash: 'refresh-65' }, retired: grant.retired } });
    expect(findAccess(grantAfter(kept), 'access-66', START + 119)).not.toBeNull();
    expect(unwrap(grantAfter(kept).refresh!, proofOf('refresh-65').pad)).toEqual(KEY);
    expect(rotate(rotation('refresh-1', 66, START + 119), minted(66))(grantAfter(kept))).toMatchObject({ result: { kind: 'repeated' } });

    const later = grantAfter(rotate(rotation('refresh-65', 67, START + 120), minted(67))(grantAfter(kept)));
    expect([later.refresh?.hash, retiredOf(later).map(({ hash }) => hash)]).toEqual(['refresh-67', ['refresh-65']]);
  });

  it.each([undefined, 'thief'])('judges reuse before the key: a used token ends the family with the key %s (F-11)', (jkt) => {
    const bound = grantAfter(rotate(rotation('refresh-1', 2, START, { jkt: 'other' }), minted(2))(redeemed()));
    const key = jkt === undefined ? {} : { jkt };
    for (const now of [START, START + 119, START + 120, START + 9000]) {
      const verdict = rotate(rotation('refresh-1', 3, now, key), minted(3))(bound);
      expect([reasonOf(verdict), verdict.grant?.ended?.reason]).toEqual(['refresh_reused', 'refresh_reused']);
    }
    const live = rotate(rotation('refresh-2', 3, START, key), minted(3))(bound);
    expect([reasonOf(live), live.grant], 'a live one ends nothing: the key protects it').toEqual(['key_differs', undefined]);
    expect(reasonOf(rotate(rotation('refresh-1', 3, START + 119, { jkt: 'other' }), minted(3))(bound))).toBeNull();
  });

  it('follows the successors to the live token, also if a slow clock retired one of them (F-13)', async () => {
    let grant = redeemed();
    for (const [n, now] of [[2, START + 60], [3, START], [4, START + 61]] as const)
      grant = grantAfter(rotate(rotation(`refresh-${n - 1}`, n, now), minted(n))(grant));
    grant = grantAfter(rotate(rotation('refresh-4', 5, START + 150), minted(5))(grant));
    const repeated = rotate(rotation('refresh-1', 6, START + 179), minted(6))(grant);
    expect(repeated).toMatchObject({ result: { kind: 'repeated', sealedSuccessor: 'refresh-2' } });
    const open = async (_: string, sealed: string): Promise<{ tokens: { refresh: string }; hash: string }> => ({ tokens: { refresh: sealed }, hash: sealed });
    expect(await followSuccessors(grant, { presented: 'refresh-1', sealedSuccessor: 'refresh-2' }, open)).toEqual({ refresh: 'refresh-5' });
  }); // prettier-ignore

  it('notes an answer that never left: the code gives the same tokens once, and a write that is late finds another version (F-17)', () => {
    const note = noteUnanswered('code', 'access-1', 'sealed tokens');
    const unspent = openGrant();
    expect(note(unspent), 'from now on no attempt redeems it').toMatchObject({ grant: { code: { spent: false, contested: true } }, result: null });
    const lost = grantAfter(note(redeemed()));
    const again = redeem(redemption({ now: START + 30 }), minted(2))(lost);
    expect(again).toMatchObject({ result: { kind: 'repeated', sealedAnswer: 'sealed tokens' } });
    expect(reasonOf(redeem(redemption({ now: START + 40 }), minted(2))(grantAfter(again)))).toBe('code_repeated');
    expect(reasonOf(redeem(redemption({ now: START + 41 }), minted(2))(grantAfter(again)))).toBe('code_replayed');
    for (const [more, reason] of [[{ jkt: 'thief' }, 'code_replayed'], [{ challenge: 'x' }, 'verifier_wrong'], [{ now: START + 60 }, 'code_expired']] as const)
      expect(reasonOf(redeem(redemption(more), minted(2))(lost))).toBe(reason);

    expect(noteUnanswered('code', 'access-9', 'x')(redeemed()), 'spent by another request').toEqual({ result: null });
    expect(noteUnanswered('other code', 'access-1', 'x')(redeemed())).toEqual({ result: null });
    expect(note(grantAfter(revoke('revoked', START)(redeemed())))).toEqual({ result: null });
  }); // prettier-ignore

  it('takes a code that comes again with another key for stolen at once (F-11, R-22)', () => {
    const spent = grantAfter(redeem(redemption({ jkt: 'thief' }), minted(1))(openGrant()));
    expect(reasonOf(redeem(redemption({ jkt: 'thief', now: START + 10 }), minted(2))(spent))).toBe('code_repeated');
    for (const more of [{}, { jkt: 'owner' }]) expect(reasonOf(redeem(redemption(more), minted(2))(spent))).toBe('code_replayed');
    const bound = openGrant();
    const other = { ...bound, code: { ...bound.code!, jkt: 'owner' } };
    expect([reasonOf(redeem(redemption({ jkt: 'thief' }), minted(1))(other)), redeem(redemption(), minted(1))(other).grant]).toEqual(['key_differs', undefined]);
  }); // prettier-ignore
});

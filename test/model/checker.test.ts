import { describe, expect, inject, it } from 'vitest';
import { OAuthError } from '../../src/model/error.ts';
import { followSuccessors, noteUnanswered } from '../../src/grants/repeated-answer.ts';
import { redeem, rotate } from '../../src/model/grant-transitions.ts';
import { CODE_MACHINE, exploreCode } from '../support/code-checker.ts';
import { type Bounds, explore, MACHINE, type Machine } from '../support/grant-checker.ts';

const full = inject('full');
const HONEST: Bounds = { processes: full ? 3 : 2, requests: full ? 5 : 4, passes: full ? 3 : 2, thefts: 0, bound: false };
const STOLEN: Bounds = { processes: 2, requests: full ? 3 : 2, passes: full ? 3 : 2, thefts: full ? 3 : 2, bound: false };

describe('every order in which the processes of a client and a thief can meet a grant', () => {
  it('locks out no honest client with two processes, four requests, lost responses and delayed writes (F-13)', async () => {
    const { states, broken } = await explore(HONEST);
    expect(broken).toBeNull();
    expect(states).toBeGreaterThan(1000);
  });

  it.each([false, true])('detects a thief at the latest after the grace period (F-11; bound to a key: %s)', async (bound) => {
    const { states, broken } = await explore({ ...STOLEN, bound });
    expect(broken).toBeNull();
    expect(states).toBeGreaterThan(1000);
  });

  it('keeps an ended grant dead where there is no grace, too', async () => {
    expect((await explore({ ...STOLEN, grace: 0 })).broken).toBeNull();
  });

  it('would notice a repeated answer that holds a successor which was traded itself (F-13)', async () => {
    const machine: Machine = {
      ...MACHINE,
      followSuccessors: async (_, { presented, sealedSuccessor }, open) => (await open(presented, sealedSuccessor)).tokens,
    };
    const { broken } = await explore(HONEST, machine);
    expect(broken?.promise).toBe('no honest client is locked out');
  });

  it('would notice a key that is judged before reuse (F-11)', async () => {
    const keyFirst: typeof rotate = (proof, minted) => (grant) => {
      const { refresh } = grant;
      const differs = refresh?.jkt !== undefined && refresh.jkt !== proof.jkt;
      return differs ? { error: new OAuthError('invalid_grant', 'key_differs') } : rotate(proof, minted)(grant);
    };
    const { broken } = await explore(STOLEN, { rotate: keyFirst, followSuccessors });
    expect(broken?.promise).toBe('an owner who is refused is told of by the end of the grant');
  });

  it('would notice a retired token that is forgotten within its grace', async () => {
    const forgetful: typeof rotate = (proof, minted) => (grant) => {
      const verdict = rotate(proof, minted)(grant);
      return verdict.grant ? { ...verdict, grant: { ...verdict.grant, retired: verdict.grant.retired.slice(-1) } } : verdict;
    };
    expect((await explore(HONEST, { ...MACHINE, rotate: forgetful })).broken?.promise).toBe('no honest client is locked out');
  });
});

describe('every order in which requests with one code can meet its grant', () => {
  const bounds = { requests: full ? 5 : 4, passes: full ? 3 : 2 };

  it('lets tokens leave once, and gives them to a client that heard nothing but a 503 (F-17, R-22)', () => {
    const { states, broken } = exploreCode(bounds);
    expect(broken).toBeNull();
    expect(states).toBeGreaterThan(500);
  });

  it('would find a 503 that is not recorded, a late write that the record ignores, and a record that stays (F-17)', () => {
    const unspent = { ...CODE_MACHINE, noteUnanswered: (() => () => ({ result: null })) as typeof noteUnanswered };
    expect(exploreCode(bounds, unspent).broken?.promise).toBe('a client that heard nothing but a 503 gets its tokens');
    const idle: typeof noteUnanswered =
      (...note) =>
      (grant) =>
        grant.code?.spent ? noteUnanswered(...note)(grant) : { result: null };
    expect(exploreCode(bounds, { ...CODE_MACHINE, noteUnanswered: idle }).broken?.promise).toBe(
      'a client that heard nothing but a 503 gets its tokens',
    );
    const uncontested: typeof noteUnanswered = // a new version alone, which holds back no attempt
      (...note) =>
        (grant) =>
          grant.code?.spent === false ? { grant, result: null } : noteUnanswered(...note)(grant);
    expect(exploreCode(bounds, { ...CODE_MACHINE, noteUnanswered: uncontested }).broken?.promise).toBe(
      'a client that heard nothing but a 503 gets its tokens',
    );
    const lasting: typeof redeem = (proof, minted) => (grant) => {
      const verdict = redeem(proof, minted)(grant);
      const { sealedAnswer } = grant.code ?? {};
      if (sealedAnswer === undefined || !verdict.grant?.code) return verdict;
      return { ...verdict, grant: { ...verdict.grant, code: { ...verdict.grant.code, sealedAnswer } } };
    };
    expect(exploreCode(bounds, { ...CODE_MACHINE, redeem: lasting }).broken?.promise).toBe('tokens leave once');
  });
});

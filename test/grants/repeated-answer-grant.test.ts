import { describe, expect, it } from 'vitest';
import { followSuccessors, noteUnanswered } from '../../src/grants/repeated-answer.ts';
import { rotate } from '../../src/model/grant-transitions.ts';
import { grantAfter, minted, openGrant, redeemed, rotation, START } from '../support/grants.ts';

describe('grants/repeated-answer, of a grant', () => {
  it('notes an unanswered redemption also where its grant has other access tokens by now, and none where there is no code (F-17)', () => {
    const grant = grantAfter(rotate(rotation('refresh-1', 2, START), minted(2))(redeemed()));
    const note = noteUnanswered('code', 'access-1', 'sealed');
    expect(note(grant)).toMatchObject({ result: null, grant: { code: { sealedAnswer: 'sealed' } } });
    expect(note(openGrant({ code: null }))).toStrictEqual({ result: null });
  });

  it('opens no more successors than lead to the live token (F-13)', async () => {
    const retired = [1, 2].map((n) => ({ hash: `refresh-${n}`, sealedSuccessor: `refresh-${n + 1}`, until: START + 120 }));
    const grant = { ...redeemed(), retired };
    const opened: string[] = [];
    const open = async (token: string, sealed: string): Promise<{ tokens: { refresh: string | null }; hash: string }> => {
      opened.push(`${token} → ${sealed}`);
      return { tokens: { refresh: token === 'last' ? null : sealed }, hash: sealed };
    };
    await followSuccessors(grant, { presented: 'refresh-2', sealedSuccessor: 'refresh-3' }, open);
    expect(opened).toEqual(['refresh-2 → refresh-3']);
    const ended = await followSuccessors(grant, { presented: 'last', sealedSuccessor: 'refresh-2' }, open);
    expect([ended, opened.length], 'without a refresh token there is nothing to follow').toEqual([{ refresh: null }, 2]);
  });
});

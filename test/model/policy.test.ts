import { describe, expect, it } from 'vitest';
import type { Access } from '../../src/model/access.ts';
import { impliedBy, judge, type Need, together } from '../../src/model/policy.ts';

const access = (scope: readonly string[], permissions: readonly string[]): Access =>
  ({ scope, props: { permissions } }) as unknown as Access;
const verdictOf = async (needs: readonly Need[], who: Access | null, args: unknown = {}): Promise<string> =>
  (await judge(together(needs), who, args, impliedBy({}))).kind;

describe('model/policy, several needs as one (F-04)', () => {
  it('are met where each is: scopes, permissions, rules', async () => {
    const needs: Need[] = [
      { scopes: ['a'], permissions: ['p'] },
      { scopes: ['b'], permissions: ['q'], when: (_access, args) => (args as { ok?: boolean }).ok === true },
      { when: (_access, args) => (args as { fine?: boolean }).fine === true },
    ];
    const good = { ok: true, fine: true };
    expect(await verdictOf(needs, access(['a', 'b'], ['p', 'q']), good)).toBe('allowed');
    for (const [who, args] of [
      [access(['a'], ['p', 'q']), good],
      [access(['b'], ['p', 'q']), good],
      [access(['a', 'b'], ['p']), good],
      [access(['a', 'b'], ['q']), good],
      [access(['a', 'b'], ['p', 'q']), { ok: true }],
      [access(['a', 'b'], ['p', 'q']), { fine: true }],
      [null, good],
    ] as const)
      expect(await verdictOf(needs, who, args)).not.toBe('allowed');
  });

  it('are denied where a rule fails, and say what is asked for at once', async () => {
    const failing: Need = { when: () => Promise.reject(new Error('down')) };
    expect(await judge(together([{}, failing]), access([], []), {}, impliedBy({}))).toMatchObject({
      kind: 'denied',
      reason: 'rule_failed',
    });
    expect(await judge(together([{ scopes: ['a'] }, { scopes: ['b', 'a'] }]), access([], []), {}, impliedBy({}))).toEqual({
      kind: 'insufficient_scope',
      scopes: ['a', 'b'],
    });
  });

  it('are for callers without a token where all are, hidden where one is, and say the first text', async () => {
    expect(await verdictOf([{ anonymous: true }, { anonymous: true }], null)).toBe('allowed');
    expect(await verdictOf([{ anonymous: true }, {}], null)).toBe('unauthenticated');
    expect(await verdictOf([{ anonymous: true }, {}], access([], []))).toBe('allowed');
    expect(together([{}, { hidden: true, text: 'Ask.' }, { text: 'No.' }])).toMatchObject({ hidden: true, text: 'Ask.' });
    expect([together([]), together([{ scopes: ['a'] }])]).toEqual([{}, { scopes: ['a'] }]);
  });
});

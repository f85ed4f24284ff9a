import { describe, expect, it } from 'vitest';
import {
  type Access,
  combineNeeds,
  coversScope,
  impliedBy,
  judge,
  maySee,
  type Need,
  permissionsIn,
  scopeExpansionOf,
} from '../../src/model/access.ts';

const access = (scope: readonly string[], permissions: readonly string[]): Access =>
  ({ scope, props: { permissions } }) as unknown as Access;
const verdictOf = async (needs: readonly Need[], who: Access | null, args: unknown = {}): Promise<string> =>
  (await judge(combineNeeds(needs), who, args, impliedBy({}))).kind;

describe('model/access, several needs as one (F-04)', () => {
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
    expect(await judge(combineNeeds([{}, failing]), access([], []), {}, impliedBy({}))).toMatchObject({
      kind: 'denied',
      reason: 'rule_failed',
    });
    expect(await judge(combineNeeds([{ scopes: ['a'] }, { scopes: ['b', 'a'] }]), access([], []), {}, impliedBy({}))).toEqual({
      kind: 'insufficient_scope',
      scopes: ['a', 'b'],
    });
  });

  it('are for callers without a token where all are, hidden where one is, and say the first text', async () => {
    expect(await verdictOf([{ anonymous: true }, { anonymous: true }], null)).toBe('allowed');
    expect(await verdictOf([{ anonymous: true }, {}], null)).toBe('unauthenticated');
    expect(await verdictOf([{ anonymous: true }, {}], access([], []))).toBe('allowed');
    expect(combineNeeds([{}, { hidden: true, text: 'Ask.' }, { text: 'No.' }])).toMatchObject({ hidden: true, text: 'Ask.' });
    expect([combineNeeds([]), combineNeeds([{ scopes: ['a'] }])]).toEqual([{}, { scopes: ['a'] }]);
  });
});

describe('model/access, one need', () => {
  const none = impliedBy({});

  it('judges permission, then rule, then scope, and says which is missing (SEC-195)', async () => {
    const need: Need = { scopes: ['a'], permissions: ['p'], when: (_access, args) => args === 'good' };
    const judged = (who: Access | null, args: unknown): Promise<unknown> => judge(need, who, args, none);
    expect(await judged(null, 'good')).toEqual({ kind: 'unauthenticated', scopes: ['a'] });
    expect(await judged(access([], []), 'bad')).toEqual({ kind: 'denied', reason: 'permission_missing' });
    expect(await judged(access([], ['p']), 'bad')).toEqual({ kind: 'denied', reason: 'rule' });
    expect(await judged(access([], ['p']), 'good')).toEqual({ kind: 'insufficient_scope', scopes: ['a'] });
    expect(await judged(access(['a'], ['p']), 'good')).toEqual({ kind: 'allowed' });
    expect(await judge({}, null, {}, none)).toEqual({ kind: 'unauthenticated', scopes: [] });
    expect(await judge({ anonymous: true, scopes: ['a'] }, null, {}, none)).toEqual({ kind: 'allowed' });
    const truthy = { when: () => 'yes' as unknown as boolean };
    expect(await judge(truthy, access([], []), {}, none), 'only true allows').toEqual({ kind: 'denied', reason: 'rule' });
    expect(await verdictOf([truthy, {}], access([], []))).toBe('denied');
    const error = new Error('down');
    const failing: Need = { when: () => { throw error; } };
    expect(await judge(failing, access([], []), {}, none)).toEqual({ kind: 'denied', reason: 'rule_failed', error });
  }); // prettier-ignore

  it('reads permissions only from an array: in a string, "no-admin" contains "admin"', () => {
    expect([permissionsIn({ permissions: ['a'] }), permissionsIn({ permissions: 'no-admin' })]).toEqual([['a'], []]);
    expect([undefined, null, 'text', {}, Object.assign(() => 0, { permissions: ['a'] })].map(permissionsIn)).toEqual([[], [], [], [], []]);
    const need = { permissions: ['a', 'b'] };
    expect([maySee(need, access([], ['a', 'b'])), maySee(need, access([], ['a'])), maySee(need, null)]).toEqual([true, false, false]);
    expect([maySee({}, null), maySee({ permissions: [] }, null)]).toEqual([true, true]);
  });

  it('covers a scope by its name or by one that includes it at any depth, and refuses a cycle', () => {
    const implied = impliedBy({ admin: ['write'], write: ['read'] });
    const covered = (granted: string): readonly boolean[] => ['admin', 'write', 'read', 'rea'].map((needed) => coversScope([granted], needed, implied));
    expect(['admin', 'write', 'read', 'x'].map(covered)).toEqual([
      [true, true, true, false], [false, true, true, false], [false, false, true, false], [false, false, false, false],
    ]);
    expect([coversScope([], 'read', implied), coversScope(['x', 'read'], 'read', implied)]).toEqual([false, true]);
    expect(() => impliedBy({ a: ['b'], b: ['a'] })).toThrow(/hierarchy: a ⊇ b ⊇ a /);
    for (const below of ['b', {}, true, [undefined], new Set(['b'])])
      expect(() => impliedBy({ a: below } as never)).toThrow('hierarchy: `a` must list the scopes that it includes.');
    expect(() => impliedBy({ a: ['toString'] }), 'no member of Object').not.toThrow();
    const cover = scopeExpansionOf({ admin: ['write'], write: ['read'] });
    expect([cover(['admin']), cover(['read', 'x']), cover(['write', 'read'])]).toEqual([['admin', 'write', 'read'], ['read', 'x'], ['write', 'read']]);
    const asked = ['read'];
    expect(scopeExpansionOf({})(asked)).toBe(asked);
  }); // prettier-ignore

  it('puts several needs together without losing or adding any', () => {
    const [one, other] = [{ scopes: ['a'], permissions: ['p'] }, { scopes: ['a', 'b'] }];
    expect(combineNeeds([one, other])).toStrictEqual({ scopes: ['a', 'b'], permissions: ['p'], anonymous: false, hidden: false });
    expect(combineNeeds([{ anonymous: true }, { anonymous: true }])).toMatchObject({ anonymous: true, hidden: false });
  });
});

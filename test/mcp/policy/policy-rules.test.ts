/** What each name needs by a policy, and what is refused at start-up. */
import { describe, expect, it } from 'vitest';
import { policy, type PolicyOptions } from '../../../src/mcp/policy/policy.ts';

const A = { permissions: ['a'] };
const B = { scopes: ['b'] };

describe('mcp/policy/policy, needs', () => {
  it('finds a need by kind and very name, and none of another kind', () => {
    const { needOf } = policy({ tools: { x: A }, prompts: { x: B } });
    expect([needOf('tool', 'x'), needOf('prompt', 'x'), needOf('method', 'x'), needOf('tool', 'X'), needOf('tool', 'toString')]).toEqual([
      A,
      B,
      {},
      {},
      {},
    ]);
    expect(needOf('resource', 'x')).toEqual({});
  });

  it('closes what has none with `strict`, of every kind', () => {
    const { needOf } = policy({ tools: { x: A }, resources: { 'n://a': A }, strict: true });
    expect([needOf('tool', 'x'), needOf('resource', 'n://a')]).toEqual([A, A]);
    for (const kind of ['tool', 'prompt', 'method', 'resource'] as const) expect(needOf(kind, 'y')).toBeNull();
  });

  it('needs all that matches a resource, by URI or by template', () => {
    const { needOf } = policy({ resources: { 'n://{id}': A, 'n://1': B, 'n://{x}/y': B } });
    expect(needOf('resource', 'n://1')).toMatchObject({ permissions: ['a'], scopes: ['b'] });
    expect(needOf('resource', 'n://2')).toEqual(A);
    expect(needOf('resource', 'n://2/y')).toEqual(B);
    expect(needOf('resource', 'n://2/z')).toEqual({});
  });

  it('judges a URI as received, as parsed and folded; it is open only if all three are', () => {
    const { needOf } = policy({ resources: { 'https://h.example/a': A, 'HTTPS://H.example/a': B } });
    expect(needOf('resource', 'https://h.example/a')).toMatchObject({ permissions: ['a'], scopes: ['b'] });
    const strict = policy({ resources: { 'HTTPS://H.example/a': B }, strict: true });
    expect([strict.needOf('resource', 'HTTPS://H.example/a'), strict.needOf('resource', 'https://h.example/a')]).toEqual([null, null]);
    const open = policy({ resources: { 'files://secret': A } });
    expect(open.needOf('resource', 'FILES://Secret?x#y')).toMatchObject(A);
  });

  it('takes the text of a template as it is, and no URL for it', () => {
    const template = 'https://h.example/{id}';
    const { needOf } = policy({ resources: { [template]: A }, strict: true });
    expect(needOf('resource', template, true)).toEqual(A);
    expect(needOf('resource', 'https://h.example/{+other}', true)).toEqual(A);
    expect(needOf('resource', 'https://h.example', true)).toBeNull();
  });
});

describe('mcp/policy/policy, what is worked out', () => {
  it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])('takes %j for the name of a scope and of a tool like any other', (name) => {
    const one = { scopes: [name] };
    const named = policy({ tools: Object.fromEntries([[name, one]]), hierarchy: Object.fromEntries([['all', [name]], [name, ['read']]]) });
    expect([Object.entries(named.unlocks), named.needOf('tool', name)]).toEqual([[[name, [name]]], one]);
    expect(policy({ tools: { x: one } }).needOf('tool', name)).toEqual({});
  }); // prettier-ignore

  it('tells which tools a scope unlocks, and what scopes bring along', () => {
    const { unlocks, implied } = policy({ tools: { x: B, y: { scopes: ['b', 'c'] }, z: A }, prompts: { p: { scopes: ['d'] } }, hierarchy: { c: ['b'] } });
    expect(unlocks).toEqual({ b: ['x', 'y'], c: ['y'] });
    expect([...(implied.get('c') ?? [])]).toEqual(['c', 'b']);
  }); // prettier-ignore

  it.each<[PolicyOptions, boolean]>([
    [{}, false],
    [{ tools: { x: B, y: { permissions: [] } } }, false],
    [{ tools: { x: B, y: A } }, true],
    [{ resources: { 'n://a': A } }, true],
    [{ prompts: { x: A } }, true],
    [{ tools: { x: B, y: { hidden: true } } }, true],
    [{ tools: { x: { hidden: false } } }, false],
    [{ strict: true }, true],
  ])('knows whether lists differ from caller to caller: %j', (options, filters) => {
    expect(policy(options).filters).toBe(filters);
  });
});

describe('mcp/policy/policy, start-up', () => {
  it.each<[unknown, RegExp]>([
    [{ tool: {} }, /^policy: `tool` is not an option/],
    [{ tools: { a: { scope: ['x'] } } }, /^policy: tools\.a: `scope` is not an option/],
    [{ tools: { a: { scopes: ['x', 'two words'] } } }, /^policy: `tools\.a\.scopes` holds "two words"/],
    [{ resources: { 'n://a': { scopes: [7] } } }, /^policy: resources\.n:\/\/a: `scopes` must be of type string\[\]/],
    [{ prompts: { a: { scopes: [''] } } }, /^policy: `prompts\.a\.scopes` holds ""/],
    [{ tools: { a: { scopes: ['a"'] } } }, /scopes/],
    [{ tools: { a: { scopes: ['a\\'] } } }, /scopes/],
    [{ tools: { a: { scopes: [' a'] } } }, /scopes/],
    [{ tools: { a: { permissions: ['x', ''] } } }, /^policy: `tools\.a\.permissions` must be a list of names/],
    [{ tools: { a: { permissions: [7] } } }, /permissions/],
    [{ tools: { a: { when: {} } } }, /^policy: tools\.a: `when` must be of type function/],
    [{ tools: { a: { anonymous: true, scopes: ['x'] } } }, /^policy: `tools\.a` cannot be for callers without a token/],
    [{ tools: { a: { anonymous: true, permissions: ['x'] } } }, /^policy: `tools\.a` cannot be for callers without a token/],
  ])('refuses %j', (options, message) => {
    expect(() => policy(options as PolicyOptions)).toThrow(message);
  });

  it('takes what is fine', () => {
    const tools = {
      a: { anonymous: true, scopes: [], permissions: [] },
      b: { anonymous: false, scopes: ['!#[]~a:b'], permissions: ['x y'] },
      c: { when: () => true, hidden: true, text: 'x' },
    };
    expect(policy({ tools }).needOf('tool', 'b')).toEqual(tools.b);
    expect(policy({}).needOf('tool', 'b')).toEqual({});
  });
});

/** What is remembered of opened props: only for the very token and the very ciphertext, and never without end. */
import { describe, expect, it } from 'vitest';
import { makeOpened } from '../../src/core/opened.ts';
import type { Wrapped } from '../../src/model/grant.ts';

const token = (hash: string): Wrapped => ({ hash, wrappedKey: 'key' });

describe('core/opened', () => {
  it('gives the text back to the token that opened it, for the ciphertext that it opened', () => {
    const opened = makeOpened();
    opened.keep(token('hash'), 'sealed', '{"a":1}');
    expect(opened.find(token('hash'), 'sealed')).toBe('{"a":1}');
    expect(opened.find(token('other'), 'sealed')).toBeUndefined();
    expect(opened.find(token('hash'), 'sealed anew')).toBeUndefined();
    expect(opened.find({ ...token('hash'), wrappedKey: 'another' }, 'sealed')).toBeUndefined();
  });

  it('lets the oldest go when there are many, and keeps nothing long', () => {
    const opened = makeOpened();
    for (let n = 0; n < 1001; n++) opened.keep(token(`hash ${n}`), 'sealed', 'text');
    expect([opened.find(token('hash 0'), 'sealed'), opened.find(token('hash 1'), 'sealed')]).toEqual([undefined, 'text']);
    opened.keep(token('long'), 'sealed', 'x'.repeat(4097));
    expect(opened.find(token('long'), 'sealed')).toBeUndefined();
  });
});

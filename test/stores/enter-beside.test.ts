/** Lists that are entered beside the write of their record. */
import { describe, expect, it } from 'vitest';
import { enterBeside } from '../../src/stores/enter-beside.ts';
import type { IndexKey } from '../../src/model/store.ts';

const LISTS: readonly IndexKey[] = ['user:1', 'client:1'];

/** A write whose lists fail so many times, each. */
function parts(failures = 0) {
  const [calls, tries] = [[] as string[], new Map<string, number>()];
  return {
    calls,
    isLasting: false,
    async enter(list: IndexKey) {
      calls.push(`enter ${list}`);
      await turn();
      const tried = (tries.get(list) ?? 0) + 1;
      tries.set(list, tried);
      if (tried <= failures) throw new Error(`no ${list}`);
      calls.push(`entered ${list}`);
    },
    async write(): Promise<number | null> {
      calls.push('write');
      await turn();
      calls.push('written');
      return 7;
    },
    async undo(written: number) {
      calls.push(`undo ${written}`);
    },
  };
}
const turn = (): Promise<void> => new Promise((next) => setTimeout(next));

describe('stores/enter-beside', () => {
  it('begins all at once, and is done when all are', async () => {
    const all = parts();
    expect(await enterBeside(LISTS, all)).toBe(7);
    expect(all.calls.slice(0, 3)).toEqual(['enter user:1', 'enter client:1', 'write']);
    expect(all.calls).toHaveLength(6);
  });

  it('writes a lasting record to its lists first, so that no list misses it', async () => {
    const all = { ...parts(), isLasting: true };
    expect(await enterBeside(LISTS, all)).toBe(7);
    expect(all.calls.indexOf('write')).toBeGreaterThan(all.calls.indexOf('entered client:1'));
    const failing = { ...parts(1), isLasting: true };
    await expect(enterBeside(LISTS, failing)).rejects.toThrow('no user:1');
    expect(failing.calls).not.toContain('write');
  });

  it('tries a list once more, and removes the new record if that fails too', async () => {
    const once = parts(1);
    expect(await enterBeside(LISTS, once)).toBe(7);
    expect([once.calls.includes('entered user:1'), once.calls.includes('entered client:1'), once.calls.includes('undo 7')]).toEqual([true, true, false]); // prettier-ignore
    const twice = parts(2);
    await expect(enterBeside(LISTS, twice)).rejects.toThrow('no user:1');
    expect(twice.calls.at(-1)).toBe('undo 7');
    const down = { ...parts(2), undo: async () => Promise.reject(new Error('down')) };
    await expect(enterBeside(LISTS, down)).rejects.toThrow('no user:1');
  });

  it('tries no list again for a write whose condition did not hold, and throws the error of a write that failed', async () => {
    const lost = { ...parts(1), write: async () => null };
    expect(await enterBeside(LISTS, lost)).toBeNull();
    expect(lost.calls).toEqual(['enter user:1', 'enter client:1']);
    const failed = { ...parts(), write: async () => Promise.reject(new Error('write failed')) };
    await expect(enterBeside(LISTS, failed)).rejects.toThrow('write failed');
    expect(failed.calls).not.toContain('undo 7');
  });
});

import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/model/store.ts';
import { LOST_PROMISES, storeOf } from '../../src/provider/environment.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { optionsFor } from '../support/app.ts';

const store = memoryStore();
const eventual = { ...({ read: null, write: null, remove: null, list: null } as unknown as Store), atomic: false };

describe('provider/store-of', () => {
  it('takes the option, a function of the environment, or the binding', () => {
    expect(storeOf({ ...optionsFor([]), store }, {}, undefined)).toBe(store);
    expect(storeOf<{ mine: Store }>({ ...optionsFor([]), store: ({ mine }) => mine }, { mine: store }, undefined)).toBe(store);
    expect(storeOf(optionsFor([]), {}, store)).toBe(store);
  });

  it('refuses a store without conditional writes, and says where it is of use', () => {
    expect(() => storeOf(optionsFor([]), {}, eventual)).toThrow(/no conditional writes, so codes could be spent twice.+composedStore/);
  });

  it('takes it where the operator says so, and prints every promise that is lost', () => {
    const lines: string[] = [];
    expect(storeOf(optionsFor([], { dangerouslyAllowEventualStore: true }), {}, eventual, (line) => lines.push(line))).toBe(eventual);
    expect(lines).toHaveLength(1);
    for (const promise of LOST_PROMISES) expect(lines[0]).toContain(promise);
    storeOf(optionsFor([], { dangerouslyAllowEventualStore: true }), {}, store, (line) => lines.push(line));
    expect(lines).toHaveLength(1);
  });
});

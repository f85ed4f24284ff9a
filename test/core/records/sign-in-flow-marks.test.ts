import { describe, expect, it } from 'vitest';
import { markUsed } from '../../../src/core/records/sign-in-flow.ts';
import { memoryStore } from '../../../src/stores/memory.ts';

const NOW = 1_790_000_000;

type Form = { readonly taken?: 'now' | 'done'; readonly expiresAt: number; readonly by: string };
const isForm = (value: unknown): value is Form => typeof value === 'object' && value !== null && 'by' in value;

describe('core/records/sign-in-flow: marks', () => {
  it('is taken by exactly one caller, ended by it, and gone when it expires', async () => {
    let now = NOW;
    const store = memoryStore({ now: () => now });
    const mark = (taken: 'now' | 'done'): Promise<boolean> => markUsed({ store }, 'pending:a', isForm, taken);
    const value = async (): Promise<unknown> => (await store.read('pending:a'))?.value;
    expect([await mark('now'), await mark('done'), await value()]).toEqual([false, false, undefined]);
    const form: Form = { by: 'x', expiresAt: NOW + 60 };
    await store.write('pending:a', form, 'absent', { until: NOW + 60 });
    expect([await mark('done'), await value()]).toEqual([false, form]);
    expect([await mark('now'), await mark('now'), await value()]).toEqual([true, false, { ...form, taken: 'now' }]);
    expect([await mark('done'), await mark('done'), await mark('now'), await value()]).toEqual([true, false, false, { ...form, taken: 'done' }]); // prettier-ignore
    now = NOW + 60;
    expect(await value()).toBeUndefined();
  });
});

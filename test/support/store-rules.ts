/** The shared suite of stores imports no runner and fails by throwing: here a case of it is an assertion of vitest, which wants one in each test. */
import { expect } from 'vitest';
import type { MakeStore, StoreCase } from '../../src/testing/store-suite.ts';

/** Runs one case. */
export async function expectKept(run: StoreCase['run'], make: MakeStore): Promise<void> {
  await expect(run(make)).resolves.toBeUndefined();
}

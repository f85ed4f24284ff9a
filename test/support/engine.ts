/** An engine that a test needs: there, or skipped with the reason printed; in CI nothing may be skipped. */
import type { TestContext } from 'vitest';

/** The engine, or null where it is absent and the test is to be skipped. @throws {Error} in CI, where absence is a failure. */
export function engineOr<T extends object>(name: string, found: T | string): T | null {
  if (typeof found !== 'string') return found;
  if (process.env['CI']) throw new Error(`${name}: ${found}. In CI nothing is skipped.`);
  console.warn(`Skipped: ${name}: ${found}.`);
  return null;
}

/** Why a server that is someone else's is not killed. */
export const NO_RESTART = 'is not ours to kill and start again';

/** Why its bytes are not read. */
export const NO_FOLDER = 'where it keeps its bytes is not known';

/** What only an engine that the test started itself can do or has. Else the test is skipped, with the reason printed. @throws {Error} in CI. */
export function oursOr<T>(test: TestContext, found: T | undefined, what: string): T {
  if (found !== undefined) return found;
  const why = `the server was given from outside (PORTCULLIS_TEST_…), and ${what}`;
  if (process.env['CI']) throw new Error(`${why}. In CI nothing is skipped.`);
  console.warn(`Skipped: ${test.task.name}: ${why}.`);
  return test.skip(why);
}

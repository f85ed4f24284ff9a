/** An engine that a test needs: there, or skipped with the reason printed; in CI nothing may be skipped. */

/** The engine, or null where it is absent and the test is to be skipped. @throws {Error} in CI, where absence is a failure. */
export function engineOr<T extends object>(name: string, found: T | string): T | null {
  if (typeof found !== 'string') return found;
  if (process.env['CI']) throw new Error(`${name}: ${found}. In CI nothing is skipped.`);
  console.warn(`Skipped: ${name}: ${found}.`);
  return null;
}

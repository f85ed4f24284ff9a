/** Counts and prints checks, one line each. */

/** How many of each kind. */
export interface Counts {
  passed: number;
  failed: number;
  skipped: number;
}

const totals: Counts = { passed: 0, failed: 0, skipped: 0 };

/** Runs one check; a failure is printed and the next check runs. */
export async function check(name: string, body: () => Promise<void>): Promise<void> {
  const started = Date.now();
  try {
    await body();
    totals.passed += 1;
    print(`ok    ${name} (${((Date.now() - started) / 1000).toFixed(1)} s)`);
  } catch (error) {
    fail(name, error instanceof Error ? (error.stack ?? error.message) : String(error));
  }
}

/** Counts what could not be run here, and says why. */
export function skip(name: string, why: string): void {
  totals.skipped += 1;
  print(`skip  ${name}: ${why}`);
}

/** Counts a failure outside of a check. */
export function fail(name: string, why: string): void {
  totals.failed += 1;
  print(`fail  ${name}\n${indented(why)}`);
}

/** Counts what another process has counted and printed. */
export function add(counts: Readonly<Counts>): void {
  totals.passed += counts.passed;
  totals.failed += counts.failed;
  totals.skipped += counts.skipped;
}

/** Prints the closing line. @returns the exit code. */
export function close(): number {
  print(`${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped`);
  return totals.failed > 0 ? 1 : 0;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function indented(text: string): string {
  return text.replace(/^/gm, '      ');
}

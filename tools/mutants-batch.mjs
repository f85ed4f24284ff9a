/**
 * Runs each test once for every mutant that it covers, in one process that loads its modules once (tools/mutants-runner.mjs).
 * A mutant counts as killed when a test fails with it and passes right after without it. A failure that stays means that the
 * mutant changed what later tests use: nothing that follows counts then, and Stryker runs what is left one by one. It also runs by
 * itself each mutant with which a test took too long.
 */
import { appendFileSync } from 'node:fs';
import { relative } from 'node:path';
import { TestRunner } from 'vitest';

/** Mutants that are not tried any more, and `spoilt` when the run is: for all test files. */
const state = new Set();

export default class BatchRunner extends TestRunner {
  #batch = this.injectValue('batch');
  #separator = this.injectValue('testNameSeparator');
  #stryker = (globalThis[this.injectValue('globalNamespace')] ??= {});
  /** Of the test that runs: mutants to try, the one that is tried, and the one that made it fail and is confirmed now. */
  #left = [];
  #active;
  #suspect;

  async onBeforeRunTask(test) {
    await super.onBeforeRunTask(test);
    const id = `${relative(process.cwd(), test.file.filepath)}#${nameOf(test, this.#separator)}`;
    const hits = Object.entries(this.#batch.coverage[id] ?? {});
    this.#left = state.has('spoilt') ? [] : hits.filter(([mutant]) => !state.has(mutant));
    test.repeats = 2 * this.#left.length;
    test.testId = id;
  }

  onBeforeTryTask(test, options) {
    super.onBeforeTryTask(test, options);
    const [mutant, hits] = this.#suspect === undefined ? (this.#left.shift() ?? []) : [];
    if (mutant === undefined && this.#suspect === undefined) test.context.skip(); // ends the repeats
    Object.assign(this.#stryker, { activeMutant: mutant, hitCount: 0, hitLimit: 100 * (hits ?? 1) });
    this.#active = mutant;
  }

  async onAfterRetryTask(test, options) {
    await super.onAfterRetryTask(test, options);
    const hasFailed = test.result.state === 'fail';
    if (hasFailed && this.#active !== undefined && /timed out/.test(test.result.errors?.at(-1)?.message ?? ''))
      this.#note(this.#active, null); // a mutant that waits for ever, or a machine that is busy
    else if (this.#suspect === undefined) this.#suspect = hasFailed ? this.#active : undefined;
    else {
      this.#note(hasFailed ? 'spoilt' : this.#suspect, test.testId);
      if (hasFailed) this.#left = [];
      this.#suspect = undefined;
    }
    this.#stryker.activeMutant = undefined;
    test.result.errors = undefined; // of many repeats
  }

  #note(what, testId) {
    state.add(what);
    appendFileSync(this.#batch.killedFile, `${JSON.stringify([what, testId])}\n`);
  }
}

/** The name by which Stryker knows a test. */
function nameOf({ name, suite }, separator) {
  return (suite ? `${nameOf(suite, separator)}${separator}${name}` : name).trim();
}

/** The tests that `npm run mutants` runs: one project on Node, as Stryker's runner wants it, in the order of MUTANT_TESTS. */
import { matchesGlob, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const include = (process.env['MUTANT_TESTS'] ?? 'test/**/*.test.ts').split(';');

/** The tests of the file come first, because the first test that fails ends the run. */
class NearestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification): number => include.findIndex((glob) => matchesGlob(relative(here('.'), moduleId), glob));
    return [...files].sort((a, b) => rank(a) - rank(b));
  }
}

export default defineConfig({
  resolve: { alias: { '#under-test': here('./test/support/under-test.mutants.ts') } },
  test: {
    include,
    isolate: false,
    setupFiles: process.env['MUTANT_FILE'] === undefined ? [] : [here('./tools/mutants-load.ts')],
    provide: { full: false },
    testTimeout: 20_000,
    sequence: { sequencer: NearestFirst },
  },
});

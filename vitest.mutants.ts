/** The tests that mutants are tried on: one project on Node, as Stryker's runner wants it. */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  resolve: { alias: { '#under-test': here('./test/support/under-test.node.ts') } },
  test: {
    include: (process.env['MUTANT_TESTS'] ?? 'test/**/*.test.ts').split(','),
    isolate: false,
    provide: { full: false },
    expect: { requireAssertions: false },
    testTimeout: 20_000,
  },
});

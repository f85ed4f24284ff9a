/** How `npm run mutants` (tools/mutants.ts) changes files and runs tests. The files and their tests stand in tools/mutants-files.ts. */
export default {
  testRunner: 'quick', // tools/mutants-runner.mjs
  vitest: { configFile: 'vitest.mutants.ts', related: false }, // MUTANT_TESTS says which tests
  plugins: ['@stryker-mutator/vitest-runner', './tools/mutants-runner.mjs', './tools/mutants-ignored.mjs'],
  ignorers: ['prose'],
  mutate: [], // --mutate says which file
  reporters: ['json'],
  concurrency: 1,
  coverageAnalysis: 'perTest',
  timeoutMS: 10_000,
  dryRunTimeoutMinutes: 60, // the common run of all mutants is a part of it
  tempDirName: '.stryker-tmp',
  cleanTempDir: 'always',
  ignorePatterns: ['dist', '/examples', 'bench', 'artifacts', 'reports', '.portcullis'],
  checkers: [], // no type check: TypeScript 7 has no JavaScript API
  tsconfigFile: 'no-tsconfig.json', // for the same reason
};

/** Mutation tests: `npm run mutants -- FOLDER` (tools/mutants.ts gives the files). */
export default {
  testRunner: 'vitest',
  vitest: { configFile: 'vitest.mutants.ts' },
  plugins: ['@stryker-mutator/vitest-runner'],
  mutate: ['src/model/pkce.ts'],
  reporters: ['clear-text', 'json'],
  concurrency: 1,
  coverageAnalysis: 'perTest',
  tempDirName: '.stryker-tmp',
  ignorePatterns: ['dist', 'examples', 'bench', 'artifacts', '.portcullis'],
  checkers: [],
  tsconfigFile: 'no-tsconfig.json', // the preprocessor needs the compiler's JavaScript API, which TypeScript 7 has not
  allowEmpty: false,
};

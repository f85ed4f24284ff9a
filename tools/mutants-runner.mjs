/**
 * A faster vitest runner for Stryker: all mutants of a file are tried within one run of its tests (tools/mutants-batch.mjs). Mutants that
 * change how a module is loaded run one by one, as in Stryker; and so do the remaining ones after a mutant has spoilt the run.
 */
import { PluginKind, commonTokens, declareFactoryPlugin, tokens } from '@stryker-mutator/api/plugin';
import { strykerPlugins as vitest } from '@stryker-mutator/vitest-runner';
import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** Where the run writes which test killed what. In Stryker's copy of the repository, so that a runner that is restarted finds it. */
const killedFile = () => resolve('mutants-killed.txt');

/** @param {import('@stryker-mutator/api/plugin').Injector<import('@stryker-mutator/api/plugin').PluginContext>} injector */
function quickRunner(injector) {
  const runner = injector.injectFunction(vitest[0].factory);
  const [dryRun, mutantRun] = [runner.dryRun.bind(runner), runner.mutantRun.bind(runner)];
  return Object.assign(runner, {
    async dryRun(options) {
      const result = await dryRun(options);
      if (result.status === 'complete' && result.mutantCoverage) await killAtOnce(runner.ctx, result.mutantCoverage.perTest);
      return result;
    },
    async mutantRun(options) {
      const killed = killedBy();
      const by = killed.get(options.activeMutant.id);
      if (typeof by === 'string') return { status: 'killed', killedBy: [by], failureMessage: 'Killed in the common run.', nrOfTests: 1 };
      if (by === null || killed.has('spoilt') || options.mutantActivation === 'static') return await mutantRun(options);
      return { status: 'survived', nrOfTests: options.testFilter?.length ?? 0 };
    },
  });
}
quickRunner.inject = tokens(commonTokens.injector);

/** Runs the tests once more, each of them with every mutant that it covers. */
async function killAtOnce(ctx, coverage) {
  writeFileSync(killedFile(), '');
  ctx.state.filesMap.clear();
  ctx.provide('mode', 'mutant');
  ctx.provide('mutantActivation', 'runtime');
  ctx.provide('batch', { coverage, killedFile: killedFile() });
  const settings = { runner: resolve('tools/mutants-batch.mjs'), bail: 0, testTimeout: 10_000, testNamePattern: undefined };
  const before = ctx.projects.map(({ config }) => Object.fromEntries(Object.keys(settings).map((key) => [key, config[key]])));
  for (const { config } of ctx.projects) Object.assign(config, settings);
  await ctx.start();
  for (const [at, { config }] of ctx.projects.entries()) Object.assign(config, before[at]);
  ctx.state.filesMap.clear();
  ctx.state.errorsSet.clear();
}

/** The test that killed it, by the id of the mutant, null where one took too long; and the one after which the run was spoilt, as `spoilt`. */
function killedBy() {
  const lines = readFileSync(killedFile(), 'utf8').split('\n').slice(0, -1);
  return new Map(lines.map((line) => JSON.parse(line)));
}

export const strykerPlugins = [declareFactoryPlugin(PluginKind.TestRunner, 'quick', quickRunner)];

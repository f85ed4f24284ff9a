/** One suite, two runtimes: tests without a runtime in their path run on Node and in workerd; journeys also run on PostgreSQL and Redis. */
import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { enginesAreThere } from './test/support/engines-there.ts';

const NODE_ONLY = [
  'test/node/**',
  'test/cli/**',
  'test/stores/{sqlite,postgres,redis,hanging}*.test.ts',
  'test/stores/{wal-index,record-kinds}.test.ts',
  'test/*.test.ts',
  'test/options/**',
  'test/runtimes/**',
  'test/simulation/**',
];
/** Tests that start several processes or a database server: slow, so `npm run check` leaves them out. */
const PROCESSES = ['test/runtimes/**/*.test.ts', 'test/stores/sqlite-processes.test.ts', 'test/stores/{postgres,redis,hanging}*.test.ts'];
/** Further tests that `npm run check` leaves out: journeys on every store, real clients and servers, upstream providers, fuzzing, the package. */
const LONG = [
  'test/{journeys,fuzz,simulation,examples,mcp,node,cli,stores,upstreams,verifiers}/**/*.test.ts',
  'test/{docs,package}.test.ts',
  'test/core/{store-faults,all-grants}.test.ts',
  'test/logins/passkey*.test.ts',
];
/** Journeys that do not depend on the store: they run in memory on both runtimes, but not on PostgreSQL and Redis. */
const WITHOUT_A_STORE = ['client-documents', 'device-clients', 'hostile-lengths', 'words'].map((name) => `test/journeys/${name}.test.ts`);
/** Long enough for a slow machine; a test that hangs still ends. */
const PATIENT = { testTimeout: 300_000, hookTimeout: 300_000 };
/** A test without assertions fails, since it could not find anything. Polls wait as long as a slow machine needs. */
const expect = { requireAssertions: true, poll: { timeout: 120_000 } };
/** Runs races, kills and restarts many times (`PORTCULLIS_TEST_FULL=1`); writes the table of `npm run trips`. */
const provide = { full: process.env['PORTCULLIS_TEST_FULL'] === '1', trips: process.env['PORTCULLIS_TRIPS'] === '1' };
const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

export default defineConfig({
  test: {
    isolate: false,
    maxWorkers: 2,
    reporters: ['default', here('./tools/closing-line.ts')],
    projects: [
      {
        resolve: { alias: { '#under-test': here('./test/support/under-test.node.ts') } },
        test: {
          name: 'node',
          provide,
          expect,
          include: ['test/**/*.test.ts'],
          exclude: ['test/worker/**', 'test/e2e/**', ...PROCESSES],
          isolate: false,
          ...PATIENT,
        },
      },
      {
        // A part of `node`, which `npm test` therefore leaves out.
        resolve: { alias: { '#under-test': here('./test/support/under-test.node.ts') } },
        test: {
          name: 'quick',
          provide,
          expect,
          include: ['test/**/*.test.ts'],
          exclude: ['test/worker/**', 'test/e2e/**', ...PROCESSES, ...LONG],
          isolate: false,
          ...PATIENT,
        },
      },
      {
        resolve: { alias: { '#under-test': here('./test/support/under-test.node.ts') } },
        test: { name: 'processes', provide, expect, include: PROCESSES, isolate: false, testTimeout: 900_000, hookTimeout: 900_000 }, // some take a minute, others install from a registry
      },
      {
        resolve: { alias: { '#under-test': here('./test/support/under-test.engines.ts') } },
        test: {
          name: 'engines',
          provide,
          expect,
          include: enginesAreThere() ? ['test/journeys/**/*.test.ts'] : [],
          exclude: WITHOUT_A_STORE,
          globalSetup: here('./test/support/engines-setup.ts'),
          isolate: false,
          ...PATIENT,
        },
      },
      {
        plugins: [cloudflareTest({ wrangler: { configPath: './test/worker/wrangler.jsonc' } })],
        resolve: { alias: { '#under-test': here('./test/support/under-test.worker.ts') } },
        test: {
          name: 'workerd',
          provide,
          expect,
          include: ['test/**/*.test.ts'],
          exclude: [...NODE_ONLY, 'test/e2e/**'],
          isolate: false,
          ...PATIENT,
        },
      },
    ],
  },
});

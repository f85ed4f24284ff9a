/** One journey in this process: `node test/e2e/journey.ts <name> <chromium>`. Its last line counts; `run.ts` starts it. */
import { JOURNEYS } from './journeys.ts';
import { endAll } from './processes.ts';
import { close, fail } from './report.ts';

const [, , name = '', chromium = ''] = process.argv;
const journey = JOURNEYS[name];
if (!journey) throw new Error(`There is no journey ${name}. There are: ${Object.keys(JOURNEYS).join(', ')}.`);
// Of what a check waited for when it had failed. The others go on.
process.on('unhandledRejection', (error) => fail(name, error instanceof Error ? (error.stack ?? error.message) : String(error)));
try {
  await journey.run(chromium);
} catch (error) {
  fail(name, error instanceof Error ? (error.stack ?? error.message) : String(error));
} finally {
  await endAll();
}
process.exitCode = close();

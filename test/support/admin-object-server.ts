/**
 * A server process for tests: a Worker with the administration API in a workerd of its own. Prints its port. End its whole process group, for
 * workerd is a child of it.
 */
import { startMiniflare, workerFrom } from './miniflare.ts';

const port = await startMiniflare({
  ...(await workerFrom('admin.ts')),
  name: 'admin',
  durableObjects: { PORTCULLIS: { className: 'PortcullisStore', useSQLite: true } },
});
process.stdout.write(`${port}\n`);

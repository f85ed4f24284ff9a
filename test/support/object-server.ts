/**
 * A server process for tests: a Worker in a workerd of its own, whose Durable Objects are kept in a folder, so that they outlive it. Prints
 * its port. Argument: the folder. To kill it, kill its whole process group: workerd is a child of it.
 */
import { startMiniflare, workerFrom } from './miniflare.ts';

const port = await startMiniflare({
  ...(await workerFrom('mortal-objects.ts')),
  name: 'mortal',
  bindings: { PORTCULLIS_LIMITS: 'off' },
  durableObjects: { PORTCULLIS: { className: 'MortalStore', useSQLite: true } },
  resourcePersistencePath: process.argv[2],
});
process.stdout.write(`${port}\n`);

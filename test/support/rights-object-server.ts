/**
 * A server process for tests of rights that change: the Worker of `test/worker/rights` in a workerd of its own. The first one holds the
 * Durable Objects; the second has none, and reaches those of the first by `script_name`, through the registry of `wrangler dev`. Prints its
 * port. Arguments: a folder, and `holds` or `reaches`. To kill it, kill its whole process group: workerd is a child of it.
 */
import { join } from 'node:path';
import { startMiniflare, workerFrom } from './miniflare.ts';

const [folder = '', part = 'holds'] = process.argv.slice(2);
const classOf = (className: string): object => (part === 'holds' ? { className, useSQLite: true } : { className, scriptName: 'holds' });
const port = await startMiniflare({
  ...(await workerFrom('rights.ts')),
  name: part,
  bindings: { PORTCULLIS_LIMITS: 'off' },
  durableObjects: { PORTCULLIS: classOf('PortcullisStore'), NEWS: classOf('PortcullisNews') },
  resourcePersistencePath: join(folder, part),
  unsafeDevRegistryPath: join(folder, 'registry'),
});
process.stdout.write(`${port}\n`);

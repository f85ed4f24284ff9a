/** The same as `mail-server`, in a workerd of its own. Prints its port. Argument: a folder for its Durable Objects. */
import { startMiniflare, workerFrom } from './miniflare.ts';

const port = await startMiniflare({
  ...(await workerFrom('mail.ts')),
  name: 'mail',
  bindings: { PORTCULLIS_LIMITS: 'off' },
  durableObjects: { PORTCULLIS: { className: 'PortcullisStore', useSQLite: true } },
  resourcePersistencePath: process.argv[2],
});
process.stdout.write(`${port}\n`);

/** The Worker of the leak tests in workerd, with an inspector at the port that is the argument. Prints its port. */
import { startMiniflare, workerFrom } from './miniflare.ts';

const port = await startMiniflare({
  ...(await workerFrom('leaks.ts')),
  bindings: { PORTCULLIS_LIMITS: 'off' },
  durableObjects: { PORTCULLIS: { className: 'PortcullisStore', useSQLite: true } },
  inspectorPort: Number(process.argv[2]),
});
process.stdout.write(`${port}\n`);

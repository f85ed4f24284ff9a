/**
 * A process of the bench of operations: the Worker `workers/revocation.ts` in a workerd of its own. Prints its port. Argument: a folder. The variable
 * `ENGINE` says where its store is, `objects` or `d1`; `ROLE` whether this process has the Durable Objects or the database, or reaches those of the
 * one that has, through the registry of `wrangler dev`.
 */
import { join } from 'node:path';
import { startMiniflare, workerFrom } from '../../test/support/miniflare.ts';

const folder = process.argv[2] ?? '';
const { ENGINE = 'objects', ROLE = 'holds', STREAMS } = process.env;
const name = ROLE === 'holds' ? ROLE : `${ROLE}-${process.pid}`;
const className = 'PortcullisStore';
const stores = {
  'objects holds': { durableObjects: { PORTCULLIS: { className, useSQLite: true } } },
  'objects reaches': { durableObjects: { PORTCULLIS: { className, scriptName: 'holds' } } },
  'd1 holds': { d1Databases: ['D1'] },
  'd1 reaches': { serviceBindings: { DATABASE: 'holds' } },
};
const port = await startMiniflare({
  ...(await workerFrom('../../bench/workers/revocation.ts')),
  ...stores[`${ENGINE} ${ROLE}` as keyof typeof stores],
  name,
  bindings: { PORTCULLIS_LIMITS: 'off', ...(STREAMS ? { STREAMS } : {}) },
  resourcePersistencePath: join(folder, name),
  unsafeDevRegistryPath: join(folder, 'registry'),
});
process.stdout.write(`${port}\n`);

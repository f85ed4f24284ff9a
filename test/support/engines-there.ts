/** Whether this machine has the engines of the project `engines`. Nothing is started here: every run of the tests reads its configuration. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

const { env } = process;
const onPath = (name: string): boolean => (env['PATH'] ?? '').split(delimiter).some((folder) => existsSync(join(folder, name)));

/** True also in CI, where absence is a failure: starting them then says so. Elsewhere what is absent is told in a line. */
export function enginesAreThere(): boolean {
  const postgres = env['PORTCULLIS_TEST_POSTGRES'] !== undefined || existsSync('/usr/lib/postgresql') || onPath('postgres');
  const redis = env['PORTCULLIS_TEST_REDIS'] !== undefined || onPath('redis-server') || onPath('valkey-server');
  if ((postgres && redis) || env['CI']) return true;
  console.warn(
    'Skipped: journeys on PostgreSQL and Redis: one of the two is not on this machine (apt-get install postgresql redis-server).',
  );
  return false;
}

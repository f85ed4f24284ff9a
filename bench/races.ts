/**
 * `node bench/races.ts`: races at the token endpoint, in workerd, on workers-oauth-provider 1.2.3 with its KV namespace and on ours with D1.
 * The Worker is the same one (test/switching/workers/permissions.ts); only its import leads elsewhere.
 */
import { pathToFileURL } from 'node:url';
import { askTokens, authorizedAt, type Running, signInAt, startWorker, type TokenBody } from '../test/support/switched.ts';

const PARALLEL = 8;
const ROUNDS = 5;
/** The grace period of rotated tokens, and a little more. */
const GRACE_MS = 125_000;

interface Race {
  readonly name: string;
  readonly wanted: string;
  /** How often, if not as often as the others. */
  readonly rounds?: number;
  /** What happened in one round. */
  run(worker: Running): Promise<string>;
}

const refresh = (worker: Running, clientId: string, token: string | undefined): Promise<{ status: number; body: TokenBody }> =>
  askTokens(worker, { grant_type: 'refresh_token', client_id: clientId, refresh_token: token ?? '' });
const isGood = async ({ send }: Running, token: string | undefined): Promise<boolean> =>
  (await send('/mcp', { method: 'POST', headers: { authorization: `Bearer ${token}` }, body: '{}' })).status === 200;
const parallel = <T>(make: () => Promise<T>): Promise<T[]> => Promise.all(Array.from({ length: PARALLEL }, make));

/** The races, in the order of the table. */
export const RACES: readonly Race[] = [
  {
    name: `one code, redeemed ${PARALLEL} times at once`,
    wanted: 'one response with tokens',
    async run(worker) {
      const { clientId, redemption } = await authorizedAt(worker);
      const answers = await parallel(() => askTokens(worker, { ...redemption, client_id: clientId }));
      const count = answers.filter(({ status }) => status === 200).length;
      return `${count} ${count === 1 ? 'response' : 'responses'} with tokens`;
    },
  },
  {
    name: `one refresh token, used ${PARALLEL} times at once`,
    wanted: 'every response good afterwards',
    async run(worker) {
      const { clientId, tokens } = await signInAt(worker);
      const answers = await parallel(() => refresh(worker, clientId, tokens['refresh_token']));
      const next: boolean[] = [];
      for (const { body } of answers) next.push((await refresh(worker, clientId, body['refresh_token'])).status === 200);
      const lost = next.filter((good) => !good).length;
      return lost === 0 ? 'every response good afterwards' : `${lost} of ${PARALLEL} processes signed out`;
    },
  },
  {
    name: 'a refresh token from three rotations ago, used by a thief',
    wanted: 'noticed: the grant ends',
    rounds: 1,
    async run(worker) {
      const { clientId, tokens } = await signInAt(worker);
      let live = tokens['refresh_token'];
      for (let turn = 0; turn < 3; turn++) live = (await refresh(worker, clientId, live)).body['refresh_token'];
      await new Promise((next) => setTimeout(next, GRACE_MS)); // until then a rotated token of ours leads to the live one
      await refresh(worker, clientId, tokens['refresh_token']);
      return (await refresh(worker, clientId, live)).status === 200 ? 'not noticed: the thief may try again' : 'noticed: the grant ends';
    },
  },
  {
    name: `revoked while ${PARALLEL} refreshes are on their way`,
    wanted: 'nothing works afterwards',
    async run(worker) {
      const { clientId, tokens } = await signInAt(worker);
      const running = parallel(() => refresh(worker, clientId, tokens['refresh_token']));
      const body = new URLSearchParams({ token: tokens['refresh_token'] ?? '', client_id: clientId }).toString();
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      const path = ((await (await worker.send('/.well-known/oauth-authorization-server')).json()) as { revocation_endpoint: string })
        .revocation_endpoint;
      await worker.send(new URL(path).pathname, { method: 'POST', headers, body });
      const answers = await running;
      let alive = 0;
      for (const { body: given } of answers)
        if ((await isGood(worker, given['access_token'])) || (await refresh(worker, clientId, given['refresh_token'])).status === 200)
          alive++;
      return alive === 0 ? 'nothing works afterwards' : `${alive} of ${PARALLEL} go on after the revocation`;
    },
  },
];

/** Runs all races on one library. @returns for each the outcomes of all rounds, without repeats. */
export async function racesOn(library: 'theirs' | 'ours', rounds: number = ROUNDS): Promise<ReadonlyMap<string, string>> {
  const outcomes = new Map<string, string>();
  const worker = await startWorker('permissions', library);
  for (const race of RACES) {
    const seen = new Set<string>();
    for (let round = 0; round < Math.min(rounds, race.rounds ?? rounds); round++) seen.add(await race.run(worker));
    outcomes.set(race.name, [...seen].join('; '));
  }
  await worker.stop();
  return outcomes;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const [theirs, ours] = [await racesOn('theirs'), await racesOn('ours')];
  console.log('| race | wanted | workers-oauth-provider 1.2.3 | Portcullis |\n| --- | --- | --- | --- |');
  for (const { name, wanted } of RACES) console.log(`| ${name} | ${wanted} | ${theirs.get(name)} | ${ours.get(name)} |`);
}

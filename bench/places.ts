/**
 * How long people and clients wait for data that is far away, by continent and layout: the server's real code on virtual time, on stores whose calls take
 * as long as the distance (`places/distances.ts`). Nothing is measured on this machine but the order of calls, so the figures are the same everywhere.
 *
 *   npm run bench -- places [--home REGION] [--people N] [--layout NAME]…
 */
import { parseArgs } from 'node:util';
import { isPlace, PLACES, type Place } from '../src/model/token.ts';
import { chance } from '../test/support/random.ts';
import { virtualClock } from './places/clock.ts';
import { incumbent } from './places/incumbent.ts';
import { OPERATIONS, type Operation, play, serve } from './places/journeys.ts';
import { type Here, LAYOUTS } from './places/layouts.ts';

const PLACED = 'objects near the caller';
const PEER = 'workers-oauth-provider on KV';

type Samples = Map<Operation, Map<Place, number[]>>;

/** What a person should wait for at most whose client calls from the same region. */
const GOALS: readonly (readonly [Operation, number])[] = [
  ['guarded call', 15],
  ['sign-in, pages of the application', 400],
];

/** Prints the tables. */
export async function benchPlaces(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      home: { type: 'string', default: 'enam' },
      people: { type: 'string', default: '20' },
      layout: { type: 'string', multiple: true },
    },
  });
  const [home, people] = [values.home, Number(values.people)];
  if (!isPlace(home)) throw new TypeError(`--home must be one of ${PLACES.join(', ')}.`);
  if (!Number.isSafeInteger(people) || people < 1) throw new TypeError('--people must be a whole number above zero.');
  const names = [...LAYOUTS.map(({ name }) => name), PEER].filter((name) => values.layout?.includes(name) ?? true);
  if (names.length === 0) throw new TypeError(`--layout must be one of ${[...LAYOUTS.map(({ name }) => name), PEER].join(', ')}.`);
  const results = new Map<string, Samples>();
  for (const name of names) results.set(name, await simulate(name, home, people));
  console.log(`\nWaiting for data in ms, p50 / p99, people in all nine regions, the client in the same one, home in ${home}\n`);
  print(
    ['', ...names],
    OPERATIONS.map((operation) => [operation, ...names.map((name) => cell(all(results.get(name)?.get(operation))))]),
  );
  const placed = results.get(PLACED);
  if (!placed) return;
  console.log('\nObjects near the caller, by the region of person and client\n');
  print(
    ['', ...PLACES],
    OPERATIONS.map((operation) => [operation, ...PLACES.map((place) => cell(placed.get(operation)?.get(place)))]),
  );
  for (const [operation, goal] of GOALS) {
    const missed = PLACES.filter((place) => (percentile(placed.get(operation)?.get(place), 0.5) ?? Infinity) > goal);
    console.log(`\nGoal: ${operation}, p50 ≤ ${goal} ms: ${missed.length === 0 ? 'met everywhere' : `missed in ${missed.join(', ')}`}`);
  }
}

async function simulate(name: string, home: Place, people: number): Promise<Samples> {
  const samples: Samples = new Map();
  const random = chance(1);
  const here: Here = { place: home, address: '10.0.0.0', nth: 0, spread: () => random.below(10_000) / 10_000 };
  const clock = virtualClock();
  const layout = LAYOUTS.find((one) => one.name === name);
  const served = layout
    ? (await clock.run(async () => serve(await layout.store(home, here, clock), here, layout.isPlaced))).result
    : { own: null, pages: await incumbent(here, clock), join: async () => undefined };
  for (let person = -1; person < people; person++) {
    for (const place of PLACES) {
      // A hosted client that the person uses from another continent, as an application on a server is.
      const elsewhere = place === 'enam' ? 'weur' : 'enam';
      here.nth = Math.max(0, person);
      here.address = `10.${PLACES.indexOf(place)}.${person + 1}.1`;
      await play(served, clock, { person: place, client: place, elsewhere }, (operation, took) => {
        if (person < 0) return; // the first round loads modules and makes objects
        const places = samples.get(operation) ?? new Map<Place, number[]>();
        samples.set(operation, places.set(place, [...(places.get(place) ?? []), took]));
      });
    }
  }
  return samples;
}

function all(places: Map<Place, number[]> | undefined): readonly number[] | undefined {
  return places && [...places.values()].flat();
}

function cell(values: readonly number[] | undefined): string {
  const [half, most] = [percentile(values, 0.5), percentile(values, 0.99)];
  return half === null || most === null ? '–' : `${half} / ${most}`;
}

function percentile(values: readonly number[] | undefined, share: number): number | null {
  const sorted = (values ?? []).toSorted((a, b) => a - b);
  const found = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
  return found === undefined ? null : Math.round(found);
}

function print(head: readonly string[], rows: readonly (readonly string[])[]): void {
  for (const row of [head, head.map(() => '---'), ...rows]) console.log(`| ${row.join(' | ')} |`);
}

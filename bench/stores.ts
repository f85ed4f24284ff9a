/**
 * What each store costs, and whether it stays so: check, redeem, refresh and revoke beside the engine's own floor, with a thousand,
 * a hundred thousand and a million grants in it; pages of lists, revoking all, the sweep, and the heap.
 *
 *   npm run bench -- stores [--engine NAME]… [--grants 1000,100000,1000000] [--samples 400] [--rounds 5] [--tokens 20000]
 */
import { setFlagsFromString } from 'node:v8';
import { parseArgs } from 'node:util';
import { runInNewContext } from 'node:vm';
import { type Grant, lifeEndOf } from '../src/model/grant.ts';
import type { Json } from '../dist/model/store.js';
import { CLIENT_ID, CONSENT } from './servers/answers.ts';
import { ENGINES, type Engine, type Subject } from './store-engines.ts';
import { type Figures, measureSideBySide, REDEEM, REFRESH, type Step, STEPS } from './store-figures.ts';
import { AT_ONCE, copyOf, type FilledRow, rowOf, userOf } from './store-filling.ts';
import { keyOf } from './store-server.ts';

/** Expired grants that the sweep has to find among the living. */
const EXPIRED = 20_000;
/** What `serve` looks at in one go (`node/serve`). */
const LOOKED_AT = 2000;
/** Grants of the one user whose grants are all revoked at once. */
const OF_ONE = 2000;

/** Runs the whole comparison. */
export async function benchStores(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      engine: { type: 'string', multiple: true },
      grants: { type: 'string', default: '1000,100000,1000000' },
      samples: { type: 'string', default: '400' },
      rounds: { type: 'string', default: '5' },
      tokens: { type: 'string', default: '20000' },
    },
  });
  const [samples, rounds, tokens] = [values.samples, values.rounds, values.tokens].map(Number) as [number, number, number];
  for (const name of values.engine ?? Object.keys(ENGINES)) {
    const engine = await ENGINES[name]?.();
    if (!engine || typeof engine === 'string') {
      console.log(`\n${name}: left out, ${engine ?? `unknown; there are ${Object.keys(ENGINES).join(', ')}`}.`);
      continue;
    }
    const sizes = values.grants.split(',').map(Number).filter((size) => size <= engine.most);
    const subjects: Subject[] = [];
    for (const size of sizes) subjects.push(await filled(name, engine, size));
    report(name, sizes, await measureSideBySide(engine, subjects, rounds, samples));
    const largest = subjects.at(-1) as Subject;
    await revokeAll(name, largest, sizes.at(-1) ?? 0);
    await sweep(name, largest, sizes.at(-1) ?? 0);
    if (engine.here) await heap(name, largest, tokens);
    await engine.stop();
  }
} // prettier-ignore

/** A server whose store holds so many grants. */
async function filled(name: string, engine: Engine, size: number): Promise<Subject> {
  const subject = await engine.open(size);
  const samples = await realGrants(subject);
  const began = performance.now();
  for (let at = 0; at < size; at += AT_ONCE)
    await subject.fill(Array.from({ length: Math.min(AT_ONCE, size - at) }, (_, lane) => copyOf(samples[lane % samples.length] as FilledRow, at + lane)));
  await expectReal(subject, samples, size);
  console.error(`${name}: ${size.toLocaleString('en')} grants written in ${((performance.now() - began) / 1000).toFixed(0)} s`);
  return subject;
} // prettier-ignore

/** Grants as they are after a code was traded, and after one and five refreshes. */
async function realGrants({ ask }: Subject): Promise<readonly FilledRow[]> {
  const found: FilledRow[] = [];
  for (const refreshes of [0, 1, 5]) {
    const [code = ''] = (await ask({ path: '/bench/codes?count=1' })) as readonly string[];
    let tokens = (await ask({ path: '/token', form: { ...REDEEM, code } })) as Record<string, string>;
    for (let time = 0; time < refreshes; time++)
      tokens = (await ask({ path: '/token', form: { ...REFRESH, refresh_token: tokens['refresh_token'] ?? '' } })) as Record<string, string>;
    found.push(await recordOf(ask, code));
  }
  return found;
} // prettier-ignore

async function recordOf(ask: Subject['ask'], token: string): Promise<FilledRow> {
  const key = keyOf(token);
  const { value, version } = (await ask({ path: `/bench/record?key=${key}` })) as { value: Json; version: number };
  return rowOf({ key, value, version, until: lifeEndOf(value as Grant), index: [`user:${CONSENT.userId}`, `client:${CLIENT_ID}`] });
}

/** What was filled in reads as what it is a copy of, and stands in the lists of its user: the server takes it for its own. */
async function expectReal({ ask }: Subject, samples: readonly FilledRow[], size: number): Promise<void> {
  const listed = (await ask({ path: `/bench/list?user=${userOf(size - 1)}` })) as { grants: number };
  const first = copyOf(samples[0] as FilledRow, 0);
  const held = (await ask({ path: `/bench/record?key=${first.key}` })) as { value: Json } | null;
  const shape = (text: string): string => text.replaceAll(/"[A-Za-z0-9_-]{43}"/g, '"…"');
  if (listed.grants !== Math.min(100, size) || shape(JSON.stringify(held?.value)) !== shape(first.text))
    throw new Error('What was filled in is not what the store writes itself.');
}

function report(name: string, sizes: readonly number[], rows: readonly Figures[]): void {
  console.log(`\n${name}: p50 / p99 in µs, one request at a time; CPU µs of the process\n`);
  console.log(`| grants | ${STEPS.join(' | ')} |\n| ${['', ...STEPS].map(() => '---').join(' | ')} |`);
  const cell = (figures: Figures, step: Step): string => {
    const { p50, p99, cpu } = figures.get(step) ?? { p50: NaN, p99: NaN, cpu: NaN };
    return `${p50.toFixed(0)} / ${p99.toFixed(0)}; ${cpu.toFixed(0)}`;
  };
  for (const [at, figures] of rows.entries())
    console.log(`| ${sizes[at]?.toLocaleString('en')} | ${STEPS.map((step) => cell(figures, step)).join(' | ')} |`);
  const of = (row: number, step: Step, what: 'cpu' | 'p50'): number => rows.at(row)?.get(step)?.[what] ?? NaN;
  const line = (met: boolean, text: string): void => console.log(`${met ? 'met   ' : 'MISSED'} ${name}: ${text}`);
  console.log();
  for (const [floor, step, least] of [['read', 'check', 0.7], ['read + write', 'redeem', 0.6], ['read + write', 'refresh', 0.6]] as const) {
    const [cpu, p50] = [of(0, floor, 'cpu') / of(0, step, 'cpu'), of(0, floor, 'p50') / of(0, step, 'p50')];
    line(cpu >= least, `${step} is ${(cpu * 100).toFixed(0)} % of the floor, ${floor}, in CPU (at least ${least * 100} %), and ${(p50 * 100).toFixed(0)} % in p50`);
  }
  if (rows.length > 1)
    for (const step of ['check', 'redeem', 'refresh', 'revoke', 'list'] as const) {
      const ratio = of(-1, step, 'p50') / of(0, step, 'p50');
      const dearer = of(-1, step, 'cpu') / of(0, step, 'cpu');
      line(dearer <= 1.25, `S1, ${step} with ${sizes.at(-1)?.toLocaleString('en')} grants costs ${dearer.toFixed(2)}× of that with ${sizes[0]?.toLocaleString('en')} (CPU; at most 1.25×)`);
      line(ratio <= 2, `${step} with ${sizes.at(-1)?.toLocaleString('en')} grants takes ${ratio.toFixed(2)}× of that with ${sizes[0]?.toLocaleString('en')} (p50; at most 2×)`);
    }
} // prettier-ignore

/** One user has very many grants, and takes them all back. */
async function revokeAll(name: string, { ask, fill }: Subject, size: number): Promise<void> {
  const [sample] = await realGrants({ ask, fill });
  for (let at = 0; at < OF_ONE; at += AT_ONCE)
    await fill(Array.from({ length: AT_ONCE }, (_, lane) => copyOf(sample as FilledRow, size + at + lane, 'one-user')));
  const began = performance.now();
  const { ended } = (await ask({ path: '/bench/end?user=one-user' })) as { ended: number };
  const seconds = (performance.now() - began) / 1000;
  if (ended !== OF_ONE) throw new Error(`${ended} of ${OF_ONE} grants were ended.`);
  console.log(`${name}: all ${ended.toLocaleString('en')} grants of one user among ${size.toLocaleString('en')} revoked in ${seconds.toFixed(1)} s, page by page`);
} // prettier-ignore

/** Once through everything, with expired grants among it. */
async function sweep(name: string, { ask, fill }: Subject, size: number): Promise<void> {
  const [sample] = await realGrants({ ask, fill });
  for (let at = 0; at < EXPIRED; at += AT_ONCE)
    await fill(Array.from({ length: AT_ONCE }, (_, lane) => ({ ...copyOf(sample as FilledRow, size + OF_ONE + at + lane), until: 1000 })));
  let [removed, longest] = [0, 0];
  const began = performance.now();
  for (let looked = 0; removed < EXPIRED && looked < 2 * (size + 100_000); looked += LOOKED_AT) {
    const from = performance.now();
    const swept = (await ask({ path: `/bench/sweep?most=${LOOKED_AT}` })) as { removed: number | null };
    if (swept.removed === null) return console.log(`${name}: sweeps by itself`);
    longest = Math.max(longest, performance.now() - from);
    removed += swept.removed;
  }
  const seconds = (performance.now() - began) / 1000;
  console.log(`${name}: the sweep removed ${removed.toLocaleString('en')} expired among ${size.toLocaleString('en')} living grants in ${seconds.toFixed(1)} s, the longest go of ${LOOKED_AT} took ${longest.toFixed(0)} ms`);
} // prettier-ignore

/** Memory after each tenth of many refreshes and checks, every one with tokens never seen before. */
async function heap(name: string, { ask }: Subject, tokens: number): Promise<void> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const heaps: number[] = [];
  const [code = ''] = (await ask({ path: '/bench/codes?count=1' })) as readonly string[];
  let live = (await ask({ path: '/token', form: { ...REDEEM, code } })) as Record<string, string>;
  for (let at = 1; at <= tokens; at++) {
    live = (await ask({ path: '/token', form: { ...REFRESH, refresh_token: live['refresh_token'] ?? '' } })) as Record<string, string>;
    await ask({ path: '/mcp', token: live['access_token'] ?? '' });
    if (at % Math.ceil(tokens / 10) !== 0) continue;
    collect();
    heaps.push(process.memoryUsage().heapUsed / 2 ** 20);
  }
  console.log(`${name}: heap in MiB over ${(2 * tokens).toLocaleString('en')} tokens: ${heaps.map((mib) => mib.toFixed(1)).join(', ')}`);
}

/**
 * What one operation on a store costs: how long one alone takes, and the CPU that it uses. Sizes are measured side by side, in rounds,
 * so that whatever else the machine does falls on all of them alike.
 */
import { CLIENT_ID, REDIRECT_URI, VERIFIER } from './servers/answers.ts';
import type { Engine, Subject } from './store-engines.ts';
import { userOf } from './store-filling.ts';
import { median } from './report.ts';

/** What is measured; `read` and `read + write` are the floor. */
export const STEPS = ['read', 'check', 'read + write', 'redeem', 'refresh', 'revoke', 'list'] as const;
export type Step = (typeof STEPS)[number];

/** Microseconds. */
export interface Figure {
  readonly p50: number;
  readonly p99: number;
  readonly cpu: number;
}

/** What one size came to. */
export type Figures = ReadonlyMap<Step, Figure>;

/** The form that trades a code. */
export const REDEEM = {
  client_id: CLIENT_ID,
  grant_type: 'authorization_code',
  redirect_uri: REDIRECT_URI,
  code_verifier: VERIFIER,
} as const;
/** The form that trades a refresh token. */
export const REFRESH = { client_id: CLIENT_ID, grant_type: 'refresh_token' } as const;

type Times = Map<Step, { readonly times: number[]; readonly middles: number[]; readonly cpus: number[] }>;

/** Measures several stores in turn, so many rounds of so many samples. The first round warms up and is not counted. */
export async function measureSideBySide(engine: Engine, subjects: readonly Subject[], rounds: number, samples: number): Promise<readonly Figures[]> {
  const all = subjects.map((): Times => new Map(STEPS.map((step) => [step, { times: [], middles: [], cpus: [] }])));
  for (let round = 0; round <= rounds; round++)
    for (const [at, subject] of subjects.entries()) await measureOnce(engine, subject, samples, round === 0 ? null : (all[at] as Times));
  return all.map((times) => new Map(STEPS.map((step) => [step, figureOf(times, step)])));
} // prettier-ignore

function figureOf(all: Times, step: Step): Figure {
  const { times, middles, cpus } = all.get(step) as NonNullable<ReturnType<Times['get']>>;
  const sorted = times.toSorted((a, b) => a - b);
  return { p50: median(middles), p99: sorted[Math.floor(sorted.length * 0.99)] ?? NaN, cpu: median(cpus) };
}

async function measureOnce(engine: Engine, { ask }: Subject, samples: number, into: Times | null): Promise<void> {
  const codes = (await ask({ path: `/bench/codes?count=${samples}` })) as readonly string[];
  const tokens: Record<string, string>[] = [];
  const token = (at: number, name: string): string => tokens[at]?.[name] ?? '';
  const trade = async (at: number, form: Record<string, string>): Promise<void> =>
    void (tokens[at] = (await ask({ path: '/token', form })) as Record<string, string>);
  const step = async (name: Step, run: (at: number) => Promise<unknown>): Promise<void> => {
    const { times, cpu } = await timesOf(engine, name === 'list' ? Math.ceil(samples / 10) : samples, run);
    const kept = into?.get(name);
    kept?.times.push(...times);
    kept?.middles.push(median(times));
    kept?.cpus.push(cpu);
  };
  await step('redeem', (at) => trade(at, { ...REDEEM, code: codes[at] ?? '' }));
  await step('read', (at) => ask({ path: '/bench/floor', token: token(at, 'access_token') }));
  await step('read + write', (at) => ask({ path: '/bench/floor', form: { ...REDEEM, code: codes[at] ?? '' } }));
  await step('check', (at) => ask({ path: '/mcp', token: token(at, 'access_token') }));
  await step('refresh', (at) => trade(at, { ...REFRESH, refresh_token: token(at, 'refresh_token') }));
  await step('list', (at) => ask({ path: `/bench/list?user=${userOf((at % 10) * 100)}` }));
  await step('revoke', (at) => ask({ path: '/revoke', form: { client_id: CLIENT_ID, token: token(at, 'refresh_token') } }));
}

async function timesOf(engine: Engine, samples: number, run: (at: number) => Promise<unknown>): Promise<{ times: number[]; cpu: number }> {
  const times: number[] = [];
  const before = engine.cpu();
  for (let at = 0; at < samples; at++) {
    const began = performance.now();
    await run(at);
    times.push((performance.now() - began) * 1000);
  }
  return { times, cpu: (engine.cpu() - before) / samples };
}

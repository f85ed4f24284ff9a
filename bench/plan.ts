/**
 * What is compared with what. A subject is a server, an operation is something asked of it, a target says how much CPU one operation
 * may cost against another in the same run (ids as in docs/reference/performance.md).
 */

/**
 * Things that are asked of servers, in the order of a round: codes give the tokens that the rest needs.
 * `refresh` uses every grant once, `chain` sixteen of them hundreds of times; `first` shows every access token once to a process
 * that has not seen it, `introspect` asks what they are worth, `register` registers a client, `guard` a few hundred of them again and again. `read` and `write` are one bare call of a Durable Object.
 */
export const OPERATIONS = [
  'code',
  'refresh',
  'first',
  'chain',
  'guard',
  'forged',
  'introspect',
  'register',
  'metadata',
  'read',
  'write',
] as const;
export type Operation = (typeof OPERATIONS)[number];

/** A server and what it is asked. */
export interface Subject {
  readonly name: string;
  readonly side: 'node' | 'worker';
  readonly file: string;
  readonly args: readonly string[];
  /** Operations, with the number of requests in a round. */
  readonly asks: { readonly [operation in Operation]?: number };
  /** Paths, where they are not ours. */
  readonly paths?: { readonly [operation in Operation]?: string };
}

const TOKENS = { code: 3000, refresh: 3000, chain: 3000 };
const FIRST = { first: 3000 };
const CHEAP = { guard: 16_000, forged: 16_000, metadata: 16_000 };
const SLOW = { code: 2000, refresh: 2000, chain: 2000 };

/** All servers. */
export const SUBJECTS: readonly Subject[] = [
  { name: 'node:http', side: 'node', file: 'servers/bare.ts', args: [], asks: CHEAP, paths: { forged: '/forged' } },
  { name: 'serve() alone', side: 'node', file: 'servers/adapter.ts', args: [], asks: { guard: 16_000 } },
  { name: 'serve() alone, native objects', side: 'node', file: 'servers/adapter.ts', args: ['native'], asks: { guard: 16_000 } },
  { name: 'token floor, map', side: 'node', file: 'servers/token-floor.ts', args: ['map'], asks: TOKENS },
  { name: 'token floor, SQLite NORMAL', side: 'node', file: 'servers/token-floor.ts', args: ['normal'], asks: TOKENS },
  { name: 'token floor, SQLite FULL', side: 'node', file: 'servers/token-floor.ts', args: ['full'], asks: TOKENS },
  { name: 'Portcullis, memory', side: 'node', file: 'servers/ours.ts', args: ['memory'], asks: { ...TOKENS, guard: 16_000, register: 3000 } },
  { name: 'Portcullis, SQLite', side: 'node', file: 'servers/ours.ts', args: ['sqlite'], asks: { ...TOKENS, ...FIRST, ...CHEAP, introspect: 8000, register: 2000 } },
  { name: 'Portcullis, SQLite, ES256', side: 'node', file: 'servers/ours.ts', args: ['sqlite', 'signed'], asks: { code: 3000, refresh: 3000, first: 3000, guard: 16_000, introspect: 8000 } },
  { name: 'Portcullis, SQLite, cached', side: 'node', file: 'servers/ours.ts', args: ['sqlite', 'cached'], asks: { code: 3000, refresh: 3000, guard: 16_000 } },
  { name: 'oidc-provider, memory', side: 'node', file: 'servers/oidc.ts', args: ['memory'], asks: { ...SLOW, register: 2000 }, paths: { register: '/reg' } },
  { name: 'oidc-provider, SQLite', side: 'node', file: 'servers/oidc.ts', args: ['sqlite'], asks: SLOW },
  { name: 'MCP SDK 1.32, Express', side: 'node', file: 'servers/sdk-as.ts', args: [], asks: { forged: 8000, register: 3000, metadata: 8000 } },
  { name: 'MCP SDK 1.32, Express, known token', side: 'node', file: 'servers/sdk-as.ts', args: ['known'], asks: { guard: 16_000 } },
  { name: 'workerd hello', side: 'worker', file: 'servers/workerd.ts', args: ['hello'], asks: { guard: 8000 } },
  { name: 'one Durable Object call', side: 'worker', file: 'servers/workerd.ts', args: ['floor'], asks: { code: 2000, refresh: 2000, read: 4000, write: 4000 } },
  { name: 'Portcullis, Durable Object', side: 'worker', file: 'servers/workerd.ts', args: ['ours'], asks: { ...SLOW, first: 2000, guard: 4000, forged: 4000, register: 1000, metadata: 8000 } },
  { name: 'Portcullis, Durable Object, cached', side: 'worker', file: 'servers/workerd.ts', args: ['ours-cached'], asks: { code: 2000, refresh: 2000, guard: 4000 } },
  { name: 'workers-oauth-provider, KV', side: 'worker', file: 'servers/workerd.ts', args: ['incumbent'], asks: { ...SLOW, first: 2000, guard: 2000, forged: 2000, register: 1000, metadata: 8000 } },
]; // prettier-ignore

/** Servers that are only started, for the CPU until the first answer. */
export const STARTS: readonly Pick<Subject, 'name' | 'side' | 'file' | 'args'>[] = [
  { name: 'node:http', side: 'node', file: 'servers/bare.ts', args: [] },
  { name: 'guard alone', side: 'node', file: 'servers/guard.ts', args: [] },
  { name: 'Portcullis, SQLite', side: 'node', file: 'servers/ours.ts', args: ['sqlite'] },
  { name: 'workerd hello', side: 'worker', file: 'servers/workerd.ts', args: ['hello'] },
  { name: 'Portcullis, Durable Object', side: 'worker', file: 'servers/workerd.ts', args: ['ours'] },
];

/** One promise: the other's cost, divided by ours, is at least so much. */
export interface Target {
  readonly id: string;
  readonly ours: readonly [name: string, operation: Operation | 'start'];
  readonly other: readonly [name: string, operation: Operation | 'start'];
  readonly least: number;
}

const node = 'Portcullis, SQLite';
const worker = 'Portcullis, Durable Object';
const incumbent = 'workers-oauth-provider, KV';
const sdk = 'MCP SDK 1.32, Express';
const sdkGuard = 'MCP SDK 1.32, Express, known token';

/** The promises that are kept in this bench. */
export const TARGETS: readonly Target[] = [
  { id: 'guard, one read (Node)', ours: [node, 'guard'], other: [sdkGuard, 'guard'], least: 1 / 0.8 },
  { id: 'guard, one read (Node)', ours: [node, 'guard'], other: ['node:http', 'guard'], least: 1 / 2.2 },
  { id: 'G1, tokens cached', ours: ['Portcullis, SQLite, cached', 'guard'], other: ['node:http', 'guard'], least: 0.8 },
  { id: 'G2, tokens cached', ours: ['Portcullis, Durable Object, cached', 'guard'], other: ['workerd hello', 'guard'], least: 0.75 },
  { id: 'G2, tokens cached', ours: ['Portcullis, Durable Object, cached', 'guard'], other: [incumbent, 'guard'], least: 4.5 },
  { id: 'T1', ours: ['Portcullis, memory', 'code'], other: ['token floor, map', 'code'], least: 0.5 },
  { id: 'T1', ours: ['Portcullis, memory', 'refresh'], other: ['token floor, map', 'refresh'], least: 0.5 },
  { id: 'T1', ours: ['Portcullis, memory', 'refresh'], other: ['oidc-provider, memory', 'refresh'], least: 1 / 0.65 },
  { id: 'T1', ours: ['Portcullis, memory', 'code'], other: ['oidc-provider, memory', 'code'], least: 2 },
  { id: 'T2', ours: [node, 'code'], other: ['token floor, SQLite NORMAL', 'code'], least: 0.5 },
  { id: 'T2, as durable', ours: [node, 'code'], other: ['token floor, SQLite FULL', 'code'], least: 0.5 },
  { id: 'T2', ours: [node, 'code'], other: ['oidc-provider, SQLite', 'code'], least: 2 },
  { id: 'T2', ours: [node, 'refresh'], other: ['token floor, SQLite NORMAL', 'refresh'], least: 0.5 },
  { id: 'T2, as durable', ours: [node, 'refresh'], other: ['token floor, SQLite FULL', 'refresh'], least: 0.5 },
  { id: 'T2', ours: [node, 'refresh'], other: ['oidc-provider, SQLite', 'refresh'], least: 1 / 0.45 },
  { id: 'T4', ours: ['Portcullis, memory', 'register'], other: ['oidc-provider, memory', 'register'], least: 2 },
  { id: 'T4', ours: ['Portcullis, memory', 'register'], other: [sdk, 'register'], least: 1.2 },
  { id: 'T4', ours: [worker, 'register'], other: [incumbent, 'register'], least: 1 / 0.8 },
  { id: 'T5', ours: [node, 'metadata'], other: ['node:http', 'metadata'], least: 0.85 },
  { id: 'T5', ours: [worker, 'metadata'], other: ['workerd hello', 'guard'], least: 0.85 },
  { id: 'G3, opaque', ours: [worker, 'first'], other: ['one Durable Object call', 'read'], least: 0.9 },
  { id: 'G4', ours: [node, 'forged'], other: ['node:http', 'forged'], least: 0.85 },
  { id: 'G4', ours: [node, 'forged'], other: [sdk, 'forged'], least: 3 },
  { id: 'G4', ours: [worker, 'forged'], other: ['workerd hello', 'guard'], least: 0.85 },
  { id: 'G4', ours: [worker, 'forged'], other: [incumbent, 'forged'], least: 6 },
  { id: 'B2', ours: ['guard alone', 'start'], other: ['node:http', 'start'], least: 1 / 1.15 },
  { id: 'guard, one read (workerd)', ours: [worker, 'guard'], other: ['one Durable Object call', 'read'], least: 0.9 },
  { id: 'T3', ours: [worker, 'code'], other: ['one Durable Object call', 'write'], least: 0.6 },
  { id: 'T3, atomic read-modify-write', ours: [worker, 'code'], other: ['one Durable Object call', 'code'], least: 0.6 },
  { id: 'T3', ours: [worker, 'code'], other: [incumbent, 'code'], least: 3.3 },
  { id: 'T3', ours: [worker, 'refresh'], other: ['one Durable Object call', 'write'], least: 0.6 },
  { id: 'T3, atomic read-modify-write', ours: [worker, 'refresh'], other: ['one Durable Object call', 'refresh'], least: 0.6 },
  { id: 'T3', ours: [worker, 'refresh'], other: [incumbent, 'refresh'], least: 3.3 },
  { id: 'B2', ours: [worker, 'start'], other: ['workerd hello', 'start'], least: 1 / 1.15 },
];

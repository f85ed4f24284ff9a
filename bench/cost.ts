/**
 * `npm run bench -- cost`: what each operation asks of Durable Objects, D1 and KV, counted in workerd with limits on, and what that costs on the Workers
 * Paid plan; and what it asks of PostgreSQL or SQLite. Prints the tables of docs/guide/cost.md.
 */
import { OAuthProvider } from '../src/node/main.ts';
import { memoryStore } from '../src/stores/memory.ts';
import { costsOn, type Tally } from './cost-journey.ts';
import { start } from './processes.ts';

/** US dollars, beyond what the plan includes. Sources and their date stand in docs/guide/cost.md. */
const MILLION: Readonly<Record<string, number>> = {
  'Worker requests': 0.3,
  'object requests': 0.15,
  'rows read': 0.001,
  'rows written': 1,
  'KV get': 0.5,
  'KV put': 5,
  'KV delete': 5,
  'KV list': 5,
};
/** A million GB-s of an object, which is billed with 128 MB for as long as a request lasts; taken to be 5 ms for each. */
const OBJECT_DURATION = 12.5 * 0.128 * 0.005;

/** Requests of the Worker itself in each operation. */
const REQUESTS: Readonly<Record<string, number>> = { 'sign-in with password: pages': 2, 'sign-in on own pages: parse and complete': 2 };
const SIGN_IN = ['sign-in with password: pages', 'code'];

/** Runs it. */
export async function benchCost(): Promise<void> {
  const server = await start('servers/workerd.ts', ['cost']);
  for (const [path, name] of [['do', 'Durable Objects'], ['d1', 'D1'], ['kv', 'KV']] as const) {
    const answer = await fetch(`http://127.0.0.1:${server.port}/${path}`);
    if (!answer.ok) throw new Error(`${name}: ${await answer.text()}`);
    const costs = (await answer.json()) as Readonly<Record<string, Tally>>;
    const kinds = [...new Set(Object.values(costs).flatMap((tally) => Object.keys(tally)))];
    console.log(`\n${name}, counted\n\n| operation | ${kinds.join(' | ')} | US$ a million |\n| ${['', ...kinds, ''].map(() => '---').join(' | ')} |`);
    for (const [operation, tally] of Object.entries(costs))
      console.log(`| ${operation} | ${kinds.map((kind) => tally[kind] ?? 0).join(' | ')} | ${dollars(operation, tally).toFixed(2)} |`);
    const signIn = SIGN_IN.reduce((sum, operation) => sum + dollars(operation, costs[operation] ?? {}), 0);
    console.log(`\nA million guarded calls: $${dollars('guarded call', costs['guarded call'] ?? {}).toFixed(2)}. A thousand sign-ins with password: $${(signIn / 1000).toFixed(4)}.`);
  }
  await server.stop();
  console.log('\nPostgreSQL and SQLite, counted\n\n| operation | reads | commits |\n| --- | --- | --- |');
  const verbs = await costsOnNode();
  for (const [operation, { reads = 0, commits = 0 }] of Object.entries(verbs)) console.log(`| ${operation} | ${reads} | ${commits} |`);
} // prettier-ignore

/** Each verb of a store is one statement or one transaction; one that changes something is a commit. */
async function costsOnNode(): Promise<Readonly<Record<string, Tally>>> {
  let tally: Record<string, number> = {};
  const take = (): Tally => {
    const taken = tally;
    tally = {};
    return taken;
  };
  const inner = memoryStore();
  const counted = new Proxy(inner, {
    get: (store, name) => {
      const verb: unknown = Reflect.get(store, name);
      if (typeof verb !== 'function') return verb;
      return (...sent: unknown[]): unknown => {
        const kind = ['write', 'remove', 'increment'].includes(String(name)) ? 'commits' : 'reads';
        tally[kind] = (tally[kind] ?? 0) + 1;
        return verb.apply(store, sent);
      };
    },
  });
  return costsOn(counted, take, (options) => new OAuthProvider(options));
}

/** A million of an operation. */
function dollars(operation: string, tally: Tally): number {
  const all = { ...tally, 'Worker requests': REQUESTS[operation] ?? 1 };
  const asked = Object.entries(all).reduce((sum, [kind, times]) => sum + times * (MILLION[kind] ?? 0), 0);
  return asked + (tally['object requests'] ?? 0) * OBJECT_DURATION;
}

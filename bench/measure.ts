/** One measurement: a job for the load process, and the CPU that a server's process tree spent on it, per request. */
import { build } from 'esbuild';
import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Job, Result } from './load.ts';
import type { Operation, Subject } from './plan.ts';
import { start, type Running } from './processes.ts';
import { CLIENT_ID, REDIRECT_URI, RESOURCE_SERVER, VERIFIER } from './servers/answers.ts';

const CONNECTIONS = 16;
const METADATA = '/.well-known/oauth-authorization-server';
const FORGED = `access_${'A'.repeat(22)}.${'A'.repeat(43)}`;

/** The algorithm is oidc-provider's wish: its bench has no other key. */
const NEW_CLIENT = {
  redirect_uris: [REDIRECT_URI],
  token_endpoint_auth_method: 'none',
  application_type: 'native',
  id_token_signed_response_alg: 'ES256',
};

/** The process that asks. */
export interface Load {
  run(job: Job): Promise<Result>;
  stop(): void;
}

/** Starts the load process. */
export function startLoad(): Load {
  const child: ChildProcess = fork(fileURLToPath(new URL('load.ts', import.meta.url)));
  return {
    run: (job) =>
      new Promise((resolve, reject) => {
        child.once('message', (message: { result: Result } | { error: string }) => {
          if ('result' in message) resolve(message.result);
          else reject(new Error(message.error));
        });
        child.send(job);
      }),
    stop: () => child.kill(),
  };
}

/** A started subject with the tokens it has given. */
export interface Bench {
  readonly subject: Subject;
  readonly server: Running;
  /** CPU microseconds per request, a figure a round. */
  readonly figures: Map<Operation, number[]>;
  access: readonly string[];
  refresh: readonly string[];
}

/** Starts a subject. */
export async function open(subject: Subject, more: readonly string[] = []): Promise<Bench> {
  const server = await start(subject.file, [...subject.args, ...more]);
  return { subject, server, figures: new Map(), access: [], refresh: [] };
}

/** Measures an operation. @throws when any request was not answered as it should be. */
export async function measure(bench: Bench, operation: Operation, load: Load, share: number): Promise<number> {
  const { subject, server, figures } = bench;
  const requests = Math.ceil((subject.asks[operation] ?? 0) * share);
  const job = await jobOf(bench, operation, requests);
  const before = server.cpu();
  const { failures, sample, access, refresh } = await load.run(job);
  const micros = (server.cpu() - before) / requests;
  if (failures > 0) throw new Error(`${subject.name}, ${operation}: ${failures} of ${requests} requests failed: ${sample}`);
  if (operation === 'code' || operation === 'refresh') [bench.access, bench.refresh] = [access, refresh];
  figures.set(operation, [...(figures.get(operation) ?? []), micros]);
  return micros;
}

/** What the load process is to ask. */
export async function jobOf(bench: Bench, operation: Operation, requests: number): Promise<Job> {
  const { subject, server } = bench;
  const job = { port: server.port, requests, connections: CONNECTIONS, status: 200 };
  const token = { ...job, path: '/token' };
  const form = { client_id: CLIENT_ID, grant_type: 'refresh_token' };
  switch (operation) {
    case 'code': {
      const redeeming = { ...form, grant_type: 'authorization_code', redirect_uri: REDIRECT_URI, code_verifier: VERIFIER };
      return { ...token, form: redeeming, vary: { place: 'code', values: await codesOf(server, requests) } };
    }
    case 'refresh': // each grant of the codes before once, as in life
      return { ...token, form, vary: { place: 'refresh_token', values: bench.refresh } };
    case 'chain': // sixteen grants, each hundreds of times within its grace
      return { ...token, form, vary: { place: 'refresh_token', values: bench.refresh.slice(0, CONNECTIONS) }, chain: true };
    case 'first':
      return { ...job, path: '/mcp', vary: { place: 'bearer', values: bench.access } };
    case 'guard': {
      const values = bench.access.slice(-400); // not those of the chains, which have long given way to newer ones
      return { ...job, path: '/mcp', vary: { place: 'bearer', values: values.length === 0 ? [FORGED] : values } };
    }
    case 'forged':
      return { ...job, path: subject.paths?.forged ?? '/mcp', status: 401, vary: { place: 'bearer', values: [FORGED] } };
    case 'introspect': {
      const caller = { client_id: RESOURCE_SERVER.id, client_secret: RESOURCE_SERVER.secret };
      return { ...job, path: '/introspect', form: caller, vary: { place: 'token', values: bench.access.slice(-400) } };
    }
    case 'register':
      return {
        ...job,
        path: subject.paths?.register ?? '/register',
        status: 201,
        json: JSON.stringify(NEW_CLIENT),
      };
    case 'metadata':
      return { ...job, path: METADATA };
    case 'read':
    case 'write':
      return { ...job, path: `/${operation}` };
  }
}

/** Codes to spend, made by the server outside what is measured, some at a time. */
async function codesOf({ port }: Running, count: number): Promise<readonly string[]> {
  const codes: string[] = [];
  while (codes.length < count) {
    const answer = await fetch(`http://127.0.0.1:${port}/setup?codes=${Math.min(500, count - codes.length)}`);
    codes.push(...((await answer.json()) as string[]));
  }
  return codes;
}

/** The same server as plain JavaScript: loading what strips types would be half of a start, and the same half for all. */
async function compiled(file: string): Promise<string> {
  const outfile = file.replace(/^servers\/(.*)\.ts$/, 'dist/$1.mjs');
  const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
  await build({
    entryPoints: [path(file)],
    outfile: path(outfile),
    bundle: true,
    format: 'esm',
    platform: 'node',
    external: ['../../dist/*'],
  });
  return outfile;
}

/** CPU milliseconds from nothing to the first answer; in workerd that of workerd alone, whatever starts it. */
export async function measureStart({ file, args, side }: Pick<Subject, 'file' | 'args' | 'side'>): Promise<number> {
  const server = await start(side === 'node' ? await compiled(file) : file, args);
  await (await fetch(`http://127.0.0.1:${server.port}/mcp`, { headers: { authorization: `Bearer ${FORGED}` } })).text();
  const micros = server.cpu(side === 'worker' ? 'workerd' : undefined);
  await server.stop();
  return micros / 1000;
}

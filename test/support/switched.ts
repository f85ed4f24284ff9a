/** A Worker of test/switching in workerd: on workers-oauth-provider 1.2.3, or with its import led to ours, over the same KV data. */
import { build } from 'esbuild';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { CHALLENGE, VERIFIER } from '../../bench/servers/answers.ts';
import { installTheirs } from './beside.ts';

const ISSUER = 'https://mcp.example';
export const CALLBACK = 'http://localhost:3334/callback';
const root = fileURLToPath(new URL('../..', import.meta.url));

interface Namespace {
  list(): Promise<{ keys: { name: string }[] }>;
  get(key: string): Promise<string | null>;
  put(key: string, value: string): Promise<void>;
}
interface Machine {
  dispatchFetch(url: string, init?: object): Promise<Response>;
  dispose(): Promise<void>;
  getKVNamespace(binding: string): Promise<Namespace>;
}
interface MiniflareModule {
  readonly Miniflare: new (options: unknown) => Machine;
  convertV4MiniflareOptions(options: unknown): unknown;
}

/** A running Worker. */
export interface Running {
  readonly send: (path: string, init?: RequestInit) => Promise<Response>;
  /** All records of its namespaces. */
  records(): Promise<ReadonlyMap<string, ReadonlyMap<string, string>>>;
  stop(): Promise<void>;
}

const NAMESPACES = ['OAUTH_KV', 'UPSTREAM'];

/** A Worker to start, and what it needs. */
export interface Program {
  /** A file below the root of the repository, or code. */
  readonly path?: string;
  readonly code?: string;
  readonly alias?: Readonly<Record<string, string>>;
  /** Further options of Miniflare. */
  readonly options?: object;
}

/** Starts one of test/switching. @param from whose KV data it starts with. */
export function startWorker(name: string, library: 'theirs' | 'ours', from?: Running): Promise<Running> {
  const services = name === 'split' ? { serviceBindings: { AUTH: { name: 'main', entrypoint: 'Auth' } } } : {};
  const ours = { '@cloudflare/workers-oauth-provider': `${root}src/worker/workers-oauth-provider.ts` };
  const path = `test/switching/workers/${name}.ts`;
  return startProgram(
    library === 'ours' ? { path, alias: ours, options: { ...services, d1Databases: ['PORTCULLIS'] } } : { path, options: services },
    from,
  );
}

/** Starts a Worker. @param from whose KV data it starts with. */
export async function startProgram({ path, code, alias = {}, options = {} }: Program, from?: Running): Promise<Running> {
  installTheirs();
  const { outputFiles } = await build({
    ...(path === undefined
      ? { stdin: { contents: code ?? '', resolveDir: root, loader: 'ts' as const } }
      : { entryPoints: [`${root}${path}`] }),
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2023',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*', 'node:*'],
    nodePaths: [`${root}bench/node_modules`],
    alias,
  });
  const wrangler = createRequire(createRequire(import.meta.url).resolve('wrangler'));
  const { Miniflare, convertV4MiniflareOptions } = wrangler('miniflare') as MiniflareModule;
  const machine = new Miniflare(
    convertV4MiniflareOptions({
      name: 'main',
      modules: [{ type: 'ESModule', path: 'worker.mjs', contents: outputFiles[0]?.text }],
      compatibilityDate: '2026-10-23',
      compatibilityFlags: ['nodejs_compat', 'global_fetch_strictly_public'],
      kvNamespaces: NAMESPACES,
      ...options,
    }),
  );
  for (const [binding, records] of (await from?.records()) ?? []) {
    const namespace = await machine.getKVNamespace(binding);
    for (const [key, value] of records) await namespace.put(key, value);
  }
  return {
    send: (path, init) => machine.dispatchFetch(ISSUER + path, { redirect: 'manual', ...init }),
    stop: () => machine.dispose(),
    async records() {
      const all = new Map<string, Map<string, string>>();
      for (const binding of NAMESPACES) {
        const namespace = await machine.getKVNamespace(binding);
        const records = new Map<string, string>();
        for (const { name: key } of (await namespace.list()).keys) records.set(key, (await namespace.get(key)) ?? '');
        all.set(binding, records);
      }
      return all;
    },
  };
}

/** Tokens, or an error. */
export type TokenBody = Record<string, string>;

/** Posts to the token endpoint. */
export async function askTokens({ send }: Running, fields: Record<string, string>): Promise<{ status: number; body: TokenBody }> {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' };
  const answer = await send('/token', { method: 'POST', headers, body: new URLSearchParams(fields).toString() });
  return { status: answer.status, body: (await answer.json()) as TokenBody };
}

/** Registers a client, and leads a user through whatever pages there are to a code. */
export async function authorizedAt(worker: Running): Promise<{ clientId: string; redemption: Record<string, string>; pages: string[] }> {
  const { send } = worker;
  const metadata = {
    client_name: 'Notes client',
    redirect_uris: [CALLBACK],
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code'],
  };
  const registered = await send('/register', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(metadata),
  });
  const { client_id: clientId } = (await registered.json()) as { client_id: string };
  const asked = {
    response_type: 'code',
    client_id: clientId,
    redirect_uri: CALLBACK,
    state: 's',
    scope: 'read write',
    code_challenge: CHALLENGE,
    code_challenge_method: 'S256',
  };
  const { code, pages } = await throughPages(worker, `/authorize?${new URLSearchParams(asked)}`);
  return { clientId, redemption: { grant_type: 'authorization_code', code, code_verifier: VERIFIER, redirect_uri: CALLBACK }, pages };
}

/** The same, and redeems the code. */
export async function signInAt(worker: Running): Promise<{ clientId: string; tokens: TokenBody; pages: string[] }> {
  const { clientId, redemption, pages } = await authorizedAt(worker);
  return { clientId, tokens: (await askTokens(worker, { ...redemption, client_id: clientId })).body, pages };
}

/** Follows pages and redirects as a browser does, until the client gets its code. */
async function throughPages({ send }: Running, path: string): Promise<{ code: string; pages: string[] }> {
  const cookies = new Map<string, string>();
  const pages: string[] = [];
  let answer = await send(path);
  for (let steps = 0; steps < 5; steps++) {
    for (const line of answer.headers.getSetCookie())
      cookies.set(line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1).split(';')[0] ?? '');
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const location = answer.headers.get('location');
    if (location?.startsWith(CALLBACK)) return { code: new URL(location).searchParams.get('code') ?? '', pages };
    if (location !== null) {
      const state = new URL(location).searchParams.get('state') ?? ''; // the other site sends the browser back at once
      answer = await send(`/callback?${new URLSearchParams({ state, code: 'octocat' })}`, { headers: { cookie } });
      continue;
    }
    const page = await answer.text();
    pages.push(page);
    const handle = /name="handle" value="([^"]+)"/.exec(page)?.[1];
    if (handle === undefined) throw new Error(`${answer.status}: ${page}`);
    const headers = { cookie, origin: ISSUER, 'sec-fetch-site': 'same-origin', 'content-type': 'application/x-www-form-urlencoded' };
    answer = await send('/authorize', { method: 'POST', headers, body: new URLSearchParams({ handle }).toString() });
  }
  throw new Error('The client got no code.');
}

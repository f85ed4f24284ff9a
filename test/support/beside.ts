/** Two servers that say yes to everyone: ours, and workers-oauth-provider 1.2.3 in workerd; and the requests of one client for both. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { build } from 'esbuild';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CHALLENGE, ISSUER, VERIFIER } from '../../bench/servers/answers.ts';
import { webRuntime } from '../../src/core/web-runtime.ts';
import { OAuthProvider } from '../../src/provider/oauth-provider.ts';
import type { OAuthHelpers } from '../../src/provider/helpers.ts';
import type { FormerKv } from '../../src/former/workers-oauth-kv.ts';
import { memoryStore } from '../../src/stores/memory.ts';

export { CHALLENGE, ISSUER, VERIFIER };
export const RESOURCE = `${ISSUER}/mcp`;
export const CALLBACK = 'http://localhost:3334/callback';
/** One that form-encoding changes. */
export const SECRET = 'a+secret%2Bwith-signs/that=form&encoding_changes';

/** A server, by what it answers. */
export interface Side {
  readonly send: (path: string, init?: RequestInit) => Promise<Response>;
  stop(): Promise<void>;
}

interface MiniflareModule {
  readonly Miniflare: new (options: unknown) => {
    dispatchFetch(url: string, init?: object): Promise<Response>;
    dispose(): Promise<void>;
    getKVNamespace(binding: string): Promise<FormerKv>;
  };
  convertV4MiniflareOptions(options: unknown): unknown;
}

/** Ours, with pages of an application that asks nothing. */
export async function startOurs(): Promise<Side> {
  const provider = new OAuthProvider<{ OAUTH_PROVIDER: OAuthHelpers }>(
    {
      issuer: ISSUER,
      store: memoryStore(),
      apiRoute: '/mcp',
      apiHandler: () => new Response('called'),
      clientRegistrationEndpoint: '/register',
      scopesSupported: ['read', 'write', 'offline_access'],
      requiredScopes: ['read'],
      on: () => undefined,
      async defaultHandler(request, { OAUTH_PROVIDER: helpers }) {
        const asked = await helpers.parseAuthRequest(request);
        const { redirectTo } = await helpers.completeAuthorization({ request: asked, userId: 'user-1', scope: asked.scope, props: {} });
        return Response.redirect(redirectTo, 302);
      },
      clients: [{ id: 'made', secret: SECRET, redirectUris: [CALLBACK] }],
    },
    { runtime: webRuntime(), address: () => '192.0.2.1' },
  );
  const send: Side['send'] = async (path, init) => {
    if (path === '/made') return Response.json({ client_id: 'made' }); // it is one of the option `clients`
    try {
      return await provider.fetch(new Request(ISSUER + path, init), {} as never);
    } catch (error) {
      return new Response(String(error), { status: 400 }); // what the application answers for a request that cannot go on
    }
  };
  return { send, stop: async () => undefined };
}

const folder = fileURLToPath(new URL('../../bench/', import.meta.url));

/** Installs the libraries of others as the bench has them, unless this one is there. One process at a time: several test files need them. */
export function installTheirs(name = '@cloudflare/workers-oauth-provider'): void {
  const lock = join(tmpdir(), `portcullis-bench-${createHash('sha256').update(folder).digest('hex').slice(0, 12)}`);
  for (let tries = 0; ; tries++) {
    try {
      mkdirSync(lock);
      break;
    } catch (error) {
      if (tries === 1500)
        throw new Error(`Another process installs the packages of bench/, or was ended while it did: remove ${lock}.`, { cause: error });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500);
    }
  }
  try {
    if (existsSync(`${folder}node_modules/${name}`)) return;
    const { status, stderr } = spawnSync('npm', ['ci', '--prefix', folder, '--no-audit', '--no-fund'], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`npm ci in bench/ failed: ${stderr}`);
  } finally {
    rmSync(lock, { recursive: true });
  }
}

/** Theirs. */
export async function startTheirs(): Promise<Side & { kv(): Promise<FormerKv> }> {
  installTheirs();
  const { outputFiles } = await build({
    entryPoints: [`${folder}workers/beside.ts`],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2023',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*', 'node:*'],
  });
  const wrangler = createRequire(createRequire(import.meta.url).resolve('wrangler'));
  const { Miniflare, convertV4MiniflareOptions } = wrangler('miniflare') as MiniflareModule;
  const worker = new Miniflare(
    convertV4MiniflareOptions({
      modules: [{ type: 'ESModule', path: 'worker.mjs', contents: outputFiles[0]?.text }],
      compatibilityDate: '2026-10-23',
      compatibilityFlags: ['nodejs_compat', 'global_fetch_strictly_public'],
      kvNamespaces: ['OAUTH_KV'],
    }),
  );
  return {
    send: (path, init) => worker.dispatchFetch(ISSUER + path, { redirect: 'manual', ...init }),
    stop: () => worker.dispose(),
    kv: () => worker.getKVNamespace('OAUTH_KV'),
  };
}

type Fields = Readonly<Record<string, string | readonly string[]>>;

/** Fields of a form or a query; a list stands several times. */
export function formOf(fields: Fields): URLSearchParams {
  return new URLSearchParams(Object.entries(fields).flatMap(([name, value]) => [value].flat().map((one) => [name, one])));
}

/** Registers a client; its id, or null where it is refused. */
export async function register({ send }: Side, metadata: object = {}): Promise<string | null> {
  const body = JSON.stringify({ client_name: 'Client', redirect_uris: [CALLBACK], token_endpoint_auth_method: 'none', ...metadata });
  const answer = await send('/register', { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  return answer.status === 201 ? ((await answer.json()) as { client_id: string }).client_id : null;
}

/** Where the authorization request leads; null for a page. */
export async function authorize({ send }: Side, id: string, changes: Fields = {}): Promise<URL | null> {
  const usual = { response_type: 'code', client_id: id, redirect_uri: CALLBACK, code_challenge: CHALLENGE, code_challenge_method: 'S256' };
  const answer = await send(`/authorize?${formOf({ ...usual, state: 'x', ...changes })}`);
  const location = answer.headers.get('location');
  return location === null ? null : new URL(location);
}

/** The token endpoint. */
export async function token({ send }: Side, fields: Fields, headers: Record<string, string> = {}): Promise<Record<string, string> | null> {
  const type = { 'content-type': 'application/x-www-form-urlencoded', ...headers };
  const answer = await send('/token', { method: 'POST', headers: type, body: formOf(fields).toString() });
  return answer.status === 200 ? ((await answer.json()) as Record<string, string>) : null;
}

/** From registration to tokens; null where a step is refused. */
export async function signIn(
  side: Side,
  {
    asked = {},
    redeemed = {},
    metadata = {},
    headers = {},
    id: made,
  }: { id?: string; asked?: Fields; redeemed?: Fields; metadata?: object; headers?: Record<string, string> } = {},
): Promise<{ id: string; tokens: Record<string, string> } | null> {
  const id = made ?? (await register(side, metadata));
  const code = id === null ? null : (await authorize(side, id, asked))?.searchParams.get('code');
  if (id === null || !code) return null;
  const redirect = asked['redirect_uri'] ?? CALLBACK;
  const fields = { grant_type: 'authorization_code', client_id: id, code, code_verifier: VERIFIER, redirect_uri: redirect, ...redeemed };
  const tokens = await token(side, fields, headers);
  return tokens && { id, tokens };
}

/** Whether a token is good at a path. */
export async function called(
  { send }: Side,
  tokens: Record<string, string> | null,
  path = '/mcp',
  headers: Record<string, string> = {},
): Promise<boolean> {
  if (tokens === null) return false;
  const bearer = { authorization: `Bearer ${tokens['access_token']}`, ...headers };
  return (await send(path, { method: 'POST', headers: bearer, body: '{}' })).status === 200;
}

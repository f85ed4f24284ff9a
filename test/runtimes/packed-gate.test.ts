/** The gate of the package as it would be published: packed, laid into an application's `node_modules`, and attacked over HTTP with curl. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const KEY = `acme_key_${'k'.repeat(43)}`;
const MODERN = '2026-07-28';
const ROUTES = ['/open-2', '/open-1', '/two', '/one', '/agent', '/router', '/declared'];
/** Routes that callers without a token reach. */
const OPEN = ['/open-2', '/open-1', '/declared'];

const folder = mkdtempSync(join(tmpdir(), 'portcullis-packed-'));
const { url, stop } = await startPacked();
afterAll(() => {
  stop();
  rmSync(folder, { recursive: true, force: true });
});

/** Packs, unpacks where an application has it, with the dependencies of the package and of the application beside it, and starts the application. */
async function startPacked(): Promise<{ readonly url: string; readonly stop: () => void }> {
  run('npm', ['pack', '--ignore-scripts', '--loglevel=error', '--pack-destination', folder], root);
  const [packed = ''] = readdirSync(folder).filter((file) => file.endsWith('.tgz'));
  const modules = join(folder, 'node_modules');
  mkdirSync(modules);
  run('tar', ['-xzf', packed, '-C', modules], folder);
  run('mv', ['package', 'portcullis'], modules);
  if (!existsSync(join(modules, 'portcullis/dist/mcp/index.js'))) throw new Error('Nothing was built: run `npm run build` first.');
  for (const name of ['jose', 'oauth4webapi', 'uqr', 'zod', '@modelcontextprotocol/server', '@modelcontextprotocol/sdk']) {
    mkdirSync(dirname(join(modules, name)), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
  }
  copyFileSync(join(root, 'test/support/packed-gate-server.mjs'), join(folder, 'server.mjs'));
  const server = spawn(process.execPath, ['server.mjs'], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] });
  const died = once(server, 'exit').then(([code]) => Promise.reject(new Error(`The packed server ended with ${code} before it listened.`)));
  const [line] = (await Promise.race([once(createInterface(server.stdout), 'line'), died])) as [string];
  died.catch(() => undefined); // it is stopped in the end
  return { url: line.replace('listens on ', ''), stop: () => server.kill('SIGKILL') };
}

function run(command: string, args: readonly string[], cwd: string): string {
  const env = { ...process.env, npm_config_cache: join(folder, 'npm-cache'), npm_config_update_notifier: 'false' };
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8', env });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${stdout}${stderr}${error?.message ?? ''}`);
  return stdout;
}

interface Answer {
  readonly status: number;
  readonly cache: string;
  readonly text: string;
}

/** One POST by curl, with the very bytes. */
function curl(route: string, body: string | Uint8Array, key: string | null, headers: readonly string[] = []): Answer {
  const file = join(folder, 'body');
  writeFileSync(file, body);
  const told = ['content-type: application/json', 'accept: application/json, text/event-stream', ...headers, ...(key === null ? [] : [`authorization: Bearer ${key}`])]; // prettier-ignore
  const args = [
    '--silent',
    '--show-error',
    '--noproxy',
    '*',
    '--max-time',
    '120',
    '--data-binary',
    `@${file}`,
    '--write-out',
    '\n%{http_code} %header{cache-control}',
  ];
  const out = run('curl', [...args, ...told.flatMap((header) => ['--header', header]), new URL(route, url).href], folder); // prettier-ignore
  const at = out.lastIndexOf('\n');
  const [status = '', ...cache] = out.slice(at + 1).split(' ');
  return { status: Number(status), cache: cache.join(' '), text: out.slice(0, at) };
}

const message = (method: string, params: object, id: number | string = 1): string => JSON.stringify({ jsonrpc: '2.0', id, method, params });
const marked = (text: string): Uint8Array => new Uint8Array([0xef, 0xbb, 0xbf, ...new TextEncoder().encode(text)]);
const WIPE = message('tools/call', { name: 'wipe', arguments: {} });
const _meta = {
  'io.modelcontextprotocol/protocolVersion': MODERN,
  'io.modelcontextprotocol/clientInfo': { name: 'curl', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': {},
};
const MODERN_WIPE = message('tools/call', { name: 'wipe', arguments: {}, _meta });
const MODERN_HEADERS = [`mcp-protocol-version: ${MODERN}`, 'mcp-method: tools/call', 'mcp-name: wipe'];
/** Who attacks: someone with a key, and, where the route is open, someone without. */
const attackers = (route: string): readonly (string | null)[] => (OPEN.includes(route) ? [KEY, null] : [KEY]);

describe('the packed package over HTTP', () => {
  it('asks for a missing scope with a 403, or in the form that the application chooses by the request', () => {
    const share = message('tools/call', { name: 'share', arguments: {} });
    for (const route of ['/two', '/one', '/agent', '/formed']) expect([route, curl(route, share, KEY).status]).toEqual([route, 403]);
    const formed = curl('/formed', share, KEY, ['user-agent: forms']);
    expect([formed.status, JSON.parse(formed.text)]).toMatchObject([200, { result: { isError: true } }]);
  });
});

describe.each(ROUTES)('the packed package over HTTP, at %s', (route) => {
  it('serves what is allowed, and F-46 lets no cache keep it', () => {
    const call = curl(route, message('tools/call', { name: 'open', arguments: {} }), KEY);
    expect([call.status, call.text.includes('RAN open'), call.cache]).toEqual([200, true, expect.stringContaining('no-store')]);
    const list = curl(route, message('tools/list', {}), KEY);
    expect([list.status, list.text.includes('describes open'), list.cache]).toEqual([200, true, expect.stringContaining('no-store')]);
    expect(list.text).not.toContain('wipe');
    expect(curl(route, WIPE, KEY).text).toContain('You do not have permission');
  });

  it('F-01 runs and lists nothing for a body that starts with a byte order mark', () => {
    for (const key of attackers(route))
      for (const [body, headers] of [[WIPE, []], [MODERN_WIPE, MODERN_HEADERS], [message('tools/list', {}), []], [`[${WIPE}]`, []]] as const) {
        const { status, text } = curl(route, marked(body), key, headers);
        expect([status, JSON.parse(text)]).toMatchObject([400, { error: { code: -32700 } }]);
      }
  }); // prettier-ignore

  it('F-02 completes no argument of a gated prompt, for any reference', () => {
    const refs = [
      { type: 'ref/prompt', name: 'draft' },
      { type: 'ref/prompt', name: 'draft', uri: null },
      { type: 'ref/prompt', name: 'draft', uri: 'files://open' },
      { type: 'ref/none', name: 'draft' },
      { name: 'draft' },
    ];
    for (const key of attackers(route))
      for (const ref of refs) {
        const { status, text } = curl(route, message('completion/complete', { ref, argument: { name: 'word', value: '' } }), key);
        expect(text).not.toContain('COMPLETED');
        expect([key, ref, status]).toEqual([key, ref, ref.type !== 'ref/prompt' ? 400 : key === null ? 401 : 200]);
      }
    const open = message('completion/complete', { ref: { type: 'ref/prompt', name: 'open' }, argument: { name: 'word', value: '' } });
    expect(curl(route, open, KEY).text).toContain('COMPLETED open');
  });

  it('F-03 lists nothing that is gated to two lists under one id', () => {
    const lists = [message('tools/list', {}), message('prompts/list', {})];
    for (const key of attackers(route))
      for (const batch of [lists, lists.toReversed()]) {
        const { status, text } = curl(route, `[${batch.join(',')}]`, key);
        expect([status, JSON.parse(text)]).toMatchObject([400, { error: { code: -32600 } }]);
      }
    const apart = curl(route, `[${lists[0]},${message('prompts/list', {}, 2)}]`, KEY);
    expect([apart.status, /describes (?:wipe|draft)/.test(apart.text), apart.text.includes('describes open')]).toEqual([200, false, true]);
  });
});

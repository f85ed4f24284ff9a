/**
 * `npm run trace [-- FOLDER]`: what a reader of one request has to open. Runs the main journeys on the source of a checked-out version
 * (default: this one) and counts for each the files whose functions ran, and how often a function of one file called one of another.
 * Every journey runs twice and the second run is counted, without the loading of modules. `--list NAME` prints the files of one.
 */
import { parse } from '@babel/parser';
import { registerHooks, stripTypeScriptTypes } from 'node:module';
import { readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({ allowPositionals: true, options: { list: { type: 'string' } } });
const root = resolve(positionals[0] ?? fileURLToPath(new URL('..', import.meta.url)));
const source = pathToFileURL(join(root, 'src/')).href;

/** File numbers in the order in which functions were entered. */
let entered: number[] = [];
const names: string[] = [];
Object.assign(globalThis, { traceEntered: (file: number) => void entered.push(file) });

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly body?: Node;
}

/** Puts a call at the start of each function of a file. */
function instrumented(url: string): string {
  const code = stripTypeScriptTypes(readFileSync(fileURLToPath(url), 'utf8'));
  const call = `traceEntered(${names.push(relative(root, fileURLToPath(url))) - 1})`;
  const inserts: [at: number, text: string][] = [];
  const visit = (node: unknown): void => {
    if (Array.isArray(node)) return node.forEach(visit);
    if (typeof node !== 'object' || node === null) return;
    const { type, body } = node as Node;
    if (body && /Function|ClassMethod|ClassPrivateMethod|ObjectMethod/.test(type)) {
      if (body.type === 'BlockStatement') inserts.push([body.start + 1, `${call};`]);
      else inserts.push([body.start, `(${call},`], [body.end, ')']);
    }
    for (const value of Object.values(node)) visit(value);
  };
  visit(parse(code, { sourceType: 'module', createParenthesizedExpressions: true }).program);
  let text = code;
  for (const [at, insert] of inserts.toSorted(([a], [b]) => b - a)) text = text.slice(0, at) + insert + text.slice(at);
  return text;
}

registerHooks({
  load: (url, context, next) =>
    url.startsWith(source) && url.endsWith('.ts') && !url.includes('/testing/')
      ? { format: 'module', shortCircuit: true, source: instrumented(url) }
      : next(url, context),
});

const load = (path: string): Promise<unknown> => import(new URL(path, source).href);
type Loaded = [
  typeof import('../src/node/main.ts'),
  typeof import('../src/mcp/index.ts'),
  typeof import('../src/upstreams/index.ts'),
  typeof import('../src/testing/index.ts'),
  typeof import('../src/stores/memory.ts'),
];
const entries = ['node/main.ts', 'mcp/index.ts', 'upstreams/index.ts', 'testing/index.ts', 'stores/memory.ts'];
const [{ OAuthProvider, password, upstream }, { McpAgent, policy, requirePermission }, { github }, testing, { memoryStore }] =
  (await Promise.all(entries.map(load))) as Loaded;
const { McpServer } = await import('@modelcontextprotocol/server');

const ISSUER = 'https://auth.example';
const APP = { clientId: 'portcullis', clientSecret: 'upstream-client-secret' };
const ALICE = { username: 'alice', password: 'correct horse battery' };

class Notes extends McpAgent {
  static override policy = policy({ tools: { add: { scopes: ['read'] } } });
  override server = new McpServer({ name: 'notes', version: '1.0.0' });
  override async init(): Promise<void> {
    const tool = requirePermission('admin', async () => ({ content: [{ type: 'text' as const, text: 'done' }] }));
    this.server.registerTool('add', { description: 'Adds' }, tool);
  }
}

const gitHub = testing.makeFakeGitHub({ ...APP, redirectUri: `${ISSUER}/authorize/callback/github` });
const options = {
  issuer: ISSUER,
  apiRoute: '/mcp',
  apiHandler: Notes.serve('/mcp'),
  clientRegistrationEndpoint: '/register',
  scopesSupported: { read: 'Read your notes' },
  logins: [password(), upstream(github({ ...APP, fetch: gitHub.fetch }))],
  permissions: () => ['admin'],
  accessTokenTTL: 900,
  store: memoryStore(),
  on: () => undefined,
};
const env = {};
const context = () => ({ waitUntil: () => undefined, passThroughOnException: () => undefined });
const provider = new OAuthProvider(options);
const send = (request: Request): Promise<Response> => provider.fetch(request, env, context());
await provider.helpers(env).accounts.create(ALICE);

/** The result of a function, and the files that it entered. */
async function traced<T>(run: () => Promise<T>): Promise<{ readonly result: T; readonly trace: readonly number[] }> {
  entered = [];
  const result = await run();
  const trace = entered;
  entered = [];
  return { result, trace };
}

type Traces = { [journey: string]: readonly number[] };

async function play(): Promise<Traces> {
  const traces: Traces = {};
  const measure = async <T>(name: string, run: () => Promise<T>): Promise<T> => {
    const { result, trace } = await traced(run);
    traces[name] = trace;
    return result;
  };
  const client = await testing.registerClient({ send, issuer: ISSUER });
  const url = await client.authorizeUrl({ resource: `${ISSUER}/mcp`, scope: 'read' });
  const first = testing.makeBrowser(send);
  const page = await measure('authorize', () => first.get(url));
  const approved = await measure('approve', () => first.submit(page, { decision: 'approve', ...ALICE }));
  const tokens = testing.tokensOf(await client.redeem(testing.codeOf(approved)));
  const second = testing.makeBrowser(send);
  const gone = await second.submit(await second.get(url), { with: 'github' });
  const back = await gitHub.visit(gone.location ?? '');
  testing.codeOf(await measure('upstream callback', () => second.get(back)));
  const { access } = testing.tokensOf(await measure('refresh', () => client.refresh(tokens.refresh)));
  const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'add', arguments: {} } };
  const headers = {
    authorization: `Bearer ${access}`,
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
    'mcp-protocol-version': '2025-11-25',
  };
  const answer = await measure('tools/call', async () => {
    const response = await send(new Request(`${ISSUER}/mcp`, { method: 'POST', headers, body: JSON.stringify(call) }));
    return `${response.status} ${await response.text()}`;
  });
  if (!answer.includes('done')) throw new Error(`The tool did not run: ${answer}`);
  await measure('an option', async () => {
    const fresh = new OAuthProvider({ ...options, store: memoryStore() });
    await fresh.fetch(new Request(`${ISSUER}/.well-known/oauth-authorization-server`), env, context());
  });
  return traces;
}

await play();
const traces = await play();
const rows = Object.entries(traces).map(([name, trace]) => {
  const files = [...new Set(trace)].map((file) => names[file] ?? '').toSorted((a, b) => a.localeCompare(b));
  const changes = trace.filter((file, at) => at > 0 && file !== trace[at - 1]).length;
  if (values.list === name) console.log(files.join('\n'));
  return `| ${name} | ${files.length} | ${changes} |`;
});
console.log(['| journey | files entered | changes of file |', '| --- | --- | --- |', ...rows].join('\n'));

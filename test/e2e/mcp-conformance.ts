/** The official conformance suite for MCP servers, before the same server with our guard and without: what it finds good stays good. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { password } from '../../src/logins/password.ts';
import { mcpHandler, policy, sessions } from '../../src/mcp/index.ts';
import type { Access } from '../../src/model/access.ts';
import type { Context, FetchObject } from '../../src/model/handler.ts';
import { OAuthProvider } from '../../src/node/main.ts';
import { type NodeServer, serve } from '../../src/node/serve.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeBrowser, registerClient, type Send, tokensOf } from '../../src/testing/index.ts';
import { makeEverything } from './everything.ts';
import { childEnv, freePort, freshFolder, runProgram } from './processes.ts';
import { check } from './report.ts';

const REVISIONS = ['2025-11-25', '2026-07-28'] as const;
const ALICE = { username: 'alice', password: 'correct horse battery' };
/** Scenarios that the fixture must pass whole, so that equal verdicts are not those of two empty servers. */
const NEEDED: readonly string[] = [
  'tools-list',
  'tools-call-simple-text',
  'tools-call-image',
  'tools-call-audio',
  'tools-call-embedded-resource',
  'tools-call-mixed-content',
  'tools-call-error',
  'tools-call-with-progress',
  'resources-list',
  'resources-read-text',
  'resources-read-binary',
  'resources-templates-read',
  'prompts-list',
  'prompts-get-simple',
  'prompts-get-with-args',
  'prompts-get-embedded-resource',
  'prompts-get-with-image',
  'completion-complete',
  'dns-rebinding-protection',
];
/** Those of one revision alone. */
const NEEDED_OF: { readonly [revision in (typeof REVISIONS)[number]]: readonly string[] } = {
  '2025-11-25': [
    'tools-call-sampling', 'tools-call-elicitation', 'elicitation-sep1034-defaults', 'elicitation-sep1330-enums', 'tools-call-with-logging',
    'logging-set-level', 'resources-subscribe', 'resources-unsubscribe',
  ],
  '2026-07-28': [
    'input-required-result-basic-elicitation', 'input-required-result-request-state', 'input-required-result-multi-round',
    'input-required-result-tampered-state', 'input-required-result-missing-input-response', 'input-required-result-result-type',
    'input-required-result-ignore-extra-params', 'input-required-result-validate-input', 'input-required-result-unsupported-methods', 'input-required-result-basic-sampling', 'input-required-result-basic-list-roots',
    'input-required-result-multiple-input-requests', 'input-required-result-non-tool-request',
  ],
}; // prettier-ignore

/** Seconds; some fifteen are usual, on a machine that does nothing else. */
const LIMIT = 240;

/** By scenario and check: the status. */
type Verdicts = ReadonlyMap<string, string>;

/** Both revisions against both servers, all at once: most of the time the suite waits. */
export async function checkMcpConformance(): Promise<void> {
  const options = { policy: policy({}), onError: () => undefined };
  // Sessions need the store of the provider, so the bare server is served without.
  const servers = [
    await serveBare(mcpHandler(makeEverything, options)),
    await serveGuarded(mcpHandler(makeEverything, { ...options, sessions: sessions() })),
  ];
  try {
    const runs = REVISIONS.map((revision) => Promise.all(servers.map(({ url }) => verdictsOf(`${url}/mcp`, revision))));
    const verdicts = await Promise.all(runs);
    for (const [at, revision] of REVISIONS.entries()) {
      const [bare, guarded] = verdicts[at] ?? [];
      await check(`conformance server ${revision}: behind the guard nothing is lost that was good without it`, async () => {
        assert.ok(bare && guarded && bare.size > 20, 'The suite said too little.');
        assert.deepEqual([...bare].filter(([id, status]) => status === 'SUCCESS' && guarded.get(id) !== 'SUCCESS').map(([id]) => id), []);
      }); // prettier-ignore
      await check(`conformance server ${revision}: the guarded server passes what it must`, async () => {
        const needed = [...NEEDED, ...NEEDED_OF[revision]];
        const bad = [...(guarded ?? [])].filter(([id, status]) => needed.includes(id.split(' ')[0] ?? '') && status === 'FAILURE');
        assert.deepEqual(bad, []);
        assert.deepEqual(needed.filter((name) => ![...(guarded?.keys() ?? [])].some((id) => id.startsWith(`${name} `))), []);
      }); // prettier-ignore
    }
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

async function verdictsOf(url: string, revision: string): Promise<Verdicts> {
  const results = freshFolder('mcp-conformance');
  const args = ['server', '--url', url, '--requirements', revision, '--timeout', '5000', '--output-dir', results];
  const { code, err } = await runProgram('conformance', args, childEnv(results), undefined, LIMIT);
  // Its code counts what this fixture lacks, too, so it says no more than that the suite ran to its end.
  assert.notEqual(code, null, `The suite did not come to its end in ${LIMIT} s. ${err}`);
  const verdicts = new Map<string, string>();
  for (const file of readdirSync(results, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('checks.json')) continue;
    const scenario = /server-(.+?)-\d{4}-\d{2}-\d{2}T/.exec(file)?.[1] ?? file;
    const checks = JSON.parse(readFileSync(join(results, file), 'utf8')) as { id: string; status: string }[];
    const seen = new Map<string, number>(); // a check may stand there several times, among as many others as came to be made
    for (const { id, status } of checks) {
      const nth = seen.get(id) ?? 0;
      seen.set(id, nth + 1);
      verdicts.set(`${scenario} ${id} ${nth}`, status);
    }
  }
  return verdicts;
}

/** Without a guard: everybody is the same caller. */
function serveBare(handler: FetchObject): Promise<NodeServer> {
  const upstream = (): never => assert.fail('No account of another site here.');
  const access: Access = { userId: 'u', clientId: 'c', grantId: 'g', scope: [], resource: 'http://localhost/mcp', expiresAt: 2 ** 40, props: {}, upstream, connect: null as never }; // prettier-ignore
  const fetch = (request: Request, env: unknown, ctx: Context): Response | Promise<Response> =>
    handler.fetch(request, env, { ...ctx, auth: access, props: {} });
  return serve({ fetch }, { port: 0 });
}

/** The whole provider, and before it what adds a token to each request of the suite, which knows none. */
async function serveGuarded(handler: FetchObject): Promise<NodeServer> {
  const port = await freePort();
  const issuer = `http://localhost:${port}`;
  const provider = new OAuthProvider({
    issuer,
    store: memoryStore(),
    apiRoute: '/mcp',
    apiHandler: handler,
    logins: [password({ accounts: () => [ALICE] })],
    clientRegistrationEndpoint: '/register',
  });
  const env = {};
  const send: Send = (request) => provider.fetch(request, env);
  const client = await registerClient({ send, issuer });
  const { access } = tokensOf(await client.redeem(await client.signIn(makeBrowser(send), ALICE)));
  const fetch = (request: Request, _env: unknown, ctx: Context): Promise<Response> => {
    const headers = new Headers(request.headers);
    headers.set('authorization', `Bearer ${access}`);
    return provider.fetch(new Request(request, { headers }), env, ctx);
  };
  return serve({ fetch }, { port });
}

/** The official conformance suite for MCP servers, before the same server with our guard and without: what it finds good stays good. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { password } from '../../src/logins/password.ts';
import { mcpHandler, policy, sessions, userEvents } from '../../src/mcp/index.ts';
import type { Context } from '../../src/model/context.ts';
import { OAuthProvider } from '../../src/node/main.ts';
import { type NodeServer, serve } from '../../src/node/serve.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeBrowser, registerClient, tokensOf } from '../../src/testing/index.ts';
import type { Send } from '../../src/testing/browser.ts';
import { freePort } from '../support/port.ts';
import { makeEverything } from './everything.ts';
import { childEnv, freshFolder, ROOT, runProgram } from './processes.ts';
import { check } from './report.ts';
import { checkScopeChallenges } from './scope-challenges.ts';

const REVISIONS = ['2025-11-25', '2026-07-28'] as const;
const ALICE = { username: 'alice', password: 'correct horse battery' };
/** The one check that nothing but a guard passes: a page of someone else's asks. */
const OF_THE_GUARD = 'dns-rebinding-protection localhost-host-rebinding-rejected 0';
/** Seconds; some thirty are usual, on a machine that does nothing else. */
const LIMIT = 1200;

/** By scenario and check: the status. */
type Verdicts = ReadonlyMap<string, string>;

/** Both revisions against both servers, all at once: most of the time the suite waits. */
export async function checkMcpConformance(): Promise<void> {
  await checkScopeChallenges();
  const servers = [await serveEverything(false), await serveEverything(true)];
  try {
    const runs = REVISIONS.map((revision) => Promise.all(servers.map(({ url }) => verdictsOf(`${url}/mcp`, revision))));
    const verdicts = await Promise.all(runs);
    for (const [at, revision] of REVISIONS.entries()) {
      const [bare, guarded] = (verdicts[at] ?? []).map(decided);
      await check(`conformance server ${revision}: behind the guard every verdict is what it is without it`, async () => {
        assert.ok(bare && guarded && bare.size > 50, 'The suite said too little.');
        const ids = [...new Set([...bare.keys(), ...guarded.keys()])].filter((id) => bare.get(id) !== guarded.get(id));
        assert.deepEqual(ids.map((id) => [id, bare.get(id), guarded.get(id)]), [[OF_THE_GUARD, 'FAILURE', 'SUCCESS']]);
      }); // prettier-ignore
      await check(`conformance server ${revision}: the guarded server passes all but the extension of tasks, and all that the revision requires was asked`, async () => {
        const of = (id: string): string => id.split(' ')[0] ?? '';
        const required = requiredBy(revision);
        assert.ok(required.length > 20, 'The list of what is required is not where it was.');
        const bad = [...(guarded ?? [])].filter(([id, status]) => !of(id).startsWith('tasks-') && status !== 'SUCCESS' && status !== 'SKIPPED');
        assert.deepEqual(bad, []);
        const seen = new Set([...(guarded?.keys() ?? [])].map(of));
        assert.deepEqual(required.filter((name) => !seen.has(name)), []);
      }); // prettier-ignore
    }
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
  }
}

/** Without what the suite only noted. */
function decided(verdicts: Verdicts): Verdicts {
  return new Map([...verdicts].filter(([, status]) => status !== 'INFO'));
}

/** The scenarios that a revision requires of servers, as the suite itself lists them. */
function requiredBy(revision: string): readonly string[] {
  const list = readFileSync(`${ROOT}node_modules/@modelcontextprotocol/conformance/requirements/${revision}.yaml`, 'utf8');
  const [, entries = ''] = /^server:\n((?: {2}.*\n|\s*\n)+)/m.exec(list) ?? [];
  return [...entries.matchAll(/^ {2}- (\S+)/gm)].map(([, name = '']) => name);
}

async function verdictsOf(url: string, revision: string): Promise<Verdicts> {
  const results = freshFolder('mcp-conformance');
  const args = ['server', '--url', url, '--requirements', revision, '--timeout', '120000', '--output-dir', results];
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

/**
 * The fixture, with everything that the provider gives to what it guards. Before the guard stands what adds a token to each request of the
 * suite, which knows none; without a guard, each request has what a first one that passed it was given.
 */
async function serveEverything(guarded: boolean): Promise<NodeServer> {
  const port = await freePort();
  const issuer = `http://localhost:${port}`;
  const events = userEvents();
  const handler = mcpHandler(
    (access) => makeEverything(async (list) => events.publish({ userId: access.userId }, [list])),
    { policy: policy({}), events, sessions: sessions(), onError: () => undefined },
  ); // prettier-ignore
  let given: Context | undefined;
  const provider = new OAuthProvider({
    issuer,
    store: memoryStore(),
    apiRoute: '/mcp',
    apiHandler(request: Request, env: unknown, ctx: Context) {
      given ??= ctx;
      return handler.fetch(request, env, ctx);
    },
    logins: [password({ accounts: () => [ALICE] })],
    clientRegistrationEndpoint: '/register',
  });
  const env = {};
  const send: Send = (request) => provider.fetch(request, env);
  const client = await registerClient({ send, issuer });
  const { access } = tokensOf(await client.redeem(await client.signIn(makeBrowser(send), ALICE)));
  const withToken = (request: Request): Promise<Response> => {
    const headers = new Headers(request.headers);
    headers.set('authorization', `Bearer ${access}`);
    return provider.fetch(new Request(request, { headers }), env);
  };
  await withToken(new Request(`${issuer}/mcp`, { method: 'DELETE' }));
  const bare = (request: Request): Response | Promise<Response> => handler.fetch(request, env, { ...(given as Context) });
  return serve({ fetch: guarded ? withToken : bare }, { port });
}

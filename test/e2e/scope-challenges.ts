/** Scopes that are missing, over HTTP, for every kind of thing that the suite's fixture has: the suite of this release does not ask for them yet. */
import assert from 'node:assert/strict';
import { mcpHandler, policy, sessions } from '../../src/mcp/index.ts';
import { makeBrowser, tokensOf } from '../../src/testing/index.ts';
import { ALICE } from './app.ts';
import { makeEverything } from './everything.ts';
import { freshClient, startHere } from './here.ts';
import { check } from './report.ts';

const WRITES = { scopes: ['write', 'share'] };
const RULES = policy({
  tools: { test_simple_text: WRITES },
  resources: { 'test://static-text': WRITES, 'test://template/{id}/data': WRITES },
  prompts: { test_simple_prompt: WRITES },
});
const ASKED: { readonly [what: string]: { readonly method: string; readonly params: { readonly name?: string; readonly uri?: string } } } =
  {
    'a tool': { method: 'tools/call', params: { name: 'test_simple_text' } },
    'a static resource': { method: 'resources/read', params: { uri: 'test://static-text' } },
    'a resource of a template': { method: 'resources/read', params: { uri: 'test://template/7/data' } },
    'a prompt': { method: 'prompts/get', params: { name: 'test_simple_prompt' } },
  };
const FREE = { method: 'tools/call', params: { name: 'test_image_content' } };

/** Each kind, in both revisions of the protocol, for a token with none of the scopes, one of them, and both. */
export async function checkScopeChallenges(): Promise<void> {
  const apiHandler = mcpHandler(() => makeEverything(async () => undefined), {
    policy: RULES,
    sessions: sessions(),
    onError: () => undefined,
  });
  const scopesSupported = { read: 'Read', write: 'Write', share: 'Share' };
  const server = await startHere('scope-challenges', () => ({ apiHandler, scopesSupported }));
  const mcp = `${server.url}/mcp`;
  try {
    const client = await freshClient(server.url);
    const tokenWith = async (scope: string): Promise<string> =>
      tokensOf(
        await client.redeem(
          await client.signIn(
            makeBrowser((request) => fetch(request)),
            ALICE,
            { scope },
          ),
        ),
      ).access;
    const [none, one, both] = [await tokenWith('read'), await tokenWith('read write'), await tokenWith('write share')];
    for (const [what, asked] of Object.entries(ASKED))
      for (const modern of [false, true])
        await check(`scope challenge: ${what}, ${modern ? '2026-07-28' : '2025-11-25'}: all scopes at once, before any stream; then it is answered`, async () => {
          for (const token of [none, one]) {
            const { status, headers } = await ask(mcp, token, asked, modern);
            assert.deepEqual([status, headers.get('content-type')?.includes('event-stream')], [403, false]);
            assert.deepEqual(membersOf(headers.get('www-authenticate') ?? ''), {
              error: 'insufficient_scope',
              resource_metadata: `${server.url}/.well-known/oauth-protected-resource/mcp`,
              scope: 'write share',
            });
            assert.equal((await ask(mcp, token, FREE, modern)).status, 200);
          }
          const { status, text } = await ask(mcp, both, asked, modern);
          assert.deepEqual([status, text.includes('"result"')], [200, true]);
        }); // prettier-ignore
  } finally {
    await server.stop();
  }
}

async function ask(
  url: string,
  token: string,
  { method, params }: (typeof ASKED)[string],
  modern: boolean,
): Promise<{ status: number; headers: Headers; text: string }> {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const told = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': method, 'mcp-name': params.name ?? params.uri ?? '' };
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...(modern ? told : {}),
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, ...(modern && { _meta }) } }),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

function membersOf(challenge: string): object {
  return Object.fromEntries([...challenge.matchAll(/([a-z_]+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
}

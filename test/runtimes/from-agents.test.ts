/**
 * The programs of docs/guide/from-agents.md in workerd, one after the other, over the same KV data: `McpAgent` of `agents` behind
 * workers-oauth-provider 1.2.3, the same class behind ours, and our `McpAgent`. A client stays signed in (W-12).
 */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { CHALLENGE, VERIFIER } from '../../bench/servers/answers.ts';
import { makeBrowser } from '../../src/testing/browser.ts';
import { fenceOf } from '../support/guide-program.ts';
import { type Program, type Running, startProgram } from '../support/switched.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const SOURCES = { 'portcullis/mcp': 'mcp/index', 'portcullis/workers-oauth-provider': 'worker/workers-oauth-provider' };
const alias = {
  mimetext: `${root}bench/workers/nothing.ts`, // for mail, which needs Node's modules without their prefix
  ...Object.fromEntries(Object.entries(SOURCES).map(([name, file]) => [name, `${root}src/${file}.ts`])),
};
/** The pages that the programs take for given. The person's name is in a cookie. */
const PAGES = `
  const pages = {
    async fetch(request, { OAUTH_PROVIDER: oauth }) {
      if (request.method === 'GET') {
        const { handle, headers } = await oauth.beginConsent(await oauth.parseAuthRequest(request));
        headers.set('content-type', 'text/html');
        return new Response('<form method="post"><input type="hidden" name="handle" value="' + handle + '"><button>Allow</button></form>', { headers });
      }
      const name = /name=(\\w+)/.exec(request.headers.get('cookie'))[1];
      const { request: asked } = await oauth.approveConsent(request, (await request.clone().formData()).get('handle'));
      const { redirectTo } = await oauth.completeAuthorization({ request: asked, userId: name, metadata: {}, scope: asked.scope, props: { name } });
      return Response.redirect(redirectTo, 302);
    },
  };`;

/** What a class of `agents` is bound as. */
const objects = { durableObjects: { MCP_OBJECT: { className: 'NotesMcp', useSQLite: true } } };
const before = fenceOf('from-agents.md', 'js').replace(/import .* from '\.\/pages\.js';\n/, '');
const theirClass = before.slice(0, before.indexOf('export default')).replace(/import OAuthProvider .*\n/, '');
const PROGRAMS: Readonly<Record<'before' | 'provider' | 'class', Program>> = {
  before: { code: `${PAGES}${before}`, alias, options: objects },
  provider: {
    code: `${PAGES}${theirClass}${fenceOf('from-agents.md', 'ts', 0)}`,
    alias,
    options: { ...objects, d1Databases: ['PORTCULLIS'] },
  },
  class: { code: `${PAGES}${fenceOf('from-agents.md', 'ts', 1)}`, alias, options: { d1Databases: ['PORTCULLIS'] } },
};

const CALLBACK = 'http://localhost:3334/callback';
const json = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
const form = { 'content-type': 'application/x-www-form-urlencoded' };

/** A client with a session, as one of 2025 has it. */
interface Client {
  readonly id: string;
  tokens: Record<string, string>;
  session: string;
}

const bodyOf = async (answer: Response): Promise<Record<string, never>> => {
  const text = await answer.text();
  return JSON.parse(/^data: (.*)$/m.exec(text)?.[1] ?? text) as Record<string, never>;
};
async function rpc(at: Running, client: Client, method: string, params: object): Promise<{ status: number; answer: Response }> {
  const headers = { ...json, authorization: `Bearer ${client.tokens['access_token']}`, ...(client.session ? { 'mcp-session-id': client.session } : {}) };
  const answer = await at.send('/mcp', { method: 'POST', headers, body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params }) });
  return { status: answer.status, answer };
} // prettier-ignore
async function begin(at: Running, client: Client): Promise<void> {
  client.session = '';
  const { answer } = await rpc(at, client, 'initialize', { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'example', version: '1' } }); // prettier-ignore
  await answer.text();
  client.session = answer.headers.get('mcp-session-id') ?? '';
}
/** What the tool says, or the status of a refusal. */
async function add(at: Running, client: Client, note: string): Promise<string | number> {
  const { status, answer } = await rpc(at, client, 'tools/call', { name: 'add', arguments: { note } });
  if (status !== 200) return status;
  const { result } = (await bodyOf(answer)) as { result?: { content: { text: string }[] } };
  return result?.content[0]?.text ?? '';
}
async function tokensFor(at: Running, fields: Record<string, string>): Promise<Record<string, string>> {
  const answer = await at.send('/token', { method: 'POST', headers: form, body: new URLSearchParams(fields).toString() });
  return (await answer.json()) as Record<string, string>;
}
async function signIn(at: Running, name: string): Promise<Client> {
  const metadata = { client_name: 'Example', redirect_uris: [CALLBACK], token_endpoint_auth_method: 'none' };
  const registered = await at.send('/register', { method: 'POST', headers: json, body: JSON.stringify(metadata) });
  const { client_id: id } = (await registered.json()) as { client_id: string };
  const browser = makeBrowser(async (request) => {
    const { pathname, search } = new URL(request.url);
    const body = request.method === 'GET' ? {} : { body: await request.text() };
    return at.send(pathname + search, { method: request.method, headers: [...request.headers], ...body });
  });
  browser.cookies.set('name', name);
  const asked = { response_type: 'code', client_id: id, redirect_uri: CALLBACK, state: 's', code_challenge: CHALLENGE, code_challenge_method: 'S256' };
  const back = await browser.submit(await browser.get(`https://mcp.example/authorize?${new URLSearchParams(asked)}`), {});
  const code = new URL(back.location ?? '').searchParams.get('code') ?? '';
  const tokens = await tokensFor(at, { grant_type: 'authorization_code', client_id: id, code, code_verifier: VERIFIER, redirect_uri: CALLBACK });
  return { id, tokens, session: '' };
} // prettier-ignore
async function refresh(at: Running, client: Client): Promise<void> {
  client.tokens = await tokensFor(at, { grant_type: 'refresh_token', client_id: client.id, refresh_token: client.tokens['refresh_token'] ?? '' }); // prettier-ignore
}

describe('docs/guide/from-agents.md', () => {
  it('keeps a client signed in while the provider is switched under its class, and binds the sessions', async () => {
    const there = await startProgram(PROGRAMS.before);
    const una = await signIn(there, 'una');
    await begin(there, una);
    expect([await add(there, una, 'milk'), await add(there, una, 'tea')]).toEqual(['una: milk', 'una: milk, tea']);
    const here = await startProgram(PROGRAMS.provider, there);
    await there.stop();
    expect(await add(here, una, 'jam')).toBe(401); // the access token is of the old server
    await refresh(here, una);
    expect(await add(here, una, 'jam')).toBe(404); // and so is the session
    await begin(here, una);
    expect([await add(here, una, 'jam'), await add(here, una, 'tea')]).toEqual(['una: jam', 'una: jam, tea']);
    const ben = await signIn(here, 'ben');
    await begin(here, ben);
    expect(await add(here, ben, 'rice')).toBe('ben: rice');
    expect(await add(here, { ...ben, session: una.session }, 'rice')).toBe(404);
    await here.stop();
  });

  it('keeps a client signed in when the class is switched, too; its state is then that of the user', async () => {
    const there = await startProgram(PROGRAMS.before);
    const una = await signIn(there, 'una');
    const here = await startProgram(PROGRAMS.class, there);
    await there.stop();
    await refresh(here, una);
    expect([await add(here, una, 'milk'), await add(here, una, 'tea')]).toEqual(['una: milk', 'una: milk, tea']);
    const [second, ben] = [await signIn(here, 'una'), await signIn(here, 'ben')];
    expect([await add(here, second, 'jam'), await add(here, ben, 'rice')]).toEqual(['una: milk, tea, jam', 'ben: rice']);
    await here.stop();
  });
});

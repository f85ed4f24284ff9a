/** Cloudflare's own `agents` behind our provider, unchanged: `McpAgent.serve` with its Durable Object, and `createMcpHandler`. */
import { createExecutionContext, env } from 'cloudflare:test';
import { McpServer } from '@modelcontextprotocol/server';
import { createMcpHandler, getMcpAuthContext } from 'agents/mcp/server';
import { beforeAll, describe, expect, it } from 'vitest';
import { password } from '../../../src/logins/password.ts';
import type { Access } from '../../../src/model/access.ts';
import { boundSessions } from '../../../src/mcp/index.ts';
import type { Context, FetchObject, Handler } from '../../../src/model/context.ts';
import { makeBrowser } from '../../../src/testing/browser.ts';
import { OAuthProvider } from '../../../src/worker/main.ts';
import { type Connected, connectTo } from '../../examples/client.ts';
import { AgentsMcp } from '../agents-mcp.ts';

const ISSUER = 'http://localhost:8789';
const ACCOUNTS = ['grace', 'heidi'].map((username) => ({ username, password: `${username} has a password`, name: username }));
const told: (Access | undefined)[] = [];

const stateless = createMcpHandler(() => {
  const server = new McpServer({ name: 'stateless', version: '1.0.0' });
  server.registerTool('whoami', {}, () => {
    const props = getMcpAuthContext()?.props as { claims: { name: string } } | undefined;
    return { content: [{ type: 'text', text: props?.claims.name ?? 'nobody' }] };
  });
  return server;
});
const sessions = boundSessions(AgentsMcp.serve('/sessions', { binding: 'AGENTS_MCP' }) as unknown as FetchObject);
/** What each client last sent of a session. */
const sent = new Map<string, string>();

const app = new OAuthProvider({
  apiHandlers: {
    '/mcp': ((request: Request, own: unknown, ctx: Context) => {
      told.push(ctx.auth);
      return stateless(request, own, ctx as never);
    }) as Handler,
    '/sessions': sessions as Handler,
  },
  logins: [password({ accounts: () => ACCOUNTS })],
  clientRegistrationEndpoint: '/register',
});
const send = (request: Request): Promise<Response> => app.fetch(request, env, createExecutionContext() as unknown as Context);

/** As it comes over the wire: `createMcpHandler` looks at the Host header on loopback. */
const overHttp: typeof fetch = async (input, init) => {
  const headers = new Headers(init?.headers);
  headers.set('host', new URL(ISSUER).host);
  const [authorization, id] = [headers.get('authorization'), headers.get('mcp-session-id')];
  if (authorization && id) sent.set(authorization, id);
  return send(new Request(input as RequestInfo, { ...init, headers }));
};

function signIn(path: string, username: string): Promise<Connected> {
  return connectTo(`${ISSUER}${path}`, overHttp, async (url) => {
    const browser = makeBrowser(send);
    const fields = { decision: 'approve', username, password: `${username} has a password` };
    return (await browser.submit(await browser.get(url), fields)).location ?? '';
  });
}

describe('agents 0.32 behind our provider', () => {
  let grace: Connected;
  beforeAll(async () => void (grace = await signIn('/sessions', 'grace')));

  it('McpAgent.serve has this.props, and its sessions and state keep working', async () => {
    expect(await grace.tools()).toEqual(['whoami']);
    expect([await grace.say('whoami'), await grace.say('whoami')]).toEqual(['grace, call 1', 'grace, call 2']);
    const heidi = await signIn('/sessions', 'heidi');
    expect(await heidi.say('whoami')).toBe('heidi, call 1');
    const [[, gracesId], [heidisToken]] = [...sent] as [[string, string], [string, string]];
    const asHeidi = { authorization: heidisToken, 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 9, method: 'tools/call', params: { name: 'whoami', arguments: {} } });
    const request = new Request(`${ISSUER}/sessions`, { method: 'POST', headers: { ...asHeidi, 'mcp-session-id': gracesId }, body });
    expect((await send(request)).status).toBe(404); // without the binding she would go on as grace (SEC-189)
    await heidi.client.close();
  });

  it('createMcpHandler has the props, and the handler in front of it ctx.auth', async () => {
    const heidi = await signIn('/mcp', 'heidi');
    expect(await heidi.say('whoami')).toBe('heidi');
    expect(told.at(-1)).toMatchObject({ resource: `${ISSUER}/mcp`, props: { claims: { name: 'heidi' } } });
    await heidi.client.close();
  });
});

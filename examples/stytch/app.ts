/**
 * Stytch signs users in and issues the tokens; here are the guard, the tools, and the consent page, which Stytch leaves to you.
 * Roles of its RBAC policy become permissions. Set the page as the authorization URL of Connected Apps in its dashboard.
 */
import { McpServer } from '@modelcontextprotocol/server';
import { html } from 'portcullis';
import { guard } from 'portcullis/guard';
import { McpAgent, requirePermission } from 'portcullis/mcp';
import { stytchTokens, stytchConsent } from 'portcullis/verifiers';

/** What the runtime hands over. */
export interface Env {
  readonly STYTCH_SECRET: string;
}

const PROJECT = { domain: 'acme.customers.stytch.dev', projectId: 'project-test-11111111-1111-4111-8111-111111111111' };
const ORIGIN = 'https://mcp.example';

class TicketsMcp extends McpAgent<Env> {
  server = new McpServer({ name: 'stytch-tickets', version: '1.0.0' });

  init(): void {
    const say = (text: string) => ({ content: [{ type: 'text' as const, text }] });
    this.server.registerTool('list', { description: 'Lists tickets' }, () => say(`Tickets of ${this.props.claims.sub}: 1, 2`));
    const close = requirePermission('tickets:close', () => say('All closed.'));
    this.server.registerTool('closeAll', { description: 'Closes all tickets' }, close);
  }
}

/** Asks the person, whom Stytch's own session cookie names. */
async function consent(request: Request, { STYTCH_SECRET: secret }: Env): Promise<Response> {
  const session = /(?:^|; )stytch_session_jwt=([^;]+)/.exec(request.headers.get('cookie') ?? '')?.[1];
  if (!session) return new Response(null, { status: 303, headers: { location: `/login?next=${encodeURIComponent(request.url)}` } });
  const [stytchApi, person] = [stytchConsent({ projectId: PROJECT.projectId, secret, b2b: true }), { session_jwt: session }];
  if (request.method === 'POST') {
    const form = new URLSearchParams(await request.text());
    const granted = form.get('decision') === 'allow';
    const location = await stytchApi.authorize(request, form.get('ticket') ?? '', person, { granted });
    return location === null ? new Response('Start again.', { status: 403 }) : new Response(null, { status: 303, headers: { location } });
  }
  const { searchParams } = new URL(request.url);
  const { asked, ticket, cookie } = await stytchApi.start(request, person);
  const { hostname } = new URL(searchParams.get('redirect_uri') ?? '');
  const page = html`<!doctype html><title>Allow?</title>
    <p>“${String(asked['client_name'])}” asks for ${searchParams.get('scope')}; the answer goes to <b>${hostname}</b>.</p>
    <form method="post">
      <input type="hidden" name="ticket" value="${ticket}" /> <button name="decision" value="allow">Allow</button>
      <button name="decision" value="deny">Deny</button>
    </form>`;
  const headers = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': "default-src 'none'; frame-ancestors 'none'" };
  return new Response(page.toString(), { headers: { ...headers, 'cache-control': 'no-store', 'set-cookie': cookie } });
}

const check = guard({
  resource: `${ORIGIN}/mcp`,
  ...stytchTokens({ ...PROJECT, roles: { stytch_admin: ['tickets:close'] } }),
});
const mcp = check.protect<Env>((request, env, ctx) => TicketsMcp.serve<Env>('/mcp').fetch(request, env, ctx));

/** The whole server. */
export const app = {
  fetch: (request: Request, env: Env) => (new URL(request.url).pathname === '/oauth/authorize' ? consent(request, env) : mcp(request, env)),
};

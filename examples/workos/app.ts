/**
 * WorkOS AuthKit signs users in and issues the tokens; here are the guard and the tools. What a user sees depends on the role that
 * WorkOS knows: it gives permissions, which stand in each of its tokens, and those live for minutes.
 */
import { McpServer } from '@modelcontextprotocol/server';
import { guard } from 'portcullis/guard';
import { catalogue, mcpHandler, tool } from 'portcullis/mcp';
import { workosTokens } from 'portcullis/verifiers';
import { z } from 'zod';

const say = (text: string) => ({ content: [{ type: 'text' as const, text }] });

const tools = catalogue(
  [
    tool({ name: 'whoami', open: true, handler: (_args, { access, props }) => say(`${access.userId}, ${String(props['role'])}`) }),
    tool({
      name: 'readInvoice',
      description: 'Shows an invoice',
      permissions: ['invoices:read'],
      inputSchema: z.object({ id: z.string() }),
      handler: ({ id }) => say(`Invoice ${id}: 12 €`),
    }),
    tool({
      name: 'refund',
      description: 'Pays an invoice back',
      permissions: ['invoices:refund'],
      annotations: { destructiveHint: true },
      inputSchema: z.object({ id: z.string() }),
      handler: ({ id }, { props }) => say(`Invoice ${id} paid back by ${props.claims.sub}.`),
    }),
  ],
  { strict: true },
);

const mcp = mcpHandler(
  (access, ctx) => {
    const server = new McpServer({ name: 'workos-invoices', version: '1.0.0' });
    tools.register(server, access, ctx);
    return server;
  },
  { policy: tools },
);

/** The same URL must be registered as a resource in the WorkOS dashboard. */
const check = guard({ resource: 'https://mcp.example/mcp', ...workosTokens({ domain: 'acme.authkit.app' }) });

/** The whole server, for `serve(app)` on Node and as the default export of a Worker. */
export const app = { fetch: check.protect((request, env, ctx) => mcp.fetch(request, env, ctx)) };

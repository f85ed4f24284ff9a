/**
 * A protected MCP server as a route of Next. Tokens are issued by another server (ISSUER); here are the guard and the tools. Clients find
 * their way there by the metadata document, which is a route of its own beside this one.
 */
import { McpServer } from '@modelcontextprotocol/server';
import { guard } from 'portcullis/guard';
import { catalogue, mcpHandler, tool } from 'portcullis/mcp';
import { verifyJwt } from 'portcullis/verifiers';

const say = (text: string) => ({ content: [{ type: 'text' as const, text }] });

const tools = catalogue([
  tool({ name: 'whoami', open: true, handler: (_args, { access }) => say(`You are ${access.userId}.`) }),
  tool({ name: 'write', scopes: ['write'], handler: () => say('Written.') }),
]);

const mcp = mcpHandler(
  (access, ctx) => {
    const server = new McpServer({ name: 'next', version: '1.0.0' });
    tools.register(server, access, ctx);
    return server;
  },
  { policy: tools },
);

/** MCP_URL is the address that clients call. */
const check = guard({
  resource: process.env['MCP_URL'] ?? 'http://localhost:3000/mcp',
  ...verifyJwt({ issuer: process.env['ISSUER'] ?? 'http://localhost:8787' }),
});
const handle = check.protect((request, env, ctx) => mcp.fetch(request, env, ctx));

export { handle as DELETE, handle as GET, handle as OPTIONS, handle as POST };
/** Built once, asked at each request. */
export const dynamic = 'force-dynamic';

/** A server of the packed package, as an application would write it: both SDK lines, callers with a key and without. Prints its address. */
import { McpServer as OldMcpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { completable as oldCompletable } from '@modelcontextprotocol/sdk/server/completable.js';
import { completable, McpServer } from '@modelcontextprotocol/server';
import { OAuthProvider, password } from 'portcullis';
import { catalogue, McpAgent, mcpHandler, openMcpHandler, policy, prompt, sessions, tool } from 'portcullis/mcp';
import { serve } from 'portcullis/node';
import { memoryStore } from 'portcullis/stores/memory';
import { apiKeys } from 'portcullis/verifiers';
import { z } from 'zod';

const text = (value) => ({ content: [{ type: 'text', text: value }] });
const rules = policy({
  tools: { open: { anonymous: true }, wipe: { permissions: ['admin'], scopes: ['wipe'] }, share: { scopes: ['share'] } },
  prompts: { open: { anonymous: true }, draft: { permissions: ['admin'] } },
});

function build(Server, complete, shapeOf) {
  const server = new Server({ name: 'packed', version: '1.0.0' });
  for (const name of ['open', 'wipe', 'share']) server.registerTool(name, { description: `describes ${name}` }, () => text(`RAN ${name}`));
  for (const name of ['open', 'draft']) {
    const argsSchema = shapeOf({ word: complete(z.string(), () => [`COMPLETED ${name}`]) });
    server.registerPrompt(name, { description: `describes ${name}`, argsSchema }, () => ({ messages: [] }));
  }
  return server;
}
const current = () => build(McpServer, completable, (shape) => z.object(shape));
const old = () => build(OldMcpServer, oldCompletable, (shape) => shape);

class Agent extends McpAgent {
  static policy = rules;
  static sessions = sessions();
  server = current();
  init() {}
}
const offered = catalogue([
  tool({ name: 'open', description: 'describes open', anonymous: true, handler: () => text('RAN open') }),
  tool({ name: 'wipe', description: 'describes wipe', permissions: ['admin'], handler: () => text('RAN wipe') }),
  prompt({ name: 'open', anonymous: true, argsSchema: z.object({ word: completable(z.string(), () => ['COMPLETED open']) }), handler: () => ({ messages: [] }) }),
  prompt({ name: 'draft', description: 'describes draft', permissions: ['admin'], argsSchema: z.object({ word: completable(z.string(), () => ['COMPLETED draft']) }), handler: () => ({ messages: [] }) }),
]); // prettier-ignore
const declared = openMcpHandler(
  (access, ctx) => {
    const server = new McpServer({ name: 'packed', version: '1.0.0' });
    offered.register(server, access, ctx);
    return server;
  },
  { policy: offered },
);

const provider = new OAuthProvider({
  apiHandlers: {
    '/open-2': openMcpHandler(current, { policy: rules }),
    '/open-1': openMcpHandler(old, { policy: rules }),
    '/two': mcpHandler(current, { policy: rules }),
    '/one': mcpHandler(old, { policy: rules, sessions: sessions({ sse: true }) }),
    '/formed': mcpHandler(current, {
      policy: rules,
      challengeForm: (request) => (request.headers.get('user-agent') === 'forms' ? 'result' : 'http'),
    }),
    '/agent': Agent.serve('/agent'),
    '/router': Agent.Router,
    '/declared': declared,
  },
  anonymous: true,
  store: memoryStore(),
  logins: [password()],
  externalTokens: apiKeys({ prefix: 'acme_key_', find: () => ({ userId: 'u1', clientId: 'c1', scope: ['wipe'] }) }),
});
const { url } = await serve(provider, { port: 0 });
console.log(`listens on ${url}`);

/** An MCP server as users of Cloudflare's `agents` have it: one Durable Object for each session, an SDK 1.x server, their own class. */
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { McpAgent } from 'agents/mcp';

type Props = { claims: { sub: string; name?: string }; permissions?: string[] };

/** The class, word for word as their documentation has it. */
export class AgentsMcp extends McpAgent<Cloudflare.Env, { calls: number }, Props> {
  server = new McpServer({ name: 'agents', version: '1.0.0' });
  override initialState = { calls: 0 };

  async init(): Promise<void> {
    this.server.registerTool('whoami', { description: 'Who am I' }, async () => {
      this.setState({ calls: this.state.calls + 1 });
      return { content: [{ type: 'text', text: `${this.props?.claims.name ?? 'nobody'}, call ${this.state.calls}` }] };
    });
  }
}

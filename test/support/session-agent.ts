/** The server of the tests of sessions over several processes and isolates: it asks, logs, and tells that a resource was updated. */
import { McpServer } from '@modelcontextprotocol/server';
import { type AgentClass, McpAgent, type UserEvents } from '../../src/mcp/index.ts';
import type { AuthContext } from '../../src/model/access.ts';

/** The people who sign in. */
export const PEOPLE = ['alice', 'bob'].map((username) => ({ username, password: `${username} has a password` }));
/** Sessions of one user and one client. */
export const MAX_COUNT = 12;
/** The resource that `touch` updates. */
export const NOTE = 'notes://one';

const text = (words: string) => ({ content: [{ type: 'text' as const, text: words }] });
const ASKED = {
  message: 'Which city?',
  requestedSchema: { type: 'object' as const, properties: { city: { type: 'string' as const } }, required: ['city'] },
};

/** Makes the class. @param member what a server says that it is. */
export function sessionAgent<Env>(events: UserEvents, member: (env: Env) => string): AgentClass<Env> & Pick<typeof McpAgent, 'serve'> {
  return class SessionAgent extends McpAgent<Env, unknown, AuthContext> {
    server = new McpServer(
      { name: 'sessions', version: '1.0.0' },
      { capabilities: { logging: {}, resources: { subscribe: true }, tools: { listChanged: true } } },
    );
    init(): void {
      const { server } = this;
      server.registerTool('member', {}, () => text(member(this.env)));
      server.registerTool('where', {}, async () => {
        const { action, content } = await this.elicit(ASKED);
        return text(`${action} ${JSON.stringify(content ?? null)} at ${member(this.env)}`);
      });
      server.registerTool('talk', {}, async (context) => {
        for (const level of ['debug', 'error'])
          await context.mcpReq.notify({ method: 'notifications/message', params: { level, data: level } } as never);
        return text('talked');
      });
      server.registerTool('touch', {}, async () => {
        await events.publish({ userId: this.auth.userId }, [{ updated: NOTE }]);
        return text('touched');
      });
    }
  };
}

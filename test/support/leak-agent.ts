/**
 * The servers of the leak tests, the same on Node and in workerd: an agent of either SDK line, with sessions and without, and a count of the
 * servers that the garbage collector has not taken yet.
 */
import { McpServer as OldServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { McpServer } from '@modelcontextprotocol/server';
import { boundSessions, McpAgent, sessions, type UserEvents, userEvents } from '../../src/mcp/index.ts';
import type { AuthContext } from '../../src/model/access.ts';
import type { FetchObject } from '../../src/model/context.ts';

/** How long the tool `late` takes. */
export const LATE_MS = 34_000;

/** Which of the servers answers a request. */
export const LINE_HEADER = 'x-line';

let made: WeakRef<object>[] = [];

/** How many of the servers that were made are still there. */
export function serversAlive(): number {
  made = made.filter((one) => one.deref() !== undefined);
  return made.length;
}

const text = (words: string) => ({ content: [{ type: 'text' as const, text: words }] });
const CAPABILITIES = { capabilities: { logging: {}, resources: { subscribe: true }, tools: { listChanged: true } } };
const QUESTION = { message: 'Go on?', requestedSchema: { type: 'object' as const, properties: { yes: { type: 'boolean' as const } } } };

abstract class Leaky extends McpAgent<unknown, unknown, AuthContext> {
  abstract override readonly server: McpServer | OldServer;
  init(): void {
    made.push(new WeakRef(this.server));
    const server = this.server as McpServer; // whose `registerTool` both lines have
    server.registerTool('quick', {}, () => text('done'));
    server.registerTool('steps', {}, async () => {
      await this.progress(1, 2);
      return text('done');
    });
    server.registerTool('late', {}, async () => {
      await new Promise((done) => setTimeout(done, LATE_MS));
      return text('at last');
    });
    server.registerTool('asks', {}, async () => text((await this.elicit(QUESTION)).action));
    server.registerTool('hangs', {}, async (context: object) => {
      const { signal } = (context as { mcpReq?: { signal: AbortSignal } }).mcpReq ?? (context as { signal: AbortSignal });
      await new Promise((done) => signal.addEventListener('abort', done));
      return text('given up');
    });
  }
}
class Current extends Leaky {
  server = new McpServer({ name: 'leaks', version: '1.0.0' }, CAPABILITIES);
}
class Old extends Leaky {
  server = new OldServer({ name: 'leaks', version: '1.0.0' }, CAPABILITIES);
}

/** Answers by the server that {@link LINE_HEADER} names. */
export function leakHandler(events: UserEvents = userEvents()): FetchObject {
  const options = { sessions: sessions({ sse: true }), events, streamCheck: 300 };
  const lines: { readonly [line: string]: FetchObject } = {
    current: Current.serve('/mcp', { events }),
    old: Old.serve('/mcp', { events }),
    'current in a session': Current.serve('/mcp', options),
    'old in a session': Old.serve('/mcp', options),
    bound: boundSessions(Current.serve('/mcp', options)),
  };
  return { fetch: (request, env, ctx) => (lines[request.headers.get(LINE_HEADER) ?? 'current'] as FetchObject).fetch(request, env, ctx) };
}

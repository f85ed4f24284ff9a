/** Wrong options of an MCP handler: refused at start-up, not with the first call. */
import { McpServer } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { McpAgent, mcpHandler, policy, sessions } from '../../src/mcp/index.ts';

const make = (): McpServer => new McpServer({ name: 'demo', version: '1.0.0' });
const raw = { tools: { wipe: { permissions: ['admin'] } } };

describe('mcp/handler, start-up', () => {
  it.each<[string, unknown, string]>([
    ['a policy that was not made by policy()', { policy: raw }, 'mcpHandler: `policy` must be what policy({ tools: … }) returns.'],
    ['policy itself', { policy }, '`policy` must be what policy('],
    ['null for a policy', { policy: null }, '`policy` must be what policy('],
    ['true for sessions', { sessions: true }, 'mcpHandler: `sessions` must be what sessions() returns.'],
    ['sessions itself', { sessions }, '`sessions` must be what sessions() returns.'],
    ['null for sessions', { sessions: null }, '`sessions` must be what sessions() returns.'],
    ['events that are none', { events: true }, 'mcpHandler: `events` must be of type object.'],
    ['no object', null, 'mcpHandler: the options must be an object'],
    ['a listener that is none', { on: 'x' }, 'mcpHandler: `on` must be of type function.'],
    ['an error listener that is none', { onError: {} }, 'mcpHandler: `onError` must be of type function.'],
    ['a challenge form', { challengeForm: 'result' }, 'mcpHandler: `challengeForm` must be of type function.'],
  ])('refuses %s (N-14)', (_what, options, message) => {
    expect(() => mcpHandler(make, options as never)).toThrow(message);
  });

  it('refuses a server in the place of the function that makes one (N-14)', () => {
    expect(() => mcpHandler(make() as never)).toThrow('mcpHandler: give a function that makes a server for each request');
  });

  it('refuses the same of a class (N-14)', () => {
    class Raw extends McpAgent {
      static override policy = raw as never;
      server = make();
      init(): void {}
    }
    expect(() => Raw.serve('/mcp')).toThrow('`policy` must be what policy(');
    expect(() => Raw.Router).toThrow('`policy` must be what policy(');
    class Good extends McpAgent {
      static override policy = policy(raw);
      static override sessions = sessions();
      server = make();
      init(): void {}
    }
    expect(Good.serve('/mcp').servedPaths).toEqual(['/mcp']);
  });
});

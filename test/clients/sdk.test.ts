/** The MCP SDK's own client, whose user typed the URL with a slash at its end. */
import { McpServer } from '@modelcontextprotocol/server';
import { expect, it } from 'vitest';
import { McpAgent } from '../../src/mcp/index.ts';
import type { AuthContext } from '../../src/model/access.ts';
import type { Handler } from '../../src/model/context.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { connectTo, fetchOn } from '../examples/client.ts';
import { ALICE, appOn, RESOURCE } from '../support/app.ts';

class Tools extends McpAgent<unknown, unknown, AuthContext> {
  server = new McpServer({ name: 'notes', version: '1' });
  init(): void {
    this.server.registerTool('whoami', {}, () => ({ content: [{ type: 'text', text: this.auth.userId }] }));
  }
}

it.each([RESOURCE, `${RESOURCE}/`])('the SDK client signs in and calls a tool at %s, and goes on after a refresh (R-11)', async (url) => {
  const clock = makeClock();
  const app = await appOn(memoryStore(clock), clock, { apiHandler: Tools.serve('/mcp') as Handler });
  const browser = app.browser();
  const person = async (location: string): Promise<string> => {
    const back = await browser.submit(await browser.get(location), { decision: 'approve', ...ALICE });
    return back.location ?? '';
  };
  const connected = await connectTo(url, fetchOn({ 'mcp.example': async (input) => app.send(input as Request) }), person);
  expect(await connected.say('whoami')).toBe(app.aliceId);
  clock.pass(4000);
  expect(await connected.say('whoami')).toBe(app.aliceId);
  expect(app.events.filter(({ kind }) => kind === 'grant.refreshed')).toHaveLength(1);
});

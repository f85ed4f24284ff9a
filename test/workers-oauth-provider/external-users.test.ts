/** Tokens that `resolveExternalToken` takes name no user: what is kept for a user must not be shared by their holders. */
import { McpServer } from '@modelcontextprotocol/server';
import { expect, it } from 'vitest';
import { McpAgent } from '../../src/mcp/agent.ts';
import { sessions } from '../../src/mcp/sessions/sessions.ts';
import { text } from '../mcp/clients.ts';
import { ask, begun, type Door, toolCall } from '../mcp/session-client.ts';
import { makeAdapted, RESOURCE } from '../support/adapted.ts';

type Props = { readonly name: string };

class Notes extends McpAgent<unknown, readonly string[], Props> {
  server = new McpServer({ name: 'notes', version: '1.0.0' });
  override initialState: readonly string[] = [];

  init(): void {
    this.server.registerTool('sign', {}, async () => {
      await this.setState([...this.state, this.props.name]);
      return text(this.state.join());
    });
  }
}

class Talk extends McpAgent<unknown, undefined, Props> {
  static override readonly sessions = sessions();
  server = new McpServer({ name: 'talk', version: '1.0.0' });

  init(): void {
    this.server.registerTool('hello', {}, async () => {
      await new Promise((done) => void setTimeout(done, 20)); // longer than a timer that was given no time
      return text(this.props.name);
    });
  }
}

function serving(agent: object, faults: unknown[] = []): Door {
  const app = makeAdapted({
    apiHandler: agent as never,
    resolveExternalToken: async ({ token: name }) => ({ props: { name }, audience: RESOURCE }),
    onError: (report) => void faults.push(report),
  });
  return {
    async send({ url, method, headers, body }) {
      return app.send(new URL(url).pathname, { method, headers, body: body && (await new Response(body).text()) });
    },
  };
}

it('keeps no state for callers whose token names no user, which all of them would read (SEC-191)', async () => {
  const faults: unknown[] = [];
  const door = serving(Notes.serve('/mcp', { onError: (fault) => void faults.push(fault) }));
  for (const token of ['ext.ada', 'ext.bob']) {
    const answer = await ask(door, { token }, 'POST', toolCall('sign'));
    expect([answer.status, await answer.text()]).toEqual([500, expect.not.stringContaining('ext.')]);
  }
  expect(faults.map(String)).toEqual(Array(2).fill(expect.stringMatching(/^TypeError: The token names no user to keep a state for/)));
});

it('lets callers whose token names no user have sessions of their own, and end no other one (SEC-189)', async () => {
  const door = serving(Talk.serve('/mcp', { onError: () => undefined }));
  const [ada, bob] = [await begun(door, 'ext.ada'), await begun(door, 'ext.bob')];
  expect(await (await ask(door, ada, 'POST', toolCall('hello'))).text()).toContain('"text":"ext.ada"');
  for (const method of ['DELETE', 'GET']) expect((await ask(door, { ...ada, token: bob.token }, method)).status).toBe(404);
  expect((await ask(door, { ...ada, token: bob.token }, 'POST', toolCall('hello'))).status).toBe(404);
  expect(await (await ask(door, ada, 'POST', toolCall('hello', 2))).text()).toContain('"text":"ext.ada"');
});

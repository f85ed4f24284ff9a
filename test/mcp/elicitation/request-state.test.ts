/** What a client carries back (`requestState`): one spelling, good once, at one endpoint, for ten minutes; on every store. */
import { type Context, requestState as contextState, type Handler } from '../../../src/model/context.ts';
import { McpServer } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { elicit, mcpHandler, mount } from '../../../src/mcp/index.ts';
import type { ElicitRequest } from '../../../src/mcp/elicitation/elicit.ts';
import { sealRequestState, type RequestState, openRequestState } from '../../../src/mcp/elicitation/request-state.ts';
import type { JudgedBody } from '../../../src/mcp/policy/gate.ts';
import { type App, ISSUER, makeApp, storeNames } from '../../support/app.ts';
import { text } from '../clients.ts';

const MODERN = '2026-07-28';
const SIGNS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const SURE: ElicitRequest = {
  key: 'sure',
  message: 'Sure?',
  requestedSchema: { type: 'object', properties: { sure: { type: 'boolean' } } },
};
const ran: string[] = [];

const build = (name: string) => (): McpServer => {
  const server = new McpServer({ name, version: '1' });
  server.registerTool('wipe', { inputSchema: z.object({ what: z.string() }) }, async (_args, context) => {
    const { action } = await elicit(context, SURE);
    ran.push(`${name} ${action}`);
    return text(action);
  });
  return server;
};

interface Message {
  readonly result?: { readonly requestState?: string; readonly content?: readonly { readonly text: string }[] };
  readonly error?: { readonly code: number; readonly message: string };
}

async function wipe(app: App, token: string, path: string, what: string, more: object = {}): Promise<Message> {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': MODERN,
    'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': { elicitation: { form: {} } },
  };
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': MODERN,
    'mcp-method': 'tools/call',
    'mcp-name': 'wipe',
  };
  const message = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'wipe', arguments: { what }, _meta, ...more } };
  const answer = await (await app.send(new Request(ISSUER + path, { method: 'POST', headers, body: JSON.stringify(message) }))).text();
  return JSON.parse(/^data: (\{.*)$/m.exec(answer)?.[1] ?? answer) as Message;
}

const yes = (requestState: string): object => ({ requestState, inputResponses: { sure: { action: 'accept', content: { sure: true } } } });

describe.each(storeNames)('what a client carries back, on %s', (store) => {
  it.each(['', 'x', 'xx'])('F-05 is one text: a "yes" of a person is taken once, whatever the last sign of it says (%j)', async (what) => {
    const app = await makeApp(store, { apiHandler: mcpHandler(build('one')) as Handler });
    const token = (await app.signedIn()).tokens.access;
    const { requestState = '' } = (await wipe(app, token, '/mcp', what)).result ?? {};
    expect(requestState).toMatch(/^pc1\.[\w-]+$/);
    ran.length = 0;
    for (const sign of SIGNS) await wipe(app, token, '/mcp', what, yes(requestState.slice(0, -1) + sign));
    for (const other of [`${requestState}=`, `${requestState} `, requestState.replace('pc1.', 'PC1.'), `pc1.${requestState}`])
      await wipe(app, token, '/mcp', what, yes(other));
    expect(ran).toEqual(['one accept']);
  });

  it('F-05 is for the question that was shown: a "yes" to another text under the same key is asked for again', async () => {
    let count = 3;
    const counting = (): McpServer => {
      const server = new McpServer({ name: 'counting', version: '1' });
      server.registerTool('wipe', { inputSchema: z.object({ what: z.string() }) }, async (_args, context) => {
        const { action } = await elicit(context, { ...SURE, message: `Delete ${count} notes?` });
        ran.push(`${count} ${action}`);
        return text(action);
      });
      return server;
    };
    const app = await makeApp(store, { apiHandler: mcpHandler(counting) as Handler });
    const token = (await app.signedIn()).tokens.access;
    const { requestState = '' } = (await wipe(app, token, '/mcp', 'x')).result ?? {};
    ran.length = 0;
    count = 300;
    const again = (await wipe(app, token, '/mcp', 'x', yes(requestState))).result?.requestState ?? '';
    expect([ran, again.length > 0]).toEqual([[], true]);
    await wipe(app, token, '/mcp', 'x', yes(again));
    expect(ran).toEqual(['300 accept']);
  });

  it('F-05 is for the endpoint that asked: two servers under one resource take one "yes" once', async () => {
    const app = await makeApp(store, { apiHandler: mount({ '/mcp/one': mcpHandler(build('one')), '/mcp/two': mcpHandler(build('two')) }) as Handler }); // prettier-ignore
    const token = (await app.signedIn()).tokens.access;
    const { requestState = '' } = (await wipe(app, token, '/mcp/one', 'x')).result ?? {};
    ran.length = 0;
    for (const path of ['/mcp/two', '/mcp/one/other', '/mcp/one', '/mcp/one']) await wipe(app, token, path, 'x', yes(requestState));
    expect(ran).toEqual(['one accept']);
  });

  it('F-05 keeps the user’s answers for ten minutes, also with a link', async () => {
    let ctx: Context | undefined;
    const app = await makeApp(store, { apiHandler: (_request: Request, _env: unknown, seen: Context) => ((ctx = seen), Response.json({})), accessTokenTTL: 86_400 }); // prettier-ignore
    await app.call((await app.signedIn()).tokens.access);
    const [access, state] = [ctx?.auth, ctx && contextState(ctx)];
    if (!access) throw new Error('The guard let nobody in.');
    const params = { name: 'wipe', arguments: { what: 'x' } };
    const carried = (held: RequestState): Promise<string> => sealRequestState(access, params, held, `${ISSUER}/mcp`);
    const answersIn = async (requestState: string): Promise<unknown> => {
      const body = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { ...params, requestState } } as unknown as JudgedBody;
      const resuming = await openRequestState(body, { access, states: state?.states, url: `${ISSUER}/mcp` });
      return resuming instanceof Response ? resuming.status : [resuming.resumed?.over, Object.keys(resuming.resumed?.answers ?? {})];
    };
    const answers = { sure: { action: 'accept', content: { sure: true } } } as const;
    const [both, link] = [await carried({ answers, connecting: true }), await carried({ connecting: true })];
    expect([await answersIn(both), await answersIn(both), await answersIn(link), await answersIn(link)]).toEqual([[false, ['sure']], 400, [false, []], [false, []]]); // prettier-ignore
    const late = await carried({ answers, connecting: true });
    for (let round = 0; round < 3; round++) {
      app.clock.pass(661);
      expect([await answersIn(both), await answersIn(late), await answersIn(link)]).toEqual([
        [true, []],
        [true, []],
        [true, []],
      ]);
    }
  });
});

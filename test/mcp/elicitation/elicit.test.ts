/** Tools that ask the person something while they run, with clients of both lines of the protocol, on every store. */
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { McpServer } from '@modelcontextprotocol/server';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type Answer, elicit, McpAgent, mcpHandler, sessions } from '../../../src/mcp/index.ts';
import type { AuthContext } from '../../../src/model/access.ts';
import type { ElicitRequest } from '../../../src/mcp/elicitation/elicit.ts';
import type { Handler } from '../../../src/model/context.ts';
import { tokensOf } from '../../../src/testing/oauth-client.ts';
import { ALICE, type App, ISSUER, makeApp, storeNames } from '../../support/app.ts';
import { text } from '../clients.ts';

const BOB = { username: 'bob', password: 'another passphrase' };
const MODERN = '2026-07-28';
const CITY: ElicitRequest = {
  message: 'Which city?',
  requestedSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
};
const SURE: ElicitRequest = {
  key: 'sure',
  message: 'Sure?',
  requestedSchema: { type: 'object', properties: { sure: { type: 'boolean' } } },
};
const PAGE: ElicitRequest = { mode: 'url', message: 'Give your card', url: 'https://pay.example/card' };

/** What tools did when they came to their end. */
const ran: string[] = [];
const errors: string[] = [];
const said = (answer: Answer): string => `${answer.action} ${JSON.stringify(answer.content ?? null)}`;

class Travel extends McpAgent<unknown, unknown, AuthContext> {
  server = new McpServer({ name: 'travel', version: '1.0.0' });
  init(): void {
    const inputSchema = z.object({ class: z.string().optional() });
    const book = async (): Promise<ReturnType<typeof text>> => {
      const answer = await this.elicit(CITY);
      ran.push('booked');
      return text(said(answer));
    };
    this.server.registerTool('book', { inputSchema }, book);
    this.server.registerTool('change', { inputSchema }, book);
    this.server.registerTool('both', {}, async () => text(`${said(await this.elicit(CITY))} ${said(await this.elicit(SURE))}`));
    this.server.registerTool('pay', {}, async () => text(said(await this.elicit(PAGE))));
    this.server.registerTool('wrong', { inputSchema: z.object({ question: z.looseObject({}) }) }, async ({ question }) =>
      text(said(await this.elicit(question as unknown as ElicitRequest))),
    );
    this.server.registerTool('count', {}, async () => {
      await this.progress(1, 2, 'half');
      await this.progress(2, 2);
      return text('counted');
    });
  }
}

const onError = (error: Error): void => void errors.push(error.message);
const withSessions = { sessions: sessions(), onError };
const serving = (store: string, options: object = withSessions): Promise<App> =>
  makeApp(store, { apiHandler: Travel.serve('/mcp', options) as Handler, accessTokenTTL: 86_400 });

async function tokenOf(app: App, who: { readonly username: string; readonly password: string } = ALICE): Promise<string> {
  const client = await app.client();
  return tokensOf(await client.redeem(await client.signIn(app.browser(), who))).access;
}

interface Person {
  readonly client: Client;
  readonly asked: { mode?: string; message: string; url?: string }[];
}

/** A client of either line whose person answers one thing after the other. */
async function person(
  app: App,
  token: string,
  line: 'auto' | 'default',
  answers: object[],
  elicitation: object = { form: {}, url: {} },
): Promise<Person> {
  const versions = line === 'auto' ? { versionNegotiation: { mode: 'auto' as const } } : {};
  const client = new Client({ name: 'test', version: '1.0.0' }, { capabilities: { elicitation: elicitation as never }, ...versions });
  const asked: Person['asked'] = [];
  client.setRequestHandler('elicitation/create', ({ params }) => {
    asked.push(params as never);
    return (answers.length > 1 ? answers.shift() : answers[0]) as never;
  });
  const door: typeof fetch = (input, init) => {
    const request = new Request(input as string | URL | Request, init);
    request.headers.set('authorization', `Bearer ${token}`);
    return app.send(request);
  };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${ISSUER}/mcp`), { fetch: door }));
  return { client, asked };
}

const accept = (content: object): object => ({ action: 'accept', content });
const call = async ({ client }: Person, name: string, args: object = {}): Promise<string> => {
  const result = await client.callTool({ name, arguments: args as never });
  return `${result.isError ? 'error: ' : ''}${(result.content as { text: string }[])[0]?.text}`;
};

interface Message {
  readonly result?: {
    resultType: string;
    requestState?: string;
    inputRequests?: Record<string, { method: string; params: { message: string } }>;
    content?: { text: string }[];
    isError?: boolean;
  };
  readonly error?: { code: number; message: string };
}

/** A call as a client of 2026-07-28 puts it on the wire. */
async function raw(
  app: App,
  token: string,
  name: string,
  more: object = {},
  args: object = {},
  elicitation: object | null = { form: {} },
): Promise<Message> {
  const _meta = {
    'io.modelcontextprotocol/protocolVersion': MODERN,
    'io.modelcontextprotocol/clientInfo': { name: 't', version: '1' },
    'io.modelcontextprotocol/clientCapabilities': elicitation === null ? {} : { elicitation },
  };
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'application/json',
    accept: 'application/json, text/event-stream',
    'mcp-protocol-version': MODERN,
    'mcp-method': 'tools/call',
    'mcp-name': name,
  };
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args, _meta, ...more } });
  const answer = await (await app.send(new Request(`${ISSUER}/mcp`, { method: 'POST', headers, body }))).text();
  return JSON.parse(
    answer
      .split('\n')
      .find((line) => line.startsWith('data: {'))
      ?.slice(6) ?? answer,
  ) as Message;
}

/** The one question of a message, by its key. */
function questionIn({ result }: Message): { key: string; state: string } {
  expect(result?.resultType).toBe('input_required');
  const [key = ''] = Object.keys(result?.inputRequests ?? {});
  expect(result?.inputRequests?.[key]?.method).toBe('elicitation/create');
  return { key, state: result?.requestState ?? '' };
}

describe.each(storeNames)('tools that ask, on %s', (store) => {
  it.each(['auto', 'default'] as const)(
    'S-182: ask a client of the line "%s" in its own way, one question after the other',
    async (line) => {
      const app = await serving(store);
      const one = await person(app, await tokenOf(app), line, [accept({ city: 'Rome' }), accept({ sure: true })]);
      expect(one.client.getNegotiatedProtocolVersion()).toBe(line === 'auto' ? MODERN : '2025-11-25');
      expect(await call(one, 'both')).toBe('accept {"city":"Rome"} accept {"sure":true}');
      expect(one.asked.map(({ message }) => message)).toEqual(['Which city?', 'Sure?']);
      await one.client.close();
    },
  );

  it.each(['auto', 'default'] as const)('S-183: tell a tool of the line "%s" that its person declined or gave up', async (line) => {
    const app = await serving(store);
    const one = await person(app, await tokenOf(app), line, [{ action: 'decline' }, { action: 'cancel' }]);
    expect([await call(one, 'book'), await call(one, 'book')]).toEqual(['decline null', 'cancel null']);
    await one.client.close();
  });

  it.each(['auto', 'default'] as const)('S-176: send what is secret to an address, never into a form (line "%s")', async (line) => {
    const app = await serving(store);
    const one = await person(app, await tokenOf(app), line, [{ action: 'accept' }]);
    expect(await call(one, 'pay')).toBe('accept null');
    expect(one.asked[0]).toMatchObject({ mode: 'url', url: 'https://pay.example/card' });
    for (const name of ['password', 'apiKey', 'clientSecret', 'card_number']) {
      const question = { message: 'Tell me', requestedSchema: { type: 'object', properties: { [name]: { type: 'string' } } } };
      expect(await call(one, 'wrong', { question })).toBe('error: Something went wrong on the server.');
      expect(errors.at(-1)).toContain(`"${name}" asks for a secret`);
    }
    expect(one.asked).toHaveLength(1);
    await one.client.close();
  });

  it('S-181: send no mode that the client has not declared; an empty declaration means forms', async () => {
    const app = await serving(store);
    const token = await tokenOf(app);
    for (const line of ['auto', 'default'] as const) {
      const one = await person(app, token, line, [accept({ city: 'Rome' })], {});
      expect(await call(one, 'book')).toBe('accept {"city":"Rome"}');
      expect(await call(one, 'pay')).toMatch(/^error: .*https:\/\/pay\.example\/card/);
      expect(one.asked).toHaveLength(1);
      await one.client.close();
    }
    expect((await raw(app, token, 'book', {}, {}, null)).result?.content?.[0]?.text).toContain('cannot ask the user');
    expect((await raw(app, token, 'book', {}, {}, { url: {} })).result?.isError).toBe(true);
  });

  it('SEC-192, S-135, S-178: refuse a state that was changed, or is of another user, client, tool, argument or time, and run nothing', async () => {
    const app = await serving(store);
    await app.provider.helpers(app.env).accounts.create({ ...BOB });
    const alice = await tokenOf(app);
    const { key, state } = questionIn(await raw(app, alice, 'book', {}, { class: 'first' }));
    const [before, answer] = [ran.length, { [key]: accept({ city: 'Rome' }) }];
    const refused = async (token: string, name: string, requestState: string, args: object): Promise<void> => {
      const { error } = await raw(app, token, name, { requestState, inputResponses: answer }, args);
      expect(error).toMatchObject({ code: -32602, message: 'Invalid requestState' });
    };
    const at = state.length - 10;
    await refused(alice, 'book', state.slice(0, at) + (state[at] === 'A' ? 'B' : 'A') + state.slice(at + 1), { class: 'first' });
    await refused(await tokenOf(app, BOB), 'book', state, { class: 'first' });
    await refused(await tokenOf(app), 'book', state, { class: 'first' }); // the same user through another client (S-178)
    await refused(alice, 'change', state, { class: 'first' });
    await refused(alice, 'book', state, { class: 'second' });
    app.clock.pass(601);
    await refused(alice, 'book', state, { class: 'first' });
    expect(ran.length).toBe(before);
  });

  it('SEC-192: accepts an answer once, for any number of requests with it', async () => {
    const app = await serving(store);
    const token = await tokenOf(app);
    const { key, state } = questionIn(await raw(app, token, 'book'));
    const before = ran.length;
    const more = { requestState: state, inputResponses: { [key]: accept({ city: 'Rome' }) } };
    const both = await Promise.all([raw(app, token, 'book', more), raw(app, token, 'book', more)]);
    expect(both.map(({ error }) => error?.code ?? 0).toSorted((a, b) => a - b)).toEqual([-32602, 0]);
    expect(ran.length).toBe(before + 1);
  });

  it('ask again for what is no answer, does not fit the form, or answers what was not asked', async () => {
    const app = await serving(store);
    const token = await tokenOf(app);
    let { key, state } = questionIn(await raw(app, token, 'book'));
    for (const response of [12, { action: 'yes' }, accept({ city: 7 }), accept({}), null]) {
      const again = questionIn(
        await raw(app, token, 'book', { requestState: state, inputResponses: { [key]: response, other: accept({ city: 'Oslo' }) } }),
      );
      expect(again.key).toBe(key);
      ({ key, state } = again);
    }
    questionIn(await raw(app, token, 'book', { inputResponses: { [key]: accept({ city: 'Rome' }) } })); // without the state it is no one's answer
    const done = await raw(app, token, 'book', { requestState: state, inputResponses: { [key]: accept({ city: 'Rome' }) } });
    expect(done.result?.content?.[0]?.text).toBe('accept {"city":"Rome"}');
  });

  it('say in words what they would have asked, where a client of 2025 has no session', async () => {
    const app = await serving(store, { onError });
    const one = await person(app, await tokenOf(app), 'default', [accept({ city: 'Rome' })]);
    expect(await call(one, 'book')).toMatch(/^error: Which city\? This client cannot ask/);
    await one.client.close();
  });

  it.each(['auto', 'default'] as const)('tell how far they are, where the client of the line "%s" wants to know', async (line) => {
    const app = await serving(store);
    const { client } = await person(app, await tokenOf(app), line, []);
    const seen: object[] = [];
    await client.callTool({ name: 'count', arguments: {} }, { onprogress: (progress) => void seen.push(progress) });
    expect(seen).toEqual([
      { progress: 1, total: 2, message: 'half' },
      { progress: 2, total: 2 },
    ]);
    expect(await call({ client, asked: [] }, 'count')).toBe('counted');
    await client.close();
  });
});

describe('mcp/elicitation/elicit', () => {
  it('asks by the context of a call, too, for servers that are no class', async () => {
    const handler = mcpHandler(() => {
      const server = new McpServer({ name: 'plain', version: '1.0.0' });
      server.registerTool('book', {}, async (context) => text(said(await elicit(context, CITY))));
      return server;
    }, withSessions);
    const app = await makeApp(storeNames[0] ?? '', { apiHandler: handler as Handler });
    const token = await tokenOf(app);
    for (const line of ['auto', 'default'] as const) {
      const one = await person(app, token, line, [accept({ city: 'Rome' })]);
      expect(await call(one, 'book')).toBe('accept {"city":"Rome"}');
      await one.client.close();
    }
    expect(() => elicit({}, CITY)).toThrow('the context of the call');
  });

  it('S-180: gives no address that is not https, or has a user in it', async () => {
    const app = await serving(storeNames[0] ?? '');
    const one = await person(app, await tokenOf(app), 'auto', [{ action: 'accept' }]);
    for (const url of ['http://pay.example/', 'https://alice:token@pay.example/', 'javascript:alert(1)', 'nowhere']) {
      expect(await call(one, 'wrong', { question: { mode: 'url', message: 'Go', url } })).toBe(
        'error: Something went wrong on the server.',
      );
      expect(errors.at(-1)).toContain('`url` must be an https address');
    }
    await one.client.close();
  });
});

/** What the gate makes of each message: what passes, what is answered, what is told; without a server behind it. */
import { describe, expect, it } from 'vitest';
import { type Asking, gate, withoutUnseen } from '../../../src/mcp/policy/gate.ts';
import { policy, type PolicyOptions } from '../../../src/mcp/policy/policy.ts';
import { parseMessages } from '../../../src/mcp/policy/read-messages.ts';
import type { Access, AuthContext } from '../../../src/model/access.ts';
import type { NewEvent } from '../../../src/model/event.ts';
import { accessWith } from '../clients.ts';

const METADATA = 'https://mcp.example/.well-known/oauth-protected-resource/mcp';
const NEEDS: PolicyOptions = {
  tools: {
    open: {},
    read: { scopes: ['notes:read'] },
    admin: { permissions: ['admin'], text: 'Ask your manager.' },
    secret: { permissions: ['admin'], hidden: true },
    broken: { when: () => Promise.reject(new Error('why')) },
    free: { anonymous: true },
  },
  resources: { 'notes://{id}': { permissions: ['admin'] }, 'notes://open': {}, 'hidden://a': { permissions: ['admin'], hidden: true } },
  prompts: { draft: { permissions: ['admin'] } },
};
const MODERN = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' };

interface Asked {
  /** Methods that go on, with the tools that the server must not find and the one that is called; or status and body of the answer. */
  readonly verdict: unknown;
  readonly response: Response | null;
  readonly events: readonly NewEvent[];
}

async function ask(body: unknown, more: Partial<Asking> & { readonly strict?: boolean; readonly needs?: PolicyOptions } = {}): Promise<Asked> {
  const events: NewEvent[] = [];
  const read = parseMessages(JSON.stringify(body));
  if ('reason' in read) throw new Error(read.reason);
  const { strict = false, needs = NEEDS, ...asking } = more;
  const who: Asking = { access: accessWith(), metadataUrl: METADATA, form: () => 'http', emit: (event) => void events.push(event), ...asking };
  const passage = await gate(policy({ ...needs, strict }), read, who);
  if (!(passage instanceof Response)) return { verdict: { goesOn: passage.body, unknown: passage.unknown, called: passage.called }, response: null, events };
  const text = await passage.clone().text();
  return { verdict: [passage.status, text === '' ? null : JSON.parse(text)], response: passage, events };
} // prettier-ignore

const message = (method: string, params?: object, id: unknown = 1): object => ({ jsonrpc: '2.0', id, method, ...(params && { params }) });
const callOf = (name: unknown, id: unknown = 1, more: object = {}): object => message('tools/call', { name, ...more }, id);
const error = (code: number, text: string, id: unknown = 1): object => ({ jsonrpc: '2.0', id, error: { code, message: text } });
const denied = (text: string, id: unknown = 1): object => ({
  jsonrpc: '2.0',
  id,
  result: { isError: true, content: [{ type: 'text', text }] },
});
const NOT_RUN = 'Not run: another call of the same batch was refused.';
const DENIED_PROMPT = 'You do not have permission to use this prompt.';
const DENIED_RESOURCE = 'You do not have permission to read this resource.';

describe('mcp/policy/gate, dispatched messages', () => {
  it.each([
    'initialize', 'ping', 'server/discover', 'logging/setLevel', 'tools/list', 'resources/list', 'resources/templates/list', 'prompts/list',
    'notifications/initialized', 'notifications/cancelled', 'notifications/progress', 'notifications/roots/list_changed',
  ])('lets %s pass, also with `strict` and without a token, and emits no event', async (method) => {
    const sent = message(method);
    for (const more of [{}, { strict: true }, { access: null, strict: true }]) {
      const { verdict, events } = await ask(sent, more);
      expect([verdict, events]).toEqual([{ goesOn: sent, unknown: [], called: [] }, []]);
    }
  }); // prettier-ignore

  it('names the tool of a body that is one call, and none of a batch', async () => {
    expect((await ask(callOf('open'))).verdict).toEqual({ goesOn: callOf('open'), unknown: [], called: ['open'] });
    const batch = [callOf('open', 1), callOf('open', 2)];
    expect((await ask(batch)).verdict).toEqual({ goesOn: batch, unknown: [], called: [] });
    expect((await ask(message('resources/read', { uri: 'notes://open-not' }), { access: accessWith(['admin']) })).verdict).toMatchObject({ called: [] });
  }); // prettier-ignore

  it('passes a call of a hidden tool on as one that the server must not find, also in a batch', async () => {
    expect((await ask(callOf('secret'))).verdict).toEqual({ goesOn: callOf('secret'), unknown: ['secret'], called: ['secret'] });
    const batch = [callOf('open', 1), callOf('secret', 2), callOf('secret', 3)];
    expect((await ask(batch)).verdict).toEqual({ goesOn: batch, unknown: ['secret', 'secret'], called: [] });
    expect((await ask(callOf('other'), { strict: true })).verdict).toMatchObject({ unknown: ['other'] });
    expect((await ask(callOf('secret'), { access: accessWith(['admin']) })).verdict).toMatchObject({ unknown: [], called: ['secret'] });
  });

  it('lets the answer to a question of the server pass', async () => {
    const answer = { jsonrpc: '2.0', id: 1, result: {} };
    expect((await ask(answer, { strict: true, access: null })).verdict).toEqual({ goesOn: answer, unknown: [], called: [] });
  });

  it('passes tasks and notifications on with judged calls, and other methods only without `strict`', async () => {
    for (const method of ['tasks/get', 'notifications/message', 'acme/run'])
      expect((await ask(message(method))).verdict).toMatchObject({ goesOn: { method } });
    for (const method of ['tasks/get', 'notifications/message'])
      expect((await ask(message(method), { strict: true })).verdict).toMatchObject({ goesOn: { method } });
    for (const method of ['acme/run', 'xtasks/get', 'tasks'])
      expect((await ask(message(method), { strict: true })).verdict).toEqual([200, error(-32601, 'Method not found')]);
    for (const method of ['tasks/get', 'acme/run'])
      expect((await ask(message(method), { access: null })).response?.status).toBe(401);
  });
}); // prettier-ignore

describe('mcp/policy/gate, what is refused', () => {
  it.each<[string, unknown, unknown]>([
    ['a tool for want of a permission', callOf('admin'), denied('Ask your manager.')],
    ['a tool whose rule fails', callOf('broken'), denied('You do not have permission to use this tool.')],
    ['a resource', message('resources/read', { uri: 'notes://1' }), error(-32602, DENIED_RESOURCE)],
    ['to tell of changes of a resource', message('resources/subscribe', { uri: 'notes://1' }), error(-32602, DENIED_RESOURCE)],
    ['to stop that', message('resources/unsubscribe', { uri: 'notes://1' }), error(-32602, DENIED_RESOURCE)],
    ['to listen', message('subscriptions/listen', { notifications: { resourceSubscriptions: ['notes://1'] } }), error(-32602, DENIED_RESOURCE)],
    ['a hidden resource, as one that is not there', message('resources/read', { uri: 'hidden://a' }), error(-32602, 'Resource hidden://a not found')],
    ['a prompt', message('prompts/get', { name: 'draft' }), error(-32602, DENIED_PROMPT)],
    ['to complete a prompt', message('completion/complete', { ref: { type: 'ref/prompt', name: 'draft' }, argument: {} }), error(-32602, DENIED_PROMPT)],
    ['to complete a template', message('completion/complete', { ref: { type: 'ref/resource', uri: 'notes://{id}' }, argument: {} }), error(-32602, DENIED_RESOURCE)],
  ])('refuses %s', async (_, body, answer) => {
    const { verdict, response } = await ask(body);
    expect(verdict).toEqual([200, answer]);
    expect(response?.headers.get('cache-control')).toBe('no-store');
  }); // prettier-ignore

  it('says that a result is complete to clients that expect it (2026-07-28)', async () => {
    const { verdict } = await ask(callOf('admin', 1, { _meta: MODERN }));
    expect(verdict).toEqual([200, { jsonrpc: '2.0', id: 1, result: { resultType: 'complete', isError: true, content: [{ type: 'text', text: 'Ask your manager.' }] } }]);
    expect((await ask(callOf('admin', 1, { _meta: null }))).verdict).toEqual([200, denied('Ask your manager.')]);
  }); // prettier-ignore

  it('runs nothing of a batch of which one call is refused, and answers each request of it (SEC-183)', async () => {
    const notification = { jsonrpc: '2.0', method: 'notifications/progress' };
    const answer = { jsonrpc: '2.0', id: 9, result: {} };
    const batch = [callOf('open', 1), callOf('admin', 2), notification, callOf('secret', 3), answer, message('ping', undefined, 4)];
    expect((await ask(batch)).verdict).toEqual([
      200,
      [error(-32600, NOT_RUN, 1), denied('Ask your manager.', 2), error(-32602, 'Tool secret not found', 3), error(-32600, NOT_RUN, 4)],
    ]);
  });

  it('judges a tool with any name, also one that is the name of a method', async () => {
    for (const name of ['tasks/get', 'notifications/message', 'ping'])
      expect((await ask(callOf(name), { strict: true })).verdict).toMatchObject({ unknown: [name] });
    expect((await ask(message('prompts/get', { name: 'tasks/get' }), { strict: true })).verdict).toEqual([
      200,
      error(-32602, 'Prompt tasks/get not found'),
    ]);
  });

  it('judges a URI by each of its spellings, and a template by its text (SEC-181)', async () => {
    const [uri, template] = ['HTTPS://H.example/a', 'HTTPS://H.example/{id}'];
    const needs = { resources: { [uri]: {}, [template]: {} } };
    expect((await ask(message('resources/read', { uri }), { needs, strict: true })).verdict).toEqual([
      200,
      error(-32602, `Resource ${uri} not found`),
    ]);
    const complete = message('completion/complete', { ref: { type: 'ref/resource', uri: template }, argument: {} });
    expect((await ask(complete, { needs, strict: true })).verdict).toMatchObject({ unknown: [] });
    const listed = [{ uri }, { uriTemplate: template }];
    expect(withoutUnseen(policy({ ...needs, strict: true }), accessWith(), 'resource', listed)).toEqual([{ uriTemplate: template }]);
  });

  it('answers nothing where what is refused is no request', async () => {
    const { verdict, response } = await ask({ jsonrpc: '2.0', method: 'acme/run' }, { strict: true });
    expect([verdict, response?.headers.get('cache-control')]).toEqual([[202, null], 'no-store']);
  });
});

describe('mcp/policy/gate, challenges', () => {
  const challenge = `Bearer error="insufficient_scope", resource_metadata="${METADATA}", scope="notes:read"`;

  it('asks for scopes by status, by a result of one tool call where the client understands no other, never in a batch', async () => {
    const byResult: Partial<Asking> = { form: () => 'result' };
    expect((await ask(callOf('read'))).response?.headers.get('www-authenticate')).toBe(challenge);
    expect((await ask(callOf('read'))).response?.status).toBe(403);
    const { verdict, response } = await ask(callOf('read'), byResult);
    expect(verdict).toEqual([200, { jsonrpc: '2.0', id: 1, result: { isError: true, content: [{ type: 'text', text: 'This needs more access than you have given so far. Connect again and allow it.' }], _meta: { 'mcp/www_authenticate': [challenge] } } }]);
    expect([response?.headers.get('cache-control'), response?.headers.get('www-authenticate')]).toEqual(['no-store', null]);
    for (const body of [[callOf('read', 1), callOf('open', 2)], [callOf('read', 1), message('ping', undefined, 2)]])
      expect((await ask(body, byResult)).response?.status).toBe(403);
    expect((await ask([callOf('read', 1)], byResult)).response?.status).toBe(200);
  }); // prettier-ignore

  it('challenges before it denies, whichever of a batch comes first', async () => {
    for (const names of [['admin', 'read'], ['read', 'admin'], ['secret', 'read']])
      expect((await ask(names.map((name, at) => callOf(name, at)))).response?.status).toBe(403);
  }); // prettier-ignore

  it('sends callers without a token to sign in, for what needs one', async () => {
    const { response } = await ask(callOf('read'), { access: null });
    expect([response?.status, response?.headers.get('www-authenticate')]).toEqual([401, `Bearer resource_metadata="${METADATA}", scope="notes:read"`]);
    expect((await ask(callOf('free'), { access: null })).verdict).toMatchObject({ called: ['free'] });
    expect((await ask(message('resources/read', { uri: 'x://y' }), { access: null, form: () => 'result' })).response?.status).toBe(401);
    const closed = await ask(callOf('other'), { access: null, strict: true });
    expect([closed.response?.status, closed.response?.headers.get('www-authenticate')]).toEqual([401, `Bearer resource_metadata="${METADATA}"`]);
  }); // prettier-ignore

  it('finds the metadata by the resource of the token where the guard did not say, and fails where neither is there', async () => {
    const { response } = await ask(callOf('read'), { metadataUrl: undefined });
    expect(response?.headers.get('www-authenticate')).toBe(challenge);
    const none = await ask(callOf('read'), { metadataUrl: undefined, access: null });
    expect(none.verdict).toEqual([500, { error: 'server_error' }]);
    expect(none.response?.headers.get('cache-control')).toBe('no-store');
  });
});

describe('mcp/policy/gate, messages that do not say what they call', () => {
  it.each<[string, unknown]>([
    ['subscriptions/listen', { notifications: { resourceSubscriptions: ['notes://open', 7] } }], ['subscriptions/listen', { notifications: { resourceSubscriptions: 'notes://open' } }],
    ['tools/call', {}], ['tools/call', { name: 7 }], ['resources/read', { name: 'x' }], ['resources/subscribe', {}], ['resources/unsubscribe', { uri: null }], ['prompts/get', {}],
    ['completion/complete', {}], ['completion/complete', { ref: { type: 'ref/prompt' } }], ['completion/complete', { ref: { type: 'ref/resource' } }], ['tools/call', { name: 'x'.repeat(8193) }],
  ])('refuses %s with %j', async (method, params) => {
    const { verdict, events, response } = await ask(message(method, params as object, 'a'));
    expect(response?.headers.get('cache-control')).toBe('no-store');
    expect(verdict).toEqual([400, error(-32602, `Invalid params: ${method} does not say what it is for.`, 'a')]);
    expect(events).toEqual([{ kind: 'request.refused', endpoint: 'mcp', code: 'invalid_request', reason: 'params' }]);
  }); // prettier-ignore

  it('refuses a call without an id, and one of a batch whole', async () => {
    const call = { jsonrpc: '2.0', method: 'tools/call', params: { name: 'open' } };
    for (const body of [call, [message('ping'), call]]) {
      const { verdict, events } = await ask(body);
      expect(verdict).toEqual([400, error(-32600, 'tools/call is a request and must have an id.', null)]);
      expect(events).toEqual([{ kind: 'request.refused', endpoint: 'mcp', code: 'invalid_request', reason: 'id_missing' }]);
    }
  });

  it('passes on no `subscribe` of 2026-07-28, for any resource', async () => {
    for (const method of ['resources/subscribe', 'resources/unsubscribe'])
      expect((await ask(message(method, { _meta: MODERN }))).verdict).toEqual([404, error(-32601, 'Method not found')]);
    expect((await ask(message('resources/read', { _meta: MODERN }))).verdict).toMatchObject([400, { error: { code: -32602 } }]);
  });
});

describe('mcp/policy/gate, what is told', () => {
  const who = { userId: 'u1', clientId: 'c1', grantId: 'g1' };

  it('emits the reason of each decision, and nothing for methods that are open to all', async () => {
    expect((await ask(callOf('broken'))).events).toEqual([{ kind: 'call.denied', primitive: 'tool', name: 'broken', ...who, reason: 'rule_failed', error: new Error('why') }]);
    expect((await ask(callOf('read'))).events).toEqual([{ kind: 'call.challenged', primitive: 'tool', name: 'read', ...who, scope: ['notes:read'] }]);
    expect((await ask(callOf('read'), { access: null })).events).toEqual([{ kind: 'call.challenged', primitive: 'tool', name: 'read', scope: ['notes:read'] }]);
    expect((await ask(message('prompts/get', { name: 'other' }))).events).toEqual([{ kind: 'call.allowed', primitive: 'prompt', name: 'other', ...who }]);
    expect((await ask(message('acme/run'))).events).toEqual([]);
    expect((await ask(message('acme/run'), { strict: true })).events).toEqual([{ kind: 'call.denied', primitive: 'method', name: 'acme/run', ...who, reason: 'permission_missing' }]);
  }); // prettier-ignore

  it('cuts a name and shows nothing but printable signs', async () => {
    const { events } = await ask(callOf(`a\nb\u{1F600}~ ${'x'.repeat(200)}`));
    expect((events[0] as { name: string }).name).toBe(`a?b??~ ${'x'.repeat(121)}`);
  });
});

describe('mcp/policy/gate, lists', () => {
  const seen = (kind: Parameters<typeof withoutUnseen>[2], items: readonly unknown[], access: Access<AuthContext> | null, strict = false): unknown[] =>
    withoutUnseen(policy({ ...NEEDS, strict }), access, kind, items);
  const tools = ['open', 'read', 'admin', 'secret', 'free', 'other'].map((name) => ({ name }));
  const namesOf = (items: unknown[]): string[] => items.map((item) => (item as { name: string }).name);

  it('leave out what a user may not use, also if further consent could allow it', () => {
    expect(namesOf(seen('tool', tools, accessWith()))).toEqual(['open', 'read', 'free', 'other']);
    expect(namesOf(seen('tool', tools, accessWith(['admin'])))).toEqual(['open', 'read', 'admin', 'secret', 'free', 'other']);
    expect(namesOf(seen('tool', tools, null))).toEqual(['open', 'read', 'free', 'other']);
    expect(namesOf(seen('tool', tools, accessWith(['admin']), true))).not.toContain('other');
  });

  it('show a caller without a token nothing that is hidden, but what is for such callers (SEC-180)', () => {
    const hidden = { save: { scopes: ['write'], hidden: true }, free: { anonymous: true, hidden: true }, open: { scopes: ['write'], hidden: false }, plain: {} };
    const shown = (access: Access<AuthContext> | null): string[] => namesOf(withoutUnseen(policy({ tools: hidden }), access, 'tool', Object.keys(hidden).map((name) => ({ name }))));
    expect([shown(null), shown(accessWith())]).toEqual([['free', 'open', 'plain'], ['save', 'free', 'open', 'plain']]);
  });

  it('know resources by their URI, and templates by their text', () => {
    const resources = [{ uri: 'notes://1', name: 'open' }, { uri: 'x://y' }, { uriTemplate: 'notes://{id}' }, { uriTemplate: 'x://{id}' }];
    expect(seen('resource', resources, accessWith())).toEqual([{ uri: 'x://y' }, { uriTemplate: 'x://{id}' }]);
    expect(seen('resource', resources, accessWith(['admin']))).toEqual(resources);
  });

  it('hold no matter what, and break by nothing', () => {
    expect(seen('tool', [null, 7, {}, { name: null }], accessWith())).toEqual([null, 7, {}, { name: null }]);
    expect(seen('tool', [null, {}], accessWith(), true)).toEqual([]);
  });
}); // prettier-ignore

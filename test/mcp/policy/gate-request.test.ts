/** From a request to its judged messages: what is told, how a refusal looks, and what of the request is shown. */
import { describe, expect, it } from 'vitest';
import { readRequest, type RequestToRead } from '../../../src/mcp/policy/gate.ts';
import { policy } from '../../../src/mcp/policy/policy.ts';
import type { Access } from '../../../src/model/access.ts';
import { requestState, RequestState, withRequestState } from '../../../src/model/context.ts';
import { accessWith, ENDPOINT } from '../clients.ts';

const POLICY = policy({ tools: { save: { scopes: ['write'] } } });
const METADATA = 'https://mcp.example/.well-known/oauth-protected-resource/mcp';

function make(more: Partial<RequestToRead> = {}, state: Partial<RequestState> = {}) {
  const [events, reports]: [unknown[], Error[]] = [[], []];
  const own = Object.assign(new RequestState({ bodyLimit: state.bodyLimit }), { emit: (event: unknown) => void events.push(['state', event]), challenge: { metadataUrl: METADATA, scope: [] }, ...state }); // prettier-ignore
  const ctx = withRequestState({ waitUntil: () => undefined }, own);
  const entering: RequestToRead = { access: accessWith(), ctx, report: (error) => void reports.push(error), ...more };
  const read = (body: unknown, headers: Record<string, string> = {}) =>
    readRequest(POLICY, new Request(`${ENDPOINT}?access_token=x&a=1`, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: typeof body === 'string' ? body : JSON.stringify(body) }), entering); // prettier-ignore
  return { events, reports, read, ctx };
}
const PING = { jsonrpc: '2.0', id: 1, method: 'ping' };
const SAVE = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'save' } };
const asClient = (clientId: string): Access => ({ ...accessWith(), clientId });

describe('mcp/policy/gate, reading a request', () => {
  it('gives the judged body, and the request without what proves who called', async () => {
    const { read, events } = make({}, { credential: () => 's3cret' });
    const found = await read(PING, { authorization: 'Bearer x', 'x-own': 's3cret', 'x-trace': 't' });
    if (found instanceof Response) throw new Error('It is a good request.');
    expect([found.body, found.called, found.request.url, events]).toEqual([PING, [], `${ENDPOINT}?a=1`, []]);
    expect([found.request.headers.get('authorization'), found.request.headers.get('x-own'), found.request.headers.get('x-trace')]).toEqual([null, null, 't']); // prettier-ignore
    const plain = await make({}, { credential: () => null }).read(PING, { 'x-own': 's3cret' });
    expect(plain instanceof Response || plain.request.headers.get('x-own')).toBe('s3cret');
  });

  it('tells why a body is refused, to its own listener before that of the server', async () => {
    const refusal = { kind: 'request.refused', endpoint: 'mcp', code: 'invalid_request', reason: 'not_json' };
    const { read, events } = make();
    const answer = await read('{');
    expect([answer instanceof Response && answer.status, events]).toEqual([400, [['state', refusal]]]);
    const own: unknown[] = [];
    const other = make({ on: (event) => void own.push(event) });
    await other.read('{');
    expect([own, other.events]).toEqual([[refusal], []]);
    const quiet = make({}, { emit: undefined } as never);
    expect([(await quiet.read('{')) instanceof Response, quiet.reports]).toEqual([true, []]);
  });

  it('reports a listener that throws, and answers all the same', async () => {
    const { read, reports } = make({ on: () => { throw new Error('listener'); } }); // prettier-ignore
    expect((await read('{')) instanceof Response).toBe(true);
    expect(reports).toEqual([new Error('listener')]);
  });

  it('takes its own limit of bytes before that of the server', async () => {
    const size = JSON.stringify(PING).length;
    const status = async (more: Partial<RequestToRead>, bodyLimit?: number): Promise<unknown> => {
      const found = await make(more, bodyLimit === undefined ? {} : { bodyLimit }).read(PING);
      return found instanceof Response ? found.status : 'read';
    };
    expect([await status({ bodyLimit: size - 1 }, size), await status({ bodyLimit: size }, size - 1), await status({}, size - 1), await status({})]).toEqual([413, 'read', 413, 'read']); // prettier-ignore
  });

  it('challenges with the status of the specification, and ChatGPT with a result', async () => {
    const form = async (access: Access | null, agent?: string): Promise<unknown> => {
      const { read } = make({ access });
      const found = await read(SAVE, agent === undefined ? {} : { 'user-agent': agent });
      return found instanceof Response && [found.status, found.headers.get('www-authenticate')?.includes(METADATA) ?? false];
    };
    for (const id of ['c1', 'https://app.example/client.json', 'https://chatgpt.com.evil.example/x', 'https://notchatgpt.com/x', 'https://evil.example/chatgpt.com'])
      expect([id, await form(asClient(id))]).toEqual([id, [403, true]]);
    for (const id of ['https://chatgpt.com/x', 'https://www.chatgpt.com/x', 'https://openai.com/x', 'https://auth.openai.com/x'])
      expect([id, await form(asClient(id))]).toEqual([id, [200, false]]);
    for (const agent of ['openai-mcp/1.0.0', 'x OpenAI-MCP y']) expect(await form(asClient('c1'), agent)).toEqual([200, false]);
    for (const agent of ['xopenai-mcp', 'openai-mcpx', 'openai']) expect(await form(asClient('c1'), agent)).toEqual([403, true]);
    expect([await form(null), await form(null, 'openai-mcp')]).toEqual([[401, true], [200, false]]);
  }); // prettier-ignore

  it('lets the application choose the form, by the request without its body', async () => {
    const asked: unknown[] = [];
    const access = accessWith();
    const { read } = make({ access, challengeForm: (request, who) => (asked.push([request.method, request.url, request.headers.get('x-own'), request.body, who === access]), 'result') }); // prettier-ignore
    const found = await read(SAVE, { 'x-own': '1' });
    expect(found instanceof Response && found.status).toBe(200);
    expect(asked).toEqual([['POST', `${ENDPOINT}?access_token=x&a=1`, '1', null, true]]);
  });

  it('names the metadata of the resource where no guard has named it', async () => {
    const { read, ctx } = make({}, { challenge: undefined });
    const found = await read(SAVE);
    expect(requestState(ctx).challenge).toBeUndefined();
    expect(found instanceof Response && [found.status, found.headers.get('www-authenticate')]).toEqual([
      403,
      expect.stringContaining(METADATA),
    ]);
  });
});

/** Each bound of a body at its edge, and what exactly is answered beyond it. */
import { describe, expect, it } from 'vitest';
import { checkBodyLimit, isText, parseMessages, readAnew, readMessages, refusalMeanwhile } from '../../../src/mcp/policy/read-messages.ts';
import { ENDPOINT } from '../clients.ts';

const PING = { jsonrpc: '2.0', id: 1, method: 'ping' };
const text = (body: unknown): string => (typeof body === 'string' ? body : JSON.stringify(body));

/** What a body comes to: `read`, or the reason with status and answer. */
async function said(body: unknown): Promise<unknown> {
  const found = parseMessages(text(body));
  return 'reason' in found ? [found.reason, found.answer.status, await found.answer.json()] : 'read';
}
const error = (code: number, message: string): object => ({ jsonrpc: '2.0', error: { code, message }, id: null });
const requestOf = (body: BodyInit, headers: Record<string, string> = {}): Request =>
  new Request(ENDPOINT, { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body });

describe('mcp/policy/read-messages, answers', () => {
  it.each<[unknown, string, object]>([
    ['{', 'not_json', error(-32700, 'The message is not JSON. It must be UTF-8 without a byte order mark.')],
    ['{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}', 'not_strict', error(-32600, 'The message repeats a member, or is nested too deep.')],
    ['{"jsonrpc":"2.0","id":1,"method":"ping","params":{"__proto__":{}}}', 'not_strict', error(-32600, 'The message repeats a member, or is nested too deep.')],
    [[], 'batch_size', error(-32600, 'A batch must hold between 1 and 100 messages.')],
    [{}, 'not_json_rpc', error(-32600, 'The message is not a JSON-RPC 2.0 message of MCP.')],
    [[PING, PING], 'id_twice', error(-32600, 'Two messages of the batch have the same id.')],
  ])('answers %j', async (body, reason, answer) => {
    expect(await said(body)).toEqual([reason, 400, answer]);
  }); // prettier-ignore

  it('answers what is no JSON, too large or no UTF-8 by its status', async () => {
    const of = async (request: Request, max?: number): Promise<unknown> => {
      const found = await readMessages(request, max);
      return 'reason' in found ? [found.reason, found.answer.status, await found.answer.json(), found.answer.headers.get('cache-control')] : 'read';
    };
    const body = text(PING);
    expect(await of(requestOf(body, { 'content-type': 'text/json' }))).toEqual(['media_type', 415, error(-32000, 'Unsupported Media Type: Content-Type must be application/json'), 'no-store']);
    expect(await of(requestOf(body), body.length)).toBe('read');
    expect(await of(requestOf(body), body.length - 1)).toEqual(['too_large', 413, error(-32700, `The message may have ${body.length - 1} bytes.`), 'no-store']);
    expect(await of(requestOf(new Uint8Array([0x22, 0xff, 0x22])))).toEqual(['not_utf8', 400, error(-32700, 'The message is not well-formed UTF-8.'), 'no-store']);
    expect(await of(requestOf(new Uint8Array([0x1f, 0x8b]), { 'content-encoding': 'gzip' }))).toEqual(['body_encoded', 415, error(-32000, 'The message is compressed (Content-Encoding); send it as it is.'), 'no-store']);
    const padded = (bytes: number): string => body + ' '.repeat(bytes - body.length);
    expect([await of(requestOf(padded(4_194_304))), await of(requestOf(padded(4_194_305)))]).toEqual(['read', expect.arrayContaining(['too_large'])]);
  }); // prettier-ignore
});

describe('mcp/policy/read-messages, bounds', () => {
  it('reads a batch of a hundred, and sixty-four levels', async () => {
    const batch = (size: number): object[] => Array.from({ length: size }, (_, id) => ({ ...PING, id }));
    expect([await said(batch(100)), await said(batch(101))]).toEqual(['read', expect.arrayContaining(['batch_size'])]);
    const nested = (levels: number): string => `{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":${'['.repeat(levels - 2)}${']'.repeat(levels - 2)}}}`;
    expect([await said(nested(64)), await said(nested(65))]).toEqual(['read', expect.arrayContaining(['not_strict'])]);
  }); // prettier-ignore

  it('reads ids that are texts or whole numbers that every program has', async () => {
    for (const id of ['', 'x'.repeat(8192), 0, -1, 2 ** 53 - 1]) expect(await said({ ...PING, id })).toBe('read');
    for (const id of ['x'.repeat(8193), 1.5, 2 ** 53, true, null, {}, 'a\udc00'])
      expect(await said({ ...PING, id })).toEqual(['not_json_rpc', 400, expect.anything()]);
  });

  it('takes a text of 8192 characters without half of a pair', () => {
    expect(['x'.repeat(8192), '\u{1F600}', ''].map(isText)).toEqual([true, true, true]);
    expect(['x'.repeat(8193), '\ud83d', 7, null, undefined].map(isText)).toEqual([false, false, false, false, false]);
  });

  it('tells messages of JSON-RPC from all else', async () => {
    const answer = { jsonrpc: '2.0', id: 1 };
    for (const body of [{ ...answer, result: {} }, { ...answer, error: {} }, { jsonrpc: '2.0', error: {} }, { jsonrpc: '2.0', method: 'x' }, { ...PING, params: {} }])
      expect(await said(body)).toBe('read');
    for (const body of [
      { ...PING, jsonrpc: '1.0' }, { id: 1, method: 'ping' }, [7], [null], { ...PING, params: [] }, { ...PING, params: 'x' }, { ...answer, result: 'x' }, { ...answer, error: 'x' },
      { ...answer, params: {} }, { jsonrpc: '2.0', result: {} }, { ...answer, result: {}, params: {} }, { ...answer, error: {}, params: {} }, { ...PING, result: null }, { ...PING, error: null },
    ]) expect(await said(body)).toEqual(['not_json_rpc', 400, expect.anything()]);
  }); // prettier-ignore

  it('keeps apart the ids of requests and of answers, and nothing else', async () => {
    const [request, answer] = [PING, { jsonrpc: '2.0', id: 1, result: {} }];
    const notification = { jsonrpc: '2.0', method: 'notifications/progress' };
    expect(await said([request, answer, notification, notification])).toBe('read');
    for (const batch of [[request, { ...request, method: 'x' }], [answer, answer], [request, { ...request, id: '1' }]])
      expect(await said(batch)).toEqual(['id_twice', 400, expect.anything()]);
  }); // prettier-ignore

  it('keeps params unchanged, without members that another parser could dispatch by', () => {
    const paramsOf = (params: object, method = 'tools/call'): unknown => {
      const found = parseMessages(text({ ...PING, method, params }));
      return 'messages' in found ? found.messages[0]?.params : found.reason;
    };
    expect(paramsOf({ name: 'a', uri: 'b', ref: 1, arguments: {}, names: 1, _meta: {} })).toEqual({ name: 'a', uri: 'b', ref: 1, arguments: {}, names: 1, _meta: {} });
    expect(paramsOf({ name: 'a', Name: 'b', URI: 'c', reF: 1, Arguments: 1, 'ſ': 1 })).toEqual({ name: 'a', 'ſ': 1 });
    expect(paramsOf({ ref: { type: 'ref/prompt', name: 'a', x: 1 } })).toEqual({ ref: { type: 'ref/prompt', name: 'a', x: 1 } });
    expect(paramsOf({ ref: { type: 'ref/prompt', name: 'a', x: 1 } }, 'completion/complete')).toEqual({ ref: { type: 'ref/prompt', name: 'a' } });
  }); // prettier-ignore
});

describe('mcp/policy/read-messages, for another handler', () => {
  it('writes a message as one and a batch as a batch, and leaves what is no POST without a body', async () => {
    const anew = async (request: Request): Promise<Request> => {
      const made = await readAnew(request);
      if ('reason' in made) throw new Error(made.reason);
      return made;
    };
    const sent = requestOf(`${text(PING)} `, { 'content-length': '99', 'transfer-encoding': 'chunked', 'content-encoding': 'identity', 'x-own': '1' });
    const one = await anew(sent);
    expect([one.url, one.method, await one.json()]).toEqual([ENDPOINT, 'POST', PING]);
    expect(['content-encoding', 'transfer-encoding', 'x-own'].map((name) => one.headers.get(name))).toEqual([null, null, '1']);
    expect(await (await anew(requestOf(text([PING])))).json()).toEqual([PING]);
    const get = new Request(ENDPOINT);
    expect(await anew(get)).toBe(get);
    const removed = await anew(new Request(ENDPOINT, { method: 'DELETE', body: 'x', headers: { 'x-own': '1' } }));
    expect([removed.method, removed.body, removed.headers.get('x-own'), removed.url]).toEqual(['DELETE', null, '1', ENDPOINT]);
  }); // prettier-ignore

  it('refuses what is refused, by the limit that it is given', async () => {
    const refused = await readAnew(requestOf(text(PING)), 10);
    expect('reason' in refused && [refused.reason, refused.answer.status]).toEqual(['too_large', 413]);
  });

  it('ends with the request that it was made of', async () => {
    const stop = new AbortController();
    for (const init of [
      { method: 'POST', headers: { 'content-type': 'application/json' }, body: text(PING) },
      { method: 'DELETE', body: 'x' },
    ]) {
      const made = await readAnew(new Request(ENDPOINT, { ...init, signal: stop.signal }));
      if ('reason' in made) throw new Error(made.reason);
      expect(made.signal.aborted).toBe(stop.signal.aborted);
      stop.abort();
      expect(made.signal.aborted).toBe(true);
    }
  });

  it('refuses an invalid limit', () => {
    for (const limit of [undefined, 1, 9e9]) expect(() => checkBodyLimit('mcpHandler', limit)).not.toThrow();
    for (const limit of [0, -1, 1.5, Number.NaN, '1' as never]) expect(() => checkBodyLimit('mcpHandler', limit)).toThrow(/^mcpHandler: `bodyLimit` must be/);
  }); // prettier-ignore
});

describe('mcp/policy/read-messages, a body that takes its time', () => {
  const challenge = { metadataUrl: 'https://mcp.example/.well-known/oauth-protected-resource', scope: [] };

  it('asks about the token again after a second, which is refused if it is over, and 503 if nothing can say so (SEC-190, FLT-05)', async () => {
    let asked = 0;
    const after = async (milliseconds: number, say: () => Promise<boolean>): Promise<number | undefined> => {
      const stillGood = (): Promise<boolean> => (asked++, say());
      return (await refusalMeanwhile({ stillGood, challenge }, Date.now() - milliseconds))?.status;
    };
    expect([await after(-60_000, async () => false), asked]).toEqual([undefined, 0]);
    expect(await after(1000, async () => false)).toBe(401);
    expect(await after(1000, async () => true)).toBeUndefined();
    expect(await after(1000, () => Promise.reject(new Error('down')))).toBe(503);
    expect([asked, await refusalMeanwhile({ challenge } as never, 0)]).toEqual([3, null]);
    const refused = await refusalMeanwhile({ stillGood: async () => false, challenge }, 0);
    expect(refused?.headers.get('www-authenticate')).toContain('error="invalid_token"'); // which tells a client to refresh it
  });
});

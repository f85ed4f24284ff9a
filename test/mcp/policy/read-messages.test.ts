/** How a body becomes messages: once, strictly, of known members. What servers make of it is in `unjudged.test.ts`. */
import { describe, expect, it } from 'vitest';
import { parseMessages, readAnew, readMessages } from '../../../src/mcp/policy/read-messages.ts';
import { ENDPOINT } from '../clients.ts';

const PING = { jsonrpc: '2.0', id: 1, method: 'ping' };
const read = (body: unknown): unknown => {
  const found = parseMessages(typeof body === 'string' ? body : JSON.stringify(body));
  return 'reason' in found ? found.reason : found.messages;
};
const requestOf = (body: BodyInit | null, headers: Record<string, string> = {}, method = 'POST'): Request =>
  new Request(ENDPOINT, { method, headers: { 'content-type': 'application/json', ...headers }, ...(body !== null && { body }) });

describe('mcp/policy/read-messages', () => {
  it.each([
    [PING, [PING]],
    [[PING], [PING]],
    [{ ...PING, id: 'a' }, [{ ...PING, id: 'a' }]],
    [{ ...PING, id: 0, params: {} }, [{ ...PING, id: 0, params: {} }]],
    [{ jsonrpc: '2.0', method: 'notifications/initialized' }, [{ jsonrpc: '2.0', method: 'notifications/initialized' }]],
    [{ jsonrpc: '2.0', id: 1, result: { a: 1 } }, [{ jsonrpc: '2.0', id: 1, result: { a: 1 } }]],
    [{ jsonrpc: '2.0', error: { code: 1 } }, [{ jsonrpc: '2.0', error: { code: 1 } }]],
    [
      [PING, { jsonrpc: '2.0', id: 1, result: {} }],
      [PING, { jsonrpc: '2.0', id: 1, result: {} }],
    ], // ids of two sides
  ])('reads %j', (body, messages) => {
    expect(read(body)).toEqual(messages);
  });

  it.each([
    ['not_json', ''], ['not_json', `\ufeff${JSON.stringify(PING)}`],
    ['batch_size', []], ['batch_size', Array.from({ length: 101 }, (_, id) => ({ ...PING, id }))],
    ['id_twice', [PING, PING]], ['id_twice', [PING, { ...PING, id: '1' }]], ['id_twice', [{ jsonrpc: '2.0', id: 1, result: {} }, { jsonrpc: '2.0', id: 1, error: {} }]],
    ['not_json_rpc', { ...PING, method: 7 }], ['not_json_rpc', { ...PING, method: 'x'.repeat(8193) }], ['not_json_rpc', { ...PING, method: 'ping\ud800' }], ['not_json_rpc', { ...PING, id: 'x'.repeat(8193) }],
    ['not_json_rpc', { ...PING, params: [] }], ['not_json_rpc', { ...PING, result: {} }], ['not_json_rpc', { ...PING, error: {} }],
    ['not_json_rpc', { jsonrpc: '2.0', id: 1, result: {}, params: {} }], ['not_json_rpc', { jsonrpc: '2.0', id: 1, result: {}, error: {} }], ['not_json_rpc', { jsonrpc: '2.0', result: {} }], ['not_json_rpc', { jsonrpc: '2.0', id: 1, result: [] }],
    ['not_json_rpc', { jsonrpc: '2.0', id: 1 }], ['not_json_rpc', [PING, []]], ['not_json_rpc', 'true'],
  ] as const)('F-01 refuses as %s: %j', (reason, body) => {
    expect(read(body)).toBe(reason);
  }); // prettier-ignore

  it('F-01 removes unknown members, and those that another parser could dispatch by', () => {
    const lookAlikes = { NAME: 'a', Uri: 'a', rEf: 'a', ARGUMENTS: {}, argumentſ: {} };
    expect(read({ ...PING, Id: 2, METHOD: 'x', extra: 1, params: { ...lookAlikes, name: 'b', other: 1 } })).toEqual([{ ...PING, params: { name: 'b', other: 1 } }]); // prettier-ignore
  });

  it('reads params, arguments, and the error beside a result as absent where a client writes `null`', () => {
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call' };
    expect(read({ ...call, params: { name: 'a', arguments: null } })).toStrictEqual([{ ...call, params: { name: 'a', arguments: undefined } }]);
    expect(read({ ...PING, params: null })).toStrictEqual([PING]);
    const answer = { jsonrpc: '2.0', id: 1, result: { a: 1 } };
    expect(read({ ...answer, params: null, error: null })).toStrictEqual([answer]);
  }); // prettier-ignore

  it('F-02 keeps of a reference what belongs to its type', () => {
    const refOf = (ref: unknown): unknown => (read({ ...PING, method: 'completion/complete', params: { ref } }) as { params: { ref: unknown } }[])[0]?.params.ref; // prettier-ignore
    expect(refOf({ type: 'ref/prompt', name: 'a', title: 'A', uri: null })).toEqual({ type: 'ref/prompt', name: 'a', title: 'A' });
    expect(refOf({ type: 'ref/resource', uri: 'a://b', name: 'a' })).toEqual({ type: 'ref/resource', uri: 'a://b' });
    expect([refOf({ type: 'ref/other', name: 'a' }), refOf({ name: 'a' }), refOf('a'), refOf(undefined)]).toEqual([null, null, null, null]);
  });

  it('F-02 keeps of a reference no more where the message also has `arguments: null`', () => {
    const params = { ref: { type: 'ref/prompt', name: 'open', Name: 'secret' }, arguments: null };
    expect(read({ ...PING, method: 'completion/complete', params })).toMatchObject([
      { params: { ref: { type: 'ref/prompt', name: 'open' } } },
    ]);
    expect(JSON.stringify(read({ ...PING, method: 'completion/complete', params }))).not.toContain('secret');
  });

  it('F-01 reads JSON alone, of so many bytes', async () => {
    const reasonOf = async (request: Request): Promise<unknown> => {
      const found = await readMessages(request);
      return 'reason' in found ? [found.reason, found.answer.status] : 'read';
    };
    expect(await reasonOf(requestOf(JSON.stringify(PING)))).toBe('read');
    expect(await reasonOf(requestOf(JSON.stringify(PING), { 'content-type': 'text/plain' }))).toEqual(['media_type', 415]);
    expect(await reasonOf(requestOf(`${JSON.stringify(PING)}${' '.repeat(4 * 1024 * 1024)}`))).toEqual(['too_large', 413]);
    expect(await reasonOf(requestOf(new Uint8Array([0xff])))).toEqual(['not_utf8', 400]);
  });

  it('F-01 serializes a request again, without headers that described the original bytes', async () => {
    const text = ` [${JSON.stringify(PING)}, {"jsonrpc":"2.0","id":2,"method":"ping","Method":"x"}]`;
    const anew = await readAnew(requestOf(text, { 'content-type': 'application/json; charset=utf-16', 'content-encoding': 'identity', 'x-own': '1' })); // prettier-ignore
    if ('reason' in anew) throw new Error(anew.reason);
    expect(await anew.clone().json()).toEqual([PING, { ...PING, id: 2 }]);
    expect(['content-type', 'content-encoding', 'x-own'].map((name) => anew.headers.get(name))).toEqual(['application/json', null, '1']);
    const removed = await readAnew(requestOf(JSON.stringify(PING), {}, 'DELETE'));
    expect('reason' in removed ? removed.reason : [removed.method, removed.body]).toEqual(['DELETE', null]);
  });
});

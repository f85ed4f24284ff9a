/** What of an error leaves the server, judged on the errors themselves. Servers of both SDKs are in `tool-error.test.ts`. */
import { describe, expect, it } from 'vitest';
import { asError, keepErrorsInside, ToolError } from '../../src/mcp/errors.ts';
import { UpstreamTokenError } from '../../src/model/upstream.ts';

const BLAND = 'Something went wrong on the server.';

/** What the caller of a tool gets when it throws, and what is reported. */
async function thrown(error: unknown, ...args: unknown[]): Promise<{ readonly error: unknown; readonly reported: readonly Error[] }> {
  const reported: Error[] = [];
  const server = { connect: async () => undefined, close: async () => undefined, executeToolHandler: (...all: unknown[]) => (expect(all).toEqual(args), Promise.reject(error)) }; // prettier-ignore
  keepErrorsInside(server, (one) => void reported.push(one));
  const caught = await server.executeToolHandler(...args).catch((one: unknown) => one);
  return { error: caught, reported };
}

/** What a client gets of a message, and what is reported. */
function sent(message: object): { readonly message: unknown; readonly reported: readonly string[] } {
  const [messages, reported]: [unknown[], string[]] = [[], []];
  const transport = { send: (...all: unknown[]) => messages.push(...all) };
  const server = { connect: async () => undefined, close: async () => undefined };
  keepErrorsInside(server, (error) => void reported.push(error.message));
  void server.connect.call(server, ...([transport] as unknown as []));
  transport.send(message, 'options');
  expect(messages[1]).toBe('options');
  return { message: messages[0], reported };
}
const answer = (code: unknown, message: string): object => ({ jsonrpc: '2.0', id: 1, error: { code, message, data: 'secret' } });

describe('mcp/errors, tools', () => {
  it('passes on what is meant for the caller, and reports none of it', async () => {
    const errors = [new ToolError('No city.'), new UpstreamTokenError('ended', 'corp'), Object.assign(new Error('bad'), { code: -32602 }), { code: -32000 }]; // prettier-ignore
    for (const error of errors) expect(await thrown(error, 1, 2)).toEqual({ error, reported: [] });
    expect(new ToolError('x').name).toBe('ToolError');
  });

  it('replaces any other error by a plain sentence, and reports it as it is', async () => {
    for (const code of [undefined, 'ECONNREFUSED', 5, 0, '-32602', -32603]) {
      const error = Object.assign(new Error('password hunter2'), { code });
      const { error: caught, reported } = await thrown(error, {});
      expect([code, caught, reported]).toEqual([code, new ToolError(BLAND), [error]]);
      expect(caught).toBeInstanceOf(ToolError);
      expect(reported[0]).toBe(error);
    }
    for (const odd of ['text', null, undefined, 7]) expect((await thrown(odd)).reported).toEqual([new Error(String(odd))]);
  });

  it('returns the result of a tool that does not throw', async () => {
    const server = { connect: async () => undefined, close: async () => undefined, executeToolHandler: async (one: unknown) => [one] };
    keepErrorsInside(server, () => expect.unreachable());
    expect(await server.executeToolHandler('a')).toEqual(['a']);
  });

  it('reports no error that only says that the call was cancelled, in the context of either SDK', async () => {
    const stop = new AbortController();
    const reason = new Error('client left');
    stop.abort(reason);
    const closed = Object.assign(new Error('x'), { code: 'CONNECTION_CLOSED' });
    const aborted = Object.assign(new Error('x'), { name: 'AbortError' });
    for (const context of [{ signal: stop.signal }, { mcpReq: { signal: stop.signal } }, { mcpReq: { signal: stop.signal }, signal: new AbortController().signal }])
      for (const error of [reason, closed, aborted, new Error('Not connected')]) expect(await thrown(error, context)).toEqual({ error, reported: [] });
    for (const error of [new Error('a fault'), 'Not Connected', null]) expect((await thrown(error, { signal: stop.signal })).reported).toHaveLength(1);
    for (const context of [{ signal: new AbortController().signal }, { mcpReq: {} }, {}, null, undefined])
      for (const error of [closed, aborted, new Error('Not connected')]) expect((await thrown(error, context)).reported).toEqual([error]);
  }); // prettier-ignore
});

describe('mcp/errors, messages', () => {
  it('leaves what is no error, and errors of the protocol, as they are', () => {
    for (const message of [
      { jsonrpc: '2.0', id: 1, result: {} },
      { jsonrpc: '2.0', method: 'x' },
      answer(-32602, 'Bad.'),
      answer(-32001, 'x'),
    ]) {
      const found = sent(message);
      expect([found.message === message, found.reported]).toEqual([true, []]);
    }
  });

  it('replaces any other error by a plain sentence, and reports it', () => {
    for (const code of [-32603, 0, 5, 'x'])
      expect(sent(answer(code, 'password hunter2'))).toEqual({ message: { jsonrpc: '2.0', id: 1, error: { code: -32603, message: BLAND } }, reported: ['password hunter2'] }); // prettier-ignore
  });

  it('says that parameters are invalid where the SDK says so with the issues of a schema, and reports nothing', () => {
    const invalid = { message: { jsonrpc: '2.0', id: 1, error: { code: -32602, message: 'Invalid params' } }, reported: [] };
    expect(sent(answer(-32603, '[{"path":["params","name"]},{"path":["params"]}]'))).toEqual(invalid);
    for (const text of ['[]', '[{"path":["params"]},{"path":["other"]}]', '[{}]', '[{"path":[]}]', '[x', ' [{"path":["params"]}]', '{"path":["params"]}'])
      expect(sent(answer(-32603, text)).reported).toEqual([text]);
  }); // prettier-ignore

  it('makes an error of anything that was thrown', () => {
    const error = new TypeError('x');
    expect([asError(error) === error, asError('text'), asError(undefined)]).toEqual([true, new Error('text'), new Error('undefined')]);
  });
});

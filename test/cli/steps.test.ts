/** The lines of `--verbose`, and how requests follow redirects, against a server on loopback. */
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeSteps } from '../../src/cli/steps.ts';
import { CliError } from '../../src/cli/terminal.ts';
import { freePort } from '../support/port.ts';

interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}
let answers: Record<string, Answer> = {};
const seen: (readonly [string | undefined, string | undefined])[] = [];
let servers: readonly Server[] = [];
let [one, two] = ['', ''];

function listen(): Promise<Server> {
  const server = createServer((request: IncomingMessage, response) => {
    seen.push([request.method, request.url]);
    const { status = 200, headers = { 'content-type': 'application/json' }, body = {} } = answers[request.url ?? ''] ?? {};
    response.writeHead(status, headers);
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}
const originOf = (server: Server): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
beforeAll(async () => {
  const [first, second] = [await listen(), await listen()];
  servers = [first, second];
  [one, two] = [originOf(first), originOf(second)];
});
afterAll(() => {
  for (const server of servers) server.close();
});

/** The printed line, without number and address, of one request. */
async function lineOf(path: string, answer: Answer, init: RequestInit = {}): Promise<string | undefined> {
  answers = { [path]: answer };
  const lines: string[] = [];
  await makeSteps((line) => void lines.push(line), async () => undefined).fetch(one + path, init); // prettier-ignore
  return lines[0]?.replace(one, '');
}
const post = (body: unknown): RequestInit => ({ method: 'POST', body: body instanceof URLSearchParams || typeof body === 'string' ? body : JSON.stringify(body) }); // prettier-ignore

describe('cli/steps, lines', () => {
  it('are numbered, with method, address and status, and what is learned from the answer', async () => {
    const resource = { authorization_servers: ['https://a.example', 'https://b.example'], scopes_supported: ['x', 7, null, {}] };
    expect(await lineOf('/.well-known/oauth-protected-resource/mcp', { body: resource })).toBe(
      ' 1. GET /.well-known/oauth-protected-resource/mcp → 200 · resource metadata · sign in at https://a.example https://b.example, scopes x 7',
    );
    const server = { authorization_endpoint: 'https://a.example/authorize', token_endpoint: 'https://a.example/token', secret: 's3cret' };
    expect(await lineOf('/.well-known/openid-configuration', { body: server })).toBe(
      ' 1. GET /.well-known/openid-configuration → 200 · authorization server metadata · authorize at https://a.example/authorize, tokens at https://a.example/token',
    );
    expect(
      await lineOf('/register', { status: 201, body: { client_id: 'c1', client_secret: 's3cret' } }, post({ redirect_uris: ['x'] })),
    ).toBe(' 1. POST /register → 201 · registration · now client c1');
    const tokens = { access_token: 's3cret', scope: 'read write', expires_in: 3600 };
    expect(
      await lineOf('/token', { body: tokens }, post(new URLSearchParams({ grant_type: 'refresh_token', refresh_token: 's3cret' }))),
    ).toBe(' 1. POST /token → 200 · tokens by refresh_token · scopes read write, seconds: 3600');
    expect(await lineOf('/token', { status: 400, body: { error: 'invalid_grant', scope: [] } }, post('grant_type=x'))).toBe(
      ' 1. POST /token → 400 · tokens by x · error invalid_grant',
    );
  });

  it('name the method of a call, and tell nothing of its answer but that a sign-in is needed', async () => {
    const call = { jsonrpc: '2.0', id: 1, method: 'tools/call' };
    expect(await lineOf('/mcp', { body: { client_id: 'x', scope: 'y', error: 'z' } }, post(call))).toBe(' 1. POST /mcp → 200 · tools/call');
    expect(await lineOf('/mcp', { status: 401, body: { error: 'invalid_token' } }, post(call))).toBe(' 1. POST /mcp → 401 · tools/call · a sign-in is needed');
    expect(await lineOf('/mcp', { status: 400, body: { error: 'told by no line' } }, post(call))).toBe(' 1. POST /mcp → 400 · tools/call');
    expect(await lineOf('/mcp', {}, post({ ...call, params: 'a&grant_type=b&c' }))).toBe(' 1. POST /mcp → 200 · tools/call');
    expect(await lineOf('/mcp', {}, post({ method: 7 }))).toBe(' 1. POST /mcp → 200');
    expect(await lineOf('/mcp', {}, { method: 'DELETE' })).toBe(' 1. DELETE /mcp → 200');
    expect(await lineOf('/token', { status: 401 }, post('grant_type=x'))).toBe(' 1. POST /token → 401 · tokens by x');
  }); // prettier-ignore

  it('show no query, and no text of an answer that is no JSON', async () => {
    answers = {};
    const lines: string[] = [];
    const steps = makeSteps((line) => void lines.push(line), async () => undefined); // prettier-ignore
    await steps.fetch(`${one}/callback?code=s3cret`);
    steps.tell('a \u001b[31mstep');
    await steps.fetch(new Request(`${one}/x?code=s3cret`));
    expect(lines[0]).toBe(` 1. GET ${one}/callback → 200`);
    expect(lines[1]).toMatch(/^ 2\. a .*step$/);
    expect([lines[1]?.includes('\u001b'), lines[2]]).toEqual([false, ` 3. GET ${one}/x → 200`]);
    for (const answer of [{ headers: { 'content-type': 'text/html' }, body: '{"client_id":"x"}' }, { headers: {}, body: '{}' }, { body: 'no json' }, { body: '7' }])
      expect(await lineOf('/register', answer, post({ redirect_uris: ['x'] }))).toBe(' 1. POST /register → 200 · registration');
  }); // prettier-ignore

  it('are not printed without --verbose, and the answer is whole for the client', async () => {
    answers = { '/register': { body: { client_id: 'c1' } } };
    for (const print of [null, () => undefined]) {
      const steps = makeSteps(print, async () => undefined);
      steps.tell('x');
      expect(await (await steps.fetch(`${one}/register`, post({ redirect_uris: ['x'] }))).json()).toEqual({ client_id: 'c1' });
    }
  });
});

describe('cli/steps, failures', () => {
  it('are told with their reason, and remembered until a request gets an answer', async () => {
    const dead = `http://127.0.0.1:${await freePort()}`;
    answers = {};
    const lines: string[] = [];
    const steps = makeSteps((line) => void lines.push(line), async () => undefined); // prettier-ignore
    expect(steps.unreachable()).toBeNull();
    await expect(steps.fetch(`${dead}/mcp?x=1`)).rejects.toThrow();
    expect(lines).toEqual([` 1. GET ${dead}/mcp → no answer (ECONNREFUSED)`]);
    expect([steps.unreachable()?.url.href, steps.unreachable()?.code]).toEqual([`${dead}/mcp?x=1`, 'ECONNREFUSED']);
    await steps.fetch(one);
    expect(steps.unreachable()).toBeNull();
  });

  it('are none of the server where we gave up ourselves, or may not go there', async () => {
    const stop = new AbortController();
    stop.abort();
    const lines: string[] = [];
    const steps = makeSteps((line) => void lines.push(line), async (url) => { if (url.pathname === '/no') throw new CliError('not there'); }); // prettier-ignore
    await expect(steps.fetch(one, { signal: stop.signal })).rejects.toThrow();
    expect([lines, steps.unreachable()]).toEqual([[` 1. GET ${one}/ → no answer (AbortError)`], null]);
    await expect(steps.fetch(`${one}/no`)).rejects.toThrow('not there');
    expect([lines.length, steps.unreachable()]).toEqual([1, null]);
  });
});

describe('cli/steps, redirects', () => {
  /** The status in the end, and what was asked on the way. */
  async function follow(path: string, init: RequestInit = {}): Promise<readonly unknown[]> {
    seen.length = 0;
    const reached: string[] = [];
    const { status } = await makeSteps(null, async (url) => void reached.push(url.href)).fetch(one + path, init);
    return [status, seen.map(([method, url]) => `${method} ${url}`), reached];
  }
  const to = (location: string, status = 302): Answer => ({ status, headers: { location } });

  it('are followed where each target may be reached, five at most', async () => {
    answers = { '/a': to('/b'), '/b': to(`${two}/c`), '/loop': to('/loop') };
    expect(await follow('/a')).toEqual([200, ['GET /a', 'GET /b', 'GET /c'], [`${one}/a`, `${one}/b`, `${two}/c`]]);
    expect(await follow('/loop')).toEqual([302, Array(6).fill('GET /loop'), Array(6).fill(`${one}/loop`)]);
  });

  it('take a token or a body to no other origin, and change no method', async () => {
    answers = {
      '/same': to('/next', 307),
      '/308': to('/next', 308),
      '/302': to('/next'),
      '/away': to(`${two}/next`, 307),
      '/303': to('/next', 303),
    };
    const token = { headers: { authorization: 'Bearer x' } };
    const body = { method: 'POST', body: '{}' };
    expect((await follow('/same', token)).slice(0, 2)).toEqual([200, ['GET /same', 'GET /next']]);
    expect((await follow('/308', body)).slice(0, 2)).toEqual([200, ['POST /308', 'POST /next']]);
    expect((await follow('/302', body)).slice(0, 2)).toEqual([302, ['POST /302']]);
    expect((await follow('/303', body)).slice(0, 2)).toEqual([303, ['POST /303']]);
    expect((await follow('/302', token)).slice(0, 2)).toEqual([302, ['GET /302']]);
    expect((await follow('/away', token)).slice(0, 2)).toEqual([307, ['GET /away']]);
    expect((await follow('/away', body)).slice(0, 2)).toEqual([307, ['POST /away']]);
    expect((await follow('/away')).slice(0, 2)).toEqual([200, ['GET /away', 'GET /next']]);
  });

  it('are not followed to another scheme or to no URL, and only where the status says so', async () => {
    answers = { '/ftp': to('ftp://127.0.0.1/x'), '/xhttp': to('xhttp://127.0.0.1/x'), '/304': to('/next', 304), '/bad': to('http://['), '/none': { status: 302, headers: {} }, '/ok': to('/next', 200), '/client': to('/next', 400), '/300': to('/next', 300), '/399': to('/next', 399) };
    for (const path of ['/ftp', '/xhttp', '/bad', '/none']) expect((await follow(path)).slice(0, 2)).toEqual([302, [`GET ${path}`]]);
    expect((await follow('/ok')).slice(0, 2)).toEqual([200, ['GET /ok']]);
    expect((await follow('/client')).slice(0, 2)).toEqual([400, ['GET /client']]);
    for (const path of ['/300', '/304', '/399']) expect((await follow(path)).slice(0, 2)).toEqual([200, [`GET ${path}`, 'GET /next']]);
  }); // prettier-ignore
});

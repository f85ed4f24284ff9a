import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { causesOf, jsonLog, safe } from '../../src/core/listeners.ts';
import type { Event } from '../../src/model/event.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { type App, appOn, makeApp } from '../support/app.ts';

const LOOPBACK = 'http://localhost:8787';
let lines: string[] = [];

beforeEach(() => {
  lines = [];
  vi.spyOn(console, 'error').mockImplementation((...parts: unknown[]) => void lines.push(parts.join(' ')));
});
afterEach(() => void vi.restoreAllMocks());

const silent = (issuer: string, more: object = {}): Promise<App> => {
  const clock = makeClock();
  return appOn(memoryStore(clock), clock, { on: undefined as never, issuer, ...more });
};
const ask = (app: App, url: string, init: RequestInit = {}): Promise<Response> => app.send(new Request(url, init));
const settled = (): Promise<void> => vi.waitFor(() => expect(lines.length).toBeGreaterThan(0), { timeout: 120_000 });
/** Password, token, secret: none of it may stand in a log. */
const SECRET = 'code_AAAAAAAAAAAAAAAAAAAAAA.BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB';

describe('the listener where the application gives no `on` (N-01)', () => {
  it.each([LOOPBACK, 'https://mcp.example'])('prints a failure with the id of the response, in one line, at %s', async (issuer) => {
    const cause = new Error('password=hunter2 at postgres://ada:hunter2@db.example/x\nsecond line', {
      cause: new TypeError(`bad ${SECRET}`),
    });
    const app = await silent(issuer, { clientRegistration: { policy: () => Promise.reject(cause) } });
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ redirect_uris: ['https://app.example/cb'] });
    const answer = await ask(app, `${issuer}/register`, { method: 'POST', headers, body });
    expect(answer.status).toBe(500);
    const { request_id: id } = (await answer.json()) as { request_id: string };
    await settled();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(
      new RegExp(`^portcullis: request ${id} failed at register \\(unexpected\\): Error: .*second line; caused by TypeError: bad `),
    );
    expect(lines[0]).not.toMatch(/hunter2|BBBB|\n/);
  });

  it('prints a refusal with its reason and what to do, on loopback', async () => {
    const app = await silent(LOOPBACK);
    await ask(app, `${LOOPBACK}/mcp`, { method: 'POST', headers: { authorization: 'Bearer access_x' } });
    await settled();
    expect(lines).toEqual([
      'portcullis: guard refused a request with invalid_token: token_malformed. The token is damaged; send it whole and unchanged.',
    ]);
  });

  it('prints a failed sign-in on loopback, without the input', async () => {
    const app = await silent(LOOPBACK);
    const browser = app.browser();
    const page = await browser.get(`${LOOPBACK}/login`);
    await browser.submit(page, { username: 'alice', password: 'a wrong password' });
    await settled();
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/^portcullis: sign-in with password failed: password_wrong\. /);
    expect(lines[0]).not.toContain('a wrong password');
  });

  it('prints no refusal where the issuer is public', async () => {
    const app = await silent('https://mcp.example');
    await ask(app, 'https://mcp.example/mcp', { method: 'POST', headers: { authorization: 'Bearer access_x' } });
    await ask(app, 'https://mcp.example/token', { method: 'POST' });
    await new Promise((done) => setTimeout(done, 20));
    expect(lines).toEqual([]);
  });

  it('is replaced by `on`', async () => {
    const told: string[] = [];
    const app = await silent(LOOPBACK, { on: (event: { kind: string }) => void told.push(event.kind) });
    await ask(app, `${LOOPBACK}/mcp`, { method: 'POST', headers: { authorization: 'Bearer access_x' } });
    expect([told, lines]).toEqual([['request.refused'], []]);
  });

  it('prints one line where `permissions` throws, and one where the store is down', async () => {
    const failing = (): never => {
      throw new Error('the directory is down');
    };
    const app = await silent(LOOPBACK, { permissions: failing });
    const { tokens } = await app.signedIn();
    lines = [];
    expect((await app.call(tokens.access)).status).toBe(503);
    expect(lines).toEqual([expect.stringMatching(/^portcullis: request \S+ failed at permissions: Error: the directory is down \(at /)]);
    lines = [];
    const down = { ...app.store, read: (): Promise<never> => Promise.reject(new Error('connect ECONNREFUSED 127.0.0.1:5432')) };
    const body = new URLSearchParams({ grant_type: 'authorization_code', client_id: 'x', code: SECRET, code_verifier: 'v'.repeat(43) });
    const answer = await app.provider.fetch(new Request(`${LOOPBACK}/token`, { method: 'POST', body }), { PORTCULLIS: down });
    expect(answer.status).toBe(503);
    expect(lines).toEqual([expect.stringMatching(/ failed at token \(store_failed\): .*ECONNREFUSED 127\.0\.0\.1:5432/)]);
  });
});

describe('a text for the log', () => {
  it.each([
    ['connect to postgres://ada:hun@ter2@db.example/x', 'db.example/x'],
    ['redis://:hunter2@cache.example refused', 'cache.example refused'],
    ['password: "hunter2 with more words", host "db"', 'host "db"'],
    ["passphrase = 'hunter2 with more words' at db", 'at db'],
    [String.raw`the answer was {\"client_secret\":\"hunter2\",\"ok\":false}`, 'ok'],
    ['{"token":"hunter2 more","ok":false}', '"ok":false'],
    ['{"authorization":"Token hunter2","ok":false}', '"ok":false'],
    ['authorization: ApiKey hunter2', 'authorization'],
    ['cookie: theme=dark; sid=hunter2', 'cookie'],
    ["set-cookie: 'sid=hunter2; Path=/' from app", 'from app'],
    ['api_key=hunter2&page=2', 'page=2'],
  ])('has no secret: %s (SEC-214)', (text, rest) => {
    const line = safe(text);
    expect(line).not.toMatch(/hunter2|hun@|ter2|words|more/);
    expect(line).toContain('[removed]');
    expect(line).toContain(rest);
  });

  it('has none either where a message looks like a stack, and a name is in its line (SEC-214)', () => {
    const error = Object.assign(new Error('the child said\n    at db password=hunter2\nand no more'), { name: 'Odd\nError' });
    expect(causesOf(error)).toMatch(/^Odd Error: the child said {5}at db password=\[removed\] and no more \(at db password=\[removed\]\)$/);
  });

  it('is searched in its beginning alone, since the rest would take minutes (SEC-175)', () => {
    expect(safe(`x${' '.repeat(2_000_000)}key=hunter2`)).toHaveLength(303);
  });
});

/** The line for an event, parsed, with its level. */
function lineOf(event: Event): { readonly level: string; readonly text: string; readonly line: Record<string, unknown> } {
  const lines: [string, string][] = [];
  jsonLog({ write: (text, level) => void lines.push([text, level]) })(event);
  expect(lines).toHaveLength(1);
  const [text = '', level = ''] = lines[0] ?? [];
  return { level, text, line: JSON.parse(text) as Record<string, unknown> };
}

describe('jsonLog', () => {
  it('writes each event as one line with its time, its level and all members', () => {
    const { line, text } = lineOf({
      at: 1_764_450_000,
      kind: 'grant.ended',
      grantId: 'g',
      clientId: 'c',
      reason: 'revoked',
      requestId: 'r',
      tenant: 'acme',
    });
    expect(line).toEqual({ time: '2025-11-29T21:00:00.000Z', level: 'info', kind: 'grant.ended', grantId: 'g', clientId: 'c', reason: 'revoked', requestId: 'r', tenant: 'acme' }); // prettier-ignore
    expect(text).not.toContain('\n');
  });

  it.each([
    [{ kind: 'login.succeeded', login: 'password', userId: 'u' }, 'info'],
    [{ kind: 'login.failed', login: 'password', reason: 'password_wrong', network: '192.0.2.0/24' }, 'warn'],
    [{ kind: 'request.refused', endpoint: 'token', code: 'invalid_grant', reason: 'code_expired' }, 'warn'],
    [{ kind: 'call.denied', primitive: 'tool', name: 't' }, 'warn'],
    [{ kind: 'call.allowed', primitive: 'tool', name: 't' }, 'info'],
    [{ kind: 'grant.ended', grantId: 'g', reason: 'refresh_reused' }, 'warn'],
    [{ kind: 'grant.ended', grantId: 'g', reason: 'client_blocked' }, 'info'],
    [{ kind: 'grant.caught_up', grantId: 'g', clientId: 'c' }, 'warn'],
    [{ kind: 'upstream.failed', provider: 'github', userId: 'u', reason: 'network' }, 'warn'],
    [{ kind: 'request.failed', endpoint: 'token', requestId: 'r', error: null }, 'error'],
  ] as const)('gives %j the level %s', (event, expected) => {
    const { level, line } = lineOf({ at: 1, ...event } as Event);
    expect([level, line['level']]).toEqual([expected, expected]);
  });

  it('writes an error with its causes, and removes what looks like a secret from all text that is not ours', () => {
    const error = new Error('connect postgres://user:hunter2@db failed', {
      cause: new Error(`refresh_token=${'x'.repeat(50)}\nsecond line`),
    });
    const { line, text } = lineOf({ at: 1, kind: 'request.failed', endpoint: 'token', requestId: 'r', error });
    expect(line['error']).toMatch(
      /^Error: connect postgres:\/\/\[removed\]@db failed; caused by Error: refresh_token=\[removed\] second line/,
    );
    expect(text).not.toMatch(/hunter2|xxxx/);
    const token = 'A'.repeat(43);
    const refused = lineOf({
      at: 1,
      kind: 'request.refused',
      endpoint: 'token',
      code: 'x',
      reason: `r ${token}`,
      detail: `Bearer ${token}`,
    }).text;
    expect(refused).not.toContain(token);
    expect(
      lineOf({ at: 1, kind: 'call.denied', primitive: 'tool', name: `tool ${token}`, error: new Error(`token: ${token}`) }).text,
    ).not.toContain(token);
  });

  it('leaves ids whole, so that lines can be joined', () => {
    const id = 'B'.repeat(43);
    expect(lineOf({ at: 1, kind: 'grant.opened', grantId: id, clientId: `https://app.example/${id}`, userId: id }).line).toMatchObject({ grantId: id, clientId: `https://app.example/${id}`, userId: id }); // prettier-ignore
  });

  it('is taken as `on`, and writes with console.log unless told otherwise', async () => {
    const log = vi.spyOn(console, 'log').mockImplementation(() => undefined);
    const app = await makeApp('memory', { on: jsonLog() });
    await app.signedIn();
    const kinds = log.mock.calls.map(([line]) => (JSON.parse(String(line)) as { kind: string }).kind);
    log.mockRestore();
    expect(kinds).toEqual(expect.arrayContaining(['client.registered', 'login.succeeded', 'grant.opened', 'grant.redeemed']));
  });
});

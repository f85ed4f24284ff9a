import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { causesOf, safe } from '../../src/core/default-listener.ts';
import { appOn, type App } from '../support/app.ts';

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

/** The administration commands at a running server, signed in by a browser without a window. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { adminApi } from '../../src/admin/index.ts';
import { runCommand } from '../../src/cli/commands.ts';
import { password } from '../../src/logins/password.ts';
import { type Browser, makeBrowser } from '../../src/testing/browser.ts';
import { arrive } from '../support/arrive.ts';
import { freePort } from '../support/port.ts';
import { ALICE, type Served, startServer } from './served.ts';

const BOB = { username: 'bob', password: 'another horse battery' };
const folder = mkdtempSync(join(tmpdir(), 'portcullis-cli-remote-'));
let served: Served;
let without: Served;

beforeAll(async () => {
  const accounts = (): object[] => [
    { ...ALICE, name: 'Alice', permissions: ['admin'] },
    { ...BOB, name: 'Bob' },
  ];
  served = await startServer({
    admin: adminApi({ permission: 'admin' }),
    accessKeys: {},
    audit: { keep: '90d' },
    logins: [password({ accounts: accounts as never })],
  });
  without = await startServer();
});
afterAll(async () => {
  await Promise.all([served.stop(), without.stop()]);
  rmSync(folder, { recursive: true, force: true });
});
beforeEach(() => void (process.env['XDG_STATE_HOME'] = mkdtempSync(join(folder, 'state-'))));
afterEach(() => void delete process.env['XDG_STATE_HOME']);

/** What a person does with the page that the terminal opens. */
type Person = (url: string, shown: string) => Promise<void>;

/** Signs in if the server asks for it, compares the codes, and presses a button. */
function person(decision: string, who = ALICE, browser: Browser = makeBrowser((request) => fetch(request))): Person {
  return async (url, shown) => {
    let page = await browser.get(url);
    if (page.location !== null) {
      const to = await browser.submit(await browser.get(new URL(page.location, url).href), who);
      page = await arrive(browser, new URL(to.location ?? '', url).href);
    }
    const code = /\b[B-Z]{4}-[B-Z]{4}\b/.exec(page.text)?.[0] ?? 'none';
    expect(shown).toContain(`Allow it only if the page shows this code: ${code}`);
    const back = await browser.submit(page, { decision });
    expect((await browser.get(back.location ?? '')).status).toBe(200);
  };
}

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly opened: readonly string[];
}

/** Runs a command line. Without a person no one is asked, and timers fire at once. */
async function run(line: string, act?: Person): Promise<Ran> {
  const [out, err, opened]: [string[], string[], string[]] = [[], [], []];
  let acting = Promise.resolve();
  const terminal = {
    out: (text: string) => void out.push(text),
    err: (text: string) => void err.push(text),
    open(url: string) {
      opened.push(url);
      acting = act?.(url, err.join('\n')) ?? acting;
      acting.catch(() => undefined); // awaited below
    },
    after(seconds: number, fire: () => void) {
      if (seconds < 300) queueMicrotask(fire);
      return () => undefined;
    },
    ...(act && { ask: async () => 'y' }),
  };
  const code = await runCommand(line.split(' '), terminal);
  await acting;
  return { code, out: out.join('\n'), err: err.join('\n'), opened };
}

const at = (line: string, act?: Person, url: string = served.url): Promise<Ran> => run(`${line} --server ${url}`, act);
const fileOf = (): string => join(process.env['XDG_STATE_HOME'] ?? '', 'portcullis', readdirSync(join(process.env['XDG_STATE_HOME'] ?? '', 'portcullis'))[0] ?? ''); // prettier-ignore

const unconfirmed = (issuer: string): string =>
  `Signed out on this computer, but ${issuer} did not confirm that the session ended there; it ends within the hour.`;

describe('portcullis --server', () => {
  it('signs in on first use, keeps the session for its owner alone, and uses it until it is over', async () => {
    const first = await at('user list --json', person('allow'));
    expect(first).toMatchObject({ code: 0, err: expect.stringContaining(`Signed in at ${served.url} as Alice for an hour.`) });
    expect(
      first.out
        .split('\n')
        .map((row) => (JSON.parse(row) as { username: string }).username)
        .toSorted(),
    ).toEqual(['alice', 'bob']);
    expect([statSync(fileOf()).mode & 0o777, statSync(join(fileOf(), '..')).mode & 0o777]).toEqual([0o600, 0o700]);
    const { session } = JSON.parse(readFileSync(fileOf(), 'utf8')) as { session: string };
    expect(first.out + first.err + first.opened.join() + served.asked.join()).not.toContain(session);
    const second = await at('user disable bob --yes');
    expect([second.code, second.opened]).toEqual([0, []]);
    expect((await at('user show bob')).out).toMatch(/disabled +yes/);
    expect((await at('user enable bob')).code).toBe(0);
    expect((await at('audit list')).out).toMatch(/users\/disable/);
    expect(await at('user find nobody')).toMatchObject({ code: 1, err: 'No user was found.' });
    expect(await at('grant show x')).toMatchObject({ code: 1, err: expect.stringContaining('There is no such grant.') });
    const lines = (await at('audit export')).out.split('\n').map((line) => (JSON.parse(line) as { kind: string }).kind);
    expect(lines).toContain('login.succeeded');
    expect(await at('audit verify')).toMatchObject({ code: 0, out: expect.stringMatching(/^ok +yes/) });
    const sessions = await at('session list alice');
    expect(sessions.out).toContain('Portcullis CLI');
  });

  it('asks for a new sign-in when the last one is too old for a change, and then makes it', async () => {
    await at('login', person('allow'));
    served.clock.pass(700);
    expect((await at('user list')).code).toBe(0);
    const alone = await at('user enable bob');
    expect([alone.code, alone.err]).toEqual([1, `This needs a new sign-in. Run this first, where a person can answer: portcullis login --server ${served.url}`]); // prettier-ignore
    const again = await at('user enable bob', person('allow'));
    expect([again.code, again.opened.length]).toEqual([0, 1]);
  });

  it('forgets the sign-in where the server does not confirm that it ended, and says why', async () => {
    let isDown = false;
    const busy = new Response(JSON.stringify({ error: 'temporarily_unavailable', error_description: 'The store is down.' }), {
      status: 503,
    });
    const changed = (path: string, response: Response): Response => (isDown && path.endsWith('/cli/end') ? busy.clone() : response);
    const accounts = (): object[] => [{ ...ALICE, permissions: ['admin'] }];
    const other = await startServer({ admin: adminApi({ permission: 'admin' }), logins: [password({ accounts: accounts as never })] }, changed); // prettier-ignore
    await at('login', person('allow'), other.url);
    const kept = readFileSync(fileOf(), 'utf8');
    const file = fileOf();
    isDown = true;
    expect(await at('logout', undefined, other.url)).toMatchObject({ code: 1, err: `${unconfirmed(other.url)} The store is down.` });
    expect(existsSync(file)).toBe(false);
    writeFileSync(file, kept);
    await other.stop();
    expect(await at('logout', undefined, other.url)).toMatchObject({ code: 1, err: expect.stringContaining(`${unconfirmed(other.url)} ${other.url} does not answer: `) }); // prettier-ignore
    expect(existsSync(file)).toBe(false);
    expect(await at('logout', undefined, other.url)).toMatchObject({ code: 0, err: `Not signed in at ${other.url}.` });
  });

  it('signs out, here and at the server', async () => {
    await at('login', person('allow'));
    const kept = readFileSync(fileOf(), 'utf8');
    const file = fileOf();
    expect(await at('logout')).toMatchObject({ code: 0, err: `Signed out at ${served.url}.` });
    expect(await at('logout')).toMatchObject({ code: 0, err: `Not signed in at ${served.url}.` });
    for (const odd of [{ issuer: 'https://other.example' }, { expiresAt: 1 }, { session: 7 }]) {
      writeFileSync(file, JSON.stringify({ ...(JSON.parse(kept) as object), ...odd }));
      expect((await at('user list')).err).toContain('Not signed in');
    }
    writeFileSync(file, kept); // a copy of it is worth nothing
    expect(await at('user list')).toMatchObject({ code: 1, err: expect.stringContaining('needs a new sign-in') });
  });

  it('says what went wrong: a no, someone who is no administrator, no sign-in', async () => {
    expect(await at('login', person('deny'))).toMatchObject({ code: 1, err: expect.stringContaining('The sign-in was not allowed.') });
    expect(await at('user list')).toMatchObject({
      code: 1,
      err: expect.stringContaining(`Not signed in at ${served.url}. Run this first`),
    });
    let status = 0;
    const bob: Person = async (url) => {
      const browser = makeBrowser((request) => fetch(request));
      const to = await browser.submit(await browser.get(new URL((await browser.get(url)).location ?? '', url).href), BOB);
      status = (await arrive(browser, new URL(to.location ?? '', url).href)).status;
      await fetch(
        `http://127.0.0.1:${new URL(url).searchParams.get('port')}/callback?error=closed&state=${new URL(url).searchParams.get('challenge')}`,
      );
    };
    expect([(await at('login', bob)).code, status]).toEqual([1, 403]);
  });

  it('takes only the answer to its own sign-in, and no code that another program has spent or made up', async () => {
    const thief: Person = async (url) => {
      const [port, challenge] = ['port', 'challenge'].map((name) => new URL(url).searchParams.get(name));
      expect((await fetch(`http://127.0.0.1:${port}/callback?code=x&state=other`)).status).toBe(400);
      await fetch(`http://127.0.0.1:${port}/callback?code=${'x'.repeat(43)}&state=${challenge}`);
    };
    expect(await at('login', thief)).toMatchObject({ code: 1, err: expect.stringContaining('This sign-in is over. Start it again.') });
  });

  it('names what to do where there is no administration, no server of ours, or no safe way', async () => {
    const off = await at('login', person('allow'), without.url);
    expect([off.code, off.err, off.opened]).toEqual([1, `${without.url} has no administration for the command line. Give OAuthProvider the option \`admin\`: adminApi({ permission: 'admin' })`, []]); // prettier-ignore
    expect(await at('user list', undefined, `${served.url}/mcp`)).toMatchObject({
      code: 1,
      err: expect.stringContaining('without the path of the MCP endpoint'),
    });
    for (const odd of ['mcp.example', 'ftp://mcp.example', 'http://mcp.example'])
      expect((await at('user list', undefined, odd)).code).toBe(2);
    expect(await run(`user list --tenant acme --server ${served.url}`)).toMatchObject({
      code: 2,
      err: expect.stringContaining('--server https://mcp.example/acme'),
    });
    expect(await at('user list', undefined, `http://127.0.0.1:${await freePort()}`)).toMatchObject({
      code: 1,
      err: expect.stringContaining('does not answer'),
    });
    for (const line of ['login', 'logout', `login x --server ${served.url}`]) expect((await run(line)).code).toBe(2);
  });

  it('works for one tenant by its address', async () => {
    const accounts = (): object[] => [{ ...ALICE, name: 'Alice', permissions: ['admin'] }];
    const two = await startServer({ admin: adminApi({ permission: 'admin' }), logins: [password({ accounts: accounts as never })], tenants: { acme: { issuer: '/acme' }, blue: { issuer: '/blue' } } }); // prettier-ignore
    const acme = await at('user list --json', person('allow'), `${two.url}/acme`);
    expect([acme.code, (JSON.parse(acme.out) as { username: string }).username]).toEqual([0, 'alice']);
    expect(await at('user list', undefined, `${two.url}/blue`)).toMatchObject({
      code: 1,
      err: expect.stringContaining(`Not signed in at ${two.url}/blue`),
    });
    await two.stop();
  });

  it('waits where the server has no time, as long as it says, and gives up after ten times', async () => {
    let [left, asked] = [2, 0];
    let issuer = '';
    const busy = createServer((request, response) => {
      if (request.url?.startsWith('/.well-known/'))
        return void response.end(JSON.stringify({ issuer, authorization_endpoint: `${issuer}/authorize` }));
      asked++;
      if (left-- > 0) return void response.writeHead(429, { 'retry-after': '7' }).end(JSON.stringify({ error: 'temporarily_unavailable', error_description: 'Later.' })); // prettier-ignore
      response.end(JSON.stringify({ ok: true }));
    });
    await new Promise<void>((done) => busy.listen(0, '127.0.0.1', done));
    issuer = `http://127.0.0.1:${(busy.address() as AddressInfo).port}`;
    await at('login', person('allow'));
    const about = { issuer, cookie: 'portcullis-session', session: 'secret', expiresAt: 1e11, name: 'Alice' };
    writeFileSync(join(fileOf(), '..', `${encodeURIComponent(issuer)}.json`), JSON.stringify(about));
    expect([await at('store health', undefined, issuer), asked]).toEqual([expect.objectContaining({ code: 0, out: 'ok  yes' }), 3]);
    [left, asked] = [1000, 0];
    expect([await at('store health', undefined, issuer), asked]).toEqual([expect.objectContaining({ code: 1, err: 'Later.' }), 10]);
    busy.close();
  });

  it('is refused as soon as the permission is gone', async () => {
    const accounts = (): object[] => [{ ...ALICE, name: 'Alice', permissions: ['admin'] }];
    let permissions = ['admin'];
    const other = await startServer({ admin: adminApi({ permission: 'admin' }), logins: [password({ accounts: accounts as never })], permissions: () => permissions }); // prettier-ignore
    expect((await at('user list', person('allow'), other.url)).code).toBe(0);
    permissions = [];
    expect(await at('user list', undefined, other.url)).toMatchObject({
      code: 1,
      err: expect.stringContaining('This needs an administrator.'),
    });
    await other.stop();
  });

  it('keeps what a server says about a sign-in for that server alone, and prints no text of it that moves the cursor', async () => {
    const good = await at('login', person('allow')).then(fileOf);
    const before = readFileSync(good, 'utf8');
    const answers: Record<string, object> = {
      '/admin/api/cli/token': {
        issuer: served.url,
        cookie: 'portcullis-session',
        session: 'of-the-attacker',
        expiresAt: 1e11,
        name: 'Alice',
      },
      '/admin/api/health': { ok: true, '\u001b[2Jbad': 'x\u009b2J', '\u001b]0;rows': [{ '\u001b[1Aname': 1 }] },
    };
    const odd = createServer((request, response) => {
      const { port } = odd.address() as AddressInfo;
      const issuer = `http://127.0.0.1:${port}`;
      const path = request.url?.split('?')[0] ?? '';
      const answer = path.startsWith('/.well-known/') ? { issuer, authorization_endpoint: `${issuer}/authorize` } : answers[path];
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer ?? {}));
    });
    await new Promise<void>((done) => odd.listen(0, '127.0.0.1', done));
    const issuer = `http://127.0.0.1:${(odd.address() as AddressInfo).port}`;
    const allowing: Person = async (url) => {
      const { searchParams } = new URL(url);
      const answer = new URLSearchParams({ code: 'c', state: searchParams.get('challenge') ?? '' });
      await fetch(`http://127.0.0.1:${searchParams.get('port')}/callback?${answer}`);
    };
    expect((await at('login', allowing, issuer)).code).toBe(0);
    expect(readFileSync(good, 'utf8')).toBe(before);
    for (const line of ['store health', 'store health --json']) {
      const { code, out } = await at(line, undefined, issuer);
      expect([code, /[\p{Cc}](?<!\n)/u.exec(out)?.[0]]).toEqual([0, undefined]);
      expect(out).toContain('x\\u009b2J');
    }
    odd.close();
  });

  it('believes no metadata that leads to another origin, and sends its cookie along no redirect', async () => {
    const seen: (string | undefined)[] = [];
    let issuer = '';
    let endpoint = 'https://evil.example/authorize';
    const odd = createServer((request, response) => {
      seen.push(request.headers.cookie);
      if (request.url?.startsWith('/.well-known/')) return void response.end(JSON.stringify({ issuer, authorization_endpoint: endpoint }));
      response.writeHead(302, { location: `${served.url}/elsewhere` }).end();
    });
    await new Promise<void>((done) => odd.listen(0, '127.0.0.1', done));
    issuer = `http://127.0.0.1:${(odd.address() as AddressInfo).port}`;
    expect((await at('user list', undefined, issuer)).err).toContain('There is no authorization server');
    endpoint = `${issuer}/authorize`;
    const about = { issuer, cookie: 'portcullis-session', session: 'secret', expiresAt: 1e11, name: 'Alice' };
    await at('login', person('allow'));
    writeFileSync(join(fileOf(), '..', `${encodeURIComponent(issuer)}.json`), JSON.stringify(about));
    expect(await at('user list', undefined, issuer)).toMatchObject({ code: 1, err: `${issuer} answers 302, and not as Portcullis does.` });
    expect(await at('logout', undefined, issuer)).toMatchObject({ code: 1, err: `${unconfirmed(issuer)} ${issuer} answers 302, and not as Portcullis does.` }); // prettier-ignore
    expect(await at('logout', undefined, issuer)).toMatchObject({ code: 0, err: `Not signed in at ${issuer}.` }); // here, whatever the server says
    const own = issuer;
    issuer = 'https://another.example';
    expect((await at('user list', undefined, own)).err).toContain('There is no authorization server');
    expect(served.asked.some((line) => line.endsWith('/elsewhere'))).toBe(false);
    expect(seen.filter((cookie) => cookie !== undefined)).toEqual(['portcullis-session=secret', 'portcullis-session=secret']);
    odd.close();
  });
});

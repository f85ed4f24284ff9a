/** `portcullis connect` against a real server, with the sign-in done by a browser without a window. */
import { spawnSync } from 'node:child_process';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../../src/cli/commands.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import { makeBrowser } from '../../src/testing/browser.ts';
import { freePort } from '../support/port.ts';
import { ALICE, type Served, startServer } from './served.ts';

/** What a person does with the page: the fields sent, or what happens instead of that. */
type Person = Record<string, string | readonly string[]> | 'goes away' | ((url: string) => Promise<void>);

const APPROVE = { ...ALICE, decision: 'approve' };

let served: Served;
let folder: string;
beforeAll(async () => {
  served = await startServer();
  folder = mkdtempSync(join(tmpdir(), 'portcullis-cli-'));
});
afterAll(async () => {
  await served.stop();
  rmSync(folder, { recursive: true });
});

/** Runs a command line with a person before the browser. Timers fire at once if the person goes away, else never. */
async function run(argv: readonly string[], person: Person = APPROVE) {
  const [out, err, pages]: string[][] = [[], [], []];
  let acting = Promise.resolve();
  const terminal: Terminal = {
    out: (line) => void out!.push(line),
    err: (line) => void err!.push(line),
    open(url) {
      if (person === 'goes away') return;
      acting = typeof person === 'function' ? person(url) : signIn(url, person, pages!);
      acting.catch(() => undefined); // awaited below
    },
    after(_seconds, fire) {
      if (person === 'goes away') queueMicrotask(fire);
      return () => undefined;
    },
  };
  const code = await runCommand(argv, terminal);
  await acting;
  return { code, out: out!.join('\n'), err: err!.join('\n'), pages: pages! };
}

/** Fills in the consent page and follows it to the loopback address, as a browser does. */
async function signIn(url: string, fields: Record<string, string | readonly string[]>, pages: string[]): Promise<void> {
  const browser = makeBrowser((request) => fetch(request));
  const back = await browser.submit(await browser.get(url), fields);
  pages.push((await browser.get(back.location ?? '')).text);
}

/** A server that answers everything alike. */
async function answering(status: number, text = ''): Promise<{ url: string; stop: () => void }> {
  const server = createServer((_request, response) => void response.writeHead(status).end(text));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, stop: () => server.close() };
}

describe('cli/connect', () => {
  it('connects to a URL, calls a tool and revokes its token at the end', async () => {
    const { code, out, err, pages } = await run(['connect', `${served.url}/mcp`, '--call', 'whoami']);
    expect(err).toContain(`${served.url}/authorize?`);
    expect(out).toContain('Connected to served 1.2.3, protocol 2026-07-28.');
    expect(out).toContain('whoami');
    expect(out).toContain('Hello, Alice!');
    expect(code).toBe(0);
    expect(pages[0]).toContain('You can close this page');
    expect(served.asked.at(-1)).toBe('POST /revoke');
  });

  it('tells each step and no secret', async () => {
    const { err } = await run(['connect', `${served.url}/mcp`, '--verbose', '--call', 'whoami']);
    for (const part of ['a sign-in is needed', 'sign in at', 'authorize at', 'now client', 'tokens by authorization_code', 'tools/call']) {
      expect(err).toContain(part);
    }
    expect(err).not.toMatch(/access_|refresh_token|code_[A-Za-z0-9]{10}|code_verifier/);
  });

  it('asks for the scopes that were given and no others', async () => {
    const { err, code } = await run(['connect', `${served.url}/mcp`, '--scope', 'read', '--verbose'], {
      ...APPROVE,
      scope: ['read', 'write'],
    });
    expect(err).toContain('scopes read, seconds: 3600');
    expect(code).toBe(0);
  });

  it('prints JSON and nothing else on standard output when asked', async () => {
    const { out } = await run(['connect', `${served.url}/mcp`, '--json', '--call', 'whoami']);
    const found = JSON.parse(out) as { tools: { name: string }[] };
    expect(found.tools.map(({ name }) => name)).toEqual(['whoami', 'nasty', 'broken']);
    expect(found).toMatchObject({ protocol: '2026-07-28', call: { name: 'whoami', result: { content: [{ text: 'Hello, Alice!' }] } } });
  });

  it('shows control characters of the server instead of obeying them', async () => {
    const { out } = await run(['connect', `${served.url}/mcp`, '--call', 'nasty']);
    expect(out).toContain('No one\\u0007\\u001b[2J\\u202e\nsecond line');
    expect(out).toContain('Who am I\\u001b[31m');
    for (const sign of ['\u0007', '\u001b', '\u202e']) expect(out).not.toContain(sign);
  });

  it('does so in JSON, too, which keeps its value (F-58)', async () => {
    const { out } = await run(['connect', `${served.url}/mcp`, '--json', '--call', 'nasty']);
    expect(out).not.toContain('\u202e');
    expect(JSON.parse(out)).toMatchObject({ call: { result: { content: [{ text: 'No one\u0007\u001b[2J\u202e\nsecond line' }] } } });
  });

  it('keeps registration and tokens when asked, for its owner alone, and refreshes them later', async () => {
    const file = join(folder, 'kept.json');
    writeFileSync(`${file}.other`, '');
    await run(['connect', `${served.url}/mcp`, '--save', file]);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    const first = readFileSync(file, 'utf8');
    const again = await run(['connect', `${served.url}/mcp`, '--save', file, '--call', 'whoami'], 'goes away');
    expect([again.code, readFileSync(file, 'utf8')]).toEqual([0, first]);
    served.clock.pass(4000);
    const later = await run(['connect', `${served.url}/mcp`, '--save', file, '--verbose'], 'goes away');
    expect(later.err).toContain('tokens by refresh_token');
    expect(later.code).toBe(0);
    expect(readFileSync(file, 'utf8')).not.toBe(first);
  });

  it('signs in again if the saved tokens are no longer valid', async () => {
    const file = join(folder, 'ended.json');
    await run(['connect', `${served.url}/mcp`, '--save', file]);
    served.clock.pass(40 * 86_400);
    const { code, out } = await run(['connect', `${served.url}/mcp`, '--save', file, '--call', 'whoami']);
    expect([code, out.includes('Hello, Alice!')]).toEqual([0, true]);
  });

  it('says what is there when it is no MCP server', async () => {
    const open = await startServer({ defaultHandler: () => new Response('hello') });
    const { code, err } = await run(['connect', `${open.url}/else`]);
    await open.stop();
    expect([code, err]).toEqual([
      1,
      `${open.url}/else does not answer as an MCP server (no answer of that protocol). Check the path: it often ends in /mcp.`,
    ]);
  });
});

describe('cli/connect, when it fails', () => {
  it('says so when the user says no (SEC-132)', async () => {
    const { code, err, pages } = await run(['connect', `${served.url}/mcp`], { decision: 'deny' });
    expect([code, err.split('\n').at(-1)]).toEqual([1, 'Access was denied on the sign-in page. Run it again, and choose Allow.']);
    expect(pages[0]).toContain('Access was not allowed');
  });

  it('gives up if the browser does not return in time', async () => {
    const { code, err } = await run(['connect', `${served.url}/mcp`, '--timeout', '7'], 'goes away');
    expect([code, err.split('\n').at(-1)]).toEqual([
      1,
      'The sign-in was not finished within 7 seconds. Run it again; --timeout SECONDS gives more time.',
    ]);
  });

  it('takes only the answer with its own state, and from the server that was asked (SEC-020)', async () => {
    const person = async (url: string): Promise<void> => {
      const callback = new URL(url).searchParams.get('redirect_uri') ?? '';
      const state = new URL(url).searchParams.get('state') ?? '';
      expect((await fetch(`${callback}?code=c&state=guessed`)).status).toBe(400);
      expect((await fetch(`${callback}?code=c&state=${state}&state=${state}`)).status).toBe(400);
      expect((await fetch(new URL('/other', callback))).status).toBe(404);
      expect((await fetch(`${callback}?code=c&state=${state}&iss=https://evil.example`)).status).toBe(200);
    };
    const { code, err } = await run(['connect', `${served.url}/mcp`], person);
    expect(code).toBe(1);
    expect(err).toContain('another authorization server');
  });

  it.each([
    [['connect', 'localhost'], 2, '"localhost" is not a web address. Give the full address, such as https://mcp.example/mcp'],
    [['connect', 'http://a:b@localhost/'], 2, 'Leave user name and password out of the URL: the sign-in page asks for them.'],
    [
      ['connect', 'http://localhost', '--call', 'a', '--args', '[1]'],
      2,
      `--args must be a JSON object, such as --args '{"a": 1}'; it is "[1]"`,
    ],
    [
      ['connect', 'http://localhost', '--call', 'a', '--args', '{'],
      2,
      `--args must be a JSON object, such as --args '{"a": 1}'; it is "{"`,
    ],
    [['connect', 'http://localhost', '--args', '{}'], 2, '--args goes with --call NAME. See: portcullis connect --help'],
    [
      ['connect', 'http://localhost', '--timeout', 'soon'],
      2,
      '--timeout takes whole seconds from 1 to 86400. See: portcullis connect --help',
    ],
    [['connect', 'http://localhost', '--bogus'], 2, "Unknown option '--bogus'. See: portcullis connect --help"],
    [['connect'], 2, 'connect takes one URL. See: portcullis connect --help'],
    [['connect', 'http://localhost', '--call', ''], 2, '--call takes the name of a tool. See: portcullis connect --help'],
    [['fly'], 2, 'There is no command "fly". See: portcullis --help'],
    [['help', 'fly'], 2, 'There is no command "fly". See: portcullis --help'],
    [['docter', '--help'], 2, 'There is no command "docter"; did you mean doctor? See: portcullis --help'],
  ])('explains %j in one line', async (argv, code, line) => {
    expect(await run(argv)).toMatchObject({ code, err: line, out: '' });
  });

  it('explains an address where no server is', async () => {
    const origin = `http://127.0.0.1:${await freePort()}`;
    const { code, err } = await run(['connect', `${origin}/mcp`]);
    expect([code, err]).toEqual([1, `Cannot reach ${origin}: nothing listens there. Check the address and that the server is running.`]);
  });

  it('names the tools there are when one is missing', async () => {
    const { code, err } = await run(['connect', `${served.url}/mcp`, '--call', 'fly']);
    expect([code, err.split('\n').at(-1)]).toEqual([1, 'There is no tool fly here. There are: whoami, nasty, broken.']);
  });

  it('fails when the tool does, after printing what it said', async () => {
    const { code, err, out } = await run(['connect', `${served.url}/mcp`, '--call', 'broken']);
    expect([code, err.split('\n').at(-1)]).toEqual([1, 'The tool broken answered with an error; it stands above.']);
    expect(out).toContain('out of order');
  });

  it.each([
    [404, 'does not answer as an MCP server (HTTP 404). Check the path: it often ends in /mcp.'],
    [401, 'refuses without saying where to sign in: it publishes no protected-resource metadata (RFC 9728).'],
    [403, 'refuses this user or this address (HTTP 403'],
    [500, 'has a fault of its own (HTTP 500)'],
    [200, 'does not answer as an MCP server'],
  ])('explains a server that answers %i to everything', async (status, part) => {
    const other = await answering(status, '<html>');
    const { code, err } = await run(['connect', other.url]);
    other.stop();
    expect(err).toContain(`${other.url} ${part}`);
    expect([code, err.split('\n').length]).toEqual([1, 1]);
  });

  it('names the address that the server calls itself', async () => {
    const resource = 'http://localhost:8787/mcp';
    const other = createServer(({ url = '', headers: { host } }, response) => {
      const issuer = `http://${host}`;
      const endpoints = { authorization_endpoint: `${issuer}/a`, token_endpoint: `${issuer}/t`, response_types_supported: ['code'] };
      const documents = { resource, authorization_servers: [issuer], issuer, ...endpoints };
      response.writeHead(url.startsWith('/.well-known/') ? 200 : 401, { 'content-type': 'application/json', 'www-authenticate': 'Bearer' });
      response.end(JSON.stringify(documents));
    });
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}/mcp`;
    const { code, err } = await run(['connect', url]);
    other.close();
    expect([code, err]).toEqual([1, expect.stringContaining(`The server at ${url} calls itself ${resource}. Connect to that address`)]);
  });

  it('names a server that registers no clients', async () => {
    const closed = await startServer({ clientRegistrationEndpoint: undefined } as never);
    const { code, err } = await run(['connect', `${closed.url}/mcp`]);
    await closed.stop();
    expect([code, err.split('\n').length]).toEqual([1, 1]);
    expect(err).toContain('does not let clients register themselves');
  });

  it('names the library that is missing, and ends with 1', () => {
    const alone = join(folder, 'alone');
    cpSync(new URL('../../src', import.meta.url), join(alone, 'src'), { recursive: true });
    writeFileSync(join(alone, 'package.json'), '{"type":"module","version":"1.2.3"}');
    const { status, stderr, stdout } = spawnSync(process.execPath, [join(alone, 'src/cli/main.ts'), 'connect', 'http://localhost/mcp'], {
      encoding: 'utf8',
    });
    expect([status, stdout, stderr]).toEqual([
      1,
      '',
      'connect needs the MCP client library, which is not installed. Run: npm install @modelcontextprotocol/client\n',
    ]);
  });

  it('refuses a file that is not its own, or of another server', async () => {
    const file = join(folder, 'foreign.json');
    writeFileSync(file, 'not json');
    expect((await run(['connect', `${served.url}/mcp`, '--save', file])).err).toContain('is not a file that --save has written');
    writeFileSync(file, JSON.stringify({ url: 'https://else.example/mcp', port: 1 }));
    expect((await run(['connect', `${served.url}/mcp`, '--save', file])).err).toContain('belongs to https://else.example/mcp');
    expect((await run(['connect', `${served.url}/mcp`, '--save', folder])).err).toContain(`Cannot read ${folder}`);
  });
});

describe('cli/commands', () => {
  it('prints usage and version', async () => {
    expect((await run(['--help'])).out).toContain('Usage: portcullis connect URL');
    expect((await run(['--version'])).out).toMatch(/^\d+\.\d+\.\d+$/);
    expect((await run([])).code).toBe(2);
  });
});

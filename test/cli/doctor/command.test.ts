/** The command `portcullis doctor`: forms of the report, exit codes, secrets, bounds, and what is wrong with a command line. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../../../src/cli/commands.ts';
import { CHECKS } from '../../../src/cli/doctor/findings.ts';
import { CLIENTS } from '../../../src/cli/doctor/clients.ts';
import { LIMITS, makeAsk } from '../../../src/cli/doctor/ask.ts';
import { markdownReport, parseDoctorOptions, type Report, textReport } from '../../../src/cli/doctor/doctor.ts';
import { type Terminal, wantsColours } from '../../../src/cli/terminal.ts';
import { freePort } from '../../support/port.ts';
import { startServer, type Served } from '../served.ts';
import { examineWith, TOKEN } from './small-server.ts';

let served: Served;
beforeAll(async () => {
  served = await startServer({ clientIdMetadataDocumentEnabled: false });
});
afterAll(() => served.stop());

async function run(argv: readonly string[], more: Partial<Terminal> = {}): Promise<{ code: number; out: string; err: string }> {
  const [out, err]: string[][] = [[], []];
  const code = await runCommand(argv, { out: (line) => void out!.push(line), err: (line) => void err!.push(line), open: () => undefined, after: () => () => undefined, ...more }); // prettier-ignore
  return { code, out: out!.join('\n'), err: err!.join('\n') };
}

const REPORT: Report = {
  url: 'https://mcp.example/mcp',
  outcome: 'problems',
  isOpen: false,
  findings: [{ check: 'issuer', level: 'problem', where: { url: 'https://mcp.example/x', field: 'issuer' }, found: '`a` | <b>[c](d)', fix: 'Set *it*.', rule: CHECKS.issuer.rule }],
  passed: ['reachable'],
  clients: [{ client: 'claude', name: 'Claude', verdict: 'stopped', knownBy: null, stoppedBy: ['issuer'] }],
  tools: null,
}; // prettier-ignore

describe('portcullis doctor', () => {
  it('prints a report and ends with 0 where nothing is wrong', async () => {
    const { code, out, err } = await run(['doctor', `${served.url}/mcp`]);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^Nothing is wrong\./);
    expect(out).toContain('Cursor      connects, known by its registration');
    expect(served.asked).not.toContain('POST /register');
  });

  it('ends with 1 where the server does not answer, and says that this is no wrong configuration', async () => {
    const { code, out } = await run(['doctor', `http://127.0.0.1:${await freePort()}/mcp`]);
    expect([code, out.includes('✗ No answer [reachable')]).toEqual([1, true]);
    expect((await run(['doctor', 'http://127.0.0.1:1/mcp'])).out).toContain('Serve it at another port');
    expect(out).toMatch(/^The server did not answer as it should; its configuration may be right\./);
  });

  it('prints JSON that a program can read, and Markdown for an issue', async () => {
    const json = JSON.parse((await run(['doctor', `${served.url}/mcp`, '--json'])).out) as Report;
    expect(json).toMatchObject({ url: `${served.url}/mcp`, outcome: 'fine', tools: null, isOpen: false });
    const { out } = await run(['doctor', `${served.url}/mcp`, '--markdown']);
    expect(out).toMatch(/^# Portcullis doctor: `http/);
    expect(out).toContain('| Cursor | connects, known by its registration |');
  });

  it('lets no text of a server become markup', () => {
    const text = markdownReport(REPORT);
    expect(text).toContain('- Found: `` `a` | <b>[c](d) ``');
    expect(text).toContain('- Fix: Set \\*it\\*.');
  });

  it('has colours only on a terminal that wants them', () => {
    expect(textReport(REPORT, {})).not.toContain('\u001b');
    expect(textReport(REPORT, { hasColours: true })).toContain('\u001b[31m✗');
  });

  it('knows where colours are wanted: on a terminal, without NO_COLOR', () => {
    const [tty, file] = [{ isTTY: true }, {}];
    expect([wantsColours(tty, {}), wantsColours(tty, { NO_COLOR: '' })]).toEqual([true, true]);
    expect([wantsColours(file, {}), wantsColours(tty, { NO_COLOR: '1' }), wantsColours(tty, { TERM: 'dumb' })]).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('shows progress where a person looks, and takes it away before the report', async () => {
    const lines: string[] = [];
    await run(['doctor', `${served.url}/mcp`], { status: (line) => void lines.push(line) });
    expect(lines.length).toBeGreaterThan(8);
    expect([lines[0], lines.at(-1)]).toEqual([`POST ${served.url}/mcp`, '']);
  });

  it('puts no token, no query and no control character into a report', async () => {
    const { report } = await examineWith(
      ({ headers }, answer) => void (answer.status === 401 && headers.authorization === undefined ? (answer.headers['www-authenticate'] = `Bearer realm="${TOKEN} hunter2"`) : 0),
      { token: TOKEN, path: '/mcp?api_key=hunter2' },
    ); // prettier-ignore
    const text = JSON.stringify(report) + textReport(report, {}) + markdownReport(report);
    expect(text).toContain('realm=');
    expect(text).not.toMatch(/token-of-the-small-server|hunter2/);
    const { report: other } = await examineWith(({ path }, answer) => (path.startsWith('/.well-known/oauth-prot') ? void Object.assign(answer.body, { resource: 'x\u001b[31my\u202e' }) : undefined)); // prettier-ignore
    expect(textReport(other, {})).toContain('x\\u001b[31my\\u202e');
  });

  it.each([
    [['doctor'], 'doctor takes one URL. See: portcullis doctor --help'],
    [['doctor', 'http://localhost', '--for', 'cursor'], '--for takes claude or chatgpt. See: portcullis doctor --help'],
    [['doctor', 'http://localhost', '--json', '--markdown'], '--json and --markdown exclude each other. See: portcullis doctor --help'],
    [['doctor', 'http://localhost', '--registr'], "Unknown option '--registr'; did you mean --register? See: portcullis doctor --help"],
    [['doctor', 'http://localhost', '--origin', 'https://a.example/x'], '--origin takes an origin such as https://app.example.com, not "https://a.example/x". See: portcullis doctor --help'],
    [['doctor', 'http://localhost', '--token', 'secret'], 'A token in the command line can be read by everyone on this computer. Put it into the variable PORTCULLIS_TOKEN. See: portcullis doctor --help'],
    [['doctor', 'http://localhost', '--token-from', 'PORTCULLIS_NOT_THERE'], 'The variable PORTCULLIS_NOT_THERE is not set. See: portcullis doctor --help'],
    [['docter', 'http://localhost'], 'There is no command "docter"; did you mean doctor? See: portcullis --help'],
  ])('refuses %j with what to type instead, and 2', async (argv, line) => {
    expect(await run(argv)).toEqual({ code: 2, err: line, out: '' });
  }); // prettier-ignore

  it('takes the token from the environment only', () => {
    expect(parseDoctorOptions(['http://localhost/mcp'], { PORTCULLIS_TOKEN: 'a' }).token).toBe('a');
    expect(parseDoctorOptions(['http://localhost/mcp', '--token-from', 'MINE'], { PORTCULLIS_TOKEN: 'a', MINE: 'b' }).token).toBe('b');
  });

  it('prints help with examples, and all commands', async () => {
    expect((await run(['doctor', '--help'])).out).toContain('Examples:\n  portcullis doctor https://');
    expect((await run(['help', 'doctor'])).out).toContain('Usage: portcullis doctor URL');
    expect((await run(['--help'])).out).toContain('portcullis doctor URL');
    expect((await run(['connect', '--help'])).out).toContain('Usage: portcullis connect URL');
  });

  it('stays within its bounds: redirects, bytes, requests, time', async () => {
    const server = createServer((request, response) => {
      if (request.url === '/loop') response.writeHead(302, { location: '/loop' }).end();
      else response.writeHead(200, { 'content-type': 'application/json' }).end(`{"a":"${'x'.repeat(5000)}"}`);
    });
    await new Promise<void>((next) => server.listen(0, '127.0.0.1', next));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const told: string[] = [];
    const parts = { reach: async () => undefined, told: (line: string) => void told.push(line), fetch };
    const ask = makeAsk({ ...parts, limits: { ...LIMITS, requests: 3, redirects: 2, bytes: 1000 } });
    expect(await ask({ url: `${url}/loop`, follows: true })).toMatchObject({ status: 302, redirects: [`${url}/loop`, `${url}/loop`, `${url}/loop`] });
    expect(await ask({ url })).toMatchObject({ status: 200, isCut: true, json: null });
    await ask({ url }); // the same question is not asked again
    expect(told).toHaveLength(2);
    await ask({ url: `${url}/3` });
    expect(await ask({ url: `${url}/4` })).toMatchObject({ status: 0, failure: 'OUT_OF_BOUNDS' });
    const late = makeAsk({ ...parts, limits: { ...LIMITS, totalSeconds: 0 } });
    expect((await late({ url })).failure).toBe('OUT_OF_BOUNDS');
    server.close();
  }); // prettier-ignore

  it('plays the clients of docs/clients.md, with their documents and redirects', () => {
    const page = readFileSync(new URL('../../../docs/clients.md', import.meta.url), 'utf8');
    for (const { document, redirectUri } of CLIENTS) {
      if (document !== null) expect(page).toContain(document);
      expect(page).toContain(redirectUri.replace(/:(33418|49152|14823)\//, ':PORT/'));
    }
  });

  it('has every check in docs/guide/doctor.md', () => {
    const page = readFileSync(new URL('../../../docs/guide/doctor.md', import.meta.url), 'utf8');
    for (const [id, { title }] of Object.entries(CHECKS)) expect(page).toContain(`| \`${id}\` | ${title} |`);
  });
});

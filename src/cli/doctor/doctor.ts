/**
 * `portcullis doctor URL`: makes the requests of a client, from the first one to the list of tools, and checks each response. The report is a text for a terminal,
 * Markdown for an issue, or JSON for a program.
 *
 *   first request → resource metadata → authorization servers and their endpoints → browser pages → handshakes → tools → report
 */
import { parseFlags, urlOf, usage } from '../flags.ts';
import { makeReach, type Reach } from '../reach.ts';
import { styleOf, type Terminal } from '../terminal.ts';
import { type Ask, type Fetch, LIMITS, type Limits, makeAsk } from './ask.ts';
import { checkBrowser } from './browser.ts';
import { checkChallenge } from './challenge.ts';
import { type Verdict, verdictsOf } from './clients.ts';
import { checkEndpoints } from './endpoints.ts';
import { type CheckId, CHECKS, type Finding, type Findings, type Level, makeFindings } from './findings.ts';
import { checkResourceMetadata } from './resource-metadata.ts';
import { type DoctorOptions, isInsecure, type Run } from './run.ts';
import { checkServerMetadata, type Server } from './server-metadata.ts';
import { checkSessions, checkTools } from './sessions.ts';

/** Clients use the first authorization server, some let the user choose; no more than these are checked. */
const MAX_SERVERS = 3;

/** A shorter query value is not a key. */
const MIN_SECRET = 4;

/** Replaced by tests. */
export interface DoctorParts {
  readonly limits?: Partial<Limits>;
  readonly reach?: Reach;
  readonly fetch?: Fetch;
}

/** Checks a server and prints the report. @returns the exit code. */
export async function runDoctor(options: DoctorOptions, terminal: Terminal, parts: DoctorParts = {}): Promise<0 | 1> {
  const report = await examine(options, terminal.status ?? (() => undefined), parts);
  terminal.status?.('');
  const print = { text: () => textReport(report, terminal), json: () => jsonReport(report), markdown: () => markdownReport(report) };
  terminal.out(print[options.format]());
  return report.outcome === 'fine' ? 0 : 1;
}

/** Checks a server. @param told called with each request. */
export async function examine(options: DoctorOptions, told: (line: string) => void, parts: DoctorParts = {}): Promise<Report> {
  const { url, token } = options;
  const limits = { ...LIMITS, ...parts.limits };
  const { search, searchParams } = new URL(url);
  const values = [...searchParams.values()].filter((value) => value.length >= MIN_SECRET); // they may be keys, which a server may echo
  const findings = makeFindings([token ?? '', search, ...values]);
  const { reach = makeReach(new URL(url)), fetch = globalThis.fetch } = parts;
  const asks = makeAsk({ limits, reach, told, fetch });
  const run: Run = { options, url, limits, ask: watched(asks, limits, findings), findings };
  isInsecure(url, undefined, url, findings);
  checkUrl(run);
  const challenge = await checkChallenge(run);
  const isOpen = challenge.kind === 'open';
  const servers: Server[] = [];
  let tools: number | null = null;
  if (challenge.kind === 'guarded' || isOpen) {
    const resource = await checkResourceMetadata(run, challenge);
    for (const named of resource.servers.slice(0, MAX_SERVERS)) {
      const server = await checkServerMetadata(run, named, resource);
      if (server) servers.push(server);
    }
    for (const server of servers) await checkEndpoints(run, server, resource);
    await checkBrowser(run, challenge, resource, servers);
    const listed = isOpen || token !== null ? await checkSessions(run, isOpen) : null;
    if (listed) checkTools(run, listed);
    else if (options.directory)
      findings.add('tools', 'warning', { url }, 'the tools were not checked', 'Put an access token into PORTCULLIS_TOKEN and run this again: the directory checks every tool.'); // prettier-ignore
    tools = listed?.length ?? null;
  }
  const isWrong = findings.list.some(({ level }) => level === 'problem');
  const isDown = findings.list.some(({ level }) => level === 'outage');
  const outcome = isWrong ? 'problems' : isDown ? 'outage' : 'fine';
  const order = { problem: 0, outage: 1, warning: 2 };
  const sorted = findings.list.toSorted((one, other) => order[one.level] - order[other.level]);
  const shownUrl = search === '' ? url : url.replace(search, '?…');
  return {
    url: shownUrl,
    outcome,
    isOpen,
    findings: sorted,
    passed: findings.passed(),
    clients: verdictsOf(url, isOpen, servers, sorted),
    tools,
  };
}

/** Adds a finding for each slow response. */
function watched(ask: Ask, { slowSeconds }: Limits, findings: Findings): Ask {
  return async (question) => {
    const answer = await ask(question);
    findings.made('slow');
    if (answer.seconds > slowSeconds) {
      const found = `${answer.method}: the first byte came after ${answer.seconds.toFixed(1)} s`;
      findings.add('slow', 'warning', { url: answer.url }, found, 'Answer within a second or two: keep the server warm, and do slow work later. Some clients give up early.'); // prettier-ignore
    }
    return answer;
  };
}

/** Directories list one URL for all users, so a key in it would be shared by all of them. */
function checkUrl({ url, findings, options }: Run): void {
  const names = [...new URL(url).searchParams.keys()].filter((name) => /key|token|secret|auth|pass/i.test(name));
  if (names.length === 0) return;
  const fix = 'Let users sign in instead. A key in a URL ends up in logs and histories.';
  findings.add('static-bearer', options.directory ? 'problem' : 'warning', { url }, `the parameter ${names.join(', ')}`, fix);
}

/** The result of a run. */
export interface Report {
  readonly url: string;
  /** `outage`: the server did not answer, and nothing shows that its configuration is wrong. */
  readonly outcome: 'fine' | 'problems' | 'outage';
  /** Whether the server answers without a token. */
  readonly isOpen: boolean;
  readonly findings: readonly Finding[];
  readonly passed: readonly CheckId[];
  readonly clients: readonly Verdict[];
  /** Number of listed tools; null if they could not be listed. */
  readonly tools: number | null;
}

const MARKS: { readonly [level in Level]: string } = { problem: '✗', outage: '✗', warning: '!' };

/** The report as text. */
export function textReport(report: Report, terminal: { readonly hasColours?: boolean }): string {
  const style = styleOf(terminal);
  const paint = { problem: style.red, outage: style.red, warning: style.yellow };
  const findings = report.findings.map(({ check, level, where, found, fix, rule }) =>
    [
      `${paint[level](`${MARKS[level]} ${level === 'outage' ? 'No answer' : CHECKS[check].title}`)} ${style.dim(`[${check}; ${rule}]`)}`,
      `    where: ${placeOf(where)}`,
      `    found: ${found}`,
      `    fix:   ${fix}`,
    ].join('\n'),
  );
  const clients = report.clients.map((client) => `  ${client.name.padEnd(11)} ${verdictText(client)}`);
  const head = report.outcome === 'fine' ? style.green(summaryOf(report)) : style.bold(summaryOf(report));
  return [head, ...findings, [style.bold('Clients'), ...clients].join('\n'), ...notesOf(report)].join('\n\n');
}

/** The report as Markdown. */
export function markdownReport(report: Report): string {
  const findings = report.findings.flatMap(({ check, level, where, found, fix, rule }) => [
    `### ${MARKS[level]} ${level === 'outage' ? 'No answer' : CHECKS[check].title}`,
    `- Where: ${code(placeOf(where))}\n- Found: ${code(found)}\n- Fix: ${escaped(fix)}\n- Rule: ${escaped(rule)} (${code(check)})`,
  ]);
  const clients = report.clients.map((client) => `| ${client.name} | ${escaped(verdictText(client))} |`);
  const table = ['| client | |', '| --- | --- |', ...clients].join('\n');
  return [`# Portcullis doctor: ${code(report.url)}`, summaryOf(report), ...findings, '## Clients', table, ...notesOf(report)].join('\n\n');
}

/** The report as JSON. */
function jsonReport(report: Report): string {
  return JSON.stringify(report, null, 2);
}

function summaryOf({ outcome, findings, passed }: Report): string {
  const count = (level: Level, word: string): string => {
    const number = findings.filter((finding) => finding.level === level).length;
    return number === 0 ? '' : `${number} ${word}${number === 1 ? '' : 's'}, `;
  };
  const counts = `${count('problem', 'problem')}${count('outage', 'outage')}${count('warning', 'warning')}${passed.length} checks passed.`;
  if (outcome === 'outage') return `The server did not answer as it should; its configuration may be right. ${counts}`;
  return `${outcome === 'fine' ? 'Nothing is wrong.' : 'Something is wrong.'} ${counts}`;
}

function notesOf({ isOpen, tools }: Report): readonly string[] {
  if (isOpen) return ['The server answers without a token, so there is nothing to sign in to.'];
  return tools === null
    ? ['Nothing behind the guard was checked. Set PORTCULLIS_TOKEN to an access token to check sessions and tools.']
    : [];
}

function placeOf({ url, header, field }: Finding['where']): string {
  return `${url}${header === undefined ? '' : `, header ${header}`}${field === undefined ? '' : `, field ${field}`}`;
}

function verdictText({ verdict, knownBy, stoppedBy }: Verdict): string {
  if (verdict === 'stopped') return `cannot connect: ${stoppedBy.join(', ')}`;
  if (verdict === 'no way here') return 'calls from the internet, and this server is on this computer';
  if (verdict === 'connects') return `connects${knownBy === null ? '' : `, known by its ${knownBy}`}`;
  return verdict === 'unknown' ? 'not known: the server did not answer' : 'connects without a sign-in';
}

/** Escapes a server's text for Markdown, so that it makes no links and no markup. */
function code(text: string): string {
  const fence = '`'.repeat(Math.max(0, ...[...text.matchAll(/`+/g)].map(([ticks]) => ticks.length)) + 1);
  const pad = fence.length > 1 || text === '' ? ' ' : '';
  return `${fence}${pad}${text}${pad}${fence}`;
}

function escaped(text: string): string {
  return text.replace(/[\\`*_[\]<>|#]/g, (sign) => `\\${sign}`);
}

/** The usage text. */
export const DOCTOR_USAGE = `Usage: portcullis doctor URL [options]
       portcullis doctor switch EXPORT --resource URL    before a switch from workers-oauth-provider

Checks a deployed MCP server of any make, as Claude, ChatGPT, VS Code, Cursor, Codex and mcp-remote would connect to it, and
says what is wrong, where, and how to fix it. Changes nothing on the server unless --register is given.

  --for claude|chatgpt    also check what the directory of that client requires: a violation is a problem, not a warning
  --register              register each client, and delete the registration again where the server allows it
  --origin ORIGIN         check that a browser page of this origin gets in
  --token-from NAME       the environment variable that holds an access token (default: PORTCULLIS_TOKEN)
  --json, --markdown      the report in another form
  --help

Examples:
  portcullis doctor https://mcp.example.com/mcp
  PORTCULLIS_TOKEN=… portcullis doctor https://mcp.example.com/mcp --for claude
  portcullis doctor http://localhost:8787/mcp --register --json

Exit code: 0 when nothing is wrong (warnings are allowed), 1 when something is or the server did not answer, 2 for a usage error. The report never holds the token.`;

const HELP = 'doctor --help';

const FLAGS = {
  for: { type: 'string' },
  register: { type: 'boolean' },
  origin: { type: 'string' },
  'token-from': { type: 'string' },
  json: { type: 'boolean' },
  markdown: { type: 'boolean' },
} as const;

/** Reads the arguments after the word `doctor`. @throws {CliError} with 2. */
export function parseDoctorOptions(argv: readonly string[], env: { readonly [name: string]: string | undefined }): DoctorOptions {
  if (argv.some((one) => /^--token(=|$)/.test(one)))
    throw usage('A token in the command line can be read by everyone on this computer. Put it into the variable PORTCULLIS_TOKEN', HELP);
  const { values, positionals } = parseFlags(argv, FLAGS, HELP);
  const [address, ...more] = positionals;
  if (address === undefined || more.length > 0) throw usage('doctor takes one URL', HELP);
  const directory = values.for ?? null;
  if (directory !== null && directory !== 'claude' && directory !== 'chatgpt') throw usage('--for takes claude or chatgpt', HELP);
  if (values.json === true && values.markdown === true) throw usage('--json and --markdown exclude each other', HELP);
  const { origin = null } = values;
  if (origin !== null && !(URL.canParse(origin) && new URL(origin).origin === origin))
    throw usage(`--origin takes an origin such as https://app.example.com, not ${JSON.stringify(origin)}`, HELP);
  const tokenFrom = values['token-from'] ?? 'PORTCULLIS_TOKEN';
  const token = env[tokenFrom] ?? null;
  if (values['token-from'] !== undefined && token === null) throw usage(`The variable ${tokenFrom} is not set`, HELP);
  const url = urlOf(address).href;
  const format = values.json === true ? 'json' : values.markdown === true ? 'markdown' : 'text';
  return { url, format, directory, registers: values.register === true, origin, token: token === '' ? null : token, tokenFrom };
}

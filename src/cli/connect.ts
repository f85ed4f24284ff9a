/**
 * `portcullis connect URL`: an MCP client in the terminal, from the first 401 to the result of a tool.
 *
 *   client metadata and loopback port → connect (a 401 leads through discovery, registration, browser, tokens) → tools → one call → clean up
 */
import type { CallToolResult, Client, StreamableHTTPClientTransport, Tool } from '@modelcontextprotocol/client';
import { isLoopbackHost, parseUrl } from '../lib/url.ts';
import { type Callback, listenForCallback } from './callback.ts';
import { type Credentials, makeCredentials, readSession, type Session, writeSession } from './credentials.ts';
import { explain, makeSteps, type Steps } from './steps.ts';
import { parseFlags, urlOf, usage } from './flags.ts';
import { CliError, printable, printableJson, printableLines, type Terminal, version } from './terminal.ts';
import { makeReach } from './reach.ts';

type Sdk = typeof import('@modelcontextprotocol/client');

/** The parts of one run. */
interface Run {
  readonly sdk: Sdk;
  readonly options: ConnectOptions;
  readonly credentials: Credentials;
  readonly steps: Steps;
  transport: StreamableHTTPClientTransport | null;
}

/** Connects, lists the tools, and calls one if requested. @throws {CliError} whose message is the one line to print. */
export async function connect(options: ConnectOptions, terminal: Terminal): Promise<void> {
  const sdk = await loadSdk();
  const steps = makeSteps(options.verbose ? terminal.err : null, makeReach(options.url));
  const url = options.url.href;
  const { save } = options;
  const session: Session = save === undefined ? { url, port: 0 } : readSession(save, url);
  const callback: Callback = await listenForCallback(session.port, terminal);
  const kept = save === undefined ? null : () => writeSession(save, session);
  const { scope, timeout, opensBrowser } = options;
  const credentials = makeCredentials({ session, kept, callback, terminal, scope, timeout, opensBrowser });
  const run: Run = { sdk, options, credentials, steps, transport: null };
  try {
    const client = await signedIn(run, () => open(run));
    const { tools } = await signedIn(run, () => client.listTools());
    const result = options.call === undefined ? undefined : await callTool(run, client, options.call, tools);
    print(options, client, tools, result, terminal);
    await client.close();
    if (result?.isError) throw new CliError(`The tool ${printable(options.call ?? '')} answered with an error; it stands above.`);
  } catch (error) {
    throw new CliError(explain(error, url, steps, sdk), 1, { cause: error });
  } finally {
    callback.stop();
    await run.transport?.close();
    if (kept === null) await giveBack(run, session);
  }
}

async function loadSdk(): Promise<Sdk> {
  try {
    return await import('@modelcontextprotocol/client');
  } catch (cause) {
    if ((cause as { code?: string }).code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw new CliError('connect needs the MCP client library, which is not installed. Run: npm install @modelcontextprotocol/client', 1, {
      cause,
    });
  }
}

/** A client of both eras: it asks for 2026-07-28 and falls back to the handshake of 2025. */
async function open(run: Run): Promise<Client> {
  const { sdk, options, credentials, steps } = run;
  const client = new sdk.Client({ name: 'portcullis-connect', version: version() }, { versionNegotiation: { mode: 'auto' } });
  run.transport = new sdk.StreamableHTTPClientTransport(options.url, { authProvider: credentials.provider, fetch: steps.fetch });
  await client.connect(run.transport);
  return client;
}

/** Runs an action; if it needs a sign-in, waits for the user and runs it once more. */
async function signedIn<T>(run: Run, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const answer = error instanceof run.sdk.UnauthorizedError ? run.credentials.takeAnswer() : null;
    if (!answer) throw error;
    run.steps.tell('waiting for the browser to come back');
    const params = await answer;
    run.steps.tell(params.has('error') ? 'the browser came back without permission' : 'the browser came back with a code');
    await run.transport?.finishAuth(params); // checks `iss` before it trusts the response (RFC 9207)
    return work();
  }
}

async function callTool(run: Run, client: Client, name: string, tools: readonly Tool[]): Promise<CallToolResult> {
  if (!tools.some((tool) => tool.name === name)) {
    const names = tools.map((tool) => printable(tool.name)).join(', ');
    throw new CliError(`There is no tool ${printable(name)} here. ${names === '' ? 'The server lists none' : `There are: ${names}`}.`);
  }
  return signedIn(run, () => client.callTool({ name, arguments: { ...run.options.args } }));
}

function print(
  { json, call }: ConnectOptions,
  client: Client,
  tools: readonly Tool[],
  result: CallToolResult | undefined,
  to: Terminal,
): void {
  const server = client.getServerVersion();
  const protocol = client.getNegotiatedProtocolVersion();
  if (json) {
    to.out(printableJson(JSON.stringify({ server, protocol, tools, ...(result && { call: { name: call, result } }) }, null, 2)));
    return;
  }
  const width = Math.min(30, Math.max(0, ...tools.map(({ name }) => name.length)));
  to.out(
    `Connected to ${printable(`${server?.name ?? 'a server without a name'} ${server?.version ?? ''}`.trim())}, protocol ${protocol ?? 'unknown'}.`,
  );
  to.out(tools.length === 0 ? 'No tools.' : 'Tools:');
  for (const { name, description = '' } of tools) to.out(`  ${printable(name).padEnd(width)}  ${printable(description)}`.trimEnd());
  if (result) to.out(`\n${printable(call ?? '')}:\n${textOf(result)}`);
}

/** A tool's result as text; other content is named by its type. */
function textOf({ content, structuredContent }: CallToolResult): string {
  if (content.length === 0) return printableLines(JSON.stringify(structuredContent ?? null, null, 2));
  return content.map((part) => (part.type === 'text' ? printableLines(part.text) : `[${printable(part.type)}]`)).join('\n');
}

/** Whether a refresh token may be sent: only to the host that issued it, over TLS. */
function isOfIssuer(endpoint: string, issuer: string | undefined): boolean {
  const [to, from] = [parseUrl(endpoint), parseUrl(issuer ?? '')];
  return to !== null && from !== null && to.host === from.host && (to.protocol === 'https:' || isLoopbackHost(to.hostname));
}

/** Without `--save` the token is revoked at the end (RFC 7009), so that nothing stays valid. */
async function giveBack({ credentials, steps }: Run, { client, tokens }: Session): Promise<void> {
  const metadata = credentials.discovered()?.authorizationServerMetadata;
  const endpoint = metadata && 'revocation_endpoint' in metadata ? metadata.revocation_endpoint : undefined;
  if (!tokens || !client || typeof endpoint !== 'string') return;
  if (!isOfIssuer(endpoint, metadata?.issuer))
    return steps.tell('the token stays valid until it expires: it would have to go to another host');
  const body = new URLSearchParams({ token: tokens.refresh_token ?? tokens.access_token, client_id: client.client_id });
  if (client.client_secret !== undefined) body.set('client_secret', client.client_secret);
  try {
    const { status } = await steps.fetch(endpoint, { method: 'POST', body });
    steps.tell(status === 200 ? 'gave the token back: nothing stays behind' : 'the token stays valid until it expires');
  } catch {
    steps.tell('the token stays valid until it expires: it was not revoked'); // a failed revocation does not fail the run
  }
}

/** The parsed arguments. */
interface ConnectOptions {
  /** The MCP endpoint. */
  readonly url: URL;
  /** The tool to call. */
  readonly call: string | undefined;
  readonly args: { readonly [name: string]: unknown };
  readonly scope: string | undefined;
  /** Seconds for the sign-in. */
  readonly timeout: number;
  /** The file for client and tokens, absolute or relative to the working directory. */
  readonly save: string | undefined;
  readonly opensBrowser: boolean;
  readonly verbose: boolean;
  readonly json: boolean;
}

/** A day. A longer time is a mistake, and timers overflow at 24 days. */
const MAX_WAIT = 86_400;

const HELP = 'connect --help';

const FLAGS = {
  call: { type: 'string' },
  args: { type: 'string' },
  scope: { type: 'string' },
  timeout: { type: 'string' },
  save: { type: 'string' },
  'no-open': { type: 'boolean' },
  verbose: { type: 'boolean' },
  json: { type: 'boolean' },
} as const;

/** Reads the arguments after the word `connect`. @throws {CliError} with 2 for wrong usage, with 1 for an invalid value. */
export function parseConnectOptions(argv: readonly string[]): ConnectOptions {
  const { values, positionals } = parseFlags(argv, FLAGS, HELP);
  const [address, ...more] = positionals;
  if (address === undefined || more.length > 0) throw usage('connect takes one URL', HELP);
  if (values.call === '') throw usage('--call takes the name of a tool', HELP);
  if (values.args !== undefined && values.call === undefined) throw usage('--args goes with --call NAME', HELP);
  const timeout = Number(values.timeout ?? 300);
  if (!Number.isInteger(timeout) || timeout < 1 || timeout > MAX_WAIT)
    throw usage(`--timeout takes whole seconds from 1 to ${MAX_WAIT}`, HELP);
  return {
    url: urlOf(address),
    call: values.call,
    args: argumentsOf(values.args),
    scope: values.scope,
    timeout,
    save: values.save,
    opensBrowser: values['no-open'] !== true,
    verbose: values.verbose === true,
    json: values.json === true,
  };
}

function argumentsOf(text: string | undefined): { readonly [name: string]: unknown } {
  try {
    const value: unknown = JSON.parse(text ?? '{}');
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // reported below, as for any other value that is not an object
  }
  throw new CliError(`--args must be a JSON object, such as --args '{"a": 1}'; it is ${JSON.stringify(text)}`, 2);
}

/** The usage text. */
export const CONNECT_USAGE = `Usage: portcullis connect URL [options]

Connects to a protected MCP server as a client does: finds out where to sign in, registers, opens the
browser, and lists the tools. Nothing is stored unless --save is given.

  --call NAME         also call this tool
  --args JSON         with these arguments, such as '{"a": 1}'
  --scope "A B"       ask for these scopes instead of those that the server proposes
  --save FILE         keep registration and tokens in FILE for the next run, and use them if they are there
  --timeout SECONDS   for the sign-in (default: 300)
  --no-open           do not open the browser, only print the link
  --json              print the result as JSON
  --verbose           print each step
  --help, --version

Examples:
  portcullis connect http://localhost:8787/mcp --call whoami
  portcullis connect https://mcp.example.com/mcp --save session.json --json

Exit code: 0 when all went well, 1 when it did not (one line says why), 2 for a usage error.`;

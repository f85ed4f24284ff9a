/** Parses the arguments of `portcullis connect`, with its usage text; errors are one line. */
import { parseFlags, usage } from './flags.ts';
import { CliError } from './terminal.ts';

/** The parsed arguments. */
export interface ConnectOptions {
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

/** The web address of an MCP server. @throws {CliError} */
export function urlOf(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : null;
  if (!url || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new CliError(`${JSON.stringify(address)} is not a web address. Give the full address, such as https://mcp.example/mcp`, 2);
  }
  if (url.username !== '' || url.password !== '')
    throw new CliError('Leave user name and password out of the URL: the sign-in page asks for them.', 2);
  url.hash = '';
  return url;
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

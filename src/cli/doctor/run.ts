/** One run of the doctor: the arguments of `portcullis doctor`, and what every check gets. */
import { parseFlags, urlOf, usage } from '../flags.ts';
import type { Ask, Limits } from './ask.ts';
import type { Findings } from './findings.ts';

/** The input of every check. */
export interface Run {
  readonly options: DoctorOptions;
  /** The MCP endpoint, as it was typed. */
  readonly url: string;
  readonly limits: Limits;
  readonly ask: Ask;
  readonly findings: Findings;
}

/** A JSON document that a check reads. */
export type Document = { readonly [member: string]: unknown };

/** The strings of a member that is a list; null where it is absent or not a list. */
export function listOf(document: Document, member: string): readonly string[] | null {
  const value = document[member];
  return Array.isArray(value) ? value.filter((one) => typeof one === 'string') : null;
}

/** A member that is a string that is not empty; null where it is not. */
export function textOf(document: Document, member: string): string | null {
  const value = document[member];
  return typeof value === 'string' && value !== '' ? value : null;
}

/** The parsed arguments. */
export interface DoctorOptions {
  /** The MCP endpoint, as it was typed: `resource` has to equal it. */
  readonly url: string;
  readonly format: 'text' | 'json' | 'markdown';
  /** The directory whose criteria are checked. */
  readonly directory: 'claude' | 'chatgpt' | null;
  /** Whether each client is registered, which changes the server. */
  readonly registers: boolean;
  /** An origin that the server must accept. */
  readonly origin: string | null;
  /** An access token, to check behind the guard. Never from an argument, which every user of the computer can read. */
  readonly token: string | null;
  /** The variable with the token. */
  readonly tokenFrom: string;
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

/** The words of a command line: flags and addresses; errors are one line and suggest the nearest known name. */
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { nearestOf } from '../lib/check-options.ts';
import { CliError } from './terminal.ts';

type Flags = NonNullable<ParseArgsConfig['options']>;
type Parsed<T extends Flags> = ReturnType<typeof parseArgs<{ options: T; allowPositionals: true; strict: true }>>;

/**
 * Reads the words after a command.
 *
 * @param help the command that prints the usage: `doctor --help`.
 * @throws {CliError} with 2 for an unknown flag or a missing value.
 */
export function parseFlags<const T extends Flags>(argv: readonly string[], options: T, help = '--help'): Parsed<T> {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (error) {
    const what = (error as Error).message.split(/\. |\n/)[0] ?? '';
    const dash = /^Option '([^']+)' argument is ambiguous/.exec(what)?.[1];
    if (dash !== undefined) throw usage(`${dash} needs a value; write one that begins with a hyphen as ${dash}=-…`, help);
    const odd = /^Unknown option '(--[^']+)'/.exec(what)?.[1];
    const near = odd === undefined ? '' : meant(odd, Object.keys(options).map((name) => `--${name}`)); // prettier-ignore
    if (near !== '') throw new CliError(`${what}${near} See: portcullis ${help}`, 2);
    throw usage(what, help);
  }
}

/** The error for wrong usage. */
export function usage(what: string, help = '--help'): CliError {
  return new CliError(`${what}. See: portcullis ${help}`, 2);
}

/** A suggestion for an unknown word: the nearest known one, or nothing. */
export function meant(word: string, known: readonly string[]): string {
  const near = nearestOf(word, known);
  return near === null ? '' : `; did you mean ${near}?`;
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

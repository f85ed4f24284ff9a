/** Flags of a command: what is wrong with them in one line, with the name that was probably meant. */
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { nearestOf } from '../lib/names.ts';
import { CliError } from './terminal.ts';

type Flags = NonNullable<ParseArgsConfig['options']>;
type Parsed<T extends Flags> = ReturnType<typeof parseArgs<{ options: T; allowPositionals: true; strict: true }>>;

/**
 * Reads the words after a command.
 *
 * @param help what prints how it is used: `doctor --help`.
 * @throws {CliError} with 2 for a flag that is not there or has no value.
 */
export function parseFlags<const T extends Flags>(argv: readonly string[], options: T, help = '--help'): Parsed<T> {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (error) {
    const what = (error as Error).message.split(/\. |\n/)[0] ?? '';
    const odd = /^Unknown option '(--[^']+)'/.exec(what)?.[1];
    const near = odd === undefined ? '' : meant(odd, Object.keys(options).map((name) => `--${name}`)); // prettier-ignore
    if (near !== '') throw new CliError(`${what}${near} See: portcullis ${help}`, 2);
    throw usage(what, help);
  }
}

/** A command line that was written wrongly. */
export function usage(what: string, help = '--help'): CliError {
  return new CliError(`${what}. See: portcullis ${help}`, 2);
}

/** The end of a sentence about an unknown word: the nearest one that is known, or nothing. */
export function meant(word: string, known: readonly string[]): string {
  const near = nearestOf(word, known);
  return near === null ? '' : `; did you mean ${near}?`;
}

/** The commands: which one is meant, what they are, and the exit code of a run. */
import { connect } from './connect.ts';
import { parseConnectOptions } from './connect-options.ts';
import { CliError, type Terminal } from './terminal.ts';
import { version } from './version.ts';

const USAGE = `Usage: portcullis connect URL [options]
       portcullis store VERB STORE [FILE]    see: portcullis store --help

Connects to a protected MCP server as a client does: finds out where to sign in, registers, opens the
browser, and lists the tools. Nothing is stored unless --save is given.

  --call NAME         call this tool, too
  --args JSON         with these arguments, such as '{"a": 1}'
  --scope "A B"       ask for these scopes instead of those that the server proposes
  --save FILE         keep registration and tokens in FILE for the next run, and use them if they are there
  --timeout SECONDS   for the sign-in; 300 unless given
  --no-open           do not open the browser, only print the link
  --json              print the result as JSON
  --verbose           tell each step
  --help, --version

Exit code: 0 when all went well, 1 when it did not (one line says why), 2 for a command that was written wrongly.`;

/** Runs a command line. @returns the exit code. */
export async function runCommand(argv: readonly string[], terminal: Terminal): Promise<number> {
  const [command, ...rest] = argv;
  if (argv.includes('--help') || argv.includes('-h')) {
    terminal.out(command === 'store' ? (await import('./store.ts')).STORE_USAGE : USAGE);
    return 0;
  }
  if (argv.includes('--version')) {
    terminal.out(version());
    return 0;
  }
  try {
    if (command === undefined) throw new CliError(USAGE, 2);
    if (command === 'store') {
      await (await import('./store.ts')).runStore(rest, terminal); // with it come the stores
      return 0;
    }
    if (command !== 'connect') throw new CliError(`There is no command ${JSON.stringify(command)}. See: portcullis --help`, 2);
    await connect(parseConnectOptions(rest), terminal);
    return 0;
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    terminal.err(error.message);
    return error.exitCode;
  }
}

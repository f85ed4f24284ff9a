/** The arguments of `portcullis dev`. */
import { parseFlags, usage } from '../flags.ts';

/** The parsed arguments. */
export interface DevOptions {
  /** The module that exports `app`; null to try the usual names. */
  readonly file: string | null;
  readonly port: number | null;
  /** Whether it restarts when a file changes. */
  readonly watches: boolean;
  readonly json: boolean;
}

/** The usage text. */
export const DEV_USAGE = `Usage: portcullis dev [FILE] [options]

Serves the \`app\` that FILE exports (default: app.ts, app.js, src/app.ts or src/app.js) on this computer, with the variables of .env.
It restarts when a file changes, makes two demo accounts, prints mails instead of sending them, and prints the lines that connect
each client. Data is kept in .portcullis.

  --port N      port (default: the variable PORT, or 8787)
  --no-watch    do not restart when a file changes
  --json        print address, accounts and lines as JSON
  --help

An app gets its mailer from \`env.MAILER\`, as in emailCode({ sendEmail: (email, env) => env.MAILER(email) }).

Examples:
  portcullis dev
  portcullis dev server/app.ts --port 3000

Exit code: 0 when it was stopped, 1 when the app does not start, 2 for a usage error.`;

const HELP = 'dev --help';

/** Reads the arguments after the word `dev`. @throws {CliError} with 2. */
export function parseDevOptions(argv: readonly string[]): DevOptions {
  const flags = { port: { type: 'string' }, 'no-watch': { type: 'boolean' }, json: { type: 'boolean' } } as const;
  const { values, positionals } = parseFlags(argv, flags, HELP);
  const [file = null, ...more] = positionals;
  if (more.length > 0) throw usage('dev takes one file', HELP);
  const port = values.port === undefined ? null : Number(values.port);
  if (port !== null && !(Number.isInteger(port) && port >= 0 && port <= 65_535))
    throw usage('--port takes a whole number from 0 to 65535', HELP);
  return { file, port, watches: values['no-watch'] !== true, json: values.json === true };
}

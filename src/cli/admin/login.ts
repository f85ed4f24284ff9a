/** `portcullis login` and `logout`: the sign-in of an administrator at a running server. */
import { parseFlags, usage } from '../flags.ts';
import type { Terminal } from '../terminal.ts';
import { openRemote } from './remote.ts';

/** The usage text. */
export const LOGIN_USAGE = `Usage: portcullis login --server URL [--no-open]   signs in with the browser, for an hour
       portcullis logout --server URL              ends that, here and at the server

URL is the issuer of a server with the option \`admin\`; for a tenant, with its path. Commands with --server sign in by themselves when they need it.
The session gives access to the administration API alone. It is kept in a file that only you can read, and ends with the browser session that allowed it.

Examples:
  portcullis login --server https://mcp.example
  portcullis user list --server https://mcp.example
  portcullis logout --server https://mcp.example`;

/** Runs either command. @throws {CliError} */
export async function runLogin(name: 'login' | 'logout', argv: readonly string[], terminal: Terminal): Promise<void> {
  const { values, positionals } = parseFlags(argv, { server: { type: 'string' }, 'no-open': { type: 'boolean' } }, `${name} --help`);
  if (values.server === undefined || positionals.length > 0) throw usage(`Write: portcullis ${name} --server URL`, `${name} --help`);
  const server = await openRemote(values.server, terminal, values['no-open'] !== true);
  if (name === 'login') await server.signIn();
  else terminal.err((await server.signOut()) ? `Signed out at ${server.issuer}.` : `Not signed in at ${server.issuer}.`);
}

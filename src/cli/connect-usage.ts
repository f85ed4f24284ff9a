/** What `portcullis connect --help` prints. */

/** The usage text. */
export const CONNECT_USAGE = `Usage: portcullis connect URL [options]

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

Examples:
  portcullis connect http://localhost:8787/mcp --call whoami
  portcullis connect https://mcp.example.com/mcp --save session.json --json

Exit code: 0 when all went well, 1 when it did not (one line says why), 2 for a command that was written wrongly.`;

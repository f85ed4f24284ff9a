/** The lines that connect each client to an MCP server, to be copied from the terminal. */

/** A client and what to type or write for it. */
export interface ClientLine {
  readonly client: string;
  readonly line: string;
}

/** The lines for a server. @param url of its MCP endpoint. */
export function clientLines(url: string): readonly ClientLine[] {
  const name = 'local';
  const vscode = JSON.stringify({ name, type: 'http', url });
  const cursor = JSON.stringify({ mcpServers: { [name]: { url } } });
  return [
    { client: 'A terminal', line: `npx portcullis connect ${url}` },
    { client: 'Claude Code', line: `claude mcp add --transport http ${name} ${url}` },
    { client: 'Codex', line: `codex mcp add ${name} --url ${url}` },
    { client: 'Cursor', line: `put into ~/.cursor/mcp.json: ${cursor}` },
    { client: 'VS Code', line: `code --add-mcp '${vscode}'` },
    { client: 'MCP Inspector', line: `npx @modelcontextprotocol/inspector --server-url ${url} --transport http` },
    { client: 'Others', line: `npx mcp-remote ${url}` },
  ];
}

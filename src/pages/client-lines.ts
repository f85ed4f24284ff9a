/** How each MCP client is connected to a server: a line to copy, or where its settings are. */

/** A client and what to type, write or open for it. */
export interface ClientLine {
  readonly client: string;
  readonly line: string;
  /** Labels of its settings, not something to copy. */
  readonly isPath?: true;
}

/**
 * The lines for a server that is on the internet or on this computer.
 *
 * @param url of its MCP endpoint. @param name under which clients list it: letters, digits and hyphens.
 */
export function clientLines(url: string, name = 'local'): readonly ClientLine[] {
  const vscode = JSON.stringify({ name, type: 'http', url });
  return [
    { client: 'Claude Code', line: `claude mcp add --transport http ${name} ${url}` },
    { client: 'Codex', line: `codex mcp add ${name} --url ${url}` },
    { client: 'Cursor (~/.cursor/mcp.json)', line: JSON.stringify({ mcpServers: { [name]: { url } } }) },
    { client: 'VS Code', line: `code --add-mcp '${vscode}'` },
  ];
}

/** Lines for everything else. */
export function otherLines(url: string): readonly ClientLine[] {
  return [
    { client: 'MCP Inspector', line: `npx @modelcontextprotocol/inspector --server-url ${url} --transport http` },
    { client: 'mcp-remote', line: `npx mcp-remote ${url}` },
  ];
}

/** Clients on the internet, where the URL is pasted into a form. */
export const PASTED: readonly ClientLine[] = [
  { client: 'Claude', line: 'Settings → Connectors → Add custom connector', isPath: true },
  { client: 'ChatGPT', line: 'Settings → Apps & Connectors → Advanced settings → Developer mode → Create', isPath: true },
];

/** A name for clients, made of the server's: `Acme Notes` is `acme-notes`. */
export function lineName(server: string): string {
  const name = server.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '').slice(0, 40); // prettier-ignore
  return name === '' ? 'mcp' : name;
}

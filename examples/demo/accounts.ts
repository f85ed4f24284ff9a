/** The two demo accounts: made once for a data folder, with random passwords, in a file only its owner can read. */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NewAccount } from 'portcullis';

/** The accounts of a data folder; several processes that start at once agree on them. */
export function demoAccounts(folder: string): NewAccount[] {
  const file = join(folder, 'demo-accounts.json');
  const random = (): string => randomBytes(9).toString('base64url');
  const fresh: NewAccount[] = [
    { username: 'admin', name: 'Ada Admin', password: random(), permissions: ['admin'] },
    { username: 'user', name: 'Uma User', password: random(), permissions: [] },
  ];
  try {
    writeFileSync(file, JSON.stringify(fresh, null, 2), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as NewAccount[];
  } catch (error) {
    throw new Error(`${file} cannot be read: ${(error as Error).message}. Remove it, and new demo accounts are made.`, { cause: error });
  }
}

/** What a newcomer needs to know, in one screen. */
export function welcome(url: string, accounts: readonly NewAccount[], where: string): string {
  const mcp = `${url}/mcp`;
  const line = ({ username, password, permissions = [] }: NewAccount): string =>
    `  ${username.padEnd(8)} ${password}   ${permissions.length > 0 ? `may use: ${permissions.join(', ')}` : 'no special permission'}`;
  const vscode = JSON.stringify({ name: 'portcullis-demo', type: 'http', url: mcp });
  const cursor = JSON.stringify({ mcpServers: { 'portcullis-demo': { url: mcp } } });
  return `
A protected MCP server is running at  ${mcp}
${where}

Sign in with (made for this data folder)
${accounts.map(line).join('\n')}

Connect (in this folder, from another terminal)
  A terminal      npx portcullis connect ${mcp} --call whoami
  Claude Code     claude mcp add --transport http portcullis-demo ${mcp}
  Cursor          put into ~/.cursor/mcp.json:  ${cursor}
  VS Code         code --add-mcp '${vscode}'
  MCP Inspector   npx @modelcontextprotocol/inspector --server-url ${mcp} --transport http

Stop with Ctrl+C. Users, grants and tokens stay for the next start.
`;
}

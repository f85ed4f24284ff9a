/**
 * The least that a token endpoint can do on Node: parse the form, hash the token, one read, one write, answer JSON of our shape.
 * Argument: `map` keeps rows in memory; `normal` and `full` in SQLite with one commit a request, at that level of `synchronous`.
 */
import { hash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

interface Row {
  readonly clientId: string;
  readonly hash: string;
}

interface Rows {
  read(id: string): Row | null;
  write(id: string, row: Row): void;
}

const rows = process.argv[2] === 'map' ? inMemory() : inSqlite(process.argv[2] === 'full' ? 'FULL' : 'NORMAL');

function inMemory(): Rows {
  const texts = new Map<string, string>();
  return { read: (id) => JSON.parse(texts.get(id) ?? 'null') as Row | null, write: (id, row) => void texts.set(id, JSON.stringify(row)) };
}

function inSqlite(level: string): Rows {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  process.once('SIGTERM', () => process.exit());
  const database = new DatabaseSync(join(folder, 'floor.db'));
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = ${level}; CREATE TABLE rows (id TEXT PRIMARY KEY, value TEXT NOT NULL)`);
  const read = database.prepare('SELECT value FROM rows WHERE id = ?');
  const write = database.prepare('INSERT INTO rows (id, value) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET value = excluded.value');
  return {
    read: (id) => JSON.parse((read.get(id) as { value: string } | undefined)?.value ?? 'null') as Row | null,
    write: (id, row) => void write.run(id, JSON.stringify(row)),
  };
}

const secret = (bytes: number): string => randomBytes(bytes).toString('base64url');
const digest = (text: string): string => hash('sha256', text, 'base64url');
const kept = (token: string): Row => ({ clientId: 'benchclient', hash: digest(token) });

/** Trades a code or a refresh token for new tokens; null for one that is not the row's. */
function trade(body: string): string | null {
  const form = new URLSearchParams(body);
  const presented = form.get('refresh_token') ?? form.get('code') ?? '';
  const id = presented.slice(presented.indexOf('_') + 1, presented.indexOf('.'));
  const row = rows.read(id);
  if (!row || row.clientId !== form.get('client_id') || row.hash !== digest(presented)) return null;
  const refresh = `refresh_${id}.${secret(32)}`;
  rows.write(id, kept(refresh));
  return JSON.stringify({
    access_token: `access_${id}.${secret(32)}`,
    token_type: 'Bearer',
    expires_in: 3600,
    refresh_token: refresh,
    scope: 'read write',
    resource: 'http://127.0.0.1/mcp',
  });
}

function codes(count: number): string {
  const made = Array.from({ length: count }, () => `code_${secret(16)}.${secret(32)}`);
  for (const code of made) rows.write(code.slice(5, 27), kept(code));
  return JSON.stringify(made);
}

function withText(request: IncomingMessage, then: (text: string) => void): void {
  let text = '';
  request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  request.on('end', () => then(text));
}

const server = createServer((request, response) => {
  const answer = (text: string | null): void => {
    const body = text ?? '{"error":"invalid_grant"}';
    response.writeHead(text === null ? 400 : 200, {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'content-length': Buffer.byteLength(body),
    });
    response.end(body);
  };
  if (request.url?.startsWith('/setup?')) answer(codes(Number(new URLSearchParams(request.url.slice(7)).get('codes'))));
  else withText(request, (body) => answer(trade(body)));
});
server.listen(0, '127.0.0.1', () => console.log(`listening ${(server.address() as { port: number }).port}`));

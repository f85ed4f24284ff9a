/** The MCP server of `mcp-app.ts` on Node, with SQLite. Argument: `cached` for tokens that are believed for a while. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serve } from '../../src/node/index.ts';
import { sqliteStore } from '../../src/stores/sqlite.ts';
import { OAuthProvider } from '../../src/node/main.ts';
import { before, OPTIONS } from './mcp-app.ts';

const folder = mkdtempSync(join(tmpdir(), 'portcullis-bench-'));
process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
const provider = new OAuthProvider({ ...OPTIONS, ...(process.argv[2] === 'cached' ? { dangerouslyCacheTokens: 30 } : {}) });
const env = { PORTCULLIS: sqliteStore(join(folder, 'bench.db')), PORTCULLIS_LIMITS: 'off' };
const { port } = await serve(before(provider as never) as never, { port: 0, host: '127.0.0.1', env, signals: true });
console.log(`listening ${port}`);

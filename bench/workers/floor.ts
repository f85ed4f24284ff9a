/**
 * A Worker that does one Durable Object call per request, spread over as many objects as our store uses: `/read` and `/write` are one
 * SQLite statement each; `/token` is the least that a token endpoint can do: parse the form, hash the tokens, one call that reads,
 * checks and writes, and an answer of our shape.
 */
import { DurableObject } from 'cloudflare:workers';
import { ANSWER, CLIENT_ID, HEADERS } from '../servers/answers.ts';

const SHARDS = 32;
const VALUE = JSON.stringify({ text: 'x'.repeat(1000) });

/** One object's rows. */
export class Rows extends DurableObject<unknown> {
  constructor(state: DurableObjectState, env: unknown) {
    super(state, env);
    state.storage.sql.exec('CREATE TABLE IF NOT EXISTS rows (id TEXT PRIMARY KEY, value TEXT NOT NULL)');
  }

  read(id: string): unknown {
    return this.ctx.storage.sql.exec('SELECT value FROM rows WHERE id = ?', id).toArray()[0] ?? null;
  }

  /** One atomic read-modify-write. */
  trade(id: string, hash: string, value: string): boolean {
    const row = this.read(id) as { readonly value: string } | null;
    if (row === null || (JSON.parse(row.value) as Kept).hash !== hash) return false;
    this.write(id, value);
    return true;
  }

  write(id: string, value: string): void {
    this.ctx.storage.sql.exec(
      'INSERT INTO rows (id, value) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET value = excluded.value',
      id,
      value,
    );
  }
}

interface Kept {
  readonly clientId: string;
  readonly hash: string;
}

const encoder = new TextEncoder();

function text64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '');
}

const secret = (bytes: number): string => text64(crypto.getRandomValues(new Uint8Array(bytes)));

async function kept(token: string): Promise<Kept> {
  return { clientId: CLIENT_ID, hash: text64(new Uint8Array(await crypto.subtle.digest('SHA-256', encoder.encode(token)))) };
}

function objectOf(env: Env, id: string): DurableObjectStub<Rows> {
  return env.PORTCULLIS.get(env.PORTCULLIS.idFromName(`rows-${(id.charCodeAt(0) * 31 + id.charCodeAt(1)) % SHARDS}`));
}

/** Trades a code or a refresh token for new tokens. */
async function trade(request: Request, env: Env): Promise<Response> {
  const form = new URLSearchParams(await request.text());
  const presented = form.get('refresh_token') ?? form.get('code') ?? '';
  const id = presented.slice(presented.indexOf('_') + 1, presented.indexOf('.'));
  const [access, refresh] = [`access_${id}.${secret(32)}`, `refresh_${id}.${secret(32)}`];
  const { hash } = await kept(presented);
  const next = JSON.stringify({ ...(await kept(refresh)), access: (await kept(access)).hash });
  if (!(await objectOf(env, id).trade(id, hash, next))) return Response.json({ error: 'invalid_grant' }, { status: 400 });
  const body = {
    access_token: access,
    token_type: 'Bearer',
    expires_in: 3600,
    refresh_token: refresh,
    scope: 'read write',
    resource: 'http://localhost:8787/mcp',
  };
  return Response.json(body, { headers: { 'cache-control': 'no-store' } });
}

async function codes(count: number, env: Env): Promise<Response> {
  const made = Array.from({ length: count }, () => `code_${secret(16)}.${secret(32)}`);
  for (const code of made) await objectOf(env, code.slice(5, 27)).write(code.slice(5, 27), JSON.stringify(await kept(code)));
  return Response.json(made);
}

interface Env {
  readonly PORTCULLIS: DurableObjectNamespace<Rows>;
}

let asked = 0;

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === '/token') return trade(request, env);
    if (pathname === '/setup') return codes(Number(searchParams.get('codes')), env);
    const number = asked++;
    const object = env.PORTCULLIS.get(env.PORTCULLIS.idFromName(`rows-${number % SHARDS}`));
    const id = `row-${number % 1024}`;
    if (pathname === '/write') await object.write(id, VALUE);
    else await object.read(id);
    return new Response(ANSWER, { headers: HEADERS });
  },
};

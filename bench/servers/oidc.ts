/**
 * oidc-provider 9.13 with opaque tokens and no ID token, as an MCP server would use it. Argument: `memory` or `sqlite`; the
 * SQLite adapter keeps a row a model in WAL with `synchronous=NORMAL`, which is the cheaper of the two levels.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import Provider from 'oidc-provider';
import { CHALLENGE, CLIENT_ID, REDIRECT_URI } from './answers.ts';

/** What the library wants kept. */
type AdapterPayload = { readonly grantId?: string; readonly uid?: string; readonly consumed?: number };

const now = (): number => Math.floor(Date.now() / 1000);

function openRows(): DatabaseSync {
  const folder = mkdtempSync(join(tmpdir(), 'portcullis-bench-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const database = new DatabaseSync(join(folder, 'oidc.db'));
  database.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;
    CREATE TABLE rows (id TEXT PRIMARY KEY, payload TEXT NOT NULL, grant_id TEXT, uid TEXT, until INTEGER NOT NULL);
    CREATE INDEX by_grant ON rows (grant_id); CREATE INDEX by_uid ON rows (uid)`);
  return database;
}

/** The adapter of the library's own example for SQL databases, on `node:sqlite`. */
function sqliteAdapter(): new (model: string) => object {
  const database = openRows();
  const put = database.prepare('INSERT OR REPLACE INTO rows (id, payload, grant_id, uid, until) VALUES (?, ?, ?, ?, ?)');
  const get = database.prepare('SELECT payload FROM rows WHERE id = ? AND until > ?');
  const getByUid = database.prepare('SELECT payload FROM rows WHERE uid = ? AND until > ?');
  const spend = database.prepare("UPDATE rows SET payload = json_set(payload, '$.consumed', ?) WHERE id = ?");
  const drop = database.prepare('DELETE FROM rows WHERE id = ?');
  const dropGrant = database.prepare('DELETE FROM rows WHERE grant_id = ?');
  const payloadOf = (row: unknown): AdapterPayload | undefined =>
    row === undefined ? undefined : (JSON.parse((row as { payload: string }).payload) as AdapterPayload);
  return class {
    readonly #model: string;
    constructor(model: string) {
      this.#model = model;
    }
    async upsert(id: string, payload: AdapterPayload, expiresIn: number): Promise<void> {
      const until = expiresIn ? now() + expiresIn : Number.MAX_SAFE_INTEGER;
      put.run(`${this.#model}:${id}`, JSON.stringify(payload), payload.grantId ?? null, payload.uid ?? null, until);
    }
    async find(id: string): Promise<AdapterPayload | undefined> {
      return payloadOf(get.get(`${this.#model}:${id}`, now()));
    }
    async findByUid(uid: string): Promise<AdapterPayload | undefined> {
      return payloadOf(getByUid.get(uid, now()));
    }
    async findByUserCode(): Promise<undefined> {}
    async consume(id: string): Promise<void> {
      spend.run(now(), `${this.#model}:${id}`);
    }
    async destroy(id: string): Promise<void> {
      drop.run(`${this.#model}:${id}`);
    }
    async revokeByGrantId(grantId: string): Promise<void> {
      dropGrant.run(grantId);
    }
  };
}

/** Models in maps: the library's own adapter for memory forgets all but a thousand. */
function mapAdapter(): new (model: string) => object {
  const models = new Map<string, AdapterPayload>();
  const grants = new Map<string, string[]>();
  return class {
    readonly #model: string;
    constructor(model: string) {
      this.#model = model;
    }
    async upsert(id: string, payload: AdapterPayload): Promise<void> {
      models.set(`${this.#model}:${id}`, payload);
      if (payload.grantId !== undefined) grants.set(payload.grantId, [...(grants.get(payload.grantId) ?? []), `${this.#model}:${id}`]);
    }
    async find(id: string): Promise<AdapterPayload | undefined> {
      return models.get(`${this.#model}:${id}`);
    }
    async findByUid(): Promise<undefined> {}
    async findByUserCode(): Promise<undefined> {}
    async consume(id: string): Promise<void> {
      const payload = models.get(`${this.#model}:${id}`);
      if (payload) models.set(`${this.#model}:${id}`, { ...payload, consumed: now() });
    }
    async destroy(id: string): Promise<void> {
      models.delete(`${this.#model}:${id}`);
    }
    async revokeByGrantId(grantId: string): Promise<void> {
      for (const key of grants.get(grantId) ?? []) models.delete(key);
    }
  };
}

const { privateKey } = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
const provider = new Provider('http://localhost:8787', {
  adapter: process.argv[2] === 'sqlite' ? sqliteAdapter() : mapAdapter(),
  clients: [
    {
      client_id: CLIENT_ID,
      token_endpoint_auth_method: 'none',
      redirect_uris: [REDIRECT_URI],
      application_type: 'native',
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      id_token_signed_response_alg: 'ES256',
    },
  ],
  scopes: ['read', 'write', 'offline_access'],
  features: { devInteractions: { enabled: false }, registration: { enabled: true } },
  findAccount: (_context, sub) => ({ accountId: sub, claims: () => ({ sub }) }),
  issueRefreshToken: () => true,
  rotateRefreshToken: true,
  jwks: { keys: [{ ...(await crypto.subtle.exportKey('jwk', privateKey)), alg: 'ES256' }] },
  cookies: { keys: ['bench'] },
  ttl: { AccessToken: 3600, AuthorizationCode: 600, RefreshToken: 2_592_000, Grant: 2_592_000 },
});

async function code(): Promise<string> {
  const client = await provider.Client.find(CLIENT_ID);
  if (!client) throw new Error('The client is not there.');
  const grant = new provider.Grant({ accountId: 'user-1', clientId: CLIENT_ID });
  grant.addOIDCScope('read write');
  const grantId = await grant.save();
  const made = new provider.AuthorizationCode({
    accountId: 'user-1',
    client,
    grantId,
    redirectUri: REDIRECT_URI,
    scope: 'read write',
    codeChallenge: CHALLENGE,
    codeChallengeMethod: 'S256',
    gty: 'authorization_code',
    expiresWithSession: false,
  });
  return (await made.save()) as string;
}

provider.use(async (context, next) => {
  if (context.path !== '/setup') return next();
  const codes: string[] = [];
  while (codes.length < Number(context.query['codes'])) codes.push(await code());
  context.body = codes;
});
process.once('SIGTERM', () => process.exit());
const server = provider.listen(0, '127.0.0.1', () => console.log(`listening ${(server.address() as { port: number }).port}`));

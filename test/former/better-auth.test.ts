/** Rows of better-auth, made by hand; `test/runtimes/former-better-auth.test.ts` reads those that the real one writes. */
import { describe, expect, it } from 'vitest';
import { type BetterAuthOptions, type BetterAuthRow, betterAuthTables } from '../../src/former/better-auth.ts';
import { base64url } from '../../src/lib/bytes.ts';
import { type App, makeApp, RESOURCE, storeNames } from '../support/app.ts';

type Table = BetterAuthOptions['refreshTokens'];
type Rows = Record<string, Record<string, unknown>[]>;
interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown>;
}

const sha256 = async (text: string): Promise<string> =>
  base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))));
const day = (days: number): string => new Date(1_790_000_000_000 + days * 86_400_000).toISOString();
const TOKENS: readonly Table[] = ['oauthAccessToken', 'oauthRefreshToken'];
const SECRET = 'DyCnGqheTGAQFTPSDVoSzUoQmSmKhmQP';

/** The tables of a plugin, with one public client, one that has a secret, and a token of each. */
async function tablesOf(table: Table): Promise<Rows> {
  const isNew = table === 'oauthRefreshToken';
  const uri = 'http://localhost:3334/callback';
  const client = (clientId: string, secret: string | null): Record<string, unknown> =>
    isNew
      ? { id: `row ${clientId}`, clientId, clientSecret: secret, disabled: 0, name: 'Old client', redirectUris: `["${uri}"]`, createdAt: day(-9), grantTypes: '["authorization_code"]', tokenEndpointAuthMethod: secret ? 'client_secret_post' : 'none' }
      : { id: `row ${clientId}`, clientId, clientSecret: secret ?? '', disabled: false, name: 'Old client', redirectUrls: `${uri},https://app.example/cb`, type: secret ? 'web' : 'public', createdAt: day(-9) }; // prettier-ignore
  const grant = async (token: string, clientId: string, userId = 'una'): Promise<Record<string, unknown>> => ({
    id: `row ${clientId}`, clientId, userId, createdAt: day(-1),
    ...(isNew
      ? { token: await sha256(token), scopes: '["read","offline_access"]', expiresAt: day(6), revoked: null, confirmation: null, resources: null }
      : { refreshToken: token, accessToken: 'other', scopes: 'read offline_access', refreshTokenExpiresAt: day(6) }),
  }); // prettier-ignore
  return {
    user: [
      { id: 'una', name: 'Una', email: 'una@example.com', emailVerified: 1 },
      { id: 'ben', name: 'Ben', email: 'ben@example.com', emailVerified: 1 },
    ],
    [isNew ? 'oauthClient' : 'oauthApplication']: [client('public', null), client('secret', isNew ? await sha256(SECRET) : SECRET)],
    [table]: [await grant('token-of-una', 'public'), await grant('token-of-ben', 'secret', 'ben')],
  };
}

/** A server over them. */
async function appOver(table: Table, rows: Rows, more: Partial<BetterAuthOptions> = {}, store: (typeof storeNames)[number] = 'memory') {
  const calls: string[] = [];
  const state = { isDown: false };
  const find = async (name: string, field: string, value: string): Promise<BetterAuthRow | undefined> => {
    calls.push(name);
    if (state.isDown) throw new Error('SQLITE_BUSY');
    return rows[name]?.find((row) => String(row[field]).toLowerCase() === value.toLowerCase()); // as MySQL compares
  };
  const app = await makeApp(store, {
    logins: [],
    defaultHandler: () => new Response('own'),
    formerStore: betterAuthTables({ refreshTokens: table, find, ...more }),
  });
  return { app, calls, state };
}

const refresh = async (app: App, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<Answer> => {
  const type = { 'content-type': 'application/x-www-form-urlencoded', ...headers };
  const answer = await app.ask('POST', '/token', new URLSearchParams({ grant_type: 'refresh_token', ...fields }), type);
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
};
const UNA = { client_id: 'public', refresh_token: 'token-of-una' };
const BEN = { client_id: 'secret', refresh_token: 'token-of-ben' };
const told = (app: App): unknown[] =>
  app.events.flatMap((event) => (event.kind === 'request.refused' ? [event.detail ?? event.reason] : []));

describe.each(TOKENS)('former/better-auth, %s', (table) => {
  it.each(storeNames)('W-12 trades a refresh token once, and keeps user, scopes and client, on %s', async (store) => {
    const rows = await tablesOf(table);
    const { app } = await appOver(table, rows, {}, store);
    const before = JSON.stringify(rows);
    const answers = await Promise.all(Array.from({ length: 5 }, () => refresh(app, UNA)));
    answers.push(await refresh(app, UNA)); // the answers were lost
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    expect(new Set(answers.map(({ body }) => body['refresh_token'])).size).toBe(1);
    expect((await app.call(String(answers[0]?.body['access_token']))).access).toMatchObject({
      userId: 'una', clientId: 'public', scope: ['read', 'offline_access'], props: { user: { id: 'una', name: 'Una', email: 'una@example.com' } },
    }); // prettier-ignore
    expect(app.events.filter(({ kind }) => kind === 'grant.moved')).toMatchObject([{ clientId: 'public', userId: 'una' }]);
    const { grants } = await app.provider.helpers(app.env).listUserGrants('una');
    expect(grants).toMatchObject([{ createdAt: 1_789_913_600 }]);
    expect((await app.provider.helpers(app.env).lookupClient('public'))?.name).toBe('Old client');
    expect(JSON.stringify(rows)).toBe(before);
    app.clock.pass(121);
    expect((await refresh(app, UNA)).body['error']).toBe('invalid_grant'); // reuse
    expect((await app.call(String(answers[0]?.body['access_token']))).status).toBe(401);
  });

  it('lets a user in whose ban is over, as better-auth does', async () => {
    for (const banExpires of [new Date(1_700_000_000_000), '2023-11-14T22:13:20.000Z', 1_700_000_000_000, 1_700_000_000]) {
      const rows = await tablesOf(table);
      Object.assign(rows['user']?.[0] ?? {}, { banned: true, banExpires });
      expect((await refresh((await appOver(table, rows)).app, UNA)).status).toBe(200);
    }
  });

  it('lets a user in when the ban is over by the clock of this server', async () => {
    const rows = await tablesOf(table);
    const { app } = await appOver(table, rows);
    Object.assign(rows['user']?.[0] ?? {}, { banned: true, banExpires: app.clock.now() + 60 });
    expect((await refresh(app, UNA)).body['error']).toBe('invalid_grant');
    app.clock.pass(60);
    expect((await refresh(app, UNA)).status).toBe(200);
  });

  it('takes the secret of a client by either method, and no other secret', async () => {
    const { app } = await appOver(table, await tablesOf(table));
    expect((await refresh(app, BEN)).body['error']).toBe('invalid_client');
    expect((await refresh(app, { ...BEN, client_secret: await sha256(SECRET) })).body['error']).toBe('invalid_client');
    expect((await refresh(app, { ...BEN, client_secret: SECRET })).status).toBe(200);
    const basic = { authorization: `Basic ${btoa(`secret:${SECRET}`)}` };
    expect((await refresh(app, { refresh_token: BEN.refresh_token }, basic)).status).toBe(200);
  });

  it('takes a secret that better-auth encrypts, by what the application makes of it, and none if it makes nothing', async () => {
    const rows = await tablesOf(table);
    const sealed = `$ba$0$${btoa(SECRET)}`;
    Object.assign(client(rows), { clientId: 'other' });
    Object.assign((rows['oauthClient'] ?? rows['oauthApplication'])?.[1] ?? {}, { clientSecret: sealed });
    const { app } = await appOver(table, rows, { secret: (stored) => atob(stored.slice('$ba$0$'.length)) });
    expect((await refresh(app, { ...BEN, client_secret: sealed })).body['error']).toBe('invalid_client');
    expect((await refresh(app, { ...BEN, client_secret: SECRET })).status).toBe(200);
    const without = (await appOver(table, rows)).app;
    expect((await refresh(without, { ...BEN, client_secret: SECRET })).body['error']).toBe('invalid_client');
    expect(told(without)).toContainEqual(expect.stringContaining('give betterAuthTables the option secret'));
    const failing = (await appOver(table, rows, { secret: () => Promise.reject(new Error('wrong key')) })).app;
    expect((await refresh(failing, { ...BEN, client_secret: SECRET })).status).toBe(503);
  });

  const [user, token] = [(rows: Rows) => rows['user']?.[0] ?? {}, (rows: Rows) => rows[table]?.[0] ?? {}];
  const client = (rows: Rows): Record<string, unknown> => (rows['oauthClient'] ?? rows['oauthApplication'])?.[0] ?? {};
  it.each<[string, (rows: Rows) => void, string]>([
    ['without a user id', (rows) => void (token(rows)['userId'] = null), 'is broken'],
    ['with scopes of another kind', (rows) => void (token(rows)['scopes'] = { read: true }), 'is broken'],
    ['with scopes that are no JSON', (rows) => void (token(rows)['scopes'] = '["read'), 'is broken'],
    ['without a date', (rows) => void (token(rows)['createdAt'] = 'yesterday'), 'is broken'],
    ['without an end', (rows) => Object.assign(token(rows), { expiresAt: null, refreshTokenExpiresAt: null }), 'is broken'],
    ['with resources of another kind', (rows) => void (token(rows)['resources'] = 7), 'is broken'],
    ['that has expired', (rows) => Object.assign(token(rows), { expiresAt: day(-1), refreshTokenExpiresAt: day(-1) }), 'refresh_expired'],
    ['that was revoked or rotated there', (rows) => void (token(rows)['revoked'] = day(-1)), 'refresh_malformed'],
    ['that is bound to a key', (rows) => void (token(rows)['confirmation'] = '{"jkt":"x"}'), 'is bound to a key'],
    ['for a resource that is not served', (rows) => void (token(rows)['resources'] = '["https://elsewhere.example/mcp"]'), 'former_resource_unknown'],
    ['of another client', (rows) => void (token(rows)['clientId'] = 'secret'), 'refresh_of_another_client'],
    ['of a user who was deleted', (rows) => void (rows['user'] = []), 'refresh_malformed'],
    ['of a user who is banned there', (rows) => void (user(rows)['banned'] = 1), 'refresh_malformed'],
    ['of a user who is banned there for long', (rows) => Object.assign(user(rows), { banned: true, banExpires: new Date(4e12) }), 'refresh_malformed'],
    ['of a user whose ban ends at no time', (rows) => Object.assign(user(rows), { banned: true, banExpires: 'soon' }), 'refresh_malformed'],
    ['of a user that the application refuses', (rows) => void (user(rows)['left'] = 1), 'refresh_malformed'],
  ])('refuses a token %s, and moves nothing', async (_what, change, reason) => {
    const rows = await tablesOf(table);
    change(rows);
    const { app } = await appOver(table, rows, { props: ({ id, left }) => (left ? null : { id }) });
    const { status, body } = await refresh(app, UNA);
    expect([status, body['error']]).toEqual([400, 'invalid_grant']);
    expect(told(app).join()).toContain(reason);
    expect(JSON.stringify(app.events)).not.toContain('token-of-una');
    expect((await app.provider.helpers(app.env).listUserGrants('una')).grants).toEqual([]);
  }); // prettier-ignore

  it.each<[string, (rows: Rows) => void, string]>([
    ['is disabled', (rows) => void (client(rows)['disabled'] = true), ''],
    ['has no redirect URIs', (rows) => Object.assign(client(rows), { redirectUris: null, redirectUrls: null }), 'is broken'],
    ['names a method that is not known', (rows) => Object.assign(client(rows), { type: 'web', tokenEndpointAuthMethod: 'tls_client_auth' }), 'is broken'],
    ['signs with keys that are nowhere', (rows) => Object.assign(client(rows), { type: 'web', tokenEndpointAuthMethod: 'private_key_jwt' }), 'is broken'],
    ['has no secret', (rows) => Object.assign(client(rows), { type: 'web', tokenEndpointAuthMethod: null, clientSecret: '' }), 'is missing, or encrypted'],
    ['has a secret that is encrypted', (rows) => Object.assign(client(rows), { type: 'web', tokenEndpointAuthMethod: null, clientSecret: 'a1'.repeat(72) }), 'is missing, or encrypted'],
  ])('refuses a client that %s', async (_what, change, problem) => {
    const rows = await tablesOf(table);
    change(rows);
    const { app } = await appOver(table, rows);
    const { status, body } = await refresh(app, { ...UNA, client_secret: 'a1'.repeat(72) });
    expect([status, body['error']]).toEqual([401, 'invalid_client']);
    expect(told(app).join()).toContain(problem);
  }); // prettier-ignore

  it('takes dates, lists and booleans as drivers give them', async () => {
    for (const at of [new Date(day(6)), Date.parse(day(6)), Date.parse(day(6)) / 1000, `${Date.parse(day(6))}.0`, BigInt(Date.parse(day(6)))]) {
      const rows = await tablesOf(table);
      Object.assign(token(rows), { expiresAt: at, refreshTokenExpiresAt: at, scopes: ['read', 'offline_access'], resources: [RESOURCE] });
      Object.assign(client(rows), { disabled: null, contacts: ['ops@example.com'] });
      const { app } = await appOver(table, rows);
      expect((await refresh(app, UNA)).status).toBe(200);
      app.clock.pass(7 * 86_400);
      Object.assign(token(rows), { [table === 'oauthRefreshToken' ? 'token' : 'refreshToken']: table === 'oauthRefreshToken' ? await sha256('second') : 'second' });
      expect((await refresh(app, { ...UNA, refresh_token: 'second' })).body['error']).toBe('invalid_grant'); // its end was understood
    }
  }); // prettier-ignore

  it.each([0, 0n, '0', 'f', false, 'false', null, new Uint8Array([0])])(
    'takes no secret away from a client that has %s for `public`',
    async (off) => {
      const rows = await tablesOf(table);
      const confidential = (rows['oauthClient'] ?? rows['oauthApplication'])?.[1] ?? {};
      Object.assign(confidential, { public: off });
      const { app } = await appOver(table, rows);
      expect((await refresh(app, BEN)).body['error']).toBe('invalid_client');
      expect((await refresh(app, { ...BEN, client_secret: SECRET })).status).toBe(200);
    },
  );

  it.each([1, 1n, '1', 't', true, 'true'])('takes a client for public that has %s for it, and for disabled', async (on) => {
    const rows = await tablesOf(table);
    Object.assign(client(rows), { type: 'web', tokenEndpointAuthMethod: null, public: on });
    const { app } = await appOver(table, rows);
    expect((await refresh(app, UNA)).status).toBe(200);
    Object.assign(client(rows), { disabled: on });
    const { app: other } = await appOver(table, rows);
    expect((await refresh(other, UNA)).body['error']).toBe('invalid_client');
  });

  it('finds a token under what the application says that is stored', async () => {
    const rows = await tablesOf(table);
    Object.assign(token(rows), { token: 'stored una', refreshToken: 'stored una' });
    const { app } = await appOver(table, rows, { stored: async (text) => text.replace('token-of-', 'stored ') });
    expect((await refresh(app, UNA)).status).toBe(200);
  });

  it('answers 503 while the database is down, and takes the same token afterwards', async () => {
    const { app, state } = await appOver(table, await tablesOf(table));
    state.isDown = true;
    const away = await refresh(app, UNA);
    expect([away.status, away.body['error']]).toEqual([503, 'temporarily_unavailable']);
    state.isDown = false;
    expect((await refresh(app, UNA)).status).toBe(200);
  });

  it('asks nothing for a text that is no token, or for a token of ours', async () => {
    const { app, calls } = await appOver(table, await tablesOf(table));
    const ours = String((await refresh(app, UNA)).body['refresh_token']);
    calls.length = 0;
    expect((await refresh(app, { ...UNA, refresh_token: ours })).status).toBe(200);
    for (const text of ['', 'x'.repeat(3000)]) expect((await refresh(app, { ...UNA, refresh_token: text })).status).toBe(400);
    expect(calls).toEqual([]);
    expect((await refresh(app, { ...UNA, refresh_token: 'TOKEN-OF-UNA' })).status).toBe(400); // other case, though the database finds it
  });
});

describe('former/better-auth', () => {
  const find = (): null => null;
  it('takes no token of the plugin mcp that was never given to a client', async () => {
    const rows = await tablesOf('oauthAccessToken');
    Object.assign(rows['oauthAccessToken']?.[0] ?? {}, { scopes: 'read' });
    const { app } = await appOver('oauthAccessToken', rows);
    expect((await refresh(app, UNA)).body['error']).toBe('invalid_grant');
  });

  it('refuses the other case of an id that the database finds', async () => {
    const { app } = await appOver('oauthAccessToken', await tablesOf('oauthAccessToken'));
    expect((await refresh(app, { ...UNA, client_id: 'PUBLIC' })).body['error']).toBe('invalid_client');
  });

  it.each([
    ['a table that is not known', { refreshTokens: 'tokens', find }, '`refreshTokens` must be'],
    ['no function', { refreshTokens: 'oauthAccessToken' }, '`find` must be a function'],
    ['an unknown option', { refreshTokens: 'oauthAccessToken', find, hash: 1 }, '`hash` is not an option'],
  ])('fails at the start for %s', (_what, wrong, message) => {
    expect(() => betterAuthTables(wrong as never)).toThrow(message);
  });
});

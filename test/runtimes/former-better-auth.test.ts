/**
 * Servers on the real better-auth, with the plugin `mcp` of 1.6 and with `@better-auth/oauth-provider` 1.7, sign clients in by their own endpoints;
 * ours takes their place over the same database, and the clients stay signed in (W-12). The code of the first is that of
 * docs/guide/from-better-auth.md, before and after.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { betterAuthTables } from '../../src/former/better-auth.ts';
import { guard } from '../../src/guard/guard.ts';
import type { Handler } from '../../src/model/context.ts';
import { OAuthProvider } from '../../src/node/main.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeBrowser } from '../../src/testing/browser.ts';
import { installTheirs } from '../support/beside.ts';
import { fenceOf, runProgram } from '../support/guide-program.ts';

const ISSUER = 'https://mcp.example';
const CALLBACK = 'http://localhost:3334/callback';
const VERIFIER = 'v'.repeat(43);
const folder = mkdtempSync(join(tmpdir(), 'portcullis-better-auth-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Send = (request: Request) => Promise<Response>;
type Row = Record<string, unknown>;
/** The part of a better-auth server that is used. */
interface Old {
  readonly handler: Send;
  readonly options: object;
  readonly $context: Promise<{ readonly secretConfig: unknown; readonly adapter: { findOne(query: object): Promise<Row | null> } }>;
}
/** One that is switched: what it was, what it became, and where the endpoints of its plugin stand. */
interface Switch {
  readonly auth: Old;
  readonly database: DatabaseSync;
  readonly fetch: Send;
  readonly base: string;
  readonly moved: () => number;
}

/** The two programs of the guide, as one; the files stand in this test's folder. */
function guideCode(): string {
  const [before, after] = [fenceOf('from-better-auth.md', 'js'), fenceOf('from-better-auth.md', 'ts')];
  expect([before.includes('betterAuth('), after.includes('betterAuthTables(')]).toEqual([true, true]);
  return `${before}\n${after}\nexport { getMigrations } from 'better-auth/db/migration';`
    .replaceAll("'better-auth", "'better-auth-1.6")
    .replaceAll('./data/', `${folder}/`)
    .replace('betterAuth({', "betterAuth({ secret: 'rZ8!kQ2#vLm5xT9&wPy3cN7*eJu4hB6^', telemetry: { enabled: false },")
    .replace('new DatabaseSync(', 'globalThis.oldDatabase = new DatabaseSync(')
    .replace('new OAuthProvider<Env>({', 'new OAuthProvider<Env>({ on: (event) => globalThis.oldEvents.push(event),');
}

type Migrations = (options: object) => Promise<{ runMigrations(): Promise<void> }>;
const shared = globalThis as { oldDatabase?: DatabaseSync; oldEvents?: { kind: string }[] };

async function switchOfTheGuide(): Promise<Switch> {
  const events: { kind: string }[] = (shared.oldEvents = []);
  const { auth, app, getMigrations } = await runProgram<{ auth: Old; app: { fetch: Send }; getMigrations: Migrations }>(
    folder,
    guideCode(),
  );
  await (await getMigrations(auth.options)).runMigrations();
  const moved = (): number => events.filter(({ kind }) => kind === 'grant.moved').length;
  const fetch: Send = (request) => (app.fetch as (request: Request, env: object) => Promise<Response>)(request, {});
  return { auth, fetch, base: '/api/auth/mcp', moved, database: shared.oldDatabase as DatabaseSync };
}

type Decrypt = (of: { key: unknown; data: string }) => Promise<string>;
type Program = { makeAuth(database: DatabaseSync): Old; getMigrations: Migrations; symmetricDecrypt: Decrypt };

/** better-auth 1.7 as its guide has it; ours as the second part of our guide says. @param isEncrypted without the plugin `jwt`, which makes it encrypt secrets. */
async function switchOfOAuthProvider(isEncrypted = false): Promise<Switch> {
  const { makeAuth, getMigrations, symmetricDecrypt } = await runProgram<Program>(folder, `
    import { betterAuth } from 'better-auth';
    import { jwt } from 'better-auth/plugins';
    import { oauthProvider } from '@better-auth/oauth-provider';
    export { symmetricDecrypt } from 'better-auth/crypto';
    export { getMigrations } from 'better-auth/db/migration';
    export const makeAuth = (database) => betterAuth({
      baseURL: '${ISSUER}', secret: 'rZ8!kQ2#vLm5xT9&wPy3cN7*eJu4hB6^', database, emailAndPassword: { enabled: true }, telemetry: { enabled: false },
      plugins: [${isEncrypted ? '' : 'jwt(), '}oauthProvider({ disableJwtPlugin: ${isEncrypted},
        loginPage: '/sign-in', consentPage: '/consent', allowDynamicClientRegistration: true, allowUnauthenticatedClientRegistration: true,
        silenceWarnings: { oauthAuthServerConfig: true },
      })],
    });`);
  const database = new DatabaseSync(':memory:');
  await (await getMigrations(makeAuth(database).options)).runMigrations();
  const auth = makeAuth(database);
  const events: { kind: string }[] = [];
  const resource = `${ISSUER}/mcp`;
  const app = new OAuthProvider({
    issuer: `${ISSUER}/api/auth`,
    store: memoryStore(),
    resources: { [resource]: {} },
    authorizeEndpoint: '/oauth2/authorize',
    tokenEndpoint: '/oauth2/token',
    clientRegistrationEndpoint: '/oauth2/register',
    unknownScopes: 'grant',
    defaultHandler: ((request: Request) => auth.handler(request)) as Handler,
    formerStore: betterAuthTables({
      refreshTokens: 'oauthRefreshToken',
      // The database itself: rows as the driver has them.
      find: (table, field, value) => database.prepare(`SELECT * FROM "${table}" WHERE "${field}" = ?`).get(value),
      ...(isEncrypted ? { secret: async (data) => symmetricDecrypt({ key: (await auth.$context).secretConfig, data }) } : {}),
    }),
    on: (event) => void events.push(event),
  });
  const check = guard({ resource, authorizationServers: [`${ISSUER}/api/auth`], verify: (token, uri) => app.helpers({}).verifyToken(token, uri) });
  const api = check.protect((_request, _env, ctx) => Response.json(ctx.props));
  const fetch: Send = (request) => (new URL(request.url).pathname === '/mcp' ? api(request) : app.fetch(request, {}));
  return { auth, database, fetch, base: '/api/auth/oauth2', moved: () => events.filter(({ kind }) => kind === 'grant.moved').length };
} // prettier-ignore

const asJson = (body: object, cookie = ''): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', origin: ISSUER, cookie },
  body: JSON.stringify(body),
});
const cookiesOf = (answer: Response): string =>
  answer.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ');

let people = 0;
/** A new person of better-auth, by their cookie. */
async function signUp({ handler }: Old): Promise<{ id: string; cookie: string; email: string }> {
  const email = `una${++people}@example.com`;
  const body = { email, password: 'una has a password', name: 'Una' };
  const answer = await handler(new Request(`${ISSUER}/api/auth/sign-up/email`, asJson(body)));
  const { user } = (await answer.json()) as { user: { id: string } };
  return { id: user.id, cookie: cookiesOf(answer), email };
}

interface Signed {
  readonly credentials: Record<string, string>;
  readonly tokens: Record<string, string>;
}

/** Leads a client to tokens at a server with better-auth's endpoints. @param allow answers its consent page, if it has one. */
async function signIn(send: Send, base: string, cookie: string, method: string, allow?: (page: URL) => Promise<string>): Promise<Signed> {
  const metadata = {
    client_name: 'Old client', redirect_uris: [CALLBACK], token_endpoint_auth_method: method, application_type: 'native',
    grant_types: ['authorization_code', 'refresh_token'], response_types: ['code'],
  }; // prettier-ignore
  const registered = await send(new Request(`${ISSUER}${base}/register`, asJson(metadata)));
  const { client_id: id, client_secret: secret } = (await registered.json()) as { client_id: string; client_secret?: string };
  const asked = new URLSearchParams({
    response_type: 'code', client_id: id, redirect_uri: CALLBACK, scope: 'openid offline_access', state: 's',
    code_challenge: createHash('sha256').update(VERIFIER).digest('base64url'), code_challenge_method: 'S256',
  }); // prettier-ignore
  const start = `${ISSUER}${base}/authorize?${asked}`;
  const away = allow
    ? await allow(new URL(start))
    : ((await send(new Request(start, { headers: { cookie } }))).headers.get('location') ?? '');
  const code = new URL(away).searchParams.get('code') ?? '';
  const credentials = { client_id: id, ...(secret === undefined ? {} : { client_secret: secret }) };
  const fields = { grant_type: 'authorization_code', code, code_verifier: VERIFIER, redirect_uri: CALLBACK, ...credentials };
  const answer = await send(new Request(`${ISSUER}${base}/token`, { method: 'POST', body: new URLSearchParams(fields) }));
  return { credentials, tokens: (await answer.json()) as Record<string, string> };
}

/** Signs a client in on better-auth, which asks for consent on a page of its own in `oauth-provider` alone. */
function signInThere({ auth, base }: Switch, cookie: string, method = 'none'): Promise<Signed> {
  const { handler } = auth;
  if (base.endsWith('/mcp')) return signIn(handler, base, cookie, method);
  return signIn(handler, base, cookie, method, async (start) => {
    const page = (await handler(new Request(start, { headers: { cookie } }))).headers.get('location') ?? '';
    const body = { accept: true, oauth_query: page.slice(page.indexOf('?') + 1) };
    const answer = await handler(new Request(`${ISSUER}/api/auth/oauth2/consent`, asJson(body, cookie)));
    return ((await answer.json()) as { url: string }).url;
  });
}

describe.each([
  ['the plugin mcp of 1.6, by the code of the guide', 'better-auth-1.6', switchOfTheGuide],
  ['@better-auth/oauth-provider 1.7', 'better-auth', () => switchOfOAuthProvider()],
  ['@better-auth/oauth-provider 1.7 without its plugin jwt, which encrypts secrets', 'better-auth', () => switchOfOAuthProvider(true)],
] as const)('after a switch from better-auth: %s', (_name, library, make) => {
  let both: Switch;
  beforeAll(async () => {
    installTheirs(library);
    both = await make();
  });
  const refresh = async ({ credentials, tokens }: Signed) => {
    const fields = { grant_type: 'refresh_token', refresh_token: tokens['refresh_token'] ?? '', ...credentials };
    const answer = await both.fetch(new Request(`${ISSUER}${both.base}/token`, { method: 'POST', body: new URLSearchParams(fields) }));
    return { status: answer.status, body: (await answer.json()) as Record<string, string> };
  };
  const call = (token: string | undefined) => both.fetch(new Request(`${ISSUER}/mcp`, { headers: { authorization: `Bearer ${token}` } }));

  it.each(['none', 'client_secret_post'])('a client (%s) refreshes at the endpoint it knows, five times at once and after a lost answer', async (method) => {
    const una = await signUp(both.auth);
    const signed = await signInThere(both, una.cookie, method);
    expect(signed.tokens['refresh_token']).toBeTruthy();
    const before = both.moved();
    const answers = await Promise.all(Array.from({ length: 5 }, () => refresh(signed)));
    answers.push(await refresh(signed));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 200]);
    expect(new Set(answers.map(({ body }) => body['refresh_token'])).size).toBe(1);
    expect(both.moved() - before).toBe(1);
    expect(await (await call(answers[0]?.body['access_token'])).json()).toEqual({ user: { id: una.id, name: 'Una', email: una.email } });
    const next = { ...signed, tokens: answers[0]?.body ?? {} };
    expect((await refresh(next)).status).toBe(200);
    if (method !== 'none') expect((await refresh({ ...signed, credentials: { ...signed.credentials, client_secret: 'guessed' } })).body['error']).toBe('invalid_client');
  }); // prettier-ignore

  it('refuses a token that the old server rotated or that is of another client, and a user who was deleted there', async () => {
    const una = await signUp(both.auth);
    const [first, second] = [await signInThere(both, una.cookie), await signInThere(both, una.cookie)];
    expect((await refresh({ ...first, credentials: second.credentials })).body['error']).toBe('invalid_grant');
    both.database.exec('PRAGMA foreign_keys = OFF');
    both.database.prepare('DELETE FROM "user" WHERE id = ?').run(una.id);
    expect((await refresh(first)).body['error']).toBe('invalid_grant');
    const ben = await signUp(both.auth);
    const rotated = await signInThere(both, ben.cookie);
    const fields = { grant_type: 'refresh_token', refresh_token: rotated.tokens['refresh_token'] ?? '', ...rotated.credentials };
    const body = new URLSearchParams(fields);
    const answer = await both.auth.handler(new Request(`${ISSUER}${both.base}/token`, { method: 'POST', body }));
    const live = (await answer.json()) as Record<string, string>;
    const isTaken = both.base.endsWith('/mcp'); // which does not end the one before
    expect([(await refresh(rotated)).status, (await refresh({ ...rotated, tokens: live })).status]).toEqual([isTaken ? 200 : 400, 200]);
  });

  it('answers 503 while the database is away, and takes the token afterwards', async () => {
    const una = await signUp(both.auth);
    const signed = await signInThere(both, una.cookie);
    both.database.exec('ALTER TABLE "user" RENAME TO away');
    expect((await refresh(signed)).status).toBe(503);
    both.database.exec('ALTER TABLE away RENAME TO "user"');
    expect((await refresh(signed)).status).toBe(200);
  });
});

describe('docs/guide/from-better-auth.md', () => {
  it('signs a new client in with a session of better-auth, by the page that it shows, and sends others to the sign-in', async () => {
    installTheirs('better-auth-1.6');
    const both = await switchOfTheGuide();
    const una = await signUp(both.auth);
    const browser = makeBrowser((request) => both.fetch(withCookie(request, una.cookie)));
    const signed = await signIn(both.fetch, both.base, '', 'none', async (start) => {
      const stranger = await both.fetch(new Request(start));
      expect([stranger.status, new URL(stranger.headers.get('location') ?? '', ISSUER).pathname]).toEqual([303, '/sign-in']);
      const page = await browser.get(start.href);
      expect(page.text).toContain('“Old client” asks for your account');
      return (await browser.submit(page, {})).location ?? '';
    });
    expect(await (await both.fetch(new Request(`${ISSUER}/mcp`, { headers: { authorization: `Bearer ${signed.tokens['access_token']}` } }))).json()).toEqual({
      user: { id: una.id, name: 'Una', email: una.email },
    });
    expect((await both.fetch(new Request(`${ISSUER}/api/auth/ok`))).status).toBe(200); // better-auth answers the rest
  }); // prettier-ignore
});

/** The browser's cookies of both servers in one header. */
function withCookie(request: Request, own: string): Request {
  const headers = new Headers(request.headers);
  headers.set('cookie', [headers.get('cookie'), own].filter(Boolean).join('; '));
  return new Request(request, { headers });
}

/**
 * An OAuth client for tests: performs each step separately, with overrides to do it wrong; or gets an access token in one call, for the test of a tool.
 */
import { base64url, utf8 } from '../lib/bytes.ts';
import type { Browser, BrowserPage, Send } from './browser.ts';

/** Response of a token, registration or revocation endpoint. */
export interface JsonAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

/** The tokens of a successful response. */
export interface Tokens {
  readonly access: string;
  readonly refresh: string;
}

const REDIRECT = 'http://localhost:3334/callback';

/** The server, and the client's metadata. */
export interface TestClientOptions {
  /** Sends a request to the server: its `fetch`. */
  readonly send: Send;
  /** Issuer of the server. */
  readonly issuer: string;
  /** `http://localhost:3334/callback` by default. */
  readonly redirectUri?: string;
  /** An id without registration: the URL of a metadata document. */
  readonly id?: string;
  /** More registration members. */
  readonly metadata?: Record<string, unknown>;
}

/** A registered client. */
export interface TestClient {
  readonly id: string;
  readonly secret: string | undefined;
  readonly redirectUri: string;
  readonly verifier: string;
  /** The URL that starts a sign-in; `changes` override its parameters, null omits one. */
  authorizeUrl(changes?: Record<string, string | null>): Promise<string>;
  /** From the consent page to the code, like a user. */
  signIn(browser: Browser, fields: Record<string, string | readonly string[]>, changes?: Record<string, string | null>): Promise<string>;
  /** POST to the token endpoint. */
  token(fields: Record<string, string | null>, headers?: Record<string, string>): Promise<JsonAnswer>;
  redeem(code: string, changes?: Record<string, string | null>): Promise<JsonAnswer>;
  refresh(refreshToken: string, changes?: Record<string, string | null>): Promise<JsonAnswer>;
  revoke(token: string, changes?: Record<string, string | null>): Promise<JsonAnswer>;
}

/**
 * The authorization code in a redirect to the client.
 *
 * @throws {Error} describing the response if it has no code.
 * @example
 * async function approve(browser: Browser, page: BrowserPage) {
 *   return codeOf(await browser.submit(page, { decision: 'approve' }));
 * }
 */
export function codeOf(page: BrowserPage): string {
  const code = page.location && new URL(page.location).searchParams.get('code');
  if (!code)
    throw new Error(
      `No code came: status ${page.status}, location ${page.location ?? 'none'}, page ${page.text.replace(/<[^>]+>/g, ' ').slice(0, 400)}`,
    );
  return code;
}

/**
 * The tokens of a successful token response.
 *
 * @throws {Error} describing any other response.
 * @example
 * async function redeem(client: TestClient, code: string) {
 *   return tokensOf(await client.redeem(code)).access;
 * }
 */
export function tokensOf(answer: JsonAnswer): Tokens {
  const { access_token: access, refresh_token: refresh } = answer.body;
  if (answer.status !== 200 || typeof access !== 'string')
    throw new Error(`No tokens came: ${answer.status} ${JSON.stringify(answer.body)}`);
  return { access, refresh: typeof refresh === 'string' ? refresh : '' };
}

/**
 * Registers a client, unless the options contain an id.
 *
 * @example
 * const client = await registerClient({ send: (request) => fetch(request), issuer: 'http://localhost:8787' });
 */
export async function registerClient(options: TestClientOptions): Promise<TestClient> {
  const { send, issuer, redirectUri = REDIRECT } = options;
  const found = await jsonOf(await send(new Request(`${issuer}/.well-known/oauth-authorization-server`)));
  const endpoint = (name: string): string => String(found.body[name]);
  const metadata = { client_name: 'Test client', redirect_uris: [redirectUri], token_endpoint_auth_method: 'none', ...options.metadata };
  const made = options.id === undefined ? await register(send, endpoint('registration_endpoint'), metadata) : { client_id: options.id };
  const id = String(made['client_id']);
  const { client_secret: secret } = made as { client_secret?: string };
  const verifier = makeVerifier();
  const post = async (url: string, fields: Record<string, string | null>, more: Record<string, string> = {}): Promise<JsonAnswer> => {
    const body = query(fields).toString();
    return jsonOf(
      await send(new Request(url, { method: 'POST', body, headers: { 'content-type': 'application/x-www-form-urlencoded', ...more } })),
    );
  };
  const own = secret === undefined ? { client_id: id } : { client_id: id, client_secret: secret };
  const client: TestClient = {
    id,
    secret,
    redirectUri,
    verifier,
    async authorizeUrl(changes = {}) {
      const defaults = {
        response_type: 'code',
        client_id: id,
        redirect_uri: redirectUri,
        code_challenge: await challengeOf(verifier),
        code_challenge_method: 'S256',
        state: 'st4te',
      };
      return `${endpoint('authorization_endpoint')}?${query({ ...defaults, ...changes })}`;
    },
    async signIn(browser, fields, changes) {
      const page = await browser.get(await client.authorizeUrl(changes));
      if (page.status !== 200) return codeOf(page);
      return codeOf(await browser.submit(page, { decision: 'approve', ...fields }));
    },
    token: (fields, more) => post(endpoint('token_endpoint'), fields, more),
    redeem: (code, changes) =>
      client.token({ grant_type: 'authorization_code', code, redirect_uri: redirectUri, code_verifier: verifier, ...own, ...changes }),
    refresh: (token, changes) => client.token({ grant_type: 'refresh_token', refresh_token: token, ...own, ...changes }),
    revoke: (token, changes) => post(endpoint('revocation_endpoint'), { token, ...own, ...changes }),
  };
  return client;
}

function makeVerifier(): string {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

/** The challenge of a verifier, S256 (RFC 7636 §4.2). */
async function challengeOf(verifier: string): Promise<string> {
  return base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(verifier))));
}

async function register(send: Send, url: string, metadata: Record<string, unknown>): Promise<Record<string, unknown>> {
  const headers = { 'content-type': 'application/json' };
  const made = await jsonOf(await send(new Request(url, { method: 'POST', body: JSON.stringify(metadata), headers })));
  if (made.status !== 201) throw new Error(`Registration failed: ${made.status} ${JSON.stringify(made.body)}`);
  return made.body;
}

function query(fields: Record<string, string | null>): URLSearchParams {
  return new URLSearchParams(Object.entries(fields).filter((field): field is [string, string] => field[1] !== null));
}

async function jsonOf(response: Response): Promise<JsonAnswer> {
  const text = await response.text();
  const body = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {};
  return { status: response.status, headers: response.headers, body };
}

/** What of an `OAuthProvider` is used. */
export interface ProviderUnderTest<Env> {
  fetch(request: Request, env: Env): Promise<Response>;
  helpers(env: Env): {
    readonly clients: {
      create(spec: { redirectUris: readonly string[]; authMethod: 'none' }): Promise<{ readonly client: { readonly id: string } }>;
    };
    parseAuthRequest(request: Request): Promise<{ readonly scope: readonly string[] }>;
    completeAuthorization(completion: never): Promise<{ readonly redirectTo: string }>;
  };
}

/** Who calls, with what. */
export interface TokenRequest {
  /** `test-user` unless given. For an account of `password()`, its `id`. */
  readonly userId?: string;
  /** Scopes of the token, as if the user had allowed them. What the server gives to a client that asks for none, unless given. */
  readonly scope?: readonly string[];
  /** Members of `props` beside `claims`: `{ permissions: ['admin'] }`. */
  readonly props?: { readonly [name: string]: unknown };
  /** The MCP URL, where the server has several. */
  readonly resource?: string;
  /** `http://localhost:8787` unless given. */
  readonly issuer?: string;
}

/**
 * An access token of your server for a user of your choice: no page, no password, no client of your own. The server judges it as any other.
 *
 * @param env what the app is given in the test, with a store: `{ PORTCULLIS: memoryStore() }`.
 * @throws {Error} where the server refuses what was asked for.
 * @example
 * const token = await tokenFor(app, { PORTCULLIS: memoryStore() }, { scope: ['notes:read'], props: { permissions: ['admin'] } });
 */
export async function tokenFor<Env>(app: ProviderUnderTest<Env>, env: Env, request: TokenRequest = {}): Promise<string> {
  const { userId = 'test-user', scope = [], props = {}, resource, issuer = 'http://localhost:8787' } = request;
  const at = { PORTCULLIS_ISSUER: issuer, ...env } as Env;
  const helpers = app.helpers(at);
  const { client } = await helpers.clients.create({ redirectUris: [REDIRECT], authMethod: 'none' });
  const { authorization_endpoint: authorize, token_endpoint: token } = (await (
    await app.fetch(new Request(`${issuer}/.well-known/oauth-authorization-server`), at)
  ).json()) as { authorization_endpoint: string; token_endpoint: string };
  const verifier = makeVerifier();
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: client.id,
    redirect_uri: REDIRECT,
    code_challenge: await challengeOf(verifier),
    code_challenge_method: 'S256',
    ...(scope.length > 0 && { scope: scope.join(' ') }),
    ...(resource !== undefined && { resource }),
  });
  const asked = await helpers.parseAuthRequest(new Request(`${authorize}?${query}`));
  const claims = { sub: userId, ...(props['claims'] as object | undefined) };
  const granted = { request: asked, userId, scope: asked.scope, props: { ...props, claims } };
  const { redirectTo } = await helpers.completeAuthorization(granted as never);
  const body = new URLSearchParams({
    grant_type: 'authorization_code',
    code: new URL(redirectTo).searchParams.get('code') ?? '',
    redirect_uri: REDIRECT,
    client_id: client.id,
    code_verifier: verifier,
  });
  const answer = await app.fetch(new Request(token, { method: 'POST', body }), at);
  const issued = (await answer.json()) as { access_token?: string; scope?: string; error_description?: string };
  const missing = scope.filter((one) => !(issued.scope ?? '').split(' ').includes(one));
  if (issued.access_token === undefined || missing.length > 0)
    throw new Error(
      `tokenFor: the server gave no token${missing.length > 0 ? ` with ${missing.join(' ')}` : ''}: ${issued.error_description ?? 'look at scopesSupported and grantableScopes'}.`,
    );
  return issued.access_token;
}

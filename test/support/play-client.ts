/**
 * Plays a named MCP client: what it sends from the first 401 to a call with a refreshed token, request by request. Each profile stands in
 * `test/clients/NAME.test.ts`; docs/clients.md says the same in words, and a test compares the two.
 */
import { describe, expect, it } from 'vitest';
import page from '../../docs/clients.md?raw';
import { base64url, utf8 } from '../../src/lib/bytes.ts';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { ALICE, type App, appOn, ISSUER, RESOURCE } from './app.ts';
import { clientClaims, makeSigner, type Signer, shown } from './signer.ts';

/** What is known of a client. */
export interface Profile {
  /** Its heading in docs/clients.md. */
  readonly name: string;
  /** How the server comes to know it: it registers itself, publishes a document, or stands in `clients`. */
  readonly known:
    | { readonly by: 'registration'; readonly metadata: Record<string, unknown> }
    | { readonly by: 'document'; readonly url: string; readonly document: Record<string, unknown> }
    | {
        readonly by: 'configuration';
        readonly client: { readonly id: string; readonly secret?: string; readonly redirectUris: readonly string[] };
      };
  /** Where it wants the code. */
  readonly redirectUri: string;
  /** How it proves itself at the token endpoint; from the registration answer unless told. */
  readonly proves?: 'none' | 'client_secret_post' | 'client_secret_basic' | 'private_key_jwt';
  /** Scopes it asks for: those of the challenge or the metadata, none at all, or this text. */
  readonly scope: 'metadata' | 'none' | { readonly text: string };
  /** How often it names the resource at authorize, and whether it does at the token endpoint. */
  readonly resource: { readonly authorize: 0 | 1 | 2; readonly token: boolean };
  /** Further parameters of the authorization request. */
  readonly authorize?: Record<string, string>;
  /** Headers of its calls. */
  readonly headers?: Record<string, string>;
  /** Whether it names its scopes again when it refreshes. */
  readonly scopeAtRefresh?: boolean;
  /** Whether it looks for the metadata at the root only. */
  readonly rootMetadata?: boolean;
}

/** An answer of the token endpoint. */
export interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly scope: string;
}

/** A client that has come to its tokens, and what it can do next. */
export interface Played {
  readonly app: App;
  readonly clientId: string;
  readonly tokens: Tokens;
  /** The page that the person saw. */
  readonly page: string;
  /** What the server said of the registration. */
  readonly registered: Record<string, unknown>;
  token(fields: Record<string, string>): Promise<{ status: number; body: Record<string, unknown> }>;
  refresh(): Promise<Tokens>;
  call(access: string): Promise<number>;
}

/** What most clients register: a public client with codes and refresh tokens. */
export const PUBLIC_CLIENT = {
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'none',
} as const;

/** What the server of these tests offers: scopes, registration, documents. */
const OFFER: Partial<OAuthProviderOptions> = { requiredScopes: ['read'] };

/** The server of a profile. */
export async function serverFor(profile: Profile, more: Partial<OAuthProviderOptions> = {}): Promise<{ app: App; signer: Signer | null }> {
  const clock = makeClock();
  const signer = profile.proves === 'private_key_jwt' ? await makeSigner() : null;
  const files = new Map<string, unknown>();
  if (profile.known.by === 'document') {
    files.set(profile.known.url, { client_id: profile.known.url, ...profile.known.document });
    if (signer) files.set(String(profile.known.document['jwks_uri']), { keys: [signer.publicKey] });
  }
  const fetchPublic = async (url: string): Promise<Response> => {
    const file = files.get(url);
    return file === undefined ? new Response('not found', { status: 404 }) : Response.json(file);
  };
  const clients = profile.known.by === 'configuration' ? { clients: [profile.known.client] } : {};
  return {
    app: await appOn(memoryStore(clock), clock, { ...OFFER, ...clients, ...more } as Partial<OAuthProviderOptions>, { fetchPublic }),
    signer,
  };
}

/** Plays a client from its first request to its tokens. */
export async function play(profile: Profile, more: Partial<OAuthProviderOptions> = {}): Promise<Played> {
  const { app, signer } = await serverFor(profile, more);
  const challenge = await app.ask('POST', '/mcp', '{}', { 'content-type': 'application/json', ...profile.headers });
  expect(challenge.status).toBe(401);
  const metadataUrl = /resource_metadata="([^"]+)"/.exec(challenge.headers.get('www-authenticate') ?? '')?.[1] ?? '';
  const resourcePath = profile.rootMetadata ? '/.well-known/oauth-protected-resource' : new URL(metadataUrl).pathname;
  const resource = await json(await app.ask('GET', resourcePath));
  expect(resource).toMatchObject({ resource: RESOURCE, authorization_servers: [ISSUER] });
  const server = await json(await app.ask('GET', '/.well-known/oauth-authorization-server'));
  const registered = await register(app, profile, server);
  const clientId = String(registered['client_id']);
  const scopes = profile.scope === 'metadata' ? ((resource['scopes_supported'] ?? server['scopes_supported']) as string[]).join(' ') : null;
  const scope = typeof profile.scope === 'object' ? profile.scope.text : scopes;

  const verifier = base64url(crypto.getRandomValues(new Uint8Array(32)));
  const challengeOfVerifier = base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(verifier))));
  const query = new URLSearchParams({
    response_type: 'code', client_id: clientId, redirect_uri: profile.redirectUri, state: 'c3RhdGU=',
    code_challenge: challengeOfVerifier, code_challenge_method: 'S256',
    ...(scope === null ? {} : { scope }), ...profile.authorize,
  }); // prettier-ignore
  for (let named = 0; named < profile.resource.authorize; named++) query.append('resource', RESOURCE);
  const browser = app.browser();
  const asked = await browser.get(`${String(server['authorization_endpoint'])}?${query.toString()}`);
  expect([asked.status, asked.location]).toEqual([200, null]);
  const back = new URL((await browser.submit(asked, { decision: 'approve', ...ALICE })).location ?? 'about:blank');
  expect(back.href.startsWith(profile.redirectUri)).toBe(true);
  expect([back.searchParams.get('state'), back.searchParams.get('iss')]).toEqual(['c3RhdGU=', ISSUER]);

  const token = async (fields: Record<string, string>): Promise<{ status: number; body: Record<string, unknown> }> => {
    const { form, headers } = await proven(profile, registered, signer, app);
    const body = new URLSearchParams({ ...fields, ...form, ...(profile.resource.token ? { resource: RESOURCE } : {}) });
    const response = await app.ask('POST', '/token', body, { 'content-type': 'application/x-www-form-urlencoded', ...headers });
    return { status: response.status, body: await json(response) };
  };
  const code = back.searchParams.get('code') ?? '';
  const first = await token({ grant_type: 'authorization_code', code, redirect_uri: profile.redirectUri, code_verifier: verifier });
  expect(first).toMatchObject({ status: 200 });
  let tokens = first.body as unknown as Tokens;
  return {
    app, clientId, page: asked.text, registered, token,
    tokens,
    async refresh() {
      const again = profile.scopeAtRefresh && scope !== null ? { scope } : {};
      const answer = await token({ grant_type: 'refresh_token', refresh_token: tokens.refresh_token, ...again });
      expect(answer).toMatchObject({ status: 200 });
      tokens = answer.body as unknown as Tokens;
      return tokens;
    },
    call: async (access) => {
      const headers = { authorization: `Bearer ${access}`, 'content-type': 'application/json', ...profile.headers };
      return (await app.ask('POST', '/mcp', '{}', headers)).status;
    },
  }; // prettier-ignore
}

/** Refreshes once, and calls with the new token. */
export async function expectRefreshed(played: Played): Promise<void> {
  expect(await played.call((await played.refresh()).access_token)).toBe(200);
}

/** The tests that every client passes. */
export function connects(profile: Profile): void {
  describe(`${profile.name}, as docs/clients.md describes it`, () => {
    it('gets in, calls, and stays in for a month of refreshes', async () => {
      const played = await play(profile);
      expect(await played.call(played.tokens.access_token)).toBe(200);
      for (let day = 0; day < 30; day++) {
        played.app.clock.pass(86_400);
        await expectRefreshed(played);
      }
    });

    it('is told its scopes, and gets a refresh token without asking for one', async () => {
      const { tokens } = await play(profile);
      expect(tokens.scope.split(' ')).toContain('read');
      expect(tokens.refresh_token).toMatch(/./);
    });

    it('stands in docs/clients.md with its redirect', () => {
      const section = sectionOf(profile.name);
      const shown = profile.redirectUri.replace(/:\d{4,5}\//, ':PORT/');
      expect(section).toContain(shown);
      if (profile.known.by === 'document') expect(section).toContain(profile.known.url);
    });
  });
}

/** The part of docs/clients.md under a heading. */
export function sectionOf(name: string): string {
  return page.split(/^## /m).find((part) => part.startsWith(`${name}\n`)) ?? '';
}

async function register(app: App, { known }: Profile, server: Record<string, unknown>): Promise<Record<string, unknown>> {
  if (known.by === 'configuration') return { client_id: known.client.id, client_secret: known.client.secret };
  if (known.by === 'document') {
    expect(server['client_id_metadata_document_supported']).toBe(true);
    return { client_id: known.url };
  }
  const answer = await app.register(known.metadata);
  expect(answer.status).toBe(201);
  return answer.body;
}

async function proven(
  { proves }: Profile,
  registered: Record<string, unknown>,
  signer: Signer | null,
  app: App,
): Promise<{ form: Record<string, string>; headers: Record<string, string> }> {
  const [id, secret] = [String(registered['client_id']), String(registered['client_secret'])];
  const method = proves ?? registered['token_endpoint_auth_method'] ?? 'none';
  if (method === 'client_secret_post') return { form: { client_id: id, client_secret: secret }, headers: {} };
  if (method === 'client_secret_basic')
    return { form: {}, headers: { authorization: `Basic ${btoa(`${encodeURIComponent(id)}:${encodeURIComponent(secret)}`)}` } };
  if (method === 'private_key_jwt' && signer)
    return { form: { client_id: id, ...shown(await signer.sign(clientClaims(id, app.clock.now()))) }, headers: {} };
  return { form: { client_id: id }, headers: {} };
}

async function json(response: Response): Promise<Record<string, unknown>> {
  return (await response.json()) as Record<string, unknown>;
}

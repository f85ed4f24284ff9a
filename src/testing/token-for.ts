/** An access token in one line, for the test of a tool: no page, no password, no client of your own. The server judges it as any other. */
import { base64url, utf8 } from '../lib/bytes.ts';

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

const REDIRECT = 'http://localhost:3334/callback';

/**
 * An access token of your server for a user of your choice.
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
  const verifier = base64url(crypto.getRandomValues(new Uint8Array(32)));
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: client.id,
    redirect_uri: REDIRECT,
    code_challenge: base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', utf8(verifier)))),
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
      `tokenFor: the server gave no token with ${missing.join(' ')}: ${issued.error_description ?? 'look at scopesSupported and grantableScopes'}.`,
    );
  return issued.access_token;
}

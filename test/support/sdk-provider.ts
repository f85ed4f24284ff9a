/** A server on the MCP SDK 1.x as its users write one: an `OAuthServerProvider` in memory, and the handler of its tools. */
import { InvalidGrantError, InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js';
import type { OAuthServerProvider } from '@modelcontextprotocol/sdk/server/auth/provider.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { OAuthClientInformationFull } from '@modelcontextprotocol/sdk/shared/auth.js';
import type { Request, Response } from 'express';
import { randomUUID } from 'node:crypto';

interface Grant {
  readonly clientId: string;
  readonly resource: URL | undefined;
}

/** Rotates: each refresh token is good once. */
export class NotesProvider implements OAuthServerProvider {
  /** Set to make the next refresh fail, as if its database was away. */
  isDown = false;
  readonly #clients = new Map<string, OAuthClientInformationFull>();
  readonly #codes = new Map<string, Grant & { readonly challenge: string }>();
  readonly #refreshes = new Map<string, Grant>();
  readonly #accesses = new Map<string, Grant>();

  readonly clientsStore: OAuthServerProvider['clientsStore'] = {
    getClient: (id) => this.#clients.get(id),
    registerClient: (client) => {
      const full = { ...client, client_id: randomUUID(), client_id_issued_at: 1_790_000_000 } as OAuthClientInformationFull;
      this.#clients.set(full.client_id, full);
      return full;
    },
  };

  readonly authorize: OAuthServerProvider['authorize'] = async (client, { redirectUri, codeChallenge, state, resource }, response) => {
    const code = randomUUID();
    this.#codes.set(code, { clientId: client.client_id, challenge: codeChallenge, resource });
    response.redirect(`${redirectUri}?${new URLSearchParams({ code, state: state ?? '' })}`);
  };

  readonly challengeForAuthorizationCode: OAuthServerProvider['challengeForAuthorizationCode'] = async (_client, code) =>
    this.#codes.get(code)?.challenge ?? '';

  readonly exchangeAuthorizationCode: OAuthServerProvider['exchangeAuthorizationCode'] = async (client, code) =>
    this.#issue({ clientId: client.client_id, resource: this.#codes.get(code)?.resource });

  readonly exchangeRefreshToken: OAuthServerProvider['exchangeRefreshToken'] = async (client, token) => {
    if (this.isDown) throw new Error('The database is away.');
    await new Promise((next) => setImmediate(next));
    const grant = this.#refreshes.get(token);
    if (grant?.clientId !== client.client_id || !this.#refreshes.delete(token))
      throw new InvalidGrantError('The refresh token is not valid.');
    return this.#issue(grant);
  };

  readonly verifyAccessToken: OAuthServerProvider['verifyAccessToken'] = async (token) => {
    const grant = this.#accesses.get(token);
    if (!grant) throw new InvalidTokenError('The token is not valid.');
    const { clientId, resource } = grant;
    const expiresAt = Math.floor(Date.now() / 1000) + 3600;
    return { token, clientId, scopes: ['read'], expiresAt, extra: { userId: 'una', team: 'blue' }, ...(resource && { resource }) };
  };

  #issue(grant: Grant) {
    const [access, refresh] = [randomUUID(), randomUUID()];
    this.#accesses.set(access, grant);
    this.#refreshes.set(refresh, grant);
    return { access_token: access, token_type: 'bearer', expires_in: 3600, refresh_token: refresh, scope: 'read' };
  }
}

/** Answers a call of MCP. The tool `whoami` tells what it finds in `extra.authInfo`; of the token that there is one. */
export async function handler(request: Request, response: Response): Promise<void> {
  const server = new McpServer({ name: 'notes', version: '1.0.0' });
  server.registerTool('whoami', {}, ({ authInfo }) => {
    const { token = '', clientId, scopes, expiresAt, resource, extra } = authInfo ?? {};
    const { userId, team } = extra ?? {};
    const told = { hasToken: token.length > 20, clientId, scopes, resource: resource?.href, isLater: Number(expiresAt) * 1000 > Date.now(), userId, team };
    return { content: [{ type: 'text', text: JSON.stringify(told) }] };
  }); // prettier-ignore
  const transport = new StreamableHTTPServerTransport();
  response.on('close', () => void transport.close());
  await server.connect(transport as never);
  await transport.handleRequest(request, response, request.body);
}

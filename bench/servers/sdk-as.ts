/**
 * The authorization server of the MCP SDK's first line on Express, over maps: it hashes nothing and keeps no families. For
 * registration, metadata, and the refusal of a token that it does not know. Argument: `known` for a verifier that knows every token, which is
 * the guard that most MCP servers run today: `requireBearerAuth` over a map.
 */
import { randomUUID } from 'node:crypto';
import type { OAuthServerProvider } from '@modelcontextprotocol/sdk/server/auth/provider.js';
import { InvalidTokenError } from '@modelcontextprotocol/sdk/server/auth/errors.js';
import { requireBearerAuth } from '@modelcontextprotocol/sdk/server/auth/middleware/bearerAuth.js';
import type { AuthInfo } from '@modelcontextprotocol/sdk/server/auth/types.js';
import { mcpAuthRouter } from '@modelcontextprotocol/sdk/server/auth/router.js';
import type { OAuthClientInformationFull } from '@modelcontextprotocol/sdk/shared/auth.js';
import express from 'express';
import { ANSWER, CLIENT_ID, HEADERS, ISSUER, PROPS } from './answers.ts';

const known = process.argv[2] === 'known';
const tokens = new Map<string, AuthInfo>();
const clients = new Map<string, OAuthClientInformationFull>();
const unused = (): Promise<never> => Promise.reject(new Error('This bench does not ask for it.'));
const provider: OAuthServerProvider = {
  clientsStore: {
    getClient: (id) => clients.get(id),
    registerClient(client) {
      const made = { ...client, client_id: randomUUID(), client_id_issued_at: Math.floor(Date.now() / 1000) };
      clients.set(made.client_id, made);
      return made;
    },
  },
  authorize: unused,
  challengeForAuthorizationCode: unused,
  exchangeAuthorizationCode: unused,
  exchangeRefreshToken: unused,
  async verifyAccessToken(token) {
    if (known && !tokens.has(token))
      tokens.set(token, { token, clientId: CLIENT_ID, scopes: ['read', 'write'], expiresAt: Date.now() / 1000 + 3600, extra: PROPS });
    const found = tokens.get(token);
    if (!found) throw new InvalidTokenError('Unknown token');
    return found;
  },
};

const app = express();
app.use(
  mcpAuthRouter({
    provider,
    issuerUrl: new URL(ISSUER),
    resourceServerUrl: new URL(`${ISSUER}/mcp`),
    clientRegistrationOptions: { rateLimit: false },
  }),
);
app.get('/mcp', requireBearerAuth({ verifier: provider }), (_request, response) => void response.set(HEADERS).send(ANSWER));
const server = app.listen(0, '127.0.0.1', () => console.log(`listening ${(server.address() as { port: number }).port}`));

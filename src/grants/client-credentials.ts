/**
 * Client credentials grant: tokens for a client that acts for itself (OAuth 2.1 §4.2; MCP extension
 * `io.modelcontextprotocol/oauth-client-credentials`). Only for clients that the operator registered, within the scopes set there.
 */
import { keyOf, type Caller } from '../clients/caller.ts';
import type { AuthServer } from '../core/auth-server.ts';
import type { Params } from '../model/params.ts';
import { findResource } from '../model/resource.ts';
import type { IssuedTokens } from './issue.ts';
import { directGrant } from './direct-grant.ts';
import { registeredClient } from './registered-client.ts';
import { scopeWithin } from './scope-rules.ts';

/** Issues tokens to the client itself. */
export async function clientCredentials(params: Params, caller: Caller, as: AuthServer): Promise<IssuedTokens> {
  const client = registeredClient(caller, 'client_credentials');
  const { uri } = findResource(params.all('resource'), as.settings);
  const scope = scopeWithin(as.settings, uri, params.optional('scope'), client.scope ?? []);
  const userId = `client:${client.id}`; // never a user's id: helpers refuse such ids (RFC 9068 §5)
  const claims = { sub: userId, ...(client.name === undefined ? {} : { name: client.name }) };
  return directGrant(as, {
    reason: 'client_credentials',
    clientId: client.id,
    userId,
    scope,
    resource: uri,
    props: { claims },
    key: keyOf(caller),
  });
}

/** The metadata of the authorization server (RFC 8414) and of the resource (RFC 9728). */
import type { Case } from './case.ts';
import { ABSENT, ISSUER, RESOURCE, type World } from './world.ts';

const AS = '/.well-known/oauth-authorization-server';
const PRM = '/.well-known/oauth-protected-resource';
/** Members of the metadata, in order of their names. */
async function read(world: World, path: string, changes: Record<string, unknown> = {}, only?: readonly string[]): Promise<unknown> {
  const { status, body } = await world.serve(changes).ask(path);
  if (status !== 200) return { status };
  const names = only ?? Object.keys(body).sort();
  return Object.fromEntries(names.map((name) => [name, body[name]]));
}
const supported = ['grant_types_supported', 'scopes_supported', 'token_endpoint_auth_methods_supported', 'registration_endpoint'];

export const metadata: readonly Case[] = [
  {
    what: 'of the authorization server: where everything is',
    run: (world) => read(world, AS, {}, ['issuer', 'authorization_endpoint', 'token_endpoint', 'registration_endpoint', 'revocation_endpoint', 'protected_resources']),
  },
  {
    what: 'of the authorization server: what it can do',
    run: (world) => read(world, AS, {}, [...supported, 'response_types_supported', 'response_modes_supported', 'code_challenge_methods_supported', 'authorization_response_iss_parameter_supported']),
  },
  { what: 'of the authorization server: members without a value of their own', run: (world) => read(world, AS, {}, ['client_id_metadata_document_supported', 'scopes_supported', 'jwks_uri']) },
  { what: 'without registration', run: (world) => read(world, AS, { clientRegistrationEndpoint: ABSENT }, ['registration_endpoint']) },
  { what: 'with `scopesSupported`', run: (world) => read(world, AS, { scopesSupported: ['read', 'write'] }, ['scopes_supported']) },
  { what: 'with `allowTokenExchangeGrant`', run: (world) => read(world, AS, { allowTokenExchangeGrant: true }, ['grant_types_supported']) },
  { what: 'with `disallowPublicClientRegistration`', run: (world) => read(world, AS, { disallowPublicClientRegistration: true }, ['token_endpoint_auth_methods_supported']) },
  { what: 'with client metadata documents', run: (world) => read(world, AS, { clientIdMetadataDocumentEnabled: true }, ['client_id_metadata_document_supported', 'token_endpoint_auth_methods_supported']) },
  { what: 'with a `refreshTokenTTL` of 0', run: (world) => read(world, AS, { refreshTokenTTL: 0 }, ['grant_types_supported']) },
  { what: 'with endpoints that are URLs', run: (world) => read(world, AS, { authorizeEndpoint: 'https://login.example/authorize', tokenEndpoint: `${ISSUER}/oauth/token`, clientRegistrationEndpoint: `${ISSUER}/oauth/register` }, ['issuer', 'authorization_endpoint', 'token_endpoint', 'registration_endpoint']) },
  ...['POST', 'HEAD', 'DELETE', 'OPTIONS'].flatMap((method) =>
    [AS, `${PRM}/mcp`].map((path) => ({
      what: `${method} ${path}`,
      run: async (world: World) => {
        const { status, headers } = await world.serve().ask(path, { method });
        return { status, allow: headers.get('allow') !== null };
      },
    })),
  ),
  { what: 'of the resource', run: (world) => read(world, `${PRM}/mcp`) },
  { what: 'of the resource, at the root', run: (world) => read(world, PRM) },
  { what: 'of the resource, at another path', run: (world) => read(world, `${PRM}/other`) },
  { what: 'of the resource, below its path', run: (world) => read(world, `${PRM}/mcp/deeper`) },
  { what: 'of a resource that is an origin', run: (world) => read(world, PRM, { resourceMetadata: { resource: ISSUER } }) },
  { what: 'of a resource with a name and an authorization server', run: (world) => read(world, `${PRM}/mcp`, { resourceMetadata: { resource: RESOURCE, resource_name: 'Notes', authorization_servers: [ISSUER], bearer_methods_supported: ['header'] } }) },
  { what: 'of a resource with `requiredScopes`', run: (world) => read(world, `${PRM}/mcp`, { requiredScopes: ['read', 'offline_access', 'read'] }, ['scopes_supported']) },
  { what: 'of a resource with `scopes_supported`', run: (world) => read(world, `${PRM}/mcp`, { resourceMetadata: { resource: RESOURCE, scopes_supported: ['read'] } }, ['scopes_supported']) },
  { what: 'of a resource with `scopesSupported` of the server alone', run: (world) => read(world, `${PRM}/mcp`, { scopesSupported: ['read', 'write'] }, ['scopes_supported']) },
  { what: 'of a resource with `requiredScopes` and `scopesSupported`', run: (world) => read(world, `${PRM}/mcp`, { requiredScopes: ['read'], scopesSupported: ['read', 'write'] }, ['scopes_supported']) },
  {
    what: 'a page of another site may read both',
    run: async (world) => {
      const server = world.serve();
      const answers = await Promise.all([AS, `${PRM}/mcp`].map((path) => server.ask(path, { headers: { origin: 'https://page.example' } })));
      return answers.map(({ headers }) => ['*', 'https://page.example'].includes(headers.get('access-control-allow-origin') ?? ''));
    },
  },
] as Case[]; // prettier-ignore

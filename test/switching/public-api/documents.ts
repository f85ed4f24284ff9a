/** Client ID metadata documents. */
import type { Case } from './case.ts';
import { CALLBACK, type Client, refusal } from './server.ts';
import { parts, tried, type World } from './world.ts';

const ID = 'https://client.example/oauth/client.json';
const DOCUMENT = { client_id: ID, client_name: 'Documented', redirect_uris: [CALLBACK], token_endpoint_auth_method: 'none' };
type Page = { readonly body: unknown; readonly status?: number; readonly headers?: Record<string, string> };

/** The client of a document, looked up. */
const looks = (what: string, page: Page | null, id = ID): Case => ({
  what: `a document ${what}`,
  run: (world) => {
    world.publish(page === null ? {} : { [id]: page });
    return tried(async () => {
      const client = await world.serve({ clientIdMetadataDocumentEnabled: true }).helpers.lookupClient(id);
      return (
        client && {
          id: client.clientId,
          name: client.clientName,
          redirects: client.redirectUris,
          method: client.tokenEndpointAuthMethod,
          secret: client.clientSecret !== undefined,
        }
      );
    });
  },
});
const body = (changes: object): Page => ({ body: { ...DOCUMENT, ...changes } });

export const documents: readonly Case[] = [
  looks('that is right', { body: DOCUMENT }),
  looks('that is not there', null),
  looks('of a 404', { body: DOCUMENT, status: 404 }),
  looks('that redirects', { body: '', status: 302, headers: { location: 'https://client.example/other' } }),
  looks('that is no JSON', { body: '{' }),
  looks('that is a list', { body: [] }),
  looks('that is HTML', { body: '<html>', headers: { 'content-type': 'text/html' } }),
  looks('of more than five kilobytes', body({ client_name: 'x'.repeat(6000) })),
  looks('of another client', body({ client_id: 'https://client.example/other.json' })),
  looks('without `client_id`', body({ client_id: undefined })),
  looks('without redirect URIs', body({ redirect_uris: undefined })),
  looks('without a name', body({ client_name: undefined })),
  looks('with a secret', body({ client_secret: 'x' })),
  looks('with a method that needs a secret', body({ token_endpoint_auth_method: 'client_secret_basic' })),
  looks('with keys', body({ token_endpoint_auth_method: 'private_key_jwt', jwks_uri: 'https://client.example/jwks.json' })),
  looks('with `private_key_jwt` and no keys', body({ token_endpoint_auth_method: 'private_key_jwt' })),
  looks('with a redirect URI at javascript', body({ redirect_uris: ['javascript:alert(1)'] })),
  looks('on http', { body: { ...DOCUMENT, client_id: 'http://client.example/c.json' } }, 'http://client.example/c.json'),
  looks('at an origin', { body: { ...DOCUMENT, client_id: 'https://client.example/' } }, 'https://client.example/'),
  looks('with a fragment', { body: DOCUMENT }, `${ID}#x`),
  looks('with a user', { body: DOCUMENT }, 'https://me@client.example/c.json'),
  looks('with dot segments', { body: DOCUMENT }, 'https://client.example/a/../c.json'),
  {
    what: 'a sign-in with a document',
    run: async (world: World) => {
      const id = 'https://kept.example/oauth/client.json'; // its own, since a cache keeps it
      world.publish({ [id]: { body: { ...DOCUMENT, client_id: id }, headers: { 'cache-control': 'max-age=600' } } });
      const server = world.serve({ clientIdMetadataDocumentEnabled: true });
      const client: Client = { id };
      const tokens = await server.signIn(client);
      const grants = (await server.helpers.listUserGrants('user-1')).items.map(({ clientId }) => clientId);
      return { called: (await server.call(tokens)).body, refresh: (await server.refresh(client, tokens)).status, grants };
    },
  },
  {
    what: 'a document with another redirect URI than the request',
    run: async (world: World) => {
      world.publish({ [ID]: { body: DOCUMENT } });
      const answer = await world.serve({ clientIdMetadataDocumentEnabled: true }).authorize({ id: ID }, { redirect_uri: 'https://evil.example/cb' });
      const location = answer.headers.get('location');
      return location === null ? refusal(answer) : parts(location);
    },
  },
  {
    what: 'a document that is down, at the authorize endpoint',
    run: async (world: World) => {
      world.publish({});
      return refusal(await world.serve({ clientIdMetadataDocumentEnabled: true }).authorize({ id: ID }));
    },
  },
  {
    what: 'a document that is down, at the token endpoint',
    run: async (world: World) => {
      world.publish({ [ID]: { body: DOCUMENT } });
      const server = world.serve({ clientIdMetadataDocumentEnabled: true });
      const code = await server.code({ id: ID });
      world.publish({});
      const { status, body: said } = await server.redeem({ id: ID }, code);
      return { status, error: said['error'] };
    },
  },
  {
    what: 'a document, where documents are off',
    run: async (world: World) => {
      world.publish({ [ID]: { body: DOCUMENT } });
      return [refusal(await world.serve().authorize({ id: ID })), world.seen];
    },
  },
  {
    what: 'describeConsent names the host of a document',
    run: async (world: World) => {
      world.publish({ [ID]: { body: DOCUMENT } });
      const server = world.serve({ clientIdMetadataDocumentEnabled: true });
      const request = { responseType: 'code', clientId: ID, redirectUri: CALLBACK, scope: ['read'], state: 's', codeChallenge: 'x'.repeat(43), codeChallengeMethod: 'S256', resource: 'https://mcp.example/mcp', issuer: 'https://mcp.example' };
      return server.helpers.describeConsent(request);
    },
  },
  {
    what: 'updateClient of a document',
    run: async (world: World) => {
      world.publish({ [ID]: { body: DOCUMENT } });
      return tried(() => world.serve({ clientIdMetadataDocumentEnabled: true }).helpers.updateClient(ID, { clientName: 'x' }));
    },
  },
]; // prettier-ignore

/** Claude on the web, on the desktop and on the phone: one hosted client behind all of them. */
import { expect, it } from 'vitest';
import { connects, play, type Profile } from '../support/play-client.ts';

const REDIRECT = 'https://claude.ai/api/mcp/auth_callback';
const byDocument: Profile = {
  name: 'Claude (web, desktop, mobile)',
  known: {
    by: 'document',
    url: 'https://claude.ai/oauth/mcp-oauth-client-metadata',
    document: {
      client_name: 'Claude',
      client_uri: 'https://claude.ai',
      redirect_uris: [REDIRECT],
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:jwt-bearer'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    },
  },
  redirectUri: REDIRECT,
  scope: 'metadata',
  resource: { authorize: 1, token: true },
};
const METADATA = {
  client_name: 'Claude',
  redirect_uris: [REDIRECT],
  grant_types: ['authorization_code', 'refresh_token'],
  response_types: ['code'],
  token_endpoint_auth_method: 'client_secret_post',
};

connects(byDocument);

it('Claude registers twice for one connection, with a secret, and uses the second registration', async () => {
  const profile: Profile = { ...byDocument, known: { by: 'registration', metadata: METADATA } };
  const { app, tokens, call } = await play(profile, { clientIdMetadataDocumentEnabled: false });
  expect((await app.register(METADATA)).status).toBe(201);
  expect(await call(tokens.access_token)).toBe(200);
});

it('Claude refreshes from two addresses at once and can use either response', async () => {
  const played = await play(byDocument);
  const fields = { grant_type: 'refresh_token', refresh_token: played.tokens.refresh_token };
  const [one, other] = await Promise.all([played.token(fields), played.token(fields)]);
  expect([one.status, other.status]).toEqual([200, 200]);
  expect(other.body['access_token']).toBe(one.body['access_token']);
});

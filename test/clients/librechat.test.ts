/** LibreChat: a web application that keeps the tokens of its users. */
import { it } from 'vitest';
import { connects, expectRefreshed, play, type Profile } from '../support/play-client.ts';

const profile: Profile = {
  name: 'LibreChat',
  known: {
    by: 'registration',
    metadata: {
      client_name: 'LibreChat MCP Client',
      redirect_uris: ['https://chat.example/api/mcp/notes/oauth/callback'],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_basic',
      logo_uri: null,
      tos_uri: null,
    },
  },
  redirectUri: 'https://chat.example/api/mcp/notes/oauth/callback',
  scope: 'metadata',
  resource: { authorize: 1, token: true },
  scopeAtRefresh: true,
};

connects(profile);

it('LibreChat with a client from its configuration sends the secret in the form', async () => {
  const client = { id: 'librechat', secret: 'a-secret-of-enough-characters-to-pass', redirectUris: [profile.redirectUri] };
  const played = await play({ ...profile, known: { by: 'configuration', client }, proves: 'client_secret_post' });
  await expectRefreshed(played);
});

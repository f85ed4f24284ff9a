/** Gemini CLI. */
import { expect, it } from 'vitest';
import { connects, play, type Profile } from '../support/play-client.ts';

const profile: Profile = {
  name: 'Gemini CLI',
  known: {
    by: 'registration',
    metadata: {
      client_name: 'Gemini CLI MCP Client',
      redirect_uris: ['http://localhost:7777/oauth/callback'],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      scope: '',
    },
  },
  redirectUri: 'http://localhost:7777/oauth/callback',
  scope: 'none',
  resource: { authorize: 1, token: true },
};

connects(profile);

it('Gemini CLI that asks for scopes this server does not know gets those it does', async () => {
  const played = await play({ ...profile, scope: { text: 'read openid profile offline_access' } });
  expect(await played.call((await played.refresh()).access_token)).toBe(200);
});

/** Codex, on the command line and in its app. */
import { expect, it } from 'vitest';
import { connects, play, type Profile } from '../support/play-client.ts';

const profile: Profile = {
  name: 'Codex',
  known: {
    by: 'document',
    url: 'https://chatgpt.com/oauth/codex/client.json',
    document: {
      client_name: 'Codex',
      redirect_uris: ['http://127.0.0.1/callback', 'http://localhost/callback'],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    },
  },
  redirectUri: 'http://127.0.0.1:49152/callback',
  scope: 'metadata',
  resource: { authorize: 2, token: true }, // with `oauth_resource` in its configuration it names the resource twice
};

connects(profile);

it('Codex registers itself, and its callback ends with an id of the connection', async () => {
  const redirectUri = 'http://127.0.0.1:49152/callback/q1w2e3r4t5y6';
  const metadata = {
    client_name: 'Codex',
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  };
  const played = await play({ ...profile, known: { by: 'registration', metadata }, redirectUri });
  expect(await played.call((await played.refresh()).access_token)).toBe(200);
});

/** MCP Inspector, in the browser and on the command line. */
import { expect, it } from 'vitest';
import { connects, play, type Profile, PUBLIC_CLIENT } from '../support/play-client.ts';

const profile: Profile = {
  name: 'MCP Inspector',
  known: {
    by: 'registration',
    metadata: {
      client_name: 'MCP Inspector',
      client_uri: 'https://github.com/modelcontextprotocol/inspector',
      redirect_uris: ['http://127.0.0.1:6276/oauth/callback'],
      ...PUBLIC_CLIENT,
      scope: '',
    },
  },
  redirectUri: 'http://127.0.0.1:6276/oauth/callback',
  scope: 'metadata',
  resource: { authorize: 1, token: true },
};

connects(profile);

it('MCP Inspector calls from a page of its own, whose origin the operator names', async () => {
  const origin = 'http://localhost:6274';
  const redirectUris = { redirect_uris: ['http://localhost:6274/oauth/callback', 'http://localhost:6274/oauth/callback/debug'] };
  const known = {
    by: 'registration',
    metadata: { client_name: 'MCP Inspector', token_endpoint_auth_method: 'none', ...redirectUris },
  } as const;
  const page: Profile = { ...profile, known, redirectUri: 'http://localhost:6274/oauth/callback', headers: { origin } };
  const played = await play(page, { allowedOrigins: [origin] });
  expect(await played.call(played.tokens.access_token)).toBe(200);
});

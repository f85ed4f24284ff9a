/** Claude Code: a program on the user's computer, with a loopback port of the moment. */
import { expect, it } from 'vitest';
import { connects, play, type Profile } from '../support/play-client.ts';

const profile: Profile = {
  name: 'Claude Code',
  known: {
    by: 'document',
    url: 'https://claude.ai/oauth/claude-code-client-metadata',
    document: {
      client_name: 'Claude Code',
      redirect_uris: ['http://localhost/callback', 'http://127.0.0.1/callback'],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
    },
  },
  redirectUri: 'http://localhost:53127/callback',
  scope: 'metadata',
  resource: { authorize: 1, token: true },
  scopeAtRefresh: true,
};

connects(profile);

it('Claude Code registers itself where documents are off, with the port it listens on', async () => {
  const metadata = {
    client_name: 'Claude Code (notes)',
    redirect_uris: ['http://localhost:53127/callback'],
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  };
  const played = await play({ ...profile, known: { by: 'registration', metadata } }, { clientIdMetadataDocumentEnabled: false });
  expect(await played.call((await played.refresh()).access_token)).toBe(200);
});

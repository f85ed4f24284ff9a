/** Claude Code: a program on the user's computer, with a loopback port of the moment. */
import { it } from 'vitest';
import { connects, expectRefreshed, play, type Profile, PUBLIC_CLIENT } from '../support/play-client.ts';

const profile: Profile = {
  name: 'Claude Code',
  known: {
    by: 'document',
    url: 'https://claude.ai/oauth/claude-code-client-metadata',
    document: {
      client_name: 'Claude Code',
      redirect_uris: ['http://localhost/callback', 'http://127.0.0.1/callback'],
      ...PUBLIC_CLIENT,
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
    ...PUBLIC_CLIENT,
  };
  const played = await play({ ...profile, known: { by: 'registration', metadata } }, { clientIdMetadataDocumentEnabled: false });
  await expectRefreshed(played);
});

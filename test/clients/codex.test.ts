/** Codex, on the command line and in its app. */
import { it } from 'vitest';
import { connects, expectRefreshed, play, type Profile, PUBLIC_CLIENT } from '../support/play-client.ts';

const profile: Profile = {
  name: 'Codex',
  known: {
    by: 'document',
    url: 'https://chatgpt.com/oauth/codex/client.json',
    document: {
      client_name: 'Codex',
      redirect_uris: ['http://127.0.0.1/callback', 'http://localhost/callback'],
      ...PUBLIC_CLIENT,
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
    ...PUBLIC_CLIENT,
  };
  const played = await play({ ...profile, known: { by: 'registration', metadata }, redirectUri });
  await expectRefreshed(played);
});

/** n8n: workflows that run without a person for months. */
import { it } from 'vitest';
import { connects, expectRefreshed, play, type Profile, PUBLIC_CLIENT } from '../support/play-client.ts';

const profile: Profile = {
  name: 'n8n',
  known: {
    by: 'registration',
    metadata: {
      client_name: 'n8n',
      client_uri: 'https://n8n.io/',
      redirect_uris: ['https://oauth.n8n.cloud/oauth2/callback'],
      ...PUBLIC_CLIENT,
    },
  },
  redirectUri: 'https://oauth.n8n.cloud/oauth2/callback',
  scope: 'metadata',
  resource: { authorize: 1, token: false },
};

connects(profile);

it('self-hosted n8n connects, with its secret in the header or the body', async () => {
  const client = {
    id: 'n8n',
    secret: 'a-secret-with+plus-and%percent-signs',
    redirectUris: ['https://n8n.example/rest/oauth2-credential/callback'],
  };
  for (const proves of ['client_secret_post', 'client_secret_basic'] as const) {
    const own: Profile = { ...profile, known: { by: 'configuration', client }, redirectUri: client.redirectUris[0]!, proves };
    const played = await play(own);
    await expectRefreshed(played);
  }
});

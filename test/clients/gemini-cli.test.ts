/** Gemini CLI. */
import { it } from 'vitest';
import { connects, expectRefreshed, play, type Profile, PUBLIC_CLIENT } from '../support/play-client.ts';

const profile: Profile = {
  name: 'Gemini CLI',
  known: {
    by: 'registration',
    metadata: {
      client_name: 'Gemini CLI MCP Client',
      redirect_uris: ['http://localhost:7777/oauth/callback'],
      ...PUBLIC_CLIENT,
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
  await expectRefreshed(played);
});

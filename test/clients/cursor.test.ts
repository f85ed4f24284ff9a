/** Cursor: an editor that takes its code back through a scheme of its own, and agents that run at its maker's. */
import { expect, it } from 'vitest';
import { connects, expectRefreshed, play, type Profile, PUBLIC_CLIENT } from '../support/play-client.ts';

const profile: Profile = {
  name: 'Cursor',
  known: {
    by: 'registration',
    metadata: {
      client_name: 'Cursor',
      redirect_uris: [
        'cursor://anysphere.cursor-mcp/oauth/callback',
        'https://www.cursor.com/agents/mcp/oauth/callback',
        'http://localhost:8787/callback',
      ],
      ...PUBLIC_CLIENT,
    },
  },
  redirectUri: 'cursor://anysphere.cursor-mcp/oauth/callback',
  scope: 'metadata',
  resource: { authorize: 1, token: true },
};

connects(profile);

it.each(['https://www.cursor.com/agents/mcp/oauth/callback', 'http://localhost:8787/callback'])(
  'Cursor gets in over %s',
  async (redirectUri) => {
    const played = await play({ ...profile, redirectUri });
    expect(await played.call(played.tokens.access_token)).toBe(200);
  },
);

it('Cursor takes a client id from its configuration instead', async () => {
  const client = {
    id: 'cursor',
    secret: 'a-secret-of-enough-characters-to-pass',
    redirectUris: ['cursor://anysphere.cursor-mcp/oauth/callback'],
  };
  const played = await play({ ...profile, known: { by: 'configuration', client }, proves: 'client_secret_post' });
  await expectRefreshed(played);
});

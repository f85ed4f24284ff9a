/** Codex, on the command line and in its app. */
import { expect, it } from 'vitest';
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

it.each([[120, 400], [1800, 200]])('Codex with a process that was idle for eight minutes is signed out by a grace of %i seconds or not (%i; SEC-044)', async (refreshTokenGrace, status) => {
  const { app, tokens, token, refresh, call } = await play(profile, { refreshTokenGrace });
  const first = tokens.refresh_token;
  const second = await refresh();
  app.clock.pass(465);
  const late = await token({ grant_type: 'refresh_token', refresh_token: first });
  expect([late.status, await call(second.access_token)]).toEqual([status, status === 200 ? 200 : 401]);
}); // prettier-ignore

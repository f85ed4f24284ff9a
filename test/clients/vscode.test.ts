/** Visual Studio Code. */
import { expect, it } from 'vitest';
import { connects, expectRefreshed, play, type Profile } from '../support/play-client.ts';

const profile: Profile = {
  name: 'Visual Studio Code',
  known: {
    by: 'document',
    url: 'https://vscode.dev/oauth/client-metadata.json',
    document: {
      client_name: 'Visual Studio Code',
      client_uri: 'https://vscode.dev/product',
      logo_uri: 'https://code.visualstudio.com/assets/branding/code-stable.png',
      redirect_uris: ['http://127.0.0.1:33418/', 'https://vscode.dev/redirect'],
      grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
      response_types: ['code'],
      application_type: 'native',
      token_endpoint_auth_method: 'none',
    },
  },
  redirectUri: 'http://127.0.0.1:33418/',
  scope: 'metadata',
  resource: { authorize: 1, token: true },
};

connects(profile);

it('Visual Studio Code comes back over its own site where it runs in a browser', async () => {
  const played = await play({ ...profile, redirectUri: 'https://vscode.dev/redirect' });
  expect(await played.call(played.tokens.access_token)).toBe(200);
});

it('Visual Studio Code registers itself with loopback addresses of several forms', async () => {
  const metadata = {
    client_name: 'Visual Studio Code',
    client_uri: 'https://code.visualstudio.com',
    grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
    response_types: ['code'],
    redirect_uris: [
      'https://insiders.vscode.dev/redirect',
      'https://vscode.dev/redirect',
      'http://localhost/',
      'http://127.0.0.1/',
      'http://localhost:33418/',
      'http://127.0.0.1:33418/',
    ],
    token_endpoint_auth_method: 'none',
    application_type: 'native',
    scope: '',
  };
  const played = await play({ ...profile, known: { by: 'registration', metadata } }, { clientIdMetadataDocumentEnabled: false });
  await expectRefreshed(played);
});

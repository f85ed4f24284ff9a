/** ChatGPT on the web and on the desktop. */
import { expect, it } from 'vitest';
import { connects, expectRefreshed, play, type Profile } from '../support/play-client.ts';
import { chinese } from '../../src/words/index.ts';

const REDIRECT = 'https://chatgpt.com/connector_platform_oauth_redirect';
const profile: Profile = {
  name: 'ChatGPT',
  known: {
    by: 'document',
    url: 'https://chatgpt.com/oauth/client.json',
    document: {
      client_name: 'ChatGPT',
      client_uri: 'https://chatgpt.com/',
      redirect_uris: [REDIRECT],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'private_key_jwt',
      token_endpoint_auth_methods_supported: ['private_key_jwt', 'none'],
      jwks_uri: 'https://chatgpt.com/oauth/jwks.json',
    },
  },
  redirectUri: REDIRECT,
  proves: 'private_key_jwt',
  scope: 'metadata',
  resource: { authorize: 1, token: true },
  authorize: { ui_locales: 'zh-CN' },
};

connects(profile);

it('ChatGPT may leave its key at home, as its document says', async () => {
  const played = await play({ ...profile, proves: 'none' });
  await expectRefreshed(played);
});

it('ChatGPT sends the consent form from a frame without an origin', async () => {
  const played = await play(profile, { pages: { languages: [chinese] } });
  expect(played.page).toContain('lang="zh-Hans"');
});

it('ChatGPT registers itself with a callback of its own for each connector', async () => {
  const redirectUri = 'https://chatgpt.com/connector/oauth/AbC123dEf456';
  const metadata = {
    client_name: 'ChatGPT',
    redirect_uris: [redirectUri],
    grant_types: ['authorization_code', 'refresh_token'],
    token_endpoint_auth_method: 'client_secret_basic',
  };
  const own: Profile = { ...profile, known: { by: 'registration', metadata }, redirectUri, proves: 'client_secret_basic' };
  const played = await play(own, { clientIdMetadataDocumentEnabled: false });
  expect(await played.call(played.tokens.access_token)).toBe(200);
});

/** Each refusal of an authorization request: where it goes, its error, and its reason for the operator. */
import { describe, expect, it } from 'vitest';
import { type App, ISSUER, makeApp, RESOURCE } from '../../support/app.ts';
import { lastReason } from '../../support/verdicts.ts';

type Changes = Record<string, string | null>;

/** What a request comes to: `page` with a status, or `redirect` with the error that the client is told; and the reason. */
async function outcome(app: App, url: string): Promise<readonly unknown[]> {
  app.events.length = 0;
  const page = await app.browser().get(url);
  const to = page.location === null ? null : new URL(page.location).searchParams;
  const events = app.events.filter(({ kind }) => kind === 'request.refused');
  return [to ? 'redirect' : 'page', to ? to.get('error') : page.status, events.length === 0 ? null : lastReason(app)];
}

describe('endpoints/authorize/authorization-request', () => {
  it.each<[string, Changes, readonly [string, unknown, string | null]]>([
    ['a good request', {}, ['page', 200, null]],
    ['no client', { client_id: null }, ['page', 400, 'missing_client_id']],
    ['an unknown client', { client_id: 'A'.repeat(22) }, ['page', 400, 'client_unknown']],
    ['another redirect URI', { redirect_uri: 'https://evil.example/cb' }, ['page', 400, 'redirect_unregistered']],
    ['a state of 4,096 characters', { state: 's'.repeat(4096) }, ['page', 200, null]],
    ['a longer state', { state: 's'.repeat(4097) }, ['redirect', 'invalid_request', 'state_too_long']],
    ['a request object', { request: 'e30.e30.' }, ['redirect', 'request_not_supported', 'request_object']],
    ['a foreign request_uri', { request_uri: 'https://internal/' }, ['redirect', 'request_uri_not_supported', 'request_uri']],
    ['no response type', { response_type: null }, ['redirect', 'invalid_request', 'missing_response_type']],
    ['another response type', { response_type: 'token' }, ['redirect', 'unsupported_response_type', 'response_type']],
    ['a response mode', { response_mode: 'fragment' }, ['redirect', 'invalid_request', 'response_mode']],
    ['the usual response mode', { response_mode: 'query' }, ['page', 200, null]],
    ['no challenge', { code_challenge: null }, ['redirect', 'invalid_request', 'challenge_missing']],
    ['a foreign resource', { resource: 'https://other.example/' }, ['redirect', 'invalid_target', 'resource_unknown']],
    ['prompts that contradict', { prompt: 'none login' }, ['redirect', 'invalid_request', 'prompt_contradicts']],
    ['an empty prompt', { prompt: ' ' }, ['page', 200, null]],
    ['a thumbprint that is short', { dpop_jkt: 'A'.repeat(42) }, ['redirect', 'invalid_request', 'dpop_jkt_malformed']],
    ['a thumbprint that is long', { dpop_jkt: 'A'.repeat(44) }, ['redirect', 'invalid_request', 'dpop_jkt_malformed']],
    ['a thumbprint', { dpop_jkt: 'A'.repeat(43) }, ['page', 200, null]],
    ['a scope that is none', { scope: 'a"b' }, ['redirect', 'invalid_scope', 'scope_malformed']],
  ])('answers %s', async (_what, changes, expected) => {
    const app = await makeApp('memory');
    const client = await app.client();
    expect(await outcome(app, await client.authorizeUrl(changes))).toEqual(expected);
  });

  it.each([
    'response_mode',
    'request',
    'request_uri',
    'nonce',
    'state',
    'scope',
    'response_type',
    'client_id',
    'login_hint',
    'prompt',
    'dpop_jkt',
  ])('refuses a request in which %s stands twice', async (name) => {
    const app = await makeApp('memory');
    const client = await app.client();
    const url = new URL(await client.authorizeUrl({ [name]: name === 'client_id' ? client.id : 'x' }));
    url.searchParams.append(name, 'y');
    expect((await outcome(app, url.href)).slice(2)).toEqual([`repeated_${name}`]);
  });

  it('says why a pushed request does not open, and takes none where one has to be pushed', async () => {
    const app = await makeApp('memory');
    const [client, other] = [await app.client(), await app.client({ require_pushed_authorization_requests: true })];
    const pushed = async (): Promise<string> => {
      const form = new URL(await client.authorizeUrl()).searchParams;
      const answer = await app.ask('POST', '/par', form, { 'content-type': 'application/x-www-form-urlencoded' });
      return ((await answer.json()) as { request_uri: string }).request_uri;
    };
    const open = (uri: string, id = client.id): Promise<readonly unknown[]> =>
      outcome(app, `${ISSUER}/authorize?${new URLSearchParams({ client_id: id, request_uri: uri })}`);
    const uri = await pushed();
    expect(await open(uri, other.id)).toEqual(['page', 400, 'pushed_of_another_client']);
    expect(await open(uri)).toEqual(['page', 200, null]);
    expect(await open(uri)).toEqual(['page', 400, expect.stringMatching(/^pushed_(?:taken|unknown)$/)]);
    expect(await open(`urn:ietf:params:oauth:request_uri:${'A'.repeat(43)}`)).toEqual(['page', 400, 'pushed_unknown']);
    expect(await outcome(app, `${ISSUER}/authorize?request_uri=${await pushed()}`)).toEqual(['page', 400, 'missing_client_id']);
    expect(await outcome(app, await other.authorizeUrl())).toEqual(['redirect', 'invalid_request', 'push_missing']);
  });

  it('says that a client which was not registered for codes may not ask for one', async () => {
    const app = await makeApp('memory', {
      clients: [
        {
          id: 'robot',
          secret: 'a-secret-of-enough-characters-to-pass',
          redirectUris: ['http://localhost/cb'],
          grantTypes: ['client_credentials'],
        },
      ],
    });
    const client = await app.client();
    const url = new URL(await client.authorizeUrl({ client_id: 'robot', redirect_uri: 'http://localhost/cb' }));
    expect(await outcome(app, url.href)).toEqual(['redirect', 'unauthorized_client', 'grant_type_unregistered']);
  });

  it('sends an error to the redirect URI with state and issuer, once each (RFC 9207 §2)', async () => {
    const app = await makeApp('memory');
    const client = await app.client();
    const told = async (changes: Changes): Promise<string[][]> => {
      const { location } = await app.browser().get(await client.authorizeUrl(changes));
      return [...new URL(location ?? '').searchParams].filter(([name]) => name !== 'error_description');
    };
    const error = ['error', 'unsupported_response_type'];
    expect(await told({ response_type: 'token' })).toEqual([error, ['state', 'st4te'], ['iss', ISSUER]]);
    expect(await told({ response_type: 'token', state: null })).toEqual([error, ['iss', ISSUER]]);
  });

  it('grants the scopes that every call of a resource needs, for any request', async () => {
    const app = await makeApp('memory', { requiredScopes: ['read'] });
    const client = await app.client();
    const granted = async (scope: string | null): Promise<unknown> => {
      const { searchParams } = new URL(await client.authorizeUrl({ scope, resource: RESOURCE }));
      const request = await app.provider.helpers(app.env).parseAuthRequest(new Request(`${ISSUER}/authorize?${searchParams}`));
      return request.scope;
    };
    expect(await granted('write')).toEqual(['read', 'write']);
    expect(await granted('read')).toEqual(['read']);
    expect(await granted('openid')).toEqual(['read']);
    expect(await granted(null)).toEqual(['read']);
  });
});

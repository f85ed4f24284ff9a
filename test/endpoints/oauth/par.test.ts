import { describe, expect, it } from 'vitest';
import { codeOf, type JsonAnswer, type TestClient, tokensOf } from '../../../src/testing/oauth-client.ts';
import { ALICE, type App, ISSUER, makeApp, RESOURCE, storeNames } from '../../support/app.ts';
import { answerOf, expectJson, expectNothingWritten, expectPage, expectRedirect } from '../../support/verdicts.ts';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const send = async (app: App, body: URLSearchParams, path = '/par'): Promise<JsonAnswer> =>
  answerOf(await app.ask('POST', path, body, FORM));
/** The parameters of a client's authorization request, as it would push them. */
async function requestOf(client: TestClient, changes: Record<string, string | null> = {}): Promise<URLSearchParams> {
  const form = new URL(await client.authorizeUrl(changes)).searchParams;
  if (client.secret !== undefined) form.set('client_secret', client.secret);
  return form;
}
const urlFor = (id: string, answer: JsonAnswer): string =>
  `${ISSUER}/authorize?${new URLSearchParams({ client_id: id, request_uri: String(answer.body['request_uri']) })}`;

describe.each(storeNames)('endpoints/push on %s', (store) => {
  it('leads from a pushed request to tokens; what the browser adds counts for nothing (RFC 9126 §2, §4)', async () => {
    const app = await makeApp(store, { requirePushedAuthorizationRequests: true });
    for (const metadata of [{}, { token_endpoint_auth_method: 'client_secret_post' }]) {
      const [client, browser] = [await app.client(metadata), app.browser()];
      const answer = await send(app, await requestOf(client, { scope: 'read', resource: RESOURCE }));
      expect([answer.status, answer.body['expires_in'], answer.headers.get('cache-control')]).toEqual([201, 90, 'no-store']);
      const page = await browser.get(`${urlFor(client.id, answer)}&scope=write&redirect_uri=https://evil.example/&state=changed`);
      expect(page.text).not.toContain('Change your notes');
      const back = await browser.submit(page, { decision: 'approve', ...ALICE });
      expect(new URL(back.location ?? '').searchParams.get('state')).toBe('st4te');
      expect((await client.redeem(codeOf(back))).body).toMatchObject({ scope: 'read', resource: RESOURCE });
    }
  });

  it('SEC-221 opens a pushed request once, in time, for its own client only', async () => {
    const app = await makeApp(store);
    const [client, stranger] = [await app.client(), await app.client()];
    const answer = await send(app, await requestOf(client));
    expectPage(await expectNothingWritten(app, () => app.browser().get(urlFor(stranger.id, answer))));
    const opened = await Promise.all([1, 2, 3].map(() => app.browser().get(urlFor(client.id, answer))));
    expect(opened.filter(({ status }) => status === 200)).toHaveLength(1);
    const late = await send(app, await requestOf(client));
    app.clock.pass(90);
    expectPage(await app.browser().get(urlFor(client.id, late)));
    expectPage(await app.browser().get(`${ISSUER}/authorize?request_uri=urn:ietf:params:oauth:request_uri:${'A'.repeat(43)}`));
  });

  it('SEC-221 fetches no request_uri that is not ours', async () => {
    const app = await makeApp(store);
    const client = await app.client();
    for (const uri of ['https://internal/', 'urn:ietf:params:oauth:request_uri:short', 'file:///etc/passwd'])
      expectRedirect(await app.browser().get(await client.authorizeUrl({ request_uri: uri })), 'request_uri_not_supported');
  });

  it('refuses a pushed request as it would refuse it from a browser, and stores nothing (RFC 9126 §2.1, §2.3)', async () => {
    const app = await makeApp(store);
    const client = await app.client();
    const secret = await app.client({ token_endpoint_auth_method: 'client_secret_post' });
    const bad: [Record<string, string | null>, string][] = [
      [{ request_uri: `urn:ietf:params:oauth:request_uri:${'A'.repeat(43)}` }, 'invalid_request'],
      [{ request: 'e30.e30.' }, 'request_not_supported'],
      [{ redirect_uri: 'https://evil.example/cb' }, 'invalid_request'],
      [{ code_challenge: null }, 'invalid_request'],
      [{ response_type: 'token' }, 'unsupported_response_type'],
      [{ scope: 'a"b' }, 'invalid_scope'],
      [{ resource: 'https://other.example/' }, 'invalid_target'],
    ];
    for (const [changes, error] of bad) expectJson(await send(app, await requestOf(client, changes)), error);
    expectJson(await send(app, await requestOf(client, { client_id: null })), 'invalid_client', 401);
    const unproven = await requestOf(secret);
    unproven.delete('client_secret');
    expectJson(await send(app, unproven), 'invalid_client', 401);
    unproven.set('client_secret', 'wrong');
    expectJson(await send(app, unproven), 'invalid_client', 401);
    const twice = await requestOf(client);
    twice.append('state', 'other');
    expectJson(await send(app, twice), 'invalid_request');
  });

  it('takes only pushed requests of a client that registered so, and of all where the server says so (RFC 9126 §5, §6)', async () => {
    const app = await makeApp(store);
    const strict = await app.client({ require_pushed_authorization_requests: true });
    expectRedirect(await app.browser().get(await strict.authorizeUrl()), 'invalid_request');
    expect((await app.browser().get(urlFor(strict.id, await send(app, await requestOf(strict))))).status).toBe(200);
    const all = await makeApp(store, { requirePushedAuthorizationRequests: true });
    expectRedirect(await all.browser().get(await (await all.client()).authorizeUrl()), 'invalid_request');
    const metadata = (await (await all.ask('GET', '/.well-known/oauth-authorization-server')).json()) as Record<string, unknown>;
    expect(metadata).toMatchObject({ pushed_authorization_request_endpoint: `${ISSUER}/par`, require_pushed_authorization_requests: true });
    expect((await all.register({ redirect_uris: ['https://a.example/'], require_pushed_authorization_requests: 'yes' })).status).toBe(400);
  });

  it('gives an application with pages of its own the pushed request', async () => {
    const app = await makeApp(store);
    const client = await app.client();
    const answer = await send(app, await requestOf(client, { scope: 'read' }));
    const helpers = app.provider.helpers(app.env);
    const request = await helpers.parseAuthRequest(new Request(urlFor(client.id, answer)));
    expect(request).toMatchObject({ clientId: client.id, scope: ['read'], state: 'st4te' });
    const { redirectTo } = await helpers.completeAuthorization({ request, userId: 'u1', scope: ['read'], props: {} });
    expect(tokensOf(await client.redeem(new URL(redirectTo).searchParams.get('code') ?? '')).access).toMatch(/^access_/);
  });
});

import { describe, expect, it } from 'vitest';
import { OAuthError } from '../../src/model/error.ts';
import { type App, makeApp, storeNames } from '../support/app.ts';

const verbsOf = (app: App) => app.provider.helpers(app.env);

describe.each(storeNames)('provider/grants on %s', (store) => {
  it('lists the clients with access and revokes it from the next request on (S-157)', async () => {
    const app = await makeApp(store);
    const { client, tokens } = await app.signedIn();
    const other = await app.signedIn();
    const { grants } = await verbsOf(app).listUserGrants(app.aliceId);
    expect(grants.map((grant) => grant.clientId).toSorted()).toEqual([client.id, other.client.id].toSorted());
    const mine = grants.find((grant) => grant.clientId === client.id)!;
    expect(await verbsOf(app).revokeGrant(mine.id, app.aliceId)).toBe(true);
    expect((await app.call(tokens.access)).status).toBe(401);
    expect((await app.call(other.tokens.access)).status).toBe(200);
    expect((await verbsOf(app).listUserGrants(app.aliceId)).grants.map((grant) => grant.clientId)).toEqual([other.client.id]);
  });

  it('does not change a grant of another user, an ended one or an unknown one (SEC-225)', async () => {
    const app = await makeApp(store);
    const { tokens } = await app.signedIn();
    const [grant] = (await verbsOf(app).listUserGrants(app.aliceId)).grants;
    expect(await verbsOf(app).revokeGrant(grant!.id, 'somebody-else')).toBe(false);
    expect((await app.call(tokens.access)).status).toBe(200);
    expect(await verbsOf(app).revokeGrant('unknown', app.aliceId)).toBe(false);
    expect(await verbsOf(app).revokeGrant(grant!.id, app.aliceId)).toBe(true);
    expect(await verbsOf(app).revokeGrant(grant!.id, app.aliceId)).toBe(false);
  });

  it('tells applications of a client, but never of its secret (SEC-083)', async () => {
    const app = await makeApp(store);
    const client = await app.client({ token_endpoint_auth_method: 'client_secret_post' });
    const known = await verbsOf(app).lookupClient(client.id);
    expect(known?.authMethod).toBe('client_secret_post');
    expect(Object.keys(known ?? {})).not.toContain('secretHash');
    expect(JSON.stringify(known)).not.toContain(client.secret);
  });

  it('refuses props that no store can keep, before anything is opened', async () => {
    const app = await makeApp(store);
    const client = await app.client();
    const request = await verbsOf(app).parseAuthRequest(new Request(await client.authorizeUrl()));
    const opened = verbsOf(app).completeAuthorization({ request, userId: 'u', scope: [], props: undefined });
    await expect(opened).rejects.toThrow('`props` must be something that JSON can hold');
    expect((await verbsOf(app).listUserGrants('u')).grants).toEqual([]);
  });

  it('W-03 tells of a grant where its code went, what was noted about it, and when it ends', async () => {
    const app = await makeApp(store, { logins: [], defaultHandler: () => new Response('own'), accessTokenTTL: 600 });
    const [client, verbs] = [await app.client(), verbsOf(app)];
    const request = await verbs.parseAuthRequest(new Request(await client.authorizeUrl()));
    const opening = { request, userId: 'una', scope: request.scope, props: {} };
    const { redirectTo } = await verbs.completeAuthorization({ ...opening, metadata: { label: 'Work laptop' } });
    await client.redeem(new URL(redirectTo).searchParams.get('code') ?? '');
    const [grant] = (await verbs.listUserGrants('una')).grants;
    expect(grant).toMatchObject({
      metadata: { label: 'Work laptop' },
      redirectUri: request.redirectUri,
      expiresAt: app.clock.now() + 30 * 86_400,
    });
    await expect(verbs.completeAuthorization({ ...opening, metadata: 'x'.repeat(16_384) })).rejects.toThrow(
      '`metadata` must be JSON of at most 16384',
    );
  });

  it('W-06 ends the other grants of that user and client where it is told to, and nothing else', async () => {
    const app = await makeApp(store, { logins: [], defaultHandler: () => new Response('own') });
    const [client, other, verbs] = [await app.client(), await app.client(), verbsOf(app)];
    const grantTo = async (to: typeof client, userId: string, revokeExistingGrants?: boolean): Promise<string> => {
      const request = await verbs.parseAuthRequest(new Request(await to.authorizeUrl()));
      const told = revokeExistingGrants === undefined ? {} : { revokeExistingGrants };
      const { redirectTo } = await verbs.completeAuthorization({ request, userId, scope: request.scope, props: {}, ...told });
      return String((await to.redeem(new URL(redirectTo).searchParams.get('code') ?? '')).body['access_token']);
    };
    const kept = [await grantTo(other, 'una'), await grantTo(client, 'ben')];
    const ended = [await grantTo(client, 'una'), await grantTo(client, 'una')];
    kept.push(await grantTo(client, 'una', true));
    const statuses = async (tokens: readonly string[]): Promise<number[]> =>
      (await Promise.all(tokens.map((token) => app.call(token)))).map(({ status }) => status);
    expect(await statuses(kept)).toEqual([200, 200, 200]);
    expect(await statuses(ended)).toEqual([401, 401]);
  });
});

describe('provider, calls as another library takes them (W-06)', () => {
  it.each([
    ['listUserGrants', 'listUserGrants: goes on at the `next`'],
    ['clients.list', 'clients.list: goes on at the `next`'],
    ['completeAuthorization', 'completeAuthorization: `metadatas` is not an option; did you mean `metadata`'],
    ['approveConsent', 'approveConsent: remember: `secret` is not an option'],
    ['OAuthError', 'OAuthError takes the code and a reason'],
  ])('%s says what to write instead', async (verb, message) => {
    const app = await makeApp('memory');
    const oauth = verbsOf(app);
    const old = { limit: 10, metadatas: {}, remember: { subject: 'u', secret: 'x'.repeat(32) }, statusCode: 400 } as never;
    const post = new Request('https://mcp.example/', { method: 'POST' });
    const calls: { readonly [name: string]: () => unknown } = {
      listUserGrants: () => oauth.listUserGrants('u', old),
      'clients.list': () => oauth.clients.list(old),
      completeAuthorization: () => oauth.completeAuthorization({ metadatas: 1 } as never),
      approveConsent: () => oauth.approveConsent(post, 'handle', { remember: { subject: 'u', secret: 'x' } as never }),
      OAuthError: () => new OAuthError('invalid_grant', old),
    };
    await expect((async () => calls[verb]?.())()).rejects.toThrow(message);
  });

  it.each(['description', 'internal', 'headers'])('onError that reads `%s` is told what to read, and our answer goes out', async (name) => {
    const app = await makeApp('memory', { onError: (refusal) => new Response(String((refusal as never)[name])) });
    expect((await app.ask('GET', '/authorize')).headers.get('content-type')).toContain('text/html');
    expect(app.events.find(({ kind }) => kind === 'request.failed')).toMatchObject({ endpoint: 'onError', error: expect.any(TypeError) });
  });
});

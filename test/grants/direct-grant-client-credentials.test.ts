import { describe, expect, it } from 'vitest';
import { type JsonAnswer, tokensOf } from '../../src/testing/oauth-client.ts';
import { type App, ISSUER, makeApp, RESOURCE, storeNames } from '../support/app.ts';
import { clientClaims, makeSigner, shown } from '../support/signer.ts';
import { answerOf, expectJson, expectNothingWritten, lastReason } from '../support/verdicts.ts';

const SECRET = 'a-secret-of-enough-characters-to-pass';
const signer = await makeSigner();
const clients = [
  { id: 'robot', secret: SECRET, authMethod: 'client_secret_post', scope: ['read', 'write'], name: 'Robot' },
  { id: 'keyed', jwks: { keys: [signer.publicKey as never] }, scope: ['read'] },
  { id: 'bare', secret: SECRET, authMethod: 'client_secret_post' },
  { id: 'web', secret: SECRET, authMethod: 'client_secret_post', redirectUris: ['https://web.example/cb'] },
] as const;
const ask = async (app: App, fields: Record<string, string>, headers: Record<string, string> = {}): Promise<JsonAnswer> =>
  answerOf(
    await app.ask('POST', '/token', new URLSearchParams({ grant_type: 'client_credentials', ...fields }), {
      'content-type': 'application/x-www-form-urlencoded',
      ...headers,
    }),
  );
const ROBOT = { client_id: 'robot', client_secret: SECRET };

describe.each(storeNames)('grants/direct-grant: client credentials on %s', (store) => {
  it('gives a client a token of its own, for one resource, without a refresh token (S-250, S-064)', async () => {
    const app = await makeApp(store, { clients });
    const answer = await ask(app, { ...ROBOT, resource: RESOURCE, scope: 'read' });
    expect(answer.body).toMatchObject({ token_type: 'Bearer', expires_in: 3600, scope: 'read', resource: RESOURCE });
    expect(answer.body).not.toHaveProperty('refresh_token');
    const { access } = await app.call(tokensOf(answer).access);
    expect(access).toMatchObject({ userId: 'client:robot', clientId: 'robot', program: true, scope: ['read'] }); // F-54
    expect(access?.props).toEqual({ claims: { sub: 'client:robot', name: 'Robot' } });
    app.clock.pass(3600);
    expect((await app.call(tokensOf(answer).access)).status).toBe(401);
  });

  it('S-252 takes an assertion without a client_id, once', async () => {
    const app = await makeApp(store, { clients });
    const assertion = shown(await signer.sign(clientClaims('keyed', app.clock.now())));
    expect((await ask(app, assertion)).body).toMatchObject({ scope: 'read' });
    expectJson(await ask(app, assertion), 'invalid_client', 401);
  });

  it('gives a client that is deleted at this moment no token that lives on, nor one for another token (SEC-084)', async () => {
    const exchange = 'urn:ietf:params:oauth:grant-type:token-exchange';
    const app = await makeApp(store, { tokenExchange: () => true });
    const { clients: own, listGrants } = app.provider.helpers(app.env);
    const spec = { authMethod: 'client_secret_post', grantTypes: ['client_credentials', exchange], scope: ['read'] } as const;
    const { tokens } = await app.signedIn();
    const write = app.inner.write.bind(app.inner);
    for (const fields of [
      {},
      { grant_type: exchange, subject_token: tokens.access, subject_token_type: 'urn:ietf:params:oauth:token-type:access_token' },
    ]) {
      const { client, secret = '' } = await own.create(spec);
      app.inner.write = async (key, ...all) => {
        if (key.startsWith('grant:')) {
          app.inner.write = write;
          await own.delete(client.id);
        }
        return write(key, ...all);
      };
      const answer = await ask(app, { client_id: client.id, client_secret: secret, ...fields });
      expectJson(answer, 'invalid_client', 401);
      expect(lastReason(app)).toBe('client_deleted');
      expect((await listGrants({ clientId: client.id })).grants).toEqual([]);
    }
  });

  it('lets the client revoke its token (RFC 7009)', async () => {
    const app = await makeApp(store, { clients });
    const { access } = tokensOf(await ask(app, ROBOT));
    const form = { 'content-type': 'application/x-www-form-urlencoded' };
    await app.ask('POST', '/revoke', new URLSearchParams({ token: access, client_id: 'bare', client_secret: SECRET }), form);
    expect((await app.call(access)).status).toBe(200);
    await app.ask('POST', '/revoke', new URLSearchParams({ token: access, ...ROBOT }), form);
    expect((await app.call(access)).status).toBe(401);
  });
});

describe('grants/direct-grant: client credentials: scopes and refusals', () => {
  it('gives all of the client’s scopes where none is asked for, what it may have of those it asks for, and never more', async () => {
    const app = await makeApp('memory', { clients });
    expect((await ask(app, ROBOT)).body['scope']).toBe('read write');
    expect((await ask(app, { ...ROBOT, scope: 'write admin offline_access' })).body['scope']).toBe('write');
    expect((await ask(app, { ...ROBOT, scope: 'openid offline_access' })).body['scope'], 'as at the authorization endpoint (R-13)').toBe(
      'read write',
    );
    expectJson(await ask(app, { client_id: 'bare', client_secret: SECRET, scope: 'read' }), 'invalid_scope');
    expectJson(await ask(app, { ...ROBOT, scope: 'a"b' }), 'invalid_scope');
    expect((await ask(app, { client_id: 'bare', client_secret: SECRET })).body['scope']).toBe('');
  });

  it('SEC-077 S-064 refuses clients that registered themselves, public ones, and ones that are registered for other things', async () => {
    const app = await makeApp('memory', { clients });
    const own = await app.client({
      token_endpoint_auth_method: 'client_secret_post',
      grant_types: ['authorization_code', 'client_credentials'],
    });
    const refusals: [Record<string, string>, string, number][] = [
      [{ client_id: own.id, client_secret: own.secret ?? '' }, 'unauthorized_client', 400],
      [{ client_id: 'web', client_secret: SECRET }, 'unauthorized_client', 400],
      [{ client_id: (await app.client()).id }, 'invalid_client', 401],
      [{ client_id: 'robot' }, 'invalid_client', 401],
      [{ client_id: 'robot', client_secret: 'wrong' }, 'invalid_client', 401],
      [{}, 'invalid_client', 401],
    ];
    for (const [fields, error, status] of refusals) expectJson(await ask(app, fields), error, status);
  });

  it('S-070 refuses unknown resources, and stores nothing', async () => {
    const app = await makeApp('memory', { clients });
    for (const resource of ['https://other.example/mcp', 'nonsense', `${ISSUER}/`])
      expectJson(await expectNothingWritten(app, () => ask(app, { ...ROBOT, resource })), 'invalid_target');
  });

  it('keeps the names of such clients from applications that bring users of their own', async () => {
    const app = await makeApp('memory', { clients });
    const { completeAuthorization } = app.provider.helpers(app.env);
    await expect(completeAuthorization({ request: {} as never, userId: 'client:robot', scope: [], props: {} })).rejects.toThrow('client:');
  });
});

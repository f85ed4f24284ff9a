/** What the client configuration endpoint tells the operator of each refusal (RFC 7592). */
import { describe, expect, it } from 'vitest';
import type { JsonAnswer } from '../../../src/testing/oauth-client.ts';
import { type App, ISSUER, makeApp } from '../../support/app.ts';
import { answerOf, expectNothingWritten, lastReason } from '../../support/verdicts.ts';

const GOOD = { redirect_uris: ['https://app.example/cb'], token_endpoint_auth_method: 'none' };
const textOf = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
const manage = async (app: App, method: string, id: unknown, token: unknown, body?: unknown): Promise<JsonAnswer> =>
  answerOf(
    await app.ask(method, `/register/client?client_id=${textOf(id)}`, body === undefined ? null : JSON.stringify(body), {
      'content-type': 'application/json',
      ...(token === undefined ? {} : { authorization: `Bearer ${textOf(token)}` }),
    }),
  );

describe('endpoints/oauth/register: a registration, reasons', () => {
  it('says why a token does not open a registration', async () => {
    const app = await makeApp('memory', { clients: [{ id: 'a'.repeat(22), authMethod: 'none', redirectUris: GOOD.redirect_uris }] });
    const { body } = await app.register(GOOD);
    const [id, token] = [body['client_id'], body['registration_access_token']];
    const reason = async (...[as, by]: readonly unknown[]): Promise<unknown> => {
      const answer = await expectNothingWritten(app, () => manage(app, 'GET', as, by));
      expect([answer.status, answer.headers.get('www-authenticate')]).toEqual([401, 'Bearer error="invalid_token"']);
      return lastReason(app);
    };
    expect(await reason(id, undefined)).toBe('registration_token_missing');
    expect(await reason(id, 'short')).toBe('registration_token_missing');
    expect(await reason('A'.repeat(22), token)).toBe('registration_client_unknown');
    expect(await reason(`${String(id)}A`, token)).toBe('registration_client_unknown');
    expect(await reason('', token)).toBe('registration_client_unknown');
    expect(await reason(id, 'A'.repeat(43))).toBe('registration_token_wrong');
    expect(['registration_not_its_own', 'registration_client_unknown']).toContain(await reason('a'.repeat(22), token));
  });

  it('replaces all but what only the server gives, and says what may not change', async () => {
    const app = await makeApp('memory');
    const { body } = await app.register({ ...GOOD, client_name: 'Before', scope: 'read' });
    const [id, token, issuedAt] = [body['client_id'], body['registration_access_token'], app.clock.now()];
    app.clock.pass(60);
    const own = { ...GOOD, client_id: id };
    const reason = async (change: Record<string, unknown>): Promise<unknown> => {
      expect((await expectNothingWritten(app, () => manage(app, 'PUT', id, token, change))).status).toBe(400);
      return lastReason(app);
    };
    expect(await reason({ ...own, client_id: 'x' })).toBe('registration_id_differs');
    expect(await reason(GOOD)).toBe('registration_id_differs');
    expect(await reason({ ...own, token_endpoint_auth_method: 'client_secret_basic' })).toBe('registration_method_differs');
    const changed = await manage(app, 'PUT', id, token, { ...own, client_name: 'After' });
    expect([changed.status, changed.body]).toEqual([
      200,
      {
        ...GOOD,
        client_id: id,
        client_id_issued_at: issuedAt,
        client_name: 'After',
        application_type: 'native',
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        registration_access_token: token,
        registration_client_uri: `${ISSUER}/register/client?client_id=${textOf(id)}`,
      },
    ]);
    expect(app.events.at(-1)).toEqual(expect.objectContaining({ kind: 'client.updated', clientId: id }));
    expect((await manage(app, 'GET', id, token)).body).toEqual(changed.body);
    app.clock.pass(86_400 - 61);
    expect((await manage(app, 'GET', id, token)).status).toBe(200);
    app.clock.pass(1);
    expect((await manage(app, 'GET', id, token)).status).toBe(401); // a change does not lengthen the life of one that is not used
  });

  it('keeps the secret of a client that changes, and lets it choose once how to show it', async () => {
    const app = await makeApp('memory');
    const client = await app.client({ token_endpoint_auth_method: 'client_secret_post' });
    const { body } = await app.register({ redirect_uris: GOOD.redirect_uris });
    const [id, token] = [body['client_id'], body['registration_access_token']];
    const put = async (method?: string): Promise<number> =>
      (
        await manage(app, 'PUT', id, token, {
          redirect_uris: GOOD.redirect_uris,
          client_id: id,
          ...(method === undefined ? {} : { token_endpoint_auth_method: method }),
        })
      ).status;
    expect([await put('none'), await put('client_secret_post'), await put('client_secret_basic')]).toEqual([400, 200, 400]);
    const introspected = await answerOf(
      await app.ask(
        'POST',
        '/revoke',
        new URLSearchParams({ token: 'x', client_id: String(id), client_secret: String(body['client_secret']) }),
        {
          'content-type': 'application/x-www-form-urlencoded',
        },
      ),
    );
    expect(introspected.status).toBe(200);
    expect(client.secret).not.toBe(body['client_secret']);
  });

  it('says that a deleted registration is gone', async () => {
    const app = await makeApp('memory');
    const { body } = await app.register(GOOD);
    const [id, token] = [body['client_id'], body['registration_access_token']];
    const deleted = await manage(app, 'DELETE', id, token);
    expect([deleted.status, deleted.headers.get('cache-control')]).toEqual([204, 'no-store']);
    expect((await manage(app, 'GET', id, token)).status).toBe(401);
    expect(['registration_deleted', 'registration_client_unknown']).toContain(lastReason(app));
  });
});

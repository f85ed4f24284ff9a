/** What a device gets, and what the operator is told when it gets nothing (RFC 8628 §3.2). The whole way: `journeys/device.test.ts`. */
import { describe, expect, it } from 'vitest';
import type { JsonAnswer } from '../../../src/testing/oauth-client.ts';
import { type App, ISSUER, makeApp, RESOURCE } from '../../support/app.ts';
import { answerOf, lastReason } from '../../support/verdicts.ts';

const GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const SECRET = 'a-secret-of-enough-characters-to-pass';
const options = {
  deviceAuthorizationEndpoint: '/device_authorization',
  clients: [
    { id: 'tv', authMethod: 'none', grantTypes: [GRANT] },
    { id: 'box', authMethod: 'client_secret_post', secret: SECRET, grantTypes: [GRANT] },
    { id: 'robot', authMethod: 'client_secret_post', secret: SECRET },
  ],
} as const;
const ask = async (app: App, fields: Record<string, string> = {}, headers: Record<string, string> = {}): Promise<JsonAnswer> =>
  answerOf(await app.ask('POST', '/device_authorization', new URLSearchParams({ client_id: 'tv', ...fields }), headers));

describe('endpoints/authorize/device: device authorization', () => {
  it('gives two codes and the page for them, to be read from any origin and kept by no cache', async () => {
    const app = await makeApp('memory', options);
    const { status, body, headers } = await ask(app, { resource: RESOURCE, scope: 'read' });
    const userCode = String(body['user_code']);
    expect([status, headers.get('access-control-allow-origin'), headers.get('cache-control')]).toEqual([200, '*', expect.stringContaining('no-store')]); // prettier-ignore
    expect(body).toEqual({ device_code: expect.stringMatching(/^device_[\w-]{43}$/), user_code: expect.stringMatching(/^.{4}-.{4}$/), verification_uri: `${ISSUER}/device`, verification_uri_complete: `${ISSUER}/device?user_code=${userCode}`, expires_in: 600, interval: 5 }); // prettier-ignore
    const stored = (await app.inner.read(`device:${await hashOf(String(body['device_code']))}`))?.value;
    expect(stored).toMatchObject({ clientId: 'tv', scope: ['read'], resource: RESOURCE });
    expect((await ask(app, { client_id: 'box', client_secret: SECRET })).status).toBe(200);
  });

  it('says why a device gets none, and writes nothing', async () => {
    const app = await makeApp('memory', options);
    const { body: own } = await app.register({ redirect_uris: [], grant_types: [GRANT], response_types: [], token_endpoint_auth_method: 'client_secret_post' }); // prettier-ignore
    const other = await app.client();
    const writes = app.counts.writes;
    const refused = async (fields: Record<string, string>): Promise<unknown> => {
      const { status, body } = await ask(app, fields);
      return [status, body['error'], lastReason(app)];
    };
    expect(await refused({ client_id: 'gone' })).toEqual([401, 'invalid_client', 'client_unknown']);
    expect(await refused({ client_id: String(own['client_id']) })).toEqual([401, 'invalid_client', 'secret_missing']);
    expect(await refused({ client_id: 'box' })).toEqual([401, 'invalid_client', 'secret_missing']);
    expect(await refused({ client_id: other.id })).toEqual([400, 'unauthorized_client', 'grant_type_unregistered']);
    expect(await refused({ client_id: 'robot', client_secret: SECRET })).toEqual([400, 'unauthorized_client', 'grant_type_unregistered']);
    expect(await refused({ resource: 'https://other.example' })).toEqual([400, 'invalid_target', expect.anything()]);
    expect(await refused({ scope: 'a"b' })).toEqual([400, 'invalid_scope', expect.anything()]);
    expect(app.counts.writes - writes).toBe(0);
  });

  it('makes a network wait after sixty requests in ten minutes, and says how long', async () => {
    const app = await makeApp('memory', options);
    for (let count = 0; count < 60; count++) expect((await ask(app)).status).toBe(200);
    app.clock.pass(100);
    const { status, headers, body } = await ask(app);
    expect([status, headers.get('retry-after'), body['error'], lastReason(app)]).toEqual([429, '500', 'temporarily_unavailable', 'device_limited']); // prettier-ignore
    expect((await ask(app, {}, { 'x-test-address': '198.51.100.9' })).status).toBe(200);
    app.clock.pass(500);
    expect((await ask(app)).status).toBe(200);
  });
});

async function hashOf(text: string): Promise<string> {
  const bytes = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return btoa(String.fromCharCode(...bytes))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replace(/=+$/, '');
}

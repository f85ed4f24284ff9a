/** The store of docs/guide/from-another-server.md, as an application writes it for a server that has no reader here. */
import { describe, expect, it } from 'vitest';
import { base64url } from '../../src/lib/bytes.ts';
import type { FormerStore } from '../../src/former/index.ts';
import { type App, makeApp, RESOURCE } from '../support/app.ts';

const SECRET = 'a-secret-of-the-old-server';
const sha256 = async (text: string): Promise<string> =>
  base64url(new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))));

/** One client with a secret, and one refresh token of it. */
function formerStoreOf(state: { isDown: boolean }): FormerStore {
  return {
    async findClient(id) {
      if (state.isDown) throw new Error('down');
      if (id !== 'old') return null;
      return {
        id,
        redirectUris: ['https://client.example/cb'],
        grantTypes: ['authorization_code', 'refresh_token'],
        authMethod: 'client_secret_basic',
        methodChosen: false,
        secretHash: await sha256(SECRET),
        createdAt: 0,
      };
    },
    async findGrant(refreshToken, clientId) {
      if (state.isDown) throw new Error('down');
      if (refreshToken !== 'old-token' || clientId !== 'old') return null;
      return { id: 'g1', clientId, userId: 'una', scope: ['read'], key: refreshToken, props: { claims: { sub: 'una' } } };
    },
  };
}

async function refresh(app: App, token: string, secret = SECRET): Promise<{ status: number; body: Record<string, unknown> }> {
  const form = { grant_type: 'refresh_token', refresh_token: token, client_id: 'old', client_secret: secret, resource: RESOURCE };
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  const response = await app.ask('POST', '/token', new URLSearchParams(form), type);
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe('former/hand-written', () => {
  it('keeps a user signed in, once for each grant, and an outage is no refusal', async () => {
    const state = { isDown: true };
    const app = await makeApp('memory', { logins: [], defaultHandler: () => new Response('own'), formerStore: formerStoreOf(state) });
    expect((await refresh(app, 'old-token')).status).toBe(503);
    state.isDown = false;
    expect((await refresh(app, 'old-token', 'wrong')).body['error']).toBe('invalid_client');
    expect((await refresh(app, 'another')).body).toMatchObject({ error: 'invalid_grant' });
    const moved = await refresh(app, 'old-token');
    expect([moved.status, moved.body['scope']]).toEqual([200, 'read']);
    expect((await app.call(String(moved.body['access_token']))).access).toMatchObject({ userId: 'una', clientId: 'old', scope: ['read'] });
    expect((await refresh(app, String(moved.body['refresh_token']))).status).toBe(200);
  });
});

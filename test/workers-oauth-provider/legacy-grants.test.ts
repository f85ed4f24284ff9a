/** Grants of the former namespace without a resource, on a server of several. */
import { makeRuntime } from '#under-test';
import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { AdaptedAuthorizationServer } from '../../src/workers-oauth-provider/provider.ts';
import { formerClient, formerGrant, makeFormerKv } from '../support/former-kv.ts';

const ISSUER = 'https://auth.example';
const [ONE, TWO] = ['https://one.example/mcp', 'https://two.example/mcp'];

describe('workers-oauth-provider: legacyGrantResource', () => {
  it.each([
    [{ legacyGrantResource: TWO, defaultResource: ONE }, undefined, TWO],
    [{ legacyGrantResource: TWO }, undefined, TWO],
    [{ legacyGrantResource: TWO }, ONE, ONE],
    [{ defaultResource: ONE }, undefined, ONE],
  ])('with %j moves a grant for the resource %s to one for %s', async (more, stored, resource) => {
    const [kv, clock] = [makeFormerKv(), makeClock()];
    const server = new AdaptedAuthorizationServer<object>(
      { issuer: ISSUER, tokenEndpoint: '/token', authorizeEndpoint: '/authorize', resources: [ONE, TWO], onError: () => undefined, ...more },
      { runtime: { ...makeRuntime(), now: clock.now }, address: () => '192.0.2.1' },
    );
    const env = { PORTCULLIS: memoryStore(clock), OAUTH_KV: kv };
    const client_id = await formerClient(kv);
    const { current: refresh_token } = await formerGrant(kv, client_id, { resource: stored });
    const body = new URLSearchParams({ grant_type: 'refresh_token', client_id, refresh_token }).toString();
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = await server.fetch(new Request(`${ISSUER}/token`, { method: 'POST', headers, body }), env, { waitUntil() {} });
    const tokens = (await answer.json()) as { resource: string; access_token: string };
    expect([answer.status, tokens.resource]).toEqual([200, resource]);
    expect((await server.validateToken(resource, tokens.access_token, env))?.userId).toBe('una');
  }); // prettier-ignore
});

/** Requests on their way to the core. */
import { describe, expect, it } from 'vitest';
import { Requests } from '../../src/workers-oauth-provider/wire.ts';

const METADATA = { redirect_uris: ['https://app.example/cb'], grant_types: ['authorization_code'] };

describe('workers-oauth-provider/wire', () => {
  it('keeps nothing of a registration that is cut off: it is found by the request alone (F-51)', async () => {
    const requests = new Requests('/token', '/register');
    const headers = { 'content-type': 'application/json' };
    const asked = new Request('https://mcp.example/register', { method: 'POST', headers, body: JSON.stringify(METADATA) });
    const seen = await new Promise<Request>((done) => {
      void requests.answer(asked, (request) => (done(request), new Promise(() => {})));
    });
    expect([...seen.headers.keys()]).toEqual(['content-type']); // nothing by which another could ask for it
    expect(await requests.sent(seen).json()).toEqual(METADATA);
    expect(await seen.json()).toEqual({ ...METADATA, grant_types: ['authorization_code', 'refresh_token'] });
    expect(() => requests.sent(asked)).toThrow('Unknown registration.');
  });

  it('keeps the query of a revocation at the token endpoint, so that the core refuses a secret there', async () => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const asked = new Request('https://mcp.example/oauth/token?client_secret=s', { method: 'POST', headers, body: 'token=t' });
    let seen = '';
    await new Requests('/oauth/token', '/register').answer(asked, async ({ url }) => ((seen = url), new Response()));
    expect(seen).toBe('https://mcp.example/oauth/revoke?client_secret=s');
  });
});

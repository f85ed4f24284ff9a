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
});

/** Two places with a cache each before one store: what is decided over a client is decided by the client as it stands. */
import { describe, expect, it } from 'vitest';
import { composedStore } from '../../src/stores/composed.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { ALICE, type App, appOn, ISSUER } from '../support/app.ts';

/** Two servers, as in two regions; the second has shown the client's page a moment ago. */
async function twoPlaces(metadata: Record<string, unknown> = {}) {
  const clock = makeClock();
  const atomic = memoryStore(clock);
  const place = (): Promise<App> => appOn(composedStore({ atomic, cache: memoryStore(clock), now: clock.now }), clock);
  const [here, there] = [await place(), await place()];
  const client = await here.client(metadata);
  const browser = there.browser();
  const url = await client.authorizeUrl();
  const page = await browser.get(url);
  const { clients } = here.provider.helpers(here.env);
  return { here, there, client, browser, page, url, clients };
}

describe('a client that was changed in another place a moment ago', () => {
  it('gets no grant when it was deleted, from a page that was open, nor from one opened late (F-15)', async () => {
    const { there, client, browser, page, url, clients } = await twoPlaces();
    await clients.delete(client.id);
    const answer = await browser.submit(page, { decision: 'approve', ...ALICE });
    expect([answer.status, answer.location]).toEqual([400, null]);
    const late = there.browser();
    const again = await late.get(url);
    expect(again.status).toBe(200); // shown as it was, and nothing more
    expect((await late.submit(again, { decision: 'approve', ...ALICE })).location).toBeNull();
    const { grants } = await there.provider.helpers(there.env).listUserGrants(there.aliceId);
    expect(grants).toEqual([]);
  });

  it('cannot use a secret that was changed or a registration that ended (F-15)', async () => {
    const { here, there, client, clients } = await twoPlaces({ token_endpoint_auth_method: 'client_secret_post' });
    const ask = (app: App): Promise<Response> => {
      const body = new URLSearchParams({
        grant_type: 'authorization_code',
        code: 'x',
        client_id: client.id,
        client_secret: client.secret ?? '',
      });
      return app.ask('POST', '/token', body.toString(), { 'content-type': 'application/x-www-form-urlencoded' });
    };
    expect([(await ask(here)).status, (await ask(there)).status]).toEqual([400, 400]); // right secret, no such code
    await clients.delete(client.id);
    expect([(await ask(here)).status, (await ask(there)).status]).toEqual([401, 401]);
  });

  it('is sent no error at an address that is no longer its own (F-15)', async () => {
    const { there, client, url, clients } = await twoPlaces();
    await clients.update(client.id, { redirectUris: ['https://new.example/callback'] });
    const answer = await there.send(new Request(`${url}&prompt=none`));
    expect([answer.status, answer.headers.get('location')]).toEqual([400, null]);
    expect((await there.send(new Request(url.replace('response_type=code', 'response_type=token')))).headers.get('location')).toBeNull();
    expect(url.startsWith(ISSUER)).toBe(true);
  });
});

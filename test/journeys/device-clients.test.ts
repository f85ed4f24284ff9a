/** Devices of clients that no one entered: registered by themselves, or known by a document (RFC 8628, RFC 7591). */
import { describe, expect, it } from 'vitest';
import { makeClock } from '../../src/testing/clock.ts';
import { type JsonAnswer, tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, type App, appOn, ISSUER, makeApp, storeNamed, storeNames } from '../support/app.ts';
import { answerOf, expectJson, expectNothingWritten, expectRedirect } from '../support/verdicts.ts';

const GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const options = { deviceAuthorizationEndpoint: '/device_authorization' };
const DEVICE_ONLY = { client_name: 'Lamp', grant_types: [GRANT, 'refresh_token'], response_types: [], token_endpoint_auth_method: 'none' };
const ID = 'https://lamp.example/app.json';
const DOCUMENT = { client_id: ID, client_name: 'Lamp', redirect_uris: ['http://localhost/cb'], grant_types: ['authorization_code', GRANT] };

const post = async (app: App, path: string, fields: Record<string, string>): Promise<JsonAnswer> =>
  answerOf(await app.ask('POST', path, new URLSearchParams(fields), { 'content-type': 'application/x-www-form-urlencoded' }));
const ask = (app: App, clientId: string): Promise<JsonAnswer> => post(app, '/device_authorization', { client_id: clientId });
/** From the code that the device shows to its tokens, with all that the person saw. */
async function throughPages(app: App, clientId: string): Promise<{ page: string; given: JsonAnswer }> {
  const asked = await ask(app, clientId);
  expect(asked.status, JSON.stringify(asked.body)).toBe(200);
  const browser = app.browser();
  const page = await browser.submit(await browser.get(`${ISSUER}/device`), { user_code: String(asked.body['user_code']) });
  const back = await browser.submit(page, { decision: 'approve', remember: 'yes', ...ALICE });
  expect(back.location).toBe('/device?result=done');
  const device = { grant_type: GRANT, client_id: clientId, device_code: String(asked.body['device_code']) };
  return { page: page.text, given: await post(app, '/token', device) };
}

/** A server to which the world outside is one document. */
async function worldOf(store: string, document: Record<string, unknown> = DOCUMENT, headers: Record<string, string> = {}): Promise<App & { fetched: string[] }> {
  const clock = makeClock();
  const fetched: string[] = [];
  const fetchPublic = async (url: string): Promise<Response> => (fetched.push(url), Response.json(document, { headers }));
  return { ...(await appOn(await storeNamed(store, clock.now), clock, options, { fetchPublic })), fetched };
} // prettier-ignore

describe.each(storeNames)('a device of a client that the operator did not enter, on %s', (store) => {
  it('SEC-220 registers itself for it, without redirect URIs, and gets tokens that it can refresh', async () => {
    const app = await makeApp(store, options);
    const { status, body } = await app.register(DEVICE_ONLY);
    expect([status, body]).toMatchObject([201, { grant_types: DEVICE_ONLY.grant_types, response_types: [], redirect_uris: [] }]);
    const id = String(body['client_id']);
    const { page, given } = await throughPages(app, id);
    expect(page).toContain('An app that calls itself');
    const { access, refresh } = tokensOf(given);
    expect((await app.call(access)).access).toMatchObject({ clientId: id, userId: app.aliceId });
    expect((await post(app, '/token', { grant_type: 'refresh_token', client_id: id, refresh_token: refresh })).status).toBe(200);
  });

  it('SEC-220 is known by its document, fetched once, and the page names the host as a claim', async () => {
    const app = await worldOf(store);
    const { page, given } = await throughPages(app, ID);
    expect(page).toMatch(/Says it is from<\/dt>\s*<dd class="host"><bdi>lamp\.example<\/bdi>/);
    expect(page).toContain('Allow it only if you just started this yourself');
    expect((await app.call(tokensOf(given).access)).access?.clientId).toBe(ID);
    expect([given.body['refresh_token'], app.fetched]).toEqual([undefined, [ID]]);
  });
});

describe('device clients that the operator did not enter', () => {
  it('SEC-220 registers the grant type only for clients that request it, and for none if it is off', async () => {
    const app = await makeApp('memory', options);
    const plain = await app.register({ redirect_uris: ['https://app.example/cb'], token_endpoint_auth_method: 'none' });
    expect(plain.body['grant_types']).toEqual(['authorization_code', 'refresh_token']);
    expectJson(await expectNothingWritten(app, () => ask(app, String(plain.body['client_id']))), 'unauthorized_client');
    const off = await makeApp('memory');
    expectJson(await off.register(DEVICE_ONLY), 'invalid_client_metadata');
    const dropped = await off.register({ redirect_uris: ['https://app.example/cb'], grant_types: ['authorization_code', GRANT] });
    expect(dropped.body['grant_types']).toEqual(['authorization_code']);
  });

  it('SEC-220 takes no document that does not ask for it, and none without redirect URIs (S-084)', async () => {
    const { grant_types: _types, ...plain } = DOCUMENT;
    expectJson(await ask(await worldOf('memory', plain), ID), 'unauthorized_client');
    const { redirect_uris: _uris, ...device } = DOCUMENT;
    expectJson(await ask(await worldOf('memory', { ...device, grant_types: [GRANT] }), ID), 'invalid_client');
  });

  it('SEC-220 SEC-099 fetches no document for an invalid request', async () => {
    const app = await worldOf('memory');
    const fields = { client_id: ID, resource: 'https://elsewhere.example/' };
    expectJson(await expectNothingWritten(app, () => post(app, '/device_authorization', fields)), 'invalid_target');
    expect(app.fetched).toEqual([]);
  });

  it('SEC-220 asks again although the document is kept by no cache', async () => {
    const app = await worldOf('memory', DOCUMENT, { 'cache-control': 'no-store' });
    expect((await throughPages(app, ID)).given.status).toBe(200);
    expect(app.fetched).toEqual([ID, ID]);
  });

  it('SEC-220 sends no browser to a client that registered for devices alone', async () => {
    const app = await makeApp('memory', options);
    const client = await app.client({ grant_types: [GRANT] });
    expectRedirect(await app.browser().get(await client.authorizeUrl()), 'unauthorized_client');
  });

  it('SEC-220 remembers no yes to a device: the next one is asked about all the same', async () => {
    const app = await makeApp('memory', options);
    const id = String((await app.register(DEVICE_ONLY)).body['client_id']);
    for (let time = 0; time < 2; time++) expect((await throughPages(app, id)).page).not.toContain('Don’t ask me again');
    const { records = [] } = (await app.inner.all?.()) ?? {};
    const kept = JSON.stringify(records.filter(({ key }) => key.startsWith('consent:')));
    expect(kept).toContain('"remembered":[]');
  });

  it('SEC-220 keeps the promise of a client with a secret: it polls with its proof', async () => {
    const app = await makeApp('memory', options);
    const { body } = await app.register({ ...DEVICE_ONLY, token_endpoint_auth_method: 'client_secret_post' });
    const id = String(body['client_id']);
    expectJson(await ask(app, id), 'invalid_client', 401);
    const own = { client_id: id, client_secret: String(body['client_secret']) };
    const asked = await post(app, '/device_authorization', own);
    const device = { grant_type: GRANT, device_code: String(asked.body['device_code']) };
    expectJson(await post(app, '/token', { ...device, client_id: id }), 'invalid_client', 401);
    expectJson(await post(app, '/token', { ...device, ...own }), 'authorization_pending');
  });
});

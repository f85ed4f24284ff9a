/** What the endpoint for pushed requests tells the operator of each refusal, and what it keeps of a request (RFC 9126). */
import { describe, expect, it } from 'vitest';
import type { JsonAnswer } from '../../../src/testing/oauth-client.ts';
import { german } from '../../../src/words/index.ts';
import { type App, ISSUER, makeApp } from '../../support/app.ts';
import { makeProver } from '../../support/prover.ts';
import { answerOf, lastReason } from '../../support/verdicts.ts';

const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
const push = async (app: App, body: URLSearchParams | string, headers: Record<string, string> = {}, path = '/par'): Promise<JsonAnswer> =>
  answerOf(await app.ask('POST', path, body, { ...FORM, ...headers }));

describe('endpoints/oauth/par: reasons', () => {
  it('says why a pushed request is refused', async () => {
    const app = await makeApp('memory');
    const [client, secret] = [await app.client(), await app.client({ token_endpoint_auth_method: 'client_secret_post' })];
    const request = async (of = client, changes: Record<string, string | null> = {}): Promise<URLSearchParams> =>
      new URL(await of.authorizeUrl(changes)).searchParams;
    const reason = async (body: URLSearchParams | string, headers?: Record<string, string>, path?: string): Promise<unknown> => {
      const { status } = await push(app, body, headers, path);
      return [status, lastReason(app)];
    };
    expect(await reason(await request(client, { request_uri: 'urn:x' }))).toEqual([400, 'request_uri_pushed']);
    expect(await reason(await request(secret))).toEqual([401, 'secret_missing']);
    for (const name of ['client_secret', 'client_assertion', 'client_assertion_type'])
      expect(await reason(`${(await request()).toString()}&${name}=a&${name}=b`)).toEqual([400, `repeated_${name}`]);
    expect(await reason(await request(), {}, '/par?client_secret=x')).toEqual([400, expect.stringMatching(/url|query/)]);
    const prover = await makeProver(app.clock);
    const dpop = async (): Promise<Record<string, string>> => ({ dpop: await prover.proof('POST', `${ISSUER}/par`) });
    expect(await reason(await request(client, { dpop_jkt: 'A'.repeat(43) }), await dpop())).toEqual([400, 'dpop_jkt_differs']);
    expect((await push(app, await request(), await dpop())).status).toBe(201);
    const used = await dpop();
    expect((await push(app, await request(client, { code_challenge: null }), used)).status).toBe(400);
    expect((await push(app, await request(), used)).status).toBe(201); // a refusal uses up no proof
    expect(await reason(await request(), used)).toEqual([400, 'proof_replayed']);
  });

  it('makes a network wait after 300 requests in ten minutes, and says how long', async () => {
    const app = await makeApp('memory');
    const client = await app.client();
    const body = new URL(await client.authorizeUrl()).searchParams;
    for (let at = 0; at < 300; at++) expect((await push(app, body)).status).toBe(201);
    app.clock.pass(100);
    const { status, headers } = await push(app, body);
    expect([status, headers.get('retry-after'), lastReason(app)]).toEqual([429, '500', 'push_limited']);
    expect((await push(app, body, { 'x-test-address': '198.51.100.9' })).status).toBe(201);
    app.clock.pass(500);
    expect((await push(app, body)).status).toBe(201);
  });

  it('keeps no credential, and every parameter of a request', async () => {
    const app = await makeApp('memory', { pages: { languages: [german] } });
    const client = await app.client({ token_endpoint_auth_method: 'client_secret_post' });
    const all = {
      dpop_jkt: 'A'.repeat(43),
      response_mode: 'query',
      nonce: 'n0nce',
      prompt: 'consent',
      ui_locales: 'de',
      login_hint: 'alice',
      scope: 'read',
      resource: 'https://mcp.example/mcp',
      state: 'st4te',
    };
    const body = new URL(await client.authorizeUrl(all)).searchParams;
    body.set('client_secret', client.secret ?? '');
    const { body: answer } = await push(app, body);
    expect(answer).toEqual({ request_uri: expect.stringMatching(/^urn:ietf:params:oauth:request_uri:[\w-]{43}$/), expires_in: 90 });
    const browser = app.browser();
    const page = await browser.get(
      `${ISSUER}/authorize?${new URLSearchParams({ client_id: client.id, request_uri: String(answer['request_uri']) })}`,
    );
    expect([page.status, page.text.includes('alice'), page.text.includes('lang="de"')]).toEqual([200, true, true]);
  });
});

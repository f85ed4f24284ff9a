import { describe, expect, it } from 'vitest';
import { parseBasic } from '../../src/clients/confidential.ts';
import type { JsonAnswer, TestClient } from '../../src/testing/oauth-client.ts';
import { ALICE, type App, makeApp } from '../support/app.ts';
import { expectJson } from '../support/verdicts.ts';

const utf8 = (text: string): string => btoa(String.fromCharCode(...new TextEncoder().encode(text)));
const basic = (text: string): { authorization: string } => ({ authorization: `Basic ${utf8(text)}` });
const BASIC = { token_endpoint_auth_method: 'client_secret_basic' };
const POST = { token_endpoint_auth_method: 'client_secret_post' };

interface Waiting {
  readonly app: App;
  readonly client: TestClient;
  /** Sends the code with these credentials. */
  readonly redeem: (changes: Record<string, string | null>, headers?: Record<string, string>) => Promise<JsonAnswer>;
}

/** A client of that kind with an unspent code. */
async function withCode(metadata: Record<string, unknown>): Promise<Waiting> {
  const app = await makeApp('memory');
  const client = await app.client(metadata);
  const code = await client.signIn(app.browser(), ALICE);
  const fields = { grant_type: 'authorization_code', code, code_verifier: client.verifier };
  return { app, client, redeem: (changes, headers) => client.token({ ...fields, ...changes }, headers) };
}

describe('clients/confidential', () => {
  it('takes each client by the method it registered (S-027)', async () => {
    const none = await withCode({});
    expect((await none.redeem({ client_id: none.client.id })).status).toBe(200);
    const inBody = await withCode(POST);
    expect((await inBody.redeem({ client_id: inBody.client.id, client_secret: inBody.client.secret ?? '' })).status).toBe(200);
    const inHeader = await withCode(BASIC);
    expect((await inHeader.redeem({}, basic(`${inHeader.client.id}:${inHeader.client.secret}`))).status).toBe(200);
  });

  it('SEC-058 answers a wrong secret with 401, with a Basic challenge where the header was used, and keeps the code (S-028)', async () => {
    const header = await withCode(BASIC);
    const refused = await header.redeem({}, basic(`${header.client.id}:wrong`));
    expectJson(refused, 'invalid_client', 401);
    expect(refused.headers.get('www-authenticate')).toMatch(/^Basic realm="/);
    expect((await header.redeem({}, basic(`${header.client.id}:${header.client.secret}`))).status).toBe(200);
    const body = await withCode(POST);
    const answer = await body.redeem({ client_id: body.client.id, client_secret: 'wrong' });
    expectJson(answer, 'invalid_client', 401);
    expect(answer.headers.get('www-authenticate')).toBeNull();
    expect((await body.redeem({ client_id: body.client.id, client_secret: body.client.secret ?? '' })).status).toBe(200);
  });

  it('SEC-059 says the same of an unknown client, of a wrong secret, and of one that was removed', async () => {
    const { app, client, redeem } = await withCode(POST);
    const removed = await app.client(POST);
    await app.store.remove(`client:${removed.id}`);
    const answers = [
      await redeem({ client_id: 'AAAAAAAAAAAAAAAAAAAAAA', client_secret: 'x' }),
      await redeem({ client_id: 'https://evil.example/client', client_secret: 'x' }),
      await redeem({ client_id: client.id, client_secret: 'wrong' }),
      await redeem({ client_id: removed.id, client_secret: removed.secret ?? '' }),
      await redeem({ client_id: 'AAAAAAAAAAAAAAAAAAAAAA' }),
      await redeem({ client_id: client.id }),
    ];
    for (const { status, body } of answers) expect({ status, body }).toEqual({ status: 401, body: answers[0]?.body });
  });

  it('SEC-060 refuses a secret of a client that has none, and the bare id of one that has', async () => {
    const none = await withCode({});
    expectJson(await none.redeem({ client_id: none.client.id, client_secret: 'x' }), 'invalid_client', 401);
    expect((await none.redeem({ client_id: none.client.id, client_secret: '' })).status).toBe(200);
    const post = await withCode(POST);
    expectJson(await post.redeem({ client_id: post.client.id }), 'invalid_client', 401);
    expectJson(await post.redeem({ client_id: post.client.id, client_secret: '' }), 'invalid_client', 401);
    expectJson(await post.redeem({ client_id: null }), 'invalid_client', 401);
    expect((await post.redeem({ client_id: post.client.id, client_secret: post.client.secret ?? '' })).status).toBe(200);
  });

  it('SEC-061 refuses two methods in one request, and two ids', async () => {
    const { app, client, redeem } = await withCode(BASIC);
    const other = await app.client(POST);
    const header = basic(`${client.id}:${client.secret}`);
    expectJson(await redeem({ client_secret: client.secret ?? '' }, header), 'invalid_request');
    expectJson(await redeem({ client_id: other.id }, header), 'invalid_request');
    expect((await redeem({ client_id: client.id }, header)).status).toBe(200);
  });

  it('SEC-062 splits the decoded header at the first colon, then form-decodes both parts', () => {
    expect(parseBasic(basic('a%3Ab:c%25d').authorization)).toEqual({ id: 'a:b', secret: 'c%d' });
    expect(parseBasic(basic('a+b:c+d').authorization)).toEqual({ id: 'a b', secret: 'c d' });
    expect(parseBasic(basic('id:se:cr:et').authorization)).toEqual({ id: 'id', secret: 'se:cr:et' });
    expect(parseBasic(basic('%C3%BCser:p%C3%A4ss').authorization)).toEqual({ id: 'üser', secret: 'päss' });
    expect(parseBasic(basic('üser:päss').authorization)).toEqual({ id: 'üser', secret: 'päss' });
    expect(parseBasic(basic('id:secret').authorization.replace('Basic', 'bAsIc'))).toEqual({ id: 'id', secret: 'secret' });
  });

  it.each([
    'Basic', 'Basic ', 'Basic !!!!', 'Basic YTpi=', 'Basic YTp', 'Basic Y', basic('nocolon').authorization, basic(':secret').authorization,
    basic('id:').authorization, basic('::').authorization, basic('a%zz:').authorization, basic('a%zz:b').authorization, basic('a%ff:b').authorization, basic('a\0:b').authorization, basic('a%00:b').authorization,
    `Basic ${btoa('\xff\xfe:x')}`, `Basic ${btoa('x'.repeat(16_384))}`, 'Bearer abc', 'Digest username="x"', 'Basic YTpi, Basic YTpi', 'YTpi',
  ])('SEC-063 answers the header %j with 401 and a Basic challenge', async (authorization) => {
    const { redeem } = await withCode(BASIC);
    const answer = await redeem({}, { authorization });
    expectJson(answer, 'invalid_client', 401);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm="[^"]+", charset="UTF-8"$/);
  }); // prettier-ignore

  it('SEC-064 takes a good secret only by the method that was chosen', async () => {
    const header = await withCode(BASIC);
    expectJson(await header.redeem({ client_id: header.client.id, client_secret: header.client.secret ?? '' }), 'invalid_client', 401);
    const body = await withCode(POST);
    expectJson(await body.redeem({}, basic(`${body.client.id}:${body.client.secret}`)), 'invalid_client', 401);
    const none = await withCode({});
    expectJson(await none.redeem({}, basic(`${none.client.id}:x`)), 'invalid_client', 401);
  });

  it('takes the secret of a client that never chose a method in the body and in the header, and holds one that chose to it (R-09)', async () => {
    const SECRET = 'a-secret-of-enough-characters-to-pass';
    const about = { secret: SECRET, redirectUris: ['https://app.example/cb'], grantTypes: ['client_credentials'] };
    const clients = [
      { id: 'open', ...about },
      { id: 'held', ...about, authMethod: 'client_secret_basic' },
    ] as const;
    const app = await makeApp('memory', { clients });
    const ask = async (id: string, form: Record<string, string>, headers: Record<string, string>): Promise<number> => {
      const body = new URLSearchParams({ grant_type: 'client_credentials', ...form });
      return (await app.ask('POST', '/token', body, { 'content-type': 'application/x-www-form-urlencoded', ...headers })).status;
    };
    const both = async (id: string): Promise<number[]> => [
      await ask(id, { client_id: id, client_secret: SECRET }, {}),
      await ask(id, {}, basic(`${id}:${SECRET}`)),
    ];
    expect([await both('open'), await both('held')]).toEqual([
      [200, 200],
      [401, 200],
    ]);
    expect(app.events).toContainEqual(expect.objectContaining({ kind: 'request.refused', reason: 'method_unregistered' }));
    const registered = await app.client({ token_endpoint_auth_method: null });
    for (const [form, headers] of [
      [{ client_id: registered.id, client_secret: registered.secret ?? '' }, {}],
      [{}, basic(`${registered.id}:${registered.secret}`)],
    ] as const) {
      const code = await registered.signIn(app.browser(), ALICE);
      const fields = { grant_type: 'authorization_code', code, code_verifier: registered.verifier, client_id: null, client_secret: null };
      expect((await registered.token({ ...fields, ...form }, headers)).status).toBe(200);
    }
  });

  it.each([
    's+ecret-with-plus-and-%-signs-%zz-inside',
    'secret%2Bthat%20looks%20encoded-but-is-not',
    'plain-secret-with-%25-in-it-of-length',
  ])('takes the pair of a Basic header as it is, too, where a client left the form-encoding out: %s (R-10, SEC-062)', async (secret) => {
    const clients = [{ id: 'litellm', secret, grantTypes: ['client_credentials'] }] as const;
    const app = await makeApp('memory', { clients });
    const ask = async (pair: string): Promise<number> =>
        (await app.ask('POST', '/token', new URLSearchParams({ grant_type: 'client_credentials' }), {
          'content-type': 'application/x-www-form-urlencoded', ...basic(pair),
        })).status; // prettier-ignore
    expect(await ask(`litellm:${secret}`)).toBe(200);
    expect(await ask(`litellm:${new URLSearchParams({ x: secret }).toString().slice(2)}`)).toBe(200);
    expect(await ask(`litellm:${secret}x`)).toBe(401);
  });

  it('SEC-066 slows down secret guessing, and only from that network (S-029)', async () => {
    const { client, redeem } = await withCode(POST);
    const guess = (address: string): Promise<JsonAnswer> =>
      redeem({ client_id: client.id, client_secret: 'guess' }, { 'x-test-address': address });
    const statuses: number[] = [];
    for (let at = 0; at < 40; at++) statuses.push((await guess('198.51.100.7')).status);
    expect([statuses.indexOf(429), statuses.at(-1)]).toEqual([30, 429]);
    const limited = await guess('198.51.100.7');
    expect([limited.body['error'], Number(limited.headers.get('retry-after')) > 0]).toEqual(['invalid_client', true]);
    expect((await guess('203.0.113.9')).status).toBe(401);
    expect((await redeem({ client_id: client.id, client_secret: client.secret ?? '' }, { 'x-test-address': '203.0.113.9' })).status).toBe(
      200,
    );
  });

  it('SEC-037 refuses a confidential client that was removed before it redeemed', async () => {
    const { app, client, redeem } = await withCode(POST);
    await app.store.remove(`client:${client.id}`);
    expectJson(await redeem({ client_id: client.id, client_secret: client.secret ?? '' }), 'invalid_client', 401);
  });
});

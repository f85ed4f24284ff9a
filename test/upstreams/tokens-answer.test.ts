/** What is made of an answer of a token endpoint, to the last member. */
import { describe, expect, it } from 'vitest';
import type { Provider } from '../../src/upstreams/contract.ts';
import { readAnswer } from '../../src/upstreams/tokens.ts';

interface Asked {
  readonly status?: number;
  readonly type?: string;
  readonly isRefresh?: boolean;
  readonly repair?: Provider['repair'];
  readonly openid?: boolean;
}

/** Status and members for the library, and the refresh token; or how it failed. */
async function read(
  body: unknown,
  { status = 200, type = 'application/json', isRefresh = false, repair, openid = true }: Asked = {},
): Promise<unknown> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const answer = new Response(text, { status, headers: { 'content-type': type } });
  return readAnswer(answer, { openid, ...(repair ? { repair } : {}) } as Provider, isRefresh).then(
    async ({ response, refreshToken }) => [response.status, await response.json(), refreshToken],
    (error: { failure?: string; reason?: string }) => `${error.failure} ${error.reason}`,
  );
}

const GOOD = { access_token: 'a', token_type: 'bearer' };

describe('upstreams/tokens, a response: a good one', () => {
  it('has an ID token for a sign-in with OpenID Connect alone, where it is verified', async () => {
    const sent = { ...GOOD, id_token: 'i' };
    expect(await read(sent)).toEqual([200, sent, undefined]);
    expect(await read({ ...GOOD, id_token: ' i\n' })).toEqual([200, sent, undefined]);
    for (const unused of [{ isRefresh: true }, { openid: false }, { isRefresh: true, openid: false }]) expect(await read(sent, unused)).toEqual([200, GOOD, undefined]);
  }); // prettier-ignore

  it.each<[unknown, object]>([
    [{ access_token: 'a' }, {}],
    [{ access_token: 'a', token_type: 'MAC' }, { token_type: 'MAC' }],
    [{ access_token: 'a', token_type: 'macaroon' }, {}],
    [{ access_token: 'a', token_type: 'xmac' }, {}],
    [{ access_token: 'a', token_type: 7 }, {}],
    [{ access_token: 'a', expires_in: 60 }, { expires_in: 60 }],
    [{ access_token: 'a', expires_in: '60' }, { expires_in: 60 }],
    [{ access_token: 'a', expires_in: '60.5' }, { expires_in: 61 }],
    [{ access_token: 'a', expires_in: '60.55' }, { expires_in: 61 }],
    [{ access_token: 'a', expires_in: 0.5 }, { expires_in: 1 }],
    [{ access_token: 'a', expires_in: 400 * 86_400 }, { expires_in: 400 * 86_400 }],
    [{ access_token: 'a', expires_in: 400 * 86_400 + 1 }, {}],
    [{ access_token: 'a', expires_in: 0 }, {}],
    [{ access_token: 'a', expires_in: '1e3' }, {}],
    [{ access_token: 'a', expires_in: 'x60' }, {}],
    [{ access_token: 'a', expires_in: '60x' }, {}],
    [{ access_token: 'a', expires_in: '1234567890' }, {}],
    [{ access_token: 'a', scope: 'x y' }, { scope: 'x y' }],
    [{ access_token: 'a', scope: ['x', 7, 'y'] }, { scope: 'x y' }],
    [{ access_token: 'a', scope: 7 }, {}],
    [
      { access_token: 'a', error: 'none', id_token: 'i', more: 1 },
      { id_token: 'i', more: 1 },
    ],
  ])('of %j', async (body, members) => {
    expect(await read(body)).toEqual([200, { ...GOOD, ...members }, undefined]);
  });

  it('is accepted with any status of success, and has its refresh token', async () => {
    expect(await read({ access_token: 'a', refresh_token: 'r' }, { status: 201 })).toEqual([200, { ...GOOD, refresh_token: 'r' }, 'r']);
    for (const refresh_token of ['', null, 7]) expect(await read({ access_token: 'a', refresh_token })).toEqual([200, GOOD, undefined]);
  });

  it('may be a form, as old servers answer', async () => {
    expect(await read(' access_token=a&scope=x%20y\n', { type: 'application/x-www-form-urlencoded' })).toEqual([200, { ...GOOD, scope: 'x y' }, undefined]);
    expect(await read('access_token=a', { type: 'text/plain; charset=utf-8' })).toEqual([200, GOOD, undefined]);
    for (const [body, type] of [['access_token=a', 'text/html'], ['<p>access_token=a', 'text/plain'], ['access_token=a b', 'text/plain'], ['a-b=c', 'text/plain'], ['a=<b>', 'text/plain']])
      expect(await read(body, { type: type ?? '' })).toMatch(/^broken|^unavailable/);
  }); // prettier-ignore

  it('is read after its repair, and keeps the refresh token if that fails', async () => {
    expect(await read({ data: { access_token: 'a' } }, { repair: (body) => body['data'] as never })).toEqual([200, GOOD, undefined]);
    const repair = (): never => {
      throw new Error('ours');
    };
    expect(await read({ access_token: 'a', refresh_token: 'r' }, { repair })).toEqual([400, { error: 'repair_failed' }, 'r']);
  });
});

describe('upstreams/tokens, a response: a bad one', () => {
  it('keeps its status, or has 400 where it says an error with 200', async () => {
    const error = { error: 'bad_verification_code' };
    expect(await read(error)).toEqual([400, error, undefined]);
    expect(await read(error, { status: 401 })).toEqual([401, error, undefined]);
    expect(await read({ a: 1 })).toEqual([200, { a: 1 }, undefined]);
    expect(await read({ ...error, refresh_token: 'r' }, { status: 400 })).toEqual([400, { ...error, refresh_token: 'r' }, undefined]);
    expect(await read({ access_token: 'a' }, { status: 400 })).toEqual([400, { access_token: 'a' }, undefined]);
    expect(await read({ access_token: 'a' }, { status: 302 })).toEqual([302, { access_token: 'a' }, undefined]);
  });

  it('is null if it cannot be read', async () => {
    expect([await read('<html>'), await read('<html>', { status: 299 })]).toEqual(Array(2).fill('broken token_answer_not_json'));
    expect([await read('<html>', { status: 300 }), await read('', { status: 502 })]).toEqual(['broken token_status_300', 'broken token_status_502']);
    expect(await read(`${'{"a":'.repeat(32)}{}${'}'.repeat(32)}`)).toBe('broken token_answer_not_json');
    expect(await read(`${'{"a":'.repeat(31)}{}${'}'.repeat(31)}`)).toMatchObject([200, {}, undefined]);
    expect(await read([])).toEqual([200, {}, undefined]);
  }); // prettier-ignore

  it('ends a grant only where it answers a refresh, and brings no next token (R-31)', async () => {
    const dead = { error: 'invalid_grant' };
    expect(await read(dead, { status: 400, isRefresh: true })).toBe('refused refresh_invalid_grant');
    expect(await read(dead, { isRefresh: true })).toBe('refused refresh_invalid_grant');
    expect(await read(dead, { status: 400 })).toEqual([400, dead, undefined]);
    expect(await read({ ...dead, refresh_token: 'r' }, { isRefresh: true })).toEqual([400, { ...dead, refresh_token: 'r' }, 'r']);
    expect(await read({ error: 'invalid_client' }, { status: 401, isRefresh: true })).toEqual([401, { error: 'invalid_client' }, undefined]);
  }); // prettier-ignore
});

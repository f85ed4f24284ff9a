/** Each refusal has a reason of its own for the operator; outside, causes that must not be told apart stay alike. */
import { describe, expect, it } from 'vitest';
import type { Event } from '../../src/model/event.ts';
import type { JsonAnswer } from '../../src/testing/oauth-client.ts';
import { type App, ISSUER, makeApp, RESOURCE } from '../support/app.ts';
import { altered } from '../support/altered.ts';

const OTHER = 'access_AAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA';
const forged = (token: string): string => altered(token);
const reasonOf = (events: readonly Event[]): string | undefined => events.findLast((event) => event.kind === 'request.refused')?.reason;

/** What a cause comes to: the reason that the operator is told, and all that the caller sees. */
async function outcome(app: App, cause: () => Promise<Response | JsonAnswer>): Promise<{ reason: string | undefined; outside: unknown }> {
  app.events.length = 0;
  const answer = await cause();
  const body = answer instanceof Response ? ((await answer.json()) as unknown) : answer.body;
  expect(app.events.filter(({ kind }) => kind === 'request.refused')).toHaveLength(1);
  return { reason: reasonOf(app.events), outside: { status: answer.status, body, challenge: answer.headers.get('www-authenticate') } };
}

/** Causes that look alike from outside, each with its reason. */
async function expectAlike(app: App, causes: Record<string, () => Promise<Response | JsonAnswer>>): Promise<void> {
  const outcomes = [];
  for (const cause of Object.values(causes)) outcomes.push(await outcome(app, cause));
  expect(outcomes.map(({ reason }) => reason)).toEqual(Object.keys(causes));
  for (const { outside } of outcomes) expect(outside).toEqual(outcomes[0]?.outside);
}

describe('a refused call', () => {
  it('tells the operator why the token is not good, and the caller nothing', async () => {
    const app = await makeApp('memory', {
      apiRoute: ['/mcp', '/other'],
      defaultResource: '/mcp',
      accessTokenTTL: 60,
      refreshTokenTTL: 3600,
      refreshTokenGrace: 0,
    });
    const [{ tokens }, revoked, reused, old] = [await app.signedIn(), await app.signedIn(), await app.signedIn(), await app.signedIn()];
    await revoked.client.revoke(revoked.tokens.refresh);
    await reused.client.refresh(reused.tokens.refresh);
    await reused.client.refresh(reused.tokens.refresh);
    const call =
      (token: string, path = '/mcp') =>
      async (): Promise<Response> =>
        (await app.call(token, path)).response;
    await expectAlike(app, {
      token_unknown: call(forged(tokens.access)),
      grant_unknown: call(OTHER),
      grant_revoked: call(revoked.tokens.access),
      grant_refresh_reused: call(reused.tokens.access),
      token_of_another_kind: call(tokens.refresh),
      token_malformed: call('access_short'),
      token_foreign: call('eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJ4In0.AAAA'),
      authorization_malformed: () => app.ask('POST', '/mcp', '{}', { authorization: 'Bearer two words' }),
    });
    const asDpop = await outcome(app, () => app.ask('POST', '/mcp', '{}', { authorization: `DPoP ${tokens.access}` }));
    expect(asDpop).toMatchObject({ reason: 'bearer_token_as_dpop', outside: { status: 401 } });
    expect(await outcome(app, call(tokens.access, '/other'))).toMatchObject({
      reason: 'token_of_another_resource',
      outside: { status: 401 },
    });
    expect(app.events.at(-1)).toMatchObject({ detail: `expected a token for "https://mcp.example/other", this one is for "${RESOURCE}"` });
    app.clock.pass(61);
    await expectAlike(app, { token_expired: call(tokens.access), grant_unknown: call(OTHER) });
    app.clock.pass(3600);
    expect((await outcome(app, call(old.tokens.access))).reason).toMatch(/^grant_(?:expired|unknown)$/); // the row is swept when it may be
  });

  it('is told of once, also where it is looked at again, and a call without a token never', async () => {
    const app = await makeApp('memory');
    app.events.length = 0;
    expect((await app.call(null)).status).toBe(401);
    expect(app.events).toEqual([]);
    await app.call(OTHER);
    expect(app.events).toHaveLength(1);
  });

  it('names the missing scope, and the page of another origin', async () => {
    const app = await makeApp('memory', { scopesSupported: ['read', 'write'] });
    const strict = await makeApp('memory', { scopesSupported: ['read', 'write'], requiredScopes: ['write'] });
    const { tokens } = await app.signedIn();
    for (const { key, value } of await rowsOf(app, tokens.access)) await strict.store.write(key, { ...value, scope: ['read'], access: value.access.map((one) => ({ ...one, scope: ['read'] })) } as never, 'any'); // prettier-ignore
    await strict.call(tokens.access);
    expect(strict.events.at(-1)).toMatchObject({ reason: 'scope_missing', detail: 'the token lacks write' });
    const foreign = await app.ask('POST', '/mcp', '{}', { origin: 'https://evil.example' });
    expect([foreign.status, app.events.at(-1)]).toEqual([
      403,
      expect.objectContaining({ reason: 'origin_not_allowed', detail: 'the page is at "https://evil.example"' }),
    ]);
  });
});

describe('a refused token request', () => {
  it('has a reason for each cause of a bad code and a bad refresh token', async () => {
    const app = await makeApp('memory', { authorizationCodeTTL: 60, refreshTokenIdleTTL: 120 });
    const [one, other, late] = [await app.toCode(), await app.client(), await app.toCode()];
    const refreshed = await app.signedIn();
    const ended = await app.signedIn();
    await ended.client.revoke(ended.tokens.refresh);
    await expectAlike(app, {
      code_malformed: () => one.client.redeem('nonsense'),
      code_unknown: () => one.client.redeem(forged(one.code)),
      grant_unknown: () => one.client.redeem(`code_${OTHER.slice('access_'.length)}`),
      code_of_another_client: () => other.redeem(one.code, { code_verifier: one.client.verifier }),
      redirect_differs: () => one.client.redeem(one.code, { redirect_uri: 'http://localhost:3334/elsewhere' }),
      verifier_missing: () => one.client.redeem(one.code, { code_verifier: null }),
      verifier_malformed: () => one.client.redeem(one.code, { code_verifier: 'short' }),
      verifier_wrong: () => one.client.redeem(one.code, { code_verifier: other.verifier }),
      refresh_malformed: () => refreshed.client.refresh('nonsense'),
      refresh_of_another_client: () => other.refresh(refreshed.tokens.refresh),
      refresh_unknown: () => refreshed.client.refresh(withFamily(refreshed.tokens.refresh)),
      grant_revoked: () => ended.client.refresh(ended.tokens.refresh),
    });
    app.clock.pass(61);
    expect(await outcome(app, () => late.client.redeem(late.code))).toMatchObject({
      reason: expect.stringMatching(/^code_expired$|^grant_unknown$/),
    });
  });

  it('has a reason for each cause of a refused client', async () => {
    const app = await makeApp('memory');
    const { id, secret = '' } = await app.client({ token_endpoint_auth_method: 'client_secret_post' });
    const open = await app.client();
    const ask = (fields: Record<string, string>) => (): Promise<JsonAnswer> =>
      open.token({ grant_type: 'refresh_token', refresh_token: 'x', ...fields });
    await expectAlike(app, {
      secret_wrong: ask({ client_id: id, client_secret: 'wrong' }),
      client_unknown: ask({ client_id: 'nothere', client_secret: secret }),
      method_unregistered: ask({ client_id: open.id, client_secret: 'any' }),
      assertion_missing: ask({ client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' }),
      assertion_type: ask({ client_assertion_type: 'saml' }),
      client_missing: ask({}),
    });
  });
});

describe('a refused authorization request', () => {
  it('has a reason for each cause of an unknown client, and one page', async () => {
    const app = await makeApp('memory', { clientIdMetadataDocumentEnabled: false });
    const pages = [];
    for (const [id, reason] of [['nobody', 'client_unknown'], ['no such id', 'client_id_malformed'], ['https://app.example/client.json', 'client_documents_off']] as const) {
      const page = await app.ask('GET', `/authorize?client_id=${encodeURIComponent(id)}`);
      pages.push([page.status, await page.text()]);
      expect(reasonOf(app.events)).toBe(reason);
    } // prettier-ignore
    expect(new Set(pages.map(String)).size).toBe(1);
  });

  it('has a reason for each cause of an invalid resource', async () => {
    const app = await makeApp('memory', { apiRoute: ['/mcp', '/other'] });
    const { id } = await app.client();
    const redirect = encodeURIComponent('http://localhost:3334/callback');
    const ask = `/authorize?response_type=code&client_id=${id}&redirect_uri=${redirect}&code_challenge=${'a'.repeat(43)}&code_challenge_method=S256`;
    for (const [query, reason] of [['&resource=nonsense', 'resource_malformed'], ['&resource=https://elsewhere.example/mcp', 'resource_unknown'], ['&resource=https://mcp.example/mcp&resource=https://mcp.example/other', 'resource_several']] as const) {
      await app.ask('GET', ask + query);
      expect(reasonOf(app.events)).toBe(reason);
    } // prettier-ignore
  });

  it('tells a pushed request that was opened from one that another client pushed', async () => {
    const app = await makeApp('memory');
    const [mine, theirs] = [await app.client(), await app.client()];
    const query = new URLSearchParams(new URL(await mine.authorizeUrl()).search);
    const pushed = await app.ask('POST', '/par', query.toString(), { 'content-type': 'application/x-www-form-urlencoded' });
    const { request_uri: uri } = (await pushed.json()) as { request_uri: string };
    const open = (id: string, name: string): Promise<Response> =>
      app.ask('GET', `/authorize?client_id=${id}&request_uri=${encodeURIComponent(name)}`);
    await open(theirs.id, uri);
    expect(reasonOf(app.events)).toBe('pushed_of_another_client');
    await open(mine.id, forged(uri));
    expect(reasonOf(app.events)).toBe('pushed_unknown');
  });
});

describe('a refused registration', () => {
  it('has a reason for each cause of a bad token, and one answer', async () => {
    const app = await makeApp('memory', { clientRegistration: { initialAccessToken: 'required' } });
    const body = JSON.stringify({ redirect_uris: ['https://app.example/cb'] });
    const headers = { 'content-type': 'application/json' };
    const register = (authorization?: string) => (): Promise<Response> =>
      app.ask('POST', '/register', body, { ...headers, ...(authorization === undefined ? {} : { authorization }) });
    await expectAlike(app, {
      register_token_missing: register(),
      register_token_malformed: register('Bearer short'),
      register_token_unknown: register(`Bearer ${'a'.repeat(43)}`),
    });
    const manage = (id: string, authorization?: string) => (): Promise<Response> =>
      app.ask('GET', `/register/client?client_id=${id}`, null, authorization === undefined ? {} : { authorization });
    const token = await app.provider.helpers(app.env).clients.createInitialAccessToken();
    const made = (await (await register(`Bearer ${token}`)()).json()) as { client_id: string };
    await expectAlike(app, {
      registration_token_missing: manage(made.client_id),
      registration_token_wrong: manage(made.client_id, `Bearer ${'a'.repeat(43)}`),
      registration_client_unknown: manage('A'.repeat(22), `Bearer ${'a'.repeat(43)}`),
    });
  });
});

describe('a sign-in that failed', () => {
  it('tells the operator whether it was the name or the password, and the person the same', async () => {
    const app = await makeApp('memory');
    const pages = [];
    for (const [username, password, reason] of [['alice', 'another password', 'password_wrong'], ['nobody', 'another password', 'username_unknown'], ['alice', 'x'.repeat(2000), 'credentials_malformed']] as const) {
      const browser = app.browser();
      const page = await browser.submit(await browser.get(`${ISSUER}/login`), { username, password });
      pages.push([page.status, page.text.replaceAll(username, 'X').replaceAll(/value="[^"]*"|nonce-[^']*/g, '')]);
      expect(app.events.findLast(({ kind }) => kind === 'login.failed')).toMatchObject({ login: 'password', reason });
    } // prettier-ignore
    expect(new Set(pages.map(String)).size).toBe(1);
  });

  it('tells the operator which user was named, also beyond the limit, and the person nothing of it', async () => {
    const app = await makeApp('memory');
    const failed = async (username: string): Promise<unknown> => {
      const browser = app.browser();
      const { text } = await browser.submit(await browser.get(`${ISSUER}/login`), { username, password: 'another password' });
      expect(text).not.toContain(app.aliceId);
      const event = app.events.findLast(({ kind }) => kind === 'login.failed') as { reason?: string; userId?: string } | undefined;
      return [event?.reason, event?.userId];
    };
    for (let tries = 0; tries < 10; tries++) expect(await failed('alice')).toEqual(['password_wrong', app.aliceId]);
    expect(await failed('alice')).toEqual(['limited', app.aliceId]);
    expect(await failed('ally')).toEqual(['username_unknown', undefined]);
  });
});

/** The same refresh token with another family. */
function withFamily(token: string): string {
  const at = 'refresh_'.length + 23;
  return `${token.slice(0, at)}${'A'.repeat(22)}${token.slice(at + 22)}`;
}

interface Row {
  readonly scope: readonly string[];
  readonly access: readonly object[];
}

async function rowsOf(app: App, token: string): Promise<{ key: `grant:${string}`; value: Row }[]> {
  const key = `grant:${token.slice(7, 29)}` as const;
  return [{ key, value: (await app.store.read(key))?.value as unknown as Row }];
}

import { describe, expect, it } from 'vitest';
import { registrationOf } from '../../../src/options/option-checks.ts';
import type { JsonAnswer } from '../../../src/testing/oauth-client.ts';
import { faultyStore } from '../../../src/testing/faulty-store.ts';
import { ALICE, type App, appOn, ISSUER, makeApp, storeNames, clientsOf } from '../../support/app.ts';
import { answerOf, expectJson, expectNothingWritten } from '../../support/verdicts.ts';

const GOOD = { redirect_uris: ['https://app.example/cb'], token_endpoint_auth_method: 'none' };
const JSON_TYPE = { 'content-type': 'application/json' };
const post = async (app: App, body: unknown, token?: string): Promise<JsonAnswer> =>
  answerOf(
    await app.ask('POST', '/register', JSON.stringify(body), {
      ...JSON_TYPE,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    }),
  );
/** The clients that can be used. */
const livingOf = async (app: App): Promise<string[]> => (await clientsOf(app)).map(({ id }) => id);
const manage = async (app: App, method: string, { body }: JsonAnswer, token: unknown, text?: unknown): Promise<JsonAnswer> => {
  const path = String(body['registration_client_uri']).slice(ISSUER.length);
  const headers = { ...JSON_TYPE, authorization: `Bearer ${String(token)}` };
  return answerOf(await app.ask(method, path, text === undefined ? null : JSON.stringify(text), headers));
};

describe.each(storeNames)('endpoints/registration on %s', (store) => {
  it('shows, changes and takes back a registration with its own token (RFC 7592 §2)', async () => {
    const app = await makeApp(store);
    const made = await app.register(GOOD);
    const token = made.body['registration_access_token'];
    const seen = await manage(app, 'GET', made, token);
    expect([seen.status, seen.body, seen.headers.get('cache-control')]).toEqual([200, made.body, 'no-store']);
    const changed = { ...GOOD, client_id: made.body['client_id'], client_name: 'Renamed', redirect_uris: ['https://app.example/other'] };
    expect((await manage(app, 'PUT', made, token, changed)).body).toMatchObject({
      client_name: 'Renamed',
      redirect_uris: changed.redirect_uris,
    });
    expect((await manage(app, 'GET', made, token)).body).toMatchObject({ client_name: 'Renamed', client_id: made.body['client_id'] });
    expect((await manage(app, 'DELETE', made, token)).status).toBe(204);
    for (const method of ['GET', 'PUT', 'DELETE'])
      expectJson(await manage(app, method, made, token, method === 'PUT' ? changed : undefined), 'invalid_token', 401);
  });

  it('SEC-084 knows no token of another client, and ends every grant of one that is deleted', async () => {
    const app = await makeApp(store);
    const [a, b] = [await app.register(GOOD), await app.register(GOOD)];
    for (const method of ['GET', 'PUT', 'DELETE'])
      for (const token of [b.body['registration_access_token'], 'x', '', 'A'.repeat(43)])
        expectJson(
          await expectNothingWritten(app, () => manage(app, method, a, token, method === 'PUT' ? GOOD : undefined)),
          'invalid_token',
          401,
        );
    expect((await manage(app, 'DELETE', a, a.body['registration_access_token'])).status).toBe(204);
    expect((await manage(app, 'GET', b, b.body['registration_access_token'])).status).toBe(200);
  });

  it.each(['refuse', 'lose'] as const)(
    'keeps an initial access token whose registration met a failing store (%s; kind of F-16)',
    async (fault) => {
      for (let at = 1; at < 20; at++) {
        const more = { clientRegistration: { initialAccessToken: 'required' } } as const;
        const { inner, clock } = await makeApp(store, more);
        const faulty = faultyStore(inner);
        const app = await appOn(faulty.store, clock, more);
        const token = await app.provider.helpers(app.env).clients.createInitialAccessToken();
        faulty.plan(fault, at);
        let made = await post(app, GOOD, token);
        const operations = faulty.heal();
        if (made.status === 503) made = await post(app, GOOD, token);
        expect([at, made.status]).toEqual([at, 201]);
        expectJson(await post(app, GOOD, token), 'invalid_token', 401);
        if (operations < at) return;
      }
      throw new Error('The registration never passed.');
    },
  );

  it('SEC-082 registers once for each initial access token, where they are required', async () => {
    const app = await makeApp(store, { clientRegistration: { initialAccessToken: 'required' } });
    const { clients } = app.provider.helpers(app.env);
    const token = await clients.createInitialAccessToken();
    expectJson(await post(app, GOOD), 'invalid_token', 401);
    expectJson(await post(app, GOOD, 'A'.repeat(43)), 'invalid_token', 401);
    expectJson(await post(app, { redirect_uris: [] }, token), 'invalid_redirect_uri'); // and the token is still good
    const answers = await Promise.all([post(app, GOOD, token), post(app, GOOD, token), post(app, GOOD, token)]);
    expect(answers.map(({ status }) => status).toSorted((x, y) => x - y)).toEqual([201, 401, 401]);
    const late = await clients.createInitialAccessToken(60);
    app.clock.pass(60);
    const refused = await post(app, GOOD, late);
    expectJson(refused, 'invalid_token', 401);
    expect(refused.headers.get('www-authenticate')).toBe('Bearer error="invalid_token"');
  });

  it('limits the number of clients in use, and reports that it is full (R-15, SEC-080)', async () => {
    const app = await makeApp(store, { clientRegistration: { most: 3 }, clientRegistrationTTL: 3600, refreshTokenTTL: 3600 });
    for (let at = 0; at < 3; at++) await app.signedIn();
    const full = await post(app, GOOD);
    expect([full.status, full.headers.get('retry-after')]).toEqual([503, '3600']);
    expect(app.events).toContainEqual(expect.objectContaining({ kind: 'request.refused', endpoint: 'register', reason: 'register_full' }));
    app.clock.pass(2 * 3600);
    expect((await post(app, GOOD)).status).toBe(201);
  });

  it('replaces the oldest unused registration, so that no outsider can fill the server (R-15)', async () => {
    const app = await makeApp(store, { clientRegistration: { most: 20 } });
    const owner = await app.signedIn();
    const statuses: number[] = [];
    for (let at = 0; at < 150; at++)
      statuses.push(
        (await app.ask('POST', '/register', JSON.stringify(GOOD), { ...JSON_TYPE, 'x-test-address': `2001:db8:7:${at.toString(16)}::1` }))
          .status,
      );
    expect([statuses.slice(0, 120).every((status) => status === 201), new Set(statuses.slice(120))]).toEqual([true, new Set([429])]);
    const honest = await app.client();
    const living = await livingOf(app);
    expect([living.length, living.includes(honest.id), living.includes(owner.client.id)]).toEqual([20, true, true]);
    expect((await honest.redeem(await honest.signIn(app.browser(), ALICE))).status).toBe(200);
    expect((await owner.client.refresh(owner.tokens.refresh)).status).toBe(200);
  });

  it('forgets a registration that was never used after a day, and no other (R-15)', async () => {
    const app = await makeApp(store);
    const [unused, { client }] = [await app.client(), await app.signedIn()];
    app.clock.pass(86_399);
    expect(await livingOf(app)).toContain(unused.id);
    app.clock.pass(1);
    expect(await livingOf(app)).toEqual([client.id]);
  });
});

describe('endpoints/oauth/register: a registration, rules', () => {
  it('lets the same client register twice within seconds: two ids that both work, and a fixed price', async () => {
    const app = await makeApp('memory');
    await app.register(GOOD);
    const before = { ...app.counts };
    const [first, second] = await Promise.all([app.client(), app.client()]);
    expect(first.id).not.toBe(second.id);
    for (const client of [first, second]) expect((await app.browser().get(await client.authorizeUrl())).status).toBe(200);
    expect(app.counts.lists - before.lists).toBe(0);
  });

  it('changes neither id nor method, and nothing on bad metadata', async () => {
    const app = await makeApp('memory');
    const made = await app.register(GOOD);
    const own = { ...GOOD, client_id: made.body['client_id'] };
    for (const body of [
      GOOD,
      { ...own, client_id: 'x' },
      { ...own, token_endpoint_auth_method: 'client_secret_post' },
      { ...own, grant_types: ['implicit'] },
    ])
      expectJson(
        await expectNothingWritten(app, () => manage(app, 'PUT', made, made.body['registration_access_token'], body)),
        'invalid_client_metadata',
      );
  });

  it.each([undefined, null, false, 0, '', 'no', {}])('takes no other answer of the policy than a plain yes, for new and changed clients alike: not %j (F-19)', async (answer) => {
    let given: unknown = true;
    const app = await makeApp('memory', { clientRegistration: { policy: () => given as boolean } });
    const made = await app.register(GOOD);
    const change = { ...GOOD, client_id: made.body['client_id'], redirect_uris: ['https://evil.example/cb'] };
    given = answer;
    expectJson(await expectNothingWritten(app, () => app.register(GOOD)), 'invalid_client_metadata');
    expectJson(await expectNothingWritten(app, () => manage(app, 'PUT', made, made.body['registration_access_token'], change)), 'invalid_client_metadata');
    given = true;
    expect((await manage(app, 'PUT', made, made.body['registration_access_token'], change)).status).toBe(200);
  }); // prettier-ignore

  it('asks the operator’s policy, of a change too', async () => {
    const app = await makeApp('memory', {
      clientRegistration: { policy: ({ redirectUris }) => redirectUris.every((uri) => uri.startsWith('https://app.example/')) },
    });
    const made = await app.register(GOOD);
    expect(made.status).toBe(201);
    const elsewhere = { ...GOOD, redirect_uris: ['https://else.example/cb'], client_id: made.body['client_id'] };
    expectJson(await expectNothingWritten(app, () => post(app, elsewhere)), 'invalid_client_metadata');
    expectJson(await manage(app, 'PUT', made, made.body['registration_access_token'], elsewhere), 'invalid_client_metadata');
  });

  it('gives the policy the request, for its headers, of a change too', async () => {
    const seen: unknown[] = [];
    const policy = (_metadata: unknown, { method, headers }: Request): boolean => {
      seen.push([method, headers.get('content-type')]);
      return true;
    };
    const app = await makeApp('memory', { clientRegistration: { policy } });
    const made = await app.register(GOOD);
    await manage(app, 'PUT', made, made.body['registration_access_token'], { ...GOOD, client_id: made.body['client_id'] });
    expect(seen).toEqual([
      ['POST', 'application/json'],
      ['PUT', 'application/json'],
    ]);
  });

  it('SEC-079 leaves a software statement out, and trusts nothing in it', async () => {
    const app = await makeApp('memory');
    const statement = `${btoa('{"alg":"none"}')}.${btoa('{"client_name":"Bank","redirect_uris":["https://bank.example/cb"]}')}.`;
    const { status, body } = await app.register({ ...GOOD, client_name: 'Mine', software_statement: statement });
    expect([status, body['client_name'], body['redirect_uris'], body['software_statement']]).toEqual([
      201,
      'Mine',
      GOOD.redirect_uris,
      undefined,
    ]);
  });

  it.each([[{ initialAccessToken: true }, '"required"'], [{ most: 0 }, '`most`'], [{ policy: 'x' }, '`policy`'], [{ cap: 1 }, '`cap`']])('refuses the option %j', (given, fix) => {
    expect(() => registrationOf(given as never)).toThrow(fix);
  }); // prettier-ignore
});

import { describe, expect, it } from 'vitest';
import { tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, type App, makeApp, storeNames } from '../support/app.ts';
import { expectChallenge, expectJson, expectNothingWritten } from '../support/verdicts.ts';

const ended = (app: App): unknown[] => app.events.filter((event) => event.kind === 'grant.ended');

describe('grants/authorization-code', () => {
  it('SEC-016 holds the token request to the redirect URI of the authorization request, if it names one (S-055)', async () => {
    const app = await makeApp('memory');
    const { client, code } = await app.toCode();
    for (const uri of ['https://evil.example/cb', `${client.redirectUri}/`, 'http://localhost:3335/callback'])
      expectJson(await expectNothingWritten(app, () => client.redeem(code, { redirect_uri: uri })), 'invalid_grant');
    expect((await client.redeem(code, { redirect_uri: null })).status).toBe(200);
  });

  it('SEC-023 asks for the verifier (S-052)', async () => {
    const app = await makeApp('memory');
    const { client, code } = await app.toCode();
    for (const verifier of [null, ''])
      expectJson(await expectNothingWritten(app, () => client.redeem(code, { code_verifier: verifier })), 'invalid_grant');
    expect((await client.redeem(code)).status).toBe(200);
  });

  it('SEC-025 tolerates a few wrong verifiers, and ends the grant after five', async () => {
    const app = await makeApp('memory');
    const patient = await app.toCode();
    for (let at = 0; at < 4; at++)
      expectJson(await patient.client.redeem(patient.code, { code_verifier: 'w'.repeat(43) }), 'invalid_grant');
    expect((await patient.client.redeem(patient.code)).status).toBe(200);
    const { client, code } = await app.toCode();
    for (let at = 0; at < 20; at++) expectJson(await client.redeem(code, { code_verifier: 'w'.repeat(43) }), 'invalid_grant');
    expectJson(await client.redeem(code), 'invalid_grant');
    expect(ended(app)).toMatchObject([{ reason: 'code_guessed', clientId: client.id }]);
  });

  it.each([
    'v'.repeat(42),
    'v'.repeat(129),
    `${'v'.repeat(42)}+`,
    `${'v'.repeat(42)}/`,
    `${'v'.repeat(42)}=`,
    `${'v'.repeat(42)} `,
    `${'v'.repeat(42)}é`,
  ])('SEC-026 looks at no verifier of a wrong shape: %j', async (verifier) => {
    const app = await makeApp('memory');
    const { client, code } = await app.toCode();
    for (let at = 0; at < 6; at++)
      expectJson(await expectNothingWritten(app, () => client.redeem(code, { code_verifier: verifier })), 'invalid_grant');
    expect((await client.redeem(code)).status).toBe(200);
  });

  it('SEC-030 refuses a code that comes twice with everything right, and ends its grant, told once (S-054)', async () => {
    const app = await makeApp('memory');
    const { client, code } = await app.toCode();
    const tokens = tokensOf(await client.redeem(code));
    const next = tokensOf(await client.refresh(tokens.refresh));
    app.clock.pass(11);
    for (let at = 0; at < 3; at++) expectJson(await client.redeem(code), 'invalid_grant');
    for (const { access, refresh } of [tokens, next]) {
      expectChallenge(await app.call(access), 'invalid_token');
      expectJson(await client.refresh(refresh), 'invalid_grant');
    }
    expect(ended(app)).toMatchObject([{ reason: 'code_replayed', clientId: client.id }]);
  });

  it('R-22 refuses a code that comes twice within ten seconds, and lets its grant live; an event tells', async () => {
    const app = await makeApp('memory');
    const { client, code } = await app.toCode();
    const tokens = tokensOf(await client.redeem(code));
    app.clock.pass(10);
    expectJson(await expectNothingWritten(app, () => client.redeem(code)), 'invalid_grant');
    expect(app.events.at(-1)).toMatchObject({ kind: 'request.refused', endpoint: 'token', reason: 'code_repeated' });
    expect((await app.call(tokens.access)).status).toBe(200);
    app.clock.pass(1);
    expectJson(await client.redeem(code), 'invalid_grant');
    expect(ended(app)).toMatchObject([{ reason: 'code_replayed' }]);
    expectChallenge(await app.call(tokens.access), 'invalid_token');
  });

  it('SEC-030 leaves a grant alone when a spent code comes with anything wrong (S-054)', async () => {
    const app = await makeApp('memory');
    const { client, code } = await app.toCode();
    const { access } = tokensOf(await client.redeem(code));
    const stranger = await app.client();
    const replays = [
      { code_verifier: 'w'.repeat(43) },
      { redirect_uri: 'https://evil.example' },
      { client_id: stranger.id },
      { resource: 'https://evil.example/mcp' },
      { scope: 'admin' },
    ];
    for (const changes of replays) expect((await expectNothingWritten(app, () => client.redeem(code, changes))).status).toBe(400);
    expect((await app.call(access)).status).toBe(200);
  });

  it('SEC-033 ends a code after its sixty seconds, to the second', async () => {
    for (const [pass, status] of [[59, 200], [60, 400], [61, 400]] as const) {
      const app = await makeApp('memory');
      const { client, code } = await app.toCode();
      app.clock.pass(pass);
      expect([pass, (await client.redeem(code)).status]).toEqual([pass, status]);
    }
    const app = await makeApp('memory', { authorizationCodeTTL: 600 });
    const { client, code } = await app.toCode();
    app.clock.pass(599);
    expect((await client.redeem(code)).status).toBe(200);
  }); // prettier-ignore

  it.each([{}, { token_endpoint_auth_method: 'client_secret_post' }])('SEC-034 gives the code of one client to no other, and still to that one (%j)', async (metadata) => {
    const app = await makeApp('memory');
    const { client, code } = await app.toCode(metadata);
    const stranger = await app.client({ token_endpoint_auth_method: 'client_secret_post' });
    const stolen = { client_id: stranger.id, client_secret: stranger.secret ?? '', code_verifier: client.verifier };
    expectJson(await expectNothingWritten(app, () => client.redeem(code, stolen)), 'invalid_grant');
    expect((await client.redeem(code)).status).toBe(200);
  }); // prettier-ignore

  it('SEC-036 rejects tokens of another kind', async () => {
    const app = await makeApp('memory');
    const { client, code } = await app.toCode();
    expectJson(await client.refresh(code), 'invalid_grant');
    expectChallenge(await app.call(code), 'invalid_token');
    const { access, refresh } = tokensOf(await client.redeem(code));
    expectJson(await client.refresh(access), 'invalid_grant');
    expectChallenge(await app.call(refresh), 'invalid_token');
    for (const token of [access, refresh]) {
      expectJson(await client.redeem(token), 'invalid_grant');
      expectJson(await client.redeem(token.replace(/^\w+_/, 'code_')), 'invalid_grant');
      expectChallenge(await app.call(token.replace(/^\w+_/, 'access_') + (token === access ? 'A' : '')), 'invalid_token');
    }
    expect((await app.call(access)).status).toBe(200);
  });

  it('SEC-037 issues no tokens for the code of a user who was removed or has changed the password', async () => {
    const app = await makeApp('memory');
    const { accounts } = app.provider.helpers(app.env);
    const first = await app.toCode();
    await accounts.setPassword(app.aliceId, ALICE.password);
    expectJson(await first.client.redeem(first.code), 'invalid_grant');
    const second = await app.toCode();
    await accounts.remove(app.aliceId);
    expectJson(await second.client.redeem(second.code), 'invalid_grant');
  });

  it('SEC-038 SEC-114 keeps the code when scope or resource are wrong (S-071)', async () => {
    const app = await makeApp('memory', { apiRoute: ['/mcp', '/mcp2'] });
    const client = await app.client();
    const code = await client.signIn(app.browser(), ALICE, { resource: 'https://mcp.example/mcp', scope: 'read' });
    for (const scope of ['write', 'write admin', 'rea', 'READ', 'a"b'])
      expectJson(await expectNothingWritten(app, () => client.redeem(code, { scope })), 'invalid_scope');
    for (const resource of ['https://mcp.example/mcp2', 'https://evil.example', 'mcp', 'https://mcp.example/mcp#x'])
      expectJson(await expectNothingWritten(app, () => client.redeem(code, { resource })), 'invalid_target');
    expect((await client.redeem(code, { scope: 'read', resource: 'HTTPS://mcp.example/mcp' })).status).toBe(200);
  });

  it.each([
    '',
    'x',
    'code_',
    'code_x.y',
    `code_${'A'.repeat(22)}.${'A'.repeat(43)}`,
    `code_${'A'.repeat(22)}.${'A'.repeat(42)}é`,
    'x'.repeat(60_000),
    '__proto__',
  ])('touches nothing for a forged code: %j', async (code) => {
    const app = await makeApp('memory');
    const { client } = await app.toCode();
    expect((await expectNothingWritten(app, () => client.redeem(code))).status).toBe(400);
  });

  it('changes nothing for a code with a wrong secret', async () => {
    const app = await makeApp('memory');
    const { client, code } = await app.toCode();
    const forged = `${code.slice(0, 28)}${'A'.repeat(43)}`;
    for (let at = 0; at < 20; at++) expectJson(await expectNothingWritten(app, () => client.redeem(forged)), 'invalid_grant');
    expect((await client.redeem(code)).status).toBe(200);
  });

  it('SEC-054 gives no refresh token to a client that registered for none, nor where the server gives none (S-062)', async () => {
    const app = await makeApp('memory');
    const { client, code } = await app.toCode({ grant_types: ['authorization_code'] });
    const answer = await client.redeem(code);
    expect([answer.status, answer.body]).toEqual([200, expect.not.objectContaining({ refresh_token: expect.anything() })]);
    expectJson(await client.refresh(`refresh_${'A'.repeat(22)}.${'A'.repeat(65)}`), 'unauthorized_client');
    const strict = await makeApp('memory', { refreshTokenTTL: 0 });
    const { tokens } = await strict.signedIn();
    expect([tokens.refresh, (await strict.call(tokens.access)).status]).toEqual(['', 200]);
    strict.clock.pass(3600);
    expect((await strict.call(tokens.access)).status).toBe(401);
  });

  it.each(storeNames)('redeems once under concurrent requests, on %s (S-053)', async (store) => {
    const app = await makeApp(store);
    const { client, code } = await app.toCode();
    const answers = await Promise.all(Array.from({ length: 30 }, () => client.redeem(code)));
    expect(answers.map((answer) => answer.status).toSorted((a, b) => a - b)).toEqual([200, ...Array.from({ length: 29 }, () => 400)]);
  });
});

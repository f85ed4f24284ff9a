import { describe, expect, it } from 'vitest';
import { tokensOf } from '../../../src/testing/oauth-client.ts';
import { makeApp } from '../../support/app.ts';
import { expectJson, expectNothingWritten } from '../../support/verdicts.ts';

describe('endpoints/oauth/revoke', () => {
  it('SEC-067 answers 200 to a client that revokes what is not its own, and revokes nothing', async () => {
    const app = await makeApp('memory');
    const { tokens } = await app.signedIn();
    for (const stranger of [await app.client(), await app.client({ token_endpoint_auth_method: 'client_secret_post' })]) {
      for (const token of [tokens.refresh, tokens.access])
        expect((await expectNothingWritten(app, () => stranger.revoke(token))).status).toBe(200);
    }
    expect((await app.call(tokens.access)).status).toBe(200);
  });

  it('SEC-068 answers 200 to an unknown token, and to a wrong or an unknown hint', async () => {
    const app = await makeApp('memory');
    const { client, tokens } = await app.signedIn();
    const forged = tokens.refresh.slice(0, -40) + 'A'.repeat(40);
    for (const token of [
      'x',
      'access_',
      'code_x.y',
      `${tokens.access}x`,
      tokens.access.replace(/_.{22}/, `_${'A'.repeat(22)}`),
      '__proto__',
    ])
      expect((await expectNothingWritten(app, () => client.revoke(token))).status).toBe(200);
    expect((await client.revoke(tokens.access, { token_type_hint: 'refresh_token' })).status).toBe(200);
    expect((await app.call(tokens.access)).status).toBe(401);
    expect((await client.revoke(tokens.refresh, { token_type_hint: 'pairwise' })).status).toBe(200);
    expectJson(await client.refresh(forged), 'invalid_grant');
    expectJson(await client.refresh(tokens.refresh), 'invalid_grant');
  });

  it('SEC-069 ends the access tokens with the refresh token, and leaves the refresh token when an access token goes', async () => {
    const app = await makeApp('memory');
    const { client, tokens } = await app.signedIn();
    await client.revoke(tokens.access);
    expect((await app.call(tokens.access)).status).toBe(401);
    const next = tokensOf(await client.refresh(tokens.refresh));
    expect((await app.call(next.access)).status).toBe(200);
    await client.revoke(next.refresh);
    expect((await app.call(next.access)).status).toBe(401);
    expectJson(await client.refresh(next.refresh), 'invalid_grant');
    expect(app.events.filter((event) => event.kind === 'grant.ended')).toMatchObject([{ reason: 'revoked', clientId: client.id }]);
  });

  it('ends the grant also by a refresh token that was rotated already', async () => {
    const app = await makeApp('memory');
    const { client, tokens } = await app.signedIn();
    const next = tokensOf(await client.refresh(tokens.refresh));
    await client.revoke(tokens.refresh);
    expect((await app.call(next.access)).status).toBe(401);
  });

  it('SEC-048 lets a confidential client revoke with its secret alone', async () => {
    const app = await makeApp('memory');
    const { client, tokens } = await app.signedIn({ token_endpoint_auth_method: 'client_secret_post' });
    expectJson(await client.revoke(tokens.refresh, { client_secret: null }), 'invalid_client', 401);
    expectJson(await client.revoke(tokens.refresh, { client_secret: 'wrong' }), 'invalid_client', 401);
    expect((await app.call(tokens.access)).status).toBe(200);
    expect((await client.revoke(tokens.refresh)).status).toBe(200);
    expect((await app.call(tokens.access)).status).toBe(401);
  });

  it('asks for a token and a known client', async () => {
    const app = await makeApp('memory');
    const { client, tokens } = await app.signedIn();
    expectJson(await client.revoke('', {}), 'invalid_request');
    expectJson(await client.revoke(tokens.refresh, { client_id: 'nobody' }), 'invalid_client', 401);
    expectJson(await client.revoke(tokens.refresh, { client_id: null }), 'invalid_client', 401);
    expect((await app.call(tokens.access)).status).toBe(200);
  });
});

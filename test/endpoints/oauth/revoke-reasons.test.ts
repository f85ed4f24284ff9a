/** What revocation answers and tells the operator (RFC 7009). */
import { describe, expect, it } from 'vitest';
import { makeApp } from '../../support/app.ts';
import { expectNothingWritten, lastReason } from '../../support/verdicts.ts';

const POST = { token_endpoint_auth_method: 'client_secret_post' };

describe('endpoints/oauth/revoke: reasons', () => {
  it('answers with nothing that a cache keeps, readable from every page', async () => {
    const app = await makeApp('memory');
    const { client, tokens } = await app.signedIn();
    const form = { token: tokens.access, client_id: client.id };
    const response = await app.ask('POST', '/revoke', new URLSearchParams(form), { 'content-type': 'application/x-www-form-urlencoded' });
    expect([response.status, await response.text(), Object.fromEntries(response.headers)]).toEqual([
      200,
      '',
      expect.objectContaining({ 'cache-control': 'no-store', pragma: 'no-cache', 'access-control-allow-origin': '*' }),
    ]);
  });

  it('says which client is unknown, and which one showed no secret; a token of another kind is looked at no further', async () => {
    const app = await makeApp('memory');
    const [{ client, tokens }, secret] = [await app.signedIn(), await app.client(POST)];
    const reason = async (changes: Record<string, string | null>): Promise<unknown> => {
      app.events.length = 0;
      const { status } = await expectNothingWritten(app, () => client.revoke(tokens.refresh, changes));
      return [status, lastReason(app)];
    };
    expect(await reason({ client_id: 'A'.repeat(22) })).toEqual([401, 'client_unknown']);
    expect(await reason({ client_id: secret.id })).toEqual([401, 'secret_missing']);
    const { code, client: other } = await app.toCode();
    expect((await expectNothingWritten(app, () => other.revoke(code))).status).toBe(200);
    expect((await other.redeem(code)).status).toBe(200);
  });

  it('ends one access token, and leaves its siblings; a token of another grant with the same client is its own', async () => {
    const app = await makeApp('memory');
    const { client, browser, tokens } = await app.signedIn();
    const second = await client.refresh(tokens.refresh);
    const sibling = String(second.body['access_token']);
    const again = await client.redeem(await client.signIn(browser, {}));
    await client.revoke(tokens.access);
    const statuses = await Promise.all(
      [tokens.access, sibling, String(again.body['access_token'])].map(async (one) => (await app.call(one)).status),
    );
    expect(statuses).toEqual([401, 200, 200]);
    await client.revoke(String(second.body['refresh_token']));
    expect((await app.call(sibling)).status).toBe(401);
    expect((await app.call(String(again.body['access_token']))).status).toBe(200);
  });
});

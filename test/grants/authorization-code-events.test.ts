/** What the operator is told of redemptions. */
import { describe, expect, it } from 'vitest';
import { tokensOf } from '../../src/testing/oauth-client.ts';
import { ISSUER, makeApp, RESOURCE } from '../support/app.ts';
import { makeProver } from '../support/prover.ts';
import { expectJson, expectNothingWritten, lastReason } from '../support/verdicts.ts';

describe('grants/authorization-code: events', () => {
  it('tells a redemption with grant, client and user', async () => {
    const app = await makeApp('memory');
    const { client, code } = await app.toCode();
    app.events.length = 0;
    await client.redeem(code);
    expect(app.events).toEqual([
      expect.objectContaining({ kind: 'grant.redeemed', grantId: code.slice(5, 27), clientId: client.id, userId: app.aliceId }),
    ]);
  });

  it('says why a code is refused, and a refusal uses up nothing', async () => {
    const app = await makeApp('memory');
    const { client, code } = await app.toCode();
    for (const bad of ['x', 'code_', `${code}x`, `access_${code.slice(5)}`]) {
      expectJson(await expectNothingWritten(app, () => client.redeem(bad)), 'invalid_grant');
      expect([bad, lastReason(app)]).toEqual([bad, 'code_malformed']);
    }
    for (const [resource, reason] of [
      ['mcp', 'resource_malformed'],
      ['https://other.example/', 'resource_beyond_grant'],
    ] as const) {
      expectJson(await expectNothingWritten(app, () => client.redeem(code, { resource })), 'invalid_target');
      expect(lastReason(app)).toBe(reason);
    }
    const prover = await makeProver(app.clock);
    const form = {
      grant_type: 'authorization_code',
      code,
      client_id: client.id,
      redirect_uri: client.redirectUri,
      code_verifier: client.verifier,
    };
    const foreign = await prover.proof('POST', `${ISSUER}/token`, { header: { jwk: (await makeProver(app.clock)).publicKey } });
    expectJson(await expectNothingWritten(app, () => client.token(form, { dpop: foreign })), 'invalid_dpop_proof');
    const answer = await client.redeem(code, { resource: RESOURCE });
    expect(answer.status).toBe(200);
    expect((await app.call(tokensOf(answer).access)).status).toBe(200);
  });
});

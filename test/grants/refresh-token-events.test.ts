/** What the operator is told of refreshes. */
import { describe, expect, it } from 'vitest';
import { tokensOf } from '../../src/testing/oauth-client.ts';
import { makeApp } from '../support/app.ts';
import { expectJson, lastReason } from '../support/verdicts.ts';

describe('grants/refresh-token: events', () => {
  it('tells a refresh from a retry, each with grant, client and user', async () => {
    const app = await makeApp('memory');
    const { client, tokens } = await app.signedIn();
    app.events.length = 0;
    await client.refresh(tokens.refresh);
    await client.refresh(tokens.refresh);
    const about = { grantId: tokens.access.slice(7, 29), clientId: client.id, userId: app.aliceId };
    expect(app.events).toEqual([
      expect.objectContaining({ kind: 'grant.refreshed', ...about }),
      expect.objectContaining({ kind: 'grant.repeated', ...about }),
    ]);
  });

  it('says why a refresh token is refused', async () => {
    const app = await makeApp('memory', { refreshTokenGrace: 0 });
    const { client, tokens } = await app.signedIn();
    for (const token of ['x', 'refresh_', `${tokens.refresh}x`, tokens.access]) {
      expectJson(await client.refresh(token), 'invalid_grant');
      expect([token, lastReason(app)]).toEqual([token, 'refresh_malformed']);
    }
    expectJson(await client.refresh(`refresh_${'A'.repeat(22)}.${'A'.repeat(65)}`), 'invalid_grant');
    expect(lastReason(app)).toBe('grant_unknown');
    const next = tokensOf(await client.refresh(tokens.refresh));
    expect(next.refresh).toHaveLength(tokens.refresh.length); // no way back where the store loses nothing
    expectJson(await client.refresh(tokens.refresh), 'invalid_grant');
    expect(lastReason(app)).toBe('refresh_reused');
    expect(app.events.filter(({ kind }) => kind === 'grant.caught_up')).toEqual([]);
  });

  it('detects reuse of an old refresh token, and ends the grant', async () => {
    const app = await makeApp('memory', { refreshTokenGrace: 0 });
    const { client, tokens } = await app.signedIn();
    const second = tokensOf(await client.refresh(tokens.refresh));
    const third = tokensOf(await client.refresh(second.refresh));
    expectJson(await client.refresh(tokens.refresh), 'invalid_grant');
    expect(lastReason(app)).toBe('refresh_reused');
    expectJson(await client.refresh(third.refresh), 'invalid_grant');
  });

  it('gives a slow process the live tokens where they are signed, after two refreshes too', async () => {
    const app = await makeApp('memory', { accessTokenSigning: 'ES256', secret: 'SvWAhyPGZ2CYDxG8WSbRxr7ebv4W6NCtUISSOgmDpFs=' });
    const { client, tokens } = await app.signedIn();
    const second = tokensOf(await client.refresh(tokens.refresh));
    const third = tokensOf(await client.refresh(second.refresh));
    expect(tokensOf(await client.refresh(tokens.refresh))).toEqual(third);
    expect((await app.call(third.access)).status).toBe(200);
  });
});

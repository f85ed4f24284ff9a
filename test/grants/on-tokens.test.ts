import { describe, expect, it } from 'vitest';
import { OAuthError } from '../../src/model/error.ts';
import type { TokensChange, TokensRequest } from '../../src/model/on-tokens.ts';
import { faultyStore } from '../../src/testing/faulty-store.ts';
import { tokensOf } from '../../src/testing/oauth-client.ts';
import { appOn, makeApp, storeNames } from '../support/app.ts';
import { expectChallenge, expectJson } from '../support/verdicts.ts';
import { altered } from '../support/altered.ts';

/** A promise that the test settles. */
const gate = (): { readonly opened: Promise<void>; readonly open: () => void } => {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { opened: promise, open: resolve };
};

describe.each(storeNames)('grants/on-tokens, on %s', (store) => {
  it('W-02 gives the application the grant, and its answer to the new access token and the grant', async () => {
    const asked: TokensRequest[] = [];
    let round = 0;
    const app = await makeApp(store, {
      onTokens: (request) => {
        asked.push(request);
        return { props: { round: ++round }, scope: ['read'], accessTokenTTL: 100 };
      },
    });
    const { client, tokens } = await app.signedIn();
    expect(asked).toMatchObject([{ reason: 'authorization_code', scope: ['read', 'write'], props: { claims: { sub: app.aliceId } } }]);
    expect(asked[0]?.grant).toMatchObject({ userId: app.aliceId, clientId: client.id, scope: ['read', 'write'] });
    const first = await app.call(tokens.access);
    expect([first.access?.props, first.access?.scope]).toEqual([{ round: 1 }, ['read']]);
    const answer = await client.refresh(tokens.refresh);
    expect(answer.body).toMatchObject({ scope: 'read', expires_in: 100 });
    expect(asked[1]).toMatchObject({ reason: 'refresh_token', props: { round: 1 }, scope: ['read', 'write'] });
    expect((await app.call(tokensOf(answer).access)).access?.props).toEqual({ round: 2 });
    app.clock.pass(101);
    expectChallenge(await app.call(tokensOf(answer).access), 'invalid_token');
  });

  it('keeps props of one access token apart from those of the grant', async () => {
    const seen: unknown[] = [];
    const app = await makeApp(store, { onTokens: ({ props }) => (seen.push(props), { accessTokenProps: { only: 'here' } }) });
    const { client, tokens } = await app.signedIn();
    expect((await app.call(tokens.access)).access?.props).toEqual({ only: 'here' });
    await client.refresh(tokens.refresh);
    expect(seen[1]).toEqual(seen[0]);
  });

  it('asks once for eight refreshes of one token at once, and gives all of them one successor', async () => {
    let [running, most, times] = [0, 0, 0];
    const app = await makeApp(store, {
      onTokens: async ({ reason }) => {
        if (reason !== 'refresh_token') return;
        times++;
        most = Math.max(most, ++running);
        for (let turn = 0; turn < 20; turn++) await new Promise((next) => setTimeout(next)); // so that the others come to the lease
        running--;
        return { props: { times } };
      },
    });
    const { client, tokens } = await app.signedIn();
    const answers = await Promise.all(Array.from({ length: 8 }, () => client.refresh(tokens.refresh)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 200));
    expect(new Set(answers.map((one) => tokensOf(one).refresh)).size).toBe(1);
    expect([times, most]).toEqual([1, 1]);
  });

  it('asks once for a code that is redeemed twice at once', async () => {
    let times = 0;
    const app = await makeApp(store, { onTokens: () => void times++ });
    const { client, code } = await app.toCode();
    const statuses = (await Promise.all([client.redeem(code), client.redeem(code)])).map(({ status }) => status);
    expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 400]);
    expect(times).toBe(1);
  });
});

describe('grants/on-tokens', () => {
  const day = 86_400;
  /** A grant whose lifetimes the application says: at the code, then at each refresh. */
  const lifetimes = async (...answers: readonly TokensChange[]) => {
    let round = 0;
    const app = await makeApp('memory', {
      refreshTokenTTL: 30 * day,
      refreshTokenIdleTTL: 10 * day,
      onTokens: () => answers[round++] ?? {},
    });
    return { app, ...(await app.signedIn()) };
  };

  it('moves the end of a grant when the application says so, later and earlier, whatever is refreshed', async () => {
    const { app, client, tokens } = await lifetimes({ refreshTokenTTL: 60 * day, refreshTokenIdleTTL: 60 * day });
    app.clock.pass(59 * day);
    const next = tokensOf(await client.refresh(tokens.refresh));
    app.clock.pass(day + 1);
    expectJson(await client.refresh(next.refresh), 'invalid_grant');
    const shorter = await lifetimes({}, { refreshTokenTTL: 100 });
    const answer = await shorter.client.refresh(shorter.tokens.refresh);
    expect(answer.body).toMatchObject({ expires_in: 100 }); // no token outlives its grant
    shorter.app.clock.pass(101);
    expectJson(await shorter.client.refresh(tokensOf(answer).refresh), 'invalid_grant');
  });

  it('says how long a refresh token may go unused, from then on, and never beyond the end of the grant', async () => {
    const { app, client, tokens } = await lifetimes({ refreshTokenIdleTTL: 2 * day });
    app.clock.pass(2 * day - 1);
    const next = tokensOf(await client.refresh(tokens.refresh));
    app.clock.pass(2 * day);
    expectJson(await client.refresh(next.refresh), 'invalid_grant');
    const long = await lifetimes({ refreshTokenIdleTTL: 300 * day });
    long.app.clock.pass(30 * day + 1);
    expectJson(await long.client.refresh(long.tokens.refresh), 'invalid_grant');
  });

  it('gives a whole access token where the end of the grant was near and is moved', async () => {
    const { app, client, tokens } = await lifetimes({ refreshTokenTTL: 100 }, { refreshTokenTTL: day });
    app.clock.pass(90);
    expect((await client.refresh(tokens.refresh)).body).toMatchObject({ expires_in: 3600 });
  });

  it('gives no refresh token to a code where the application says 0, and refuses that for a refresh', async () => {
    const { app, tokens } = await lifetimes({ refreshTokenTTL: 0 });
    expect([tokens.refresh, (await app.call(tokens.access)).status]).toEqual(['', 200]);
    const later = await lifetimes({}, { refreshTokenTTL: 0 });
    expect((await later.client.refresh(later.tokens.refresh)).status).toBe(503);
    expect((await later.client.refresh(later.tokens.refresh)).status).toBe(200);
  });

  it('spends nothing when the application fails: 503, and the same token or code is good afterwards', async () => {
    let error: unknown = new Error('upstream password=hunter2 is down');
    const app = await makeApp('memory', {
      onTokens: () => {
        if (error !== null) throw error;
      },
    });
    const { client, code } = await app.toCode();
    const refused = await client.redeem(code);
    expect([refused.status, refused.body['error'], refused.headers.get('retry-after')]).toEqual([503, 'temporarily_unavailable', '2']);
    expect(JSON.stringify(refused.body)).not.toContain('hunter2');
    expect(app.events.find(({ kind }) => kind === 'request.failed')).toMatchObject({ endpoint: 'onTokens', error });
    error = null;
    const tokens = tokensOf(await client.redeem(code));
    for (error of [new OAuthError('server_error', 'odd'), new OAuthError('temporarily_unavailable', 'away'), 'a text'])
      expect((await client.refresh(tokens.refresh)).status).toBe(503);
    error = null;
    expect((await client.refresh(tokens.refresh)).status).toBe(200);
    expect((await app.call(tokens.access)).status).toBe(200);
  });

  it('ends the grant on invalid_grant, with any of its tokens', async () => {
    let isOver = false;
    const app = await makeApp('memory', {
      onTokens: () => {
        if (isOver) throw new OAuthError('invalid_grant', 'customer_left', { hint: 'The contract has ended.' });
      },
    });
    const { client, tokens } = await app.signedIn();
    isOver = true;
    const ended = await client.refresh(tokens.refresh);
    expectJson(ended, 'invalid_grant');
    expect(ended.body['error_description']).toBe('The contract has ended.');
    expectChallenge(await app.call(tokens.access), 'invalid_token');
    expect(app.events.filter(({ kind }) => kind === 'grant.ended')).toMatchObject([{ reason: 'access_withdrawn' }]);
  });

  it.each([
    ['a scope that was not granted', { scope: ['admin'] }],
    ['a lifetime of nothing', { accessTokenTTL: 0 }],
    ['a member that does not exist', { refreshTTL: 5 }],
    ['a grant that ends before it began', { refreshTokenTTL: -1 }],
    ['a grant without an end', { refreshTokenTTL: Infinity }],
    ['a grant that goes on for longer than ten years', { refreshTokenTTL: 3651 * 86_400 }],
    ['a refresh token that ends at once', { refreshTokenIdleTTL: 0 }],
  ])('takes %s for a fault of the application', async (_what, answer) => {
    const app = await makeApp('memory', { onTokens: () => answer as TokensChange });
    const { client, code } = await app.toCode();
    expect((await client.redeem(code)).status).toBe(503);
    expect(app.events.find(({ kind }) => kind === 'request.failed')).toMatchObject({ error: expect.any(TypeError) });
  });

  it('does not ask the application for a wrong token, another client, or an expired token', async () => {
    let times = 0;
    const app = await makeApp('memory', { onTokens: () => void times++ });
    const { client, tokens } = await app.signedIn();
    times = 0;
    const stranger = await app.client();
    expectJson(await stranger.refresh(tokens.refresh), 'invalid_grant');
    expectJson(await client.refresh(altered(tokens.refresh)), 'invalid_grant');
    expect(times).toBe(0);
  });

  it('revoked while the application is asked stays revoked: its answer gives no token', async () => {
    const [held, asked] = [gate(), gate()];
    let isHeld = false;
    const app = await makeApp('memory', {
      onTokens: async () => {
        if (!isHeld) return;
        asked.open();
        await held.opened;
      },
    });
    const { client, tokens } = await app.signedIn();
    isHeld = true;
    const answering = client.refresh(tokens.refresh);
    await asked.opened;
    expect((await client.revoke(tokens.refresh)).status).toBe(200);
    held.open();
    expectJson(await answering, 'invalid_grant');
    expectChallenge(await app.call(tokens.access), 'invalid_token');
  });

  it('lets another request ask a minute after one that died', async () => {
    const asked = gate();
    let isDead = false;
    const app = await makeApp('memory', {
      onTokens: () => {
        if (!isDead) return undefined;
        asked.open();
        return new Promise<undefined>(() => undefined);
      },
    });
    const { client, tokens } = await app.signedIn();
    isDead = true;
    void client.refresh(tokens.refresh);
    await asked.opened;
    isDead = false;
    app.clock.pass(61);
    expect((await client.refresh(tokens.refresh)).status).toBe(200);
  });

  it('takes no answer that comes after its minute, while another request asks', async () => {
    const [first, second] = [gate(), gate()];
    const asked = [gate(), gate()];
    let round = -1;
    const app = await makeApp('memory', {
      onTokens: async ({ reason }) => {
        if (reason !== 'refresh_token') return;
        const own = ++round;
        asked[own]?.open();
        await [first, second][own]?.opened;
        return { props: { own } };
      },
    });
    const { client, tokens } = await app.signedIn();
    const late = client.refresh(tokens.refresh);
    await asked[0]?.opened;
    app.clock.pass(61);
    const next = client.refresh(tokens.refresh);
    await asked[1]?.opened;
    first.open();
    expect((await late).status).toBe(503);
    second.open();
    const answer = await next;
    expect((await app.call(tokensOf(answer).access)).access?.props).toEqual({ own: 1 });
  });

  it('stores an answer for which the application may have spent something, though the store is away for a while', async () => {
    const { inner, clock } = await makeApp('memory');
    const faulty = faultyStore(inner);
    let pauses = 0;
    const pause = async (): Promise<void> => void (++pauses === 3 && faulty.heal());
    const onTokens = ({ reason }: TokensRequest): void => {
      if (reason === 'refresh_token') faulty.plan('refuse', 1, true);
    };
    const app = await appOn(faulty.store, clock, { onTokens }, { pause });
    const { client, tokens } = await app.signedIn();
    expect([(await client.refresh(tokens.refresh)).status, pauses]).toEqual([200, 3]);
  });

  it('takes no code with an answer of the store that is lost: the retry of the 503 gets the tokens, and the application is asked once', async () => {
    const { inner, clock } = await makeApp('memory');
    const faulty = faultyStore(inner);
    let asked = 0;
    const onTokens = (): TokensChange => ({ props: { round: ++asked } });
    const app = await appOn(faulty.store, clock, { onTokens }, { pause: async () => undefined });
    const { client, code } = await app.toCode();
    faulty.plan('lose', 4); // read, lease, read, and the write that spends the code
    const failed = await client.redeem(code);
    faulty.heal();
    expect([failed.status, failed.headers.get('retry-after')]).toEqual([503, '2']);
    const tokens = tokensOf(await client.redeem(code));
    expect((await app.call(tokens.access)).access?.props).toEqual({ round: 1 });
    expect((await client.refresh(tokens.refresh)).status).toBe(200);
    expect(asked).toBe(2); // for the code, and for the refresh
  });

  it('holds no grant whose lease was written while the answer was lost', async () => {
    const { inner, clock } = await makeApp('memory');
    const faulty = faultyStore(inner);
    const app = await appOn(faulty.store, clock, { onTokens: () => undefined }, { pause: async () => undefined });
    const { client, code } = await app.toCode();
    faulty.plan('lose', 2);
    expect((await client.redeem(code)).status).toBe(503);
    faulty.heal();
    expect((await client.redeem(code)).status).toBe(200);
  });

  it('asks for a grant without a code as well, and takes its answer for the token', async () => {
    const asked: TokensRequest[] = [];
    const secret = 'k2Lr0mUOKnTzVg8Zr1bqT0hJ3yq5pXw9cD7fE6aB4sI=';
    const app = await makeApp('memory', {
      clients: [{ id: 'job', secret, scope: ['read', 'write'] }],
      onTokens: (request) => (asked.push(request), { scope: ['read'], props: { of: 'job' }, accessTokenTTL: 90 }),
    });
    const form = new URLSearchParams({ grant_type: 'client_credentials', client_id: 'job', client_secret: secret });
    const answer = await app.ask('POST', '/token', form, { 'content-type': 'application/x-www-form-urlencoded' });
    const body = (await answer.json()) as Record<string, string>;
    expect([answer.status, body['scope'], body['expires_in']]).toEqual([200, 'read', 90]);
    expect(asked).toMatchObject([{ reason: 'client_credentials', scope: ['read', 'write'], grant: { clientId: 'job' } }]);
    expect((await app.call(body['access_token'] ?? '')).access).toMatchObject({ scope: ['read'], props: { of: 'job' } });
  });

  it('refuses what is no function, naming the option', async () => {
    await expect(makeApp('memory', { onTokens: {} as never })).rejects.toThrow(
      'OAuthProvider: `onTokens` must be a function (request, env)',
    );
  });
});

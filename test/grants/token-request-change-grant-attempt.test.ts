import { describe, expect, it } from 'vitest';
import type { Caller } from '../../src/clients/caller.ts';
import type { AuthServer } from '../../src/core/auth-server.ts';
import { tryThere } from '../../src/grants/token-request.ts';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { type TestClient, tokensOf } from '../../src/testing/oauth-client.ts';
import { type App, appOn, IN_PLACE, ISSUER, makeApp } from '../support/app.ts';
import { attempting } from '../support/attempting.ts';
import { minted, rotation, START } from '../support/grants.ts';
import { makeProver } from '../support/prover.ts';

/** How many attempts a request made, and how many of them were enough. */
async function attempts(app: App, request: () => Promise<{ status: number }>): Promise<readonly [made: number, done: number]> {
  const { inner } = app;
  const attempt = inner.attempt as NonNullable<typeof inner.attempt>;
  let [made, done] = [0, 0];
  inner.attempt = async (...all) => {
    const result = await attempt(...all);
    made++;
    if (result.isDone) done++;
    return result;
  };
  const { status } = await request();
  inner.attempt = attempt;
  expect(status).toBe(200);
  return [made, done];
}

async function both(more: Partial<OAuthProviderOptions> = {}, fields: Record<string, string> = {}): Promise<unknown> {
  const app = await makeApp(IN_PLACE, more);
  const { client, code } = await app.toCode();
  let refresh = '';
  const redeem = async (): Promise<{ status: number }> => {
    const answer = await client.redeem(code, fields);
    if (answer.status === 200) ({ refresh } = tokensOf(answer));
    return answer;
  };
  return [await attempts(app, redeem), await attempts(app, () => client.refresh(refresh, fields))];
}

/** A request for the tokens of a code. */
function formOf({ id, redirectUri, verifier }: TestClient, code: string): Record<string, string> {
  return { grant_type: 'authorization_code', code, client_id: id, redirect_uri: redirectUri, code_verifier: verifier };
}

describe('grants/token-request: a change: an attempt in one call', () => {
  it('issues the tokens of an ordinary request by one attempt', async () => {
    expect(await both()).toEqual([[1, 1], [1, 1]]); // prettier-ignore
  });

  it('makes none where the application is asked, a token is signed, or a scope is named', async () => {
    const none = [[0, 0], [0, 0]]; // prettier-ignore
    expect(await both({ onTokens: () => ({}) })).toEqual(none);
    expect(await both({ accessTokenSigning: 'ES256', secret: 'SvWAhyPGZ2CYDxG8WSbRxr7ebv4W6NCtUISSOgmDpFs=' })).toEqual(none);
    expect(await both({}, { scope: 'read' })).toEqual(none);
  });

  it('makes none where a key is proven, which is used up only after all else was right', async () => {
    const app = await makeApp(IN_PLACE);
    const { client, code } = await app.toCode();
    const prover = await makeProver(app.clock);
    const form = formOf(client, code);
    const proof = await prover.proof('POST', `${ISSUER}/token`);
    expect(await attempts(app, () => client.token(form, { dpop: proof }))).toEqual([0, 0]);
  });

  it('makes none where the options or the registration say by now that the client must prove a key', async () => {
    const app = await makeApp(IN_PLACE);
    const { client, code } = await app.toCode();
    const spec = { id: client.id, authMethod: 'none', redirectUris: [client.redirectUri], dpopBoundAccessTokens: true } as const;
    const strict = await appOn(app.inner, app.clock, { clients: [spec] });
    const form = formOf(client, code);
    const redeem = (): Promise<Response> => strict.ask('POST', '/token', new URLSearchParams(form));
    expect(await (await redeem()).json()).toMatchObject({ error: 'invalid_dpop_proof' });
    const confidential = { kind: 'confidential', clientId: client.id, client: { dpopBound: true } } as unknown as Caller;
    const as = {
      settings: { clients: new Map(), onTokens: null, resources: [], logins: [] },
      store: { attempt: () => Promise.reject(new Error('asked')) },
    };
    const asked = { kind: 'rotate', proof: rotation('refresh-1', 2, START) } as const;
    expect(
      await tryThere(as as unknown as AuthServer, confidential, 'g', asked, { ...minted(2), accessToken: '', refreshToken: '' }),
    ).toEqual({});
  });

  it('makes none where one of several resources has signed tokens', async () => {
    const as = {
      settings: { clients: new Map(), onTokens: null, resources: [{ accessTokenSigning: 'ES256' }, {}], logins: [] },
      store: { attempt: () => Promise.reject(new Error('asked')) },
    };
    const asked = { kind: 'rotate', proof: { ...rotation('refresh-1', 2, START), scope: [] } } as const;
    const made = tryThere(as as unknown as AuthServer, { kind: 'public', clientId: 'c' }, 'g', asked, {
      ...minted(2),
      accessToken: '',
      refreshToken: '',
    });
    await expect(made).resolves.toEqual({});
  });

  it('makes none for a grant that is to move', async () => {
    const clock = makeClock();
    const app = await appOn(attempting(Object.assign(memoryStore(clock), { placed: true })), clock);
    const { client, tokens } = await app.signedIn();
    const refresh = (token: string, place: string): ReturnType<App['ask']> =>
      app.ask('POST', '/token', new URLSearchParams({ grant_type: 'refresh_token', client_id: client.id, refresh_token: token }), {
        'x-test-place': place,
      });
    let next = '';
    const there = async (place: string, token: string): Promise<Response> => {
      const answer = await refresh(token, place);
      ({ refresh_token: next } = (await answer.clone().json()) as { refresh_token: string });
      return answer;
    };
    expect(await attempts(app, () => there('oc', tokens.refresh))).toEqual([1, 1]);
    expect(await attempts(app, () => there('weur', next))).toEqual([0, 0]);
    expect(await attempts(app, () => there('weur', next))).toEqual([1, 1]);
  });

  it('gives the presented refresh token back where no more of them can be retired, and it stays good', async () => {
    const app = await makeApp(IN_PLACE);
    const { client, tokens } = await app.signedIn();
    let refresh = tokens.refresh;
    for (let times = 1; times <= 64; times++) {
      const next = tokensOf(await client.refresh(refresh));
      expect([times, next.refresh === refresh]).toEqual([times, false]);
      ({ refresh } = next);
    }
    for (let times = 0; times < 2; times++) {
      const next = tokensOf(await client.refresh(refresh));
      expect([next.refresh, (await app.call(next.access)).status]).toEqual([refresh, 200]);
    }
    app.clock.pass(3600);
    expect(tokensOf(await client.refresh(refresh)).refresh).not.toBe(refresh);
  });

  it('reads the record once where an attempt is not enough', async () => {
    const app = await makeApp(IN_PLACE);
    const { client, tokens } = await app.signedIn();
    await client.refresh(tokens.refresh);
    app.counts.reads = 0;
    expect(await attempts(app, () => client.refresh(tokens.refresh))).toEqual([1, 0]); // repeated
    expect(app.counts.reads).toBe(1);
  });

  it('forgets what the process remembered of the grant, also if the answer is lost', async () => {
    const app = await makeApp(IN_PLACE);
    const { client, tokens } = await app.signedIn();
    const { inner } = app;
    const attempt = inner.attempt as NonNullable<typeof inner.attempt>;
    expect((await app.call(tokens.access)).status).toBe(200);
    inner.attempt = async (...all) => {
      await attempt(...all);
      throw new Error('lost');
    };
    expect((await client.refresh(tokens.refresh)).status).toBe(503);
    inner.attempt = attempt;
    const next = tokensOf(await client.refresh(tokens.refresh)); // within the grace: those whose answer was lost
    expect((await app.call(next.access)).status).toBe(200);
  });
});

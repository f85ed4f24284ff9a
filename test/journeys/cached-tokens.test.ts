/** `dangerouslyCacheTokens`: what an operator gets who would rather ask the store seldom, and what he does not have to give up for it. */
import { describe, expect, it } from 'vitest';
import type { Store } from '../../src/model/store.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { tokensOf } from '../../src/testing/oauth-client.ts';
import { appOn, makeApp, storeNames } from '../support/app.ts';

const SECONDS = 10;
const options = { dangerouslyCacheTokens: SECONDS };

describe.each(storeNames)('tokens that are believed for a while, on %s', (store) => {
  it('cost no read while they are, and one after that', async () => {
    const app = await makeApp(store, options);
    const { tokens } = await app.signedIn();
    const reads: number[] = [];
    for (const wait of [0, 0, SECONDS - 1, 1, 0]) {
      app.clock.pass(wait);
      app.counts.reads = 0;
      expect((await app.call(tokens.access)).status).toBe(200);
      reads.push(app.counts.reads);
    }
    expect(reads).toEqual([1, 0, 0, 1, 0]);
  });

  it('end at once if they are revoked in this process, alone or with their grant', async () => {
    const app = await makeApp(store, options);
    for (const revoked of ['access', 'refresh'] as const) {
      const { client, tokens } = await app.signedIn();
      expect((await app.call(tokens.access)).status).toBe(200);
      await client.revoke(tokens[revoked]);
      expect((await app.call(tokens.access)).status).toBe(401);
    }
  });

  it.each(['access', 'refresh'] as const)(
    'end at once if the token they were exchanged from is revoked by its %s token, and shown again',
    async (revoked) => {
      const type = 'urn:ietf:params:oauth:grant-type:token-exchange';
      const by = { client_id: 'gateway', client_secret: 'a-secret-of-enough-characters-to-pass' };
      const app = await makeApp(store, {
        ...options,
        clients: [{ id: 'gateway', secret: by.client_secret, authMethod: 'client_secret_post', grantTypes: [type] }],
        tokenExchange: () => true,
      });
      const { client, tokens } = await app.signedIn();
      const subject = { subject_token: tokens.access, subject_token_type: 'urn:ietf:params:oauth:token-type:access_token' };
      const form = new URLSearchParams({ grant_type: type, ...by, ...subject });
      const exchanged = await app.ask('POST', '/token', form, { 'content-type': 'application/x-www-form-urlencoded' });
      const { access_token: child } = (await exchanged.json()) as { access_token: string };
      expect((await app.call(child)).status).toBe(200);
      await client.revoke(tokens[revoked]);
      expect([(await app.call(tokens.access)).status, (await app.call(child)).status]).toEqual([401, 401]);
    },
  );

  it('end to the second', async () => {
    const app = await makeApp(store, { ...options, accessTokenTTL: 60 });
    const { tokens } = await app.signedIn();
    app.clock.pass(59);
    expect((await app.call(tokens.access)).status).toBe(200);
    app.clock.pass(1);
    expect((await app.call(tokens.access)).status).toBe(401);
  });
});

describe('tokens that are believed for a while', () => {
  it('are believed no longer than that where another process revokes them', async () => {
    const clock = makeClock();
    const store = memoryStore(clock);
    const [here, there] = [await appOn(store, clock, options), await appOn(store, clock, options)];
    const { client, tokens } = await here.signedIn();
    await there.call(tokens.access);
    await client.revoke(tokens.refresh);
    expect([(await here.call(tokens.access)).status, (await there.call(tokens.access)).status]).toEqual([401, 200]);
    clock.pass(SECONDS);
    expect((await there.call(tokens.access)).status).toBe(401);
  });

  it('are for one resource all the same', async () => {
    const app = await makeApp('memory', { ...options, apiRoute: ['/mcp', '/other'], resources: { '/other': {} }, defaultResource: '/mcp' });
    const { tokens } = await app.signedIn();
    expect((await app.call(tokens.access)).status).toBe(200);
    expect((await app.call(tokens.access, '/other')).status).toBe(401);
    expect((await app.call(tokens.access)).status).toBe(200);
  });

  it('are gone though the read of a call was under way while they were revoked', async () => {
    const clock = makeClock();
    const inner = memoryStore(clock);
    let held: Promise<void> | null = null;
    const slow: Store = {
      ...passing(inner),
      async read(key, known) {
        const stored = await inner.read(key, known);
        if (key.startsWith('grant:')) await held;
        return stored;
      },
    };
    const app = await appOn(slow, clock, options);
    const { client, tokens } = await app.signedIn();
    let release = (): void => {};
    held = new Promise((done) => (release = done));
    const call = app.call(tokens.access); // has read the grant as it was, and hears of it later
    for (let turn = 0; turn < 50; turn++) await Promise.resolve();
    held = null;
    await client.revoke(tokens.refresh);
    release();
    await call;
    expect((await app.call(tokens.access)).status).toBe(401);
  });

  it('are refreshed like any others', async () => {
    const app = await makeApp('memory', options);
    const { client, tokens } = await app.signedIn();
    await app.call(tokens.access);
    const next = tokensOf(await client.refresh(tokens.refresh));
    expect([(await app.call(tokens.access)).status, (await app.call(next.access)).status]).toEqual([200, 200]);
  });

  it.each([0, 31, 0.5, '10'])('is no option with the value %j', async (dangerouslyCacheTokens) => {
    await expect(makeApp('memory', { dangerouslyCacheTokens: dangerouslyCacheTokens as number })).rejects.toThrow(
      'OAuthProvider: `dangerouslyCacheTokens` must be a whole number of seconds from 1 to 30',
    );
  });
});

function passing(store: Store): Store {
  return {
    atomic: store.atomic,
    read: (key, known) => store.read(key, known),
    write: (...all) => store.write(...all),
    remove: (key, when) => (when === undefined ? store.remove(key) : store.remove(key, when)),
    list: (index, after) => store.list(index, after),
  };
}

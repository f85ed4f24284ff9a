/** What a revocation ends, and what it does while the store is full or down (RFC 7009). */
import { describe, expect, it } from 'vitest';
import { NothingDone, type Store } from '../../../src/model/store.ts';
import { formatToken, grantIdOf } from '../../../src/model/token.ts';
import { memoryStore } from '../../../src/stores/memory.ts';
import { makeClock } from '../../../src/testing/clock.ts';
import { tokensOf } from '../../../src/testing/oauth-client.ts';
import { ALICE, type App, appOn, makeApp } from '../../support/app.ts';
import { lastReason } from '../../support/verdicts.ts';
import { makeVaultApp } from '../../support/vault-app.ts';
import { altered } from '../../support/altered.ts';

/** A server whose store refuses to write grants when it is told so. */
async function failingApp(): Promise<{
  readonly app: App;
  readonly inner: Store;
  readonly fail: (error: Error | null, then?: () => Promise<unknown>) => void;
}> {
  const clock = makeClock();
  const inner = memoryStore(clock);
  let fault: Error | null = null;
  let meanwhile: () => Promise<unknown> = async () => undefined;
  const write: Store['write'] = async (key, ...all) => {
    if (fault === null || !key.startsWith('grant:')) return inner.write(key, ...all);
    await meanwhile();
    throw fault;
  };
  const store = { atomic: inner.atomic, read: inner.read.bind(inner), remove: inner.remove.bind(inner), list: inner.list.bind(inner), write } as Store; // prettier-ignore
  const fail = (error: Error | null, then = meanwhile): void => void ([fault, meanwhile] = [error, then]);
  return { app: await appOn(store, clock), inner, fail };
}
const ended = (app: { readonly events: App['events'] }): unknown[] => app.events.flatMap((event) => (event.kind === 'grant.ended' ? [event.reason] : [])); // prettier-ignore

describe('endpoints/oauth/revoke: rules', () => {
  it('refuses a parameter that is repeated', async () => {
    const app = await makeApp('memory');
    const { client, tokens } = await app.signedIn();
    for (const name of ['token', 'token_type_hint', 'client_id']) {
      const form = new URLSearchParams({ token: tokens.access, client_id: client.id });
      if (!form.has(name)) form.append(name, 'access_token');
      form.append(name, form.get(name) ?? '');
      expect([name, (await app.ask('POST', '/revoke', form)).status, lastReason(app)]).toEqual([name, 400, `repeated_${name}`]);
    }
    expect((await app.call(tokens.access)).status).toBe(200);
  });

  it('ends the grant of a public client whose registration has ended, by its own token alone', async () => {
    const app = await makeApp('memory');
    const [{ client, tokens }, other] = [await app.signedIn(), await app.signedIn()];
    await app.inner.remove(`client:${client.id}`);
    expect((await client.revoke(other.tokens.refresh)).status).toBe(401);
    expect((await client.revoke('refresh_x')).status).toBe(401);
    expect((await app.call(other.tokens.access)).status).toBe(200);
    expect((await client.revoke(tokens.refresh)).status).toBe(200);
    expect((await app.call(tokens.access)).status).toBe(401);
  });

  it('ends no grant without the secret of a client whose registration has ended', async () => {
    const app = await makeApp('memory');
    const client = await app.client({ token_endpoint_auth_method: 'client_secret_post' });
    const tokens = tokensOf(await client.redeem(await client.signIn(app.browser(), ALICE)));
    await app.inner.remove(`client:${client.id}`);
    const form = new URLSearchParams({ token: tokens.refresh, client_id: client.id });
    expect((await app.ask('POST', '/revoke', form)).status).toBe(401);
    expect((await app.call(tokens.access)).status).toBe(200);
  });

  it('needs no metadata document of a client that may have one, and the secret of one that the options name', async () => {
    const id = 'https://agent.example/client.json';
    const form = new URLSearchParams({ token: formatToken('refresh', 'g'.repeat(22), 's'.repeat(43)), client_id: id });
    const secret = 'a-secret-of-enough-characters-to-pass';
    const named = { id, authMethod: 'client_secret_post', secret, redirectUris: ['https://agent.example/cb'], grantTypes: ['authorization_code'] } as const;
    for (const [options, status] of [[{}, 200], [{ clientIdMetadataDocumentEnabled: false }, 401], [{ clients: [named] }, 401]] as const) {
      const clock = makeClock();
      const app = await appOn(memoryStore(clock), clock, options, { fetchPublic: () => Promise.reject(new Error('not asked')) });
      expect((await app.ask('POST', '/revoke', new URLSearchParams(form))).status).toBe(status);
    }
  }); // prettier-ignore

  it('ends no grant by a refresh token that is not of its family', async () => {
    const app = await makeApp('memory');
    const [one, two] = [await app.signedIn(), await app.signedIn()];
    const forged = one.tokens.refresh.slice(0, -80) + two.tokens.refresh.slice(-80);
    expect(forged).not.toBe(one.tokens.refresh);
    expect((await one.client.revoke(forged)).status).toBe(200);
    await app.settled();
    expect(app.events.filter(({ kind }) => kind === 'request.failed')).toEqual([]); // nothing is left to do afterwards
    expect([(await app.call(one.tokens.access)).status, ended(app)]).toEqual([200, []]);
  });

  it('ends nothing by a token of a grant that has none of that kind', async () => {
    const app = await makeApp('memory', { refreshTokenTTL: 0 });
    const { client, tokens } = await app.signedIn();
    const refresh = formatToken('refresh', grantIdOf('access', tokens.access) ?? '', `${'A'.repeat(22)}${'B'.repeat(43)}`);
    expect((await client.revoke(refresh)).status).toBe(200);
    expect([(await app.call(tokens.access)).status, ended(app)]).toEqual([200, []]);
  });

  it('ends the whole grant of an access token while the store has no room, since a delete needs none', async () => {
    const { app, fail } = await failingApp();
    const { client, tokens } = await app.signedIn();
    const sibling = String((await client.refresh(tokens.refresh)).body['access_token']);
    const other = await app.signedIn();
    fail(new NothingDone('full'));
    expect((await other.client.revoke(tokens.access)).status).toBe(200); // another client's: nothing happens
    expect((await client.revoke(altered(tokens.access))).status).toBe(200);
    expect((await app.call(tokens.access)).status).toBe(200);
    expect((await client.revoke(tokens.access)).status).toBe(200);
    expect([(await app.call(tokens.access)).status, (await app.call(sibling)).status, ended(app)]).toEqual([401, 401, ['revoked']]);
    expect((await app.call(other.tokens.access)).status).toBe(200);
  });

  it('is a 503 while the store is down, and ends nothing', async () => {
    const { app, fail } = await failingApp();
    const { client, tokens } = await app.signedIn();
    fail(new Error('down'));
    for (const token of [tokens.access, tokens.refresh]) expect((await client.revoke(token)).status).toBe(503);
    fail(null);
    expect([(await app.call(tokens.access)).status, (await client.refresh(tokens.refresh)).status, ended(app)]).toEqual([200, 200, []]);
  });

  it('reads a grant once, beside the client, and only for a token that names one', async () => {
    const app = await makeApp('memory');
    const { client, tokens } = await app.signedIn();
    const { code } = await app.toCode();
    const reads: string[] = [];
    const read = app.inner.read.bind(app.inner);
    app.inner.read = async (key, ...all) => {
      const kind = key.split(':')[0] ?? '';
      reads.push(kind);
      await Promise.resolve();
      const found = await read(key, ...all);
      reads.push(`${kind} is read`);
      return found;
    };
    await client.revoke(tokens.access);
    expect([reads.length, reads[0], reads.toSorted()]).toEqual([4, 'grant', ['client', 'client is read', 'grant', 'grant is read']]);
    for (const text of [code, 'unknown']) {
      reads.length = 0;
      expect((await client.revoke(text)).status).toBe(200);
      expect(reads).toEqual(['client', 'client is read']);
    }
  });

  it('ends no grant for an access token that went while the store was full', async () => {
    const { app, inner, fail } = await failingApp();
    const { client, tokens } = await app.signedIn();
    const sibling = String((await client.refresh(tokens.refresh)).body['access_token']);
    const key = `grant:${grantIdOf('access', tokens.access) ?? ''}` as const;
    const grant = (await inner.read(key))?.value as { readonly access: readonly object[] };
    expect(grant.access).toHaveLength(2);
    fail(new NothingDone('full'), () => inner.write(key, { ...grant, access: grant.access.slice(1) } as never, 'any')); // another request revokes it at the same moment
    expect((await client.revoke(tokens.access)).status).toBe(200);
    expect([(await app.call(tokens.access)).status, (await app.call(sibling)).status, ended(app)]).toEqual([401, 200, []]);
  });

  it('asks the former store for a token that is not of this server, and for no other', async () => {
    const asked: string[] = [];
    const formerStore = { findClient: () => null, findGrant: (token: string, clientId: string) => (asked.push(token, clientId), null) };
    const app = await makeApp('memory', { formerStore });
    const { client, tokens } = await app.signedIn();
    const { code } = await app.toCode();
    asked.length = 0;
    for (const token of [code, tokens.access, tokens.refresh]) expect((await client.revoke(token)).status).toBe(200);
    expect(asked).toEqual([]);
    expect((await client.revoke('former-token')).status).toBe(200);
    expect(asked).toEqual(['former-token', client.id]);
  });
});

describe('endpoints/oauth/revoke: accounts of other sites', () => {
  const told = (app: { readonly events: App['events'] }): unknown[] => app.events.flatMap((event) => (event.kind === 'upstream.disconnected' ? [event.told] : [])); // prettier-ignore

  it('disconnects those that only this grant used, after the answer, with the key that the refresh token opens', async () => {
    const app = await makeVaultApp('memory');
    const { client, tokens } = await app.connect();
    expect((await client.revoke(tokens.access)).status).toBe(200);
    await app.settled();
    expect(told(app)).toEqual([]);
    expect((await client.revoke(tokens.refresh)).status).toBe(200);
    await app.settled();
    expect([told(app), ended(app)]).toEqual([['revoked'], ['revoked']]);
  });

  it('says that the site could not be told by a refresh token that was rotated', async () => {
    const app = await makeVaultApp('memory');
    const { client, tokens } = await app.connect();
    await client.refresh(tokens.refresh);
    expect((await client.revoke(tokens.refresh)).status).toBe(200);
    await app.settled();
    expect(told(app)).toEqual(['key_not_at_hand']);
  });
});

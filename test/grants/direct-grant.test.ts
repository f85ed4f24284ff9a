/** What is stored of a grant that starts with its access token. */
import { describe, expect, it } from 'vitest';
import type { Caller } from '../../src/clients/caller.ts';
import type { AuthServer } from '../../src/core/auth-server.ts';
import { markDisabled } from '../../src/core/users/removed-users.ts';
import { openRefs } from '../../src/core/records/secrets.ts';
import { directGrant, type DirectGrantRequest, registeredClient } from '../../src/grants/direct-grant.ts';
import type { Client } from '../../src/model/client.ts';
import type { OAuthError } from '../../src/model/error.ts';
import type { TokensRequest } from '../../src/model/on-tokens.ts';
import type { Runtime } from '../../src/model/runtime.ts';
import type { Settings } from '../../src/model/settings.ts';
import type { Store } from '../../src/model/store.ts';
import { grantIdOf, unwrap } from '../../src/model/token.ts';
import type { UpstreamRef } from '../../src/model/upstream.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { START } from '../support/grants.ts';
import { makeServer } from '../support/server.ts';

const REQUEST: DirectGrantRequest = { reason: 'client_credentials', clientId: 'client', userId: 'user', scope: ['read'], resource: 'https://mcp.example/mcp', props: { a: 1 } }; // prettier-ignore

/** The functions of a store, as a value. */
const bound = (store: Store): Store => ({ atomic: store.atomic, read: store.read.bind(store), remove: store.remove.bind(store), list: store.list.bind(store), write: store.write.bind(store) }) as Store; // prettier-ignore
const server = (machine: Partial<Runtime> = {}) => makeServer({ machine, clock: makeClock(START) });
const grantOf = async (as: AuthServer, token: string) => {
  const { hash, pad } = await as.secrets.proof(token);
  const grant = await as.records.findGrant(grantIdOf('access', token) ?? '');
  const entry = grant?.access.find((one) => one.hash === hash);
  if (!grant || !entry) throw new Error('The grant of the token is not stored.');
  return { grant, entry, key: unwrap(entry, pad) };
};

describe('grants/direct-grant', () => {
  it('stores the grant with its one access token, and with nothing that was not asked for', async () => {
    const { as, events } = server();
    const { accessToken, ...answer } = await directGrant(as, REQUEST);
    const common = { scope: ['read'], resource: REQUEST.resource, expiresAt: START + 600 };
    expect(answer).toEqual({ ...common, refreshToken: null, jkt: undefined });
    const { grant, entry, key } = await grantOf(as, accessToken);
    const { id, sealedProps, access, ...rest } = grant;
    expect(JSON.parse((await as.secrets.openWith(key, sealedProps, `grant:${id}`)) ?? '')).toEqual({ a: 1 });
    expect(access).toHaveLength(1);
    expect(Object.keys(entry).toSorted()).toEqual(['expiresAt', 'hash', 'scope', 'wrappedKey']);
    expect(rest).toEqual({
      ...common,
      v: 1,
      clientId: 'client',
      clientAuth: 'confidential',
      userId: 'user',
      createdAt: START,
      usedAt: START,
      lifetimes: { access: 600, refresh: 0, grace: 120 },
      code: null,
      refresh: null,
      retired: [],
      ended: null,
    });
    expect(Object.keys(rest)).toHaveLength(14);
    expect(events).toEqual([{ kind: 'grant.opened', grantId: id, clientId: 'client', userId: 'user', at: START }]);
  });

  it('stores client, user, scopes and resource of the request', async () => {
    const { as } = server();
    const organization = { id: 'o', name: 'O' };
    const linked = [{ id: 'r1', account: { provider: 'site', id: 'a1' } }] as unknown as UpstreamRef[];
    const act = { sub: 'agent' };
    const parent = { id: 'P'.repeat(22), tokenHash: 'parent-hash' };
    const { accessToken, expiresAt, jkt } = await directGrant(as, { ...REQUEST, organization, linked, act, parent, jkt: 'J', notAfter: START + 30 }); // prettier-ignore
    const { grant, entry, key } = await grantOf(as, accessToken);
    expect([expiresAt, jkt, grant.expiresAt, entry.expiresAt, entry.jkt]).toEqual([START + 30, 'J', START + 30, START + 30, 'J']);
    expect(grant).toMatchObject({ organization, act, subjectHash: 'parent-hash', upstreams: { ids: ['r1'] } });
    expect(grant.id.startsWith(parent.id)).toBe(true);
    expect(await openRefs(as.secrets, grant.id, key, grant.upstreams)).toEqual(linked);
  });

  it('writes nothing unless the proof is good, and binds the token to its key (RFC 9449 §5)', async () => {
    const { as, events } = server();
    const key = { jkt: 'K', giveBack: async () => undefined, prove: async () => undefined };
    const refused = { ...key, prove: () => Promise.reject(new Error('proof')) };
    await expect(directGrant(as, { ...REQUEST, key: refused })).rejects.toThrow('proof');
    expect([events, (await as.records.grantsOf('user')).keys]).toEqual([[], []]);
    const { accessToken, jkt } = await directGrant(as, { ...REQUEST, key, jkt: 'other' });
    expect([jkt, (await grantOf(as, accessToken)).entry.jkt]).toEqual(['K', 'K']);
  });

  it('asks the application before it issues, with the props, and gives what it allows', async () => {
    const asked: TokensRequest[] = [];
    const onTokens: Settings['onTokens'] = (request) => (asked.push(request), { scope: [], accessTokenTTL: 30, props: { b: 2 } });
    const { as } = makeServer({ clock: makeClock(START), settings: { onTokens } });
    const { accessToken, ...answer } = await directGrant(as, REQUEST);
    expect(asked).toMatchObject([{ props: { a: 1 }, scope: ['read'], reason: 'client_credentials', grant: { userId: 'user' } }]);
    expect(answer).toMatchObject({ scope: [], expiresAt: START + 30 });
    const { grant, entry, key } = await grantOf(as, accessToken);
    expect([entry.scope, entry.expiresAt]).toEqual([[], START + 30]);
    expect(JSON.parse((await as.secrets.openWith(key, grant.sealedProps, `grant:${grant.id}`)) ?? '')).toEqual({ b: 2 });
  });

  it('never gives a token of a grant that is there already', async () => {
    const { as } = server({ random: (bytes) => new Uint8Array(bytes) });
    await directGrant(as, REQUEST);
    await expect(directGrant(as, REQUEST)).rejects.toThrow('A random grant id was generated twice');
  });

  it('gives nothing to a disabled user, and looks for neither a program nor the user of an exchanged grant, which ends with its parent', async () => {
    const clock = makeClock(START);
    const inner = memoryStore(clock);
    const looks: string[] = [];
    const read: Store['read'] = (key, ...all) => (looks.push(key), inner.read(key, ...all));
    const { as } = makeServer({ clock, store: { ...bound(inner), read } });
    await markDisabled(as, 'user', true, START);
    const marks = async (request: Partial<DirectGrantRequest>): Promise<string[]> => {
      looks.length = 0;
      await directGrant(as, { ...REQUEST, ...request }).catch((error: unknown) => looks.push(String((error as OAuthError).reason)));
      return looks.filter((key) => key.startsWith('removed:') || key.startsWith('user_'));
    };
    expect(await marks({})).toEqual(['removed:user', 'user_disabled']);
    expect((await as.records.grantsOf('user')).keys).toEqual([]);
    expect(await marks({ userId: 'other' })).toEqual(['removed:other', 'removed:other']); // before it is stored, and after
    expect(await marks({ userId: 'client:program' })).toEqual([]);
    expect(await marks({ userId: 'of-client:' })).toEqual(['removed:of-client:', 'removed:of-client:']);
    expect(await marks({ parent: { id: 'P'.repeat(22), tokenHash: 'hash' } })).toEqual([]);
  });

  it('ends the grant of a user who was disabled while it was stored, and gives no token of it', async () => {
    const clock = makeClock(START);
    const inner = memoryStore(clock);
    const write: Store['write'] = async (key, ...all) => {
      const version = await inner.write(key, ...all);
      if (key.startsWith('grant:')) await markDisabled(as, 'user', true, START);
      return version;
    };
    const { as, events } = makeServer({ clock, store: { ...bound(inner), write } });
    await expect(directGrant(as, REQUEST)).rejects.toMatchObject({ code: 'invalid_grant', reason: 'user_disabled' });
    expect(events).toMatchObject([{ kind: 'grant.ended', reason: 'revoked' }]);
  });
});

const client: Client = {
  id: 'c',
  redirectUris: [],
  applicationType: 'native',
  grantTypes: ['a', 'b'],
  authMethod: 'client_secret_basic',
  createdAt: 0,
};
const proven = { kind: 'confidential', clientId: 'c', client } as unknown as Caller;

describe('grants/direct-grant: the registered client', () => {
  it('is the client that proved itself, for what it is registered for', () => {
    expect(registeredClient(proven, 'b')).toBe(client);
    expect(() => registeredClient(proven, 'c')).toThrow(
      expect.objectContaining({ code: 'unauthorized_client', reason: 'grant_type_unregistered' }),
    );
  });

  it('refuses a client that sent only its id', () => {
    for (const kind of ['public', 'none'])
      expect(() => registeredClient({ kind, clientId: 'c', client } as unknown as Caller, 'b')).toThrow(
        expect.objectContaining({ code: 'invalid_client', reason: 'client_unproven' }),
      );
  });
});

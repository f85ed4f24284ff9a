/** Access keys as records: what is stored of one, who has which, and what its use notes. */
import { describe, expect, it } from 'vitest';
import { keysOf, keysOfUser, type KeyRequest, makeKey, noteUse, USE_INTERVAL } from '../../src/core/access-keys.ts';
import { openRefs } from '../../src/core/records/secrets.ts';
import { keyClientId, serviceUserId, unwrap } from '../../src/model/token.ts';
import { end } from '../../src/model/grant.ts';
import type { Store } from '../../src/model/store.ts';
import type { UpstreamRef } from '../../src/model/upstream.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { START } from '../support/grants.ts';
import { makeServer } from '../support/server.ts';

const WANTED: KeyRequest = { kind: 'personal', name: 'Laptop', userId: 'user', scope: ['read'], resource: 'https://mcp.example/mcp', ttl: 3000, claims: { name: 'Ada' } } as KeyRequest; // prettier-ignore

function makeWorld(change: (store: Store) => Partial<Store> = () => ({})) {
  const clock = makeClock(START);
  const inner = memoryStore(clock);
  const plain = { atomic: inner.atomic, read: inner.read.bind(inner), remove: inner.remove.bind(inner), list: inner.list.bind(inner), write: inner.write.bind(inner) } as Store; // prettier-ignore
  return { ...makeServer({ clock, store: { ...plain, ...change(plain) }, settings: { refreshTokenTTL: 5000 } }), clock };
}
const made = async (as: Parameters<typeof makeKey>[0], more: Partial<KeyRequest> = {}) => {
  const result = await makeKey(as, { ...WANTED, ...more });
  if (!result) throw new Error('No key was made.');
  return result;
};

describe('core/access-keys: making one', () => {
  it('stores a grant with its one token and what was asked for, and nothing else', async () => {
    const { as, events } = makeWorld();
    const { key, grant } = await made(as, { id: 'G'.repeat(22) });
    const { sealedProps, access, ...rest } = grant;
    expect(rest).toEqual({
      v: 1, id: 'G'.repeat(22), clientId: keyClientId(grant.id), clientAuth: 'confidential', userId: 'user', key: { kind: 'personal', name: 'Laptop' },
      scope: ['read'], resource: WANTED.resource, createdAt: START, expiresAt: START + 3000, lifetimes: { access: 3000, refresh: 0, grace: 0 },
      code: null, refresh: null, retired: [], usedAt: START, ended: null,
    });
    const { hash, pad } = await as.secrets.proof(key);
    expect(access).toEqual([{ hash, wrappedKey: expect.anything(), scope: ['read'], expiresAt: START + 3000 }]);
    const text = await as.secrets.openWith(unwrap(access[0]!, pad), sealedProps, `grant:${grant.id}`);
    expect(JSON.parse(text ?? '')).toEqual({ claims: { name: 'Ada' } });
    expect(events).toEqual([{ kind: 'grant.opened', grantId: grant.id, clientId: grant.clientId, userId: 'user', at: START }]);
    expect(await as.records.findGrant(grant.id)).toEqual(grant);
  }); // prettier-ignore

  it('is done once for one id, and tells of no second one', async () => {
    const { as, events } = makeWorld();
    await made(as, { id: 'G'.repeat(22) });
    expect([await makeKey(as, { ...WANTED, id: 'G'.repeat(22) }), events.length]).toEqual([null, 1]);
    expect((await made(as)).grant.id).not.toBe((await made(as)).grant.id);
  });

  it('keeps organization, origin and accounts, sealed under the key of the grant', async () => {
    const { as } = makeWorld();
    const linked = [{ id: 'r1', account: { provider: 'corp', id: 'a1' }, key: 'A'.repeat(43) }] as unknown as UpstreamRef[];
    const organization = { id: 'acme', name: 'Acme', permissions: ['admin'] };
    const { key, grant } = await made(as, { organization, linked, origin: { login: 'corp', standing: { id: 7 } } });
    const grantKey = unwrap(grant.access[0]!, (await as.secrets.proof(key)).pad);
    expect(grant.organization).toEqual({ id: 'acme', name: 'Acme' });
    expect(JSON.parse((await as.secrets.openWith(grantKey, grant.sealedProps, `grant:${grant.id}`)) ?? '')).toEqual({ claims: { name: 'Ada' }, organization: { id: 'acme', name: 'Acme' } }); // prettier-ignore
    expect(grant.origin?.login).toBe('corp');
    expect(JSON.parse((await as.secrets.openWith(grantKey, grant.origin?.sealed ?? '', `grant:${grant.id}:origin`)) ?? '')).toEqual({
      id: 7,
    });
    expect(await openRefs(as.secrets, grant.id, grantKey, grant.upstreams)).toEqual(linked);
    expect((await made(as, { origin: { login: 'password' } })).grant.origin).toEqual({ login: 'password' });
    expect((await made(as, { origin: null })).grant).not.toHaveProperty('origin');
  });

  it('gives upstream accounts to no key that outlasts their tokens in the vault', async () => {
    const { as } = makeWorld();
    const linked = [{ id: 'r1', account: { provider: 'corp', id: 'a1' }, key: 'A'.repeat(43) }] as unknown as UpstreamRef[];
    const isUsable = async (ttl: number): Promise<boolean> => 'upstreams' in (await made(as, { linked, ttl })).grant;
    expect([await isUsable(5000), await isUsable(5001)]).toEqual([true, false]);
  });
});

describe('core/access-keys: lists', () => {
  it('name the live keys of a user, of the server, of an organization, and all, and no other grants', async () => {
    const { as, clock } = makeWorld();
    const own = await made(as);
    const other = await made(as, { userId: 'other' });
    const server = await made(as, { kind: 'service', userId: serviceUserId() } as never);
    const acme = await made(as, { kind: 'service', userId: serviceUserId({ id: 'acme' }) } as never);
    const { key: _key, ...plain } = own.grant;
    await as.records.openGrant({ ...plain, id: 'P'.repeat(22) });
    const ids = (page: { keys: readonly { id: string }[] }): readonly string[] => page.keys.map(({ id }) => id).toSorted();
    expect((await keysOfUser(as, 'user')).map(({ id }) => id)).toEqual([own.grant.id]);
    expect(ids(await keysOf(as, { userId: 'other' }))).toEqual([other.grant.id]);
    expect(ids(await keysOf(as, { userId: 'user' }))).toEqual([own.grant.id]);
    expect([ids(await keysOf(as, 'server')), ids(await keysOf(as, { organization: 'acme' }))]).toEqual([
      [server.grant.id],
      [acme.grant.id],
    ]);
    expect(ids(await keysOf(as, 'all'))).toEqual([own, other, server, acme].map(({ grant }) => grant.id).toSorted());
    await as.records.changeGrant(other.grant.id, (grant) => ({ grant: end(grant, 'revoked', START), result: null }));
    expect(ids(await keysOf(as, 'all'))).toEqual([own, server, acme].map(({ grant }) => grant.id).toSorted());
    clock.pass(3000);
    expect(ids(await keysOf(as, 'all'))).toEqual([]);
  });

  it('leave out what went since it was listed, what is no key, and what is at its end', async () => {
    let more: readonly string[] = [];
    const { as, clock } = makeWorld((plain) => ({
      list: async (index) => ({ keys: [...(await plain.list(index)).keys, ...more] as never }),
    }));
    const { grant } = await made(as);
    const { key: _key, ...plain } = grant;
    await as.records.openGrant({ ...plain, id: 'P'.repeat(22) });
    await as.store.write(`grant:${'L'.repeat(22)}`, { ...grant, id: 'L'.repeat(22), expiresAt: START + 1 } as never, 'any', {});
    more = ['grant:gone', `grant:${'P'.repeat(22)}`, `grant:${'L'.repeat(22)}`];
    clock.pass(1);
    expect((await keysOf(as, 'all')).keys.map(({ id }) => id)).toEqual([grant.id]);
  });

  it('go on with the next page, and stop where enough were found', async () => {
    const lists: unknown[] = [];
    const { as } = makeWorld((plain) => ({
      list: async (index, after) => {
        lists.push(after);
        const all = (await plain.list(index)).keys;
        const at = after === undefined ? 0 : Number(after);
        return { keys: all.slice(at, at + 1), ...(at + 1 < all.length ? { next: String(at + 1) as never } : {}) };
      },
    }));
    const keys = [await made(as), await made(as), await made(as)].map(({ grant }) => grant.id);
    expect((await keysOfUser(as, 'user')).map(({ id }) => id).toSorted()).toEqual(keys.toSorted());
    lists.length = 0;
    expect([(await keysOfUser(as, 'user', 2)).length, lists]).toEqual([2, [undefined, '1']]);
    for (const filter of ['all', { userId: 'user' }] as const) {
      const first = await keysOf(as, filter);
      const second = await keysOf(as, filter, first.next);
      expect([first.keys.length, first.next, second.keys.length, second.next]).toEqual([1, '1', 1, '2']);
      expect(await keysOf(as, filter, second.next)).not.toHaveProperty('next');
    }
  });
});

describe('core/access-keys: use', () => {
  it('is noted at most every ten minutes', async () => {
    const { as, clock } = makeWorld();
    const { key, grant } = await made(as);
    const now = async () => (await as.records.findGrant(grant.id)) ?? grant;
    expect(await noteUse(as, grant, key)).toBeNull();
    expect(await now()).toMatchObject({ usedAt: START, key: { lastUsedAt: START } });
    clock.pass(USE_INTERVAL - 1);
    expect(await noteUse(as, await now(), key)).toBeNull();
    expect(await noteUse(as, grant, key)).toBeNull(); // an outdated copy of the grant
    expect((await now()).key?.lastUsedAt).toBe(START);
    clock.pass(1);
    expect(await noteUse(as, await now(), key)).toBeNull();
    expect(await now()).toMatchObject({ usedAt: START + USE_INTERVAL, key: { lastUsedAt: START + USE_INTERVAL } });
  });

  it('costs nothing of the store in between', async () => {
    let reads = 0;
    const { as, clock } = makeWorld((plain) => ({ read: (...all) => (reads++, plain.read(...all)) }));
    const { key, grant } = await made(as);
    await noteUse(as, grant, key);
    const noted = (await as.records.findGrant(grant.id)) ?? grant;
    clock.pass(USE_INTERVAL - 1);
    reads = 0;
    expect([await noteUse(as, noted, key), reads]).toEqual([null, 0]);
    clock.pass(1);
    expect(await noteUse(as, noted, key)).toBeNull();
    expect(reads).toBeGreaterThan(0);
  });

  it('finds that the key has ended, or is gone', async () => {
    const { as, events } = makeWorld();
    const { key, grant } = await made(as);
    await as.records.changeGrant(grant.id, (one) => ({ grant: end(one, 'revoked', START), result: null }));
    expect(await noteUse(as, grant, key)).toBe('grant_revoked');
    expect(await noteUse(as, { ...grant, id: 'N'.repeat(22) }, key)).toBe('grant_unknown');
    expect(events.filter(({ kind }) => kind === 'request.failed')).toEqual([]);
  });

  it('is not refused where it cannot be noted, which the operator is told', async () => {
    let isDown = false;
    const { as, events } = makeWorld((plain) => ({ write: async (...all) => (isDown ? Promise.reject(new Error('down')) : plain.write(...all)) })); // prettier-ignore
    const { key, grant } = await made(as);
    isDown = true;
    expect(await noteUse(as, grant, key)).toBeNull();
    const { kind, endpoint, error } = events.at(-1) as unknown as { kind: string; endpoint: string; error: Error };
    expect([kind, endpoint, error.message]).toEqual(['request.failed', 'access-keys', 'down']);
  });

  it('ends the key of a user whose login is gone (F-42)', async () => {
    const { as, events } = makeWorld();
    const { key, grant } = await made(as, { origin: { login: 'gone' } });
    expect(await noteUse(as, grant, key)).toBe('access_withdrawn');
    expect((await as.records.findGrant(grant.id))?.ended).toMatchObject({ reason: 'access_withdrawn' });
    expect(events.at(-1)).toMatchObject({ kind: 'grant.ended', reason: 'access_withdrawn' });
  });

  it('is not refused where others write the record all the time', async () => {
    let isBusy = false;
    const { as, events } = makeWorld((plain) => ({ write: async (...all) => (isBusy ? null : plain.write(...all)) }));
    Object.assign(as.runtime, { pause: async () => undefined });
    const { key, grant } = await made(as);
    isBusy = true;
    expect(await noteUse(as, grant, key)).toBeNull();
    expect(events.at(-1)).toMatchObject({ kind: 'request.failed', error: { reason: 'grant_contended' } });
  });

  it('is noted for no grant that is not a key', async () => {
    const { as } = makeWorld();
    const { key, grant } = await made(as);
    const { key: _key, ...plain } = grant;
    await as.records.openGrant({ ...plain, id: 'P'.repeat(22) });
    expect(await noteUse(as, { ...plain, id: 'P'.repeat(22) }, key)).toBeNull();
    expect(await as.records.findGrant('P'.repeat(22))).not.toHaveProperty('key');
  });
});

/** What the vault keeps, gives to tools, and releases. With real sites: `journeys/vault.test.ts`. */
import { describe, expect, it } from 'vitest';
import { vaultKey, type VaultRecord } from '../../../src/core/vault/vault-refresh.ts';
import type { RevocationResult } from '../../../src/model/event.ts';
import type { Login } from '../../../src/model/login.ts';
import type { LinkedAccount, Refreshed, UpstreamRef, UpstreamTokens } from '../../../src/model/upstream.ts';
import type { Store } from '../../../src/model/store.ts';
import { openGrant } from '../../support/grants.ts';
import { makeServer, NEW_SECRET } from '../../support/server.ts';

const ACCOUNT: LinkedAccount = { provider: 'corp', id: 'a1', name: 'Ada' };
const OTHER: LinkedAccount = { provider: 'corp', id: 'a2' };

interface World {
  readonly revoked?: boolean | Error;
  readonly refreshed?: Refreshed;
  readonly secrets?: readonly string[];
}

function makeWorld({ revoked = true, refreshed = { kind: 'refused', reason: 'over' }, secrets }: World = {}) {
  const revocations: unknown[] = [];
  const tokens = {
    patience: 10,
    refresh: async () => refreshed,
    async revoke(...all: unknown[]) {
      revocations.push(all);
      if (revoked instanceof Error) throw revoked;
      return revoked;
    },
  };
  const logins = [{ id: 'password', kind: 'form' }, { id: 'corp', kind: 'redirect', tokens }, { id: 'bare', kind: 'redirect' }, { id: 'form', kind: 'form', tokens }] as unknown as readonly Login[]; // prettier-ignore
  const world = makeServer({
    settings: { logins, sessionTtl: 100, refreshTokenTTL: 1000 },
    env: { NAME: 'env' },
    ...(secrets && { secrets }),
  });
  const { as, clock, store, events } = world;
  const now = clock.now();
  const tokensOf = (name: string): UpstreamTokens => ({
    accessToken: name,
    refreshToken: `${name}-refresh`,
    expiresAt: clock.now() + 500,
    scope: ['a'],
  });
  const keep = (account = ACCOUNT, name = account.id, user = 'u1'): Promise<UpstreamRef> => as.vault.keep(user, account, tokensOf(name));
  const grantWith = async (id: string, refs: readonly UpstreamRef[], more: object = {}): Promise<void> => {
    await as.records.openGrant(openGrant({ id, userId: 'u1', createdAt: now, expiresAt: now + 900, code: null, refresh: { hash: 'h', wrappedKey: 'w', familyHash: 'f', expiresAt: now + 900 }, upstreams: { ids: refs.map((ref) => ref.id), sealed: 'x' }, ...more })); // prettier-ignore
  };
  const record = async ({ id }: { readonly id: string }) => (await store.read(vaultKey(id)))?.value as VaultRecord | undefined;
  const told = (): RevocationResult[] => events.flatMap((event) => (event.kind === 'upstream.disconnected' ? [event.told] : []));
  return { ...world, vault: as.vault, keep, grantWith, record, told, revocations, now, tokensOf };
}

describe('core/vault, accounts', () => {
  it('keeps tokens sealed, until the last grant that the session can open has ended', async () => {
    const { as, keep, record, now, clock, vault, store } = makeWorld();
    const ref = await keep();
    expect(ref).toEqual({ id: expect.stringMatching(/^[\w-]{22}$/), key: expect.stringMatching(/^[\w-]{43}$/), account: ACCOUNT });
    const stored = await record(ref);
    expect(stored).toEqual({ v: 1, userId: 'u1', provider: 'corp', accountHash: expect.any(String), sealed: expect.any(String), sealedKey: expect.stringMatching(/^s1\./), round: 0, lease: null, quietUntil: 0, endsAt: now + 1100 });
    expect(JSON.stringify(stored)).not.toMatch(new RegExp(`"a1"|refresh|${ref.key}`));
    expect((await store.list('upstreams:u1')).keys).toEqual([`upstream:${ref.id}`]);
    expect(await as.keyring?.open('vault', stored?.sealedKey ?? '', vaultKey(ref.id))).toBe(ref.key);
    const gone = { ...ref, id: 'gone' };
    expect([await vault.allExist([ref]), await vault.allExist([]), await vault.allExist([ref, gone])]).toEqual([true, true, false]);
    clock.pass(1100);
    expect(await vault.allExist([ref])).toBe(false);
  }); // prettier-ignore

  it('gives equal accounts of a user an equal hash, and keeps no key without a secret', async () => {
    const { keep, record } = makeWorld({ secrets: [] });
    const hashes = await Promise.all([keep(), keep(), keep(OTHER), keep(ACCOUNT, 'x', 'u2'), keep({ ...ACCOUNT, provider: 'other' })]);
    const [one, same, ...others] = await Promise.all(hashes.map(async (ref) => (await record(ref))?.accountHash));
    expect([one === same, new Set([one, ...others]).size]).toEqual([true, 4]);
    expect(await record(hashes[0])).not.toHaveProperty('sealedKey');
  });

  it('overwrites no account with a random id that is in use', async () => {
    const { as } = makeServer({ machine: { random: (size) => new Uint8Array(size) }, settings: { sessionTtl: 1, refreshTokenTTL: 1 } });
    await as.vault.keep('u1', ACCOUNT, { accessToken: 'a' });
    await expect(as.vault.keep('u1', OTHER, { accessToken: 'b' })).rejects.toThrow('A random id was generated twice');
  });

  it('gives a tool the account that it names, or the first one, with its scopes', async () => {
    const { vault, keep } = makeWorld();
    const refs = [await keep(OTHER), await keep(ACCOUNT), await keep({ provider: 'bare', id: 'b1' })];
    const upstream = vault.upstreamsOf('g', async () => refs);
    expect([await upstream('corp').token(), await upstream('corp', { account: 'a1' }).token(), await upstream('bare').token()]).toEqual(['a2', 'a1', 'b1']); // prettier-ignore
    expect([await upstream('corp').scopes(), await upstream('corp').accounts()]).toEqual([['a'], [OTHER, ACCOUNT]]);
    const none = { failure: 'not_linked', message: expect.stringContaining('"') };
    for (const one of [upstream('github'), upstream('corp', { account: 'a3' })]) await expect(one.token()).rejects.toMatchObject(none);
    await expect(upstream('github').accounts()).rejects.toMatchObject({
      failure: 'not_linked',
      message: expect.stringContaining('"github"'),
    });
    const bare = await vault.keep('u1', OTHER, { accessToken: 'a' });
    expect(
      await vault
        .upstreamsOf('g', async () => [bare])('corp')
        .scopes(),
    ).toEqual([]);
  });

  it('ends the grant with an account of its sign-in that has ended, and not with one that a tool added', async () => {
    const { vault, keep, grantWith, as, told, record, clock } = makeWorld();
    const [ref, second, added] = [await keep(), await keep(OTHER), { ...(await keep({ ...ACCOUNT, id: 'a3' })), connected: true }];
    await grantWith('g', [ref, second, added]);
    const upstream = vault.upstreamsOf('g', async () => [ref, second, added]);
    await expect(upstream('corp', { account: 'a3' }).token({ refused: 'a3' })).rejects.toMatchObject({ failure: 'ended' });
    expect((await as.records.findGrant('g'))?.ended).toBeNull();
    await expect(upstream('corp').token({ refused: 'a1' })).rejects.toMatchObject({ failure: 'ended' });
    expect((await as.records.findGrant('g'))?.ended).toEqual({ at: clock.now(), reason: 'upstream_refused' });
    expect([told(), await record(second)]).toEqual([['revoked'], undefined]);
    await expect(
      vault
        .upstreamsOf('gone', async () => [ref])('corp')
        .token(),
    ).rejects.toMatchObject({ failure: 'ended' });
  });

  it('keeps the grant when the site does not answer', async () => {
    const { vault, keep, grantWith, as } = makeWorld({ refreshed: { kind: 'unavailable', reason: 'timeout' } });
    const ref = await keep();
    await grantWith('g', [ref]);
    await expect(
      vault
        .upstreamsOf('g', async () => [ref])('corp')
        .token({ refused: 'a1' }),
    ).rejects.toMatchObject({ failure: 'unavailable' });
    expect((await as.records.findGrant('g'))?.ended).toBeNull();
  });
});

describe('core/vault, releases', () => {
  it('removes an account that no live grant uses, and revokes its tokens at the site', async () => {
    const { vault, keep, record, told, revocations, events, clock, tokensOf } = makeWorld();
    const tokens = tokensOf('a1');
    const ref = await keep();
    await vault.release('u2', [ref.id]);
    expect(await record(ref)).toBeDefined(); // it is another user's
    await vault.release('u1', [ref.id, 'gone']);
    expect([await record(ref), told(), revocations]).toEqual([undefined, ['revoked'], [[tokens, { env: { NAME: 'env' } }]]]);
    expect(events).toEqual([{ kind: 'upstream.disconnected', provider: 'corp', userId: 'u1', told: 'revoked', at: clock.now() }]);
    await vault.release('u1', [ref.id]);
    expect(told()).toHaveLength(1);
  });

  it('keeps an account that a live grant of the user names, on any page of the list, but not for an ended or exchanged grant', async () => {
    const { vault, keep, record, grantWith, as } = makeWorld();
    const [ref, ended, exchanged] = [await keep(), await keep(OTHER), await keep({ ...OTHER, id: 'a3' })];
    await grantWith('A'.repeat(22), [ref]);
    await grantWith('B'.repeat(22), [ended], { ended: { at: 1, reason: 'revoked' } });
    await grantWith(`${'A'.repeat(22)}${'C'.repeat(22)}`, [exchanged]);
    const all = [ref.id, ended.id, exchanged.id];
    await vault.release('u1', all);
    expect([await record(ref) !== undefined, await record(ended), await record(exchanged)]).toEqual([true, undefined, undefined]);
    await as.records.changeGrant('A'.repeat(22), (grant) => ({ grant: { ...grant, upstreams: { ids: [], sealed: '' } }, result: null }));
    await vault.release('u1', all);
    expect(await record(ref)).toBeUndefined();
  }); // prettier-ignore

  it('asks for no list where there is nothing to release', async () => {
    const { store } = makeServer();
    let lists = 0;
    const counting = { atomic: store.atomic, read: store.read.bind(store), list: async () => (lists++, { keys: [] }) } as unknown as Store;
    await makeServer({ store: counting }).as.vault.release('u1', []);
    expect(lists).toBe(0);
  });

  it('does not revoke tokens of an account that another sign-in of the user still uses', async () => {
    const { vault, keep, grantWith, told, revocations } = makeWorld();
    const [first, second] = [await keep(), await keep()];
    await grantWith('A'.repeat(22), [second, await keep(OTHER)]);
    await vault.release('u1', [first.id]);
    expect([told(), revocations]).toEqual([['in_use_elsewhere'], []]);
    await grantWith('B'.repeat(22), [{ ...first, id: 'gone' }]);
    await grantWith('C'.repeat(22), [], { upstreams: undefined });
    await vault.release('u1', [(await keep({ ...OTHER, id: 'a3' })).id]);
    expect(told()).toEqual(['in_use_elsewhere', 'revoked']);
  });

  it('returns the result of the revocation', async () => {
    const results: unknown[] = [];
    for (const revoked of [true, false, new Error('down')]) {
      const { vault, keep, told, events } = makeWorld({ revoked });
      await vault.release('u1', [(await keep()).id]);
      results.push(...told(), ...events.flatMap((event) => (event.kind === 'request.failed' ? [event.endpoint, event.requestId, event.error] : [])));
    }
    expect(results).toEqual(['revoked', 'no_way_to', 'failed', 'upstream', expect.stringMatching(/^[\w-]{22}$/), new Error('down')]);
    const { vault, keep, told } = makeWorld();
    for (const provider of ['gone', 'bare', 'form']) await vault.release('u1', [(await keep({ provider, id: 'a1' })).id]);
    expect(told()).toEqual(['provider_gone', 'provider_gone', 'provider_gone']);
  }); // prettier-ignore

  it('removes the account though its key cannot be opened, and then the site is not told', async () => {
    const plain = makeWorld({ secrets: [] });
    await plain.vault.release('u1', [(await plain.keep()).id]);
    expect([plain.told(), plain.revocations]).toEqual([['key_not_at_hand'], []]);
    const { keep, clock, store, record } = makeWorld();
    const [ref, given, lost, last] = [
      await keep(),
      await keep(OTHER),
      await keep({ ...OTHER, id: 'a3' }),
      await keep({ ...OTHER, id: 'a4' }),
    ];
    const logins = [{ id: 'corp', kind: 'redirect', tokens: { revoke: async () => true } }] as unknown as readonly Login[];
    const other = makeServer({ clock, store, secrets: [NEW_SECRET], settings: { logins } });
    const told = () => other.events.flatMap((event) => (event.kind === 'upstream.disconnected' ? [event.told] : []));
    await other.as.vault.release('u1', [ref.id]);
    await other.as.vault.release('u1', [given.id], [{ ...given, id: 'another' }, given]);
    await store.write(vaultKey(lost.id), { ...(await record(lost)), sealedKey: '' } as never, 'any', {});
    await other.as.vault.release('u1', [lost.id]);
    expect(told()).toEqual(['secret_missing', 'revoked', 'key_not_at_hand']);
    const none = makeServer({ clock, store, secrets: [], settings: { logins } });
    await none.as.vault.release('u1', [last.id]);
    expect(none.events).toMatchObject([{ told: 'secret_missing' }]);
    expect(await Promise.all([ref, given, lost, last].map(record))).toEqual([undefined, undefined, undefined, undefined]);
  });

  it('finds the grants that use an account on every page', async () => {
    const { keep, grantWith, store, record } = makeWorld();
    const refs = [await keep(), await keep(OTHER)];
    await grantWith('A'.repeat(22), [refs[0] as UpstreamRef]);
    await grantWith('B'.repeat(22), [refs[1] as UpstreamRef]);
    const list: Store['list'] = async (_index, after) => (after === undefined ? { keys: [`grant:${'A'.repeat(22)}`], next: 'a' } : { keys: after === 'a' ? [`grant:${'B'.repeat(22)}`] : [] }); // prettier-ignore
    const paged = { atomic: store.atomic, read: store.read.bind(store), remove: store.remove.bind(store), write: store.write.bind(store), list } as Store; // prettier-ignore
    await makeServer({ store: paged }).as.vault.release('u1', refs.map(({ id }) => id)); // prettier-ignore
    expect((await Promise.all(refs.map(record))).map((one) => one !== undefined)).toEqual([true, true]);
  });

  it('releases every account of a user, over all pages', async () => {
    const { keep, record, as, told, store } = makeWorld();
    const refs = [await keep(), await keep(OTHER), await keep(ACCOUNT, 'x', 'u2')];
    const list: Store['list'] = async (index, after) => {
      if (index !== 'upstreams:u1') return store.list(index, after);
      return after === undefined ? { keys: [vaultKey(refs[0]?.id ?? '')], next: 'a' } : { keys: [vaultKey(refs[1]?.id ?? '')] };
    };
    const paged = { atomic: store.atomic, read: store.read.bind(store), remove: store.remove.bind(store), write: store.write.bind(store), list } as Store; // prettier-ignore
    const other = makeServer({ store: paged, settings: { logins: [] } });
    await other.as.vault.releaseAll('u1');
    expect(await Promise.all(refs.map(async (ref) => (await record(ref)) !== undefined))).toEqual([false, false, true]);
    await as.vault.releaseAll('u2');
    expect([told(), await record(refs[2] as UpstreamRef)]).toEqual([['revoked'], undefined]);
  });
});

/** A token of a former server that is traded, or revoked, over a former store that the test writes: each refusal, race and lifetime. */
import { describe, expect, it } from 'vitest';
import type { Caller } from '../../src/clients/caller.ts';
import { endFormerToken, tradeFormerToken } from '../../src/grants/former-grants.ts';
import { cutFormer } from '../../src/core/records/former.ts';
import { OAuthError } from '../../src/model/error.ts';
import type { FormerClient, FormerGrant, FormerStore } from '../../src/model/former.ts';
import type { Grant } from '../../src/model/grant.ts';
import type { Settings } from '../../src/model/settings.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { grantIdOf } from '../../src/model/token.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { makeServer } from '../support/server.ts';

const START = 1_790_000_000;
const [A, B] = ['https://mcp.example/a', 'https://mcp.example/b'];
const CALLER = { kind: 'public', clientId: 'c' } as Caller;
const CLIENT: FormerClient = { id: 'c', redirectUris: ['https://app.example/cb'], grantTypes: ['authorization_code'], authMethod: 'none', methodChosen: true, createdAt: START - 99 }; // prettier-ignore
const GRANT: FormerGrant = { id: 'former', clientId: 'c', userId: 'una', scope: ['read'], props: { team: 'blue' }, key: 'k'.repeat(43), createdAt: START - 50 }; // prettier-ignore

interface World {
  /** The client and the grant of the former server, as it has them now. */
  client: FormerClient | null;
  grant: FormerGrant | { readonly problem: string } | null;
}
function makeWorld(more: Partial<FormerGrant> = {}, { settings = {}, spends = false }: { readonly settings?: Partial<Settings>; readonly spends?: boolean } = {}) {
  const clock = makeClock(START);
  const store = memoryStore(clock);
  const state: World = { client: CLIENT, grant: { ...GRANT, ...more } };
  const asked: string[] = [];
  const pauses: number[] = [];
  const pause = async (milliseconds: number): Promise<void> => {
    if (pauses.push(milliseconds) > 100) throw new Error('It waits for ever.');
    await onPause.run();
  };
  const onPause = { run: async (): Promise<void> => undefined };
  const formerStore: FormerStore = {
    findClient: async () => state.client,
    findGrant: async (token, clientId) => (asked.push(`${token} ${clientId}`), token === 'odd' ? null : state.grant),
    ...(spends ? { nameOf: async () => ({ id: GRANT.id, key: GRANT.key }) } : {}),
  };
  const { as, events } = makeServer({
    clock, store, machine: { pause },
    settings: { formerStore, resources: [{ uri: A }, { uri: B }] as never, defaultResource: A, refreshTokenTTL: 5000, clientRegistrationTTL: 100, ...settings },
  });
  const trade = (token = 'old', caller = CALLER): Promise<string> => tradeFormerToken(as, caller, token);
  const end = (token = 'old', caller = CALLER): Promise<void> => endFormerToken(as, caller, token);
  const grantOf = async (token: string): Promise<Grant | null> => as.records.findGrant(grantIdOf('refresh', token) ?? '');
  const moved = (): number => events.filter(({ kind }) => kind === 'grant.moved').length;
  const noteKey = async () => `former:${await as.secrets.hash(`former grant\n${GRANT.id}`)}` as const;
  return { as, clock, store, events, state, asked, pauses, onPause, trade, end, grantOf, moved, noteKey };
} // prettier-ignore
const refusal = (reason: string, code = 'invalid_grant'): object => ({ code, reason });

describe('grants/former-grants: a grant that moves', () => {
  it('keeps user, client, scope, notes and age, with our lifetimes', async () => {
    const { trade, grantOf, as, moved, clock } = makeWorld({ redirectUri: 'https://app.example/cb', metadata: { label: 'Laptop' } });
    const token = await trade();
    const { sealedProps: _, refresh, ...rest } = (await grantOf(token))!;
    expect(rest).toEqual({
      v: 1, id: grantIdOf('refresh', token), clientId: 'c', clientAuth: 'public', userId: 'una', scope: ['read'], resource: A, redirectUri: 'https://app.example/cb', metadata: { label: 'Laptop' },
      createdAt: START - 50, expiresAt: START + 5000, lifetimes: expect.objectContaining({ access: 600 }), code: null, retired: [], access: [], usedAt: START, ended: null,
    });
    expect(refresh?.expiresAt).toBe(START + rest.lifetimes.refresh);
    expect([rest.lifetimes.refresh, moved(), (await as.records.findClient('c'))?.authMethod]).toEqual([3000, 1, 'none']);
    clock.pass(1);
    expect(await trade()).toBe(token);
    expect(moved()).toBe(1);
  }); // prettier-ignore

  it('is of a confidential client, or a configured one, where its client is', async () => {
    const confidential = makeWorld();
    const by = { kind: 'confidential', clientId: 'c', client: CLIENT } as unknown as Caller;
    const secret = (await confidential.grantOf(await confidential.trade('old', by)))!;
    expect([secret.clientAuth, 'configured' in secret, 'redirectUri' in secret, 'metadata' in secret]).toEqual(['confidential', false, false, false]);
    const clients = new Map([['c', { client: { ...CLIENT, applicationType: 'native' } }]]) as never;
    const configured = makeWorld({}, { settings: { clients } });
    expect((await configured.grantOf(await configured.trade()))?.configured).toBe(true);
  }); // prettier-ignore

  it('lives at least as long as it would there, and its refresh token no longer than the grant', async () => {
    const long = makeWorld({ expiresAt: START + 90_000 });
    expect(await long.grantOf(await long.trade())).toMatchObject({ expiresAt: START + 90_000, refresh: { expiresAt: START + 3000 } });
    const ending = makeWorld({ expiresAt: START + 10 });
    expect(await ending.grantOf(await ending.trade())).toMatchObject({ expiresAt: START - 50 + 5000 });
    const short = makeWorld({ createdAt: START - 4000 }, { settings: { refreshTokenTTL: 1000 } });
    expect(await short.grantOf(await short.trade())).toMatchObject({ expiresAt: START + 1000, refresh: { expiresAt: START + 1000 } });
    const { createdAt: _, ...ageless } = GRANT;
    const young = makeWorld();
    young.state.grant = ageless;
    expect(await young.grantOf(await young.trade())).toMatchObject({ createdAt: START, expiresAt: START + 5000 });
  });

  it('is for the first of its resources that are here, for the default one without any, and for none otherwise', async () => {
    for (const [resource, uri] of [[undefined, A], [B, B], [['https://other.example/x', B, A], B]] as const) {
      const world = makeWorld(resource === undefined ? {} : { resource });
      expect((await world.grantOf(await world.trade()))?.resource).toBe(uri);
    }
    for (const resource of ['https://other.example/x', ['https://other.example/x', 'no url'], '']) {
      const world = makeWorld({ resource });
      await expect(world.trade()).rejects.toMatchObject(refusal('former_resource_unknown'));
      expect(world.moved()).toBe(0);
    }
  }); // prettier-ignore

  it('is for the one resource below its own where the former server goes by prefixes, and for none of several', async () => {
    const above = { isPrefix: true, resource: 'https://mcp.example' };
    const one = makeWorld(above, { settings: { resources: [{ uri: B }, { uri: 'https://other.example/a' }] as never, defaultResource: null } });
    expect((await one.grantOf(await one.trade()))?.resource).toBe(B);
    for (const more of [above, { resource: 'https://mcp.example' }, { isPrefix: true, resource: 'https://other.example' }]) {
      const world = makeWorld(more);
      await expect(world.trade()).rejects.toMatchObject(refusal('former_resource_unknown'));
      expect(world.moved()).toBe(0);
    }
  }); // prettier-ignore

  it('moves once, and is noted for a day longer than it would live there; without an end, for ever', async () => {
    const { trade, store, noteKey, clock } = makeWorld({ expiresAt: START + 10 });
    await trade();
    clock.pass(10 + 86_400 - 1);
    expect((await store.read(await noteKey()))?.value).toMatchObject({ isOpened: true });
    clock.pass(1);
    expect(await store.read(await noteKey())).toBeNull();
    const endless = makeWorld();
    await endless.trade();
    endless.clock.pass(4_000_000_000);
    expect(await endless.store.read(await endless.noteKey())).not.toBeNull();
  });

  it('goes on with a move that stopped in the middle, for twelve hours, and opens a grant that ended no second time', async () => {
    const { trade, store, noteKey, clock, moved, grantOf } = makeWorld();
    const token = await trade();
    const note = (await store.read(await noteKey()))!;
    const reopen = async (): Promise<unknown> => store.write(await noteKey(), { ...(note.value as object), isOpened: false }, 'any');
    await store.remove(`grant:${grantIdOf('refresh', token)}`);
    await reopen();
    clock.pass(12 * 3600 - 1);
    expect(await trade()).toBe(token);
    expect([moved(), (await grantOf(token)) !== null]).toEqual([2, true]);
    await store.remove(`grant:${grantIdOf('refresh', token)}`);
    expect(await trade()).toBe(token); // noted as opened: never again
    await reopen();
    clock.pass(1);
    expect([await trade(), moved(), await grantOf(token)]).toEqual([token, 2, null]);
  });

  it('gives one token to requests that come at once', async () => {
    const { trade, moved } = makeWorld();
    expect([new Set(await Promise.all([trade(), trade('older'), trade()])).size, moved()]).toEqual([1, 1]);
  });

  it('is not opened with a key that the former server changed meanwhile', async () => {
    const { trade, state } = makeWorld();
    await trade();
    state.grant = { ...GRANT, key: 'l'.repeat(43) };
    await expect(trade()).rejects.toMatchObject(refusal('former_key_differs'));
  });
});

describe('grants/former-grants: what moves no grant', () => {
  it('is refused with its reason, and told to the operator', async () => {
    const world = makeWorld();
    await expect(world.trade('odd')).rejects.toMatchObject(refusal('refresh_malformed'));
    world.state.grant = { ...GRANT, clientId: 'other' };
    await expect(world.trade()).rejects.toMatchObject(refusal('refresh_of_another_client'));
    for (const [expiresAt, gone] of [[START, true], [START + 1, false]] as const) {
      world.state.grant = { ...GRANT, expiresAt };
      if (gone) await expect(world.trade()).rejects.toMatchObject(refusal('refresh_expired'));
      else await world.trade();
    }
    world.state.grant = { problem: 'no scope' };
    await expect(world.trade()).rejects.toMatchObject(refusal('former_record_broken'));
    expect(world.events.at(-1)).toMatchObject({ kind: 'request.refused', endpoint: 'former_store', code: 'invalid_grant', reason: 'former_record_broken', detail: 'no scope' });
  }); // prettier-ignore

  it('is of a client that is gone, or has to show a secret', async () => {
    const gone = makeWorld();
    gone.state.client = null;
    await expect(gone.trade()).rejects.toMatchObject(refusal('client_unknown', 'invalid_client'));
    const secret = makeWorld();
    secret.state.client = { ...CLIENT, authMethod: 'client_secret_basic', secretHash: 'x' };
    await expect(secret.trade()).rejects.toMatchObject(refusal('secret_missing', 'invalid_client'));
    expect([gone.moved(), secret.moved()]).toEqual([0, 0]);
    const spending = makeWorld({}, { spends: true });
    spending.state.client = null;
    await expect(spending.trade()).rejects.toMatchObject(refusal('client_unknown', 'invalid_client'));
    expect([spending.asked, gone.asked]).toEqual([[], ['old c']]); // where asking spends the token, the client comes first
  });

  it('was revoked here before: all, of the user, of the client, of both, or with the client', async () => {
    for (const owner of [{}, { userId: 'una' }, { clientId: 'c' }, { userId: 'una', clientId: 'c' }, { deletedClient: 'c' }]) {
      for (const [createdAt, isOver] of [[START, true], [START + 1, false], [undefined, true]] as const) {
        const world = makeWorld();
        const by = { kind: 'confidential', clientId: 'c', client: CLIENT } as unknown as Caller;
        const { createdAt: _, ...ageless } = GRANT;
        world.state.grant = { ...ageless, ...(createdAt === undefined ? {} : { createdAt }) };
        await cutFormer(world.as, owner);
        if (isOver) await expect(world.trade('old', by)).rejects.toMatchObject(refusal('grant_revoked'));
        else await world.trade('old', by);
        expect(world.moved()).toBe(isOver ? 0 : 1);
      }
    }
  }); // prettier-ignore

  it('is 503 while the former server is down, or another request writes at the same moment', async () => {
    const down = makeWorld({}, { settings: { formerStore: { findClient: () => null, findGrant: () => Promise.reject(new Error('down')) } } });
    await expect(down.trade()).rejects.toMatchObject({ code: 'temporarily_unavailable', reason: 'former_store_failed' });
    await expect(down.end()).rejects.toMatchObject({ code: 'temporarily_unavailable' });
    const racing = makeWorld();
    const write = racing.store.write.bind(racing.store);
    racing.store.write = async (key, ...all) => (key.startsWith('former:') ? null : write(key, ...all));
    await expect(racing.trade()).rejects.toMatchObject({ code: 'temporarily_unavailable', reason: 'former_contended', headers: { 'retry-after': '1' } });
  }); // prettier-ignore
});

describe('grants/former-grants: a former server where asking spends the token', () => {
  it('is asked once for a grant, and each repeat gets what came of that', async () => {
    const { trade, asked, moved } = makeWorld({}, { spends: true });
    const token = await trade();
    expect([await trade(), await trade('older'), asked, moved()]).toEqual([token, token, ['old c'], 1]);
  });

  it('waits two seconds for the request that has spent it, and gives its answer', async () => {
    const world = makeWorld({}, { spends: true });
    world.state.grant = null;
    await expect(world.trade()).rejects.toMatchObject(refusal('refresh_malformed'));
    expect(world.pauses).toEqual(Array.from({ length: 20 }, () => 100));
    let other = '';
    world.onPause.run = async () => {
      world.state.grant = GRANT;
      other ||= await world.trade('older');
    };
    world.pauses.length = 0;
    expect([await world.trade(), world.pauses.length]).toEqual([other, 1]);
  });

  it('gives nothing of a grant that was revoked, and finishes no move that stopped', async () => {
    const { trade, end, store, noteKey } = makeWorld({}, { spends: true });
    await end();
    await expect(trade()).rejects.toMatchObject(refusal('grant_revoked'));
    const stopped = makeWorld({}, { spends: true });
    const token = await stopped.trade();
    const { value } = (await stopped.store.read(await stopped.noteKey()))!;
    await stopped.store.write(await stopped.noteKey(), { ...(value as object), isOpened: false }, 'any');
    expect([await stopped.trade(), stopped.asked]).toEqual([token, ['old c', 'old c']]);
    expect(await store.read(await noteKey())).not.toBeNull();
  });
});

describe('grants/former-grants: a revocation', () => {
  it.each([false, true])('ends a grant that has moved, by its client alone (asking spends: %s)', async (spends) => {
    const { trade, end, grantOf, clock, as, store, state } = makeWorld({}, { spends });
    const token = await trade();
    if (spends) state.grant = null; // the former server knows the token no more
    if (spends) await end('old', { ...CALLER, clientId: 'other' } as Caller);
    expect((await grantOf(token))?.ended).toBeNull();
    await end();
    expect((await grantOf(token))?.ended).toMatchObject({ reason: 'revoked' });
    clock.pass(1);
    await end(); // again
    await store.remove(`grant:${grantIdOf('refresh', token)}`);
    await end(); // it has ended and expired
    for (const down of [new Error('down'), new OAuthError('temporarily_unavailable', 'store_down')]) {
      as.records.changeGrant = () => Promise.reject(down);
      await expect(end()).rejects.toBe(down);
    }
  });

  it('keeps a grant from moving that has not moved, and changes nothing for an unknown token', async () => {
    const { trade, end, moved, store, noteKey } = makeWorld();
    await end('odd');
    expect(await store.read(await noteKey())).toBeNull();
    await end();
    expect((await store.read(await noteKey()))?.value).toMatchObject({ v: 1, at: START, sealed: null, isOpened: true });
    await expect(trade()).rejects.toMatchObject(refusal('grant_revoked'));
    await end();
    expect(moved()).toBe(0);
  });

  it('comes before a move that stopped in the middle, or is 503 where that goes on at the same moment', async () => {
    const { trade, end, store, noteKey, as } = makeWorld();
    const token = await trade();
    const note = async (): Promise<object> => (await store.read(await noteKey()))?.value as object;
    const opened = await note();
    await store.write(await noteKey(), { ...opened, isOpened: false }, 'any');
    const write = store.write.bind(store);
    store.write = async (key, value, when, ...all) => (key.startsWith('former:') && when !== 'absent' ? null : write(key, value, when, ...all));
    await expect(end()).rejects.toMatchObject({ code: 'temporarily_unavailable', reason: 'former_contended', headers: { 'retry-after': '1' } });
    store.write = write;
    await end();
    expect(await note()).toMatchObject({ sealed: null, isOpened: true });
    expect((await as.records.findGrant(grantIdOf('refresh', token) ?? ''))?.ended).not.toBeNull();
    await expect(trade()).rejects.toMatchObject(refusal('grant_revoked'));
  }); // prettier-ignore

  it('that comes while the grant is opened ends it at once', async () => {
    const { trade, grantOf, as } = makeWorld();
    const open = as.records.openGrant;
    as.records.openGrant = async (...all) => (await cutFormer(as, { userId: 'una' }), open(...all));
    expect((await grantOf(await trade()))?.ended).toMatchObject({ reason: 'revoked' });
  });

  it('takes no record of another form for a note', async () => {
    for (const odd of [
      { v: 2, sealed: null, isOpened: true },
      { v: 1, isOpened: true },
      { sealed: null, isOpened: true },
    ]) {
      const { trade, store, noteKey } = makeWorld({}, { spends: true });
      await store.write(await noteKey(), odd as never, 'absent');
      await expect(trade()).rejects.toMatchObject({ code: 'temporarily_unavailable', reason: 'former_contended' });
    }
  });
});

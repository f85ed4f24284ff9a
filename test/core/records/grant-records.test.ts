/** A grant that moves to the place of its client at a refresh: whatever fails or comes in between, it is in one place, and nothing is lost. */
import { describe, expect, it } from 'vitest';
import { isGrant, locateGrant, moveGrant } from '../../../src/core/records/grant-records.ts';
import type { Grant } from '../../../src/model/grant.ts';
import { grantIdOf, placeOf, withPlace } from '../../../src/model/token.ts';
import type { Store } from '../../../src/model/store.ts';
import { memoryStore } from '../../../src/stores/memory.ts';
import { makeClock } from '../../../src/testing/clock.ts';
import { makeBrowser, type Send } from '../../../src/testing/browser.ts';
import { registerClient, type TestClient, type Tokens, tokensOf } from '../../../src/testing/oauth-client.ts';
import { chance } from '../../support/random.ts';
import { ALICE, type App, appOn, ISSUER } from '../../support/app.ts';

const GRACE = 60;

interface World {
  readonly app: App;
  readonly tokens: Tokens;
  /** The client as it calls from a place. */
  readonly at: (place: string) => TestClient;
  /** Runs around every verb of the store from now on. */
  around: <T>(verb: () => Promise<T>) => Promise<T>;
  /** Grants that count by themselves, at every moment since the start: never more than one. */
  readonly mostAtOnce: () => number;
  /** Grants by the place that they are in now. */
  readonly places: () => Promise<readonly (string | null)[]>;
}

/** Alice has signed in from there. */
async function makeWorld(signInAt = 'weur'): Promise<World> {
  const clock = makeClock();
  const inner = Object.assign(memoryStore(clock), { placed: true });
  let most = 0;
  const grantsIn = async (): Promise<readonly string[]> =>
    ((await inner.all?.())?.records ?? []).filter(({ value }) => isGrant(value) && !value.ended).map(({ key }) => key);
  const verb = async <T>(run: () => Promise<T>): Promise<T> =>
    world.around(async () => {
      const result = await run();
      most = Math.max(most, (await grantsIn()).length);
      return result;
    });
  const store: Store = {
    atomic: true,
    placed: true,
    read: (key, known) => verb(() => inner.read(key, known)),
    write: (...all) => verb(() => inner.write(...all)),
    remove: (...all) => verb(() => inner.remove(...all)),
    list: (...all) => verb(() => inner.list(...all)),
    all: (...all) => inner.all!(...all),
  };
  const world: World = {
    around: <T>(run: () => Promise<T>) => run(),
    mostAtOnce: () => most,
    places: async () => (await grantsIn()).map((key) => placeOf(key.slice('grant:'.length))),
  } as unknown as World;
  const app = await appOn(store, clock, { refreshTokenGrace: GRACE }, { pause: async () => undefined });
  const from =
    (place: string): Send =>
    (request) => {
      const placed = new Request(request);
      placed.headers.set('x-test-place', place);
      return app.send(placed);
    };
  let place = signInAt;
  const client = await registerClient({ send: (request) => from(place)(request), issuer: ISSUER });
  const tokens = tokensOf(await client.redeem(await client.signIn(makeBrowser(from(signInAt)), ALICE)));
  const at = (where: string): TestClient => ({
    ...client,
    refresh: (...all) => ((place = where), client.refresh(...all)),
    revoke: (...all) => ((place = where), client.revoke(...all)),
  });
  return Object.assign(world, { app, tokens, at });
}

/** Fails from the nth verb on; that one is still carried out if `isDone`. @returns how many there were. */
function crashAt(world: World, nth: number, isDone: boolean): () => number {
  let verbs = 0;
  world.around = async (run) => {
    verbs++;
    if (verbs < nth) return run();
    if (verbs === nth && isDone) await run();
    throw new Error('the process died');
  };
  return () => verbs;
}

describe('core/records/grant-records', () => {
  it('moves a grant to the place of its client at a refresh, and keeps every token good', async () => {
    const { app, tokens, at, places, mostAtOnce } = await makeWorld();
    expect(await places()).toEqual(['weur']);
    const moved = tokensOf(await at('oc').refresh(tokens.refresh));
    expect(await places()).toEqual(['oc']);
    expect([moved.access, moved.refresh].map((token) => placeOf(/_([\w-]{22})/.exec(token)?.[1] ?? ''))).toEqual(['oc', 'oc']);
    for (const token of [tokens.access, moved.access, tokens.access]) expect((await app.call(token)).status).toBe(200);
    expect(mostAtOnce()).toBe(1);
  });

  it('costs one read for each call after the move, also with a token from before it, and keeps its id in events', async () => {
    const { app, tokens, at } = await makeWorld();
    const moved = tokensOf(await at('oc').refresh(tokens.refresh));
    const next = tokensOf(await at('oc').refresh(moved.refresh));
    for (const { access } of [next, tokens]) await app.call(access); // the first call may follow a signpost
    app.counts.reads = 0;
    for (const { access } of [next, tokens, moved]) expect((await app.call(access)).status).toBe(200);
    expect(app.counts.reads).toBe(3);
    const ids = app.events.flatMap((event) => ('grantId' in event && event.kind.startsWith('grant.') ? [event.grantId] : []));
    expect([ids.length, new Set(ids)]).toEqual([4, new Set([grantIdOf('refresh', tokens.refresh)])]);
  });

  it('stays where it is while its client does', async () => {
    const { tokens, at, places } = await makeWorld();
    const next = tokensOf(await at('weur').refresh(tokens.refresh));
    tokensOf(await at('weur').refresh(next.refresh));
    expect(await places()).toEqual(['weur']);
  });

  it('moves a grant from before there were places, whose tokens stay good', async () => {
    const { app, tokens, at, places } = await makeWorld('none');
    expect(tokens.access).toMatch(/^access_[\w-]{21}[AQgw]\./);
    expect(await places()).toEqual([null]);
    const moved = tokensOf(await at('me').refresh(tokens.refresh));
    expect(await places()).toEqual(['me']);
    for (const { access } of [tokens, moved]) expect((await app.call(access)).status).toBe(200);
    tokensOf(await at('none').refresh(moved.refresh)); // from nowhere: stays
    expect(await places()).toEqual(['me']);
  });

  it('follows a client around the world and back, and leads every older token to it', async () => {
    const { app, tokens, at, places, mostAtOnce } = await makeWorld();
    const all = [tokens];
    for (const place of ['oc', 'sam', 'weur', 'oc', 'afr', 'weur']) all.push(tokensOf(await at(place).refresh(all.at(-1)?.refresh ?? '')));
    expect(await places()).toEqual(['weur']);
    for (const { access } of all) expect((await app.call(access)).status).toBe(200);
    expect(mostAtOnce()).toBe(1);
    app.clock.pass(GRACE + 1);
    expect((await at('me').refresh(all[2]?.refresh ?? '')).body['error']).toBe('invalid_grant');
    for (const { access } of all) expect((await app.call(access)).status).toBe(401);
    expect(app.events.filter(({ kind }) => kind === 'grant.ended')).toMatchObject([{ reason: 'refresh_reused' }]);
  });

  it('answers a second process with the token from before the move, and ends the grant for a replay after the grace', async () => {
    const { app, tokens, at } = await makeWorld();
    const moved = tokensOf(await at('oc').refresh(tokens.refresh));
    expect(tokensOf(await at('oc').refresh(tokens.refresh)).refresh).toBe(moved.refresh);
    expect(tokensOf(await at('weur').refresh(tokens.refresh)).refresh).toBe(moved.refresh);
    app.clock.pass(GRACE + 1);
    expect((await at('weur').refresh(tokens.refresh)).body['error']).toBe('invalid_grant');
    expect((await app.call(moved.access)).status).toBe(401);
    expect((await at('oc').refresh(moved.refresh)).body['error']).toBe('invalid_grant');
  });

  it('still ends the grant for a replay when its last token is years old', async () => {
    const { app, tokens, at } = await makeWorld();
    let { refresh } = tokensOf(await at('oc').refresh(tokens.refresh));
    for (let day = 0; day < 60; day++) {
      app.clock.pass(86_400);
      ({ refresh } = tokensOf(await at('oc').refresh(refresh)));
    }
    expect((await at('oc').refresh(tokens.refresh)).body['error']).toBe('invalid_grant');
    expect((await at('oc').refresh(refresh)).body['error']).toBe('invalid_grant');
  });

  it('lists a grant that has moved once, and revokes it by any id that it has had', async () => {
    const { app, tokens, at } = await makeWorld();
    const moved = tokensOf(await at('oc').refresh(tokens.refresh));
    const helpers = app.provider.helpers(app.env);
    for (const whose of [{ userId: app.aliceId }, { clientId: at('oc').id }])
      expect((await helpers.listGrants(whose)).grants).toHaveLength(1);
    expect((await helpers.findGrant(grantIdOf('refresh', moved.refresh) ?? ''))?.id).toBe(grantIdOf('refresh', tokens.refresh));
    expect(await helpers.revokeGrants({ userId: app.aliceId })).toBe(1);
    for (const { access } of [tokens, moved]) expect((await app.call(access)).status).toBe(401);
  });

  it('revokes a grant that has moved with a token from before', async () => {
    const { app, tokens, at } = await makeWorld();
    const moved = tokensOf(await at('oc').refresh(tokens.refresh));
    await at('weur').revoke(tokens.refresh);
    expect((await app.call(moved.access)).status).toBe(401);
  });

  it('loses nothing, and has the grant in one place, wherever the process dies', async () => {
    for (const isDone of [false, true]) {
      for (let nth = 1; ; nth++) {
        const world = await makeWorld();
        const { app, tokens, at, places, mostAtOnce } = world;
        const verbs = crashAt(world, nth, isDone);
        const answer = await at('oc').refresh(tokens.refresh);
        if (verbs() < nth) {
          expect(answer.status).toBe(200);
          expect(nth).toBeGreaterThan(5); // every step of the move has had its turn
          break;
        }
        world.around = (run) => run();
        expect((await app.call(tokens.access)).status, `old token after ${nth}`).toBe(200);
        const retried = tokensOf(await at('oc').refresh(tokens.refresh));
        const next = tokensOf(await at('sam').refresh(retried.refresh));
        expect(await places(), `after ${nth}`).toEqual(['sam']);
        for (const { access } of [tokens, retried, next]) expect((await app.call(access)).status).toBe(200);
        app.clock.pass(GRACE + 1);
        expect((await at('oc').refresh(tokens.refresh)).body['error']).toBe('invalid_grant');
        expect((await app.call(next.access)).status).toBe(401);
        expect(mostAtOnce()).toBe(1);
      }
    }
  });

  it('keeps the grant for a client that goes on from its old place after the process died, and revokes it there', async () => {
    for (let nth = 1; nth <= 6; nth++) {
      for (const isRevoked of [false, true]) {
        const world = await makeWorld();
        const { app, tokens, at, mostAtOnce } = world;
        crashAt(world, nth, true);
        await at('oc').refresh(tokens.refresh);
        world.around = (run) => run();
        if (isRevoked) {
          expect(await app.provider.helpers(app.env).revokeGrants({ userId: app.aliceId })).toBe(1);
          for (const place of ['weur', 'oc']) expect((await at(place).refresh(tokens.refresh)).status).toBe(400);
          expect((await app.call(tokens.access)).status).toBe(401);
        } else {
          const next = tokensOf(await at('weur').refresh(tokens.refresh));
          const last = tokensOf(await at('oc').refresh(next.refresh)); // over the copy that was never used
          for (const { access } of [tokens, next, last]) expect((await app.call(access)).status).toBe(200);
        }
        expect(mostAtOnce()).toBe(1);
      }
    }
  });

  it('loses nothing where it dies twice, on its way there and on its way back', async () => {
    for (let first = 3; first <= 7; first++) {
      for (let second = 1; second <= 8; second++) {
        const world = await makeWorld();
        const { app, tokens, at, mostAtOnce } = world;
        crashAt(world, first, true);
        await at('oc').refresh(tokens.refresh);
        world.around = (run) => run();
        const there = tokensOf(await at('oc').refresh(tokens.refresh));
        crashAt(world, second, true);
        await at('weur').refresh(there.refresh);
        world.around = (run) => run();
        const back = tokensOf(await at('weur').refresh(there.refresh));
        for (const { access } of [tokens, there, back]) expect((await app.call(access)).status, `${first} ${second}`).toBe(200);
        expect(mostAtOnce()).toBe(1);
      }
    }
  });

  it('still ends the grant for a replay when a move back was never finished', async () => {
    const world = await makeWorld();
    const { tokens, at, app } = world;
    let { refresh } = tokensOf(await at('oc').refresh(tokens.refresh));
    crashAt(world, 3, true); // the copy over the signpost is written
    await at('weur').refresh(refresh);
    world.around = (run) => run();
    expect((await app.inner.read(`grant:${grantIdOf('refresh', tokens.refresh)}`))?.value).toHaveProperty('arriving');
    for (let day = 0; day < 60; day++) {
      app.clock.pass(86_400);
      ({ refresh } = tokensOf(await at('oc').refresh(refresh)));
    }
    expect((await at('weur').refresh(tokens.refresh)).body['error']).toBe('invalid_grant');
    expect((await at('oc').refresh(refresh)).body['error']).toBe('invalid_grant');
  });

  it('is in the lists of its user and its client under each id that it has had, so that no listing misses it while it moves', async () => {
    const { app, tokens, at } = await makeWorld();
    const { refresh } = tokensOf(await at('oc').refresh(tokens.refresh));
    const keys = [tokens.refresh, refresh].map((token) => `grant:${grantIdOf('refresh', token)}`);
    for (const list of [`user:${app.aliceId}`, `client:${at('oc').id}`] as const) expect((await app.inner.list(list)).keys).toEqual(keys);
  });

  it('has one live grant after any order of refreshes from several places and a revocation', async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const world = await makeWorld();
      const { app, tokens, at, places, mostAtOnce } = world;
      const choices = chance(seed);
      world.around = async (run) => {
        for (let turns = choices.below(12); turns > 0; turns--) await Promise.resolve();
        const result = await run();
        for (let turns = choices.below(12); turns > 0; turns--) await Promise.resolve();
        return result;
      };
      const isRevoked = seed % 3 === 0;
      const work = ['oc', 'sam', 'weur', 'oc'].map((place) => at(place).refresh(tokens.refresh));
      const [answers] = await Promise.all([
        Promise.all(work),
        isRevoked ? app.provider.helpers(app.env).revokeGrants({ userId: app.aliceId }) : 0,
      ]);
      world.around = (run) => run();
      const given = answers.filter(({ status }) => status === 200).map(tokensOf);
      if (isRevoked) {
        expect(await places(), `seed ${seed}`).toEqual([]);
        for (const { access } of [tokens, ...given]) expect((await app.call(access)).status).toBe(401);
      } else {
        expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
        expect(new Set(given.map(({ refresh }) => refresh)).size).toBe(1);
        for (const { access } of [tokens, ...given]) expect((await app.call(access)).status).toBe(200);
        tokensOf(await at('me').refresh(given[0]?.refresh ?? ''));
        expect(await places()).toEqual(['me']);
      }
      expect(mostAtOnce(), `seed ${seed}`).toBe(1);
    }
  });

  it('does not take the place of a move that may still be carried out, until it has waited for it once', async () => {
    const clock = makeClock();
    const store = memoryStore(clock);
    const [a, b] = [withPlace('a'.repeat(22), 'weur'), withPlace('a'.repeat(22), 'oc')];
    const grant = {
      v: 1,
      id: a,
      clientId: 'c',
      userId: 'u',
      access: [{ expiresAt: clock.now() + 900 }],
      retired: [],
      lifetimes: {},
    } as unknown as Grant;
    const live = { ...grant, expiresAt: clock.now() + 900, code: null, refresh: null, ended: null } as Grant;
    const version = (await store.write(`grant:${a}`, live, 'absent', { until: clock.now() + 900 })) ?? 0;
    await store.write(`grant:${b}`, { v: 1, move: 'other', from: a, over: version, arriving: live }, 'absent', {
      until: clock.now() + 900,
    });
    const from = (await locateGrant(store, b))!;
    expect(from.at).toBe(a);
    expect(await moveGrant(store, from, { id: b, grant: live, move: 'mine' })).toBe('other');
    expect((await store.read(`grant:${a}`))?.version).toBe(version);
    expect(await moveGrant(store, from, { id: b, grant: live, move: 'mine', pending: 'other' })).toBe(false);
    expect(await store.write(`grant:${a}`, { v: 1, movedTo: b, move: 'other' }, version)).toBeNull(); // the other one comes too late
    const again = (await locateGrant(store, b))!;
    expect(await moveGrant(store, again, { id: b, grant: live, move: 'mine', pending: 'other' })).toBe(true);
    expect(await locateGrant(store, a)).toMatchObject({ at: b, isArriving: false });
  });

  it('leaves a move alone that began after it looked', async () => {
    const clock = makeClock();
    const store = memoryStore(clock);
    const [a, b] = [withPlace('a'.repeat(22), 'weur'), withPlace('a'.repeat(22), 'oc')];
    const live = { v: 1, id: a, clientId: 'c', userId: 'u', access: [], retired: [], lifetimes: {}, expiresAt: clock.now() + 900, code: null, refresh: null, ended: null } as unknown as Grant; // prettier-ignore
    const version = (await store.write(`grant:${a}`, live, 'absent')) ?? 0;
    const from = (await locateGrant(store, a))!;
    const other = { v: 1, move: 'other', from: a, over: version, arriving: live };
    const late = {
      read: async (key: `grant:${string}`) => {
        const stored = await store.read(key);
        if (key === `grant:${b}`) await store.write(key, other, 'absent');
        return stored;
      },
      write: store.write.bind(store),
    };
    expect(await moveGrant(late as Store, from, { id: b, grant: live, move: 'mine' })).toBe(false);
    expect(await store.write(`grant:${a}`, { v: 1, movedTo: b, move: 'other' }, version)).not.toBeNull();
    expect(await locateGrant(store, a)).toMatchObject({ at: b, isArriving: true, grant: live });
  });

  it('finds no grant where signposts lead in a circle, and says that it is moving', async () => {
    const store = memoryStore();
    const [a, b] = [withPlace('a'.repeat(22), 'weur'), withPlace('a'.repeat(22), 'oc')];
    await store.write(`grant:${a}`, { v: 1, movedTo: b, move: '1' }, 'absent');
    await store.write(`grant:${b}`, { v: 1, movedTo: a, move: '2' }, 'absent');
    await expect(locateGrant(store, a)).rejects.toMatchObject({ code: 'temporarily_unavailable', reason: 'grant_moving' });
  });
});

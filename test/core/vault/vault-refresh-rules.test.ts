/** One refresh after the other: when a site is asked, what is stored of its answer, and what the caller gets. */
import { makeRuntime } from '#under-test';
import { describe, expect, it } from 'vitest';
import { makeSecrets } from '../../../src/core/records/secrets.ts';
import {
  isVaultRecord,
  makeTokenSource,
  openVaulted,
  sealVaulted,
  vaultKey,
  type VaultRecord,
} from '../../../src/core/vault/vault-refresh.ts';
import type { Store } from '../../../src/model/store.ts';
import type { Refreshed, UpstreamRef, UpstreamTokens } from '../../../src/model/upstream.ts';
import { memoryStore } from '../../../src/stores/memory.ts';
import { makeClock } from '../../../src/testing/clock.ts';

/** Waits a moment only, so that sixty looks at a leased record take no twenty seconds. */
const runtime = { ...makeRuntime(), pause: () => new Promise<void>((done) => setTimeout(done)) };
const secrets = makeSecrets(runtime);
const KEY = 'A'.repeat(43);
const REF = { id: 'one', key: KEY, account: { provider: 'corp', id: 'a' } } as UpstreamRef;

interface World {
  readonly left?: number;
  readonly tokens?: Partial<UpstreamTokens>;
  readonly record?: Partial<VaultRecord>;
  readonly answer?: Refreshed | Error | (() => Promise<Refreshed>);
  readonly isConfigured?: boolean;
}

async function makeWorld({ left = 0, tokens, record, answer, isConfigured = true }: World = {}) {
  const clock = makeClock();
  const store = memoryStore(clock);
  const now = clock.now();
  const old: UpstreamTokens = { accessToken: 'old', refreshToken: 'old-refresh', expiresAt: now + left, ...tokens };
  const fresh: UpstreamTokens = { accessToken: 'fresh', refreshToken: 'fresh-refresh', expiresAt: now + 3600 };
  const base: VaultRecord = { v: 1, userId: 'u', provider: 'corp', accountHash: 'h', sealed: await sealVaulted(secrets, 'one', old, KEY), round: 5, lease: null, quietUntil: 0, endsAt: now + 86_400, ...record }; // prettier-ignore
  await store.write(vaultKey('one'), base, 'any', { until: base.endsAt });
  const [events, asked, waited]: [object[], unknown[], unknown[]] = [[], [], []];
  const keeper = {
    patience: 10,
    async refresh(...all: unknown[]): Promise<Refreshed> {
      asked.push(all);
      if (answer instanceof Error) throw answer;
      return typeof answer === 'function' ? answer() : (answer ?? { kind: 'refreshed', tokens: fresh });
    },
    revoke: async () => false,
  };
  const sourceOn = (over: Store) =>
    makeTokenSource({ store: over, runtime: { ...runtime, waitUntil: (work) => void waited.push(work) }, secrets, keeperOf: (provider) => (isConfigured && provider === 'corp' ? keeper : null), now: clock.now, env: { NAME: 'env' }, emit: (event) => void events.push(event) }); // prettier-ignore
  const stored = async () => (await store.read(vaultKey('one')))?.value as VaultRecord | undefined;
  const storedTokens = async () => openVaulted(secrets, 'one', (await stored()) as VaultRecord, KEY);
  return { clock, store, source: sourceOn(store), sourceOn, events, asked, waited, stored, storedTokens, old, fresh, base, now };
}

describe('core/vault/vault-refresh, tokens that are valid', () => {
  it('are returned until a minute before their end, without asking anyone', async () => {
    const { source, asked, old, clock, fresh } = await makeWorld({ left: 100 });
    clock.pass(39);
    expect([await source(REF), asked]).toEqual([old, []]);
    clock.pass(1);
    expect([await source(REF), asked.length]).toEqual([fresh, 1]);
  });

  it('are returned if they have no end, and refreshed if the site refused them', async () => {
    const { source, asked, old, fresh } = await makeWorld({ tokens: { expiresAt: undefined } as object });
    expect([await source(REF), await source(REF, 'another'), asked]).toEqual([old, old, []]);
    expect(await source(REF, 'old')).toEqual(fresh);
  });

  it('are returned to their last second where no new ones can be had: without a refresh token, or without the login', async () => {
    for (const world of [{ tokens: { refreshToken: undefined } as object }, { isConfigured: false }]) {
      const { source, old, clock, stored } = await makeWorld({ left: 1, ...world });
      expect(await source(REF)).toEqual(old);
      clock.pass(1);
      const failure = 'tokens' in world ? 'ended' : 'not_linked';
      await expect(source(REF)).rejects.toMatchObject({ failure, message: expect.stringContaining('"corp"') });
      expect((await stored()) === undefined).toBe('tokens' in world);
    }
  });

  it('are returned while another request refreshes, or while the provider is not asked after a failure', async () => {
    for (const record of [{ lease: { holder: 'x', until: 1_790_000_001 } }, { quietUntil: 1_790_000_001 }]) {
      const { source, old, asked, clock, fresh } = await makeWorld({ left: 60, record });
      expect([await source(REF), asked]).toEqual([old, []]);
      clock.pass(1);
      expect([await source(REF), asked.length]).toEqual([fresh, 1]);
    }
  });
});

describe('core/vault/vault-refresh, where the clock was far ahead when the record was written', () => {
  it('waits for no lease and no pause that lasts longer than one can, beside the five minutes by which clocks may differ', async () => {
    const START = 1_790_000_000;
    const YEAR = 365 * 86_400;
    for (const record of [{ lease: { holder: 'x', until: START + YEAR } }, { quietUntil: START + YEAR }]) {
      const { source, fresh } = await makeWorld({ record });
      expect(await source(REF)).toEqual(fresh);
    }
    for (const record of [{ lease: { holder: 'x', until: START + 20 + 300 } }, { quietUntil: START + 3600 + 300 }]) {
      const { source, asked } = await makeWorld({ record });
      await expect(source(REF)).rejects.toMatchObject({ failure: 'unavailable' });
      expect(asked).toEqual([]);
    }
  });

  it('takes a pause of more than an hour for one of an hour', async () => {
    const { source, stored, now } = await makeWorld({ answer: { kind: 'unavailable', reason: 'status_429', retryAfter: 99_999 } });
    await expect(source(REF)).rejects.toMatchObject({ failure: 'unavailable', retryAfter: 3600 });
    expect((await stored())?.quietUntil).toBe(now + 3600);
  });
});

describe('core/vault/vault-refresh, a refresh', () => {
  it('asks the site with the old tokens, stores the new ones, and tells of it', async () => {
    const { source, asked, fresh, old, events, stored, storedTokens, base, now, waited, store, clock } = await makeWorld({ record: { failures: 2 } }); // prettier-ignore
    expect(await source(REF)).toEqual(fresh);
    expect(asked).toEqual([[old, { now, env: { NAME: 'env' } }]]);
    expect(await storedTokens()).toEqual(fresh);
    expect(await stored()).toEqual({ ...base, sealed: expect.any(String), round: 6, failures: 0, lease: null, quietUntil: 0 });
    expect(events).toEqual([{ kind: 'upstream.refreshed', provider: 'corp', userId: 'u' }]);
    expect((await store.list('upstreams:u')).keys).toEqual(['upstream:one']);
    expect(waited).toHaveLength(1);
    clock.pass(86_399);
    expect(await stored()).toBeDefined();
    clock.pass(1);
    expect(await stored()).toBeUndefined();
  });

  it('is made by one of many, under a lease as long as the site may take and ten seconds more', async () => {
    let leased: VaultRecord['lease'] = null;
    const world = await makeWorld({
      answer: async () => {
        leased = (await world.stored())?.lease ?? null;
        return { kind: 'refreshed', tokens: world.fresh };
      },
    });
    const all = await Promise.all(Array.from({ length: 5 }, () => world.source(REF)));
    expect([new Set(all.map(({ accessToken }) => accessToken)), world.asked.length]).toEqual([new Set(['fresh']), 1]);
    expect(leased).toEqual({ holder: expect.stringMatching(/^[\w-]{22}$/), until: world.now + 20 });
  });

  it('takes over a lease that has run out', async () => {
    const { source, fresh, now } = await makeWorld({ record: { lease: { holder: 'x', until: 1_790_000_000 } } });
    expect([await source(REF), now]).toEqual([fresh, 1_790_000_000]);
  });

  it('gives up waiting for a lease that does not end, and says to try again', async () => {
    const { sourceOn, store, asked } = await makeWorld({ record: { lease: { holder: 'x', until: 1_790_000_001 } } });
    let reads = 0;
    const counting = { ...store, read: async (key: never) => (reads++, store.read(key)) } as unknown as Store;
    const instant = globalThis.setTimeout;
    globalThis.setTimeout = ((done: () => void) => instant(done, 0)) as never;
    try {
      await expect(sourceOn(counting)(REF)).rejects.toMatchObject({ failure: 'unavailable', retryAfter: 2, message: expect.stringContaining('"corp"') }); // prettier-ignore
    } finally {
      globalThis.setTimeout = instant;
    }
    expect([reads, asked]).toEqual([60, []]);
  });

  it('ends the tokens that the site refuses, and tells why', async () => {
    const { source, events, stored } = await makeWorld({ answer: { kind: 'refused', reason: 'invalid_grant' } });
    await expect(source(REF)).rejects.toMatchObject({ failure: 'ended', status: 401, message: expect.stringContaining('"corp"') });
    expect([await stored(), events]).toEqual([
      undefined,
      [{ kind: 'upstream.ended', provider: 'corp', userId: 'u', reason: 'invalid_grant' }],
    ]);
    await expect(source(REF)).rejects.toMatchObject({ failure: 'ended' });
  });

  it('says why tokens without a refresh token have ended', async () => {
    const { source, events } = await makeWorld({ tokens: { refreshToken: undefined } as object });
    await expect(source(REF)).rejects.toMatchObject({ failure: 'ended' });
    expect(events).toEqual([{ kind: 'upstream.ended', provider: 'corp', userId: 'u', reason: 'no_refresh_token' }]);
  });

  it('leaves the site alone after a failure, for as long as it asked, and counts failures in a row', async () => {
    const { source, events, stored, asked, clock, now } = await makeWorld({ answer: { kind: 'unavailable', reason: 'status_503', retryAfter: 30 } });
    await expect(source(REF)).rejects.toMatchObject({ failure: 'unavailable', retryAfter: 30, message: expect.not.stringContaining('goes on') });
    expect(await stored()).toMatchObject({ lease: null, quietUntil: now + 30, failures: 1 });
    expect(events).toEqual([{ kind: 'upstream.failed', provider: 'corp', userId: 'u', reason: 'status_503' }]);
    clock.pass(10);
    await expect(source(REF)).rejects.toMatchObject({ failure: 'unavailable', retryAfter: 20, message: expect.not.stringContaining('goes on') });
    expect(asked).toHaveLength(1);
    clock.pass(20);
    await expect(source(REF)).rejects.toMatchObject({ message: expect.not.stringContaining('goes on') });
    expect(asked).toHaveLength(2);
    clock.pass(30);
    await expect(source(REF)).rejects.toMatchObject({ message: expect.stringContaining('If this goes on') });
    expect((await stored())?.failures).toBe(3);
    await expect(source(REF)).rejects.toMatchObject({ message: expect.stringContaining('If this goes on') });
  }); // prettier-ignore

  it('waits two seconds where the site names no time, and returns the old token while it is good', async () => {
    const { source, old, stored, now } = await makeWorld({ left: 30, answer: { kind: 'unavailable', reason: 'timeout' } });
    expect([await source(REF), (await stored())?.quietUntil]).toEqual([old, now + 2]);
  });

  it('stores a refresh token from a response without a usable access token, and emits an event', async () => {
    const { source, events, storedTokens, now } = await makeWorld({ answer: { kind: 'refreshed', tokens: { accessToken: '', refreshToken: 'next', expiresAt: 1_790_000_000 } } });
    await expect(source(REF)).rejects.toMatchObject({ failure: 'unavailable', retryAfter: 2 });
    expect(await storedTokens()).toEqual({ accessToken: '', refreshToken: 'next', expiresAt: now });
    expect(events).toEqual([{ kind: 'upstream.refreshed', provider: 'corp', userId: 'u' }, { kind: 'upstream.failed', provider: 'corp', userId: 'u', reason: 'access_token_missing' }]);
  }); // prettier-ignore

  it('returns the lease when the login itself fails', async () => {
    const { source, stored, base, events } = await makeWorld({ answer: new TypeError('a fault') });
    await expect(source(REF)).rejects.toThrow('a fault');
    expect([await stored(), events]).toEqual([base, []]);
  });

  it('does not overwrite the tokens that another process got meanwhile', async () => {
    const other: UpstreamTokens = { accessToken: 'other', refreshToken: 'other-refresh', expiresAt: 1_790_009_000 };
    const world = await makeWorld({
      answer: async () => {
        await world.store.write(vaultKey('one'), { ...world.base, sealed: await sealVaulted(secrets, 'one', other, KEY) }, 'any', {});
        return { kind: 'refreshed', tokens: world.fresh };
      },
    });
    expect([await world.source(REF), await world.storedTokens()]).toEqual([world.fresh, other]);
  });

  it('gives no token once the account was released meanwhile, and writes nothing back', async () => {
    const world = await makeWorld({
      answer: async () => {
        await world.store.remove(vaultKey('one'));
        return { kind: 'refreshed', tokens: world.fresh };
      },
    });
    await expect(world.source(REF)).rejects.toMatchObject({ failure: 'ended' });
    expect([await world.stored(), world.events]).toEqual([undefined, []]);
  });

  it('stores the result though the store fails four times, and passes on its fifth failure', async () => {
    for (const failures of [4, 5]) {
      const { sourceOn, store, fresh, storedTokens } = await makeWorld();
      let left = failures;
      const write: Store['write'] = async (...all) => {
        if ((all[1] as VaultRecord).lease === null && left-- > 0) throw new Error('full');
        return store.write(...all);
      };
      const failing = { read: store.read.bind(store), remove: store.remove.bind(store), write } as Store;
      if (failures === 4) expect([await sourceOn(failing)(REF), await storedTokens()]).toEqual([fresh, fresh]);
      else await expect(sourceOn(failing)(REF)).rejects.toThrow('full');
    }
  });
});

describe('core/vault/vault-refresh, records', () => {
  it('are opened with their own key, under their own id', async () => {
    const { base, old } = await makeWorld();
    expect(await openVaulted(secrets, 'one', base, KEY)).toEqual(old);
    for (const [id, key] of [['two', KEY], ['one', 'B'.repeat(43)], ['one', '=']] as const) expect(await openVaulted(secrets, id, base, key)).toBeNull();
    await expect(sealVaulted(secrets, 'one', old, '=')).rejects.toThrow('A key of the vault is not base64url.');
  }); // prettier-ignore

  it('are not there in another format, and a key that does not open one is an error', async () => {
    const { base, source, store } = await makeWorld();
    expect(isVaultRecord(base)).toBe(true);
    for (const bad of [{ ...base, v: 2 }, { v: 1, userId: 'u', provider: 'corp' }, null]) expect(isVaultRecord(bad)).toBe(false);
    await expect(source({ ...REF, key: 'B'.repeat(43) })).rejects.toThrow(
      'Upstream tokens cannot be opened with the key that sealed them.',
    );
    await store.remove(vaultKey('one'));
    await expect(source(REF)).rejects.toMatchObject({ failure: 'ended', message: expect.stringContaining('"corp"') });
  });
});

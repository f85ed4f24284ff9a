/** A change of the server's secret, to its end: sealed under the old one, sealed anew, the old one dropped. */
import { makeRuntime, makeStores } from '#under-test';
import { describe, expect, it } from 'vitest';
import { type Keyring, makeKeyring } from '../../src/core/records/keyring.ts';
import { makeSecrets } from '../../src/core/records/secrets.ts';
import { STATE_PURPOSE } from '../../src/core/records/user-states.ts';
import { VAULT_PURPOSE } from '../../src/core/vault/vault-refresh.ts';
import { totp } from '../../src/logins/totp.ts';
import type { Store } from '../../src/model/store.ts';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { type Clock, makeClock } from '../../src/testing/clock.ts';
import { verifyJwt } from '../../src/verifiers/jwt.ts';
import { ALICE, type App, appOn, ISSUER, RESOURCE, storeNames } from '../support/app.ts';
import { setUp } from '../support/totp-app.ts';

const keys = makeSecrets(makeRuntime());
const [OLD, NEW] = [keys.secret(), keys.secret()];
const ringOf = (...secrets: string[]): Keyring => makeKeyring(secrets, makeRuntime(), keys);
const optionsWith = (...secret: string[]): Partial<OAuthProviderOptions> => ({
  secondFactor: totp(),
  accessTokenSigning: 'ES256',
  secret,
});
const kidOf = async (app: App): Promise<unknown> =>
  ((await (await app.ask('GET', '/jwks')).json()) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);

/** The whole pass. */
async function pass(app: App): Promise<{ resealed: number; left: number }> {
  let [resealed, left, after]: [number, number, string | undefined] = [0, 0, undefined];
  do {
    const page = await app.provider.helpers({ ...app.env, PORTCULLIS: app.inner }).reseal(after);
    [resealed, left, after] = [resealed + page.resealed, left + page.left, page.next];
  } while (after !== undefined);
  return { resealed, left };
}

/** What an MCP server keeps for a user, and the key of tokens of another site: as their own modules write them. */
async function keepMore(store: Store, ring: Keyring): Promise<void> {
  const state = { v: 1, sealed: await ring.seal(STATE_PURPOSE, { value: 'notes' }, 'state:s') } as const;
  await store.write('state:s', state, 'absent', { until: 4_000_000_000 });
  await store.write('state:plain', { v: 1, plain: 'open' }, 'absent');
  const vaulted = { v: 1, userId: 'u', sealed: 'x', sealedKey: await ring.seal(VAULT_PURPOSE, 'key', 'upstream:v') } as const;
  await store.write('upstream:v', vaulted, 'absent', { until: 4_000_000_000, index: ['some:list'] });
}

async function storeOf(name: string, clock: Clock): Promise<Store> {
  return (await makeStores(clock.now)).find((one) => one.name === name)!.store;
}

describe.each(storeNames)('core/reseal on %s', (name) => {
  it('SEC-207 FLT-25 reseals everything, so that the oldest secret can be dropped without loss', async () => {
    const clock = makeClock();
    const store = await storeOf(name, clock);
    const app = await appOn(store, clock, optionsWith(OLD));
    const browser = app.browser();
    await browser.submit(await browser.get(`${ISSUER}/login`), ALICE);
    const { app: phone } = await setUp(browser, clock);
    const kid = await kidOf(app);
    await keepMore(store, ringOf(OLD));

    const both = await appOn(store, clock, optionsWith(NEW, OLD));
    expect(await pass(both)).toEqual({ resealed: 4, left: 0 });
    expect(await pass(both)).toEqual({ resealed: 0, left: 0 });

    const after = await appOn(store, clock, optionsWith(NEW));
    expect(await kidOf(after)).toEqual(kid);
    clock.pass(30);
    const later = after.browser();
    const step = await later.submit(await later.get(`${ISSUER}/login`), ALICE);
    expect((await later.submit(step, { code: await phone.code() })).status).toBe(303);
    const [state, vaulted] = [await store.read('state:s'), await store.read('upstream:v')].map(
      (one) => one?.value as Record<string, string>,
    );
    expect(await ringOf(NEW).open(STATE_PURPOSE, state?.['sealed'] ?? '', 'state:s')).toEqual({ value: 'notes' });
    expect(await ringOf(NEW).open(VAULT_PURPOSE, vaulted?.['sealedKey'] ?? '', 'upstream:v')).toBe('key');
    expect((await store.list('some:list')).keys).toEqual(['upstream:v']);
  });

  it('SEC-207 reseals signing keys when they are next read, and keeps using them', async () => {
    const clock = makeClock();
    const store = await storeOf(name, clock);
    const one = { accessTokenSigning: 'ES256' } as const;
    const before = await appOn(store, clock, { ...one, secret: OLD });
    const kid = await kidOf(before);
    await kidOf(await appOn(store, clock, { ...one, secret: [NEW, OLD] }));
    const after = await appOn(store, clock, { ...one, secret: NEW });
    const { tokens } = await after.signedIn();
    expect([await kidOf(after), after.events.some(({ kind }) => kind === 'key.made')]).toEqual([kid, false]);
    const elsewhere = verifyJwt({ issuer: ISSUER, now: clock.now, fetch: (input, init) => before.send(new Request(input, init)) });
    expect(await elsewhere.verify(tokens.access, RESOURCE)).not.toBeNull();
  });
});

describe('core/reseal', () => {
  it('does not count a pending sign-in as left, since its own state seals it (F-21)', async () => {
    const clock = makeClock();
    const store = memoryStore({ now: clock.now });
    const sealed = await keys.sealUnder('state', { nonce: 'n' }, 'upstream-state:x');
    await store.write('upstream-state:x', { v: 1, login: 'corp', pendingHash: 'h', browserHash: 'b', sealed }, 'absent', {
      until: clock.now() + 600,
    });
    expect(await pass(await appOn(store, clock, optionsWith(NEW, OLD)))).toEqual({ resealed: 0, left: 0 });
  });

  it('SEC-209 keeps what no configured secret opens, and reports it', async () => {
    const [clock, ring] = [makeClock(), ringOf(keys.secret())];
    const store = memoryStore({ now: clock.now });
    await keepMore(store, ring);
    const before = [await store.read('state:s'), await store.read('upstream:v')];
    const app = await appOn(store, clock, optionsWith(NEW, OLD));
    expect(await pass(app)).toEqual({ resealed: 0, left: 2 });
    expect([await store.read('state:s'), await store.read('upstream:v')]).toEqual(before);
  });

  it('drops what a lost secret sealed if requested: states are removed, vault records lose that key, authenticator apps stay (F-62)', async () => {
    const [clock, ring] = [makeClock(), ringOf(keys.secret())];
    const store = memoryStore({ now: clock.now });
    await keepMore(store, ring);
    const sealedSecret = await ring.seal('totp', 'phone', 'totp:u');
    await store.write('totp:u', { v: 1, sealedSecret, usedStep: 0, recovery: [], createdAt: 0 }, 'absent');
    await store.write('state:journey', { v: 1, sealed: 'under-its-own-state' }, 'absent');
    const app = await appOn(store, clock, optionsWith(NEW));
    const helpers = app.provider.helpers({ ...app.env, PORTCULLIS: app.inner });
    expect(await helpers.reseal(undefined, { dangerouslyDropUnreadable: true })).toMatchObject({ resealed: 0, left: 1, dropped: 2 });
    const [state, journey, vaulted, phone] = await Promise.all(
      (['state:s', 'state:journey', 'upstream:v', 'totp:u'] as const).map(async (key) => (await store.read(key))?.value ?? null),
    );
    expect([state, journey, vaulted, phone]).toEqual([
      null,
      { v: 1, sealed: 'under-its-own-state' },
      { v: 1, userId: 'u', sealed: 'x', sealedKey: '' },
      expect.objectContaining({ sealedSecret }),
    ]);
  });

  it('FLT-14 overwrites no concurrent change, and reports that another pass is needed', async () => {
    const clock = makeClock();
    const inner = memoryStore({ now: clock.now });
    await keepMore(inner, ringOf(OLD));
    const newer = { v: 1, sealed: await ringOf(NEW, OLD).seal(STATE_PURPOSE, { value: 'newer' }, 'state:s') } as const;
    const store: Store = {
      ...bound(inner),
      async write(key, ...rest) {
        if (key === 'state:s' && rest[1] !== 'any') await inner.write('state:s', newer, 'any');
        return inner.write(key, ...rest);
      },
    };
    const app = await appOn(store, clock, optionsWith(NEW, OLD));
    expect(await pass(app)).toEqual({ resealed: 1, left: 1 });
    expect((await inner.read('state:s'))?.value).toEqual(newer);
    expect((await pass(app)).left).toBe(0);
  });

  it('says what it needs: a secret, and a store that can list its records', async () => {
    const clock = makeClock();
    const without = await appOn(memoryStore({ now: clock.now }), clock);
    await expect(without.provider.helpers(without.env).reseal()).rejects.toThrow('`reseal` needs a key of the server');
    const app = await appOn(memoryStore({ now: clock.now }), clock, { secret: NEW }); // its counting store has none
    await expect(app.provider.helpers(app.env).reseal()).rejects.toThrow('cannot list its records');
  });
});

/** The verbs of a store, by themselves. */
function bound(store: Store): Store {
  return {
    atomic: store.atomic,
    read: (key) => store.read(key),
    write: (key, value, when, options) => store.write(key, value, when, options),
    remove: (key, when) => store.remove(key, when),
    list: (index, after) => store.list(index, after),
    all: (after) => store.all!(after),
  };
}

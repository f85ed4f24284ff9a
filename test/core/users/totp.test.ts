/** The record of a second factor: offered, confirmed, used once per time step, recovered, removed. */
import { describe, expect, it } from 'vitest';
import { base64url } from '../../../src/lib/bytes.ts';
import { oneTimeCode, PERIOD } from '../../../src/model/totp.ts';
import type { TotpRecord } from '../../../src/core/users/totp.ts';
import { makeServer, NEW_SECRET, OLD_SECRET } from '../../support/server.ts';
import { wrongCode } from '../../support/totp-app.ts';

const USER = 'user';

/** A server with a second factor of USER set up, unless told otherwise. */
async function makeWorld(isSetUp = true) {
  const world = makeServer();
  const { as, clock, store } = world;
  const { secret, sealed } = await as.totps.offer(USER);
  const codeAt = (seconds = 0): Promise<string> => oneTimeCode(secret, Math.floor((clock.now() + seconds) / PERIOD));
  const recovery = isSetUp ? ((await as.totps.confirm(USER, sealed, await codeAt())) ?? []) : [];
  const record = async () => (await store.read(`totp:${USER}`))?.value as TotpRecord | undefined;
  const toldOf = (): unknown[] => world.events.map((event) => (event.kind === 'factor.changed' ? event.what : event.kind));
  return { ...world, totps: as.totps, secret, sealed, codeAt, recovery, record, toldOf };
}

describe('core/users/totp, offers', () => {
  it('offers a secret as long as the hash, stores nothing, and opens the offer for its user for fifteen minutes', async () => {
    const { totps, secret, sealed, record, clock } = await makeWorld(false);
    expect([secret.length, await record()]).toEqual([20, undefined]);
    expect(await totps.openOffer(USER, sealed)).toEqual({ secret, sealed });
    expect([await totps.openOffer('other', sealed), await totps.openOffer(USER, 'x')]).toEqual([null, null]);
    clock.pass(899);
    expect(await totps.openOffer(USER, sealed)).not.toBeNull();
    clock.pass(1);
    expect(await totps.openOffer(USER, sealed)).toBeNull();
  });

  it('opens nothing that was sealed for another purpose, or holds no secret', async () => {
    const { as, totps, clock } = await makeWorld(false);
    const key = `totp:${USER}`;
    const sealed = (purpose: string, value: unknown) => as.keyring?.seal(purpose, value, key) ?? Promise.resolve('');
    const offer = { secret: base64url(new Uint8Array(20)), expiresAt: clock.now() + 900 };
    expect(await totps.openOffer(USER, await sealed('totp offer', offer))).not.toBeNull();
    for (const bad of [await sealed('totp', offer), await sealed('totp offer', 'x'), await sealed('totp offer', { secret: offer.secret }), await sealed('totp offer', { ...offer, secret: '=' })])
      expect(await totps.openOffer(USER, bad)).toBeNull();
  }); // prettier-ignore

  it('is set up by the code of its secret, once, and tells of it', async () => {
    const { totps, sealed, codeAt, record, toldOf, clock } = await makeWorld(false);
    expect(await totps.confirm(USER, sealed, await wrongCode(codeAt))).toBeNull();
    expect(await totps.confirm(USER, 'x', await codeAt())).toBeNull();
    expect([await record(), toldOf()]).toEqual([undefined, []]);
    const codes = await totps.confirm(USER, sealed, await codeAt());
    expect(codes).toHaveLength(10);
    for (const code of codes ?? []) expect(code).toMatch(/^[a-z2-7]{4}(-[a-z2-7]{4}){3}$/);
    expect(new Set(codes).size).toBe(10);
    expect(await record()).toMatchObject({ v: 1, usedStep: Math.floor(clock.now() / PERIOD), createdAt: clock.now() });
    expect(await totps.statusOf(USER)).toEqual({ createdAt: clock.now(), recoveryLeft: 10 });
    const before = await record();
    clock.pass(PERIOD);
    expect(await totps.confirm(USER, sealed, await codeAt())).toBeNull();
    expect([await record(), toldOf()]).toEqual([before, ['added']]);
  });
});

describe('core/users/totp, codes', () => {
  it('counts a code once, and none of its time step or an earlier one after it (RFC 6238 §5.2)', async () => {
    const { totps, codeAt, clock } = await makeWorld();
    expect(await totps.useCode(USER, await codeAt())).toBe(false); // it confirmed the offer
    expect(await totps.useCode(USER, await codeAt(-PERIOD))).toBe(false);
    clock.pass(PERIOD);
    const code = await codeAt();
    expect((await Promise.all([totps.useCode(USER, code), totps.useCode(USER, code)])).toSorted()).toEqual([false, true]);
  });

  it('takes the codes of one time step before and after, and no others (RFC 6238 §6)', async () => {
    const { totps, codeAt, clock, record } = await makeWorld();
    clock.pass(10 * PERIOD);
    const now = Math.floor(clock.now() / PERIOD);
    expect([await totps.useCode(USER, await codeAt(-2 * PERIOD)), await totps.useCode(USER, await codeAt(2 * PERIOD))]).toEqual([false, false]); // prettier-ignore
    expect([await totps.useCode(USER, await codeAt(-PERIOD)), (await record())?.usedStep]).toEqual([true, now - 1]);
    expect([await totps.useCode(USER, await codeAt(PERIOD)), (await record())?.usedStep]).toEqual([true, now + 1]);
    expect(await totps.useCode(USER, await codeAt())).toBe(false);
  });

  it('encrypts its secret with the newest secret of the server when a code is used', async () => {
    const { codeAt, clock, store, record } = await makeWorld();
    const before = await record();
    clock.pass(PERIOD);
    const rotated = makeServer({ clock, store, secrets: [NEW_SECRET, OLD_SECRET] }).as;
    expect(await rotated.totps.useCode(USER, await codeAt())).toBe(true);
    expect((await record())?.sealedSecret === before?.sealedSecret).toBe(false);
    clock.pass(PERIOD);
    expect(await makeServer({ clock, store, secrets: [NEW_SECRET] }).as.totps.useCode(USER, await codeAt())).toBe(true);
  });

  it('calls no code wrong that it cannot check: 503 (SEC-209)', async () => {
    const { as, codeAt, clock, store, record } = await makeWorld();
    clock.pass(PERIOD);
    const other = makeServer({ clock, store, secrets: [NEW_SECRET] }).as;
    await expect(other.totps.useCode(USER, await codeAt())).rejects.toMatchObject({ status: 503, reason: 'secret_missing', cause: { message: expect.stringContaining('"totp"') } }); // prettier-ignore
    for (const secret of [7, '=']) {
      const sealedSecret = await as.keyring?.seal('totp', secret, `totp:${USER}`);
      await store.write(`totp:${USER}`, { ...(await record()), sealedSecret } as never, 'any', {});
      await expect(as.totps.useCode(USER, await codeAt())).rejects.toMatchObject({ status: 503, reason: 'record_unreadable', cause: { message: expect.stringContaining('"totp"') } }); // prettier-ignore
    }
  });

  it('is absent for a user without one, and where the record has another format', async () => {
    const { totps, codeAt, store, record } = await makeWorld();
    for (const user of ['other', USER]) {
      if (user === USER) await store.write(`totp:${USER}`, { ...(await record()), v: 2 } as never, 'any', {});
      expect(await totps.statusOf(user)).toBeNull();
      expect([await totps.useCode(user, await codeAt()), await totps.useRecovery(user, 'x')]).toEqual([false, false]);
      expect(await totps.renewRecovery(user)).toBeNull();
    }
    await store.write(`totp:${USER}`, { v: 1 }, 'any', {});
    expect(await totps.statusOf(USER)).toBeNull();
  });

  it('needs a secret of the server, and says for what', async () => {
    const { as } = makeServer({ secrets: [] });
    await expect(as.totps.offer(USER)).rejects.toThrow(/the second factor needs a key of the server/);
  });
});

describe('core/users/totp, recovery', () => {
  it('accepts each recovery code once, in any spelling, and emits an event', async () => {
    const { totps, recovery, toldOf } = await makeWorld();
    const [first = '', second = '', third = ''] = recovery;
    expect(await totps.useRecovery(USER, first)).toBe(true);
    expect(await totps.useRecovery(USER, first)).toBe(false);
    expect(await totps.useRecovery(USER, ` ${second.toUpperCase().replaceAll('-', ' ')} `)).toBe(true);
    expect(await totps.useRecovery('other', third)).toBe(false);
    expect((await totps.statusOf(USER))?.recoveryLeft).toBe(8);
    expect((await Promise.all([totps.useRecovery(USER, third), totps.useRecovery(USER, third)])).toSorted()).toEqual([false, true]);
    expect(toldOf()).toEqual(['added', 'recovery_used', 'recovery_used', 'recovery_used']);
  });

  it('replaces all recovery codes by new ones', async () => {
    const { totps, recovery, toldOf, record } = await makeWorld();
    const { sealedSecret, usedStep } = (await record()) ?? {};
    const renewed = (await totps.renewRecovery(USER)) ?? [];
    expect([renewed.length, renewed.some((code) => recovery.includes(code)), toldOf().at(-1)]).toEqual([10, false, 'recovery_renewed']);
    expect(await record()).toMatchObject({ sealedSecret, usedStep });
    expect([await totps.useRecovery(USER, recovery[0] ?? ''), await totps.useRecovery(USER, renewed[9] ?? '')]).toEqual([false, true]);
    expect(await totps.renewRecovery('other')).toBeNull();
    expect(toldOf()).toHaveLength(3);
  });

  it('is removed once, and tells of it once', async () => {
    const { totps, record, toldOf, codeAt, events, clock } = await makeWorld();
    expect([await totps.remove(USER), await totps.remove(USER), await record()]).toEqual([true, false, undefined]);
    expect(events.at(-1)).toEqual({ kind: 'factor.changed', factor: 'totp', userId: USER, what: 'removed', at: clock.now() });
    expect([toldOf(), await totps.useCode(USER, await codeAt(PERIOD))]).toEqual([['added', 'removed'], false]);
  });
});

/** Keys of one server and of several: cached, rotated, resealed. How tokens verify elsewhere is in `journeys/signed-tokens.test.ts`. */
import { compactVerify, importJWK } from 'jose';
import { describe, expect, it, vi } from 'vitest';
import type { AuthServer } from '../../src/core/auth-server.ts';
import { publicKeys, signAccess, signerFor } from '../../src/core/signing-keys.ts';
import { parseAssertion } from '../../src/model/assertion.ts';
import type { Settings } from '../../src/model/settings.ts';
import type { SigningAlg, SigningKey } from '../../src/model/key-set.ts';
import type { Store } from '../../src/model/store.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { openGrant } from '../support/grants.ts';
import { makeServer, NEW_SECRET as NEW, OLD_SECRET as OLD } from '../support/server.ts';

const DAY = 86_400;

/** Servers on one store. Each has its own memory, and counts its reads. */
function makeWorld() {
  const clock = makeClock();
  const inner = memoryStore(clock);
  const server = (secrets: readonly string[] = [OLD], algs: readonly (SigningAlg | undefined)[] = ['ES256']) => {
    const seen = { reads: 0, fault: null as Error | null };
    const read: Store['read'] = async (key) => {
      seen.reads++;
      if (seen.fault) throw seen.fault;
      return inner.read(key);
    };
    const store = { atomic: inner.atomic, read, write: inner.write.bind(inner), remove: inner.remove.bind(inner) } as Store;
    const resources = algs.map((alg, at) => ({ uri: `https://mcp.example/${at}`, ...(alg && { accessTokenSigning: alg }) }));
    const expandScopes: Settings['expandScopes'] = (scope) => [...scope, 'more'];
    const { as, events } = makeServer({
      clock,
      store,
      secrets,
      settings: { resources: resources as unknown as Settings['resources'], expandScopes },
    });
    return { as, events, seen };
  };
  const stored = async (alg: SigningAlg = 'ES256') => ((await inner.read(`signing-keys:${alg}`))?.value as { v: 1; keys: SigningKey[] } | undefined) ?? { v: 1, keys: [] }; // prettier-ignore
  return { clock, inner, server, stored };
}
const kidsOf = async (as: AuthServer): Promise<unknown[]> => (await publicKeys(as)).map(({ kid }) => kid);

describe('core/signing-keys', () => {
  it('makes the first key once, seals its private part, and tells of it', async () => {
    const { clock, server, stored } = makeWorld();
    const { as, events } = server();
    const { kid } = await signerFor(as, 'ES256');
    const { v, keys } = await stored();
    expect([v, keys]).toEqual([1, [{ kid, since: clock.now(), sealed: expect.stringMatching(/^s1\./), publicKey: expect.anything() }]]);
    expect(keys[0]?.publicKey).toMatchObject({ kid, alg: 'ES256', use: 'sig', kty: 'EC', crv: 'P-256' });
    expect(keys[0]?.publicKey).not.toHaveProperty('d');
    expect(events).toEqual([{ kind: 'key.made', keyId: kid, reason: 'first', at: clock.now() }]);
    expect(await publicKeys(as)).toEqual([keys[0]?.publicKey]);
    expect(await as.keyring?.open('access token signing', keys[0]?.sealed ?? '', kid)).toMatchObject({ d: expect.anything() });
  });

  it('publishes the keys of every algorithm that a resource uses, each once, and makes none for servers without one', async () => {
    const { server, stored } = makeWorld();
    const keys = await publicKeys(server([OLD], ['ES256', undefined, 'EdDSA', 'ES256']).as);
    expect(keys.map(({ alg }) => alg)).toEqual(['ES256', 'EdDSA']);
    expect(await publicKeys(server([OLD], [undefined]).as)).toEqual([]);
    expect((await stored('RS256')).keys).toEqual([]);
  });

  it('reads once for all callers, keeps that for five minutes, and keeps no failure', async () => {
    const { clock, server } = makeWorld();
    const { as, seen } = server();
    seen.fault = new Error('down');
    await expect(signerFor(as, 'ES256')).rejects.toThrow('down');
    seen.fault = null;
    seen.reads = 0;
    const time = vi.spyOn(Date, 'now').mockReturnValue(0); // on a slow machine, callers would do the work themselves after a second
    const all = await Promise.all([signerFor(as, 'ES256'), signerFor(as, 'ES256'), kidsOf(as)]);
    time.mockRestore();
    expect([all[0].kid, all[2]]).toEqual([all[1].kid, [all[0].kid]]);
    const first = seen.reads;
    expect(first).toBe(1);
    clock.pass(299);
    await signerFor(as, 'ES256');
    expect(seen.reads).toBe(first);
    clock.pass(1);
    expect((await signerFor(as, 'ES256')).kid).toBe(all[0].kid);
    expect(seen.reads).toBe(first + 1);
  });

  it('reads again where the clock goes back', async () => {
    const { clock, server } = makeWorld();
    const { as, seen } = server();
    await signerFor(as, 'ES256');
    const first = seen.reads;
    clock.pass(-1);
    await kidsOf(as);
    expect(seen.reads).toBe(first + 1);
  });

  it('signs with the key of the process that was first, and writes nothing that is as it was', async () => {
    const { clock, inner, server } = makeWorld();
    const { kid } = await signerFor(server().as, 'ES256');
    const version = (await inner.read('signing-keys:ES256'))?.version;
    const other = server();
    expect([(await signerFor(other.as, 'ES256')).kid, other.events]).toEqual([kid, []]);
    clock.pass(80 * DAY);
    await kidsOf(other.as);
    expect((await inner.read('signing-keys:ES256'))?.version).toBe(version);
  });

  it('publishes the next key for a day before it signs, and the last one until its tokens are over', async () => {
    const { clock, server, stored } = makeWorld();
    const { as, events } = server();
    const { kid } = await signerFor(as, 'ES256');
    clock.pass(89 * DAY);
    expect((await signerFor(as, 'ES256')).kid).toBe(kid);
    const [, next] = await kidsOf(as);
    expect(events.slice(1)).toEqual([{ kind: 'key.made', keyId: next, reason: 'rotation', at: clock.now() }]);
    clock.pass(DAY);
    expect([(await signerFor(as, 'ES256')).kid, await kidsOf(as)]).toEqual([next, [kid, next]]);
    clock.pass(600 + 599);
    expect(await kidsOf(as)).toEqual([kid, next]);
    clock.pass(301);
    expect(await kidsOf(as)).toEqual([next]);
    expect((await stored()).keys.map((key) => key.kid)).toEqual([next]);
  });

  it('makes no key beside one that it cannot open, and says which secret is missing (SEC-209)', async () => {
    const { clock, server, stored } = makeWorld();
    const { kid } = await signerFor(server().as, 'ES256');
    const before = await stored();
    clock.pass(89 * DAY);
    const { as, events } = server([NEW]);
    await expect(signerFor(as, 'ES256')).rejects.toMatchObject({ status: 503, reason: 'secret_missing', cause: { message: expect.stringContaining('"signing-keys"') } }); // prettier-ignore
    expect([await kidsOf(as), await stored(), events]).toEqual([[kid], before, []]);
    clock.pass(-90 * DAY); // its clock is slow: no key signs yet
    await expect(signerFor(server([NEW]).as, 'ES256')).rejects.toMatchObject({ reason: 'secret_missing' });
  });

  it('encrypts its keys with the newest secret, and continues to sign with them', async () => {
    const { server, stored } = makeWorld();
    const { kid } = await signerFor(server().as, 'ES256');
    const before = await stored();
    const { as, events } = server([NEW, OLD]);
    expect([(await signerFor(as, 'ES256')).kid, events]).toEqual([kid, []]);
    const [key] = (await stored()).keys;
    expect([key?.sealed === before.keys[0]?.sealed, key?.publicKey]).toEqual([false, before.keys[0]?.publicKey]);
    expect((await signerFor(server([NEW]).as, 'ES256')).kid).toBe(kid);
  });

  it('encrypts again only the keys that are under an older secret', async () => {
    const { clock, inner, server, stored } = makeWorld();
    const old = server().as;
    await signerFor(old, 'ES256');
    clock.pass(89 * DAY);
    await publicKeys(old);
    const { v, keys } = await stored();
    const renew = async (key: SigningKey) => ({ ...key, sealed: await server([NEW, OLD]).as.keyring?.renew('access token signing', key.sealed, key.kid) }); // prettier-ignore
    await inner.write('signing-keys:ES256', { v, keys: [keys[0], await renew(keys[1] as SigningKey)] } as never, 'any', {});
    await publicKeys(server([NEW, OLD]).as);
    expect((await signerFor(server([NEW]).as, 'ES256')).kid).toBe(keys[0]?.kid);
  });

  it('signs with no key that was given up, publishes it, and says why there is another (F-62)', async () => {
    const { inner, server, stored } = makeWorld();
    const { kid } = await signerFor(server().as, 'ES256');
    const { v, keys } = await stored();
    await inner.write('signing-keys:ES256', { v, keys: keys.map((key) => ({ ...key, sealed: '' })) } as never, 'any', {});
    const { as, events } = server([NEW]);
    const next = await signerFor(as, 'ES256');
    expect(events).toMatchObject([{ kind: 'key.made', keyId: next.kid, reason: 'unreadable' }]);
    expect([next.kid === kid, await kidsOf(as)]).toEqual([false, [kid, next.kid]]);
  });

  it('leaves a record of another format as it is, and answers 503', async () => {
    const { inner, server } = makeWorld();
    for (const record of [{ v: 2, keys: [] }, { v: 1 }, 'x']) {
      await inner.write('signing-keys:ES256', record as never, 'any', {});
      await expect(publicKeys(server().as)).rejects.toMatchObject({ status: 503 });
      expect((await inner.read('signing-keys:ES256'))?.value).toEqual(record);
    }
  });

  it('needs a secret, and says where to give it (SEC-208)', async () => {
    await expect(signerFor(makeWorld().server([]).as, 'ES256')).rejects.toThrow(/`accessTokenSigning` needs a key of the server/);
  });
});

describe('core/signing-keys, tokens', () => {
  it('have the claims of RFC 9068 §2.2, and only those that apply', async () => {
    const { clock, server } = makeWorld();
    const { as } = server();
    const access = { hash: 'h', wrappedKey: 'w', scope: ['read'], expiresAt: clock.now() + 60 };
    const claims = { iss: 'https://as.example', sub: 'user', aud: 'https://mcp.example/mcp', client_id: 'client', scope: 'read more', iat: clock.now(), exp: clock.now() + 60 }; // prettier-ignore
    const plain = parseAssertion(await signAccess(as, 'ES256', openGrant(), access));
    expect([plain?.alg, plain?.typ, plain?.kid]).toEqual(['ES256', 'at+jwt', (await signerFor(as, 'ES256')).kid]);
    expect(plain?.claims).toEqual({ ...claims, jti: expect.stringMatching(/^at_grant\.[\w-]{22}$/) });
    const act = { sub: 'agent' };
    const bound = parseAssertion(await signAccess(as, 'ES256', openGrant({ act }), { ...access, jkt: 'J' }));
    expect(bound?.claims).toEqual({ ...claims, jti: expect.anything(), act, cnf: { jkt: 'J' } });
    expect(bound?.claims['jti']).not.toBe(plain?.claims['jti']);
  });

  it.each<[SigningAlg, object, number]>([
    ['ES256', { kty: 'EC', crv: 'P-256' }, 43],
    ['EdDSA', { kty: 'OKP', crv: 'Ed25519' }, 43],
    ['RS256', { kty: 'RSA', e: 'AQAB' }, 342],
  ])('makes a key of the kind and size of %s, which verifies what its private part signs', async (alg, kind, length) => {
    const { clock, server } = makeWorld();
    const { as } = server([OLD], [alg]);
    const access = { hash: 'h', wrappedKey: 'w', scope: ['read'], expiresAt: clock.now() + 60 };
    const token = await signAccess(as, alg, openGrant(), access);
    const [key = {}] = await publicKeys(as);
    expect(key).toMatchObject({ ...kind, alg, use: 'sig' });
    expect(key['n'] ?? key['x']).toHaveLength(length);
    const verified = await compactVerify(token, await importJWK(key as never, alg));
    expect(verified.protectedHeader).toMatchObject({ alg, kid: key['kid'] });
  });
});

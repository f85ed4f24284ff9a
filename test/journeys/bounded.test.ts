/** FLT-20: what a process remembers is bounded, whatever and however many strangers send. */
import { describe, expect, it } from 'vitest';
import { makeGrantCache, type CachedToken } from '../../src/core/records/grant-cache.ts';
import type { Access } from '../../src/model/access.ts';
import { cachedPermissions } from '../../src/model/live-permissions.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { verifyIntrospection } from '../../src/verifiers/introspection.ts';
import { appOn, ISSUER, RESOURCE } from '../support/app.ts';
import { openGrant } from '../support/grants.ts';
import { makeSigner, shown } from '../support/signer.ts';

const AS = 'https://as.example';

describe('what a process remembers', () => {
  it('FLT-20 of tokens that another server vouched for: some thousand, then it asks again', async () => {
    let asked = 0;
    const clock = makeClock();
    const { verify } = verifyIntrospection({
      issuer: AS,
      endpoint: `${AS}/introspect`,
      clientId: 'a',
      clientSecret: 'b',
      cache: 300,
      now: clock.now,
      fetch: async () => (asked++, Response.json({ active: true, sub: 'u', client_id: 'c', aud: RESOURCE, exp: clock.now() + 600 })),
    });
    for (let at = 0; at < 4096; at++) await verify(`token-${at}`, RESOURCE);
    await verify('token-0', RESOURCE);
    expect(asked).toBe(4096);
    await verify('one-more', RESOURCE);
    await verify('token-0', RESOURCE);
    expect(asked).toBe(4098);
  });

  it('FLT-20 of permissions: so many users, so many grants of each, then it looks again', async () => {
    let looked = 0;
    const lookup = cachedPermissions(() => (looked++, []), { now: () => 100 });
    const ask = (userId: string, grantId: string): unknown => lookup({ userId, grantId } as Access, null);
    for (let at = 0; at < 1000; at++) await ask('one', `g${at}`);
    await ask('one', 'g0');
    expect(looked).toBe(1000);
    await ask('one', 'g-more');
    await ask('one', 'g0');
    expect(looked).toBe(1002);
    for (let at = 0; at < 10_000; at++) await ask(`user ${at}`, 'g');
    await ask('one', 'g0');
    expect(looked).toBe(11_003);
  });

  it('FLT-20 limits cached key sets of clients by the number of URLs', async () => {
    const fetched: string[] = [];
    const signer = await makeSigner();
    const clock = makeClock();
    const fetchPublic = async (url: string): Promise<Response> => (fetched.push(url), Response.json({ keys: [signer.publicKey] }));
    const clients = Array.from({ length: 258 }, (_, at) => ({
      id: `client-${at}`,
      jwksUri: `https://client${at}.example/keys`,
      scope: ['read'],
    }));
    const app = await appOn(memoryStore(clock), clock, { clients }, { fetchPublic });
    const tell = async (at: number): Promise<number> => {
      const sub = `client-${at}`;
      const claims = { iss: sub, sub, aud: ISSUER, iat: clock.now(), exp: clock.now() + 60, jti: crypto.randomUUID() };
      const body = new URLSearchParams({ grant_type: 'client_credentials', ...shown(await signer.sign(claims)) });
      const headers = { 'content-type': 'application/x-www-form-urlencoded', 'x-test-address': `2001:db8:${at.toString(16)}::1` };
      return (await app.ask('POST', '/token', body, headers)).status;
    };
    for (let at = 0; at < 256; at++) expect(await tell(at)).toBe(200);
    await tell(0);
    expect(fetched).toHaveLength(256);
    for (const at of [256, 257]) await tell(at);
    await tell(0);
    expect(fetched).toHaveLength(259);
  });

  it('FLT-20 of tokens that were good, and of the grants that they hang on: a thousand', async () => {
    const told: boolean[] = [];
    const known = makeGrantCache({
      readGrant: async (id, before) => (told.push(before !== undefined), { value: openGrant({ id }), version: 1 }),
    });
    for (let at = 0; at < 5000; at++) await known.find(`g${at}`);
    told.length = 0;
    for (let at = 4999; at >= 0; at--) await known.find(`g${at}`);
    expect(told.filter(Boolean)).toHaveLength(1000);
    const tokens = Array.from({ length: 5000 }, (_, at) => `token ${at}`);
    for (const [at, token] of tokens.entries()) {
      const grant = (await known.find(`g${at}`))!;
      known.keepToken(token, { grant, access: grant.access[0]!, text: '{}', claims: {} as CachedToken['claims'], checkedAt: 0 });
    }
    expect(tokens.filter((token) => known.findToken(token))).toHaveLength(1000);
  });

  it('FLT-20 of ids that were made up: nothing, and no record either', async () => {
    const clock = makeClock();
    const store = memoryStore(clock);
    const app = await appOn(store, clock);
    const count = async (): Promise<number> => ((await store.all?.())?.records ?? []).length;
    const before = await count();
    for (let at = 0; at < 500; at++) {
      await app.call(`access_${String(at).padStart(22, 'A')}.${'A'.repeat(43)}`);
      await app.ask('GET', `/authorize?client_id=${String(at).padStart(22, 'A')}&response_type=code`);
      await app.ask('GET', '/account', null, { cookie: `__Host-portcullis-session=${String(at).padStart(43, 'A')}` });
    }
    expect(await count()).toBe(before);
  });
});

/** Upstream accounts of a session: who can open them, which a sign-in adds and replaces, and what is kept of the sign-in itself. */
import { describe, expect, it } from 'vitest';
import { type Call, makeCall } from '../../../src/endpoints/endpoint.ts';
import { link, originOf, sealLinked, sealOrigin, upstreamAccountsOf } from '../../../src/endpoints/sign-in/session.ts';
import type { Settings } from '../../../src/model/settings.ts';
import type { UpstreamRef } from '../../../src/model/upstream.ts';
import { makeServer } from '../../support/server.ts';

const TOKENS = { accessToken: 'upstream-access' };

async function makeWorld() {
  const { as } = makeServer({ settings: { sessionTtl: 9000, refreshTokenTTL: 9000 } as Partial<Settings> });
  const [token, hash] = [as.secrets.secret(), 'hash-of-session'];
  const call = (cookie: string | null = token): Call =>
    makeCall(new Request('https://as.example/', { headers: cookie === null ? {} : { cookie: `__Host-portcullis-session=${cookie}` } }), as, {}, { network: () => 'net', waitUntil: () => undefined }); // prettier-ignore
  const upstreamOf = (provider: string, id: string) => ({ upstream: { account: { provider, id, name: id }, tokens: TOKENS } });
  const add = (old: Parameters<typeof link>[3], provider: string, id: string) => link(call(), 'ada', upstreamOf(provider, id), old);
  const sessionWith = async (refs: readonly UpstreamRef[], userId = 'ada') => ({
    userId,
    hash,
    ...(await sealLinked(call(), token, hash, refs)),
  });
  return { as, token, hash, call, add, sessionWith };
}
const named = (refs: readonly UpstreamRef[] | null): string[] | null =>
  refs && refs.map(({ account }) => `${account.provider}:${account.id}`);

describe('endpoints/sign-in/session: its upstream accounts', () => {
  it('are none where the session has none, and are then not stored', async () => {
    const { call, sessionWith } = await makeWorld();
    expect(Object.keys(await sessionWith([]))).toEqual(['userId', 'hash']);
    expect(await upstreamAccountsOf(call(), await sessionWith([]))).toEqual([]);
    expect(await link(call(), 'ada', {}, null)).toEqual([]);
  });

  it('open with the cookie of their own session alone', async () => {
    const { as, call, add, sessionWith } = await makeWorld();
    const refs = await add(null, 'github', 'ada');
    const session = await sessionWith(refs);
    expect(await upstreamAccountsOf(call(), session)).toEqual(refs);
    expect(JSON.stringify(session)).not.toContain(refs[0]?.key);
    for (const cookie of [null, '', as.secrets.secret()]) expect(await upstreamAccountsOf(call(cookie), session)).toBeNull();
    expect(await upstreamAccountsOf(call(), { ...session, hash: 'hash-of-another' })).toBeNull();
  });

  it('are not there as soon as one of them is gone', async () => {
    const { as, call, add, sessionWith } = await makeWorld();
    const first = await add(null, 'github', 'ada');
    const session = await sessionWith(await add(await sessionWith(first), 'slack', 'ada'));
    expect(named(await upstreamAccountsOf(call(), session))).toEqual(['slack:ada', 'github:ada']);
    await as.vault.releaseAll('ada');
    expect(await upstreamAccountsOf(call(), session)).toBeNull();
  });

  it('are the new one, then the others of the same user in this browser, and each account once', async () => {
    const { add, sessionWith, call } = await makeWorld();
    let refs = await add(null, 'github', 'ada');
    const former = refs[0]?.key;
    for (const [provider, id] of [['slack', 'ada'], ['github', 'work'], ['github', 'ada']] as const) refs = await add(await sessionWith(refs), provider, id); // prettier-ignore
    expect(named(refs)).toEqual(['github:ada', 'github:work', 'slack:ada']);
    expect(refs.map(({ key }) => key)).not.toContain(former); // the tokens of this sign-in, and not those of an earlier one
    const session = await sessionWith(refs);
    expect(await link(call(), 'ada', {}, session)).toEqual(refs);
    expect(await link(call(), 'bob', {}, session)).toEqual([]);
    expect(named(await add(await sessionWith(refs, 'bob'), 'google', 'ada'))).toEqual(['google:ada']);
    expect(named(await add({ ...session, hash: 'hash-of-another' }, 'google', 'ada'))).toEqual(['google:ada']);
  });
});

describe('endpoints/sign-in/session: the sign-in that it came from', () => {
  it('keeps what the login needs to ask again, readable with the cookie of that session alone', async () => {
    const { as, token, hash, call } = await makeWorld();
    const came = { login: 'github', standing: { id: 7 } };
    const origin = await sealOrigin(call(), token, hash, came);
    expect(origin).toEqual({ login: 'github', sealed: expect.any(String) });
    expect(await originOf(call(), { hash, origin })).toEqual(came);
    for (const [cookie, of] of [[null, hash], ['', hash], [as.secrets.secret(), hash], [token, 'another']] as const)
      expect(Object.entries((await originOf(call(cookie), { hash: of, origin })) ?? {})).toEqual([['login', 'github']]);
  }); // prettier-ignore

  it('is the login alone where it needs nothing, and what this request has seen before what is stored', async () => {
    const { token, hash, call } = await makeWorld();
    const origin = await sealOrigin(call(), token, hash, { login: 'password' });
    expect(Object.entries(origin)).toEqual([['login', 'password']]);
    expect(await originOf(call(), { hash, origin })).toEqual({ login: 'password' });
    const came = { login: 'slack', standing: null };
    expect(await originOf(call(), { hash, came, origin })).toBe(came);
    expect(await originOf(call(), { hash })).toBeNull();
  });
});

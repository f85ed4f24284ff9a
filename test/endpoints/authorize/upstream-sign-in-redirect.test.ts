/** On the way to another site: what it is asked, what is stored for the return, and when nothing begins. */
import { describe, expect, it } from 'vitest';
import { findUpstreamState } from '../../../src/core/records/sign-in-flow.ts';
import { type Call, makeCall } from '../../../src/endpoints/endpoint.ts';
import { flowCookie } from '../../../src/endpoints/sign-in/browser-context.ts';
import { redirectToUpstream, redirectUriOf, type UpstreamPurpose } from '../../../src/endpoints/authorize/upstream-sign-in.ts';
import type { SiteLogin } from '../../../src/model/login.ts';
import type { PendingAuthorization } from '../../../src/model/pending-authorization.ts';
import type { Settings } from '../../../src/model/settings.ts';
import { makeClock } from '../../../src/testing/clock.ts';
import { ENGLISH } from '../../../src/words/words.ts';
import { makeServer } from '../../support/server.ts';

const START = 1_790_000_000;
const CHOICE = { scope: ['read'], remember: true };

/** A server with a login whose site answers this, and what the site was asked. */
function makeWorld(answer: object = { keep: { nonce: 'n' } }) {
  const clock = makeClock(START);
  const paths = { login: '/login', account: '/account', authorize: '/authorize' } as Settings['paths'];
  const { as, store, events } = makeServer({ clock, settings: { paths, languages: { of: () => ENGLISH } as never, brand: {} as never } });
  const asked: Record<string, unknown>[] = [];
  const begin = async (request: Record<string, unknown>) => (asked.push(request), { location: `https://door.example/?state=${String(request['state'])}`, ...answer }); // prettier-ignore
  const login = { kind: 'redirect', id: 'door', label: 'Door', begin } as unknown as SiteLogin;
  const call = (cookie = '', network = 'net'): Call =>
    makeCall(new Request('https://as.example/login', { method: 'POST', headers: { cookie } }), as, {}, { network: () => network, waitUntil: () => undefined }); // prettier-ignore
  /** An authorization request whose user has pressed the button. */
  const pendingOf = async (more: Partial<PendingAuthorization> = {}) => {
    const pendingId = as.secrets.secret();
    const pendingHash = await as.secrets.recordId(pendingId);
    const pending = { v: 1, clientId: 'c1', redirectUri: 'https://app.example/cb', resource: 'https://mcp.example', challenge: 'x', scope: ['read', 'write'], browserHash: await as.secrets.hash('own-cookie'), expiresAt: START + 60, ...more } as PendingAuthorization; // prettier-ignore
    await as.records.openPending(pendingHash, pending);
    const from = call(`__Host-portcullis-${flowCookie(pendingHash)}=own-cookie`);
    return { pendingId, pendingHash, pending, from, purpose: { pendingId, pendingHash, pending, choice: CHOICE } };
  };
  const go = (purpose: UpstreamPurpose, from = call()) => redirectToUpstream(from, login, purpose);
  /** The state that a redirect left, and its cookie. */
  const stored = async (response: unknown) => {
    const { headers } = response as Response;
    const state = new URL(headers.get('location') ?? '').searchParams.get('state') ?? '';
    const { hash, record, kept } = (await findUpstreamState(as, state)) ?? { hash: '', record: null, kept: null };
    const [, name = '', value = '', maxAge = ''] = /^__Host-portcullis-([\w-]+)=([\w-]*); .*Max-Age=(\d+)/.exec(headers.getSetCookie().join()) ?? [];
    return { hash, record, kept, cookie: { name, value, maxAge }, isBound: record?.browserHash === (await as.secrets.hash(value)) };
  }; // prettier-ignore
  const keys = async (): Promise<readonly string[]> => ((await store.all?.())?.records ?? []).map(({ key }) => key).filter((key) => !key.startsWith('limit:')); // prettier-ignore
  return { as, clock, events, asked, login, call, pendingOf, go, stored, keys };
}

describe('endpoints/authorize/upstream-sign-in, redirect: an authorization request', () => {
  it('notes what was approved and for which return alone, and gives the user ten more minutes in the same browser', async () => {
    const { as, clock, pendingOf, go, stored, asked } = makeWorld();
    const { pendingId, pendingHash, from, purpose } = await pendingOf();
    clock.pass(50);
    const response = (await go(purpose, from)) as Response;
    expect([response.status, response.headers.get('location')?.startsWith('https://door.example/?state=')]).toEqual([303, true]);
    const { hash, record, kept, cookie, isBound } = await stored(response);
    expect((await as.records.findPending(pendingHash))?.approved).toEqual({ ...CHOICE, stateHash: hash });
    expect(kept).toEqual({ pendingId, keep: { nonce: 'n' }, lang: 'en' });
    expect(record).toMatchObject({ login: 'door', pendingHash, expiresAt: START + 650 });
    expect([cookie, isBound]).toEqual([{ name: flowCookie(pendingHash), value: 'own-cookie', maxAge: '600' }, true]);
    expect(asked).toEqual([{ redirectUri: 'https://as.example/authorize/callback/door', state: expect.any(String), fresh: false }]);
  });

  it('asks for a fresh sign-in where the client does, and for the person that it names', async () => {
    const { pendingOf, go, stored, asked } = makeWorld();
    const fresh = await pendingOf({ hint: 'ada@door.example', staleSession: 'old', mustProve: true });
    const { kept } = await stored(await go(fresh.purpose, fresh.from));
    expect(asked.at(-1)).toMatchObject({ fresh: true, hint: 'ada@door.example' });
    expect(kept).toMatchObject({ freshSince: START });
    const another = await pendingOf({ staleSession: 'old' }); // another account: the site may know who it is
    expect((await stored(await go(another.purpose, another.from))).kept).not.toHaveProperty('freshSince');
    expect([asked.at(-1)?.['fresh'], Object.keys(asked.at(-1) ?? {})]).toEqual([true, ['redirectUri', 'state', 'fresh']]);
  });

  it('sends no one away for a request that is over, and stores nothing for it', async () => {
    const { as, pendingOf, go, keys } = makeWorld();
    const { purpose, pendingHash, from } = await pendingOf();
    await as.records.takePending(pendingHash);
    const response = (await go(purpose, from)) as Response;
    expect([response.status, response.headers.get('location'), response.headers.getSetCookie()]).toEqual([400, null, []]);
    expect(await keys()).toEqual([]);
  });
});

describe('endpoints/authorize/upstream-sign-in, redirect: a page of this server', () => {
  it('binds the return to a new cookie, and keeps where it goes', async () => {
    const { go, stored, asked } = makeWorld();
    const one = await stored(await go({ returnTo: '/account' }));
    expect(one.record).toMatchObject({ login: 'door', pendingHash: null, expiresAt: START + 600 });
    expect([one.kept, one.isBound, one.cookie]).toEqual([{ returnTo: '/account', keep: { nonce: 'n' }, lang: 'en' }, true, { name: flowCookie(one.hash), value: expect.stringMatching(/^[\w-]{43}$/), maxAge: '600' }]); // prettier-ignore
    expect((await stored(await go({ returnTo: '/account' }))).cookie.value).not.toBe(one.cookie.value);
    expect(Object.entries(asked[0] ?? {}).filter(([name]) => !['state', 'redirectUri'].includes(name))).toEqual([['fresh', false]]);
  });

  it('asks for the scopes of a connection alone, and notes when a fresh sign-in was asked for', async () => {
    const { go, stored, asked } = makeWorld();
    const connect = { secret: 's', scopes: ['repo'] } as never;
    const { kept } = await stored(await go({ returnTo: '/account', joinTo: 'ada', connect, fresh: true }));
    expect(asked[0]).toMatchObject({ fresh: true, scopes: ['repo'] });
    expect(kept).toEqual({ returnTo: '/account', joinTo: 'ada', connect, keep: { nonce: 'n' }, lang: 'en', freshSince: START });
  });
});

describe('endpoints/authorize/upstream-sign-in, redirect: no redirect', () => {
  it('begins a hundred in ten minutes for a network, and says when to try again', async () => {
    const { go, call, clock, asked } = makeWorld();
    for (let at = 0; at < 100; at++) expect(await go({ returnTo: '/account' })).toBeInstanceOf(Response);
    expect(await go({ returnTo: '/account' })).toEqual({ problem: expect.anything(), status: 429, retryAfter: 600 });
    expect(asked).toHaveLength(100);
    expect(await go({ returnTo: '/account' }, call('', 'another network'))).toBeInstanceOf(Response);
    clock.pass(600);
    expect(await go({ returnTo: '/account' })).toBeInstanceOf(Response);
  });

  it('tells the operator why a site cannot be asked, and leaves the request as it was', async () => {
    const { as, pendingOf, go, events } = makeWorld({ kind: 'unavailable', reason: 'discovery_failed' });
    const { purpose, pendingHash, pending, from } = await pendingOf();
    expect(await go(purpose, from)).toEqual({ problem: expect.anything(), status: 503 });
    expect(events).toMatchObject([{ kind: 'login.failed', login: 'door', reason: 'discovery_failed', network: 'net' }]);
    expect(await as.records.findPending(pendingHash)).toEqual(pending);
  });

  it('has its return at a path of the login', () => {
    const { call, login } = makeWorld();
    expect(redirectUriOf(call(), login)).toBe('https://as.example/authorize/callback/door');
  });
});

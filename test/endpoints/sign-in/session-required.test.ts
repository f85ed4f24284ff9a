import { describe, expect, it } from 'vitest';
import type { Call } from '../../../src/endpoints/endpoint.ts';
import {
  isRecent,
  RECENT,
  requireRecentSession,
  requireSession,
  returnPath,
  signInAgain,
  signInUrl,
} from '../../../src/endpoints/sign-in/session.ts';
import type { Session } from '../../../src/core/records/records.ts';
import { makeServer } from '../../support/server.ts';

const ORIGIN = 'https://as.example';
const PATHS = { login: '/login', authorize: '/authorize', account: '/account' };

function makeWorld() {
  const world = makeServer({ settings: { origin: ORIGIN, paths: PATHS as never } });
  const call = (path: string): Call => ({ as: world.as, url: new URL(ORIGIN + path), request: new Request(ORIGIN + path) }) as unknown as Call;
  const session = (provenAt?: number): Session => ({ v: 1, userId: 'u', claims: {}, createdAt: 0, expiresAt: 9e9, ...(provenAt === undefined ? {} : { provenAt }) });
  return { ...world, call, session };
} // prettier-ignore
const locationOf = (response: Response | null): string | null | undefined => response?.headers.get('location');

describe('endpoints/sign-in/session: required', () => {
  it('leads a user without a session to the sign-in, and back to the same page', async () => {
    const { call } = makeWorld();
    const answer = await requireSession(call('/account/passkeys?a=1&b=2'));
    expect(answer instanceof Response && [answer.status, locationOf(answer)]).toEqual([
      303,
      '/login?return_to=%2Faccount%2Fpasskeys%3Fa%3D1%26b%3D2',
    ]);
  });

  it('counts a sign-in of the last ten minutes as recent, and none without a time', () => {
    const { as, clock, session } = makeWorld();
    const now = clock.now();
    expect([isRecent(as, session(now + 60), 60), isRecent(as, session(now + 61), 60)]).toEqual([true, false]); // made by a clock that was ahead
    expect([isRecent(as, session(now - 60), 60), isRecent(as, session(now - 61), 60), isRecent(as, session(), 60), isRecent(as, session(0), 60)]).toEqual([true, false, false, false]); // prettier-ignore
    expect(RECENT).toBe(600);
  });

  it('asks to authenticate again where the sign-in is too long ago', () => {
    const { call, session, clock } = makeWorld();
    const now = clock.now();
    expect([requireRecentSession(call('/account'), session(now - 600)), requireRecentSession(call('/account'), session(now - 60), 60)]).toEqual([null, null]);
    const again = requireRecentSession(call('/account/totp?a=1'), session(now - 601));
    expect([again?.status, locationOf(again)]).toEqual([303, '/login?return_to=%2Faccount%2Ftotp%3Fa%3D1&again=1']);
    expect(locationOf(requireRecentSession(call('/account'), session(now - 61), 60, '/other'))).toBe('/login?return_to=%2Fother&again=1');
    expect(locationOf(signInAgain(call('/x').as, '/account'))).toBe('/login?return_to=%2Faccount&again=1');
  }); // prettier-ignore

  it('names no return to the sign-in page itself', () => {
    const { as } = makeWorld();
    expect([signInUrl(as, '/login'), signInUrl(as, '/login?x=1'), signInUrl(as, '/a b')]).toEqual(['/login', '/login?return_to=%2Flogin%3Fx%3D1', '/login?return_to=%2Fa%20b']); // prettier-ignore
  });

  it('leads back to a page of this origin only, and marks an authorization request that comes back (SEC-149)', () => {
    const { call } = makeWorld();
    const back = (to: string | null): string | null => returnPath(call(`/login${to === null ? '' : `?return_to=${encodeURIComponent(to)}`}`));
    expect([back(null), back('/account?a=1'), back('/')]).toEqual([null, '/account?a=1', '/']);
    for (const bad of ['https://evil.example/', '//evil.example', '/\\evil.example', 'account', '']) expect(back(bad)).toBeNull();
    expect(back('/authorize?client_id=c')).toBe('/authorize?client_id=c&returned=1');
    expect([back('/authorize'), back('/authorize/x'), back('/x?y=/authorize')]).toEqual(['/authorize?returned=1', '/authorize/x', '/x?y=/authorize']);
  }); // prettier-ignore

  it('redirects to the account page if the return path is not allowed', async () => {
    const { call } = makeWorld();
    const answer = await requireSession({ ...call('/'), url: new URL(`${ORIGIN}//evil.example/x`) } as Call);
    expect(answer instanceof Response && locationOf(answer)).toBe('/login?return_to=%2Faccount');
  });
});

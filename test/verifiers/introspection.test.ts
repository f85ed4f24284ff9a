import { describe, expect, it } from 'vitest';
import { SourceUnavailable } from '../../src/verifiers/contract.ts';
import { verifyIntrospection, type IntrospectionOptions } from '../../src/verifiers/introspection.ts';
import type { Checked } from '../../src/model/access.ts';
import { NOW } from '../support/issuer.ts';
import { whileTimeStands } from '../support/standing-clock.ts';

const RESOURCE = 'https://mcp.example/mcp';
const ISSUER = 'https://as.example';
const GOOD = { active: true, sub: 'u1', client_id: 'c1', scope: 'read', aud: RESOURCE, exp: NOW + 600, iss: ISSUER };

function setUp(answer: () => Response | Promise<Response>, more: Partial<IntrospectionOptions> = {}) {
  const self = { clock: NOW, requests: [] as Request[], answer };
  const fetcher: typeof fetch = async (input, init) => {
    const request = new Request(input, init);
    if (request.url.includes('/.well-known/')) return Response.json({ issuer: ISSUER, introspection_endpoint: `${ISSUER}/introspect` });
    self.requests.push(request);
    return self.answer();
  };
  const options = { issuer: ISSUER, clientId: 'rs:1', clientSecret: 'pä ss', fetch: fetcher, now: () => self.clock, ...more };
  const { verify } = verifyIntrospection(options);
  return Object.assign(self, { check: async (token = 'opaque-1'): Promise<Checked | null> => verify(token, RESOURCE) });
}

describe('verifiers/introspection', () => {
  it('authenticates with the given client, in a body, and returns the caller (RFC 7662 §2.1)', async () => {
    const as = setUp(() => Response.json(GOOD));
    expect(await as.check()).toMatchObject({ userId: 'u1', clientId: 'c1', scope: ['read'], resource: RESOURCE, expiresAt: NOW + 630, issuer: ISSUER });
    const [request] = as.requests;
    expect([request?.method, request?.url]).toEqual(['POST', `${ISSUER}/introspect`]);
    expect(await request?.text()).toBe('token=opaque-1&token_type_hint=access_token');
    expect(atob(request?.headers.get('authorization')?.slice(6) ?? '')).toBe('rs%3A1:p%C3%A4+ss');
  }); // prettier-ignore

  it.each([
    ['an inactive token', { active: false }],
    ['`active` as a text', { active: 'true' }],
    ['no `active`', { active: undefined }],
    ['another issuer', { iss: 'https://evil.example' }],
    ['another audience', { aud: ['https://mcp.example/other'] }],
    ['no audience', { aud: undefined }],
    ['an end that has passed', { exp: NOW - 31 }],
    ['a beginning far ahead', { nbf: NOW + 60 }],
    ['a token bound to a key', { token_type: 'DPoP' }],
    ['a token bound to a key, by `cnf`', { cnf: { jkt: 'x' } }],
    ['no user', { sub: undefined }],
    ['no client', { client_id: undefined }],
  ])('SEC-116 refuses %s', async (_, claims) => {
    expect(await setUp(() => Response.json({ ...GOOD, ...claims })).check()).toBeNull();
  });

  it('takes any audience only where that is said to be dangerous', async () => {
    const answer = (): Response => Response.json({ ...GOOD, aud: undefined });
    expect(await setUp(answer, { dangerouslyAcceptAnyAudience: true }).check()).not.toBeNull();
  });

  it('keeps an answer for five seconds, good or bad, so that a revoked token passes no longer than that', async () => {
    const as = setUp(() => Response.json(GOOD));
    expect(await as.check()).not.toBeNull();
    as.answer = () => Response.json({ active: false });
    as.clock += 4;
    expect(await as.check()).not.toBeNull();
    as.clock += 1;
    expect(await as.check()).toBeNull();
    expect(await as.check()).toBeNull();
    expect(as.requests.length).toBe(2);
  });

  it('keeps no answer for longer where the clock goes back', async () => {
    const as = setUp(() => Response.json(GOOD));
    expect(await as.check()).not.toBeNull();
    as.answer = () => Response.json({ active: false });
    as.clock -= 600;
    expect(await as.check()).toBeNull();
  });

  it('asks on every request where nothing shall be kept, and once for many at the same time', async () => {
    const as = setUp(() => Response.json(GOOD), { cache: 0 });
    await as.check();
    await as.check();
    expect(as.requests.length).toBe(2);
    await whileTimeStands(() => Promise.all(Array.from({ length: 20 }, () => as.check('another'))));
    expect(as.requests.length).toBe(3);
  });

  it('keeps little of garbage and asks about it a bounded number of times, and good tokens do not suffer (F-59)', async () => {
    const as = setUp(() => Response.json({ active: false }));
    const good = setUp(() => Response.json({ active: false }));
    good.answer = () => Response.json(GOOD);
    expect(await good.check('mine')).not.toBeNull();
    good.answer = () => Response.json({ active: false });
    const garbage = (at: number): string => `${at}-`.padEnd(8000, 'x');
    let refused = 0;
    for (let at = 0; at < 1000; at++) {
      for (const one of [as, good]) await one.check(garbage(at)).catch((error: unknown) => {
        expect(error).toMatchObject({ name: 'SourceUnavailable', retryAfter: 10 });
        refused += 1;
      });
    }
    expect([as.requests.length, refused]).toEqual([200, 1600]);
    good.answer = () => Response.json(GOOD);
    good.clock += 6; // what was good is asked about again, though strangers wait
    expect(await good.check('mine')).not.toBeNull();
    await expect(good.check('new')).rejects.toMatchObject({ retryAfter: 4 });
    good.clock += 4;
    expect(await good.check('new')).not.toBeNull();
  }); // prettier-ignore

  it('says when an answer within the skew ends, and never keeps one longer (F-59)', async () => {
    const as = setUp(() => Response.json({ ...GOOD, exp: NOW - 28 }), { cache: 60 });
    expect(await as.check()).toMatchObject({ expiresAt: NOW + 2 });
    as.clock += 2;
    expect(await as.check()).toBeNull();
  });

  it.each([
    ['refuses us', () => new Response('{}', { status: 401 })],
    ['is down', () => new Response('', { status: 502 })],
    ['answers with a page', () => new Response('<html>')],
    ['cannot be reached', () => Promise.reject(new TypeError('refused'))],
    ['moved', () => new Response(null, { status: 307, headers: { location: 'https://evil.example/' } })],
  ])('cannot tell, and says so, where the issuer %s; and asks again for the next request', async (_, answer) => {
    const as = setUp(answer);
    await expect(as.check()).rejects.toBeInstanceOf(SourceUnavailable);
    as.answer = () => Response.json(GOOD);
    expect(await as.check()).not.toBeNull();
  });

  it.each([
    [{ issuer: 'http://as.example' }, 'issuer'],
    [{ endpoint: 'as/introspect' }, 'endpoint'],
    [{ clientSecret: '' }, 'clientId'],
    [{ cache: 301 }, 'cache'],
  ])('refuses %j at start-up and names `%s`', (options, name) => {
    expect(() => setUp(() => Response.json(GOOD), options)).toThrow(new RegExp(`verifyIntrospection: \`${name}\``));
  });
});

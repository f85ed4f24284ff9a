/** Membership at GitHub, answer by answer: who comes in, who may stay, and what an answer that says nothing means. */
import { describe, expect, it, vi } from 'vitest';
import type { Fetch, Upstream } from '../../src/upstreams/contract.ts';
import { github, type GitHubOptions } from '../../src/upstreams/github.ts';
import { upstream } from '../../src/logins/upstream.ts';
import type { Json } from '../../src/model/store.ts';
import { ENGLISH } from '../../src/words/words.ts';
import { APP, failureIn, locationOf, realNow, REDIRECT, STATE, trip } from '../support/provider-trip.ts';

const API = 'https://api.github.com';
const ORG = (name: string): string => `${API}/user/memberships/orgs/${name}`;
const TEAM = `${API}/orgs/acme/teams/core/memberships/uma`;
const USER = { id: 7, login: 'uma', name: null, avatar_url: 'a', html_url: 'h' };
const AT = { env: {}, now: realNow, network: '192.0.2.1' } as never;
const active = (): Response => Response.json({ state: 'active' });
const pending = (): Response => Response.json({ state: 'pending' });
const status =
  (code: number, body: object = {}, headers: Record<string, string> = {}): (() => Response) =>
  () =>
    Response.json(body, { status: code, headers });

interface World {
  readonly provider: Upstream;
  readonly asked: string[];
  readonly answers: Map<string, () => Response>;
}

function setUp(options: Partial<GitHubOptions> = {}, given: Readonly<Record<string, () => Response>> = {}): World {
  const answers = new Map<string, () => Response>(Object.entries({ [`${API}/user`]: () => Response.json(USER), ...given }));
  const asked: string[] = [];
  const fetcher: Fetch = async (url, init) => {
    if (url.endsWith('/access_token')) return Response.json({ access_token: 'gho_1', token_type: 'bearer' });
    const { accept, authorization, 'x-github-api-version': version } = Object.fromEntries(new Headers(init?.headers));
    expect([accept, authorization, version]).toEqual(['application/vnd.github+json', 'Bearer gho_1', '2022-11-28']);
    asked.push(url);
    return answers.get(url)?.() ?? new Response('{}', { status: 404 });
  };
  return { asked, answers, provider: github({ ...APP, fetch: fetcher, ...options }) };
}
const visit = async (location: string): Promise<string> => `${REDIRECT}?code=c&state=${new URL(location).searchParams.get('state')}`;
/** `in`, or how the trip failed. */
const come = async ({ provider }: World): Promise<string> => {
  const going = trip(provider, visit);
  return going.then(
    () => 'in',
    () => failureIn(going),
  );
};

describe('upstreams/github, accepted users', () => {
  it('is not taken for one without an address while GitHub limits how often it is asked for one', async () => {
    const spent = { 'x-ratelimit-remaining': '0' };
    expect(await come(setUp({}, { [`${API}/user/emails`]: status(403, {}, spent) }))).toBe('unavailable status_403_rate_limit');
    for (const answer of [status(403), status(404, {}, spent), status(200, [], spent)])
      expect(await come(setUp({}, { [`${API}/user/emails`]: answer }))).toBe('in');
  });

  it('is refused for the permission that the app lacks, not for the address, where a rule needs one that GitHub keeps to itself', async () => {
    const NOT_TOLD =
      'email_not_told: give the GitHub App the account permission "Email addresses: read", an OAuth App the scope user:email';
    const answers = [
      status(403, { message: 'Resource not accessible by integration' }),
      status(404, { message: 'Not Found' }),
      status(200, []),
    ];
    const outcomes = answers.flatMap((answer) => {
      const { provider } = setUp({}, { [`${API}/user/emails`]: answer });
      return [{ emails: ['uma@x.example'] }, { emailDomains: ['x.example'] }, {}].map(async (rule) => {
        const login = upstream(provider, rule);
        const { location, keep: kept } = (await login.begin({ redirectUri: REDIRECT, state: STATE, fresh: false }, AT)) as {
          location: string;
          keep: Json;
        };
        const parameters = new URL(await visit(location)).searchParams;
        const result = await login.finish({ redirectUri: REDIRECT, state: STATE, parameters, kept, request: new Request(REDIRECT) }, AT);
        return 'reason' in result ? `${result.kind} ${result.reason}` : result.kind;
      });
    });
    const told = [`broken ${NOT_TOLD}`, `broken ${NOT_TOLD}`, 'proven'];
    const empty = ['refused email_not_allowed', 'refused email_domain_not_allowed', 'proven'];
    expect(await Promise.all(outcomes)).toEqual([...told, ...told, ...empty]);
  });

  it('is known by the number, with the profile and the primary address that GitHub has verified', async () => {
    const emails = [{ email: 'x@x.example', primary: true, verified: false }, { email: 'y@x.example', primary: false, verified: true }];
    const world = setUp({}, { [`${API}/user/emails`]: () => Response.json(emails) });
    const claims = { name: 'uma', preferred_username: 'uma', picture: 'a', profile: 'h' };
    expect(await trip(world.provider, visit)).toEqual({ issuer: 'https://github.com', subject: '7', claims });
    world.answers.set(`${API}/user/emails`, () => Response.json([...emails, { email: 'z@x.example', primary: true, verified: true }]));
    world.answers.set(`${API}/user`, () => Response.json({ ...USER, name: 'Uma' }));
    expect((await trip(world.provider, visit)).claims).toEqual({ ...claims, name: 'Uma', email: 'z@x.example', email_verified: true });
    for (const answer of [status(403, [{ email: 'z', primary: true, verified: true }]), () => Response.json({})]) {
      world.answers.set(`${API}/user/emails`, answer);
      expect((await trip(world.provider, visit)).claims).not.toHaveProperty('email');
    }
  }); // prettier-ignore

  it.each<[string, Partial<GitHubOptions>, Readonly<Record<string, () => Response>>]>([
    ['in', {}, {}],
    ['broken user_status_401', {}, { [`${API}/user`]: status(401) }],
    ['broken id_missing', {}, { [`${API}/user`]: status(200, { login: 'uma' }) }],
    ['in', { organizations: ['acme', 'b'] }, { [ORG('b')]: active }],
    ['refused organization_not_allowed', { organizations: ['acme'] }, {}],
    ['refused organization_not_allowed', { organizations: ['acme'] }, { [ORG('acme')]: pending }],
    ['broken membership_status_201', { organizations: ['acme'] }, { [ORG('acme')]: status(201, { state: 'active' }) }],
    ['in', { organizations: ['a/b'] }, { [ORG('a%2Fb')]: active }],
    ['in', { organizations: ['acme', 'b'] }, { [ORG('acme')]: status(403), [ORG('b')]: active }],
    ['refused membership_not_told', { organizations: ['acme', 'b'] }, { [ORG('acme')]: status(403) }],
    ['refused membership_behind_sso', { organizations: ['acme'] }, { [ORG('acme')]: status(403, {}, { 'x-github-sso': 'required; url=https://github.com/orgs/acme/sso?x=1' }) }],
    ['refused membership_not_told', { organizations: ['acme'] }, { [ORG('acme')]: status(403, {}, { 'x-github-sso': 'required; url=https://evil.example/' }) }],
    ['in', { teams: ['acme/core'] }, { [TEAM]: active }],
    ['refused team_not_allowed', { teams: ['acme/core'] }, { [TEAM]: pending }],
    ['broken login_missing', { teams: ['acme/core'] }, { [`${API}/user`]: status(200, { id: 7 }) }],
    ['refused team_not_allowed', { organizations: ['acme'], teams: ['acme/core'] }, { [ORG('acme')]: active }],
    ['refused organization_not_allowed', { organizations: ['acme'], teams: ['acme/core'] }, { [TEAM]: active }],
  ])('%s with %j', async (verdict, options, answers) => {
    expect(await come(setUp(options, answers))).toBe(verdict);
  }); // prettier-ignore

  it('waits for as long as GitHub says where it was asked too often', async () => {
    const clock = vi.spyOn(Date, 'now').mockReturnValue(1_790_000_000_000);
    const soon = '1790000100';
    for (const [headers, body, seconds] of [
      [{ 'retry-after': '7' }, {}, 7],
      [{ 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': soon }, {}, 100],
      [{}, { message: 'API Rate Limit exceeded' }, 60],
      [{ 'retry-after': '9999' }, {}, 3600],
      [{ 'retry-after': '0' }, {}, 60],
    ] as const) {
      const { provider } = setUp({ organizations: ['acme'] }, { [ORG('acme')]: status(403, body, headers) });
      const error = await trip(provider, visit).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ failure: 'unavailable', reason: 'status_403_rate_limit' });
      expect(error).toHaveProperty('retryAfter', seconds);
    }
    clock.mockRestore();
    const { provider } = setUp({ organizations: ['acme'] }, { [ORG('acme')]: status(403, {}, { 'x-ratelimit-remaining': '1' }) });
    expect(await failureIn(trip(provider, visit))).toBe('refused membership_not_told');
  }); // prettier-ignore
});

describe('upstreams/github, an answer about a membership that says nothing', () => {
  it.each<[string, () => Response]>([
    ['broken membership_status_401', status(401, {})],
    ['broken membership_status_200', status(200, {})],
    ['broken membership_status_200', () => new Response('<!doctype html>')],
    ['broken membership_status_302', status(302)],
  ])('is a fault of the site and no refusal: %s', async (failure, answer) => {
    expect(await failureIn(trip(setUp({ organizations: ['acme'] }, { [ORG('acme')]: answer }).provider, visit))).toBe(failure);
    const both = setUp({ organizations: ['acme', 'b'] }, { [ORG('acme')]: answer, [ORG('b')]: active });
    expect((await trip(both.provider, visit)).subject).toBe('7');
  });
});

describe('upstreams/github, checked again', () => {
  it.each<[string, Partial<GitHubOptions>, Readonly<Record<string, () => Response>>]>([
    ['yes', {}, {}],
    ['yes', { organizations: ['acme', 'b'] }, { [ORG('b')]: active, [ORG('acme')]: status(403) }],
    ['no', { organizations: ['acme', 'b'] }, { [ORG('b')]: pending }],
    ['unknown', { organizations: ['acme', 'b'] }, { [ORG('b')]: status(403) }],
    ['unknown', { organizations: ['acme'] }, { [ORG('acme')]: status(500) }],
    ['unknown', { organizations: ['acme'] }, { [ORG('acme')]: status(201, { state: 'active' }) }],
    ['unknown', { organizations: ['acme'] }, { [ORG('acme')]: status(200, {}) }],
    ['unknown', { organizations: ['acme'] }, { [ORG('acme')]: status(200, { state: 7 }) }],
    ['unknown', { organizations: ['acme'] }, { [ORG('acme')]: () => new Response('<!doctype html>') }],
    ['unknown', { teams: ['acme/core'] }, { [`${API}/user`]: status(401, USER), [TEAM]: active }],
    ['yes', { teams: ['acme/core'] }, { [TEAM]: active }],
    ['no', { teams: ['acme/core'] }, {}],
    ['unknown', { teams: ['acme/core'] }, { [`${API}/user`]: status(401), [TEAM]: active }],
    ['unknown', { teams: ['acme/core'] }, { [`${API}/user`]: status(200, {}), [TEAM]: active }],
    ['no', { organizations: ['acme'], teams: ['acme/core'] }, { [TEAM]: active }],
    ['unknown', { organizations: ['acme'], teams: ['acme/core'] }, { [ORG('acme')]: status(403), [TEAM]: active }],
    ['no', { organizations: ['acme'], teams: ['acme/core'] }, { [ORG('acme')]: status(403) }],
    ['yes', { organizations: ['acme'], teams: ['acme/core'] }, { [ORG('acme')]: active, [TEAM]: active }],
  ])('%s with %j', async (verdict, options, answers) => {
    const { provider } = setUp(options, answers);
    expect(await provider.recheck?.('gho_1', {} as never)).toBe(verdict);
  }); // prettier-ignore
});

describe('upstreams/github, the rest', () => {
  it('asks for what it needs to know, and for an account where that is wanted', async () => {
    const query = async (options: Partial<GitHubOptions>): Promise<Record<string, string>> => Object.fromEntries((await locationOf(setUp(options).provider)).searchParams);
    expect((await query({}))['scope']).toBe('read:user user:email');
    expect([(await query({ organizations: ['a'] }))['scope'], (await query({ teams: ['a/b'] }))['scope']]).toEqual(Array(2).fill('read:user user:email read:org'));
    expect([(await query({}))['prompt'], (await query({ prompt: 'select_account' }))['prompt']]).toEqual([undefined, 'select_account']);
    const hinted = await setUp().provider.startSignIn({ redirectUri: REDIRECT, state: 's', env: {}, hint: 'uma' });
    expect(new URL(hinted.location).searchParams.get('login')).toBe('uma');
    for (const team of ['acme', '/core', 'acme/', 'a/b/c', '']) expect(() => github({ ...APP, teams: ['acme/core', team] })).toThrow(/^GitHub: `teams` holds/);
  }); // prettier-ignore

  it('names itself, and tells the person where to go for a membership that GitHub keeps', async () => {
    expect(setUp().provider).toMatchObject({ id: 'github', label: 'GitHub' });
    expect(() => github({ ...APP, team: [] } as never)).toThrow(/^github: `team` is not an option/);
    const textOf = async (headers: Record<string, string>): Promise<string> => {
      const { provider } = setUp({ organizations: ['acme'] }, { [ORG('acme')]: status(403, {}, headers) });
      const { text } = (await trip(provider, visit).catch((error: unknown) => error)) as { text: (words: typeof ENGLISH) => unknown };
      return String(text(ENGLISH));
    };
    expect(await textOf({})).toBe(String(ENGLISH.site.membershipNotTold('https://github.com/settings/applications')));
    const sso = 'https://github.com/orgs/acme/sso?authorization_request=A1';
    expect(await textOf({ 'x-github-sso': `required; url=${sso}` })).toBe(String(ENGLISH.site.membershipNotTold(sso)));
  });

  it.each([[204, true], [404, true], [422, true], [200, 'broken revoke_status_200'], [401, 'broken revoke_status_401']])('is content with %i when a token is given back: %s', async (code, result) => {
    const sent: unknown[] = [];
    const fetcher: Fetch = async (url, init) => {
      sent.push([url, init?.method, new Headers(init?.headers).get('authorization'), init?.body]);
      return new Response(null, { status: code as number });
    };
    const provider = github({ ...APP, clientId: 'a/b', fetch: fetcher });
    const going = provider.revoke({ tokens: { accessToken: 'gho_1' } as never, env: {} });
    expect(await (typeof result === 'string' ? failureIn(going) : going)).toBe(result);
    expect(sent).toEqual([[`${API}/applications/a%2Fb/token`, 'DELETE', `Basic ${btoa(`a/b:${APP.clientSecret}`)}`, '{"access_token":"gho_1"}']]);
  }); // prettier-ignore
});

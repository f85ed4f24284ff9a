/** What sites answer in place of what the specifications say, as people met it, and what we make of it. */
import { describe, expect, it } from 'vitest';
import { base64url, utf8 } from '../../src/lib/bytes.ts';
import type { UpstreamTokens } from '../../src/model/upstream.ts';
import { makeFakeGitHub } from '../../src/testing/fake-github.ts';
import { makeFakeSlack } from '../../src/testing/fake-slack.ts';
import type { ProviderOptions, Upstream } from '../../src/upstreams/contract.ts';
import { entra, google, slack } from '../../src/upstreams/work-accounts.ts';
import { github } from '../../src/upstreams/github.ts';
import { oauth2 } from '../../src/upstreams/oauth2.ts';
import { oidc } from '../../src/upstreams/oidc.ts';
import { ENGLISH } from '../../src/words/words.ts';
import { UpstreamError } from '../../src/upstreams/contract.ts';
import { APP, arrival, failureIn, fakeProvider, locationOf, realNow, REDIRECT, STATE, trip } from '../support/provider-trip.ts';

const make = async (more: Partial<ProviderOptions> = {}) => {
  const fake = await fakeProvider();
  return { fake, provider: oidc({ ...APP, issuer: fake.issuer, fetch: fake.fetch, ...more }) };
};
const refresh = (provider: Upstream, tokens: UpstreamTokens): Promise<UpstreamTokens> =>
  provider.refresh({ tokens, now: realNow(), env: {} });
const jwt = (claims: object): string => `e30.${base64url(utf8(JSON.stringify(claims)))}.c2ln`;

describe('a token answer', () => {
  const without =
    (name: string) =>
    ({ [name]: _gone, ...rest }: Record<string, unknown>): object =>
      rest;
  const withMember = (name: string, value: unknown) => (answer: Record<string, unknown>) => ({ ...answer, [name]: value });
  it.each([
    ['no token_type (Shopify, LinkedIn)', without('token_type')],
    ['token_type null', withMember('token_type', null)],
    ['token_type "bot"', withMember('token_type', 'bot')],
    ['token_type "DPoP", though no key was shown', withMember('token_type', 'DPoP')],
    ['expires_in null', withMember('expires_in', null)],
    ['expires_in ""', withMember('expires_in', '')],
    ['expires_in -5', withMember('expires_in', -5)],
    ['expires_in 0', withMember('expires_in', 0)],
    ['expires_in "never"', withMember('expires_in', 'never')],
    ['expires_in {}', withMember('expires_in', {})],
    ['expires_in beyond all time', withMember('expires_in', 9e15)],
    ['scope null', withMember('scope', null)],
    ['scope 7', withMember('scope', 7)],
    ['error null', withMember('error', null)],
    ['error ""', withMember('error', '')],
  ])('with %s is one, at sign-in and where the refresh token rotates (R-31)', async (_, shape) => {
    const { fake, provider } = await make();
    fake.shape = shape;
    const { tokens } = await arrival(provider, fake.visit, { offline: true });
    const next = await refresh(provider, tokens);
    const third = await refresh(provider, next);
    expect(new Set([tokens, next, third].map(({ refreshToken }) => refreshToken)).size).toBe(3);
    expect(fake.tokens.isGood(third.accessToken, realNow())).toBe(true);
    expect(fake.tokens.refreshes).toEqual({ asked: 2, refused: 0 });
  });

  it('tells its end as a text, scopes as a list, and comes with 201 or as a form (R-31)', async () => {
    const { fake, provider } = await make();
    fake.shape = (answer) => ({ ...answer, expires_in: '3600', scope: ['a', 'b', 7] });
    const { tokens } = await arrival(provider, fake.visit);
    expect([tokens.scope, Math.abs((tokens.expiresAt ?? 0) - realNow() - 3600) < 3]).toEqual([['a', 'b'], true]);
    const answers = [
      new Response(JSON.stringify({ access_token: 'x' }), { status: 201 }),
      new Response('access_token=x&expires=5', { headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
    ];
    const plain = oauth2({ ...APP, issuer: 'https://s.example', authorizationEndpoint: 'https://s.example/a', tokenEndpoint: 'https://s.example/t', profileEndpoint: 'https://s.example/p', fetch: async () => answers.shift() as Response });
    for (let at = 0; at < 2; at++) expect(await refresh(plain, { accessToken: 'a', refreshToken: 'r' })).toEqual({ accessToken: 'x', refreshToken: 'r' });
  }); // prettier-ignore

  it.each([
    ['no access token', { access_token: undefined }],
    ['an access token that is no text', { access_token: 7 }],
    ['an error beside it', { access_token: '', error: 'invalid_grant' }],
  ])('with %s still gives its refresh token: the old one is spent (R-31)', async (_, odd) => {
    const { fake, provider } = await make();
    const { tokens } = await arrival(provider, fake.visit, { offline: true });
    fake.shape = (answer) => ({ ...answer, ...odd });
    const kept = await refresh(provider, tokens);
    expect([kept.refreshToken === tokens.refreshToken, (kept.expiresAt ?? Infinity) <= realNow()]).toEqual([false, true]);
    fake.shape = null;
    expect(fake.tokens.isGood((await refresh(provider, kept)).accessToken, realNow())).toBe(true);
  });

  it('says its end by the `exp` of a signed access token, where it does not say it itself (R-32)', async () => {
    const { fake, provider } = await make();
    const { tokens } = await arrival(provider, fake.visit, { offline: true });
    const shaped = async (access_token: string, expires_in?: number): Promise<number | undefined> => {
      fake.ways.rotates = false;
      fake.shape = ({ token_type }) => ({ token_type, access_token, ...(expires_in === undefined ? {} : { expires_in }) });
      return (await refresh(provider, tokens)).expiresAt;
    };
    const exp = realNow() + 500;
    expect(await shaped(jwt({ exp }))).toBe(exp);
    expect(await shaped(jwt({ exp }), 60)).toBeLessThan(realNow() + 70); // what it says itself goes first
    for (const odd of [jwt({}), jwt({ exp: 'soon' }), jwt({ exp: 5 }), 'a.b.c', 'opaque', 'a.b']) expect(await shaped(odd)).toBeUndefined();
  });

  it('is repaired by the operator, where a site has its own ways (R-34)', async () => {
    const { fake, provider } = await make({ repairAnswer: ({ data }) => data as Record<string, unknown> });
    fake.shape = (data) => ({ ok: 1, data });
    const { tokens } = await arrival(provider, fake.visit, { offline: true });
    expect(fake.tokens.isGood((await refresh(provider, tokens)).accessToken, realNow())).toBe(true);
  });
});

describe('a repair that fails', () => {
  it('spoils no refresh token (R-31, R-34)', async () => {
    let fails = false;
    const repairAnswer = (answer: Record<string, unknown>): Record<string, unknown> => {
      if (fails) throw new Error('not what it expects');
      return answer;
    };
    const { fake, provider } = await make({ repairAnswer: repairAnswer as never });
    const { tokens } = await arrival(provider, fake.visit, { offline: true });
    fails = true;
    const kept = await refresh(provider, tokens);
    expect(kept.refreshToken).not.toBe(tokens.refreshToken);
    expect(await failureIn(arrival(provider, fake.visit))).toBe('broken token_repair_failed');
    fails = false;
    expect(fake.tokens.isGood((await refresh(provider, kept)).accessToken, realNow())).toBe(true);
  });
});

describe('a refused refresh token', () => {
  it.each([
    ['RFC 6749', 400, { error: 'invalid_grant' }, 'invalid_grant'],
    ['PostHog', 403, { error: 'access_denied' }, 'access_denied'],
    ['Auth0', 403, { error: 'unauthorized', error_description: 'user is blocked' }, 'unauthorized'],
    ['an expired one', 401, { error: 'expired_token' }, 'expired_token'],
    ['single sign-on that is due', 403, { error: 'sso_required' }, 'sso_required'],
    ['a second factor that is due', 403, { error: 'mfa_enrollment' }, 'mfa_enrollment'],
    ['HubSpot', 400, { status: 'BAD_REFRESH_TOKEN', message: 'missing or invalid refresh token' }, 'bad_refresh_token'],
    ['Atlassian', 403, { error: 'unauthorized_client', error_description: 'refresh_token is invalid' }, 'unauthorized_client'],
    ['an error that is an object', 400, { error: { code: 'invalid_grant', message: 'x' } }, 'invalid_grant'],
    ['Slack', 200, { ok: false, error: 'invalid_refresh_token' }, 'invalid_refresh_token'],
  ])('ends the grant at once: %s (R-33)', async (_, status, body, word) => {
    const { fake, provider } = await make();
    fake.refusal = { status, body };
    expect(await failureIn(refresh(provider, { accessToken: 'a', refreshToken: 'dead' }))).toBe(`refused refresh_${word}`);
  });

  it.each([
    ['a page with 403', 403, '<html>Access denied</html>'],
    ['an empty 401', 401, ''],
    ['half of JSON', 400, '{"error":"invalid_gr'],
    ['JSON that is no object', 400, ['invalid_grant']],
    ['an unknown word', 400, { error: 'something_else' }],
    ['our own mistake', 401, { error: 'invalid_client' }],
    ['an application that may not', 400, { error: 'unauthorized_client' }],
    ['a gateway that speaks JSON', 401, { status: 401, error: 'Unauthorized', path: '/token' }],
    ['another gateway', 403, { message: 'Forbidden' }],
    ['a known word with 503', 503, { error: 'invalid_grant' }],
    ['a known word with 429', 429, { error: 'access_denied' }],
    ['a known word with 408', 408, { error: 'access_denied' }],
  ])('is a bad day of the site, and the grant stays: %s (R-33)', async (_, status, body) => {
    const { fake, provider } = await make();
    fake.refusal = { status, body };
    expect(await failureIn(refresh(provider, { accessToken: 'a', refreshToken: 'r' }))).toMatch(/^(?:unavailable|broken) /);
  });
});

describe('Slack with tokens of the user', () => {
  const slackWith = async (more = {}) => {
    const fake = await makeFakeSlack({ ...APP, redirectUri: REDIRECT, now: realNow });
    return { fake, provider: slack({ ...APP, userScopes: ['search:read', 'chat:write'], fetch: fake.fetch, ...more }) };
  };

  it('takes the token of the user, never that of the bot, and knows the same person as the sign-in does (R-34)', async () => {
    const { fake, provider } = await slackWith();
    fake.ways.lifetime = 43_200;
    const { searchParams } = await locationOf(provider);
    expect([searchParams.get('user_scope'), searchParams.get('scope')]).toEqual(['search:read chat:write', null]);
    const { identity, tokens } = await arrival(provider, fake.visit);
    expect(tokens).toMatchObject({ accessToken: expect.stringMatching(/^xoxp-/), scope: ['search:read', 'chat:write'] });
    const signIn = slack({ ...APP, fetch: fake.fetch });
    const person = await trip(signIn, fake.visit);
    expect([identity.issuer, identity.subject]).toEqual([person.issuer, person.subject]);
    const next = await refresh(provider, tokens);
    expect([next.refreshToken === tokens.refreshToken, fake.tokens.isGood(next.accessToken, realNow())]).toEqual([false, true]);
    expect(await failureIn(refresh(provider, tokens))).toBe('refused refresh_invalid_refresh_token');
    expect(await provider.revoke({ tokens: next, env: {} })).toBe(true);
  });

  it('accepts only members of a configured workspace, and requires scopes (R-34)', async () => {
    const { fake, provider } = await slackWith({ team: 'T999' });
    expect(await failureIn(arrival(provider, fake.visit))).toBe('refused team_not_allowed');
    await expect(slackWith({ userScopes: [] })).rejects.toThrow('`userScopes` is empty');
  });
});

describe('GitHub that does not tell of a membership', () => {
  const make = (more: object = {}) => {
    const fake = makeFakeGitHub({ ...APP, redirectUri: REDIRECT, now: realNow });
    return { fake, provider: github({ ...APP, fetch: fake.fetch, organizations: ['acme', 'initech'], ...more }) };
  };
  const errorOf = async (going: Promise<unknown>): Promise<UpstreamError> => {
    const error = await going.then(
      () => null,
      (thrown: unknown) => thrown,
    );
    if (!(error instanceof UpstreamError)) throw new Error('It did not fail as a site does.');
    return error;
  };
  const textOf = ({ text }: UpstreamError): string => String(typeof text === 'function' ? text(ENGLISH) : text);

  it('says that it could not tell, with the link where single sign-on or an approval is due (R-36)', async () => {
    for (const more of [{}, { organizations: undefined, teams: ['acme/core'] }]) {
      const { fake, provider } = make(more);
      fake.untold = 'sso';
      const sso = await errorOf(arrival(provider, fake.visit));
      expect([sso.failure, sso.reason]).toEqual(['refused', 'membership_behind_sso']);
      expect(textOf(sso)).toContain('https://github.com/orgs/acme/sso?authorization_request=A1');
      fake.untold = 'unapproved';
      const unapproved = await errorOf(arrival(provider, fake.visit));
      expect([unapproved.failure, unapproved.reason]).toEqual(['refused', 'membership_not_told']);
      expect(textOf(unapproved)).toContain('https://github.com/settings/applications');
    }
  });

  it('is busy, where it says that there were too many questions (R-36)', async () => {
    const { fake, provider } = make();
    fake.untold = 'limit';
    expect(await errorOf(arrival(provider, fake.visit))).toMatchObject({ failure: 'unavailable', retryAfter: 90 });
  });

  it('accepts a member of another listed organization, and follows no link to another site (R-36)', async () => {
    const { fake, provider } = make();
    fake.organizations = { initech: 'active' };
    fake.faults.set('/user/memberships/orgs/acme', { status: 403, headers: { 'x-github-sso': 'required; url=https://evil.example/' } });
    expect((await arrival(provider, fake.visit)).identity.subject).toBe('583231');
    fake.organizations = {};
    expect(textOf(await errorOf(arrival(provider, fake.visit)))).not.toContain('evil');
  });

  it('forgets one token, and no other of the same account (R-37)', async () => {
    const { fake, provider } = make({ organizations: undefined });
    const [mine, other] = [(await arrival(provider, fake.visit)).tokens, (await arrival(provider, fake.visit)).tokens];
    expect(await provider.revoke({ tokens: mine, env: {} })).toBe(true);
    const good = [mine, other].map(({ accessToken }) => fake.tokens.isGood(accessToken, realNow()));
    expect([good, fake.calls.at(-1)]).toEqual([[false, true], `/applications/${APP.clientId}/token`]);
    const whole = await fake.fetch(`https://api.github.com/applications/${APP.clientId}/grant`, {
      method: 'DELETE',
      headers: { 'user-agent': 't', authorization: `Basic ${btoa(`${APP.clientId}:${APP.clientSecret}`)}` },
      body: JSON.stringify({ access_token: other.accessToken }),
    });
    expect([whole.status, fake.tokens.isGood(other.accessToken, realNow())]).toEqual([204, false]);
  });
});

describe('userinfo', () => {
  it.each([
    ['403', { status: 403 }],
    ['404', { status: 404 }],
    ['401', { status: 401 }],
    ['a page', 'html'],
    ['no subject', { status: 200, body: { email: 'ceo@corp.example', email_verified: true } }],
    ['a list', { status: 200, body: [] }],
    ['too much', 'huge'],
  ] as const)('that answers with %s does not stop a sign-in with a valid ID token, and adds no claims (R-38)', async (_, fault) => {
    const { fake, provider } = await make();
    fake.thin = true;
    fake.faults.set('userinfo', fault);
    const { subject, claims } = await trip(provider, fake.visit);
    expect([subject, claims['email']]).toEqual(['u-1', undefined]);
  });

  it('of another subject ends the sign-in, and so does an outage (R-38)', async () => {
    const { fake, provider } = await make();
    fake.thin = true;
    fake.faults.set('userinfo', { status: 200, body: { sub: 'u-2', email: 'ceo@corp.example' } });
    expect(await failureIn(trip(provider, fake.visit))).toBe('broken userinfo_other_subject');
    fake.faults.set('userinfo', { status: 503 });
    expect(await failureIn(trip(provider, fake.visit))).toBe('unavailable status_503');
  });
});

describe('small print of sites', () => {
  it('Entra has national clouds, and tenants in capitals (R-39)', async () => {
    const tenant = '11111111-2222-3333-4444-55555555ABCD';
    const hosts = { public: 'login.microsoftonline.com', government: 'login.microsoftonline.us', china: 'login.partner.microsoftonline.cn' } as const;
    for (const [cloud, host] of Object.entries(hosts)) {
      const { href } = await locationOf(entra({ ...APP, tenant, cloud: cloud as keyof typeof hosts }));
      expect(href).toMatch(new RegExp(`^https://${host}/${tenant.toLowerCase()}/oauth2/v2\\.0/authorize\\?`));
    }
    expect(() => entra({ ...APP, tenant, cloud: 'moon' as never })).toThrow(/`cloud` must be public, government, china/);
  }); // prettier-ignore

  it('an empty prompt leaves the parameter out, where consent is asked for with offline_access too (R-39)', async () => {
    const fake = await fakeProvider();
    fake.metadata['scopes_supported'] = ['openid', 'offline_access'];
    const offline = async (provider: Upstream): Promise<string | null> =>
      new URL((await provider.startSignIn({ redirectUri: REDIRECT, state: STATE, env: {}, offline: true })).location).searchParams.get(
        'prompt',
      );
    const options = { ...APP, issuer: fake.issuer, fetch: fake.fetch };
    expect([await offline(oidc(options)), await offline(oidc({ ...options, parameters: { prompt: '' } }))]).toEqual(['consent', null]);
    const accounts = await fakeProvider({ issuer: 'https://accounts.google.com' });
    expect(await offline(google({ ...APP, fetch: accounts.fetch, prompt: '' }))).toBeNull();
    expect(await offline(entra({ ...APP, tenant: 'common', prompt: '' }))).toBeNull();
  });

  it('an issuer without its slash: the error says what it calls itself (R-39)', async () => {
    const fake = await fakeProvider({ issuer: 'https://acme.auth0.example' });
    for (const said of ['https://acme.auth0.example/tenant', 'https://ACME.example']) {
      fake.metadata['issuer'] = said;
      const provider = oidc({ ...APP, issuer: 'https://acme.auth0.example', fetch: fake.fetch });
      const error: unknown = await trip(provider, fake.visit).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({
        reason: 'discovery_other_issuer',
        hint: `the issuer calls itself ${JSON.stringify(said)}, the option says https://acme.auth0.example`,
      });
    }
  });
});

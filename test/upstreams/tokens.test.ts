/** What becomes of a provider's tokens: what is asked for, how they are refreshed, how they are given back. */
import { describe, expect, it } from 'vitest';
import { base64url, utf8 } from '../../src/lib/bytes.ts';
import type { UpstreamTokens } from '../../src/model/upstream.ts';
import { makeFakeGitHub } from '../../src/testing/fake-github.ts';
import { auth0, cloudflareAccess, oidc } from '../../src/upstreams/oidc.ts';
import type { Fetch, Upstream } from '../../src/upstreams/contract.ts';
import { discord } from '../../src/upstreams/oauth2.ts';
import { entra, google } from '../../src/upstreams/work-accounts.ts';
import { github } from '../../src/upstreams/github.ts';
import { workos } from '../../src/upstreams/user-management.ts';
import { APP, arrival, failureIn, fakeProvider, realNow, REDIRECT, STATE } from '../support/provider-trip.ts';

const arrive = async (provider: Upstream, visit: (location: string) => Promise<string>): Promise<UpstreamTokens> =>
  (await arrival(provider, visit, { offline: true })).tokens;
const refresh = (provider: Upstream, tokens: UpstreamTokens): Promise<UpstreamTokens> =>
  provider.refresh({ tokens, now: realNow(), env: {} });
const offline = async (provider: Upstream): Promise<Record<string, string>> =>
  Object.fromEntries(
    new URL((await provider.startSignIn({ redirectUri: REDIRECT, state: STATE, env: {}, offline: true })).location).searchParams,
  );
const dead = { accessToken: 'a', refreshToken: 'dead' };

describe('tokens of an OpenID provider', () => {
  const make = async () => {
    const fake = await fakeProvider();
    return { fake, provider: oidc({ ...APP, issuer: fake.issuer, fetch: fake.fetch }) };
  };

  it('come with end, scopes and refresh token, and are traded for the next ones', async () => {
    const { fake, provider } = await make();
    const first = await arrive(provider, fake.visit);
    expect(first).toMatchObject({ scope: ['openid', 'email', 'profile'], refreshToken: expect.stringMatching(/^upstream-refresh/) });
    expect(first.expiresAt).toBeGreaterThan(realNow() + 3590);
    const second = await refresh(provider, first);
    expect([second.refreshToken === first.refreshToken, second.scope]).toEqual([false, first.scope]);
    expect(await failureIn(refresh(provider, first))).toBe('refused refresh_invalid_grant');
  });

  it('keep the refresh token where the answer holds none, or an empty one', async () => {
    const { fake, provider } = await make();
    const body = { access_token: 'next', token_type: 'Bearer', expires_in: 60 };
    for (const more of [{}, { refresh_token: '' }]) {
      fake.faults.set('token', { status: 200, body: { ...body, ...more } });
      expect((await refresh(provider, { accessToken: 'a', refreshToken: 'stays' })).refreshToken).toBe('stays');
    }
  });

  it('stay as they are where a failed answer brings the same refresh token, and none can be refreshed without one', async () => {
    const { fake, provider } = await make();
    fake.faults.set('token', { status: 200, body: { refresh_token: 'stays' } });
    expect(await failureIn(refresh(provider, { accessToken: 'a', refreshToken: 'stays' }))).toMatch(/^broken /);
    expect((await refresh(provider, { accessToken: 'a', refreshToken: 'spent' })).refreshToken).toBe('stays');
    expect(await failureIn(refresh(provider, { accessToken: 'a' }))).toBe('broken refresh_token_missing');
  });

  it('have the scopes of the answer, however they are listed, and an end that a signed access token says alone', async () => {
    const { fake, provider } = await make();
    const part = (claims: object): string => base64url(utf8(JSON.stringify(claims)));
    const next = async (access_token: string, scope = ',a, b  c,'): Promise<UpstreamTokens> => {
      fake.faults.set('token', { status: 200, body: { access_token, token_type: 'Bearer', scope } });
      return provider.refresh({ tokens: { accessToken: 'a', refreshToken: 'r' }, now: 1000, env: {} });
    };
    expect((await next('opaque')).scope).toEqual(['a', 'b', 'c']);
    expect((await next(`x.${part({ exp: 1001 })}.x`)).expiresAt).toBe(1001);
    for (const token of [`x.${part({ exp: 1000 })}.x`, `x.${part({ exp: 9000 })}`, `x.${part({ exp: '9000' })}.x`, 'x.!.x'])
      expect((await next(token)).expiresAt).toBeUndefined();
  });

  it.each([
    ['invalid_client', 401],
    ['unauthorized_client', 400],
    ['other', 400],
  ])('are not given up for %s, which is not about them', async (error, status) => {
    const { fake, provider } = await make();
    fake.faults.set('token', { status, body: { error } });
    expect(await failureIn(refresh(provider, dead))).toBe(`broken token_${error}`);
  });

  it.each(['down', 'cut', 'html', 'huge', { status: 500 }] as const)('SEC-142 survive a provider that is %s', async (fault) => {
    const { fake, provider } = await make();
    fake.faults.set('token', fault);
    expect(await failureIn(refresh(provider, dead))).toMatch(/^(unavailable|broken) /);
  });

  it('are given back where the provider publishes the way (RFC 7009), and only there', async () => {
    const { fake, provider } = await make();
    const tokens = await arrive(provider, fake.visit);
    expect(await provider.revoke({ tokens, env: {} })).toBe(true);
    expect(fake.tokens.isGood(tokens.accessToken, realNow())).toBe(false);
    const other = await make();
    other.fake.metadata['revocation_endpoint'] = undefined;
    expect(await other.provider.revoke({ tokens, env: {} })).toBe(false);
    const inside = await make();
    inside.fake.metadata['revocation_endpoint'] = 'https://169.254.169.254/x';
    expect(await failureIn(inside.provider.revoke({ tokens, env: {} }))).toBe('broken discovery_revocation_endpoint');
  });

  it('are asked for with `offline_access` and consent where the provider has that scope, and without where not', async () => {
    const { fake, provider } = await make();
    expect([(await offline(provider))['scope'], (await offline(provider))['prompt']]).toEqual(['openid email profile', undefined]);
    const other = await fakeProvider();
    other.metadata['scopes_supported'] = ['openid', 'offline_access'];
    expect(await offline(oidc({ ...APP, issuer: other.issuer, fetch: other.fetch }))).toMatchObject({
      scope: 'openid email profile offline_access',
      prompt: 'consent',
    });
    expect(fake.calls).toEqual(['discovery']);
  });
});

describe('tokens of GitHub', () => {
  const make = (more: object = {}) => {
    const fake = makeFakeGitHub({ ...APP, redirectUri: REDIRECT, now: realNow });
    return { fake, provider: github({ ...APP, fetch: fake.fetch, ...more }) };
  };

  it('have no end with an OAuth App', async () => {
    const { fake, provider } = make();
    expect(await arrive(provider, fake.visit)).toEqual({ accessToken: expect.stringMatching(/^gho_/), scope: ['read:user', 'user:email'] });
  });

  it('end with a GitHub App and rotate; a dead refresh token is known by its name, though it comes with status 200', async () => {
    const { fake, provider } = make();
    fake.ways.lifetime = 28_800;
    const first = await arrive(provider, fake.visit);
    const second = await refresh(provider, first);
    expect([second.refreshToken === first.refreshToken, (second.expiresAt ?? 0) > realNow() + 28_000]).toEqual([false, true]);
    expect(await failureIn(refresh(provider, first))).toBe('refused refresh_bad_refresh_token');
  });

  it('are given back as the app itself, with its own credentials', async () => {
    const { fake, provider } = make();
    const tokens = await arrive(provider, fake.visit);
    expect(await provider.revoke({ tokens, env: {} })).toBe(true);
    expect(fake.tokens.isGood(tokens.accessToken, realNow())).toBe(false);
    expect(await provider.revoke({ tokens: { accessToken: 'unknown' }, env: {} })).toBe(true); // it was gone already
    const wrong = github({ ...APP, clientSecret: 'another', fetch: fake.fetch });
    expect(await failureIn(wrong.revoke({ tokens, env: {} }))).toBe('broken revoke_status_401');
  });

  it('admit members of a team, and no one who is only invited', async () => {
    const { fake, provider } = make({ teams: ['acme/core'] });
    expect(await failureIn(arrive(provider, fake.visit))).toBe('refused team_not_allowed');
    fake.teams = { 'acme/core': 'pending' };
    expect(await failureIn(arrive(provider, fake.visit))).toBe('refused team_not_allowed');
    fake.teams = { 'acme/core': 'active' };
    expect((await arrive(provider, fake.visit)).scope).toContain('read:org');
    expect(() => make({ teams: ['core'] })).toThrow('organization/team-slug');
  });
});

describe('tokens of others', () => {
  it('are asked for in each provider’s own words', async () => {
    const fake = await fakeProvider({ issuer: 'https://accounts.google.com' });
    expect(await offline(google({ ...APP, fetch: fake.fetch }))).toMatchObject({ access_type: 'offline', prompt: 'consent' });
    expect(await offline(google({ ...APP, fetch: fake.fetch, prompt: 'select_account consent' }))).toMatchObject({
      prompt: 'select_account consent',
    });
    const tenant = '11111111-2222-3333-4444-555555555555';
    expect((await offline(entra({ ...APP, tenant })))['scope']).toBe('openid profile email offline_access');
    const own = await fakeProvider({ issuer: 'https://acme.auth0.com' });
    own.metadata['issuer'] = 'https://acme.auth0.com/';
    expect((await offline(auth0({ ...APP, domain: 'acme.auth0.com', fetch: own.fetch })))['scope']).toBe(
      'openid email profile offline_access',
    );
  });

  it('of Cloudflare Access come from an issuer with a path, one for each application', async () => {
    const issuer = 'https://acme.cloudflareaccess.com/cdn-cgi/access/sso/oidc/portcullis';
    const fake = await fakeProvider({ issuer: 'https://acme.cloudflareaccess.com' });
    Object.assign(fake.metadata, { issuer });
    fake.forge = ({ claims }) => void (claims['iss'] = issuer);
    const asked: string[] = [];
    const provider = cloudflareAccess({
      ...APP,
      issuer,
      fetch: (url, init) => (asked.push(url), fake.fetch(url.replace('/cdn-cgi/access/sso/oidc/portcullis', ''), init)),
    });
    const tokens = await arrive(provider, (location) => fake.visit(location, { parameters: { iss: issuer } }));
    expect([tokens.accessToken, asked[0]]).toEqual([expect.any(String), `${issuer}/.well-known/openid-configuration`]);
  });

  it('of WorkOS end when the access token says so, for the answer does not', async () => {
    const payload = base64url(utf8(JSON.stringify({ iat: realNow(), exp: realNow() + 300 })));
    const fetch: Fetch = async () => Response.json({ access_token: `h.${payload}.s`, refresh_token: 'next' });
    const tokens = await refresh(workos({ ...APP, fetch }), dead);
    expect([tokens.refreshToken, Math.abs((tokens.expiresAt ?? 0) - realNow() - 300) < 3]).toEqual(['next', true]);
  });

  it('of Discord are given back in its own way', async () => {
    const asked: string[] = [];
    const fetch: Fetch = async (url) => (asked.push(url), Response.json({}));
    expect(await discord({ ...APP, fetch }).revoke({ tokens: { accessToken: 'a' }, env: {} })).toBe(true);
    expect(asked).toEqual(['https://discord.com/api/oauth2/token/revoke']);
  });
});

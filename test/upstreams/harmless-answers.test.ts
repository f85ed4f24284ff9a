/** Answers of sites that deviate from the specifications and harm no one: they must not stop a sign-in. And outages that look like a refusal. */
import { describe, expect, it } from 'vitest';
import { makeFakeGitHub } from '../../src/testing/fake-github.ts';
import { github } from '../../src/upstreams/github.ts';
import { google } from '../../src/upstreams/work-accounts.ts';
import { oauth2 } from '../../src/upstreams/oauth2.ts';
import { oidc } from '../../src/upstreams/oidc.ts';
import { APP, arrival, failureIn, fakeProvider, locationOf, realNow, REDIRECT, STATE, trip } from '../support/provider-trip.ts';

describe('email_verified as a text', () => {
  it.each([
    ['true', true], ['false', false], [true, true], [false, false], ['TRUE', 'TRUE'], ['yes', 'yes'], ['1', '1'], [1, 1],
  ])('%j counts as %j, in the ID token and from userinfo (R-31, as Cognito and Apple send it)', async (sent, counts) => {
    const fake = await fakeProvider();
    const provider = oidc({ ...APP, issuer: fake.issuer, fetch: fake.fetch });
    fake.user = { ...fake.user, email_verified: sent as never };
    expect((await trip(provider, fake.visit)).claims['email_verified']).toBe(counts);
    fake.thin = true;
    expect((await trip(provider, fake.visit)).claims['email_verified']).toBe(counts);
  }); // prettier-ignore

  it('counts in a profile of plain OAuth 2 and at Google as well (R-31)', async () => {
    const profile = { id: 7, email: 'uma@corp.example', email_verified: 'true' };
    const plain = oauth2({ ...SITE, fetch: async (url) => Response.json(url.endsWith('/me') ? profile : { access_token: 'a' }) });
    expect((await trip(plain, back)).claims['email_verified']).toBe(true);
    const fake = await fakeProvider({ issuer: 'https://accounts.google.com' });
    fake.user = { sub: 'u-1', name: 'Uma', email: 'uma@gmail.com', email_verified: 'true' as never };
    expect((await trip(google({ ...APP, fetch: fake.fetch }), fake.visit)).claims['email_verified']).toBe(true);
  });
});

const SITE = { ...APP, issuer: 'https://site.example', authorizationEndpoint: 'https://site.example/a', tokenEndpoint: 'https://site.example/t', profileEndpoint: 'https://site.example/me' } as const; // prettier-ignore
const back = async (): Promise<string> => `${REDIRECT}?code=c&state=${STATE}`;

describe('an ID token of a site that is used with plain OAuth 2', () => {
  const part = (value: object): string => btoa(JSON.stringify(value)).replaceAll('=', '');
  it.each([
    ['without a nonce and of another issuer (LinkedIn)', `${part({ alg: 'RS256' })}.${part({ iss: 'https://site.example/oauth', sub: 'u', aud: 'portcullis', exp: 9e9, iat: 1 })}.c2ln`],
    ['with an empty nonce (Slack)', `${part({ alg: 'RS256' })}.${part({ iss: 'https://site.example', sub: 'u', aud: 'portcullis', exp: 9e9, iat: 1, nonce: '' })}.c2ln`],
    ['that is opaque', 'opaque'], ['that is null', null], ['that is empty', ''],
  ])('%s is not read (R-31)', async (_, id_token) => {
    const plain = oauth2({ ...SITE, fetch: async (url) => Response.json(url.endsWith('/me') ? { id: 'u-1' } : { access_token: 'a', id_token }) });
    expect((await trip(plain, back)).subject).toBe('u-1');
    expect((await plain.refresh({ tokens: { accessToken: 'x', refreshToken: 'r' }, now: realNow(), env: {} })).accessToken).toBe('a');
  }); // prettier-ignore
});

describe('a site of plain OAuth 2 that begins to name its issuer (RFC 9207, as GitHub did)', () => {
  const come = (issuer: string, iss: string) => {
    const fetch = async (url: string): Promise<Response> => Response.json(url.endsWith('/me') ? { id: 'u-1' } : { access_token: 'a' });
    return trip(oauth2({ ...SITE, issuer, fetch }), async () => `${await back()}${iss}`);
  };
  it.each(['https://site.example', 'https://site.example/', 'https://site.example/oauth', 'https://SITE.example:443/'])('may name %s where its origin stands for it', async (iss) => {
    const { issuer, subject } = await come('https://site.example', `&iss=${encodeURIComponent(iss)}`);
    expect([issuer, subject]).toEqual(['https://site.example', 'u-1']);
  }); // prettier-ignore

  it.each([
    ['https://site.example', '&iss=https://evil.example'], ['https://site.example', '&iss=https://site.example.evil.example/'],
    ['https://site.example', '&iss=http://site.example'], ['https://site.example', '&iss=https://site.example:8443'], ['https://site.example', '&iss=site.example'],
    ['https://site.example', '&iss=https://site.example/a&iss=https://site.example/a'], ['https://site.example', '&iss=https://site.example/a&iss=https://evil.example'],
    ['https://site.example/one', '&iss=https://site.example/two'], ['https://site.example/one', '&iss=https://site.example'],
  ])('of %s may not come with %s (SEC-109)', async (issuer, iss) => {
    expect(await failureIn(come(issuer, iss))).toBe('broken oauth_invalid_response');
  }); // prettier-ignore

  it('keeps its users: the identity is that of the option', async () => {
    expect((await come('https://site.example', '')).issuer).toBe(
      (await come('https://site.example', '&iss=https://site.example/x')).issuer,
    );
  });
});

describe('a site that refuses a code verifier (LinkedIn)', () => {
  it('signs in with a fetch that leaves it out, as the guide shows (R-34)', async () => {
    const site = async (url: string, init?: RequestInit): Promise<Response> => {
      if (url.endsWith('/me')) return Response.json({ id: 'u-1' });
      const isRefused = init?.body instanceof URLSearchParams && init.body.has('code_verifier');
      return Response.json(isRefused ? { error: 'invalid_client' } : { access_token: 'a' }, { status: isRefused ? 401 : 200 });
    };
    expect(await failureIn(trip(oauth2({ ...SITE, fetch: site }), back))).toBe('broken token_invalid_client');
    const fetch = (url: string, init?: RequestInit): Promise<Response> => {
      if (init?.body instanceof URLSearchParams) init.body.delete('code_verifier');
      return site(url, init);
    };
    expect((await trip(oauth2({ ...SITE, fetch }), back)).subject).toBe('u-1');
  });
});

describe('documents of a site', () => {
  it.each(['text/plain', 'application/octet-stream', 'binary/octet-stream', 'application/jwk-set+json', ''])(
    'are read as JSON where their media type is %j (R-31)',
    async (type) => {
      const fake = await fakeProvider();
      const fetch: typeof fake.fetch = async (url, init) => {
        const { status, headers, body } = await fake.fetch(url, init);
        const typed = new Headers(headers);
        if (/configuration$|jwks$/.test(new Request(url, init).url)) typed.set('content-type', type);
        return new Response(body, { status, headers: typed });
      };
      expect((await trip(oidc({ ...APP, issuer: fake.issuer, fetch }), fake.visit)).subject).toBe('u-1');
    },
  );

  it('stop the sign-in where they are a page, whatever it calls itself', async () => {
    for (const name of ['discovery', 'jwks'] as const) {
      const fake = await fakeProvider();
      fake.faults.set(name, 'html');
      expect(await failureIn(trip(oidc({ ...APP, issuer: fake.issuer, fetch: fake.fetch }), fake.visit))).toMatch(/^broken /);
    }
  });
});

describe('a refused refresh token', () => {
  it.each([
    ['Strava', { message: 'Bad Request', errors: [{ resource: 'RefreshToken', field: 'refresh_token', code: 'invalid' }] }, 'invalid'],
    ['Fitbit', { errors: [{ errorType: 'invalid_grant', message: 'Refresh token invalid: x' }], success: false }, 'invalid_grant'],
    ['X', { error: 'invalid_request', error_description: 'Value passed for the token was invalid.' }, 'invalid_request'],
    ['Twitch', { error: 'Bad Request', status: 400, message: 'Invalid refresh token' }, 'bad_request'],
    ['Zoom', { reason: 'Invalid Token!', error: 'invalid_grant' }, 'invalid_grant'],
  ])('ends the grant at once in the words of %s (R-33)', async (_, body, word) => {
    const fake = await fakeProvider();
    fake.refusal = { status: 400, body };
    const provider = oidc({ ...APP, issuer: fake.issuer, fetch: fake.fetch });
    const dead = provider.refresh({ tokens: { accessToken: 'a', refreshToken: 'dead' }, now: realNow(), env: {} });
    expect(await failureIn(dead)).toBe(`refused refresh_${word}`);
  });

  it.each([
    ['the application is at fault', { message: 'Bad Request', errors: [{ resource: 'Application', field: 'client_id', code: 'invalid' }] }],
    ['a parameter is at fault', { error: 'invalid_request', error_description: 'Missing required parameter: client_id' }],
    ['a parameter is at fault, in the words of HTTP', { error: 'Bad Request', status: 400, message: 'missing client id' }],
    ['a gateway speaks', { error: 'Unauthorized', status: 401, message: 'Invalid refresh token' }],
    ['the list has no objects', { errors: ['invalid_grant'] }],
    ['the list is none', { errors: 'invalid_grant' }],
  ])('is no word about it where %s (R-33)', async (_, body) => {
    const fake = await fakeProvider();
    fake.refusal = { status: 400, body };
    const provider = oidc({ ...APP, issuer: fake.issuer, fetch: fake.fetch });
    const asked = provider.refresh({ tokens: { accessToken: 'a', refreshToken: 'r' }, now: realNow(), env: {} });
    expect(await failureIn(asked)).toMatch(/^broken /);
  });
});

describe('GitHub that has had too many questions', () => {
  const limited = {
    status: 403,
    headers: { 'x-ratelimit-remaining': '0', 'retry-after': '90' },
    body: { message: 'API rate limit exceeded' },
  };
  it.each(['/user', '/user/emails'])('is busy at %s: the user is not refused for an address that was not told (R-36)', async (path) => {
    const fake = makeFakeGitHub({ ...APP, redirectUri: REDIRECT, now: realNow });
    const provider = github({ ...APP, fetch: fake.fetch });
    fake.faults.set(path, limited);
    expect(await failureIn(arrival(provider, fake.visit))).toBe('unavailable status_403_rate_limit');
    fake.faults.set(path, { status: 403, body: { message: 'You have exceeded a secondary rate limit.' } });
    expect(await failureIn(arrival(provider, fake.visit))).toBe('unavailable status_403_rate_limit');
  });

  it('signs in without an address where the app may not read it', async () => {
    const fake = makeFakeGitHub({ ...APP, redirectUri: REDIRECT, now: realNow });
    fake.faults.set('/user/emails', { status: 403, body: { message: 'Resource not accessible by integration' } });
    const { identity } = await arrival(github({ ...APP, fetch: fake.fetch }), fake.visit);
    expect([identity.subject, identity.claims['email']]).toEqual(['583231', undefined]);
  });
});

describe('the Workspace domain of Google', () => {
  const come = async (option: string, hd: string | undefined): Promise<unknown> => {
    const fake = await fakeProvider({ issuer: 'https://accounts.google.com' });
    fake.user = { ...fake.user, ...(hd === undefined ? {} : { hd }) };
    const provider = google({ ...APP, hd: option, fetch: fake.fetch });
    const going = trip(provider, fake.visit);
    const person = { issuer: 'https://accounts.google.com', subject: 'u-1', claims: hd === undefined ? {} : { hd } };
    return [(await going.catch(() => null)) ? 'in' : await failureIn(going), provider.admits?.(person)];
  };

  it('is any for "*", as Google means it, and none is not one', async () => {
    expect(await come('*', 'corp.example')).toEqual(['in', true]);
    expect(await come('*', undefined)).toEqual(['refused domain_not_allowed', false]);
    expect(await come('*', '')).toEqual(['refused domain_not_allowed', false]);
    expect((await locationOf(google({ ...APP, hd: '*', fetch: (await fakeProvider({ issuer: 'https://accounts.google.com' })).fetch }))).searchParams.get('hd')).toBe('*');
  }); // prettier-ignore

  it('may be written with capitals in the option: the claim has none', async () => {
    expect(await come('Corp.Example', 'corp.example')).toEqual(['in', true]);
    expect(await come('Corp.Example', 'evil.example')).toEqual(['refused domain_not_allowed', false]);
  });
});

/** What is odd about each provider, one by one. Endpoints and parameters are the documented ones; no real vendor was asked. */
import { describe, expect, it } from 'vitest';
import { base64url, utf8 } from '../../src/lib/bytes.ts';
import { makeFakeGitHub } from '../../src/testing/fake-github.ts';
import type { FakeUpstream } from '../../src/testing/fake-upstream.ts';
import { auth0, gitlab, keycloak, okta } from '../../src/upstreams/oidc.ts';
import type { Fetch, ProviderOptions, Upstream } from '../../src/upstreams/contract.ts';
import { discord, oauth2 } from '../../src/upstreams/oauth2.ts';
import { entra, google } from '../../src/upstreams/work-accounts.ts';
import { github } from '../../src/upstreams/github.ts';
import { stytch, workos } from '../../src/upstreams/user-management.ts';
import { APP, failureIn, fakeProvider, locationOf, REDIRECT, trip } from '../support/provider-trip.ts';

async function openidShaped(
  issuer: string,
  make: (options: ProviderOptions) => Upstream,
): Promise<{ fake: FakeUpstream; provider: Upstream; query: Record<string, string> }> {
  const base = issuer.replace(/\/$/, '');
  const fake = await fakeProvider({ issuer: base });
  if (issuer !== base) {
    fake.metadata['issuer'] = issuer;
    fake.metadata['authorization_response_iss_parameter_supported'] = false;
    fake.forge = ({ claims }) => void (claims['iss'] = issuer);
  }
  const provider = make({ ...APP, fetch: fake.fetch });
  return { fake, provider, query: Object.fromEntries((await locationOf(provider)).searchParams) };
}

const withoutIss =
  (fake: FakeUpstream) =>
  (location: string): Promise<string> =>
    fake.visit(location, { parameters: { iss: null } });

describe('upstreams/github', () => {
  const make = (more: object = {}) => {
    const fake = makeFakeGitHub({ ...APP, redirectUri: REDIRECT });
    return { fake, provider: github({ ...APP, fetch: fake.fetch, ...more }) };
  };

  it('asks for profile and addresses, with PKCE, and for organizations only where they count', async () => {
    expect(Object.fromEntries((await locationOf(make({ prompt: 'select_account' }).provider)).searchParams)).toMatchObject({
      scope: 'read:user user:email', code_challenge_method: 'S256', prompt: 'select_account',
    }); // prettier-ignore
    expect((await locationOf(make({ organizations: ['acme'] }).provider)).searchParams.get('scope')).toBe('read:user user:email read:org');
  });

  it('takes the primary address only if GitHub verified it, and never the public one of the profile', async () => {
    const { fake, provider } = make();
    fake.emails = [
      { email: 'ceo@corp.example', primary: true, verified: false },
      { email: 'me@home.example', primary: false, verified: true },
    ];
    const { claims } = await trip(provider, fake.visit);
    expect([claims['email'], claims['email_verified']]).toEqual([undefined, undefined]);
    fake.faults.set('/user/emails', { status: 404 });
    expect((await trip(provider, fake.visit)).subject).toBe('583231');
  });

  it('admits active members of a listed organization, and no one who is only invited', async () => {
    const { fake, provider } = make({ organizations: ['acme', 'initech'] });
    expect(await failureIn(trip(provider, fake.visit))).toBe('refused organization_not_allowed');
    fake.organizations = { acme: 'pending' };
    expect(await failureIn(trip(provider, fake.visit))).toBe('refused organization_not_allowed');
    fake.organizations = { initech: 'active' };
    expect((await trip(provider, fake.visit)).subject).toBe('583231');
    fake.faults.set('/user/memberships/orgs/acme', 'down');
    expect(await failureIn(trip(provider, fake.visit))).toBe('unavailable network'); // unknown is not a yes
  });
});

describe('upstreams/work-accounts, google', () => {
  it('asks for offline access only where it is wanted, and checks the domain on return', async () => {
    const { fake, provider, query } = await openidShaped('https://accounts.google.com', (options) =>
      google({ ...options, hd: 'corp.example', access: 'offline' }),
    );
    expect(query).toMatchObject({ hd: 'corp.example', access_type: 'offline', prompt: 'consent', scope: 'openid email profile' });
    expect(await failureIn(trip(provider, fake.visit))).toBe('refused domain_not_allowed');
    fake.user = { ...fake.user, hd: 'corp.example.evil' };
    expect(await failureIn(trip(provider, fake.visit))).toBe('refused domain_not_allowed');
    fake.user = { ...fake.user, hd: 'corp.example' };
    expect(await trip(provider, fake.visit)).toMatchObject({ issuer: 'https://accounts.google.com', subject: 'u-1' });
  });

  it.each([
    ['uma@corp.example', true, undefined, false], // a consumer account with someone's address
    ['uma@corp.example', true, 'corp.example', true], ['uma@gmail.com', true, undefined, true], ['Uma@GoogleMail.com', true, undefined, true],
    ['uma@gmail.com', false, undefined, false], ['uma@corp.example', false, 'corp.example', false], ['uma@gmail.com.evil', true, undefined, false],
    ['uma@corp.example', true, '', false], ['uma@notgmail.com', true, undefined, false],
  ])('counts %j, verified %j, of the domain %j as verified: %j (F-41)', async (email, email_verified, hd, counts) => {
    const { fake, provider } = await openidShaped('https://accounts.google.com', google);
    fake.user = { sub: 'u-1', name: 'Uma', email, email_verified, ...(hd === undefined ? {} : { hd }) };
    expect((await trip(provider, fake.visit)).claims).toMatchObject({ email, email_verified: counts });
  }); // prettier-ignore

  it('asks for nothing more where nothing more is wanted', async () => {
    const { query } = await openidShaped('https://accounts.google.com', google);
    expect([query['hd'], query['access_type'], query['prompt']]).toEqual([undefined, undefined, undefined]);
  });
});

describe('upstreams/work-accounts, entra', () => {
  const TID = '11111111-2222-3333-4444-555555555555';
  const HOST = 'https://login.microsoftonline.com';
  const make = async (tenant: string, more: object = {}) => {
    const fake = await fakeProvider({ issuer: HOST, alg: 'RS256' });
    fake.user = { sub: 'pairwise', tid: TID, oid: 'object-1', name: 'Erik', email: 'ceo@corp.example' };
    fake.forge = ({ claims }) => void (claims['iss'] = `${HOST}/${String(claims['tid'])}/v2.0`);
    const paths: [RegExp, string][] = [
      [/\/[\w-]+\/oauth2\/v2\.0\/token$/, '/token'],
      [/\/[\w-]+\/discovery\/v2\.0\/keys$/, '/jwks'],
    ];
    const resign = (url: string): string => paths.reduce((text, [from, to]) => text.replace(from, to), url);
    const provider = entra({ ...APP, tenant, fetch: (url, init) => fake.fetch(resign(url), init), ...more });
    const visit = (location: string): Promise<string> =>
      fake.visit(location.replace(/\/[\w-]+\/oauth2\/v2\.0\/authorize/, '/authorize'), { parameters: { iss: null } });
    return { fake, provider, visit };
  };

  it('knows the user by tenant and object id at the tenant’s own issuer, and never sends `resource`', async () => {
    const { provider, visit } = await make('organizations');
    const location = await locationOf(provider);
    expect([location.origin + location.pathname, location.searchParams.has('resource')]).toEqual([
      `${HOST}/organizations/oauth2/v2.0/authorize`,
      false,
    ]);
    expect(await trip(provider, visit)).toMatchObject({ issuer: `${HOST}/${TID}/v2.0`, subject: `${TID}:object-1` });
  });

  it('takes no address for verified that a tenant’s administrator may have made up', async () => {
    const { fake, provider, visit } = await make('common');
    expect((await trip(provider, visit)).claims['email_verified']).toBe(false);
    fake.user = { ...fake.user, email_verified: true };
    expect((await trip(provider, visit)).claims['email_verified']).toBe(false);
    fake.user = { ...fake.user, xms_edov: true };
    expect((await trip(provider, visit)).claims['email_verified']).toBe(true);
  });

  it('refuses a token whose issuer is not that of its tenant, and tenants that are not listed', async () => {
    const { fake, provider, visit } = await make('common');
    fake.forge = ({ claims }) => void (claims['iss'] = `${HOST}/99999999-2222-3333-4444-555555555555/v2.0`);
    expect(await failureIn(trip(provider, visit))).toMatch(/^broken oauth_/);
    fake.forge = ({ claims }) => void Object.assign(claims, { tid: '../evil', iss: `${HOST}/../evil/v2.0` });
    expect(await failureIn(trip(provider, visit))).toBe('broken tenant_malformed');
    const other = await make('99999999-2222-3333-4444-555555555555');
    expect(await failureIn(trip(other.provider, other.visit))).toBe('refused tenant_not_allowed');
    const listed = await make('common', { tenants: ['99999999-2222-3333-4444-555555555555'] });
    expect(await failureIn(trip(listed.provider, listed.visit))).toBe('refused tenant_not_allowed');
    expect(() => entra({ ...APP, tenant: 'corp.example' })).toThrow('`tenant` must be');
  });
});

describe('upstreams/oidc: auth0', () => {
  it('has an issuer with a slash, sends audience and organization, and checks the organization', async () => {
    const { fake, provider, query } = await openidShaped('https://acme.eu.auth0.com/', (options) =>
      auth0({ ...options, domain: 'acme.eu.auth0.com', audience: 'https://api.example', organization: 'org_1' }),
    );
    expect(query).toMatchObject({ audience: 'https://api.example', organization: 'org_1' });
    expect(await failureIn(trip(provider, withoutIss(fake)))).toBe('refused organization_not_allowed');
    fake.user = { ...fake.user, org_id: 'org_1' };
    expect(await trip(provider, withoutIss(fake))).toMatchObject({ issuer: 'https://acme.eu.auth0.com/', subject: 'u-1' });
  });
});

describe('upstreams/user-management, workos', () => {
  const jwt = (claims: object): string => `${base64url(utf8('{"alg":"RS256"}'))}.${base64url(utf8(JSON.stringify(claims)))}.sig`;
  const make = (answer: object, organizationId?: string) => {
    const sent: URLSearchParams[] = [];
    const fetcher: Fetch = async (url, init) => {
      if (url !== 'https://api.workos.com/user_management/authenticate') return new Response(null, { status: 404 });
      sent.push(init?.body as URLSearchParams);
      return Response.json(answer);
    };
    return { sent, provider: workos({ ...APP, fetch: fetcher, ...(organizationId === undefined ? {} : { organizationId }) }) };
  };
  const user = { id: 'user_1', email: 'wo@corp.example', email_verified: true, first_name: 'Wo', last_name: 'Rkos' };
  const back = async (location: string): Promise<string> => `${REDIRECT}?code=c&state=${new URL(location).searchParams.get('state')}`;

  it('reads user, organization, role and permissions from an answer without token type', async () => {
    const { provider, sent } = make({
      user,
      access_token: jwt({ org_id: 'org_1', role: 'admin', permissions: ['notes:delete'] }),
      refresh_token: 'r',
    });
    expect(Object.fromEntries((await locationOf(provider)).searchParams)).toMatchObject({ provider: 'authkit', client_id: 'portcullis' });
    expect(await trip(provider, back)).toEqual({
      issuer: 'https://api.workos.com/user_management/portcullis',
      subject: 'user_1',
      organization: 'org_1',
      claims: {
        name: 'Wo Rkos',
        email: 'wo@corp.example',
        email_verified: true,
        picture: undefined,
        org_id: 'org_1',
        role: 'admin',
        permissions: ['notes:delete'],
      },
    });
    expect(sent[0]?.get('client_secret')).toBe(APP.clientSecret);
    expect(sent[0]?.get('code_verifier')).toMatch(/^[\w-]{43}$/);
  });

  it('refuses another organization, a response without a user, and an invalid token', async () => {
    expect(await failureIn(trip(make({ user, access_token: jwt({ org_id: 'org_2' }) }, 'org_1').provider, back))).toBe(
      'refused organization_not_allowed',
    );
    expect(await failureIn(trip(make({ access_token: jwt({}) }).provider, back))).toBe('broken id_missing');
    expect(await failureIn(trip(make({ user, access_token: 'opaque' }).provider, back))).toBe('broken jwt_malformed');
  });
});

describe('upstreams that are only data', () => {
  it.each([
    ['https://gitlab.com', gitlab], ['https://git.corp.example', (options: ProviderOptions) => gitlab({ ...options, issuer: 'https://git.corp.example' })],
    ['https://acme.okta.com', (options: ProviderOptions) => okta({ ...options, domain: 'acme.okta.com' })],
    ['https://acme.okta.com/oauth2/default', (options: ProviderOptions) => okta({ ...options, domain: 'acme.okta.com', authorizationServer: 'default' })],
    ['https://login.example/realms/corp', (options: ProviderOptions) => keycloak({ ...options, url: 'https://login.example/', realm: 'corp' })],
    ['https://p.customers.stytch.com', (options: ProviderOptions) => stytch({ ...options, projectDomain: 'https://p.customers.stytch.com' })],
  ])('finds %s by its issuer', async (issuer, make) => {
    const asked: string[] = [];
    const provider = make({ ...APP, fetch: async (url) => (asked.push(url), new Response(null, { status: 503 })) });
    expect(await failureIn(locationOf(provider))).toBe('unavailable status_503');
    expect(asked).toEqual([`${issuer}/.well-known/openid-configuration`]);
  }); // prettier-ignore

  it('reads a Discord profile, and any other by the names it is told', async () => {
    const profile = { id: '80351110224678912', username: 'nelly', global_name: null, email: 'n@corp.example', verified: false };
    const fetcher: Fetch = async (url) => Response.json(url.endsWith('/token') ? { access_token: 'a', token_type: 'Bearer' } : profile);
    const visit = async (location: string): Promise<string> => `${REDIRECT}?code=c&state=${new URL(location).searchParams.get('state')}`;
    expect(await trip(discord({ ...APP, fetch: fetcher }), visit)).toEqual({
      issuer: 'https://discord.com',
      subject: '80351110224678912',
      claims: { name: 'nelly', preferred_username: 'nelly', email: 'n@corp.example', email_verified: false },
    });
    const endpoints = {
      issuer: 'https://o.example',
      authorizationEndpoint: 'https://o.example/a',
      tokenEndpoint: 'https://o.example/token',
      profileEndpoint: 'https://o.example/me',
    };
    expect((await trip(oauth2({ ...APP, ...endpoints, subject: 'username', fetch: fetcher }), visit)).subject).toBe('nelly');
    expect(await failureIn(trip(oauth2({ ...APP, ...endpoints, subject: 'uid', fetch: fetcher }), visit))).toBe('broken subject_missing');
  });
});

/** The code flow at a plain OpenID Connect provider: what is asked for, and what of an answer is refused with which reason. */
import { describe, expect, it } from 'vitest';
import type { CallbackResult, Upstream } from '../../src/upstreams/contract.ts';
import { oauth2 } from '../../src/upstreams/oauth2.ts';
import { oidc, type OidcOptions } from '../../src/upstreams/oidc.ts';
import { APP, arrival, failureIn, fakeProvider, realNow, REDIRECT, STATE } from '../support/provider-trip.ts';

async function both(more: Partial<OidcOptions> = {}): Promise<{ fake: Awaited<ReturnType<typeof fakeProvider>>; provider: Upstream }> {
  const fake = await fakeProvider();
  return { fake, provider: oidc({ ...APP, issuer: fake.issuer, fetch: fake.fetch, ...more }) };
}
const queryOf = async (provider: Upstream, more: object = {}): Promise<Record<string, string>> => {
  const { location } = await provider.startSignIn({ redirectUri: REDIRECT, state: STATE, env: {}, ...more });
  return Object.fromEntries(new URL(location).searchParams);
};

describe('upstreams/code-flow, what is asked for', () => {
  it('requests a code with PKCE, state and nonce, and only the needed scopes', async () => {
    const { provider } = await both();
    expect(await queryOf(provider)).toEqual({
      response_type: 'code', client_id: APP.clientId, redirect_uri: REDIRECT, scope: 'openid email profile', state: STATE,
      code_challenge: expect.stringMatching(/^[\w-]{43}$/), code_challenge_method: 'S256', nonce: expect.stringMatching(/^[\w-]{43}$/),
    });
    expect(await queryOf(provider, { fresh: true, hint: 'uma', scopes: ['email', 'groups'] })).toMatchObject({ prompt: 'login', max_age: '0', login_hint: 'uma', scope: 'openid email profile groups' });
  }); // prettier-ignore

  it('is no hint and no fresh proof at a site that is no OpenID Connect provider and has no word for them', async () => {
    const site = { issuer: 'https://idp.example', authorizationEndpoint: 'https://idp.example/a', tokenEndpoint: 'https://idp.example/t' };
    const provider = oauth2({ ...APP, id: 'x', label: 'X', scope: [], profileEndpoint: 'https://idp.example/me', ...site } as never);
    const query = await queryOf(provider, { fresh: true, hint: 'uma' });
    for (const name of ['nonce', 'login_hint', 'prompt', 'max_age', 'scope']) expect(query).not.toHaveProperty(name);
  });
});

describe('upstreams/code-flow, what comes back', () => {
  const back = async (provider: Upstream, fake: { visit: (location: string) => Promise<string> }, change: (parameters: URLSearchParams) => void, kept?: object): Promise<CallbackResult> => {
    const { location, keep } = await provider.startSignIn({ redirectUri: REDIRECT, state: STATE, env: {} });
    const parameters = new URL(await fake.visit(location)).searchParams;
    change(parameters);
    return provider.finishSignIn({ redirectUri: REDIRECT, state: STATE, parameters, kept: { ...(keep as object), ...kept }, now: realNow(), env: {} });
  }; // prettier-ignore

  it('is refused with a reason of its own where something is missing', async () => {
    const { fake, provider } = await both();
    expect(await failureIn(back(provider, fake, (parameters) => parameters.delete('code')))).toBe('broken code_missing');
    expect(await failureIn(back(provider, fake, () => undefined, { verifier: undefined }))).toBe('broken verifier_lost');
    expect(await failureIn(back(provider, fake, () => undefined, { nonce: '' }))).toBe('broken nonce_lost');
    expect(await failureIn(back(provider, fake, (parameters) => parameters.set('state', 'other')))).toMatch(/^broken oauth_/);
  });

  it('must be for our client: another authorized party is refused (OIDC Core §3.1.3.7)', async () => {
    const { fake, provider } = await both();
    fake.forge = ({ claims }) => void (claims['azp'] = APP.clientId);
    expect((await arrival(provider, fake.visit)).identity.subject).toBe('u-1');
    fake.forge = ({ claims }) => void (claims['azp'] = 'other');
    expect(await failureIn(arrival(provider, fake.visit))).toBe('broken azp');
  });

  it('returns when the user authenticated, if the ID token has it', async () => {
    const { fake, provider } = await both();
    expect(await arrival(provider, fake.visit)).not.toHaveProperty('authenticatedAt');
    const then = realNow() - 60;
    fake.forge = ({ claims }) => void (claims['auth_time'] = then);
    expect(await arrival(provider, fake.visit)).toHaveProperty('authenticatedAt', then);
  });

  it('asks the userinfo endpoint where an address or a name is missing, and takes no other subject from there', async () => {
    const { fake, provider } = await both();
    const asks = async (user: object): Promise<boolean> => {
      fake.calls.length = 0;
      fake.user = { sub: 'u-1', ...user };
      await arrival(provider, fake.visit);
      return fake.calls.includes('userinfo');
    };
    expect([await asks({ name: 'U', email: 'e@x.example' }), await asks({ name: 'U' }), await asks({ email: 'e@x.example' })]).toEqual([false, true, true]);
    fake.thin = true;
    fake.faults.set('userinfo', { status: 200, body: { sub: 'other' } });
    expect(await failureIn(arrival(provider, fake.visit))).toBe('broken userinfo_other_subject');
    fake.faults.set('userinfo', { status: 200, body: { sub: {} } });
    expect(await failureIn(arrival(provider, fake.visit))).toBe('broken userinfo_other_subject');
  }); // prettier-ignore
});

describe('upstreams/code-flow, options', () => {
  const make = (more: object): Upstream => oidc({ ...APP, issuer: 'https://idp.example', ...more });

  it('are refused that cannot be right', () => {
    for (const clientId of [undefined, '']) expect(() => make({ clientId })).toThrow(/^single sign-on: `clientId` is missing/);
    for (const id of ['', 'A', '-a', 'a_b', 'a'.repeat(33)]) expect(() => make({ id })).toThrow(/^single sign-on: `id` must/);
    for (const id of ['a', '0-9', 'a'.repeat(32)]) expect(make({ id }).id).toBe(id);
    for (const timeout of [0, -1, 61, Number.NaN]) expect(() => make({ timeout })).toThrow(/^single sign-on: `timeout` must/);
    for (const timeout of [0.5, 60]) expect(make({ timeout }).timeout).toBe(timeout);
    expect(make({})).toMatchObject({ id: 'oidc', issuer: 'https://idp.example', site: 'https://idp.example', timeout: 10 });
  });

  it.each([
    'idp.example',
    'http://idp.example',
    'https://idp.example?x',
    'https://idp.example#x',
    'http://localhost.evil.example',
    'ftp://localhost',
    '',
  ])('are refused with the issuer %j', (issuer) => {
    expect(() => make({ issuer })).toThrow(/^single sign-on: the issuer must be an https URL/);
  });

  it.each(['http://localhost:1', 'http://127.0.0.1', 'http://[::1]:8', 'https://idp.example/tenant'])('take the issuer %s', (issuer) => {
    expect(make({ issuer }).issuer).toBe(issuer);
  });
});

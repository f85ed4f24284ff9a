import { afterEach, describe, expect, it, vi } from 'vitest';
import { base64url, utf8 } from '../../src/lib/bytes.ts';
import type { Forge } from '../../src/testing/fake-parts.ts';
import type { FakeUpstream } from '../../src/testing/fake-upstream.ts';
import { oidc, type OidcOptions } from '../../src/upstreams/oidc.ts';
import type { Upstream } from '../../src/upstreams/contract.ts';
import { APP, failureIn, fakeProvider, locationOf, realNow, trip } from '../support/provider-trip.ts';

async function both(more: Partial<OidcOptions> = {}): Promise<{ fake: FakeUpstream; provider: Upstream }> {
  const fake = await fakeProvider();
  return { fake, provider: oidc({ ...APP, issuer: fake.issuer, fetch: fake.fetch, ...more }) };
}

const hs256 = async (header: object, claims: object): Promise<string> => {
  const key = await crypto.subtle.importKey('raw', utf8(APP.clientSecret), { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']);
  const text = [header, claims].map((part) => base64url(utf8(JSON.stringify(part)))).join('.');
  return base64url(new Uint8Array(await crypto.subtle.sign('HMAC', key, utf8(text))));
};

afterEach(() => void vi.useRealTimers());

describe('upstreams/oidc', () => {
  it('gives issuer, subject and claims, and keeps protocol claims out', async () => {
    const { fake, provider } = await both();
    expect(await trip(provider, fake.visit)).toEqual({ issuer: fake.issuer, subject: 'u-1', claims: fake.user });
  });

  it.each(['common', 'organizations', 'consumers'])('refuses %s of Entra at the start, and names entra()', (tenant) => {
    for (const issuer of [`https://login.microsoftonline.com/${tenant}/v2.0`, `https://login.microsoftonline.us/${tenant}`])
      expect(() => oidc({ ...APP, issuer })).toThrow(`use entra({ tenant: '${tenant}', … })`);
    for (const issuer of [`https://login.microsoftonline.com/${tenant}.example/v2.0`, `https://id.example/${tenant}/v2.0`])
      expect(() => oidc({ ...APP, issuer })).not.toThrow();
  });

  it('asks the userinfo endpoint where the ID token is thin, and takes no other subject from there (OIDC Core §5.3.2)', async () => {
    const { fake, provider } = await both();
    fake.thin = true;
    expect((await trip(provider, fake.visit)).claims).toMatchObject({ name: 'Uma Upstream', email: 'uma@corp.example' });
    expect(fake.calls).toEqual(['discovery', 'token', 'jwks', 'userinfo']);
    fake.faults.set('userinfo', { status: 200, body: { sub: 'somebody-else', email: 'ceo@corp.example' } });
    expect(await failureIn(trip(provider, fake.visit))).toMatch(/^broken /);
  });

  it('believes the signed ID token where the userinfo endpoint says otherwise (OIDC Core §5.3.2)', async () => {
    const { fake, provider } = await both();
    fake.user = { sub: 'u-1', email: 'uma@corp.example', email_verified: false }; // without a name, so that userinfo is asked
    fake.faults.set('userinfo', { status: 200, body: { sub: 'u-1', name: 'Uma', email: 'ceo@corp.example', email_verified: true } });
    expect((await trip(provider, fake.visit)).claims).toEqual({
      sub: 'u-1',
      name: 'Uma',
      email: 'uma@corp.example',
      email_verified: false,
    });
    expect(fake.calls).toContain('userinfo');
  });

  it.each([
    ['in the ID token alone', { email: 'a@x.example', email_verified: true }, {}, ['a@x.example', true]],
    ['the word from elsewhere for another address', { email: 'a@x.example' }, { email: 'b@x.example', email_verified: true }, ['a@x.example', undefined]],
    ['the word from elsewhere for the same address', { email: 'a@x.example' }, { email: 'a@x.example', email_verified: true }, ['a@x.example', true]],
    ['the word here, the address there', { email_verified: true }, { email: 'b@x.example' }, ['b@x.example', undefined]],
    ['both there', {}, { email: 'b@x.example', email_verified: true }, ['b@x.example', true]],
  ])('takes address and verification from one source: %s (F-41)', async (_what, signed, told, expected) => {
    const { fake, provider } = await both();
    fake.user = { sub: 'u-1', ...signed };
    fake.faults.set('userinfo', { status: 200, body: { sub: 'u-1', name: 'Uma', ...told } });
    const { claims } = await trip(provider, fake.visit);
    expect([claims['email'], claims['email_verified']]).toEqual(expected);
  }); // prettier-ignore

  const forged: readonly (readonly [string, Forge])[] = [
    ['another issuer', ({ claims }) => void (claims['iss'] = 'https://evil.example')],
    ['no issuer', ({ claims }) => void delete claims['iss']],
    ['another audience', ({ claims }) => void (claims['aud'] = 'another-client')],
    ['two audiences and no azp', ({ claims }) => void (claims['aud'] = ['portcullis', 'another-client'])],
    ['two audiences and another azp', ({ claims }) => void Object.assign(claims, { aud: ['portcullis', 'x'], azp: 'x' })],
    ['another azp', ({ claims }) => void (claims['azp'] = 'another-client')],
    ['another nonce', ({ claims }) => void (claims['nonce'] = 'n'.repeat(43))],
    ['no nonce', ({ claims }) => void delete claims['nonce']],
    ['an end an hour ago', ({ claims }) => void Object.assign(claims, { iat: realNow() - 7200, exp: realNow() - 3600 })],
    ['an end 61 s ago', ({ claims }) => void (claims['exp'] = realNow() - 62)],
    ['no end', ({ claims }) => void delete claims['exp']],
    ['a start in an hour', ({ claims }) => void (claims['nbf'] = realNow() + 3600)],
    ['no subject', ({ claims }) => void delete claims['sub']],
    ['an empty subject', ({ claims }) => void (claims['sub'] = '')],
    ['alg none', ({ header }) => ((header['alg'] = 'none'), { signature: '' })],
    ['alg RS256 over an ES256 signature', ({ header }) => void (header['alg'] = 'RS256')],
    ['an unknown kid', ({ header }) => void (header['kid'] = 'k9')],
    ['a wrong signature', () => ({ signature: base64url(new Uint8Array(64)) })],
    ['no signature', () => ({ signature: '' })],
    ['a critical extension', ({ header }) => void Object.assign(header, { crit: ['exp'] })],
  ];
  it.each(forged)('SEC-143 takes no ID token with %s', async (_what, forge) => {
    const { fake, provider } = await both();
    fake.forge = forge;
    expect(await failureIn(trip(provider, fake.visit))).toMatch(/^broken oauth_|^broken azp$|^broken sub_missing$/);
  });

  it('SEC-143 takes no ID token that is signed with our secret (HS256), though the provider’s document allows it', async () => {
    const { fake, provider } = await both();
    const token = { header: {}, claims: {} };
    fake.forge = ({ header, claims }) => {
      header['alg'] = 'HS256';
      Object.assign(token, { header, claims });
      return { signature: 'signature-goes-here' };
    };
    const honest = fake.fetch;
    const forging = oidc({
      ...APP,
      issuer: fake.issuer,
      fetch: async (url, init) => {
        const response = await honest(url, init);
        if (!url.endsWith('/token')) return response;
        const text = await response.text();
        return new Response(text.replace('signature-goes-here', await hs256(token.header, token.claims)), response);
      },
    });
    expect(await failureIn(trip(forging, fake.visit))).toMatch(/^broken oauth_/);
    expect(provider.id).toBe('oidc');
  });

  it('forgives a clock that is a minute off, by the server’s own clock', async () => {
    const { fake, provider } = await both();
    fake.forge = ({ claims }) => void (claims['exp'] = realNow() - 50);
    expect((await trip(provider, fake.visit)).subject).toBe('u-1');
    fake.forge = null;
    expect(await failureIn(trip(provider, fake.visit, realNow() + 3600))).toBe('broken oauth_jwt_timestamp_check_failed');
  });

  it.each([
    ['another issuer', { issuer: 'https://evil.example' }], ['no token endpoint', { token_endpoint: undefined }],
    ['a token endpoint without TLS', { token_endpoint: 'http://idp.example/token' }], ['keys without TLS', { jwks_uri: 'http://cdn.example/jwks' }],
    ['a token endpoint on this machine', { token_endpoint: 'http://127.0.0.1:9/token' }], ['keys at a private address', { jwks_uri: 'https://10.0.0.7/jwks' }],
    ['keys at a metadata address', { jwks_uri: 'https://169.254.169.254/jwks' }], ['userinfo at an IPv6 address', { userinfo_endpoint: 'https://[fd00::1]/u' }],
    ['an authorization endpoint that is a script', { authorization_endpoint: 'javascript:alert(1)' }], ['a token endpoint at localhost', { token_endpoint: 'https://localhost/token' }],
    ['a token endpoint in the local network', { token_endpoint: 'https://idp.internal/token' }],
  ] as const)('SEC-110 S-185 goes by no discovery document with %s, and sends nothing there', async (_what, wrong) => {
    const { fake, provider } = await both();
    Object.assign(fake.metadata, wrong);
    expect(await failureIn(locationOf(provider))).toMatch(/^broken /);
    expect(fake.calls).toEqual(['discovery']);
  }); // prettier-ignore

  it.each(['http://idp.example', 'ftp://idp.example', 'idp.example', 'https://idp.example?a=b', ''])(
    'SEC-110 refuses the issuer %j at start-up',
    (issuer) => {
      expect(() => oidc({ ...APP, issuer })).toThrow('issuer must be an https URL');
    },
  );

  it('SEC-148 uses its cached keys while they cannot be fetched, and skips unknown kinds of keys', async () => {
    const { fake, provider } = await both();
    const asked = (): number => fake.calls.filter((name) => name === 'jwks').length;
    vi.useFakeTimers({ toFake: ['Date'] });
    await trip(provider, fake.visit);
    for (const [at, fault] of (
      ['down', 'html', 'huge', { status: 200, body: {} }, { status: 500, body: { keys: [] } }] as const
    ).entries()) {
      vi.setSystemTime(Date.now() + 301_000); // those it has are old enough to be asked for again
      fake.faults.set('jwks', fault);
      expect((await trip(provider, fake.visit)).subject).toBe('u-1');
      expect(asked()).toBe(at + 2);
    }
    vi.setSystemTime(Date.now() + 86_400_000); // and after a day they are too old
    expect(await failureIn(trip(provider, fake.visit))).toMatch(/^(broken|unavailable) /);
  });

  it('SEC-148 asks for the keys once, not once for each unknown kid', async () => {
    const { fake, provider } = await both();
    fake.forge = ({ header }) => void (header['kid'] = base64url(crypto.getRandomValues(new Uint8Array(6))));
    for (let round = 0; round < 10; round += 1)
      expect(await failureIn(trip(provider, fake.visit))).toBe('broken oauth_key_selection_failed');
    expect(fake.calls.filter((name) => name === 'jwks')).toHaveLength(1);
    expect(fake.calls.filter((name) => name === 'discovery')).toHaveLength(1);
  });

  it.each([
    ['no client id', { clientId: '' }, '`clientId` is missing'], ['an id that is no path', { id: 'a/b' }, '`id` must have'],
    ['no time at all', { timeout: 0 }, '`timeout` must be'],
  ])('refuses %s at start-up', (_what, wrong, message) => {
    expect(() => oidc({ ...APP, issuer: 'https://idp.example', ...wrong })).toThrow(message);
  }); // prettier-ignore

  it('authenticates as a public client, or with Basic if the provider requires that', async () => {
    const fake = await fakeProvider();
    const open = oidc({ clientId: 'portcullis', issuer: fake.issuer, fetch: fake.fetch });
    expect(await failureIn(trip(open, fake.visit))).toBe('broken token_invalid_client');
  });
});

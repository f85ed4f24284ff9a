/** Sign-in with Stytch, consumer and B2B, against a fake of its Connected Apps; what B2B tokens hold follows Stytch's session tokens. */
import { describe, expect, it } from 'vitest';
import type { Identity } from '../../src/model/identity.ts';
import type { Fault } from '../../src/testing/fake-parts.ts';
import { makeFakeStytch } from '../../src/testing/fake-stytch.ts';
import type { Upstream } from '../../src/upstreams/contract.ts';
import { stytch, type StytchOptions } from '../../src/upstreams/user-management.ts';
import { APP, arrival, failureIn, locationOf, realNow, REDIRECT, trip } from '../support/provider-trip.ts';
import { soonOver } from '../support/soon-over.ts';

const make = async (more: Partial<StytchOptions> = {}) => {
  const fake = await makeFakeStytch({ ...APP, redirectUri: REDIRECT, now: realNow });
  return { fake, provider: stytch({ ...APP, projectDomain: fake.domain, fetch: fake.fetch, ...more }) };
};
const tokenOf = (organization_id: string): string =>
  `e30.${btoa(JSON.stringify({ 'https://stytch.com/organization': { organization_id } })).replace(/=+$/, '')}.sig`;
const MEMBER = { organizationId: 'organization-live-1', slug: 'acme', roles: ['editor', 'constructor', 'stytch_member'] };

describe('upstreams/user-management, stytch', () => {
  it('identifies the user of a consumer project, without an organization', async () => {
    const { fake, provider } = await make({ roles: { editor: ['write'] } });
    const identity = await trip(provider, fake.visit);
    expect(identity).toMatchObject({
      issuer: fake.domain,
      subject: 'user-live-1',
      claims: { email: 'stella@corp.example' },
      permissions: [],
    });
    expect(['organization' in identity, 'org_id' in identity.claims]).toEqual([false, false]);
  });

  it('knows the organization and the roles of a B2B member, and what those roles may do here', async () => {
    const { fake, provider } = await make({ roles: { editor: ['read', 'write'], stytch_member: ['read'], stytch_admin: ['all'] } });
    fake.member = MEMBER;
    expect(await trip(provider, fake.visit)).toMatchObject({
      organization: 'organization-live-1', permissions: ['read', 'write'],
      claims: { org_id: 'organization-live-1', roles: MEMBER.roles },
    }); // prettier-ignore
  });

  it('gives no permission by a role that is not named, and none where no roles are told', async () => {
    const named = await make({ roles: { editor: ['write'] } });
    named.fake.member = { ...MEMBER, roles: ['constructor', '__proto__', 'toString'] };
    expect((await trip(named.provider, named.fake.visit)).permissions).toEqual([]);
    const plain = await make();
    plain.fake.member = MEMBER;
    expect('permissions' in (await trip(plain.provider, plain.fake.visit))).toBe(false);
  });

  it('accepts members of one organization only if configured', async () => {
    const { fake, provider } = await make({ organization: 'organization-live-1' });
    expect(await failureIn(trip(provider, fake.visit))).toBe('refused organization_not_allowed');
    fake.member = { ...MEMBER, organizationId: 'organization-live-2' };
    expect(await failureIn(trip(provider, fake.visit))).toBe('refused organization_not_allowed');
    fake.member = MEMBER;
    expect((await trip(provider, fake.visit)).subject).toBe('user-live-1');
  });

  it('admits members of one organization only if configured, also when it checks again', async () => {
    const [one, any] = ['organization-live-1', undefined].map((organization) =>
      stytch({ ...APP, projectDomain: 'https://acme.customers.stytch.com', organization }),
    );
    const person = (organization?: string): Identity => ({ issuer: 'https://acme.customers.stytch.com', subject: 'u', claims: {}, ...(organization !== undefined && { organization }) }); // prettier-ignore
    const people = ['organization-live-1', 'organization-live-2', undefined].map(person);
    expect([people.map((who) => one?.admits?.(who)), people.map((who) => any?.admits?.(who))]).toEqual([
      [true, false, false],
      [true, true, true],
    ]);
    // A token that names no organization says nothing of the user: that is no refusal, which would end the grant.
    const tokens = [tokenOf('organization-live-1'), tokenOf('organization-live-2'), 'opaque', 'of.two'];
    const again = (provider: Upstream | undefined) => Promise.all(tokens.map(async (token) => provider?.recheck?.(token, person())));
    expect(await again(one)).toEqual(['yes', 'no', 'unknown', 'unknown']);
    expect(await again(any)).toEqual(['yes', 'yes', 'yes', 'yes']);
    expect([one?.id, one?.label]).toEqual(['stytch', 'Stytch']);
  });

  it('reads roles of the token if there is no session, and takes what is no text for no organization and no role', async () => {
    const { fake, provider } = await make({ roles: { editor: ['write'] } });
    const come = (claims: object): Promise<Identity> => {
      fake.forge = (token) => void Object.assign(token.claims, claims);
      return trip(provider, fake.visit);
    };
    const [organization, session] = ['https://stytch.com/organization', 'https://stytch.com/session'];
    const of = { [organization]: { organization_id: 'o' } };
    expect((await come({ ...of, roles: ['editor'] })).claims).toMatchObject({ org_id: 'o', roles: ['editor'] });
    expect((await come({ ...of, roles: ['editor'], [session]: { roles: [] } })).claims).toMatchObject({ roles: [] });
    expect((await come({ ...of, [session]: { roles: ['editor', 7, null] } })).claims).toMatchObject({ roles: ['editor'] });
    for (const roles of ['editor', undefined, { 0: 'editor' }]) expect((await come({ ...of, roles })).claims).toMatchObject({ roles: [] });
    for (const organization_id of ['', 7, undefined])
      expect(await come({ [organization]: { organization_id } })).not.toHaveProperty('organization');
  });

  it('knows no organization by an access token that is no JWT', async () => {
    for (const access of ['opaque', 'of.two', undefined]) {
      const { fake } = await make();
      fake.member = MEMBER;
      const opaque: typeof fetch = async (input, init) => {
        const response = await fake.fetch(input, init);
        const body = (await response.clone().json()) as { readonly access_token?: string };
        return body.access_token === undefined ? response : Response.json({ ...body, access_token: access });
      };
      const going = trip(stytch({ ...APP, projectDomain: fake.domain, fetch: opaque }), fake.visit);
      if (access === undefined) expect(await failureIn(going)).toMatch(/^broken /);
      else expect(await going).not.toHaveProperty('organization');
    }
  });

  it('names itself at start-up for an option that is missing', () => {
    expect(() => stytch({ ...APP, projectDomain: '' })).toThrow('stytch: `projectDomain` is missing.');
  });

  it('is refused with a wrong secret, another redirect URI and a code used before', async () => {
    const wrong = await make({ clientSecret: 'another' });
    expect(await failureIn(trip(wrong.provider, wrong.fake.visit))).toBe('broken token_invalid_client');
    const { fake, provider } = await make();
    expect(await failureIn(arrival(provider, fake.visit, { redirectUri: `${REDIRECT}/other` }))).toBe('broken token_invalid_grant');
    let once: Promise<string> | undefined;
    const same = (location: string): Promise<string> => (once ??= fake.visit(location));
    await arrival(provider, same);
    expect(await failureIn(arrival(provider, same))).toBe('broken token_invalid_grant');
  });

  it('has a refresh token by `offline_access` alone, for one use, and gives tokens back', async () => {
    const { fake, provider } = await make();
    expect((await arrival(provider, fake.visit)).tokens.refreshToken).toBeUndefined();
    const { tokens } = await arrival(provider, fake.visit, { offline: true });
    const next = await provider.refresh({ tokens, now: realNow(), env: {} });
    expect([typeof next.refreshToken, next.refreshToken === tokens.refreshToken]).toEqual(['string', false]);
    expect(await provider.revoke({ tokens: next, env: {} })).toBe(true);
    expect(await failureIn(provider.refresh({ tokens: next, now: realNow(), env: {} }))).toBe('refused refresh_invalid_grant');
    const again = await arrival(provider, fake.visit, { offline: true });
    await provider.refresh({ tokens: again.tokens, now: realNow(), env: {} });
    expect(await failureIn(provider.refresh({ tokens: again.tokens, now: realNow(), env: {} }))).toBe('refused refresh_invalid_grant');
  });

  it.each<[Fault, string]>([
    ['down', 'unavailable network'],
    ['hangs', 'unavailable deadline'],
    ['cut', 'unavailable network'],
    ['html', 'broken token_answer_not_json'],
    [{ status: 429, headers: { 'retry-after': '30' } }, 'unavailable status_429'],
  ])('SEC-142 fails closed where Stytch is %j', async (fault, failure) => {
    const { fake, provider } = await make();
    await locationOf(provider);
    fake.faults.set('/v1/oauth2/token', fault);
    const come = (): Promise<string> => failureIn(trip(provider, fake.visit));
    expect(fault === 'hangs' ? (await soonOver(come)).result : await come()).toBe(failure);
  });
});

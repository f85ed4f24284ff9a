/** What becomes of someone whom a site vouches for, and of each way in which a site fails; the site is a function. */
import { describe, expect, it } from 'vitest';
import { upstream, type UpstreamOptions } from '../../src/logins/upstream.ts';
import type { Identity } from '../../src/model/identity.ts';
import type { LoginServices } from '../../src/model/login.ts';
import type { Json } from '../../src/model/store.ts';
import { type CallbackResult, type Upstream, UpstreamError } from '../../src/upstreams/contract.ts';
import { ENGLISH, sayOr } from '../../src/words/words.ts';

const TOKENS = { access: 'a', scope: [] } as unknown as CallbackResult['tokens'];
const UMA: Identity = {
  issuer: 'https://idp.example',
  subject: 'u-1',
  claims: { name: 'Uma', email: 'uma@corp.example', email_verified: true },
};
const services = { env: 'env', network: '192.0.2.1', now: () => 1000 } as unknown as LoginServices;

/** A site that answers with this person, or fails. */
function site(arrived: Partial<CallbackResult> | Error = {}, more: Partial<Upstream> = {}): Upstream & { readonly calls: unknown[] } {
  const calls: unknown[] = [];
  const run = async (...all: unknown[]): Promise<never> => {
    calls.push(all);
    if (arrived instanceof Error) throw arrived;
    return { identity: UMA, tokens: TOKENS, ...arrived } as never;
  };
  return {
    calls, id: 'corp', label: 'Corp', issuer: 'https://idp.example', site: 'https://idp.example', scope: ['openid'], timeout: 7, startSignIn: run, finishSignIn: run, refresh: run, revoke: run, ...more,
  }; // prettier-ignore
}
const finish = (options: UpstreamOptions = {}, arrived: Partial<CallbackResult> | Error = {}): Promise<unknown> =>
  upstream(site(arrived), options).finish({ kept: 'kept' } as never, services);
const proven = (more: object = {}): object => ({
  kind: 'proven',
  identity: { ...UMA, claims: { ...UMA.claims, idp: UMA.issuer } },
  standing: UMA,
  ...more,
});
const named = (claims: object, organization?: string): Partial<CallbackResult> => ({
  identity: { ...UMA, claims: claims as Identity['claims'], ...(organization === undefined ? {} : { organization }) },
});

describe('logins/upstream, accepted users', () => {
  it('is the identity of the provider, with the requested claims', async () => {
    expect(await finish()).toStrictEqual(proven());
    expect(await finish({ keepTokens: true, joinByEmail: true }, { authenticatedAt: 5 })).toStrictEqual(
      proven({ joinByEmail: 'uma@corp.example', authenticatedAt: 5, upstream: { account: { provider: 'corp', id: 'u-1', name: 'Uma', email: 'uma@corp.example' }, tokens: TOKENS } }),
    );
    const bare = named({ name: 7, email: 'uma@corp.example', email_verified: 'true' });
    expect(await finish({ keepTokens: true, joinByEmail: true }, bare)).toHaveProperty('upstream.account', { provider: 'corp', id: 'u-1', email: 'uma@corp.example' });
    expect(await finish({ keepTokens: true }, named({ email: 7 }))).toHaveProperty('upstream.account', { provider: 'corp', id: 'u-1' });
    expect(await finish({ joinByEmail: true }, bare)).not.toHaveProperty('joinByEmail');
    expect(await finish({ joinByEmail: true }, named({ email: 7, email_verified: true }))).not.toHaveProperty('joinByEmail');
  }); // prettier-ignore

  it('is accepted by the lists of verified addresses, domains and organizations', async () => {
    const refused = (reason: string): object => expect.objectContaining({ kind: 'refused', reason });
    const corp = { emailDomains: ['Corp.example', 'b.example'] };
    expect(await finish(corp)).toMatchObject({ kind: 'proven' });
    const out = (await finish(corp, named({ email: 'uma@corp.example' }))) as { text: (words: typeof ENGLISH) => unknown };
    expect(out).toEqual(refused('email_domain_not_allowed'));
    expect(String(out.text(ENGLISH))).toBe(String(ENGLISH.site.onlyDomains(sayOr(['Corp.example', 'b.example'], ENGLISH))));
    expect(await finish({ emails: ['UMA@corp.example'] })).toMatchObject({ kind: 'proven' });
    expect(await finish({ emails: ['eve@corp.example'] })).toEqual({ kind: 'refused', reason: 'email_not_allowed' });
    expect(await finish({ emails: ['eve@x.example'], ...corp })).toMatchObject({ kind: 'proven' });
    expect(await finish({ organizations: ['o'] }, named({}, 'o'))).toMatchObject({ kind: 'proven', standing: { organization: 'o' } });
    for (const organization of [undefined, 'x', '']) expect(await finish({ organizations: ['o'] }, named(UMA.claims, organization))).toEqual({ kind: 'refused', reason: 'organization_not_allowed' });
    expect(await finish({ organizations: ['o'], ...corp }, named({}, 'o'))).toEqual(refused('email_domain_not_allowed'));
  }); // prettier-ignore

  it('is refused by what the site told, and tries again where it did not tell what decides (R-38)', async () => {
    const partly = (claims: object, organization?: string): Partial<CallbackResult> => ({
      ...named(claims, organization),
      notTold: new UpstreamError('unavailable', 'userinfo_not_told'),
    });
    const untold = { kind: 'unavailable', reason: 'userinfo_not_told' };
    expect(await finish({ organizations: ['o'] }, partly({}, 'x'))).toEqual({ kind: 'refused', reason: 'organization_not_allowed' });
    expect(await finish({ organizations: ['o'] }, partly(UMA.claims))).toEqual(untold);
    expect(await finish({ emails: ['eve@x.example'] }, partly(UMA.claims))).toEqual({ kind: 'refused', reason: 'email_not_allowed' });
    expect(await finish({ emails: ['eve@x.example'] }, partly({}, 'x'))).toEqual(untold);
    expect(await finish({ joinByEmail: true }, partly({}))).toMatchObject({ kind: 'proven', ifNew: untold });
    for (const [options, claims] of [
      [{ joinByEmail: true }, UMA.claims],
      [{}, {}],
    ] as const)
      expect(await finish(options, partly(claims))).not.toHaveProperty('ifNew');
  });

  it('is accepted by a mapping, with its claims and permissions', async () => {
    expect(await finish({ mapIdentity: () => ({ deny: 'no' }) })).toEqual({ kind: 'refused', reason: 'denied_by_mapping', text: 'no' });
    const asked: unknown[] = [];
    const mapped = { claims: { team: 'blue', idp: 'x' }, permissions: ['p'], organizations: [{ id: 'o', name: 'O' }] };
    const said = await finish({ mapIdentity: (...all) => (asked.push(all), mapped) });
    expect(asked).toEqual([[UMA, 'env']]);
    expect(said).toStrictEqual({ ...proven(), identity: { ...UMA, claims: { team: 'blue', idp: UMA.issuer } }, permissions: ['p'], organizations: mapped.organizations });
    const own = { identity: { ...UMA, permissions: ['site'] } };
    expect(await finish({}, own)).toMatchObject({ permissions: ['site'] });
    expect(await finish({ mapIdentity: () => ({ permissions: [] }) }, own)).toMatchObject({ permissions: [] });
  }); // prettier-ignore

  it('lets no user in for a mapping that says no in another way: false, null, a misspelt `deny`', async () => {
    for (const said of [false, null, true, 'no', [], { denied: 'no' }, { Deny: 'no' }, { deny: false }, { deny: null }]) {
      await expect(finish({ mapIdentity: () => said as never })).rejects.toThrow(/^upstream: the result of `mapIdentity`/);
      const stay = upstream(site(), { mapIdentity: () => said as never }).recheck?.(UMA as never, { env: 'env', token: null } as never);
      await expect(stay).rejects.toThrow(/^upstream: the result of `mapIdentity`/);
    }
    expect(await finish({ mapIdentity: () => undefined as never })).toMatchObject({ kind: 'proven' });
  }); // prettier-ignore

  it('has the claims of a profile, of some length, and is judged again by all that the site said', async () => {
    const claims = { name: 'n'.repeat(1024), nickname: 'n'.repeat(1025), hd: true, locale: 7, roles: ['x'] };
    expect(await finish({}, named(claims))).toMatchObject({ identity: { claims: { name: claims.name, hd: true, idp: UMA.issuer } }, standing: { claims } });
    const sized = (length: number): object => ({ a: 'x'.repeat(length - 8) });
    expect(await finish({}, named(sized(32_768)))).toHaveProperty('standing', { ...UMA, claims: sized(32_768) });
    expect(await finish({}, named(sized(32_769)))).toHaveProperty('standing', { ...UMA, claims: {}, isPartial: true });
  }); // prettier-ignore
});

describe('logins/upstream, a site that fails', () => {
  it.each<[UpstreamError, object]>([
    [new UpstreamError('refused', 'team_not_allowed'), { kind: 'refused', reason: 'team_not_allowed' }],
    [new UpstreamError('refused', 'x', { text: 'words' }), { kind: 'refused', reason: 'x', text: 'words' }],
    [new UpstreamError('declined', 'access_denied'), { kind: 'declined', reason: 'access_denied', error: 'access_denied' }],
    [new UpstreamError('declined', 'temporarily_unavailable'), { kind: 'declined', reason: 'temporarily_unavailable', error: 'temporarily_unavailable' }],
    [new UpstreamError('declined', 'invalid_scope'), { kind: 'declined', reason: 'invalid_scope', error: 'server_error' }],
    [new UpstreamError('unavailable', 'deadline', { retryAfter: 7 }), { kind: 'unavailable', reason: 'deadline', retryAfter: 7 }],
    [new UpstreamError('broken', 'issuer', { hint: 'add a slash' }), { kind: 'broken', reason: 'issuer: add a slash' }],
  ])('is told as %o', async (error, result) => {
    expect(await finish({}, error)).toStrictEqual(result);
    expect(await upstream(site(error)).begin({} as never, services)).toStrictEqual(result);
  }); // prettier-ignore

  it('reports a fault of our own code as such', async () => {
    await expect(finish({}, new TypeError('ours'))).rejects.toThrow('ours');
    await expect(Promise.resolve(upstream(site(new TypeError('ours'))).begin({} as never, services))).rejects.toThrow('ours');
  });
});

describe('logins/upstream, what the site is asked', () => {
  it('passes the caller, and whether tokens are kept', async () => {
    const provider = site();
    await upstream(provider, { keepTokens: true }).begin({ state: 's' } as never, services);
    await upstream(provider).begin({ state: 's' } as never, services);
    await upstream(provider).finish({ state: 's' } as never, services);
    const common = { state: 's', env: 'env', visitor: '192.0.2.1' };
    expect(provider.calls).toEqual([[{ ...common, offline: true }], [{ ...common, offline: false }], [{ ...common, now: 1000 }]]);
  });

  it('is asked again whether a user may stay signed in', async () => {
    const stay = (options: UpstreamOptions, more: Partial<Upstream> = {}, token: string | null = 't', standing: unknown = UMA): Promise<unknown> =>
      Promise.resolve(upstream(site({}, more), options).recheck?.(standing as never, { env: 'env', token } as never));
    const recheck = async (): Promise<'unknown'> => 'unknown';
    expect([await stay({}), await stay({}, { recheck }), await stay({}, { recheck }, null)]).toEqual(['yes', 'unknown', 'yes']);
    expect(await stay({ emails: ['eve@corp.example'] }, { recheck })).toBe('no');
    expect([await stay({}, { admits: () => false }), await stay({}, { admits: () => true })]).toEqual(['no', 'yes']);
    expect([await stay({ mapIdentity: () => ({ deny: 'no' }) }), await stay({ mapIdentity: () => ({}) })]).toEqual(['no', 'yes']);
  }); // prettier-ignore

  it.each([
    [300, 'yes'],
    [2000, 'unknown'],
  ])('ends no grant of a user in %i groups, of which one lets them in', async (groups, verdict) => {
    const claims = { ...UMA.claims, groups: Array.from({ length: groups }, (_, nth) => `00000000-0000-0000-0000-${String(nth).padStart(12, '0')}`) };
    const last = claims.groups.at(-1);
    const login = upstream(site(named(claims)), { emails: ['uma@corp.example'], mapIdentity: ({ claims: { groups: of = [] } }) => ((of as unknown[]).includes(last) ? {} : { deny: 'not in the group' }) });
    const { standing } = (await login.finish({ kept: 'kept' } as never, services)) as { standing: Json };
    const again = (kept: Json): unknown => login.recheck?.(kept, { env: 'env', token: null } as never);
    expect(await again(standing)).toBe(verdict);
    expect(await again({ ...(standing as object), claims: { email: 'eve@corp.example', email_verified: true } })).toBe('no');
  }); // prettier-ignore

  it('refreshes and revokes where tokens are kept, and tells a dead token from an outage', async () => {
    const keeper = (arrived: Error | Partial<CallbackResult> = {}): NonNullable<ReturnType<typeof upstream>['tokens']> | undefined => upstream(site(arrived), { keepTokens: true }).tokens;
    expect([upstream(site()).tokens, keeper()?.patience]).toEqual([undefined, 7]);
    const at = { now: 5, env: 'env' };
    const refresh = (arrived?: Error): Promise<unknown> | undefined => keeper(arrived)?.refresh(TOKENS, at);
    expect(await refresh()).toMatchObject({ kind: 'refreshed' });
    const asked = site();
    await upstream(asked, { keepTokens: true }).tokens?.refresh(TOKENS, at);
    expect(asked.calls).toEqual([[{ tokens: TOKENS, ...at }]]);
    expect(await refresh(new UpstreamError('refused', 'refresh_invalid_grant'))).toStrictEqual({ kind: 'refused', reason: 'refresh_invalid_grant' });
    expect(await refresh(new UpstreamError('broken', 'x'))).toStrictEqual({ kind: 'unavailable', reason: 'x' });
    expect(await refresh(new UpstreamError('unavailable', 'x', { retryAfter: 3 }))).toStrictEqual({ kind: 'unavailable', reason: 'x', retryAfter: 3 });
    await expect(refresh(new TypeError('ours'))).rejects.toThrow('ours');
    const provider = site();
    await upstream(provider, { keepTokens: true }).tokens?.revoke(TOKENS, at as never);
    expect(provider.calls).toEqual([[{ tokens: TOKENS, env: 'env' }]]);
  }); // prettier-ignore
});

describe('logins/upstream, start-up', () => {
  it.each<[unknown, RegExp]>([
    [{ emailDomain: [] }, /^upstream: `emailDomain` is not an option; did you mean `emailDomains`/],
    [{ emailDomains: ['corp.example', '@x'] }, /^upstream: `emailDomains` holds "@x", which is not a domain/],
    [{ emails: ['x'] }, /^upstream: `emails` holds "x", which is not an address/],
    [{ organizations: ['o', ''] }, /^upstream: `organizations` holds an empty id/],
    [{ organizations: [7] }, /^upstream: `organizations` must be of type string\[\]/],
  ])('refuses %j', (options, message) => {
    expect(() => upstream(site(), options as UpstreamOptions)).toThrow(message);
    for (const provider of [{}, undefined])
      expect(() => upstream(provider as never)).toThrow(/^upstream: the first argument must be a site/);
  });

  it('refuses this server as an upstream provider, in any spelling of its issuer (SEC-109)', () => {
    const login = upstream(site({}, { issuer: 'https://AS.example/a' }));
    for (const issuer of ['https://as.example/a', 'https://as.example/a//', 'HTTPS://as.example/a/']) expect(() => login.checkIssuer?.(issuer)).toThrow(/is this server itself/);
    expect(() => login.checkIssuer?.('https://x.example', ['https://x.example', 'https://as.example/a'])).toThrow(/is this server itself/);
    for (const issuer of ['https://as.example', 'https://as.example/A', 'https://as.example/a/b']) expect(() => login.checkIssuer?.(issuer)).not.toThrow();
    const { issuer: _, ...nameless } = site();
    expect(() => upstream(nameless).checkIssuer?.('https://as.example')).not.toThrow();
  }); // prettier-ignore

  it('is what the site is', () => {
    expect(upstream(site())).toMatchObject({
      kind: 'redirect',
      id: 'corp',
      label: 'Corp',
      site: 'https://idp.example',
      scopes: ['openid'],
    });
  });
});

/** What a person sees and what the operator is told when signing in at another site goes wrong; and two accounts of one person. */
import { describe, expect, it } from 'vitest';
import { upstream } from '../../src/logins/upstream.ts';
import { codeOf, tokensOf } from '../../src/testing/oauth-client.ts';
import { oidc } from '../../src/upstreams/oidc.ts';
import { makeApp, storeNames } from '../support/app.ts';
import { APP, atConsent, callbackOf, makeUpstreamApp, throughCorp, throughGitHub, type UpstreamApp } from '../support/upstream-app.ts';
import { tool } from '../support/vault-tool.ts';
import { makeFakeUpstream } from '../../src/testing/fake-upstream.ts';

const [store = 'memory'] = storeNames;
const failedBy = ({ events }: UpstreamApp): unknown => events.filter(({ kind }) => kind === 'login.failed');
const told = (reason: string): unknown => [expect.objectContaining({ kind: 'login.failed', reason })];

describe('failures of an upstream provider: a page for the user, and an event with the fix', () => {
  it('a wrong secret of ours', async () => {
    const corp = await makeUpstreamApp(store, { oidc: { clientSecret: 'wrong' }, github: { clientSecret: 'wrong' } });
    const page = await throughCorp(corp, await atConsent(corp));
    expect([page.status, page.text.includes('Signing in with Corp failed')]).toEqual([502, true]);
    expect(failedBy(corp)).toEqual(told('token_invalid_client'));
    const hub = await makeUpstreamApp(store, { github: { clientSecret: 'wrong' } });
    expect((await throughGitHub(hub, await atConsent(hub))).status).toBe(502);
    expect(failedBy(hub)).toEqual(told('token_incorrect_client_credentials'));
  });

  it('a provider whose discovery cannot be reached: refused at once after a while, and used again when it is back', async () => {
    const app = await makeUpstreamApp(store);
    app.idp.faults.set('discovery', 'down');
    const at = await atConsent(app);
    for (let n = 0; n < 6; n++) {
      const page = await at.browser.submit(at.page, { with: 'corp' });
      expect([page.status, page.text.includes('Corp is not responding right now')]).toEqual([503, true]);
    }
    expect(app.idp.calls).toHaveLength(5);
    expect(failedBy(app)).toEqual([
      ...Array.from({ length: 5 }, () => (told('network') as unknown[])[0]),
      (told('breaker_open') as unknown[])[0],
    ]);
  });

  it('a clock that is off', async () => {
    const app = await makeUpstreamApp(store);
    app.idp.forge = ({ claims }) => void Object.assign(claims, { iat: Number(claims['iat']) - 900, exp: Number(claims['exp']) - 900 });
    expect((await throughCorp(app, await atConsent(app))).status).toBe(502);
    expect(failedBy(app)).toEqual(told('oauth_jwt_timestamp_check_failed'));
  });

  it('an app that the provider has suspended', async () => {
    const app = await makeUpstreamApp(store);
    app.gitHub.faults.set('/login/oauth/access_token', { status: 200, body: { error: 'application_suspended', error_description: 'x' } });
    expect((await throughGitHub(app, await atConsent(app))).status).toBe(502);
    expect(failedBy(app)).toEqual(told('token_application_suspended'));
  });

  it('a user without a required verified address, and one who may not sign in', async () => {
    const app = await makeUpstreamApp(store, { login: { emailDomains: ['corp.example'] }, github: { organizations: ['acme'] } });
    app.idp.user = { sub: 'u-2', name: 'No Mail' };
    const page = await throughCorp(app, await atConsent(app));
    expect([page.status, page.text.includes('corp.example')]).toEqual([403, true]);
    expect((await throughGitHub(app, await atConsent(app))).status).toBe(403);
    expect(failedBy(app)).toEqual([(told('email_domain_not_allowed') as unknown[])[0], (told('organization_not_allowed') as unknown[])[0]]);
    expect(app.events.filter(({ kind }) => kind === 'grant.opened')).toEqual([]);
  });
});

describe.each(storeNames)('two accounts of one person on %s', (name) => {
  it('are both there for the next app, and each is given back with the last app that uses it', async () => {
    let now = (): number => 0;
    const issuer = 'https://idp.example';
    const made = async (id: string) => {
      const fake = await makeFakeUpstream({ ...APP, issuer, redirectUri: callbackOf(id), now: () => now() });
      return { fake, login: upstream(oidc({ ...APP, issuer, id, label: id, fetch: fake.fetch }), { keepTokens: true }) };
    };
    const [work, home] = [await made('work'), await made('home')]; // one issuer and subject: one user, at two logins
    const app = await makeApp(name, { logins: [work.login, home.login], apiHandler: tool });
    now = app.clock.now;
    const connect = async (id: string, visit: (location: string) => Promise<string>, browser = app.browser()) => {
      const client = await app.client();
      const page = await browser.get(`${await client.authorizeUrl()}&prompt=login`); // which leaves the session where it is
      const gone = await browser.submit(page, { with: id });
      return { browser, client, ...tokensOf(await client.redeem(codeOf(await browser.get(await visit(gone.location ?? ''))))) };
    };
    const first = await connect('work', work.fake.visit);
    const said = async (access: string, upstreamName: string): Promise<unknown> =>
      (await app.call(access, '/mcp', { 'x-upstream': upstreamName })).response.json();
    expect(await said(first.access, 'work u-1')).toMatchObject({ accounts: [{ provider: 'work', id: 'u-1' }] });
    expect(await said(first.access, 'home')).toMatchObject({ failure: 'not_linked' });
    const second = await connect('home', home.fake.visit, first.browser);
    const [atHome, atWork] = [await said(second.access, 'home'), await said(second.access, 'work')];
    expect(atHome).toMatchObject({ accounts: [{ provider: 'home', id: 'u-1' }] });
    expect(atWork).toMatchObject({ accounts: [{ provider: 'work', id: 'u-1' }] });
    await second.client.revoke(second.refresh); // work is in use by the first app still
    await expect.poll(() => home.fake.calls.includes('revoke')).toBe(true);
    expect(work.fake.calls).not.toContain('revoke');
    expect(await said(first.access, 'work')).toEqual(atWork);
  });
});

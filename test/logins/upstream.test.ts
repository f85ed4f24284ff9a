import { describe, expect, it } from 'vitest';
import { connection, upstream, type UpstreamOptions } from '../../src/logins/upstream.ts';
import { codeOf, tokensOf } from '../../src/testing/oauth-client.ts';
import { password } from '../../src/logins/password.ts';
import type { RedirectLogin } from '../../src/model/login.ts';
import { oauth2 } from '../../src/upstreams/oauth2.ts';
import { oidc } from '../../src/upstreams/oidc.ts';
import { ISSUER, makeApp } from '../support/app.ts';
import { APP, atConsent, awayTo, makeUpstreamApp, throughCorp, type UpstreamApp } from '../support/upstream-app.ts';
import { expectPage, expectRedirect } from '../support/verdicts.ts';

const make = (login: UpstreamOptions): Promise<UpstreamApp> => makeUpstreamApp('memory', { login });

async function propsOf(app: UpstreamApp): Promise<unknown> {
  const at = await atConsent(app);
  return (await app.call(tokensOf(await at.client.redeem(codeOf(await throughCorp(app, at)))).access)).access?.props;
}

describe('logins/upstream', () => {
  it.each([
    ['uma@corp.example', true, true], ['UMA@Corp.Example', true, true], ['uma＠corp.example', true, true],
    ['uma@corp.example', false, false], ['uma@corp.example', 'true', true], ['uma@corp.example', 'false', false], ['uma@corp.example', 'yes', false], ['uma@corp.example.evil', true, false], ['uma@evil-corp.example', true, false],
    ['uma@sub.corp.example', true, false], ['uma@evil.example,x@corp.example', true, false], ['uma@evil.example@corp.example', true, false], [undefined, true, false],
  ])('SEC-146 goes by the exact domain of a verified address: %j, verified %j, comes in %j', async (email, email_verified, comesIn) => {
    const app = await make({ emailDomains: ['Corp.Example'] });
    app.idp.user = { sub: 'u-1', name: 'Uma', email, email_verified };
    const page = await throughCorp(app, await atConsent(app));
    if (comesIn) return expect(codeOf(page)).toMatch(/^code_/);
    expectPage(page, { status: 403, never: ['evil'] });
    expect(page.text).toContain('Only people with a verified Corp.Example email address can sign in here');
  }); // prettier-ignore

  it.each([{ status: 403 }, { status: 404 }, { status: 302, headers: { location: 'https://x.example/' } }, 'html', { status: 200, body: {} }] as const)(
    'does not refuse a user whose address the site did not tell: userinfo %j (R-38)',
    async (fault) => {
      const app = await make({ emailDomains: ['corp.example'] });
      app.idp.thin = true; // address and name come from userinfo
      app.idp.faults.set('userinfo', fault);
      const page = await throughCorp(app, await atConsent(app));
      expectPage(page, { status: 503 });
      expect(page.text).not.toContain('Only people with a verified');
      expect(app.events).toContainEqual(expect.objectContaining({ kind: 'login.failed', reason: 'userinfo_not_told' }));
      app.idp.faults.clear();
      expect(codeOf(await throughCorp(app, await atConsent(app)))).toMatch(/^code_/);
    },
  ); // prettier-ignore

  it('makes no second account of a user whose address the site did not tell this time, and lets in those who are known (R-38)', async () => {
    const app = await make({ joinByEmail: true });
    app.idp.thin = true;
    const { accounts, findUserId } = app.provider.helpers(app.env);
    await accounts.setEmail(app.aliceId, 'uma@corp.example', { verified: true });
    app.idp.user = { sub: 'u-1', name: 'Uma', email: 'uma@corp.example', email_verified: true };
    app.idp.faults.set('userinfo', { status: 403 });
    expectPage(await throughCorp(app, await atConsent(app)), { status: 503 });
    expect(app.events).toContainEqual(expect.objectContaining({ kind: 'login.failed', reason: 'userinfo_not_told' }));
    expect(await findUserId({ issuer: app.idp.issuer, subject: 'u-1' })).toBeNull();
    app.idp.faults.clear();
    expect(codeOf(await throughCorp(app, await atConsent(app)))).toMatch(/^code_/);
    expect(await findUserId({ issuer: app.idp.issuer, subject: 'u-1' })).toBe(app.aliceId);
    app.idp.faults.set('userinfo', { status: 403 });
    expect(codeOf(await throughCorp(app, await atConsent(app)))).toMatch(/^code_/);
  });

  it('refuses by what the ID token tells, also where userinfo fails, and asks for no address without a list (R-38)', async () => {
    const app = await make({ emailDomains: ['corp.example'] });
    app.idp.faults.set('userinfo', { status: 403 });
    app.idp.user = { sub: 'u-1', email: 'uma@evil.example', email_verified: true }; // without a name, so that userinfo is asked
    expect((await throughCorp(app, await atConsent(app))).status).toBe(403);
    app.idp.user = { sub: 'u-1', email: 'uma@corp.example', email_verified: false };
    expect((await throughCorp(app, await atConsent(app))).status).toBe(403);
    const open = await make({});
    open.idp.thin = true;
    open.idp.faults.set('userinfo', { status: 403 });
    expect(codeOf(await throughCorp(open, await atConsent(open)))).toMatch(/^code_/);
    const members = await make({ organizations: ['acme'] });
    members.idp.thin = true;
    members.idp.faults.set('userinfo', { status: 403 });
    expect((await throughCorp(members, await atConsent(members))).status).toBe(503);
    members.idp.faults.clear();
    expect((await throughCorp(members, await atConsent(members))).status).toBe(403);
  });

  it.each([
    ['uma@corp.example', true], ['UMA＠Corp.example', true], ['eve@corp.example', false], ['x@other.example', true],
  ])('lets in the listed verified addresses beside the listed domains: %j comes in %j', async (email, comesIn) => {
    const app = await make({ emails: ['Uma@corp.example'], emailDomains: ['other.example'] });
    app.idp.user = { sub: 'u-1', email, email_verified: true };
    const page = await throughCorp(app, await atConsent(app));
    if (comesIn) expect(codeOf(page)).toMatch(/^code_/);
    else expectPage(page, { status: 403, never: ['uma@', 'other.example'] });
    app.idp.user = { sub: 'u-2', email, email_verified: false };
    expectPage(await throughCorp(app, await atConsent(app)), { status: 403 });
  }); // prettier-ignore

  it('accepts members of the listed organizations, and no user whose organization is unknown', async () => {
    const app = await make({ organizations: ['org_1', 'org_2'] });
    expectPage(await throughCorp(app, await atConsent(app)), { status: 403 });
    app.idp.user = { sub: 'u-1', org_id: ['org_1'] };
    expectPage(await throughCorp(app, await atConsent(app)), { status: 403 });
    expect(app.events).toContainEqual(expect.objectContaining({ kind: 'login.failed', reason: 'organization_not_allowed' }));
    app.idp.user = { sub: 'u-1', org_id: 'org_2' };
    expect(codeOf(await throughCorp(app, await atConsent(app)))).toMatch(/^code_/);
  });

  it('lets a mapping choose claims and permissions, but neither subject nor provider', async () => {
    const app = await make({
      mapIdentity: ({ subject, claims }) => ({
        claims: { sub: 'root', idp: 'https://evil.example', name: `${String(claims['name'])} (${subject})`, team: 'blue' },
        permissions: ['notes:delete'],
      }),
    });
    const props = (await propsOf(app)) as { claims: Record<string, unknown> };
    expect(props).toEqual({
      claims: { sub: expect.stringMatching(/^[\w-]{22}$/), idp: app.idp.issuer, name: 'Uma Upstream (u-1)', team: 'blue' },
      permissions: ['notes:delete'],
    });
  });

  it('keeps the permissions of a sign-in for the next app of the same browser', async () => {
    const app = await make({ mapIdentity: async () => ({ permissions: ['notes:read'] }) });
    const first = await atConsent(app);
    await throughCorp(app, first);
    const next = await atConsent(app, first.browser);
    const { access } = await app.call(
      tokensOf(await next.client.redeem(codeOf(await next.browser.submit(next.page, { decision: 'approve' })))).access,
    );
    expect(access?.props).toMatchObject({ permissions: ['notes:read'] });
  });

  it('refuses a user whom a mapping denies, shows the reason escaped, and lets the user return to the client', async () => {
    const app = await make({ mapIdentity: () => ({ deny: 'Ask <it@corp.example> for access.' }) });
    const at = await atConsent(app);
    const page = await throughCorp(app, at);
    expectPage(page, { status: 403, never: ['<it@'] });
    expect(page.text).toContain('Ask &#60;it@corp.example&#62; for access.');
    expect(app.events.filter(({ kind }) => kind === 'login.failed')).toMatchObject([{ login: 'corp', reason: 'denied_by_mapping' }]);
    expect(at.browser.cookies.has('__Host-portcullis-session')).toBe(false);
    expectRedirect(await at.browser.submit(page, { decision: 'deny' }), 'access_denied');
  });

  it.each([{ permissions: 'no-admin' }, { organizations: [{ id: 'o', name: 'O', permissions: 'no-admin' }] }])(
    'signs no one in whose permissions are no list: %j',
    async (mapped) => {
      const app = await make({ mapIdentity: () => mapped as never });
      expectPage(await throughCorp(app, await atConsent(app)), { status: 500 });
      expect(app.events).toContainEqual(
        expect.objectContaining({
          kind: 'request.failed',
          error: new TypeError('login "corp": the permissions of a user must be a list.'),
        }),
      );
      expect(app.events.some(({ kind }) => kind === 'login.succeeded')).toBe(false);
    },
  );

  it('fails closed when a mapping throws', async () => {
    const app = await make({
      mapIdentity: () => {
        throw new Error('directory is down');
      },
    });
    expectPage(await throughCorp(app, await atConsent(app)), { status: 500, never: ['directory'] });
    expect(app.events.some(({ kind }) => kind === 'grant.opened')).toBe(false);
  });

  it('passes on no claim that is odd or long, and none that it does not know', async () => {
    const app = await make({});
    app.idp.user = {
      sub: 'u-1',
      name: 'n'.repeat(2000),
      picture: { url: 'x' },
      nickname: 'U',
      roles: ['admin'],
      permissions: ['admin'],
      secret: 's',
    };
    expect(await propsOf(app)).toEqual({ claims: { sub: expect.any(String), nickname: 'U', idp: app.idp.issuer } });
  });

  it('refuses at start-up an invalid domain, an invalid address, an organization without id', () => {
    const provider = oidc({ clientId: 'c', issuer: 'https://idp.example' });
    expect(() => upstream(provider, { emailDomains: ['@corp.example'] })).toThrow('which is not a domain such as');
    expect(() => upstream(provider, { emails: ['corp.example'] })).toThrow('which is not an address such as');
    expect(() => upstream(provider, { organizations: [''] })).toThrow('`organizations` holds an empty id');
  });

  it('stops after a hundred departures of one network', async () => {
    const app = await make({});
    const at = await atConsent(app);
    for (let round = 0; round < 100; round += 1) await awayTo('corp', at);
    const page = await at.browser.submit(at.page, { with: 'corp' });
    expectPage(page, { status: 429 });
  });

  it('is offered on the sign-in page too', async () => {
    const app = await make({});
    const page = await app.browser().get('https://mcp.example/login');
    expect([page.status, page.text.includes('name="with"'), page.text.includes('type="password"')]).toEqual([200, true, false]);
  });
});

describe('logins/upstream: a connection', () => {
  it('keeps the tokens for tools, and is no way to sign in', () => {
    const provider = oidc({ ...APP, issuer: 'https://corp.example' });
    const made = connection(provider);
    expect(made).toMatchObject({ kind: 'connection', id: 'oidc', tokens: expect.anything() });
    expect(made).not.toHaveProperty('present');
    expect(upstream(provider)).not.toHaveProperty('tokens');
    expect(() => connection(provider, { emails: 'a@b.example' as never })).toThrow(/`emails`/);
  });
});

describe('logins/upstream: identities under our own issuer (F-39)', () => {
  const forum = (issuer: string): RedirectLogin =>
    upstream(
      oauth2({
        ...APP, id: 'forum', issuer, authorizationEndpoint: 'https://forum.example/a', tokenEndpoint: 'https://forum.example/t',
        profileEndpoint: 'https://forum.example/me',
      }),
    ); // prettier-ignore

  it.each([ISSUER, `${ISSUER}/`, 'https://MCP.example'])(
    'refuses a site that vouches under our issuer, at the start: %s',
    async (issuer) => {
      await expect(makeApp('memory', { logins: [forum(issuer)] })).rejects.toThrow(/issuer of "forum" is this server itself/);
      await expect(makeApp('memory', { logins: [upstream(oidc({ ...APP, issuer, id: 'self' }))] })).rejects.toThrow(TypeError);
    },
  );

  it('refuses one that vouches under the issuer of another tenant', async () => {
    const tenants = { acme: { issuer: '/acme', logins: [forum(`${ISSUER}/globex`)] }, globex: { issuer: '/globex', logins: [password()] } };
    const app = makeApp('memory', { logins: [password()], tenants });
    await expect(app).rejects.toThrow(/is this server itself/);
  });

  it('refuses an identity that names one of our users under our issuer, from any login', async () => {
    let subject = '';
    const sly: RedirectLogin = {
      kind: 'redirect', id: 'sly', label: 'Sly', site: 'https://sly.example',
      begin: async ({ redirectUri, state }) => ({ location: `https://sly.example/?to=${redirectUri}&state=${state}`, keep: null }),
      finish: async () => ({ kind: 'proven', identity: { issuer: ISSUER, subject, claims: { name: 'Admin' } } }),
    }; // prettier-ignore
    const app = await makeApp('memory', { logins: [password(), sly] });
    subject = app.aliceId;
    const at = await atConsent(app);
    const gone = await at.browser.submit(at.page, { with: 'sly' });
    const state = new URL(gone.location ?? '').searchParams.get('state') ?? '';
    expectPage(await at.browser.get(`${ISSUER}/authorize/callback/sly?state=${state}`), { status: 403 });
    expect(app.events).toContainEqual(expect.objectContaining({ kind: 'request.refused', reason: 'issuer_is_ours' }));
    expect(app.events.filter(({ kind }) => kind === 'login.succeeded' || kind === 'grant.opened')).toEqual([]);
  });
});

import { describe, expect, it } from 'vitest';
import type { Identity, Organization } from '../../../src/model/identity.ts';
import type { BrowserPage } from '../../../src/testing/browser.ts';
import { codeOf, registerClient, tokensOf } from '../../../src/testing/oauth-client.ts';
import { ALICE, ISSUER, makeApp, storeNames } from '../../support/app.ts';
import { atConsent, makeUpstreamApp, throughCorp, throughGitHub, type UpstreamApp } from '../../support/upstream-app.ts';
import { expectPage, expectRedirect } from '../../support/verdicts.ts';

const ACME: Organization = { id: 'acme', name: 'Acme <Inc>', permissions: ['acme:admin'] };
const GLOBEX: Organization = { id: 'globex', name: 'Globex' };
const REMEMBERED = { remember: 'yes' };

/** A server at which Uma may act for these organizations; they can be changed. */
async function withOrganizations(
  store: string,
  organizations: readonly Organization[],
): Promise<{ app: UpstreamApp; now: Organization[] }> {
  const now = [...organizations];
  const app = await makeUpstreamApp(store, { login: { mapIdentity: () => ({ organizations: now, permissions: ['own'] }) } });
  return { app, now };
}

const isConfirm = (page: BrowserPage): boolean => page.status === 200 && page.text.includes('Choose an organization');

describe.each(storeNames)('endpoints/settle on %s: organizations', (store) => {
  it('asks after the login for which of several organizations, and puts it into grant, access and props', async () => {
    const { app } = await withOrganizations(store, [ACME, GLOBEX]);
    const at = await atConsent(app);
    const page = await throughCorp(app, at);
    expect([isConfirm(page), page.text.includes('Acme <Inc>'), page.text.includes('localhost:3334')]).toEqual([true, false, true]);
    expect(app.events.filter(({ kind }) => kind === 'grant.opened')).toEqual([]);
    const tokens = tokensOf(await at.client.redeem(codeOf(await at.browser.submit(page, { decision: 'approve', organization: 'acme' }))));
    const { access } = await app.call(tokens.access);
    expect(access).toMatchObject({
      organization: { id: 'acme', name: ACME.name },
      props: { organization: { id: 'acme', name: ACME.name }, permissions: ['acme:admin'] },
    });
    const { grants } = await app.provider.helpers(app.env).listUserGrants(access!.userId);
    expect(grants).toMatchObject([{ organization: { id: 'acme' } }]);
    expect((await at.browser.get(`${ISSUER}/account`)).text).toContain('Organization: <bdi>Acme &#60;Inc&#62;</bdi>');
  });

  it('asks a signed-in user on the consent page itself, with the permissions of that session', async () => {
    const { app } = await withOrganizations(store, [ACME, GLOBEX]);
    const at = await atConsent(app);
    await at.browser.submit(await throughCorp(app, at), { decision: 'deny' });
    const next = await atConsent(app, at.browser);
    expect(next.page.text).toContain('It will work for');
    const tokens = tokensOf(
      await next.client.redeem(codeOf(await at.browser.submit(next.page, { decision: 'approve', organization: 'globex' }))),
    );
    expect((await app.call(tokens.access)).access?.props).toMatchObject({ organization: { id: 'globex' }, permissions: ['own'] });
  });

  it('SEC-127 takes no organization that is not the person’s own, and none where none was chosen', async () => {
    const { app } = await withOrganizations(store, [ACME, GLOBEX]);
    const at = await atConsent(app);
    const page = await throughCorp(app, at);
    for (const organization of ['evil', null])
      expect(isConfirm(await at.browser.submit(page, { decision: 'approve', organization }))).toBe(true);
    expectRedirect(await at.browser.submit(page, { decision: 'deny' }), 'access_denied');
  });

  it('does not ask a user with one organization', async () => {
    const { app } = await withOrganizations(store, [GLOBEX]);
    const at = await atConsent(app);
    const tokens = tokensOf(await at.client.redeem(codeOf(await throughCorp(app, at))));
    expect((await app.call(tokens.access)).access?.organization).toEqual({ id: 'globex', name: 'Globex' });
  });

  it('SEC-133 remembers a consent for one organization alone, and for no tenant that the person has left', async () => {
    const { app, now } = await withOrganizations(store, [ACME, GLOBEX]);
    const browser = app.browser();
    const client = await registerClient({ send: app.send, issuer: ISSUER, redirectUri: 'https://app.example/callback' });
    const open = async (): Promise<BrowserPage> => browser.get(await client.authorizeUrl({ scope: 'read' }));
    const login = async (): Promise<BrowserPage> => throughCorp(app, { client, browser, page: await open() });
    const confirm = async (page: BrowserPage): Promise<BrowserPage> =>
      browser.submit(page, { decision: 'approve', organization: 'acme', ...REMEMBERED });
    codeOf(await confirm(await login()));
    const tokens = tokensOf(await client.redeem(codeOf(await open())));
    expect((await app.call(tokens.access)).access?.organization?.id).toBe('acme');
    now.splice(0, 2, GLOBEX, { id: 'initech', name: 'Initech' });
    const switched = await browser.submit(await browser.get(await client.authorizeUrl({ scope: 'read', prompt: 'consent' })), {
      decision: 'switch',
    });
    expect(isConfirm(await throughCorp(app, { client, browser, page: switched }))).toBe(true);
    expect((await open()).status).toBe(200);
  });
});

describe('endpoints/authorize/issue-code: scopes that only some may grant', () => {
  const SCOPES = {
    scopesSupported: {
      read: 'Read your notes',
      write: { description: 'Change your notes', unlocks: ['note_create', 'note_delete'] },
    },
  };

  it('SEC-194 shows the remaining scopes before it grants fewer than selected, and grants only those', async () => {
    const app = await makeApp('memory', { ...SCOPES, grantableScopes: () => ['read'] });
    const [client, browser] = [await app.client(), app.browser()];
    const page = await browser.get(await client.authorizeUrl());
    expect(page.text).toMatch(/Used by the tools <code>note_create<\/code>, <code>note_delete<\/code>/);
    const left = await browser.submit(page, { decision: 'approve', ...ALICE });
    expect([left.status, left.text.includes('Allow only this?'), left.text.includes('Your account cannot let it')]).toEqual([
      200,
      true,
      true,
    ]);
    expect(app.events.filter(({ kind }) => kind === 'grant.opened')).toEqual([]);
    const tokens = await client.redeem(codeOf(await browser.submit(left, { decision: 'approve', scope: ['read'] })));
    expect(tokens.body['scope']).toBe('read');
  });

  it('shows a signed-in user which scopes the account cannot grant, and asks once', async () => {
    const app = await makeApp('memory', { ...SCOPES, grantableScopes: () => ['read'] });
    const [client, browser] = [await app.client(), app.browser()];
    codeOf(
      await browser.submit(await browser.submit(await browser.get(await client.authorizeUrl()), { decision: 'approve', ...ALICE }), {
        decision: 'approve',
      }),
    );
    const page = await browser.get(await client.authorizeUrl());
    expect([page.text.includes('Your account cannot allow this.'), page.text.includes('value="write"')]).toEqual([true, false]);
    expect((await client.redeem(codeOf(await browser.submit(page, { decision: 'approve' })))).body['scope']).toBe('read');
  });

  it.each([
    ['none at all', {}, []],
    ['not one that every call needs', { requiredScopes: ['write'] }, ['read']],
  ])('refuses an account that may give %s, and lets another one in', async (_what, more, mayGive) => {
    const app = await makeApp('memory', {
      ...SCOPES,
      ...more,
      grantableScopes: ({ claims }) => (claims['name'] === 'Alice' ? mayGive : ['read', 'write']),
    });
    await app.provider.helpers(app.env).accounts.create({ username: 'olga', password: 'battery staple horse' });
    const [client, browser] = [await app.client(), app.browser()];
    const page = await browser.submit(await browser.get(await client.authorizeUrl()), { decision: 'approve', ...ALICE });
    expect([page.status, page.text.includes('This account cannot allow what the app needs')]).toEqual([403, true]);
    const other = await browser.submit(page, { decision: 'switch' });
    codeOf(
      await browser.submit(other, { decision: 'approve', username: 'olga', password: 'battery staple horse', scope: ['read', 'write'] }),
    );
  });

  it('grants nothing if the look-up fails, and passes user, client and organization to it', async () => {
    const asked: unknown[] = [];
    const app = await makeUpstreamApp('memory', {
      login: { mapIdentity: ({ claims }: Identity) => ({ organizations: claims['email_verified'] === true ? [ACME] : [] }) },
      options: {
        grantableScopes: (who) => {
          asked.push(who);
          throw new Error('the directory is down');
        },
      },
    });
    const page = await throughGitHub(app, await atConsent(app));
    expectPage(page, { status: 500, never: ['directory'] });
    expect(asked).toMatchObject([{ userId: expect.any(String), organization: { id: 'acme' }, permissions: ['acme:admin'] }]);
    expect(app.events.filter(({ kind }) => kind === 'grant.opened')).toEqual([]);
  });
});

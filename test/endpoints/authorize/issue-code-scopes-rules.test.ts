/** What the confirmation page says and keeps of the first approval, and when the consent page comes again instead. */
import { describe, expect, it } from 'vitest';
import type { Organization } from '../../../src/model/identity.ts';
import type { ConfirmView } from '../../../src/pages/confirm.ts';
import type { BrowserPage } from '../../../src/testing/browser.ts';
import { codeOf } from '../../../src/testing/oauth-client.ts';
import { ALICE, makeApp } from '../../support/app.ts';
import { atConsent, makeUpstreamApp, throughCorp } from '../../support/upstream-app.ts';

const [ACME, GLOBEX]: readonly [Organization, Organization] = [
  { id: 'acme', name: 'Acme' },
  { id: 'globex', name: 'Globex' },
];
const SCOPES = { scopesSupported: { read: 'Read your notes', write: 'Change your notes' } };
const sessionCookie = (page: BrowserPage): readonly string[] =>
  page.headers.getSetCookie().map((line) => line.split('=')[0] ?? '').filter((name) => name.includes('session')); // prettier-ignore

/** Options under which the views of confirmation pages are kept. */
function keepingViews() {
  const views: ConfirmView[] = [];
  return { views, pages: { templates: { confirm: (view: ConfirmView, ours: unknown) => (views.push(view), ours) } } as never };
}

describe('endpoints/authorize/issue-code: what the page shows', () => {
  it('names resource, remaining and dropped scopes, asks for no organization, and keeps whether to remember', async () => {
    const { views, pages } = keepingViews();
    const resources = { '/notes': { name: 'Team notes' } };
    const apiHandlers = { '/mcp': () => new Response('mcp'), '/notes': () => new Response('notes') };
    const app = await makeApp('memory', { ...SCOPES, pages, apiRoute: undefined, apiHandler: undefined, apiHandlers, resources, grantableScopes: () => ['read'] } as never); // prettier-ignore
    for (const [remember, resource] of [
      ['yes', 'https://mcp.example/notes'],
      [null, 'https://mcp.example/mcp'],
    ]) {
      const [client, browser] = [await app.client(), app.browser()];
      const page = await browser.get(await client.authorizeUrl({ resource: resource ?? null }));
      const left = await browser.submit(page, { decision: 'approve', remember: remember ?? null, ...ALICE });
      expect(sessionCookie(left)).toHaveLength(1);
      const shown = views.at(-1) as ConfirmView;
      expect([shown.scopes, shown.dropped].map((scopes) => scopes.map(({ name }) => name))).toEqual([['read'], ['write']]);
      expect([shown.organizations, shown.remember]).toEqual([[], remember === 'yes']);
      expect(shown.resourceName === 'Team notes').toBe(resource?.endsWith('/notes'));
      expect(shown.resourceName).not.toBe('');
    }
  });

  it('lists several organizations with the chosen one ticked, and one alone not', async () => {
    const { views, pages } = keepingViews();
    let organizations = [ACME, GLOBEX];
    const app = await makeUpstreamApp('memory', {
      login: { mapIdentity: () => ({ organizations }) },
      options: { ...SCOPES, pages, grantableScopes: () => ['read'] },
    });
    const at = await atConsent(app);
    const first = await throughCorp(app, at);
    expect(views.at(-1)?.organizations).toEqual([{ ...ACME, checked: false }, { ...GLOBEX, checked: false }]); // prettier-ignore
    expect(views.at(-1)?.dropped).toEqual([]);
    await at.browser.submit(first, { decision: 'approve', organization: 'globex', scope: ['read', 'write'] });
    expect(views.at(-1)?.organizations).toEqual([{ ...ACME, checked: false }, { ...GLOBEX, checked: true }]); // prettier-ignore
    expect(views.at(-1)?.dropped.map(({ name }) => name)).toEqual(['write']);
    organizations = [ACME];
    await throughCorp(app, await atConsent(app));
    expect(views.at(-1)?.organizations).toEqual([]);
  });

  it('sets no cookie again for a user whose session it is', async () => {
    const app = await makeApp('memory', { ...SCOPES, grantableScopes: () => ['read'] });
    const [client, browser] = [await app.client(), app.browser()];
    const left = await browser.submit(await browser.get(await client.authorizeUrl()), { decision: 'approve', ...ALICE });
    const again = await browser.submit(left, { decision: 'approve', scope: ['read', 'write'] });
    expect([again.text.includes('Allow only this?'), again.headers.getSetCookie()]).toEqual([true, []]);
  });
});

describe('endpoints/authorize/issue-code: what is left to grant', () => {
  it('grants a request for no scopes at all', async () => {
    const app = await makeApp('memory', { scopesSupported: {}, grantableScopes: () => [] });
    const [client, browser] = [await app.client(), app.browser()];
    const back = await browser.submit(await browser.get(await client.authorizeUrl()), { decision: 'approve', ...ALICE });
    expect(codeOf(back)).toMatch(/^code_/);
  });

  it('does not ask which scopes may be granted before the organization is chosen, and then asks with it', async () => {
    const asked: unknown[] = [];
    const app = await makeUpstreamApp('memory', {
      login: { mapIdentity: () => ({ organizations: [ACME, GLOBEX] }) },
      options: { ...SCOPES, grantableScopes: ({ organization }) => (asked.push(organization?.id), ['read', 'write']) },
    });
    const at = await atConsent(app);
    const page = await throughCorp(app, at);
    expect(asked).toEqual([]);
    codeOf(await at.browser.submit(page, { decision: 'approve', organization: 'acme' }));
    expect(new Set(asked)).toEqual(new Set(['acme']));
  });

  it('shows the consent page with its problem where a scope that every call needs cannot be granted, though another one can', async () => {
    const options = (includes: string[]) => ({
      scopesSupported: { read: 'Read your notes', write: { description: 'Change your notes', includes } },
      requiredScopes: ['read'],
      grantableScopes: () => ['write'],
    });
    const submit = async (includes: string[]): Promise<BrowserPage> => {
      const app = await makeApp('memory', options(includes));
      const [client, browser] = [await app.client(), app.browser()];
      const page = await browser.get(await client.authorizeUrl({ scope: 'read write' }));
      return browser.submit(page, { decision: 'approve', ...ALICE });
    };
    const refused = await submit([]);
    expect([refused.status, refused.text.includes('This account cannot allow'), sessionCookie(refused).length]).toEqual([403, true, 1]);
    expect((await submit(['read'])).status).toBe(303); // who may grant the wider scope may grant this one
  });
});

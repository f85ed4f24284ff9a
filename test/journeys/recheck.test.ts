/** Who may come in is asked again at each refresh, on every store of both runtimes. */
import { describe, expect, it } from 'vitest';
import { password } from '../../src/logins/password.ts';
import { upstream, type UpstreamOptions } from '../../src/logins/upstream.ts';
import { codeOf, type TestClient, tokensOf } from '../../src/testing/oauth-client.ts';
import { oidc } from '../../src/upstreams/oidc.ts';
import type { BrowserPage } from '../../src/testing/browser.ts';
import { type App, appOn, ISSUER, storeNames } from '../support/app.ts';
import { APP, atConsent, makeUpstreamApp, throughCorp, throughGitHub, type UpstreamApp } from '../support/upstream-app.ts';

interface In {
  readonly app: UpstreamApp;
  readonly client: TestClient;
  readonly refresh: string;
}

async function cameIn(app: UpstreamApp, way = throughCorp): Promise<In> {
  const at = await atConsent(app);
  const tokens = tokensOf(await at.client.redeem(codeOf(await way(app, at))));
  return { app, client: at.client, refresh: tokens.refresh };
}

/** The same server after a restart with other options of its login. */
async function restarted({ app, client, refresh }: In, login: UpstreamOptions, seconds = 60): Promise<number> {
  app.clock.pass(seconds);
  const corp = upstream(oidc({ ...APP, issuer: app.idp.issuer, id: 'corp', label: 'Corp', fetch: app.idp.fetch }), login);
  const next = await appOn(app.inner, app.clock, { logins: [corp], on: (event) => void app.events.push(event) });
  const fields = new URLSearchParams({ grant_type: 'refresh_token', client_id: client.id, refresh_token: refresh });
  return (await next.ask('POST', '/token', fields.toString(), { 'content-type': 'application/x-www-form-urlencoded' })).status;
}

const withdrawn = ({ app }: In): number =>
  app.events.filter((one) => one.kind === 'grant.ended' && one.reason === 'access_withdrawn').length;

describe.each(storeNames)('users of an upstream provider, checked again on %s', (store) => {
  it.each([
    ['taken off the list', { emails: ['uma@corp.example'] }, { emails: ['other@corp.example'] }],
    ['of another domain than is wanted', { emailDomains: ['corp.example'] }, { emailDomains: ['acme.example'] }],
    ['denied by the mapping now', {}, { mapIdentity: () => ({ deny: 'no' }) }],
    ['of no wanted organization', {}, { organizations: ['org_1'] }],
  ] as [string, UpstreamOptions, UpstreamOptions][])('ends the grant of a user who is %s (F-42)', async (_what, before, after) => {
    const kept = await cameIn(await makeUpstreamApp(store, { login: before }));
    expect(await restarted(kept, before)).toBe(200);
    const gone = await cameIn(kept.app);
    expect([await restarted(gone, after), withdrawn(gone)]).toEqual([400, 1]);
    expect(gone.app.events.findLast(({ kind }) => kind === 'request.refused')).toMatchObject({ reason: 'access_withdrawn' });
    expect(await restarted(gone, before)).toBe(400); // what ended stays ended
  }); // prettier-ignore

  it('opens no grant for the session of a user who may not come in any more, and ends it (F-42)', async () => {
    const listed = { emails: ['uma@corp.example'] };
    const app = await makeUpstreamApp(store, { login: listed });
    const withLogin = (login: UpstreamOptions | null): Promise<App> => {
      const corp = oidc({ ...APP, issuer: app.idp.issuer, id: 'corp', label: 'Corp', fetch: app.idp.fetch });
      return appOn(app.inner, app.clock, { logins: login === null ? [password()] : [upstream(corp, login)], on: (event) => void app.events.push(event) }); // prettier-ignore
    };
    for (const after of [{ emails: ['other@corp.example'] }, { mapIdentity: () => ({ deny: 'no' }) }, null]) {
      const at = await atConsent(app);
      tokensOf(await at.client.redeem(codeOf(await throughCorp(app, at))));
      const approveAt = async (server: App): Promise<BrowserPage> => {
        const browser = server.browser();
        for (const [name, value] of at.browser.cookies) browser.cookies.set(name, value);
        return browser.submit(await browser.get(await at.client.authorizeUrl()), { decision: 'approve' });
      };
      const failing = { mapIdentity: () => Promise.reject(new Error('the directory is down')) };
      for (const login of [listed, failing]) expect(codeOf(await approveAt(await withLogin(login)))).toMatch(/^code_/);
      const page = await approveAt(await withLogin(after));
      expect([page.location, page.status]).toEqual([null, 400]);
      expect(app.events.findLast(({ kind }) => kind === 'request.refused')).toMatchObject({ reason: 'access_withdrawn' });
      const shown = await at.browser.get(`${ISSUER}/account`);
      expect(shown.location).toContain('/login'); // the session has ended
    }
  });

  it('ends it where the login is gone, and keeps it where a mapping fails (F-42)', async () => {
    const kept = await cameIn(await makeUpstreamApp(store));
    const failing = { mapIdentity: () => Promise.reject(new Error('the directory is down')) };
    expect(await restarted(kept, failing)).toBe(200);
    const again = await cameIn(kept.app);
    const next = await appOn(kept.app.inner, kept.app.clock, { logins: [password()], on: (event) => void kept.app.events.push(event) });
    const fields = new URLSearchParams({ grant_type: 'refresh_token', client_id: again.client.id, refresh_token: again.refresh });
    const answer = await next.ask('POST', '/token', fields.toString(), { 'content-type': 'application/x-www-form-urlencoded' });
    expect([answer.status, withdrawn(again)]).toEqual([400, 1]);
  });

  it('asks GitHub with the kept token, once an hour: a definite no ends the grant, an outage keeps it (F-42)', async () => {
    const app = await makeUpstreamApp(store, { login: { keepTokens: true }, github: { organizations: ['acme'] } });
    app.gitHub.organizations = { acme: 'active' };
    const kept = await cameIn(app, throughGitHub);
    const first = tokensOf(await kept.client.refresh(kept.refresh));
    app.gitHub.organizations = {};
    app.clock.pass(1800);
    const second = tokensOf(await kept.client.refresh(first.refresh)); // it was not asked yet
    app.clock.pass(1900);
    app.gitHub.faults.set('/user/memberships/orgs/acme', { status: 503, body: {} });
    const third = tokensOf(await kept.client.refresh(second.refresh));
    app.gitHub.faults.clear();
    app.clock.pass(130);
    expect((await kept.client.refresh(third.refresh)).body['error']).toBe('invalid_grant');
    expect(withdrawn(kept)).toBe(1);
  });
});

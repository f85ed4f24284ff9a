/** Sign-in at another site, from the first click to a tool that knows who calls, on every store of both runtimes. */
import { describe, expect, it } from 'vitest';
import { codeOf, tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, ISSUER, storeNames } from '../support/app.ts';
import { atConsent, awayTo, callbackOf, makeUpstreamApp, throughCorp, throughGitHub } from '../support/upstream-app.ts';
import { expectPage, expectRedirect } from '../support/verdicts.ts';
import { password } from '../../src/logins/password.ts';
import { upstream } from '../../src/logins/upstream.ts';
import { github } from '../../src/upstreams/github.ts';

describe.each(storeNames)('sign-in at another site on %s', (store) => {
  it('leads from the consent page over an OpenID provider to a call with our own token (S-170, S-171, S-172)', async () => {
    const app = await makeUpstreamApp(store);
    const at = await atConsent(app);
    expect(at.page.text).toContain('Continue with Corp');
    expect(at.page.text).toContain('Continue with GitHub');
    expect(at.page.text).not.toContain('type="password"');
    const location = new URL(await awayTo('corp', at, { scope: ['read'] }));
    expect(Object.fromEntries(location.searchParams)).toMatchObject({
      response_type: 'code', client_id: 'portcullis', redirect_uri: callbackOf('corp'), scope: 'openid email profile', code_challenge_method: 'S256',
      nonce: expect.stringMatching(/^[\w-]{43}$/), state: expect.stringMatching(/^[\w-]{43}$/), code_challenge: expect.stringMatching(/^[\w-]{43}$/),
    }); // prettier-ignore
    const back = await at.browser.get(await app.idp.visit(location.href));
    expect([back.status, new URL(back.location ?? '').searchParams.get('state'), new URL(back.location ?? '').searchParams.getAll('iss')]).toEqual([
      303, 'st4te', [ISSUER],
    ]); // prettier-ignore
    const tokens = await at.client.redeem(codeOf(back));
    expect(tokens.body['scope']).toBe('read');
    const { access } = await app.call(tokensOf(tokens).access);
    expect(access?.userId).toMatch(/^[\w-]{22}$/);
    expect(access?.props).toEqual({
      claims: { sub: access?.userId, name: 'Uma Upstream', email: 'uma@corp.example', email_verified: true, idp: app.idp.issuer },
    });
    expect(app.idp.calls).toEqual(['discovery', 'token', 'jwks']);
  });

  it('leads over GitHub: numeric id, primary verified address, and the same user the next time', async () => {
    const app = await makeUpstreamApp(store);
    const userOf = async (): Promise<[string | undefined, unknown]> => {
      const at = await atConsent(app);
      const tokens = tokensOf(await at.client.redeem(codeOf(await throughGitHub(app, at))));
      const { access } = await app.call(tokens.access);
      return [access?.userId, access?.props];
    };
    const [first, props] = await userOf();
    expect(props).toMatchObject({
      claims: {
        name: 'The Octocat',
        preferred_username: 'octocat',
        email: 'octocat@corp.example',
        email_verified: true,
        idp: 'https://github.com',
      },
    });
    app.gitHub.user = { id: 583231, login: 'renamed', name: null };
    const [again, renamed] = await userOf();
    expect(again).toBe(first);
    expect(renamed).toMatchObject({ claims: { name: 'renamed' } });
    app.gitHub.user = { id: 999, login: 'octocat', name: 'Took the name' };
    expect((await userOf())[0]).not.toBe(first);
  });

  it('SEC-223 makes one code, one exchange and one grant of a callback that is delivered twice at once', async () => {
    const app = await makeUpstreamApp(store);
    const at = await atConsent(app);
    const url = await app.idp.visit(await awayTo('corp', at));
    const answers = await Promise.all([at.browser.get(url), at.browser.get(url), at.browser.get(url)]);
    expect(new Set(answers.map(codeOf)).size).toBe(1);
    expect(app.idp.calls.filter((name) => name === 'token')).toHaveLength(1);
    expect(app.events.filter(({ kind }) => kind === 'grant.opened')).toHaveLength(1);
  });

  it('SEC-223 completes one journey of two parallel yeses to one page: the last one', async () => {
    const app = await makeUpstreamApp(store);
    const at = await atConsent(app);
    const gone = await Promise.all([awayTo('corp', at), awayTo('github', at)]);
    const backs = [await app.idp.visit(gone[0]), await app.gitHub.visit(gone[1])];
    const answers = [];
    for (const url of backs) answers.push(await at.browser.get(url));
    expect(answers.filter(({ status }) => status === 303)).toHaveLength(1);
    expect(app.events.filter(({ kind }) => kind === 'grant.opened')).toHaveLength(1);
  });

  it('SEC-144 makes one user of two first sign-ins of one identity that come at once', async () => {
    const app = await makeUpstreamApp(store);
    const flows = await Promise.all([atConsent(app), atConsent(app), atConsent(app)]);
    const backs = await Promise.all(flows.map((at) => throughCorp(app, at)));
    const users = await Promise.all(
      backs.map(async (back, index) => (await app.call(tokensOf(await flows[index]!.client.redeem(codeOf(back))).access)).access?.userId),
    );
    expect(new Set(users).size).toBe(1);
  });

  it('SEC-128 keeps two tabs apart: both finish', async () => {
    const app = await makeUpstreamApp(store);
    const browser = app.browser();
    const [one, two] = [await atConsent(app, browser), await atConsent(app, browser)];
    const [first, second] = [await app.idp.visit(await awayTo('corp', one)), await app.gitHub.visit(await awayTo('github', two))];
    expect(codeOf(await browser.get(second))).toMatch(/^code_/);
    expect(codeOf(await browser.get(first))).toMatch(/^code_/);
  });

  it('SEC-136 fails closed where the callback of one browser is opened in another', async () => {
    const app = await makeUpstreamApp(store);
    const [attacker, victim] = [await atConsent(app), await atConsent(app)];
    const stolen = await app.idp.visit(await awayTo('corp', attacker));
    const calls = app.idp.calls.length;
    expectPage(await victim.browser.get(stolen), { status: 403 });
    expectPage(await app.browser().get(stolen), { status: 403 });
    expect([app.idp.calls.length, victim.browser.cookies.has('__Host-portcullis-session')]).toEqual([calls, false]);
    expect(codeOf(await attacker.browser.get(stolen))).toMatch(/^code_/); // and the one whose it is was not hindered
  });

  it('signs in by password or at another site on one page, and stays signed in for the next app', async () => {
    const app = await makeUpstreamApp(store);
    const mixed = await makeUpstreamApp(store, {
      options: {
        logins: [password(), upstream(github({ clientId: 'portcullis', clientSecret: 'upstream-client-secret', fetch: app.gitHub.fetch }))],
      },
    });
    const at = await atConsent(mixed);
    expect(at.page.text).toContain('type="password"');
    expect(codeOf(await at.browser.submit(at.page, { decision: 'approve', ...ALICE }))).toMatch(/^code_/);
    const other = await atConsent(mixed);
    expect(codeOf(await other.browser.get(await app.gitHub.visit(await awayTo('github', other))))).toMatch(/^code_/);
    const next = await atConsent(mixed, other.browser);
    expect(next.page.text).toContain('Signed in as');
    expect(next.page.text).toContain('The Octocat');
    expect(codeOf(await next.browser.submit(next.page, { decision: 'approve' }))).toMatch(/^code_/);
  });

  it('SEC-141 tells the client when the user said no at the provider, and copies none of its text', async () => {
    const app = await makeUpstreamApp(store);
    const at = await atConsent(app);
    const text = { error_description: '<script>alert(1)</script>\r\nLocation: https://evil.example' };
    const back = await throughCorp(app, at, { error: 'access_denied', parameters: text });
    expectRedirect(back, 'access_denied');
    expect(decodeURIComponent(back.location ?? '')).not.toMatch(/<script|evil/);
    expect(app.idp.calls).toEqual(['discovery']);
    expect((await at.browser.submit(at.page, { with: 'corp' })).location).toBe(back.location); // the request is over
  });
});

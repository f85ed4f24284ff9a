import { describe, expect, it } from 'vitest';
import { codeOf, tokensOf } from '../../../src/testing/oauth-client.ts';
import type { Fault } from '../../../src/testing/fake-parts.ts';
import { ISSUER } from '../../support/app.ts';
import {
  APP,
  atConsent,
  awayTo,
  callbackOf,
  makeUpstreamApp,
  throughCorp,
  throughGitHub,
  type UpstreamApp,
} from '../../support/upstream-app.ts';
import { soonOver } from '../../support/soon-over.ts';
import { expectNothingWritten, expectPage, expectRedirect } from '../../support/verdicts.ts';
import { upstream } from '../../../src/logins/upstream.ts';
import { oidc } from '../../../src/upstreams/oidc.ts';

const reasonsOf = (app: UpstreamApp): string[] => app.events.flatMap((event) => (event.kind === 'login.failed' ? [event.reason] : []));
const opened = (app: UpstreamApp): boolean => app.events.some(({ kind }) => kind === 'grant.opened' || kind === 'login.succeeded');

describe('endpoints/authorize/upstream-sign-in, callback: the returning browser', () => {
  it('SEC-138 S-171 makes no state before the yes: only the flow cookie and the pending authorization stand until then', async () => {
    const app = await makeUpstreamApp('memory');
    const before = app.counts.writes;
    const at = await atConsent(app);
    expect([...at.browser.cookies.keys()].map((name) => name.replace(/[\w-]{16}$/, '…'))).toEqual(['__Host-portcullis-flow-…']);
    expect(at.page.text).not.toContain('idp.example');
    expect(app.idp.calls).toEqual([]);
    expect(app.counts.writes - before).toBeLessThanOrEqual(5); // client, how many clients there are, two counts, pending
  });

  it('SEC-136 redirects no user to a provider by GET, and issues no code without a click, with any session open there', async () => {
    const app = await makeUpstreamApp('memory');
    const { client, browser } = await atConsent(app);
    for (const more of [
      { with: 'corp' },
      { decision: 'approve', with: 'corp' },
      { login: 'corp' },
      { prompt: 'none login' },
      { prompt: 'none' },
    ]) {
      const page = await browser.get(await client.authorizeUrl(more));
      if ('prompt' in more) expectRedirect(page, more.prompt === 'none' ? 'login_required' : 'invalid_request');
      else expect([page.status, page.location]).toEqual([200, null]);
    }
    expect(app.idp.calls).toEqual([]);
  });

  it.each(['missing', 'twice', 'empty', 'malformed', 'unknown'])(
    'SEC-139 shows a page for a state that is %s, and asks the provider nothing',
    async (kind) => {
      const app = await makeUpstreamApp('memory');
      const at = await atConsent(app);
      const good = new URL(await app.idp.visit(await awayTo('corp', at)));
      const state = good.searchParams.get('state') ?? '';
      if (kind === 'missing') good.searchParams.delete('state');
      if (kind === 'twice') good.searchParams.append('state', state);
      if (kind === 'empty') good.searchParams.set('state', '');
      if (kind === 'malformed') good.searchParams.set('state', `${state}<b>`);
      if (kind === 'unknown') good.searchParams.set('state', 'x'.repeat(43));
      const calls = app.idp.calls.length;
      expectPage(await expectNothingWritten(app, () => at.browser.get(good.href)), { never: ['<b>', state] });
      expect(app.idp.calls).toHaveLength(calls);
    },
  );

  it.each([{ 'sec-purpose': 'prefetch' }, { purpose: 'prefetch' }, { 'sec-purpose': 'prefetch;prerender' }] as Record<string, string>[])(
    'takes nothing where the browser only fetches ahead: %j (R-02)',
    async (headers) => {
      const app = await makeUpstreamApp('memory');
      const at = await atConsent(app);
      const url = await app.idp.visit(await awayTo('corp', at));
      const asked = app.idp.calls.length;
      const ahead = await expectNothingWritten(app, () => at.browser.get(url, headers));
      expect([ahead.status, ahead.headers.get('cache-control'), app.idp.calls.length]).toEqual([503, 'no-store', asked]);
      expect(codeOf(await at.browser.get(url))).toMatch(/^code_/);
    },
  );

  it('sends the same code to simultaneous returns, also with a slow provider (R-02, SEC-223)', async () => {
    const app = await makeUpstreamApp('memory');
    const at = await atConsent(app);
    const url = await app.idp.visit(await awayTo('corp', at));
    const { cookies } = at.browser;
    const again = { ...at.browser, cookies: new Map(cookies) };
    const answers = await Promise.all([at.browser.get(url), again.get(url), again.get(url)]);
    expect(new Set(answers.map(codeOf)).size).toBe(1);
    expect(app.idp.calls.filter((name) => name === 'token')).toHaveLength(1);
  });

  it('continues from the consent page if the first of two returns ended in a page (R-02)', async () => {
    const app = await makeUpstreamApp('memory', { login: { emailDomains: ['elsewhere.example'] } });
    const at = await atConsent(app);
    const url = await app.idp.visit(await awayTo('corp', at));
    expect((await at.browser.get(url)).status).toBe(403);
    const again = await at.browser.get(url);
    expect([again.status, again.text.includes('name="pending"')]).toEqual([200, true]);
    expectPage(await app.browser().get(url), { status: 403 });
    expect((await at.browser.submit(again, { decision: 'deny' })).location).toContain('error=access_denied');
  });

  it('SEC-139 takes a state once, and for ten minutes', async () => {
    const app = await makeUpstreamApp('memory');
    const used = await atConsent(app);
    const url = await app.idp.visit(await awayTo('corp', used));
    const code = codeOf(await used.browser.get(url));
    const asked = app.idp.calls.length;
    expect(codeOf(await used.browser.get(url))).toBe(code); // the same redirect again
    expectPage(await app.browser().get(url), { status: 400 });
    expect(app.idp.calls).toHaveLength(asked);
    const late = await atConsent(app);
    app.clock.pass(599);
    const far = await app.idp.visit(await awayTo('corp', late)); // the yes gives ten minutes more
    app.clock.pass(600);
    const calls = app.idp.calls.length;
    expectPage(await late.browser.get(far));
    expect(app.idp.calls).toHaveLength(calls);
  });

  it('SEC-139 SEC-156 takes no other cookie for the flow cookie', async () => {
    const app = await makeUpstreamApp('memory');
    const at = await atConsent(app);
    const url = await app.idp.visit(await awayTo('corp', at));
    const state = new URL(url).searchParams.get('state') ?? '';
    const name = [...at.browser.cookies.keys()].find((one) => one.includes('flow')) ?? '';
    for (const cookie of ['', state, 'x'.repeat(43), at.browser.cookies.get(name)?.slice(1) ?? '']) {
      const thief = app.browser();
      if (cookie !== '') thief.cookies.set(name, cookie);
      expectPage(await expectNothingWritten(app, () => thief.get(url)), { status: 403 });
    }
    const session = app.browser();
    session.cookies.set('__Host-portcullis-session', at.browser.cookies.get(name) ?? '');
    expect((await session.get(`${ISSUER}/login`)).text).not.toContain('You are signed in');
    expect(codeOf(await at.browser.get(url))).toMatch(/^code_/);
  });

  it('SEC-109 takes no state of one provider at the callback of another', async () => {
    const app = await makeUpstreamApp('memory');
    const at = await atConsent(app);
    const { search } = new URL(await app.idp.visit(await awayTo('corp', at)));
    expectPage(await expectNothingWritten(app, () => at.browser.get(callbackOf('github') + search)));
    expect(app.gitHub.calls).toEqual([]);
    expect(codeOf(await at.browser.get(callbackOf('corp') + search))).toMatch(/^code_/);
  });

  it('SEC-109 takes no state of a sign-in on the sign-in page at the callback of another provider', async () => {
    const app = await makeUpstreamApp('memory');
    const browser = app.browser();
    const away = (await browser.submit(await browser.get(`${ISSUER}/login`), { with: 'corp' })).location ?? '';
    const { search } = new URL(await app.idp.visit(away));
    expectPage(await expectNothingWritten(app, () => browser.get(callbackOf('github') + search)));
    expect([app.gitHub.calls, app.idp.calls.includes('token')]).toEqual([[], false]);
    expect((await browser.get(callbackOf('corp') + search)).status).toBe(303); // the same state, where it belongs
  });

  it.each([{ iss: 'https://evil.example' }, { iss: null }, { iss: 'https://idp.example/' }])(
    'SEC-109 asks for no token when the callback says %j',
    async (parameters) => {
      const app = await makeUpstreamApp('memory');
      expectPage(await throughCorp(app, await atConsent(app), { parameters }), { status: 502, never: ['evil.example'] });
      expect([app.idp.calls, opened(app)]).toEqual([['discovery'], false]);
    },
  );

  it('SEC-126 answers no other method than GET, and than POST with a form', async () => {
    const app = await makeUpstreamApp('memory');
    for (const method of ['HEAD', 'PUT']) expect((await app.ask(method, '/authorize/callback/corp')).status).toBe(405);
    expect((await app.ask('POST', '/authorize/callback/corp')).status).toBe(400);
    expect((await app.ask('GET', '/authorize/callback/unknown')).status).toBe(404);
  });

  it('completes nothing once the user said no on the page, or the client is gone', async () => {
    const app = await makeUpstreamApp('memory');
    const at = await atConsent(app);
    const url = await app.idp.visit(await awayTo('corp', at));
    expectRedirect(await at.browser.submit(at.page, { decision: 'deny' }), 'access_denied');
    expectPage(await at.browser.get(url));
    const other = await atConsent(app);
    const second = await app.idp.visit(await awayTo('corp', other));
    await app.store.remove(`client:${other.client.id}`);
    expectPage(await other.browser.get(second));
    expect(opened(app)).toBe(false);
  });

  it('goes by the last yes: what was unticked the second time is not granted', async () => {
    const app = await makeUpstreamApp('memory');
    const at = await atConsent(app);
    const first = await app.idp.visit(await awayTo('corp', at, { scope: ['read', 'write'] }));
    const second = await app.idp.visit(await awayTo('corp', at, { scope: ['read'] }));
    expectPage(await at.browser.get(first));
    expect((await at.client.redeem(codeOf(await at.browser.get(second)))).body['scope']).toBe('read');
  });
});

describe('endpoints/authorize/upstream-sign-in, callback: what comes back', () => {
  it.each([
    ['access_denied', 'access_denied'], ['temporarily_unavailable', 'temporarily_unavailable'], ['server_error', 'server_error'],
    ['invalid_scope', 'server_error'], ['login_required', 'server_error'], ['<img src=x>', 'server_error'],
  ])('SEC-141 tells the client of the error %s as %s', async (error, told) => {
    const app = await makeUpstreamApp('memory');
    const back = await throughCorp(app, await atConsent(app), { error, parameters: { error_description: 'secret detail\r\nSet-Cookie: a=b', error_uri: 'https://evil.example' } });
    expectRedirect(back, told);
    expect(back.location).not.toMatch(/secret|evil|img|%0D/i);
    expect(back.headers.getSetCookie().every((line) => line.startsWith('__Host-portcullis-flow-'))).toBe(true);
    expect(opened(app)).toBe(false);
  }); // prettier-ignore

  const faults: readonly (readonly [string, Fault, number, string])[] = [
    ['is down', 'down', 503, 'network'],
    ['is not responding', 'hangs', 503, 'deadline'],
    ['breaks off', 'cut', 503, 'network'],
    ['says 500', { status: 500 }, 503, 'status_500'],
    ['says 429', { status: 429, headers: { 'retry-after': '30' } }, 503, 'status_429'],
    ['shows a web page', 'html', 502, 'token_answer_not_json'],
    ['sends 10 MB', 'huge', 502, 'answer_too_large'],
    ['says an error with 200', { status: 200, body: { error: 'bad_verification_code' } }, 502, 'token_bad_verification_code'],
    ['says an error of its own', { status: 400, body: { error: 'x'.repeat(999) } }, 502, 'token_other'],
    ['does not know our secret', { status: 401, body: { error: 'invalid_client' } }, 502, 'token_invalid_client'],
    ['leaves out the token', { status: 200, body: { token_type: 'Bearer' } }, 502, 'oauth_invalid_response'],
    ['leaves out the type and the ID token', { status: 200, body: { access_token: 'a' } }, 502, 'oauth_invalid_response'],
    ['gives a token of an odd type', { status: 200, body: { access_token: 'a', token_type: 'mac' } }, 502, 'oauth_unsupported'],
    ['leaves out the ID token', { status: 200, body: { access_token: 'a', token_type: 'bearer' } }, 502, 'oauth_invalid_response'],
    ['answers a list', { status: 200, body: ['access_token'] }, 502, 'oauth_invalid_response'],
    ['redirects', { status: 302, headers: { location: 'https://evil.example' } }, 502, 'oauth_response_is_not_conform'],
  ];
  it.each(faults)('SEC-142 FLT-17 shows the page again, with advice, when the token endpoint %s', async (_what, fault, status, reason) => {
    const app = await makeUpstreamApp('memory', { oidc: { timeout: 60 } });
    const at = await atConsent(app);
    app.idp.faults.set('token', fault);
    const sent = await awayTo('corp', at);
    const back = await app.idp.visit(sent);
    const come = () => at.browser.get(back);
    const { result: page, deadlines } = fault === 'hangs' ? await soonOver(come) : { result: await come(), deadlines: [60_000] };
    expect(deadlines).toEqual([60_000]);
    expectPage(page, { status, never: ['evil.example', 'xxxx'] });
    expect(page.text).toContain('role="alert"');
    expect([reasonsOf(app), opened(app)]).toEqual([[reason], false]);
    if (reason === 'status_429') expect(page.headers.get('retry-after')).toBe('30');
    app.idp.faults.clear(); // and when it is back, the same page leads on
    expect(codeOf(await throughCorp(app, { ...at, page }))).toMatch(/^code_/);
  });

  it.each([
    ['discovery', 'down', 503], ['discovery', 'html', 502], ['discovery', 'hangs', 503], ['jwks', 'down', 503], ['jwks', 'huge', 502], ['jwks', 'html', 502],
  ] as const)('SEC-142 SEC-148 shows a page when %s is %s, and works again afterwards', async (endpoint, fault, status) => {
    const app = await makeUpstreamApp('memory', { oidc: { timeout: 60 } });
    const at = await atConsent(app);
    app.idp.faults.set(endpoint, fault);
    const go = () => (endpoint === 'discovery' ? at.browser.submit(at.page, { with: 'corp' }) : throughCorp(app, at));
    const page = fault === 'hangs' ? (await soonOver(go)).result : await go();
    expectPage(page, { status });
    expect(opened(app)).toBe(false);
    app.idp.faults.clear();
    expect(codeOf(await throughCorp(app, { ...at, page }))).toMatch(/^code_/);
  }); // prettier-ignore

  it('answers GitHub’s own failures the same way: a reused code, a user that cannot be read, a page for an answer', async () => {
    const app = await makeUpstreamApp('memory');
    const at = await atConsent(app);
    expectPage(await throughGitHub(app, at, { parameters: { code: 'made-up' } }), { status: 502 });
    app.gitHub.faults.set('/user', { status: 401, body: { message: 'Bad credentials' } });
    expectPage(await throughGitHub(app, at), { status: 502 });
    app.gitHub.faults.set('/user', 'html');
    expectPage(await throughGitHub(app, at), { status: 502 });
    expect([reasonsOf(app), opened(app)]).toEqual([['token_bad_verification_code', 'user_status_401', 'id_missing'], false]);
  });

  it('SEC-147 SEC-116 S-174 stores the provider’s tokens in no props, page, cookie, event or record, and accepts none as its own', async () => {
    const written: string[] = [];
    const app = await makeUpstreamApp('memory');
    const write = app.store.write.bind(app.store);
    Object.assign(app.store, { write: (...args: Parameters<typeof write>) => (written.push(JSON.stringify(args)), write(...args)) });
    const at = await atConsent(app);
    const location = await awayTo('corp', at);
    const back = await at.browser.get(await app.idp.visit(location));
    const tokens = tokensOf(await at.client.redeem(codeOf(back)));
    const { access } = await app.call(tokens.access);
    const seen = JSON.stringify([written, access, back.location, [...back.headers], [...at.browser.cookies], app.events]);
    for (const secret of ['upstream-access-token', 'upstream-refresh-token', 'upstream-client-secret', 'upstream-code'])
      expect(seen).not.toContain(secret);
    const state = new URL(location).searchParams.get('state') ?? '';
    expect(written.join()).not.toContain(state);
    for (const foreign of ['upstream-access-token', 'upstream-refresh-token']) expect((await app.call(foreign)).status).toBe(401);
  });

  it('SEC-144 makes two users of one subject at two issuers, and of one address at two providers', async () => {
    const app = await makeUpstreamApp('memory');
    app.idp.user = { sub: '583231', email: 'octocat@corp.example', email_verified: true };
    const users = [];
    for (const through of [throughCorp, throughGitHub]) {
      const at = await atConsent(app);
      users.push((await app.call(tokensOf(await at.client.redeem(codeOf(await through(app, at)))).access)).access?.userId);
    }
    expect(new Set(users).size).toBe(2);
    expect(users).not.toContain(app.aliceId);
  });

  it('takes secrets from the environment, and says which is missing there', async () => {
    const app = await makeUpstreamApp('memory');
    const fromEnv = oidc({
      issuer: app.idp.issuer,
      id: 'corp',
      fetch: app.idp.fetch,
      clientId: (env) => (env as { ID: string }).ID,
      clientSecret: APP.clientSecret,
    });
    const other = await makeUpstreamApp('memory', { options: { logins: [upstream(fromEnv)] } });
    const at = await atConsent(other);
    expectPage(await at.browser.submit(at.page, { with: 'corp' }), { status: 500 });
    expect(String(other.events.find(({ kind }) => kind === 'request.failed')?.['error' as never])).toContain(
      'corp: `clientId` has no value in the environment.',
    );
    Object.assign(other.env, { ID: 'portcullis' });
    expect(codeOf(await at.browser.get(await app.idp.visit(await awayTo('corp', at))))).toMatch(/^code_/);
  });
});

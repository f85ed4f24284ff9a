/** Consent and the way to another site for an application with pages of its own, on every store of both runtimes. */
import { describe, expect, it } from 'vitest';
import type { Client } from '../../src/model/client.ts';
import type { Handler } from '../../src/model/context.ts';
import { AuthorizationError, authorizationErrorRedirect, type AuthRequest } from '../../src/provider/auth-request.ts';
import type { OAuthHelpers } from '../../src/provider/helpers.ts';
import { registerClient, tokensOf, type TestClient } from '../../src/testing/oauth-client.ts';
import { type App, ISSUER, makeApp, storeNames } from '../support/app.ts';

const CALLBACK = 'https://app.example/callback';
const SELF = { origin: ISSUER, 'sec-fetch-site': 'same-origin' };

interface Own {
  readonly app: App;
  readonly oauth: OAuthHelpers;
  readonly client: TestClient;
  readonly asked: AuthRequest;
  readonly parse: (changes?: Record<string, string | null>) => Promise<AuthRequest>;
}

async function own(store: string, requiredScopes: readonly string[] = []): Promise<Own> {
  const defaultHandler: Handler = () => new Response('own');
  const app = await makeApp(store, { logins: [], defaultHandler, scopesSupported: ['read', 'write'], requiredScopes });
  const client = await registerClient({ send: app.send, issuer: ISSUER, redirectUri: CALLBACK });
  const oauth = app.provider.helpers(app.env);
  const parse: Own['parse'] = async (changes) => oauth.parseAuthRequest(new Request(await client.authorizeUrl(changes)));
  return { app, oauth, client, parse, asked: await parse() };
}

/** The cookies that a browser would send after these headers. */
const cookiesOf = (...all: readonly Headers[]): string =>
  all
    .flatMap((headers) =>
      headers
        .getSetCookie()
        .filter((line) => !line.includes('Max-Age=0'))
        .map((line) => line.split(';')[0]),
    )
    .join('; ');
const post = (cookie: string, headers: Record<string, string> = SELF): Request =>
  new Request(`${ISSUER}/authorize`, { method: 'POST', headers: { ...headers, ...(cookie === '' ? {} : { cookie }) } });
const back = (state: string, cookie: string): Request => new Request(`${ISSUER}/callback?state=${state}&code=c`, { headers: { cookie } });
const refused = async (verb: Promise<unknown>): Promise<string> =>
  verb.then(
    () => 'let through',
    (error: unknown) => (error instanceof AuthorizationError ? error.code : Promise.reject(error)),
  );

describe('sign-ins that one network begins', () => {
  it('are limited, and one too many leaves nothing', async () => {
    const { app, oauth, asked } = await own('memory');
    const pendings = async () => ((await app.inner.all?.())?.records ?? []).filter(({ key }) => key.startsWith('pending:')).length;
    for (let at = 0; at < 300; at++) await oauth.beginConsent(asked);
    const before = await pendings();
    await expect(oauth.beginConsent(asked)).rejects.toThrow('Too many sign-ins from this network. Try again in 600 seconds.');
    expect(await pendings()).toBe(before);
  });
});

describe('unknownScopes', () => {
  it("are granted as they were asked for where the application's own page decides, and to no one else (W-10)", async () => {
    const own = { logins: [], defaultHandler: (): Response => new Response('own'), scopesSupported: ['read'] };
    for (const [unknownScopes, wanted] of [
      ['grant', ['mail:send', 'read']],
      ['ignore', ['read']],
    ] as const) {
      const app = await makeApp('memory', { ...own, unknownScopes });
      const client = await registerClient({ send: app.send, issuer: ISSUER, redirectUri: CALLBACK });
      const oauth = app.provider.helpers(app.env);
      const request = await oauth.parseAuthRequest(new Request(await client.authorizeUrl({ scope: 'mail:send read' })));
      expect(request.scope).toEqual(wanted);
      const { redirectTo } = await oauth.completeAuthorization({ request, userId: 'u', scope: request.scope, props: {} });
      const tokens = await client.redeem(new URL(redirectTo).searchParams.get('code') ?? '');
      expect(tokens.body['scope']).toBe(wanted.join(' '));
    }
    const app = await makeApp('memory', { ...own, unknownScopes: 'grant' });
    const client = await registerClient({ send: app.send, issuer: ISSUER, redirectUri: CALLBACK });
    const plain = await app.provider.helpers(app.env).parseAuthRequest(new Request(await client.authorizeUrl({ scope: null })));
    expect(plain.scope).toEqual(['read']);
    await expect(makeApp('memory', { unknownScopes: 'grant' })).rejects.toThrow('`unknownScopes` cannot be "grant" with `logins`');
  });
});

describe.each(storeNames)('provider/own-pages on %s', (store) => {
  it('leads from the question over another site to tokens', async () => {
    const { oauth, client, asked } = await own(store);
    expect(await oauth.describeConsent(asked)).toMatchObject({
      clientName: 'Test client', clientIsKnown: false, redirectHost: 'app.example', redirectIsLoopback: false, scope: [{ name: 'read' }, { name: 'write' }],
    }); // prettier-ignore
    const { handle: id, headers } = await oauth.beginConsent(asked);
    expect([headers.get('x-frame-options'), headers.get('content-security-policy'), headers.get('cache-control')]).toEqual([
      'DENY', "frame-ancestors 'none'", 'no-store, private',
    ]); // prettier-ignore
    const approved = await oauth.approveConsent(post(cookiesOf(headers)), id, { scope: ['read', 'admin'] });
    expect(approved.request).toEqual({ ...asked, scope: ['read'] }); // SEC-127: never more than was asked for
    const away = await oauth.beginUpstream(approved.request, { data: { verifier: 'v' }, headers: approved.headers });
    const came = await oauth.finishUpstream<{ verifier: string }>(back(away.state, cookiesOf(away.headers)));
    expect([came.data, came.request]).toEqual([{ verifier: 'v' }, approved.request]);
    expect(came.headers.getSetCookie()[0]).toContain('Max-Age=0');
    const { redirectTo } = await oauth.completeAuthorization({ request: came.request, userId: 'u', scope: came.request.scope, props: {} });
    const tokens = await client.redeem(new URL(redirectTo).searchParams.get('code') ?? '');
    expect([tokensOf(tokens).access !== '', tokens.body['scope']]).toEqual([true, 'read']);
  });

  it('reads the client of a request anew for a copy, for another id in it, and after some seconds', async () => {
    const { app, oauth, client, parse } = await own(store);
    const asked = await parse();
    await oauth.clients.delete(client.id);
    expect((await oauth.describeConsent(asked)).clientId).toBe(client.id); // read a moment ago
    expect(await refused(oauth.describeConsent({ ...asked }))).toBe('invalid_client');
    const complete = (request: AuthRequest): Promise<string> =>
      refused(oauth.completeAuthorization({ request, userId: 'u', scope: request.scope, props: {} }));
    expect(await complete(asked)).toBe('invalid_client'); // looked at after the grant was stored
    expect((await oauth.listUserGrants('u')).grants).toEqual([]);
    app.clock.pass(6);
    expect(await refused(oauth.describeConsent(asked))).toBe('invalid_client');
    const other = await registerClient({ send: app.send, issuer: ISSUER, redirectUri: 'https://other.example/callback' });
    const changed = await oauth.parseAuthRequest(new Request(await other.authorizeUrl()));
    Object.assign(changed, { clientId: client.id });
    expect(await refused(oauth.describeConsent(changed))).toBe('invalid_client');
  });

  it('keeps required scopes, for any selection (R-04)', async () => {
    const { oauth, parse } = await own(store, ['read']);
    const asked = await parse({ scope: 'write' });
    const { handle: id, headers } = await oauth.beginConsent(asked);
    const { request } = await oauth.approveConsent(post(cookiesOf(headers)), id, { scope: ['write'] });
    expect(request.scope).toEqual(['read', 'write']);
  });

  it('SEC-124 SEC-128 takes one answer, from the browser that was asked, within ten minutes', async () => {
    const { app, oauth, asked } = await own(store);
    const [mine, other] = [await oauth.beginConsent(asked), await oauth.beginConsent(asked)];
    const cookie = cookiesOf(mine.headers);
    expect(await refused(oauth.approveConsent(post(''), mine.handle))).toBe('access_denied');
    expect(await refused(oauth.approveConsent(post(cookie), other.handle))).toBe('access_denied');
    expect(await refused(oauth.approveConsent(post(cookie), 'made up'))).toBe('invalid_request');
    const all = await Promise.all([1, 2, 3, 4].map(() => refused(oauth.approveConsent(post(cookie), mine.handle))));
    expect(all.toSorted()).toEqual(['invalid_request', 'invalid_request', 'invalid_request', 'let through']);
    app.clock.pass(601);
    expect(await refused(oauth.approveConsent(post(cookiesOf(other.headers)), other.handle))).toBe('invalid_request');
  });

  it('SEC-125 SEC-126 takes no answer from another site, nor by GET', async () => {
    const { oauth, asked } = await own(store);
    const { handle: id, headers } = await oauth.beginConsent(asked);
    const cookie = cookiesOf(headers);
    for (const from of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }, { origin: 'null' }] as Record<
      string,
      string
    >[])
      expect(await refused(oauth.approveConsent(post(cookie, from), id))).toBe('access_denied');
    expect(await refused(oauth.approveConsent(new Request(`${ISSUER}/authorize`, { headers: { ...SELF, cookie } }), id))).toBe(
      'invalid_request',
    );
    expect(await refused(oauth.approveConsent(post(cookie), id))).toBe('let through');
  });

  it('SEC-132 tells the client of a denial, once, with the text of the application', async () => {
    const { oauth, asked } = await own(store);
    const { handle: id, headers } = await oauth.beginConsent(asked);
    const denied = await oauth.denyConsent(post(cookiesOf(headers)), id, { description: 'Not now\r\n“please”' });
    const { searchParams } = new URL(denied.redirectTo);
    expect(Object.fromEntries(searchParams)).toEqual({
      error: 'access_denied',
      error_description: 'Not nowplease',
      state: 'st4te',
      iss: ISSUER,
    });
    expect(denied.headers.get('location')).toBe(denied.redirectTo);
    expect(await refused(oauth.approveConsent(post(cookiesOf(headers)), id))).toBe('invalid_request');
  });

  it('SEC-136 SEC-138 has no state before the yes, and fails closed where a callback is opened in another browser', async () => {
    const { oauth, asked } = await own(store);
    const { handle: id, headers } = await oauth.beginConsent(asked);
    expect(headers.getSetCookie()).toHaveLength(1);
    const approved = await oauth.approveConsent(post(cookiesOf(headers)), id);
    const [mine, other] = [await oauth.beginUpstream(approved.request), await oauth.beginUpstream(asked)];
    expect(await refused(oauth.finishUpstream(back(mine.state, cookiesOf(other.headers))))).toBe('access_denied');
    expect(await refused(oauth.finishUpstream(back(mine.state, '')))).toBe('access_denied');
    expect(await refused(oauth.finishUpstream(new Request(`${ISSUER}/callback?code=c`)))).toBe('invalid_request');
    const cookie = cookiesOf(mine.headers, other.headers); // two tabs of one browser
    const all = await Promise.all([1, 2, 3].map(() => refused(oauth.finishUpstream(back(mine.state, cookie)))));
    expect(all.toSorted()).toEqual(['invalid_request', 'invalid_request', 'let through']);
    expect(await refused(oauth.finishUpstream(back(other.state, cookie)))).toBe('let through');
  });

  it('SEC-133 SEC-134 remembers for this user, client, redirect and scopes, until it is forgotten', async () => {
    const { app, oauth, client, parse, asked } = await own(store);
    const opened = (site = 'none'): Request => new Request(`${ISSUER}/authorize`, { headers: { 'sec-fetch-site': site } });
    const subject = 'u-1';
    expect(await oauth.isConsentRemembered(opened(), asked, { subject })).toBe(false);
    const { handle: id, headers } = await oauth.beginConsent(asked);
    await oauth.approveConsent(post(cookiesOf(headers)), id, { scope: ['read'], remember: { subject } });
    const read = await parse({ scope: 'read' });
    expect(await oauth.isConsentRemembered(opened(), read, { subject })).toBe(true);
    expect(await oauth.isConsentRemembered(opened(), asked, { subject })).toBe(false);
    expect(await oauth.isConsentRemembered(opened(), read, { subject: 'u-2' })).toBe(false);
    expect(await oauth.isConsentRemembered(opened('cross-site'), read, { subject })).toBe(false);
    expect(await oauth.isConsentRemembered(opened(), await parse({ scope: 'read', prompt: 'consent' }), { subject })).toBe(false);
    const { value } = (await app.store.read(`client:${client.id}`)) ?? {};
    await app.store.write(`client:${client.id}`, { ...(value as Client), name: 'Other' }, 'any');
    expect(await oauth.isConsentRemembered(opened(), read, { subject })).toBe(false); // SEC-097
    await app.store.write(`client:${client.id}`, value as Client, 'any');
    await oauth.forgetConsents(subject, client.id);
    expect(await oauth.isConsentRemembered(opened(), read, { subject })).toBe(false);
  });

  it('SEC-001 opens nothing for a request that was changed on its way through the application', async () => {
    const { oauth, asked } = await own(store);
    for (const change of [{ redirectUri: 'https://evil.example/cb' }, { clientId: 'nobody' }, { resource: 'https://evil.example' }]) {
      expect(await refused(oauth.beginConsent({ ...asked, ...change }))).not.toBe('let through');
      expect(await refused(oauth.beginUpstream({ ...asked, ...change }))).not.toBe('let through');
      expect(await refused(oauth.describeConsent({ ...asked, ...change }))).not.toBe('let through');
    }
    expect(() => authorizationErrorRedirect({ ...asked, redirectUri: 'javascript:alert(1)' }, 'access_denied')).toThrow(AuthorizationError);
  });

  it.each([
    ['remember.subject empty', { remember: { subject: '' } }], ['remember.subject null', { remember: { subject: null } }],
    ['remember null', { remember: null }], ['scope null', { scope: null }], ['scope a text', { scope: 'read' }], ['options null', null],
  ] as [string, never][])('approveConsent says what to pass instead of %s, and takes nothing (F-43)', async (_what, options) => {
    const { oauth, asked } = await own(store);
    const { handle: id, headers } = await oauth.beginConsent(asked);
    const form = post(cookiesOf(headers));
    await expect(oauth.approveConsent(form, id, options)).rejects.toThrow(TypeError);
    expect((await oauth.approveConsent(form, id)).request.scope).toEqual(asked.scope);
  }); // prettier-ignore

  it('the other helpers say what to pass instead of nothing, too (F-43)', async () => {
    const { app, oauth, asked } = await own(store);
    const opened = new Request(`${ISSUER}/authorize`, { headers: { 'sec-fetch-site': 'none' } });
    const nothing = null as never;
    const done = { request: asked, userId: 'u', scope: ['read'], props: {} };
    const before = app.counts.writes;
    for (const wrong of [
      () => oauth.isConsentRemembered(opened, asked, { subject: '' }), () => oauth.isConsentRemembered(opened, asked, nothing),
      () => oauth.isConsentRemembered(opened, nothing, { subject: 'u' }), () => oauth.isConsentRemembered(nothing, asked, { subject: 'u' }),
      () => oauth.forgetConsents(''), () => oauth.forgetConsents(nothing), () => oauth.forgetConsents('u', ''), () => oauth.forgetConsents('u', nothing),
      () => oauth.beginConsent(nothing), () => oauth.beginConsent({} as never), () => oauth.describeConsent(nothing), () => oauth.beginUpstream(nothing),
      () => oauth.approveConsent(post(''), nothing), () => oauth.approveConsent(post(''), ''), () => oauth.approveConsent(nothing, 'x'),
      () => oauth.denyConsent(post(''), nothing), () => oauth.finishUpstream(nothing), () => oauth.parseAuthRequest(nothing),
      () => oauth.completeAuthorization({ ...done, userId: '' }), () => oauth.completeAuthorization({ ...done, userId: nothing }),
      () => oauth.completeAuthorization({ ...done, scope: nothing }), () => oauth.completeAuthorization({ ...done, request: nothing }),
    ])
      await expect(wrong()).rejects.toThrow(/: `|pass the/);
    expect(app.counts.writes).toBe(before);
  }); // prettier-ignore

  it('begins no upstream redirect for a request that no user has approved (F-44)', async () => {
    const { app, oauth, asked, parse } = await own(store);
    await expect(oauth.beginUpstream(asked)).rejects.toThrow(/no one has approved/);
    const { handle: id, headers } = await oauth.beginConsent(asked);
    await expect(oauth.beginUpstream(asked)).rejects.toThrow(TypeError);
    const approved = await oauth.approveConsent(post(cookiesOf(headers)), id, { scope: ['read'], remember: { subject: 'u' } });
    const kept = JSON.parse(JSON.stringify(approved.request)) as AuthRequest; // it may have been in a form meanwhile
    for (const change of [{ scope: ['read', 'write'] }, { state: 'other' }, { codeChallenge: 'x'.repeat(43) }])
      await expect(oauth.beginUpstream({ ...kept, ...change })).rejects.toThrow(TypeError);
    expect((await oauth.beginUpstream(kept)).state).toHaveLength(43);
    const again = await parse({ scope: 'read', state: 'again' });
    const opened = new Request(`${ISSUER}/authorize`, { headers: { 'sec-fetch-site': 'none' } });
    expect(await oauth.isConsentRemembered(opened, again, { subject: 'u' })).toBe(true);
    expect((await oauth.beginUpstream(again)).state).toHaveLength(43); // the person wanted to be asked no more
    app.clock.pass(601);
    await expect(oauth.beginUpstream(kept)).rejects.toThrow(TypeError);
  });

  it('returns a link, but no redirect, for errors of self-registered clients (F-38)', async () => {
    const { app, oauth, client, parse } = await own(store);
    for (const changes of [
      { response_type: 'token' },
      { prompt: 'none login' },
      { code_challenge: null },
      { resource: 'https://x.example' },
    ]) {
      const error = (await parse(changes as Record<string, string | null>).catch((one: unknown) => one)) as AuthorizationError;
      expect(error).toBeInstanceOf(AuthorizationError);
      expect([error.redirectTo, error.backTo?.startsWith(`${CALLBACK}?error=`)]).toEqual([undefined, true]);
    }
    const silent = await parse({ prompt: 'none' });
    expect(() => authorizationErrorRedirect(silent, 'login_required')).toThrow(
      expect.objectContaining({ backTo: expect.stringContaining('login_required') }),
    );
    expect(authorizationErrorRedirect(silent, 'consent_required')).toContain('consent_required'); // someone is signed in
    const { value } = (await app.store.read(`client:${client.id}`)) ?? {};
    await app.store.write(`client:${client.id}`, { ...(value as Client), entered: true }, 'any');
    expect(authorizationErrorRedirect(await parse({ prompt: 'none' }), 'login_required')).toContain(`${CALLBACK}?error=login_required`);
    await expect(parse({ response_type: 'token' })).rejects.toMatchObject({ redirectTo: expect.stringContaining(CALLBACK) });
    const ahead = new Request(await client.authorizeUrl(), { headers: { 'sec-purpose': 'prefetch' } });
    await expect(oauth.parseAuthRequest(ahead)).rejects.toBeInstanceOf(AuthorizationError);
  });

  it('ignores a prefetched return, and accepts the one that the user opens (R-02)', async () => {
    const { oauth, asked } = await own(store);
    const { handle: id, headers } = await oauth.beginConsent(asked);
    const approved = await oauth.approveConsent(post(cookiesOf(headers)), id);
    const away = await oauth.beginUpstream(approved.request);
    const home = back(away.state, cookiesOf(away.headers));
    const ahead = new Request(home, { headers: { ...Object.fromEntries(home.headers), purpose: 'prefetch' } });
    expect(await refused(oauth.finishUpstream(ahead))).toBe('temporarily_unavailable');
    expect(await refused(oauth.finishUpstream(home))).toBe('let through');
  });
});

/** Scopes at every endpoint that takes them: what is harmless is understood, what was granted is never widened, and a client is told what it got. */
import { describe, expect, it } from 'vitest';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import { codeOf, type JsonAnswer, tokensOf } from '../../src/testing/oauth-client.ts';
import { ALICE, type App, ISSUER, makeApp, RESOURCE, storeNames } from '../support/app.ts';
import { answerOf, expectJson, expectNothingWritten, expectRedirect } from '../support/verdicts.ts';

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
const post = async (app: App, path: string, fields: Record<string, string>): Promise<JsonAnswer> =>
  answerOf(await app.ask('POST', path, new URLSearchParams(fields)));
const json = async (app: App, path: string): Promise<Record<string, unknown>> =>
  (await (await app.ask('GET', path)).json()) as Record<string, unknown>;

/** A person says yes to what a client asks for, or to what is ticked of it; the client redeems with the same text. */
async function granted(app: App, scope: string | null, ticked?: readonly string[]) {
  const [client, browser] = [await app.client(), app.browser()];
  const page = await browser.get(await client.authorizeUrl({ scope }));
  const back = await browser.submit(page, { decision: 'approve', ...ALICE, ...(ticked ? { scope: [...ticked] } : {}) });
  const answer = await client.redeem(codeOf(back), scope === null ? {} : { scope });
  return { client, browser, page, answer, ...tokensOf(answer) };
}

describe.each(storeNames)('scopes on %s', (store) => {
  it('that every call needs stay in a token that is narrowed to others (R-04)', async () => {
    const app = await makeApp(store, { requiredScopes: ['read'] });
    const { client, answer, access, refresh } = await granted(app, 'write');
    expect([answer.body['scope'], (await app.call(access)).status]).toEqual(['read write', 200]);
    const next = await client.refresh(refresh, { scope: 'write' });
    expect([next.body['scope'], (await app.call(tokensOf(next).access)).status]).toEqual(['read write', 200]);
    const less = await client.refresh(tokensOf(next).refresh, { scope: 'read' });
    expect([less.body['scope'], (await app.call(tokensOf(less).access)).status]).toEqual(['read', 200]);
  });

  it('that are unknown are ignored at the token endpoint, as at the authorization endpoint (R-05)', async () => {
    const app = await makeApp(store);
    const scope = 'openid read offline_access profile';
    const { client, answer, refresh } = await granted(app, scope);
    expect(answer.body['scope']).toBe('read offline_access');
    const next = await client.refresh(refresh, { scope });
    expect([next.status, next.body['scope']]).toEqual([200, 'read offline_access']);
  });

  it('that the person did not give are left out, and the client is told; where nothing is left, nothing is spent (R-05)', async () => {
    const app = await makeApp(store);
    const { client, answer, refresh } = await granted(app, 'read write', ['read']);
    expect(answer.body['scope']).toBe('read');
    const next = await client.refresh(refresh, { scope: 'read write' });
    expect([next.status, next.body['scope']]).toEqual([200, 'read']);
    const live = tokensOf(next).refresh;
    for (const scope of ['write', 'write openid', 'openid'])
      expectJson(await expectNothingWritten(app, () => client.refresh(live, { scope })), 'invalid_scope');
    expect((await app.call(tokensOf(await client.refresh(live)).access)).access?.scope).toEqual(['read']);
  });

  it('that are unknown are refused everywhere with `unknownScopes: refuse` (R-05)', async () => {
    const app = await makeApp(store, { unknownScopes: 'refuse' });
    const { client, refresh } = await granted(app, 'read offline_access');
    expectJson(await expectNothingWritten(app, () => client.refresh(refresh, { scope: 'read openid' })), 'invalid_scope');
    expect((await client.refresh(refresh, { scope: 'read offline_access' })).body['scope']).toBe('read offline_access');
    expectRedirect(await app.browser().get(await client.authorizeUrl({ scope: 'openid' })), 'invalid_scope');
  });

  it('`offline_access` is granted on request, without a checkbox, and is neither a default nor a scope of a resource (R-06)', async () => {
    const listed: Partial<OAuthProviderOptions>['scopesSupported'] = {
      read: 'Read your notes',
      write: 'Change your notes',
      offline_access: 'Stay',
    };
    for (const more of [{}, { scopesSupported: listed, requiredScopes: ['read', 'offline_access'] }]) {
      const app = await makeApp(store, more);
      expect((await json(app, '/.well-known/oauth-authorization-server'))['scopes_supported']).toEqual(['read', 'write', 'offline_access']);
      expect(JSON.stringify(await json(app, '/.well-known/oauth-protected-resource/mcp'))).not.toContain('offline_access');
      expect((await app.ask('POST', '/mcp', '{}')).headers.get('www-authenticate')).not.toContain('offline_access');
      const asked = await granted(app, 'write offline_access');
      expect(asked.page.text).not.toMatch(/offline_access|Stay</);
      expect(String(asked.answer.body['scope']).split(' ')).toEqual(expect.arrayContaining(['write', 'offline_access']));
      expect((await app.call(asked.access)).status).toBe(200);
      const alone = await granted(app, 'offline_access');
      expect(String(alone.answer.body['scope'])).toMatch(/read.* offline_access$/);
      const silent = await granted(app, null);
      expect(silent.answer.body['scope']).not.toContain('offline_access');
      expect((await silent.client.refresh(silent.refresh)).status).toBe(200); // who does not ask may refresh as well (S-062)
    }
  });

  it('`offline_access` is not offered where there are no refresh tokens, nor given to a client that takes none (R-06)', async () => {
    const app = await makeApp(store, { refreshTokenTTL: 0 });
    expect((await json(app, '/.well-known/oauth-authorization-server'))['scopes_supported']).toEqual(['read', 'write']);
    const [client, plain] = [await app.client(), await makeApp(store)];
    expect((await client.redeem(await client.signIn(app.browser(), { ...ALICE }, { scope: 'read offline_access' }))).body['scope']).toBe(
      'read',
    );
    const once = await plain.client({ grant_types: ['authorization_code'] });
    const answer = await once.redeem(await once.signIn(plain.browser(), { ...ALICE }, { scope: 'read offline_access' }));
    expect([answer.body['scope'], answer.body['refresh_token']]).toEqual(['read', undefined]);
  });

  it('of which none is known give the defaults, which the user sees, and the same text works at a refresh (R-13)', async () => {
    for (const [more, scope] of [[{}, 'read write'], [{ requiredScopes: ['read'] }, 'read']] as const) {
      const app = await makeApp(store, more);
      const { client, page, answer, refresh } = await granted(app, 'openid profile');
      expect([page.text.includes('Read your notes'), answer.body['scope']]).toEqual([true, scope]);
      expect((await client.refresh(refresh, { scope: 'openid profile' })).body['scope']).toBe(scope);
    }
  }); // prettier-ignore

  it('follow the same rules for a pushed request and for a device (R-04, R-05, R-06, R-13)', async () => {
    const app = await makeApp(store, {
      requiredScopes: ['read'],
      deviceAuthorizationEndpoint: '/device_authorization',
      clients: [{ id: 'tv', authMethod: 'none', grantTypes: [DEVICE, 'refresh_token'] }],
    });
    const cases = [['openid', 'read'], ['write openid offline_access', 'read write offline_access']] as const;
    for (const [scope, expected] of cases) {
      const [client, browser] = [await app.client(), app.browser()];
      const { body } = await post(app, '/par', Object.fromEntries(new URL(await client.authorizeUrl({ scope })).searchParams));
      const page = await browser.get(`${ISSUER}/authorize?${new URLSearchParams({ client_id: client.id, request_uri: String(body['request_uri']) })}`);
      const pushed = await client.redeem(codeOf(await browser.submit(page, { decision: 'approve', ...ALICE })), { scope });
      expect(pushed.body['scope']).toBe(expected);

      const asked = await post(app, '/device_authorization', { client_id: 'tv', scope, resource: RESOURCE });
      const typed = await browser.submit(await browser.get(`${ISSUER}/device`), { user_code: String(asked.body['user_code']) });
      await browser.submit(typed, { decision: 'approve' });
      const polled = await post(app, '/token', { grant_type: DEVICE, client_id: 'tv', device_code: String(asked.body['device_code']), scope });
      expect(polled.body['scope']).toBe(expected);
      const next = await post(app, '/token', { grant_type: 'refresh_token', client_id: 'tv', refresh_token: tokensOf(polled).refresh, scope });
      expect(next.body['scope']).toBe(expected);
    }
  }); // prettier-ignore
});

describe('a scope named like a member of every object', () => {
  it.each(['constructor', '__proto__', 'toString'])('%j is asked for, granted and shown by its own words', async (name) => {
    const app = await makeApp('memory', { scopesSupported: Object.fromEntries([['read', 'Read'], [name, 'Do that']]), accessKeys: {} });
    const { browser, page, answer, access } = await granted(app, `read ${name}`);
    expect([page.status, page.text.includes('Do that'), answer.body['scope']]).toEqual([200, true, `read ${name}`]);
    expect((await app.call(access)).access?.scope).toEqual(['read', name]);
    for (const path of ['/account', '/account/keys?new=1']) expect((await browser.get(ISSUER + path)).text).toContain('Do that');
    const other = await granted(await makeApp('memory', { scopesSupported: ['read'] }), `read ${name}`, ['read', name]);
    expect(other.answer.body['scope']).toBe('read'); // where it is unknown
  }); // prettier-ignore
});

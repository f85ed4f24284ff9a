/** Who is an administrator now: what the look-up of permissions is told and may answer, and how recent a sign-in must be, to the second. */
import { describe, expect, it } from 'vitest';
import { adminApi } from '../../src/admin/index.ts';
import { html } from '../../src/lib/html.ts';
import type { FormLogin } from '../../src/model/login.ts';
import type { Access } from '../../src/model/access.ts';
import { UpstreamTokenError } from '../../src/model/upstream.ts';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import { ALICE, type App, ISSUER, makeApp } from '../support/app.ts';
import { lastReason } from '../support/verdicts.ts';

async function makeWorld(more: Partial<OAuthProviderOptions> = {}) {
  const app: App = await makeApp('memory', { admin: adminApi({ permission: 'admin' }), ...more } as Partial<OAuthProviderOptions>);
  const browser = app.browser();
  await browser.submit(await browser.get(`${ISSUER}/login`), ALICE);
  const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
  const own = { cookie, origin: ISSUER, 'sec-fetch-site': 'same-origin' };
  const read = (headers: Record<string, string> = {}): Promise<Response> =>
    app.ask('GET', '/admin/api/users', null, { ...own, ...headers });
  const change = (): Promise<Response> => app.ask('POST', '/admin/api/sweep', '{"most":1}', { ...own, 'content-type': 'application/json' });
  return { app, read, change };
}

describe('admin/run, the gate', () => {
  it('takes a sign-in of ten minutes for a change, and of an hour for reading', async () => {
    const { app, read, change } = await makeWorld();
    app.clock.pass(600);
    expect((await change()).status).toBe(200);
    app.clock.pass(1);
    expect([(await change()).status, lastReason(app)]).toEqual([401, 'admin_sign_in_old']);
    expect(await (await change()).json()).toMatchObject({ error: 'interaction_required', error_description: expect.stringContaining('again=1') });
    app.clock.pass(3600 - 601);
    expect((await read()).status).toBe(200);
    app.clock.pass(1);
    expect((await read()).status).toBe(401);
  }); // prettier-ignore

  it('says what to do: to sign in, or to be an administrator; and refuses another site', async () => {
    const { app, read } = await makeWorld();
    expect(await (await read({ cookie: '' })).json()).toEqual({ error: 'login_required', error_description: 'Sign in first.' });
    expect(await (await read({ 'sec-fetch-site': 'cross-site' })).json()).toEqual({ error: 'access_denied', error_description: 'The request came from another site.' });
    await app.provider.helpers(app.env).accounts.setPermissions(app.aliceId, ['administrator', 'adm']);
    expect(await (await read()).json()).toEqual({ error: 'access_denied', error_description: 'This needs an administrator.' });
    expect(lastReason(app)).toBe('admin_permission_missing');
  }); // prettier-ignore

  it('tells the look-up of permissions who it is, from where, with the variables of the environment and the helpers, and nothing of a site', async () => {
    const asked: [Access, Record<string, unknown>][] = [];
    const { app, read } = await makeWorld({ permissions: (access, env) => (asked.push([access as Access, env as never]), ['admin']) });
    Object.assign(app.env, { MARK: 'mark' });
    expect((await read()).status).toBe(200);
    const [access, env] = asked[0]!;
    const { upstream, connect, ...rest } = access;
    expect(rest).toEqual({
      userId: app.aliceId, clientId: 'admin', grantId: '', scope: [], resource: ISSUER, expiresAt: expect.any(Number),
      props: { claims: expect.objectContaining({ sub: app.aliceId, name: 'Alice' }) },
    });
    expect(rest.expiresAt).toBeGreaterThan(app.clock.now());
    expect([env['MARK'], typeof (env['OAUTH_PROVIDER'] as { accounts?: object }).accounts]).toEqual(['mark', 'object']);
    const corp = upstream('corp');
    for (const none of [corp.token, corp.scopes, corp.accounts, () => connect('corp'), connect.seal])
      await expect((none as () => Promise<unknown>)()).rejects.toMatchObject({ failure: 'not_linked' });
    expect(await (connect.open as () => Promise<unknown>)()).toBeNull();
  }); // prettier-ignore

  it('goes by what the sign-in said for a user of another site, who has no account here', async () => {
    const come = (permissions?: readonly string[], more: Partial<OAuthProviderOptions> = {}) => {
      const identity = { issuer: 'https://door.example', subject: 'ada', claims: { name: 'Ada' } };
      const door: FormLogin = { id: 'door', fields: () => html``, prove: async () => ({ kind: 'proven', identity, ...(permissions ? { permissions } : {}) }) };
      return makeWorld({ logins: [door], ...more });
    };
    expect([(await (await come(['admin'])).read()).status, (await (await come([])).read()).status, (await (await come()).read()).status]).toEqual([200, 403, 403]);
    const told: unknown[] = [];
    const look = (access: unknown): string[] => (told.push((access as Access).props), []);
    for (const permissions of [['admin'], undefined]) expect((await (await come(permissions, { permissions: look })).read()).status).toBe(403);
    const claims = { name: 'Ada', sub: expect.any(String) };
    expect(told).toEqual([{ claims, permissions: ['admin'] }, { claims }]);
  }); // prettier-ignore

  it('SEC-195 finds no administrator in a part of a text that the look-up gives in the place of the list', async () => {
    const { read } = await makeWorld({ permissions: () => 'no-admin' as never });
    expect((await read()).status).toBe(403);
  });

  it('tells the look-up the tenant whose administration it is', async () => {
    const asked: Access[] = [];
    const permissions = (access: unknown): string[] => (asked.push(access as Access), ['admin']);
    const app = await makeApp('memory', { admin: adminApi({ permission: 'admin' }), tenants: { acme: { issuer: '/acme' } }, permissions } as never);
    const { accounts } = app.provider.helpers(app.env, 'acme');
    if (!(await accounts.findByUsername(ALICE.username))) await accounts.create(ALICE);
    const browser = app.browser();
    await browser.submit(await browser.get(`${ISSUER}/acme/login`), ALICE);
    expect((await browser.get(`${ISSUER}/acme/admin/api/users`, { 'sec-fetch-site': 'same-origin' })).status).toBe(200);
    expect(asked).toMatchObject([{ tenant: 'acme', issuer: `${ISSUER}/acme`, resource: `${ISSUER}/acme` }]);
  }); // prettier-ignore

  it('takes no answer for a no of the look-up, but where a site has ended the link', async () => {
    const of = async (error: unknown) => {
      const { app, read } = await makeWorld({ permissions: () => Promise.reject(error) });
      const answer = await read();
      if (answer.status === 503) expect(JSON.stringify(app.events.at(-1))).toContain('permissions_failed');
      return [answer.status, answer.headers.get('retry-after')];
    };
    expect(await of(new Error('down'))).toEqual([503, '2']);
    expect(await of(new UpstreamTokenError('unavailable', 'corp'))).toEqual([503, '2']);
    for (const failure of ['not_linked', 'ended'] as const) expect(await of(new UpstreamTokenError(failure, 'corp'))).toEqual([403, null]);
    const none = await makeWorld({ permissions: () => [] });
    expect((await none.read()).status).toBe(403);
  }); // prettier-ignore
});

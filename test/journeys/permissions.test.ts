/** What a call comes to when the look-up of permissions throws, on every store: an account that ended, one that is not linked, an outage. */
import { describe, expect, it } from 'vitest';
import type { Access } from '../../src/model/access.ts';
import { UpstreamTokenError } from '../../src/model/upstream.ts';
import type { Store } from '../../src/model/store.ts';
import type { OAuthHelpers } from '../../src/provider/helpers.ts';
import { appOn, ISSUER, makeApp, storeNames } from '../support/app.ts';
import { makeVaultApp } from '../support/vault-app.ts';

/** As an application does that asks the site what its user may do there. */
const rolesAt =
  (provider: string) =>
  async (access: Access): Promise<readonly string[]> => {
    const token = await access.upstream(provider).token();
    return token === '' ? [] : ['reader'];
  };

describe.each(storeNames)('permissions on %s', (store) => {
  it('answers 401 where the account has ended that they are asked of, so that the client signs in again (R-56)', async () => {
    const app = await makeVaultApp(store, { accessTokenTTL: 86_400, permissions: rolesAt('corp') });
    const { tokens, client } = await app.connect();
    const first = (await app.use(tokens.access)).token;
    expect(first).toMatch(/^upstream-/);
    app.idp.tokens.revoke(first ?? '');
    app.clock.pass(3700);
    const refused = await app.call(tokens.access);
    expect([refused.status, refused.response.headers.get('retry-after')]).toEqual([401, null]);
    expect(refused.response.headers.get('www-authenticate')).toMatch(/^Bearer error="invalid_token", resource_metadata="/);
    expect(app.events).toContainEqual(
      expect.objectContaining({ kind: 'request.refused', endpoint: 'permissions', reason: 'upstream_ended' }),
    );
    expect((await client.refresh(tokens.refresh)).status).toBe(400);
    expect((await app.use((await app.connect()).tokens.access)).token).toMatch(/^upstream-/); // and the way is open again
  });

  it('also answers 401 if the grant stays without that account (R-56)', async () => {
    const app = await makeApp(store, { permissions: () => Promise.reject(new UpstreamTokenError('ended', 'corp')) });
    const { tokens } = await app.signedIn();
    const { status, response } = await app.call(tokens.access);
    expect([status, response.headers.get('www-authenticate')?.includes(`resource_metadata="${ISSUER}/`)]).toEqual([401, true]);
  });

  it('answers 403 where no account is linked and the application lets that stand: no outage, and no reason to sign in again (R-56)', async () => {
    const app = await makeVaultApp(store, { permissions: rolesAt('github') });
    const { tokens } = await app.connect('corp');
    const { status, response } = await app.call(tokens.access);
    const headers = [response.headers.get('retry-after'), response.headers.get('www-authenticate')];
    expect([status, headers]).toEqual([403, [null, null]]);
    expect(await response.json()).toMatchObject({ error: 'access_denied', error_description: expect.stringContaining('github') });
    expect(app.events).toContainEqual(expect.objectContaining({ kind: 'request.refused', reason: 'upstream_not_linked' }));
  });

  it('accepts a caller without that account if the application allows it (R-56)', async () => {
    const ask = rolesAt('github');
    const permissions = (access: Access): Promise<readonly string[]> =>
      ask(access).catch((error: unknown) => {
        if (error instanceof UpstreamTokenError && error.failure === 'not_linked') return [];
        throw error;
      });
    const app = await makeVaultApp(store, { permissions });
    const { tokens } = await app.connect('corp');
    expect((await app.use(tokens.access)).token).toMatch(/^upstream-/);
  });

  it('answers 503 for an outage, after which the site asked not to be asked, and keeps the grant (R-56, SEC-186)', async () => {
    const away = await makeApp(store, { permissions: () => Promise.reject(new UpstreamTokenError('unavailable', 'corp', 30)) });
    const { tokens } = await away.signedIn();
    const { status, response } = await away.call(tokens.access);
    expect([status, response.headers.get('retry-after')]).toEqual([503, '30']);
    for (const thrown of [new Error('secret words'), 'a text', undefined]) {
      const app = await makeApp(store, { permissions: () => Promise.reject(thrown as Error) });
      const called = await app.call((await app.signedIn()).tokens.access);
      expect([called.status, called.response.headers.get('retry-after')]).toEqual([503, '2']);
      expect(await called.response.text()).not.toContain('secret');
    }
  });

  it('answers 503 where the permissions are no list: a tool that looks for "admin" would find it in "no-admin"', async () => {
    const app = await makeApp(store, { permissions: (async () => 'no-admin') as never });
    const { tokens } = await app.signedIn();
    expect((await app.call(tokens.access)).status).toBe(503);
    const error = new TypeError('permissions: the permissions of a user must be a list.');
    expect(app.events).toContainEqual(expect.objectContaining({ kind: 'request.failed', endpoint: 'permissions', error }));
  });

  it('reads the account beside the grant once `permissions` is known to ask for it, and decides by both', async () => {
    const { inner, clock } = await makeApp(store);
    let [isDown, asked] = [false, [] as string[]];
    const read: Store['read'] = async (key, known) => {
      asked.push(key.split(':', 1)[0] ?? '');
      if (isDown && key.startsWith('account:')) throw new Error('accounts are down');
      await new Promise((next) => setTimeout(next));
      asked.push('answer');
      return inner.read(key, known);
    };
    const faulty: Store = {
      atomic: true,
      read,
      write: (...all) => inner.write(...all),
      remove: (...all) => inner.remove(...all),
      list: (...all) => inner.list(...all),
    };
    const other = { id: '' };
    const permissions = async ({ userId }: { userId: string }, env: unknown): Promise<readonly string[]> => {
      const { accounts } = (env as { OAUTH_PROVIDER: OAuthHelpers }).OAUTH_PROVIDER;
      return [...(await accounts.permissionsOf(userId)), ...(other.id === '' ? [] : await accounts.permissionsOf(other.id))];
    };
    const app = await appOn(faulty, clock, { permissions });
    let { client, tokens } = await app.signedIn();
    const allowed = async (): Promise<unknown> =>
      ((await (await app.call(tokens.access)).response.json()) as { props: { permissions: readonly string[] } }).props.permissions;
    expect(await allowed()).toEqual(['admin']);
    asked = [];
    expect(await allowed()).toEqual(['admin']);
    expect(asked.slice(0, 2).toSorted()).toEqual(['account', 'grant']); // both before the first answer
    ({ client, tokens } = await app.signedIn());
    asked = [];
    expect(await allowed()).toEqual(['admin']);
    expect(asked.slice(0, 2).toSorted()).toEqual(['account', 'grant']); // also for a token that this process has only issued
    const { accounts } = app.provider.helpers(app.env);
    await accounts.setPermissions(app.aliceId, ['reader']);
    expect(await allowed()).toEqual(['reader']);
    other.id = (await accounts.create({ username: 'bob', password: 'a long passphrase', permissions: ['guest'] })).id;
    expect(await allowed()).toEqual(['reader', 'guest']);
    isDown = true;
    expect((await app.call(tokens.access)).status).toBe(503);
    await client.revoke(tokens.refresh);
    expect((await app.call(tokens.access)).status).toBe(401); // whatever became of the account
  });
});

/** The audit log over the administration API: what a day leaves in it, who may read it, and that no answer waits for it. */
import { describe, expect, it } from 'vitest';
import { adminApi } from '../../src/admin/index.ts';
import type { OAuthProviderOptions } from '../../src/options/options.ts';
import type { Store } from '../../src/model/store.ts';
import { memoryStore } from '../../src/stores/memory.ts';
import type { Browser } from '../../src/testing/browser.ts';
import { makeClock } from '../../src/testing/clock.ts';
import { ALICE, type App, appOn, ISSUER, makeApp, storeNames } from '../support/app.ts';

const OPTIONS: Partial<OAuthProviderOptions> = {
  admin: adminApi({ permission: 'admin' }),
  clientPolicy: { newClients: 'allow' },
  audit: { keep: '90d' },
};

interface Log {
  readonly ok?: boolean;
  readonly entries: readonly Record<string, unknown>[];
  readonly head: { readonly block: number; readonly hash: string };
  readonly problems: readonly unknown[];
}

async function administrator(app: App): Promise<Browser> {
  const browser = app.browser();
  await browser.submit(await browser.get(`${ISSUER}/login`), ALICE);
  return browser;
}

async function get(browser: Browser, path: string): Promise<{ readonly status: number; readonly text: string; readonly body: Log }> {
  const { status, text } = await browser.get(`${ISSUER}/admin/api/${path}`, { 'sec-fetch-site': 'same-origin' });
  return { status, text, body: (text.startsWith('{') && !text.includes('}\n') ? JSON.parse(text) : {}) as Log };
}

/** Asks until the events of what was done before are written. */
async function entriesOf(browser: Browser, query: string, count: number): Promise<readonly Record<string, unknown>[]> {
  await expect.poll(async () => (await get(browser, `audit/entries?${query}`)).body.entries.length).toBeGreaterThanOrEqual(count);
  return (await get(browser, `audit/entries?${query}`)).body.entries;
}

describe.each(storeNames)('the audit log over the administration API on %s', (store) => {
  it('tells who did what to whom, as a list, as lines, and verified', async () => {
    const app = await makeApp(store, OPTIONS);
    const { client, tokens } = await app.signedIn();
    const admin = await administrator(app);
    const body = JSON.stringify({ id: client.id });
    const cookie = [...admin.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const headers = { cookie, origin: ISSUER, 'sec-fetch-site': 'same-origin', 'content-type': 'application/json' };
    expect((await app.ask('POST', '/admin/api/clients/block', body, headers)).status).toBe(200);
    expect((await app.call(tokens.access)).status).toBe(401);
    await admin.submit(await app.browser().get(`${ISSUER}/login`), { ...ALICE, password: 'wrong horse battery' });
    await entriesOf(admin, 'kind=client.blocked', 1);
    const about = await entriesOf(admin, `target=${client.id}`, 5);
    expect(about.map(({ kind }) => String(kind)).toSorted()).toEqual([
      'admin.acted',
      'client.blocked',
      'client.registered',
      'grant.ended',
      'grant.opened',
    ]);
    expect(about.find(({ kind }) => kind === 'admin.acted')).toMatchObject({
      act: 'clients/block',
      by: app.aliceId,
      outcome: 'done',
      at: app.clock.now(),
    });
    expect(await entriesOf(admin, 'kind=login.', 2)).toContainEqual(
      expect.objectContaining({ kind: 'login.succeeded', userId: app.aliceId }),
    );
    const exported = await get(admin, 'audit/export');
    const lines = exported.text.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>); // prettier-ignore
    expect(lines.map(({ kind }) => kind)).toContain('client.blocked');
    expect(exported.text).not.toMatch(new RegExp(`${tokens.access}|${tokens.refresh}|horse battery`));
    const { body: verdict } = await get(admin, 'audit/verify');
    expect([verdict.ok, verdict.problems, lines.length <= Number(verdict.entries)]).toEqual([true, [], true]);
    expect(
      (await get(admin, `audit/verify?${new URLSearchParams({ block: String(verdict.head.block), hash: verdict.head.hash })}`)).body.ok,
    ).toBe(true);
    const forged = await get(admin, `audit/verify?${new URLSearchParams({ block: String(verdict.head.block), hash: 'A'.repeat(43) })}`);
    expect(forged.body).toMatchObject({ ok: false, problems: [{ block: verdict.head.block, what: 'changed' }] });
  });
});

describe('the audit log over the administration API', () => {
  it('is for administrators, refuses what it does not take, and is not kept without the option', async () => {
    const app = await makeApp('memory', OPTIONS);
    expect((await get(app.browser(), 'audit/entries')).status).toBe(401);
    const admin = await administrator(app);
    for (const wrong of [
      'audit/entries?after=1',
      'audit/entries?since=yesterday',

      'audit/verify?hash=x',
      'audit/export?before=1',
    ])
      expect([wrong, (await get(admin, wrong)).status]).toEqual([wrong, 400]);
    const without = await makeApp('memory', { admin: adminApi({ permission: 'admin' }) });
    const other = await administrator(without);
    for (const path of ['audit/entries', 'audit/export', 'audit/verify']) {
      const { status, text } = await get(other, path);
      expect([status, text.includes("audit: { keep: '90d' }")]).toEqual([400, true]);
    }
    expect(await without.inner.list('audit:all')).toEqual({ keys: [] });
    expect(await without.inner.read('audit-log:1')).toBeNull();
  });

  it('breaks an export off for an administrator who lost the permission, or signed out, while it goes on', async () => {
    for (const options of [OPTIONS, { admin: OPTIONS.admin as never }]) {
      const app = await makeApp('memory', options);
      const { accounts } = app.provider.helpers(app.env);
      for (const path of ['/admin/api/audit/export', '/admin/audit/export'].slice(options === OPTIONS ? 0 : 1)) {
        const admin = await administrator(app);
        const cookie = [...admin.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
        const begun = (): Promise<Response> => app.ask('GET', path, null, { cookie, 'sec-fetch-site': 'same-origin' });
        expect(await (await begun()).text()).toBeDefined();
        const [first, second] = [await begun(), await begun()];
        expect([first.status, second.status]).toEqual([200, 200]);
        await accounts.setPermissions(app.aliceId, []);
        await expect(first.text()).rejects.toMatchObject({ reason: 'admin_permission_missing' });
        await accounts.setPermissions(app.aliceId, ['admin']);
        await app.provider.helpers(app.env).signOut(app.aliceId);
        await expect(second.text()).rejects.toMatchObject({ reason: 'admin_session_missing' });
      }
    }
  });

  it('lets no answer wait: people work while neither the log nor the counts can be written', async () => {
    const clock = makeClock();
    const inner = memoryStore(clock);
    const hanging: Store = {
      atomic: true, read: (...all) => inner.read(...all), remove: (...all) => inner.remove(...all), list: (...all) => inner.list(...all),
      write: (key, ...rest) => (/^(audit-|measures)/.test(key) ? new Promise(() => undefined) : inner.write(key, ...rest)),
    }; // prettier-ignore
    const app = await appOn(hanging, clock, OPTIONS, { waitUntil: () => undefined });
    const { client, tokens } = await app.signedIn();
    expect((await app.call(tokens.access)).status).toBe(200);
    expect((await client.refresh(tokens.refresh)).status).toBe(200);
    expect(await inner.read('audit-log:1')).toBeNull();
  });

  it('is one for each tenant', async () => {
    const app = await makeApp('memory', { ...OPTIONS, tenants: { acme: { issuer: '/acme' }, blue: { issuer: '/blue' } } });
    await app.ask('POST', '/acme/register', JSON.stringify({ redirect_uris: ['https://app.example/cb'] }), {
      'content-type': 'application/json',
    });
    await expect.poll(() => app.inner.read('acme/audit-log:1')).not.toBeNull();
    expect(await app.inner.read('blue/audit-log:1')).toBeNull();
  });
});

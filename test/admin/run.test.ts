/** Running an act: who may how often, what is written of it, and what never is. */
import { describe, expect, it } from 'vitest';
import { adminApi } from '../../src/admin/index.ts';
import { ACTS, runAct } from '../../src/admin/run.ts';
import type { Account } from '../../src/model/account.ts';
import { formatToken, kindOf } from '../../src/model/token.ts';
import { makeHelpers } from '../../src/provider/helpers.ts';
import type { Browser } from '../../src/testing/browser.ts';
import { ALICE, ISSUER, makeApp } from '../support/app.ts';
import { makeServer } from '../support/server.ts';
import { lastReason } from '../support/verdicts.ts';

async function makeWorld() {
  const accessKeys = { maxTTL: 86_400, maxPerUser: 5, personal: true };
  const resources = [{ uri: 'https://as.example/mcp', path: '/mcp', requiredScopes: [] }];
  const { as, events } = makeServer({ settings: { accessKeys, resources, scopesSupported: [], accessTokenTTL: 600 } as never });
  const admin = { as, helpers: makeHelpers(as), userId: 'root', permission: 'admin' };
  const run = (name: string, all: Record<string, unknown> = {}) => runAct(admin, name, all) as Promise<Record<string, unknown>>;
  const audit = async (): Promise<readonly Record<string, unknown>[]> => (await run('audit'))['entries'] as never;
  return { as, events, helpers: admin.helpers, run, audit };
}

describe('admin/run: an act', () => {
  it('that changes is written down with who, what and how it ended; one that reads is told alone', async () => {
    const { run, audit, events, as } = await makeWorld();
    await run('users/disable', { id: 'ada' });
    await run('users/show', { id: 'ada' });
    const about = { act: 'users/disable', by: 'root', target: 'ada', outcome: 'done' };
    expect(await audit()).toEqual([{ at: as.now(), ...about }]);
    const acted = events.filter(({ kind }) => kind === 'admin.acted').map((event): object => event);
    expect(acted).toMatchObject([about, { act: 'users/show', by: 'root', outcome: 'done' }, { act: 'audit', by: 'root', outcome: 'done' }]);
    expect(acted.slice(1).some((event) => 'target' in event)).toBe(false); // who looks at whom is not told
  });

  it('is one of ours, and nothing that an object has by itself', async () => {
    const { run, audit } = await makeWorld();
    for (const name of ['users/burn', 'toString', '__proto__', '']) await expect(run(name)).rejects.toMatchObject({ status: 404, message: 'There is no such act.' });
    expect([await audit(), Object.keys(ACTS).length > 40]).toEqual([[], true]);
  }); // prettier-ignore

  it('that takes a member which is not its own is refused before it is written down', async () => {
    const { run, audit } = await makeWorld();
    await expect(run('users/disable', { id: 'ada', all: true })).rejects.toMatchObject({ reason: 'admin_input' });
    expect(await audit()).toEqual([]);
  });

  it('says what is wrong with an argument, as a refusal; what fails is thrown as it is', async () => {
    const { run, audit, helpers } = await makeWorld();
    await expect(run('keys/create', { name: 'k', scope: ['odd'], ttl: 3600 })).rejects.toMatchObject({ code: 'invalid_request', reason: 'admin_input', message: expect.stringContaining('`scope`') });
    const down = new Error('down');
    helpers.enableUser = () => Promise.reject(down);
    await expect(run('users/enable', { id: 'ada' })).rejects.toBe(down);
    expect((await audit()).map(({ act, outcome }) => [act, outcome])).toEqual(expect.arrayContaining([['keys/create', 'refused'], ['users/enable', 'failed']]));
  }); // prettier-ignore

  it('keeps 256 characters of what it is about, if that is a text, and nothing of a secret', async () => {
    const { run, audit } = await makeWorld();
    await run('users/disable', { id: 'x'.repeat(300) });
    await expect(run('users/disable', { id: 7 })).rejects.toMatchObject({ message: 'id must be a non-empty string.' });
    await run('tokens/inspect', { token: 'a-secret-of-another-site' });
    const targets = (await audit()).map(({ act, target }) => [act, target]);
    expect(targets).toHaveLength(3);
    expect(targets).toEqual(expect.arrayContaining([['users/disable', 'x'.repeat(256)], ['users/disable', undefined], ['tokens/inspect', undefined]]));
  }); // prettier-ignore

  it('keeps no token that was given in the place of an id, however it was copied', async () => {
    const { run, audit, events } = await makeWorld();
    const { key } = (await run('keys/create', { name: 'k', scope: [], ttl: 3600 })) as { key: string };
    const copied = [
      key,
      ` ${key}\n`,
      `Bearer ${key}`,
      `Authorization: Bearer ${key}`,
      `"${key}"`,
      `'${key}'`,
      `\`${key}\``,
      `id=${key}`,
      `${key},`,
    ];
    for (const id of copied) await expect(run('keys/revoke', { id })).rejects.toMatchObject({ status: 404 });
    expect(await audit()).toHaveLength(copied.length + 1);
    const signed = `${btoa('{"alg":"ES256"}').replaceAll('=', '')}.e30.c2lnbmF0dXJl`;
    const opaque = (['access', 'refresh', 'code'] as const).map((kind) =>
      formatToken(kind, 'A'.repeat(22), 's'.repeat(kind === 'refresh' ? 65 : 43)),
    );
    expect(opaque.map(kindOf)).toEqual(['access', 'refresh', 'code']);
    for (const id of [signed, ...opaque, ...opaque.map((token) => `token=${token};`), `Bearer ${signed}`])
      await expect(run('grants/revoke', { id })).rejects.toMatchObject({ status: 404 });
    for (const token of [key, signed, ...opaque]) expect(JSON.stringify([await audit(), events])).not.toContain(token);
    const former = `u1:${'g'.repeat(16)}:${'s'.repeat(32)}`; // of workers-oauth-provider
    const all = [...copied, signed, `Bearer ${signed}`, ...opaque, ...opaque.map((token) => `token=${token};`), former, ` ${former}\n`];
    for (const id of all) await run('users/disable', { id }); // takes any id, so that no refusal hides it
    const disabled = events.flatMap((event) => (event.kind === 'admin.acted' && event.act === 'users/disable' ? [event] : []));
    expect(disabled.map(({ target, outcome }) => [target, outcome])).toEqual(all.map(() => [undefined, 'done']));
    for (const id of ['heyJude.mp3', 'eyJ.mp3', `${former}s`, `urn:${former}`]) {
      await run('users/disable', { id });
      expect(await audit(), 'an id that is only similar').toContainEqual(expect.objectContaining({ target: id, outcome: 'done' }));
    }
  });

  it('keeps of an id that is not known here, such as a token of a former server, only the beginning of its hash', async () => {
    const { as, run, audit, events } = await makeWorld();
    const token = `u1:${'g'.repeat(16)}:${'s'.repeat(32)}`; // of workers-oauth-provider
    await run('users/disable', { id: token });
    const other = 'rt_0123456789abcdefghijklmnopqrstuvwxyz';
    const acts = Object.entries(ACTS).filter(
      ([name, { method, takes }]) => method === 'POST' && takes[0] === 'id' && !/disable|enable|sign-out|users\/remove/.test(name),
    );
    expect(acts.length).toBeGreaterThan(8); // the others take any id where an application or a former server may know it
    for (const [name, { takes }] of acts) {
      for (const id of [token, other]) {
        const all = Object.fromEntries(takes.map((one) => [one, one === 'permissions' ? [] : 'x']));
        await expect(run(name, { ...all, id }), name).rejects.toMatchObject({ status: expect.toSatisfy((status) => status < 500) });
        await expect(run(name, { id, [String(takes[1])]: 7 }), name).rejects.toThrow();
      }
    }
    const told = JSON.stringify([await audit(), events.filter(({ kind }) => kind === 'admin.acted')]);
    for (const secret of [token, other, 's'.repeat(32), other.slice(3)]) expect(told).not.toContain(secret);
    expect(told).toContain(`"sha256:${(await as.secrets.hash(other)).slice(0, 12)}"`);
    await run('users/disable', { id: 'ada' });
    await expect(run('users/disable', { id: 'root' })).rejects.toMatchObject({ reason: 'admin_own_account' });
    expect(await audit()).toContainEqual(expect.objectContaining({ target: 'root', outcome: 'refused' }));
  });
});

describe('admin/run: an administrator', () => {
  it('exports with a sign-in of up to an hour, and nothing more once the permission is taken away', async () => {
    const app = await makeApp('memory', { admin: adminApi({ permission: 'admin' }), audit: { keep: '90d' } });
    const browser = app.browser();
    await browser.submit(await browser.get(`${ISSUER}/login`), ALICE);
    const cookie = [...browser.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const begin = (): Promise<Response> => app.ask('GET', '/admin/api/audit/export', null, { cookie, 'sec-fetch-site': 'same-origin' });
    app.clock.pass(601); // too long ago for a change
    await expect.poll(async () => (await begin()).text()).toContain('"kind":"login.succeeded"'); // once it is written
    const rest = await begin();
    await app.provider.helpers(app.env).accounts.setPermissions(app.aliceId, []);
    await expect(rest.text()).rejects.toMatchObject({ reason: 'admin_permission_missing' });
  });

  it('makes 600 requests in a minute, each for themselves', async () => {
    const app = await makeApp('memory', { admin: adminApi({ permission: 'admin' }) });
    const bob = { username: 'bob', password: 'another horse battery' };
    await app.provider.helpers(app.env).accounts.create({ ...bob, permissions: ['admin'] });
    const enter = async (who: Pick<Account, 'username'> & { readonly password: string }): Promise<Browser> => {
      const browser = app.browser();
      await browser.submit(await browser.get(`${ISSUER}/login`), who);
      return browser;
    };
    const [alice, other] = [await enter(ALICE), await enter(bob)];
    const ask = async (browser: Browser) => browser.get(`${ISSUER}/admin/api/session`, { 'sec-fetch-site': 'same-origin' });
    for (let at = 0; at < 600; at++) expect((await ask(alice)).status).toBe(200);
    const late = await ask(alice);
    expect([late.status, lastReason(app), JSON.parse(late.text)]).toEqual([429, 'admin_limited', expect.objectContaining({ error: 'temporarily_unavailable' })]);
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await ask(other)).status).toBe(200);
    app.clock.pass(60);
    expect((await ask(alice)).status).toBe(200);
  }); // prettier-ignore
});

/** Decisions about clients, for what an administrator saw of them. */
import { describe, expect, it } from 'vitest';
import { adminApi } from '../../src/admin/index.ts';
import { runAct } from '../../src/admin/run.ts';
import { coreParts } from '../../src/core/parts.ts';
import { makeAuthServer } from '../../src/core/auth-server.ts';
import { parseOptions } from '../../src/options/parse.ts';
import { settingsOf } from '../../src/provider/host.ts';
import { makeHelpers } from '../../src/provider/helpers.ts';
import { ISSUER, makeApp, optionsFor } from '../support/app.ts';

const OPTIONS = { admin: adminApi({ permission: 'admin' }), clientPolicy: { newClients: 'approve' } } as const;

async function makeWorld() {
  const app = await makeApp('memory', OPTIONS);
  const settings = settingsOf(parseOptions(optionsFor(app.events, OPTIONS)), { issuer: ISSUER }, true, {});
  const as = makeAuthServer(settings, app.machine, app.store, coreParts);
  const helpers = makeHelpers(as);
  const run = (name: string, all: object): Promise<unknown> =>
    runAct({ as, helpers, userId: 'root', permission: 'admin' }, name, { ...all });
  const { client } = await helpers.clients.create({ name: 'Notes', redirectUris: ['https://notes.example/back'] });
  /** Something that happens just before the next write of a decision. */
  const before = (event: () => Promise<unknown>): void => {
    const { write } = app.store;
    const waiting = [event];
    const first: typeof write = async (key, ...rest) => {
      if (key.startsWith('client-status:')) await waiting.pop()?.();
      return write(key, ...rest);
    };
    Object.assign(app.store, { write: first });
  };
  return { helpers, run, before, id: client.id, events: app.events };
}

describe('admin/server', () => {
  it.each(['approve', 'block'])('refuses to %s a client that has changed since it was seen, and says how', async (act) => {
    const { helpers, run, id } = await makeWorld();
    const { seen } = (await run('clients/show', { id })) as { seen: string };
    expect(seen).toBe('new · Notes · notes.example');
    await helpers.clients.update(id, { redirectUris: ['https://evil.example/back'] });
    await expect(run(`clients/${act}`, { id, asSeen: seen })).rejects.toMatchObject({
      status: 409,
      reason: 'admin_target_changed',
      message: 'It was seen as "new · Notes · notes.example" and is "new · Notes · evil.example" now.',
    });
    expect(await run('clients/show', { id })).toMatchObject({ status: null });
    await expect(run(`clients/${act}`, { id: 'unknown', asSeen: seen })).rejects.toMatchObject({ status: 404 });
    await run(`clients/${act}`, { id, asSeen: 'new · Notes · evil.example' });
    expect(await run('clients/show', { id })).toMatchObject({ seen: `${act === 'block' ? 'blocked' : 'approved'} · Notes · evil.example` });
    await expect(run(`clients/${act}`, { id, asSeen: 'new · Notes · evil.example' })).rejects.toMatchObject({ status: 409 });
  });

  it('approves a client as it was looked at, whatever it takes on before that is written (SEC-097)', async () => {
    const { helpers, run, before, id } = await makeWorld();
    const { find } = helpers.clients;
    const evil = { redirectUris: ['https://evil.example/back'] };
    Object.assign(helpers.clients, {
      find: async (one: string) => {
        Object.assign(helpers.clients, { find });
        const found = await find(one);
        await helpers.clients.update(one, evil);
        return found;
      },
    });
    await run('clients/approve', { id, asSeen: 'new · Notes · notes.example' });
    expect(await run('clients/show', { id })).toMatchObject({ status: null, seen: 'new · Notes · evil.example' });
    before(() => helpers.clients.update(id, { redirectUris: ['https://third.example/back'] }));
    await run('clients/approve', { id, asSeen: 'new · Notes · evil.example' });
    expect(await run('clients/show', { id })).toMatchObject({ status: null });
  });

  it('leaves a client blocked that another administrator blocks while it is approved, or while the operator changes it', async () => {
    const { helpers, run, before, id, events } = await makeWorld();
    before(() => helpers.clients.block(id));
    await expect(run('clients/approve', { id, asSeen: 'new · Notes · notes.example' })).rejects.toMatchObject({
      status: 409,
      message: 'It was seen as "new · Notes · notes.example" and is "blocked · Notes · notes.example" now.',
    });
    expect(await run('clients/show', { id })).toMatchObject({ status: 'blocked' });
    expect(events.filter(({ kind }) => kind === 'client.approved')).toEqual([]);
    await helpers.clients.approve(id);
    before(() => helpers.clients.block(id));
    await helpers.clients.update(id, { name: 'Renamed' });
    expect(await run('clients/show', { id })).toMatchObject({ status: 'blocked', client: { name: 'Renamed' } });
  });
});

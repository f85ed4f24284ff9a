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

describe('admin/server', () => {
  it.each(['approve', 'block'])('refuses to %s a client that has changed since it was seen, and says how', async (act) => {
    const app = await makeApp('memory', OPTIONS);
    const settings = settingsOf(parseOptions(optionsFor(app.events, OPTIONS)), { issuer: ISSUER }, true, {});
    const as = makeAuthServer(settings, app.machine, app.store, coreParts);
    const helpers = makeHelpers(as);
    const run = (name: string, all: object): Promise<unknown> =>
      runAct({ as, helpers, userId: 'root', permission: 'admin' }, name, { ...all });
    const { client } = await helpers.clients.create({ name: 'Notes', redirectUris: ['https://notes.example/back'] });
    const { id } = client;
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
});
